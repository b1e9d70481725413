-- What is written carelessly, by plain statements or in an odd order: refused, or followed by what depends on it.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.tenant (tenant_id, slug, name, zone) values (:t, 't', 'T', 'Europe/Berlin');
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, 2 from generate_series(1, 3) n;
\set r1 '''00000000-0000-0000-0000-000000000001'''
\set r2 '''00000000-0000-0000-0000-000000000002'''
select booking.put_service(:t, 'one', 'One', array[60], array[:r1]::uuid[], step => 30, buffer_after => 30) as one \gset

-- A unit that is held or booked cannot go; one that was can, and its claims stay.
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 09:00');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 09:00');
update booking.resource set capacity = 1 where resource_id = :r1;
update booking.claim set span = '[2000-01-04 09:00,2000-01-04 10:30)' where unit = 2;
update booking.resource set capacity = 1 where resource_id = :r1;
update booking.claim set booking_id = booking_id where unit = 2;
select count(*) as still_there from booking.claim where unit = 2;
insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
select :t, :r1, 2, '[2100-02-04 09:00,2100-02-04 10:30)', booking_id from booking.booking limit 1;

-- An own hold is in nobody's way, its own session's least: not through its buffer either.
select code from booking.try_hold(:t, :'one', '2100-01-05 09:00', 'session-of-the-one-1');
select starts_at from booking.available_slots(:t, :'one', '2100-01-05 10:00', '2100-01-05 10:01', session_id => 'session-of-the-one-1');
select code from booking.try_hold(:t, :'one', '2100-01-05 10:00', 'session-of-the-one-1');
select count(*) as holds from booking.hold;

-- A held resource that leaves its service is remembered all the same; a hold without claims books nothing.
select hold_id as h from booking.hold(:t, :'one', '2100-01-06 09:00', 'session-of-the-one-1') \gset
delete from booking.requirement_resource;
select booking_id as b, status from booking.book(:t, :'h', 'session-of-the-one-1') \gset
select right(resource_id::text, 1) as resource, requirement_id from booking.booking_resource where booking_id = :'b';
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
select tenant_id, service_id, requirement_id, :r1 from booking.service_requirement;
select hold_id as h from booking.hold(:t, :'one', '2100-01-07 09:00', 'session-of-the-one-1') \gset
delete from booking.claim where hold_id = :'h';
select status, code from booking.try_book(:t, :'h', 'session-of-the-one-1');

-- A booking that is off gives its time back, whoever says so.
update booking.booking set status = 'cancelled' where booking_id = :'b';
select starts_at from booking.available_slots(:t, :'one', '2100-01-06 08:00', '2100-01-06 08:01');

-- What is moved by hand takes its claims along, and is refused where somebody else is; also what is held, before it is booked.
select booking.put_service(:t, 'two', 'Two', array[60], array['00000000-0000-0000-0000-000000000003']::uuid[], step => 30, buffer_after => 30) as two \gset
update booking.resource set capacity = 1 where slug = 'r3';
create function taken() returns setof tstzrange language sql begin atomic
    select c.span from booking.claim c join booking.resource r using (tenant_id, resource_id) where r.slug = 'r3' order by c.span; end;
select booking_id as b from booking.book(:t, service => :'two', starts_at => '2100-03-27 09:00') \gset
select booking_id as c from booking.book(:t, service => :'two', starts_at => '2100-03-27 12:00') \gset
\set VERBOSITY sqlstate
update booking.booking set span = '[2100-03-27 09:00,2100-03-27 10:00)' where booking_id = :'c';
\set VERBOSITY default
update booking.booking set span = '[2100-03-27 08:59,2100-03-27 10:31)' where booking_id = :'b';
select taken();
-- Across a change of the clock in whatever zone.
set timezone to 'Europe/Berlin';
update booking.booking set span = '[2100-03-28 09:00+00,2100-03-28 10:00+00)' where booking_id = :'b';
set timezone to 'UTC';
select taken();
select code from booking.try_book(:t, service => :'two', starts_at => '2100-03-28 10:00');
select hold_id as h from booking.hold(:t, :'two', '2100-03-27 16:00', 'session-of-the-two-1') \gset
\set VERBOSITY sqlstate
update booking.hold set span = '[2100-03-27 12:00,2100-03-27 13:00)' where hold_id = :'h';
\set VERBOSITY default
update booking.hold set span = '[2100-03-27 14:00,2100-03-27 15:00)' where hold_id = :'h';
select starts_at, code from booking.try_book(:t, :'h', 'session-of-the-two-1');
select taken();
-- A pending one that is given more time keeps its slot as long, and is moved with it.
update booking.service set needs_approval = true where slug = 'two';
select booking_id as p from booking.book(:t, service => :'two', starts_at => '2100-03-29 09:00') \gset
update booking.booking set expires_at = '2100-03-01', span = '[2100-03-29 16:00,2100-03-29 17:00)' where booking_id = :'p';
select b.expires_at = h.expires_at as as_long, h.span, c.span as claimed
from booking.booking b join booking.hold h using (booking_id) join booking.claim c on c.hold_id = h.hold_id where b.booking_id = :'p';
select status from booking.approve(:t, :'p');
-- Seats stay with their date, and are as many as were taken.
update booking.service set needs_approval = false, seats = 3 where slug = 'two';
select booking_id as s from booking.book(:t, service => :'two', starts_at => '2100-03-30 09:00') \gset
update booking.booking set seats = 2 where booking_id = :'s';
\set VERBOSITY sqlstate
update booking.booking set span = '[2100-03-30 16:00,2100-03-30 17:00)' where booking_id = :'s';
\set VERBOSITY default
select hold_id as h from booking.hold(:t, :'two', '2100-03-30 09:00', 'session-of-the-two-1') \gset
update booking.hold set seats = 2 where hold_id = :'h';

