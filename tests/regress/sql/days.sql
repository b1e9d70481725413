-- available_days: what available_slots lists, counted by the local dates of whoever looks.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone)
values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin');
\set t '''00000000-0000-0000-0000-000000000001'''
\set anna '''00000000-0000-0000-0000-00000000000a'''
\set bob '''00000000-0000-0000-0000-00000000000b'''
\set room '''00000000-0000-0000-0000-00000000000c'''
insert into booking.resource (tenant_id, resource_id, slug, name)
values (:t, :anna, 'anna', 'Anna'), (:t, :bob, 'bob', 'Bob'), (:t, :room, 'room', 'Room');
select booking.put_hours(:t, :anna, 'Mo-Fr 09:00-12:00') is not null as morning,
    booking.put_hours(:t, :bob, 'Mo-Fr 09:00-18:00') is not null as all_day;
select booking.put_service(:t, 'short', 'Short', array[60, 90], array[:anna]::uuid[]) as short \gset
select booking.put_service(:t, 'long', 'Long', array[60], array[:bob]::uuid[]) as long \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array[:anna, :bob]::uuid[]) as pool \gset
select booking.put_service(:t, 'always', 'Always', array[60], array[:room]::uuid[]) as always \gset

-- Every date of the range, also those with none. 2100-01-01 is a Friday; the end is not in the range.
select * from booking.available_days(:t, :'short', '2100-01-01 00:00+01', '2100-01-06 00:00+01');
-- First and last date count in part; a range touches a date by its last microsecond.
select * from booking.available_days(:t, :'short', '2100-01-04 10:00+01', '2100-01-05 11:00+01');
select * from booking.available_days(:t, :'short', '2100-01-04 11:00+01', '2100-01-05 00:00:00.000001+01');
-- A range of no length touches none.
select * from booking.available_days(:t, :'short', '2100-01-04 10:00+01', '2100-01-04 10:00+01');
-- Another duration, another step, in the past.
select slots from booking.available_days(:t, :'short', '2100-01-04 00:00+01', '2100-01-05 00:00+01', duration => '90 min');
select slots from booking.available_days(:t, :'short', '2100-01-04 00:00+01', '2100-01-05 00:00+01', step => '15 min');
select * from booking.available_days(:t, :'short', '2020-01-06 00:00+01', '2020-01-07 00:00+01');

-- The dates are the viewer's. 09:00 to 18:00 in Berlin is 21:00 to 06:00 in Auckland, 03:00 to 12:00 in New York; the range
-- itself is the same 24 hours for all.
select z.zone, d.*
from (values ('Pacific/Auckland'), ('America/New_York'), ('Asia/Kathmandu'), ('europe/berlin'), (null)) z (zone)
cross join lateral booking.available_days(
    :t, :'long', '2100-01-04 00:00+01', '2100-01-05 00:00+01', zone => z.zone) d
order by z.zone, d.day;
-- Whatever the zone of the database session.
set timezone to 'Pacific/Auckland';
select * from booking.available_days(:t, :'long', '2100-01-04 00:00+01', '2100-01-05 00:00+01');
set timezone to 'UTC';

-- Dates of 23 and 25 hours, and one that has its midnight twice.
select z.zone, d.*
from (
    values ('Europe/Berlin', date '2025-03-29'), ('Europe/Berlin', '2025-10-25'), ('America/Havana', '2025-11-01')) z (zone, day)
cross join lateral booking.available_days(
    :t, :'always', booking.date_start(z.day, z.zone), booking.date_start(z.day + 3, z.zone),
    zone => z.zone, as_of => '2025-01-01') d
order by z.zone, d.day;
-- Where the service itself lives on Lord Howe, the dates have 23:30 and 24:30 hours, and each counts from its midnight.
update booking.service set zone = 'Australia/Lord_Howe' where slug = 'always';
select d.*
from (values (date '2025-10-04'), ('2026-04-04')) z (day)
cross join lateral booking.available_days(
    :t, :'always', booking.date_start(z.day, 'Australia/Lord_Howe'), booking.date_start(z.day + 3, 'Australia/Lord_Howe'),
    as_of => '2025-01-01') d
order by d.day;
update booking.service set zone = 'Europe/Berlin' where slug = 'always';
-- Samoa had no 30 December 2011.
select *
from booking.available_days(
    :t, :'always', '2011-12-29 00:00-10', '2012-01-01 00:00+14', zone => 'Pacific/Apia', as_of => '2011-01-01');
-- Newfoundland put its clocks back at one minute past midnight: the 7th had begun when the last hour of the 6th came
-- again. 24 h and 23:01 to 24:00 of the one, a minute and 24 h of the other.
select *
from booking.available_days(
    :t, :'always', '2010-11-06 00:00-02:30', '2010-11-08 00:00-03:30', zone => 'America/St_Johns', step => '15 min',
    as_of => '2010-01-01');
select *
from booking.available_days(
    :t, :'always', '2010-11-07 00:00-02:30', '2010-11-07 00:00-03:30', zone => 'America/St_Johns', step => '15 min',
    as_of => '2010-01-01');

-- A pool: any start counts once, however many are free; one resource of it counts its own.
select 'pool' as of, * from booking.available_days(:t, :'pool', '2100-01-04 00:00+01', '2100-01-05 00:00+01')
union all
select 'anna', * from booking.available_days(:t, :'pool', '2100-01-04 00:00+01', '2100-01-05 00:00+01', resource => :anna);

