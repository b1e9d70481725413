-- Limits: how many bookings, or how many minutes, of a service, a resource, a customer; in a day, week or month.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone) values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n
from generate_series(1, 2) n;
\set t '''00000000-0000-0000-0000-000000000001'''
\set r1 '''00000000-0000-0000-0000-000000000001'''
\set r2 '''00000000-0000-0000-0000-000000000002'''
create function pg_temp.who(n int) returns text language sql as $$ select 'session-' || lpad(n::text, 16, '0') $$;
select booking.put_hours(:t, r.resource_id, 'Mo-Su 09:00-12:00') is not null as set from booking.resource r;
select booking.put_service(:t, 'one', 'One', array[60], array[:r1, :r2]::uuid[]) as one \gset
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;
-- What is listed of each local date: how many starts, and the least and most that are left.
create function pg_temp.days(session text default null, holds text default 'hide', by_resource boolean default false)
returns table (day date, resource text, starts bigint, fewest int, most int, status text)
language sql as $$
    select timezone('Europe/Berlin', s.starts_at)::date, right(s.resource_id::text, 1), count(*), min(s.remaining), max(s.remaining), min(s.status)
    from booking.service v, booking.available_slots(
        v.tenant_id, v.service_id, '2100-01-02 00:00+01', '2100-01-06 00:00+01', session_id => session, holds => days.holds,
        each_resource => by_resource) s
    where v.slug = 'one'
    group by 1, 2
    order by 1, 2
$$;

-- Three of the service a day, by the date in Berlin. Monday is 2100-01-04.
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'day', 3);
select * from pg_temp.days();
select n, code from generate_series(1, 4) n, booking.try_hold(:t, :'one', timestamptz '2100-01-03 09:00+01' + (n - 1) % 3 * interval '1 hour', pg_temp.who(n));
select * from pg_temp.days();
-- A live hold counts; foreign ones are marked; bookings alone are the stable half; a lapsed one counts no more.
select * from pg_temp.days(holds => 'mark') where day = '2100-01-03';
select * from pg_temp.days(holds => 'ignore') where day = '2100-01-03';
-- Own holds that a new one would let go of do not count: this one may move, and only it.
select code from booking.try_hold(:t, :'one', '2100-01-03 11:00+01', pg_temp.who(9));
select to_char(starts_at, 'HH24:MI') as at, remaining from booking.available_slots(:t, :'one', '2100-01-03 00:00+01', '2100-01-04 00:00+01', session_id => pg_temp.who(2)) s;
select code from booking.try_hold(:t, :'one', '2100-01-03 11:00+01', pg_temp.who(2)) as another;
select code from booking.try_hold(:t, :'one', '2100-01-03 10:00+01', pg_temp.who(2)) as same_again;
update booking.hold set expires_at = now() - interval '1 s' where session_hash = sha256(pg_temp.who(1)::bytea);
select * from pg_temp.days() where day = '2100-01-03';
-- A cancelled booking counts no more, the others do; a hold that was counted books whatever came since.
select code from booking.try_book(:t, (select hold_id from booking.hold where session_hash = sha256(pg_temp.who(2)::bytea)), pg_temp.who(2));
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-03 09:00+01');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-03 11:00+01');
update booking.service_limit set max_count = 1;
select code from booking.try_book(:t, (select hold_id from booking.hold where session_hash = sha256(pg_temp.who(3)::bytea)), pg_temp.who(3)) as held_before;
select * from pg_temp.days(holds => 'ignore') where day = '2100-01-03';
select count(*) as booked from booking.booking where status = 'confirmed';
select (booking.cancel(:t, booking_id)).status from booking.booking where lower(span) = '2100-01-03 09:00+01';
update booking.service_limit set max_count = 3;
select * from pg_temp.days() where day = '2100-01-03';
-- Of a week, of a month.
update booking.service_limit set period = 'week', max_count = 2;
select * from pg_temp.days();
update booking.service_limit set period = 'month', max_count = 4;
select * from pg_temp.days();

-- By length: what is there and the new one together.
update booking.service_limit set period = 'day', max_count = null, max_minutes = 200;
select * from pg_temp.days() where day in ('2100-01-03', '2100-01-04');
update booking.service_limit set max_minutes = 59;
select * from pg_temp.days();