-- put_hours: of a shared schedule an own copy with its overrides; zone and days off as they are said.
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-00000000000a', 'shared', 'Europe/Berlin');
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, '00000000-0000-0000-0000-00000000000a', '[2100-01-11,2100-01-11]');
update booking.resource set schedule_id = '00000000-0000-0000-0000-00000000000a';
select booking.put_hours(:t, :r1, 'Mo-We 09:00-11:00; Tu off') <> '00000000-0000-0000-0000-00000000000a' as own;
select weekday, opens, closes from booking.schedule_rule order by weekday;
select count(*) as on_the_holiday from booking.available_slots(:t, :'one', '2100-01-11', '2100-01-12');
update booking.resource set zone = 'Asia/Tokyo' where resource_id = :r1;
select booking.put_hours(:t, :r1, 'Mo-Tu 09:00-11:00') = (select schedule_id from booking.resource where resource_id = :r1) as same;
select starts_at from booking.available_slots(:t, :'one', '2100-01-18', '2100-01-19');
select resource_id, schedule_id from booking.resource where resource_id <> :r1 order by resource_id;
-- A schedule that a service uses is not the resource's alone.
update booking.service set schedule_id = (select schedule_id from booking.resource where resource_id = :r1);
select booking.put_hours(:t, :r1, 'We 09:00-11:00') is not null as done;
select count(distinct s.schedule_id) as schedules from booking.schedule_rule s;
update booking.service set schedule_id = null;

-- A service moves to members of another grain in one call.
insert into booking.resource (tenant_id, resource_id, slug, name, grain) values (:t, '00000000-0000-0000-0000-000000000009', 'r9', 'R9', 20);
select booking.put_service(:t, 'one', 'One', array[40], array['00000000-0000-0000-0000-000000000009']::uuid[]) = :'one' as same_service;

\set VERBOSITY sqlstate
update booking.service set bookable = 'empty';
update booking.service set bookable = daterange('2100-01-01', 'infinity');
update booking.service set bookable = daterange('2100-01-01', '5874897-01-01');
update booking.service set durations = '{{1,2},{3,4}}';
select booking.zone_offsets('UTC', now(), 'infinity');
select booking.expire_holds(-1);
\set VERBOSITY default
select booking.customer_key('{"email": " Ada@X.org "}'), booking.customer_key('{"email": {}, "phone": "1"}'), booking.customer_key('{"email": ""}');
-- Pasted, with what ends a line or a cell.
select booking.customer_key('{"email": "\tAda@x.org\r\n"}'), booking.customer_key('{"email": "\n", "phone": "\t030 1\n"}');
select * from booking.verify();
-- TRUNCATE names no rows; no page is wrong after it.
select booking.recompute(:t) > 0 as stored;
truncate booking.schedule_rule;
select * from booking.verify();
select booking.recompute(:t) > 0 as stored;
begin;
truncate booking.booking cascade;
select * from booking.verify();
rollback;
\set VERBOSITY sqlstate
-- A tenant does not go with its bookings, and without them with all that is its.
delete from booking.tenant;
begin;
set constraints all deferred;
delete from booking.booking;
delete from booking.tenant;
commit;
select (select count(*) from booking.resource) + (select count(*) from booking.booking) + (select count(*) from booking.claim) as left_behind;