-- A class counts its starts, not its seats.
insert into booking.resource (tenant_id, resource_id, slug, name)
values (:t, '00000000-0000-0000-0000-00000000000e', 'studio', 'Studio');
select booking.put_hours(:t, '00000000-0000-0000-0000-00000000000e', 'Mo 18:00-20:00') is not null as evening;
select booking.put_service(:t, 'class', 'Class', array[60], array['00000000-0000-0000-0000-00000000000e']::uuid[]) as class \gset
update booking.service set seats = 2 where slug = 'class';
select code from booking.try_book(:t, service => :'class', starts_at => '2100-01-04 18:00+01');
select slots as one_seat_left from booking.available_days(:t, :'class', '2100-01-04 00:00+01', '2100-01-05 00:00+01');
select code from booking.try_book(:t, service => :'class', starts_at => '2100-01-04 18:00+01');
select slots as no_seat_left from booking.available_days(:t, :'class', '2100-01-04 00:00+01', '2100-01-05 00:00+01');

-- A foreign hold counts against a date, hidden or marked; not for its own session, not where holds are ignored, not once
-- it has lapsed.
select code from booking.try_hold(:t, :'short', '2100-01-04 09:00+01', 'session-of-the-first');
select h.holds, s.session_id, a.as_of is not null as later, d.slots
from (values ('hide'), ('mark'), ('ignore')) h (holds)
cross join (values (null), ('session-of-the-first')) s (session_id)
cross join (values (null), (now() + interval '11 minutes')) a (as_of)
cross join lateral booking.available_days(
    :t, :'short', '2100-01-04 00:00+01', '2100-01-05 00:00+01', session_id => s.session_id, holds => h.holds, as_of => a.as_of) d
order by h.holds, s.session_id nulls first, later;
-- A date whose last start is held has none; a booking stays for all.
select code from booking.try_book(:t, service => :'short', starts_at => '2100-01-04 10:00+01');
select code from booking.try_book(:t, service => :'short', starts_at => '2100-01-04 11:00+01');
select h.holds, d.available, d.slots
from (values ('hide'), ('ignore')) h (holds)
cross join lateral booking.available_days(:t, :'short', '2100-01-04 00:00+01', '2100-01-05 00:00+01', holds => h.holds) d;

-- The same as the list, whoever asks for what. Of 15 dates none differs, but some have held starts and some are booked.
select code from booking.try_hold(:t, :'pool', '2100-03-22 09:00+01', 'session-of-the-first', resource => :anna);
select code from booking.try_hold(:t, :'always', '2100-03-22 09:00+01', 'session-of-the-first');
select code from booking.try_book(:t, service => :'pool', starts_at => '2100-03-22 10:00+01', resource => :anna);
select count(*) as compared, count(*) filter (where d.slots is distinct from l.slots or d.available <> (d.slots > 0)) as differing
from (values (:'short'::uuid, null::uuid), (:'pool', null), (:'pool', :anna), (:'always', null)) v (service, resource)
cross join (values ('UTC'), ('Asia/Tokyo'), ('America/St_Johns')) z (zone)
cross join (values ('hide'), ('mark'), ('ignore')) h (holds)
cross join lateral booking.available_days(
    :t, v.service, '2100-03-20 17:00', '2100-04-03 05:00', zone => z.zone, holds => h.holds, resource => v.resource) d
cross join lateral (
    select count(*)::int as slots
    from booking.available_slots(
        :t, v.service, '2100-03-20 17:00', '2100-04-03 05:00', holds => h.holds, resource => v.resource) s
    where s.status = 'available' and timezone(z.zone, s.starts_at)::date = d.day) l;
-- 400 days in one call; nothing is written.
begin transaction read only;
select count(*), min(day), max(day), sum(slots)
from booking.available_days(:t, :'short', '2100-01-04 00:00+01', '2101-02-08 00:00+01', as_of => '2100-01-01');
commit;

-- What is refused, also where the range is empty.
\set VERBOSITY sqlstate
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', zone => 'Mars/Olympus');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-05', zone => 'XYZ-3');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-05', zone => '+01');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-05', zone => '');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', holds => 'show');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-05', holds => '');
select * from booking.available_days(:t, :'short', '2100-01-05', '2100-01-04');
select * from booking.available_days(:t, :'short', '2100-01-01', '2101-02-06');
select * from booking.available_days(:t, :'short', null, '2100-01-05');
select * from booking.available_days(:t, :'short', '2100-01-05', null);
select * from booking.available_days(:t, :'short', '-infinity', '2100-01-05');
select * from booking.available_days(:t, :'short', '2100-01-05', 'infinity');
select * from booking.available_days(:t, :'short', '20000-01-01', '20000-01-02');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', as_of => 'infinity');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', duration => '50 min');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', duration => '1 month');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', step => '0');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', session_id => 'short');
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-04', resource => :bob);
select * from booking.available_days(:t, :t, '2100-01-04', '2100-01-05');
select * from booking.available_days(:anna, :'short', '2100-01-04', '2100-01-05');
select * from booking.available_days(null, null, '2100-01-04', '2100-01-05');
\set VERBOSITY default
-- The first and the last day there is; a service whose resources are all gone offers nothing.
select * from booking.available_days(:t, :'always', '0001-01-01 00:00', '0001-01-01 01:00', zone => 'America/New_York', as_of => '0001-01-01');
select * from booking.available_days(:t, :'always', '9998-12-31 23:00', '9999-01-01 00:00', zone => 'Pacific/Kiritimati');
update booking.resource set active = false;
select * from booking.available_days(:t, :'short', '2100-01-04', '2100-01-05');