-- Of each resource: a member at its limit is passed over.
delete from booking.service_limit;
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'one', 'resource', 'day', 1);
select * from pg_temp.days();
select * from pg_temp.days(by_resource => true) where day = '2100-01-04';
select n, code, right(resources[1]::text, 1) as resource from generate_series(1, 3) n, booking.try_hold(:t, :'one', timestamptz '2100-01-04 08:00+01' + n * interval '1 hour', pg_temp.who(20 + n));
select code from booking.try_hold(:t, :'one', '2100-01-05 09:00+01', pg_temp.who(31), resource => :r2);
select code from booking.try_hold(:t, :'one', '2100-01-05 10:00+01', pg_temp.who(32), resource => :r2);
select * from pg_temp.days();
select * from pg_temp.days(by_resource => true) where day = '2100-01-05';

-- Of each customer, known by e-mail or phone, when one is booked.
delete from booking.service_limit;
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'one', 'customer', 'week', 1);
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-11 09:00+01', customer => '{"email": "Ada@example.org"}');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-12 09:00+01', customer => '{"email": "ada@example.org "}');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-12 09:00+01', customer => '{"email": "eve@example.org"}');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-18 09:00+01', customer => '{"email": "ada@example.org"}');
select hold_id as ada, code from booking.hold(:t, :'one', '2100-01-13 09:00+01', pg_temp.who(40)) \gset
select code from booking.try_book(:t, :'ada', pg_temp.who(40), customer => '{"email": "ada@example.org"}');
select code from booking.try_book(:t, :'ada', pg_temp.who(40), customer => '{"email": "bob@example.org"}');
select count(*) as left_behind from booking.hold where expires_at > now() and lower(span) > '2100-01-12';

-- A seat is a booking: a class counts each of its bookings once, of however many seats.
delete from booking.service_limit;
update booking.service set seats = 5 where service_id = :'one';
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'day', 2);
select n, code from generate_series(1, 3) n, booking.try_hold(:t, :'one', '2100-01-20 09:00+01', pg_temp.who(50 + n), seats => 2);

-- Bad input.
\set VERBOSITY sqlstate
insert into booking.service_limit (tenant_id, service_id, period) values (:t, :'one', 'month');
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'year', 1);
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'week', -1);
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'one', 'tenant', 'week', 1);
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'day', 1);
select booking.hold(:t, :'one', '2100-01-20 09:00+01', pg_temp.who(60));
select * from booking.verify();
\set VERBOSITY default

-- At the edges: a start at the first instant of a day counts to it; the first of the next does not.
delete from booking.service_limit;
delete from booking.hold;
select booking.put_service(:t, 'night', 'Night', array[60], array[:r1, :r2]::uuid[]) as night \gset
select booking.put_hours(:t, r.resource_id, 'Mo-Su 00:00-24:00') is not null as set from booking.resource r;
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'night', 'day', 1);
select code from booking.try_hold(:t, :'night', '2100-03-02 10:00+01', pg_temp.who(70));
select code from booking.try_hold(:t, :'night', '2100-03-02 00:00+01', pg_temp.who(71)) as midnight;
select code from booking.try_hold(:t, :'night', '2100-03-03 00:00+01', pg_temp.who(72)) as next_midnight;
-- Marked as held is what foreign holds keep; one's own other hold uses the limit up, and no one holds that.
select count(*) from booking.available_slots(:t, :'night', '2100-03-02 12:00+01', '2100-03-02 15:00+01', session_id => pg_temp.who(70), holds => 'mark') s;
select min(status), count(*) from booking.available_slots(:t, :'night', '2100-03-02 12:00+01', '2100-03-02 15:00+01', holds => 'mark') s;
-- Whom nobody knows no limit of a customer keeps out; who is at the limit is told so, also of what is taken.
update booking.service_limit set scope = 'customer', max_count = 0;
select code from booking.try_book(:t, service => :'night', starts_at => '2100-03-05 10:00+01');
update booking.service_limit set max_count = 1;
select code from booking.try_book(:t, service => :'night', starts_at => '2100-03-06 10:00+01', resource => :r1, customer => '{"phone": "1"}');
select code from booking.try_book(:t, service => :'night', starts_at => '2100-03-06 10:00+01', resource => :r1, customer => '{"phone": "1"}');
-- A class whose teacher is at the limit admits nobody.
update booking.service_limit set scope = 'resource', max_count = 2;
update booking.service set seats = 5 where service_id = :'night';
select code from booking.try_book(:t, service => :'night', starts_at => '2100-03-07 10:00+01', resource => :r1);
select remaining from booking.available_slots(:t, :'night', '2100-03-07 10:00+01', '2100-03-07 10:01+01', resource => :r1) s;
select code from booking.try_book(:t, service => :'night', starts_at => '2100-03-07 10:00+01', resource => :r1);
select remaining from booking.available_slots(:t, :'night', '2100-03-07 10:00+01', '2100-03-07 10:01+01', resource => :r1) s;
select code from booking.try_book(:t, service => :'night', starts_at => '2100-03-07 10:00+01', resource => :r1);

