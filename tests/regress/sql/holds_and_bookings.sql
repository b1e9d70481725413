-- hold, release, book, cancel: what each does, refuses and leaves behind.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, 1
from generate_series(1, 3) n;
\set t '''00000000-0000-0000-0000-000000000001'''
select booking.put_service(:t, 'one', 'One', array[60, 90], array['00000000-0000-0000-0000-000000000001']::uuid[], step => 30, buffer_after => 15) as one \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array(select resource_id from booking.resource)) as pool \gset
select booking.put_service(:t, 'pair', 'Pair', array[60], array(select resource_id from booking.resource), pick => 2) as pair \gset
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;

-- A hold has its claims with buffers, and the sha256 of the session only.
select hold_id as a, starts_at, ends_at, resources, code
from booking.hold(:t, :'one', '2100-01-04 09:00', 'session-a-0123456789') \gset
select span, session_hash = sha256('session-a-0123456789') as hashed, expires_at - created_at as ttl from booking.hold;
select resource_id, unit, span, booking_id from booking.claim;
-- The same slot again renews it; another session is refused; the buffer is in the way, too.
select hold_id = :'a' as renewed from booking.hold(:t, :'one', '2100-01-04 09:00', 'session-a-0123456789', ttl => '20 min');
select expires_at - created_at > interval '19 min' as longer from booking.hold;
select code from booking.try_hold(:t, :'one', '2100-01-04 09:00', 'session-b-0123456789');
select code from booking.try_hold(:t, :'one', '2100-01-04 10:00', 'session-b-0123456789');
select code from booking.try_hold(:t, :'one', '2100-01-04 11:30', 'session-b-0123456789');
\set VERBOSITY sqlstate
select booking.hold(:t, :'one', '2100-01-04 09:00', 'session-b-0123456789');
select booking.hold(:t, :'one', '2100-01-04 09:10', 'session-b-0123456789');
select booking.hold(:t, :'one', '2100-01-04 14:00', 'session-b-0123456789', duration => '2 hours');
\set VERBOSITY default
-- The same session moves on: its own holds never block it, and those that overlap are let go.
select hold_id as a2 from booking.hold(:t, :'one', '2100-01-04 09:00', 'session-a-0123456789', duration => '90 min') \gset
select count(*), min(span::text) from booking.hold where session_hash = sha256('session-a-0123456789');
-- Where the new one fails, the old ones stay.
select code from booking.try_hold(:t, :'one', '2100-01-04 10:00', 'session-a-0123456789', duration => '90 min');
select hold_id = :'a2' as kept from booking.hold where session_hash = sha256('session-a-0123456789');
-- Only its session lets it go or books it.
select released, code from booking.try_release(:t, :'a2', 'session-b-0123456789');
select booking_id, code from booking.try_book(:t, :'a2', 'session-b-0123456789');
select released, code from booking.try_release(:t, :'a2', 'session-a-0123456789');
select released, code from booking.try_release(:t, :'a2', 'session-a-0123456789');

-- A hold past its time: nobody sees it, its session included; it is booked over at once, with no job.
select hold_id as old from booking.hold(:t, :'one', '2100-01-04 09:00', 'session-a-0123456789') \gset
update booking.hold set expires_at = now() - interval '1 second' where hold_id = :'old';
select starts_at from booking.available_slots(:t, :'one', '2100-01-04 09:00', '2100-01-04 09:01');
select code from booking.try_book(:t, :'old', 'session-a-0123456789');
select hold_id as b, code from booking.hold(:t, :'one', '2100-01-04 09:00', 'session-c-0123456789') \gset
select count(*) as of_old from booking.hold where hold_id = :'old';

-- book keeps the claims and changes their owner.
select id as claim from booking.claim where hold_id = :'b' \gset
select booking_id as booked, status, starts_at, ends_at, code
from booking.book(:t, :'b', 'session-c-0123456789', customer => '{"name": "Ada", "email": "Ada@Example.org"}') \gset
select id = :'claim' as same, hold_id, booking_id = :'booked' as owned from booking.claim where resource_id = '00000000-0000-0000-0000-000000000001' and span @> timestamptz '2100-01-04 09:00';
select status, source, customer, customer_key, span from booking.booking;
select right(resource_id::text, 1) as resource, unit from booking.booking_resource;
select kind, detail, actor from booking.booking_event where booking_id is not null;
select count(*) as holds from booking.hold where hold_id = :'b';
select booked from booking.requirement_resource where service_id = :'one';
-- Twice is once.
select code from booking.try_book(:t, :'b', 'session-c-0123456789');
-- Directly; an own hold of that slot is used up; a lapsed one is tried anew only when asked to.
select status, code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 09:00');
select status, code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 10:30');
select hold_id as d from booking.hold(:t, :'one', '2100-01-04 13:00', 'session-d-0123456789') \gset
select status, code from booking.try_book(:t, session_id => 'session-d-0123456789', service => :'one', starts_at => '2100-01-04 13:00');
select count(*) as holds from booking.hold where hold_id = :'d';
select hold_id as e from booking.hold(:t, :'one', '2100-01-04 15:00', 'session-e-0123456789') \gset
update booking.hold set expires_at = now() - interval '1 second' where hold_id = :'e';
select status, code from booking.try_book(:t, :'e', 'session-e-0123456789', :'one', '2100-01-04 15:00');
select status, code from booking.try_book(:t, :'e', 'session-e-0123456789', :'one', '2100-01-04 15:00', if_still_free => true);
select * from booking.verify();

