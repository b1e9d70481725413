-- Series: recurrence rules on the wall clock; booked together, all, what can be had, or the first so many; cancelled together.
set timezone to 'Europe/Berlin';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone) values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n
from generate_series(1, 3) n;
\set t '''00000000-0000-0000-0000-000000000001'''
select booking.put_hours(:t, resource_id, 'Mo-Fr 09:00-17:00') is not null as hours from booking.resource;
select booking.put_service(:t, 'one', 'One', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[]) as one \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array(select resource_id from booking.resource)) as pool \gset
select booking.put_service(:t, 'pair', 'Pair', array[60], array(select resource_id from booking.resource where slug < 'r3'), pick => 2) as pair \gset
select booking.recompute(:t, null, '2100-01-01', '2100-12-01') > 0 as stored;
create function starts(rule text, at timestamptz, most int default 100)
returns text
language sql
return (select string_agg(to_char(s, 'Dy DD.MM. HH24:MI TZH'), ', ' order by s) from unnest(booking.rrule_starts(rule, at, 'Europe/Berlin', most)) s);
create view booked as
select s.slug as service, to_char(lower(b.span), 'Dy DD.MM. HH24:MI TZH') as starts, booking.status_at(b, now()) as status, b.customer ->> 'name' as who
from booking.booking b
join booking.service s using (tenant_id, service_id)
order by lower(b.span), 1, 4;

-- Rules. At nine in winter and in summer, whatever the session's zone.
select starts('FREQ=WEEKLY;COUNT=4', '2100-03-15 09:00');
set timezone to 'America/New_York';
select starts('FREQ=WEEKLY;COUNT=4', '2100-03-15 09:00 Europe/Berlin') = to_char(timestamptz '2100-03-15 09:00 Europe/Berlin', 'Dy DD.MM. HH24:MI TZH') || ', Mon 22.03. 04:00 -04, Mon 29.03. 03:00 -04, Mon 05.04. 03:00 -04';
set timezone to 'Europe/Berlin';
select starts('RRULE:freq=weekly; byday=MO,TH; until=20100201', '2010-01-18 09:00');
select starts('FREQ=MONTHLY;BYDAY=-1FR;COUNT=3', '2100-01-01 09:00');
select starts('FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3', '2100-01-31 09:00');
select starts('FREQ=DAILY;INTERVAL=10', '2100-01-31 09:00', 3);
select starts('FREQ=YEARLY;COUNT=2', '2096-02-29 09:00');
-- UNTIL: a clock counts, an instant is one of the zone.
select starts('FREQ=DAILY;UNTIL=21000105T090000', '2100-01-04 09:00'), starts('FREQ=DAILY;UNTIL=21000105T085959', '2100-01-04 09:00');
select starts('FREQ=DAILY;UNTIL=21000105T080000Z', '2100-01-04 09:00'), starts('FREQ=DAILY;UNTIL=21000105T075959Z', '2100-01-04 09:00');
-- A clock that the change to summer skips comes later, of two alike the first is meant, and a start in the second of them is one.
select starts('FREQ=DAILY;COUNT=3', '2100-03-27 02:30');
select starts('FREQ=DAILY;COUNT=3', '2100-10-30 02:30');
select starts('FREQ=DAILY;COUNT=2', '2100-10-31 02:30+01');

-- All or none. Only the first two occurrences of a series checked: not here, the last one counts as well.
select code from booking.try_book(:t, service => :'one', starts_at => '2100-04-05 09:00', customer => '{"name": "Eve"}');
select starts_at, booking_id, code from booking.try_book_series(:t, :'one', '2100-03-08 09:00', 'FREQ=WEEKLY;COUNT=5', customer => '{"name": "Ada"}');
select * from booked;
select starts_at, code from booking.try_book_series(:t, :'one', '2100-03-08 09:00', 'FREQ=WEEKLY;COUNT=4', customer => '{"name": "Ada"}');
select * from booked;
select count(distinct series_id) as series, count(*) filter (where series_id is null) as single from booking.booking;
select count(*) as claims, count(distinct booking_id) as bookings from booking.claim;
select count(*) as holds from booking.hold;
select kind, count(*) from booking.booking_event group by kind;
select * from booking.verify();

-- Skip what can't be had, and say so: taken, closed, a limit of the service, of the customer.
select starts_at, booking_id is not null as booked, status, manage_token is not null as token, code, detail ? 'reasons' as reasons
from booking.try_book_series(:t, :'one', '2100-03-22 10:00', 'FREQ=DAILY;COUNT=8', 'skip', customer => '{"name": "Ada"}');
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-03-22 09:00', 'FREQ=WEEKLY;COUNT=3', 'skip', customer => '{"name": "Ben"}');
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'one', 'customer', 'month', 2), (:t, :'one', 'service', 'week', 3);
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-05-03 09:00', 'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=7', 'skip', customer => '{"email": "cleo@example.org", "name": "Cleo"}');
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-06-07 09:00', 'FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=7', 'skip', customer => '{"name": "Dan"}');
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-05-17 09:00', 'FREQ=MONTHLY;COUNT=2', customer => '{"email": "Cleo@Example.org", "name": "Cleo"}');

-- The first so many that can be had, however far.
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-03-29 09:00', 'FREQ=WEEKLY', 'first', 3, customer => '{"name": "Fay"}');
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-05-18 09:00', 'FREQ=WEEKLY', 'first', 3, customer => '{"email": "cleo@example.org", "name": "Cleo"}');
select starts_at, code
from booking.try_book_series(:t, :'one', '2100-04-05 09:00', 'FREQ=WEEKLY;COUNT=1', 'first', 3, customer => '{"name": "Fay"}');
select count(*) as claims, count(distinct booking_id) as bookings from booking.claim;