-- Minutes of a stay: 24 hours a night and what lies between check-in and check-out, also where the clock changes. The night
-- to 2100-03-28 has 23 hours, that to 2100-10-31 has 25.
insert into booking.service (tenant_id, service_id, slug, name, kind, min_length, max_length, check_in, check_out)
values (:t, '00000000-0000-0000-0000-0000000000c1', 'hut', 'Hut', 'stay', 1, 9, '15:00', '15:00');
\set hut '''00000000-0000-0000-0000-0000000000c1'''
insert into booking.service_requirement (tenant_id, service_id, requirement_id) values (:t, :hut, :hut);
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id) values (:t, :hut, :hut, :r1);
insert into booking.service_limit (tenant_id, service_id, period, max_minutes) values (:t, :hut, 'month', 2850);
select code from booking.try_book(:t, service => :hut, starts_at => '2100-03-27 15:00+01', duration => '1 day') as short_night;
select count(*) as would_be_2880 from booking.available_slots(:t, :hut, '2100-03-01 00:00+01', '2100-03-20 00:00+01', duration => '1 day');
update booking.service_limit set max_minutes = 2880 where service_id = :hut;
select count(*), min(remaining), max(remaining) from booking.available_slots(:t, :hut, '2100-03-01 00:00+01', '2100-03-20 00:00+01', duration => '1 day');
select code from booking.try_book(:t, service => :hut, starts_at => '2100-10-30 15:00+02', duration => '1 day') as long_night;
select count(*), min(remaining), max(remaining) from booking.available_slots(:t, :hut, '2100-10-01 00:00+02', '2100-10-20 00:00+02', duration => '1 day');
select code from booking.try_book(:t, service => :hut, starts_at => '2100-10-10 15:00+02', duration => '1 day');
select code from booking.try_book(:t, service => :hut, starts_at => '2100-10-12 15:00+02', duration => '1 day');
-- An own hold that the new one would only touch, over the short night to 2101-03-27, is not let go.
update booking.service_limit set max_minutes = 1440 where service_id = :hut;
select code from booking.try_hold(:t, :hut, '2101-03-27 15:00+02', pg_temp.who(80), duration => '1 day');
select to_char(timezone('Europe/Berlin', starts_at), 'DD.MM. HH24:MI') as at
from booking.available_slots(:t, :hut, '2101-03-24 00:00+01', '2101-03-30 00:00+02', duration => '1 day', session_id => pg_temp.who(80));
-- Of a customer, first the long night to 2101-10-30.
update booking.service_limit set scope = 'customer' where service_id = :hut;
select n, code
from generate_series(29, 30) n, booking.try_book(
    :t, service => :hut, starts_at => timezone('Europe/Berlin', make_timestamp(2101, 10, n, 15, 0, 0)), duration => '1 day',
    customer => '{"phone": "7"}');

-- The first instant of a day that is full is told so, as any other of it.
insert into booking.resource (tenant_id, resource_id, slug, name) values (:t, '00000000-0000-0000-0000-00000000000e', 'always', 'Always');
select booking.put_service(:t, 'daily', 'Daily', array[60], array['00000000-0000-0000-0000-00000000000e']::uuid[]) as daily \gset
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'daily', 'service', 'day', 1);
select code from booking.try_book(:t, service => :'daily', starts_at => '2100-01-05 10:00+01');
select at, e.code, e.reason
from unnest(array['2100-01-05 00:00+01', '2100-01-05 12:00+01']::timestamptz[]) at
cross join lateral booking.explain_slot(:t, :'daily', at) e
order by at, e.reason;