-- A live hold books whatever rules changed since, except where a busy window came.
select hold_id as f from booking.hold(:t, :'one', '2100-01-04 17:00', 'session-f-0123456789') \gset
select hold_id as g from booking.hold(:t, :'one', '2100-01-04 19:00', 'session-g-0123456789') \gset
select booking.put_hours(:t, '00000000-0000-0000-0000-000000000001', 'Sa 09:00-10:00') is not null as closed_now;
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, '00000000-0000-0000-0000-000000000001', '[2100-01-04 20:10, 2100-01-04 20:20)');
select status, code from booking.try_book(:t, :'f', 'session-f-0123456789');
select status, code from booking.try_book(:t, :'g', 'session-g-0123456789');
select code from booking.try_hold(:t, :'one', '2100-01-04 21:30', 'session-h-0123456789');
update booking.resource set schedule_id = null;

-- cancel frees the time and keeps the row, what was assigned, and the history.
select status, code from booking.cancel(:t, :'booked', 'ill');
select status, code, detail from booking.try_cancel(:t, :'booked');
select count(*) as claims from booking.claim where booking_id = :'booked';
select count(*) as assigned from booking.booking_resource where booking_id = :'booked';
select kind, detail from booking.booking_event where booking_id = :'booked' order by at;
select starts_at from booking.available_slots(:t, :'one', '2100-01-04 09:00', '2100-01-04 09:01');

-- A pool: each winner another member, by round robin; then it is full.
select array_agg(right(h.resources[1]::text, 1) order by n) as members, array_agg(h.code order by n) as codes
from generate_series(1, 4) n
cross join lateral booking.try_hold(:t, :'pool', '2100-01-05 09:00', 'session-pool-000000' || n) h;
select booking_id as pooled, status
from booking.try_book(:t, session_id => 'session-pool-0000001', service => :'pool', starts_at => '2100-01-05 09:00') \gset
select right(resource_id::text, 1) as resource from booking.booking_resource where booking_id = :'pooled';
-- Two of three, and with the third alone nothing is to be had.
select cardinality(resources), code from booking.try_hold(:t, :'pair', '2100-01-06 09:00', 'session-pair-0000001');
select cardinality(resources), code from booking.try_hold(:t, :'pair', '2100-01-06 09:00', 'session-pair-0000002');
select count(*) as left_behind from booking.hold where session_hash = sha256('session-pair-0000002');
select status, code from booking.try_book(:t, service => :'pair', starts_at => '2100-01-07 09:00');
select strategy, right(resource_id::text, 1) as resource, booked
from booking.requirement_resource join booking.service_requirement using (tenant_id, service_id, requirement_id)
where service_id = :'pair' order by 2;

-- Units: a unit is free by its own claims only, and they are never swapped within a booking.
update booking.resource set capacity = 2 where slug = 'r1';
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-08 09:00');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-08 10:00');
select unit, span from booking.claim where span && '[2100-01-08, 2100-01-09)' order by span;
select remaining from booking.available_slots(:t, :'one', '2100-01-08 09:00', '2100-01-08 09:01');
select remaining from booking.available_slots(:t, :'one', '2100-01-08 12:00', '2100-01-08 12:01');
\set VERBOSITY sqlstate
insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
values (:t, '00000000-0000-0000-0000-000000000001', 3, '[2100-01-08 09:00, 2100-01-08 10:00)', :'booked');
-- Not even an UPDATE by a superuser books twice.
update booking.claim set unit = 1 where span && '[2100-01-08, 2100-01-09)';
\set VERBOSITY default

-- expire_holds deletes what lapsed more than an hour ago.
update booking.hold set expires_at = now() - interval '59 min' where session_hash = sha256('session-pool-0000002');
update booking.hold set expires_at = now() - interval '61 min' where session_hash = sha256('session-pool-0000003');
select booking.expire_holds();
select * from booking.verify();