-- Of a pool whoever is free, of a team all; an own hold of an occurrence is used up, and going on with it in the way is none.
select code from booking.try_hold(:t, :'pool', '2100-07-12 09:00', 'session-a-0123456789', resource => '00000000-0000-0000-0000-000000000002');
select starts_at, code from booking.try_book_series(:t, :'pool', '2100-07-05 09:00', 'FREQ=WEEKLY;COUNT=2', session_id => 'session-a-0123456789');
select count(*) as holds from booking.hold;
select r.slug, count(*) from booking.booking b join booking.booking_resource br using (tenant_id, booking_id) join booking.resource r using (tenant_id, resource_id)
where b.service_id = :'pool' group by 1 order by 1;
select starts_at, code from booking.try_book_series(:t, :'pair', '2100-07-05 09:00', 'FREQ=WEEKLY;COUNT=3', 'skip');
select * from booking.verify();

-- Pending ones keep their slots.
update booking.service set needs_approval = true where slug = 'pair';
select starts_at, status, code from booking.try_book_series(:t, :'pair', '2100-08-02 09:00', 'FREQ=WEEKLY;COUNT=2');
select code from booking.try_hold(:t, :'pool', '2100-08-09 09:00', 'session-b-0123456789', resource => '00000000-0000-0000-0000-000000000001');

-- Cancelled: one, those that follow, all.
select starts_at, booking_id from booking.book_series(:t, :'pool', '2100-09-06 09:00', 'FREQ=WEEKLY;COUNT=6', customer => '{"name": "Gil"}') limit 1 \gset
select booking_id as third from booking.booking where lower(span) = '2100-09-20 09:00' \gset
select booking_id as fifth from booking.booking where lower(span) = '2100-10-04 09:00' \gset
select starts_at, status, code from booking.cancel_series(:t, :'third', 'one');
select starts_at, status, code from booking.cancel_series(:t, :'fifth', 'following', 'moved away');
select starts, status from booked where who = 'Gil';
select starts_at, status, code from booking.cancel_series(:t, :'third', 'all');
select count(*) from booking.claim c join booking.booking b using (tenant_id, booking_id) where b.customer ->> 'name' = 'Gil';
select kind, detail ->> 'reason' as reason, count(*) from booking.booking_event where booking_id in (select booking_id from booking.booking where customer ->> 'name' = 'Gil') group by 1, 2 order by 1, 2;
-- Pending ones, too; and one that is in no series.
select starts_at, status from booking.cancel_series(:t, (select booking_id from booking.booking where lower(span) = '2100-08-09 09:00' and service_id = :'pair'));
select starts_at, status from booking.cancel_series(:t, (select booking_id from booking.booking where customer ->> 'name' = 'Eve'), 'following');
-- What is over stays as it is.
select booking_id as past from booking.book_series(:t, :'pool', '2100-11-01 09:00', 'FREQ=DAILY;COUNT=3', customer => '{"name": "Hal"}') limit 1 \gset
update booking.booking set span = '[2020-01-06 09:00, 2020-01-06 10:00)' where booking_id = :'past';
select starts_at, status from booking.cancel_series(:t, :'past');
select starts, status from booked where who = 'Hal';
select * from booking.verify();

-- Bad input.
\set VERBOSITY sqlstate
select booking.cancel_series(:t, :'past');
select booking.cancel_series(:t, :'third', 'one');
select booking.cancel_series(:t, :t);
select booking.cancel_series(:t, :'third', 'some');
select booking.cancel_series(:t, :'third', null);
select booking.book_series(:t, :'one', '2100-04-06 08:00', 'FREQ=WEEKLY;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=0');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=SOMETIMES;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3;COLOUR=RED');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;UNTIL=21001399');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;UNTIL=21001399T000000Z');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;UNTIL=20000101');
select booking.book_series(:t, :'one', '2100-12-06 09:00', repeat('FREQ=WEEKLY;COUNT=3;', 100));
select booking.book_series(:t, :'one', '2100-12-06 09:00', E'DTSTART:20200101T000000Z\nRRULE:FREQ=WEEKLY;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=DAILY;COUNT=367', 'skip');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=MINUTELY;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', null);
select booking.book_series(:t, :'one', null, 'FREQ=WEEKLY;COUNT=3');
select booking.book_series(:t, :'one', 'infinity', 'FREQ=WEEKLY;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3', 'some');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3', 'first');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3', 'first', 0);
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3', 'all', 2);
select booking.book_series(:t, :t, '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3');
select booking.book_series(:t, :'one', '2100-12-06 09:00', 'FREQ=WEEKLY;COUNT=3', session_id => 'short');
select booking.rrule_clocks('FREQ=DAILY;COUNT=3', 'infinity', 3);
-- Refused, where the search would miss some: an end that comes too early is not noticed.
select booking.rrule_starts('FREQ=MINUTELY;BYMONTH=7;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0;COUNT=3', '2099-07-01 09:00', 'UTC', 3);
select booking.rrule_starts('BYMONTH=7;FREQ=SECONDLY;COUNT=3', '2099-07-01 09:00', 'UTC', 3);
select booking.rrule_starts('FREQ=MINUTELY;INTERVAL=90;COUNT=3', '2099-07-01 09:00', 'UTC', 3);
select booking.rrule_starts('FREQ=HOURLY;BYMONTH=7;BYMONTHDAY=1;BYHOUR=9;COUNT=3', '2099-07-01 09:00', 'UTC', 3);
select booking.rrule_clocks('FREQ=DAILY;COUNT=3', '2100-01-01', -1);
select booking.rrule_clocks('FREQ=DAILY', '290000-01-01', 3);
