-- Stays in nights, and free spans.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone) values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin');
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-0000000000f1', 'House', 'Europe/Berlin');
insert into booking.resource (tenant_id, resource_id, slug, name, schedule_id)
values (:t, '00000000-0000-0000-0000-000000000001', 'lake', 'Lake', '00000000-0000-0000-0000-0000000000f1'),
    (:t, '00000000-0000-0000-0000-000000000002', 'hill', 'Hill', null);
\set lake '''00000000-0000-0000-0000-000000000001'''
\set hill '''00000000-0000-0000-0000-000000000002'''
create function pg_temp.who(n int) returns text language sql as $$ select 'session-' || lpad(n::text, 16, '0') $$;
-- Arrivals on Friday to Sunday, 2 to 14 nights, from 15:00 to 10:00.
insert into booking.service (tenant_id, service_id, slug, name, kind, min_length, max_length, check_in, check_out, arrival_days)
values (:t, '00000000-0000-0000-0000-0000000000c1', 'chalet', 'Chalet', 'stay', 2, 14, '15:00', '10:00', '{5,6,7}');
insert into booking.service_requirement (tenant_id, service_id, requirement_id) values (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1');
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
select :t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', r from unnest(array[:lake, :hill]::uuid[]) r;
\set chalet '''00000000-0000-0000-0000-0000000000c1'''
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;
create function pg_temp.nights(n int, from_ts timestamptz, to_ts timestamptz)
returns table (arrival text, departure text, duration interval, resource text, remaining int)
language sql as $$
    select to_char(timezone('Europe/Berlin', s.starts_at), 'Dy DD.MM. HH24:MI'), to_char(timezone('Europe/Berlin', s.ends_at), 'Dy DD.MM. HH24:MI'),
        s.duration, right(s.resource_id::text, 1), s.remaining
    from booking.available_slots('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000c1', from_ts, to_ts, duration => make_interval(days => n)) s
    order by s.starts_at
$$;

-- Hours are not consulted: the schedule of the lake house has none at all.
select * from pg_temp.nights(2, '2100-01-08 00:00+01', '2100-01-16 00:00+01');
-- The default is the shortest; a given resource; what is no stay of this service.
select min(duration) from booking.available_slots(:t, :chalet, '2100-01-08 00:00+01', '2100-01-16 00:00+01');
select count(*) from pg_temp.nights(14, '2100-01-08 00:00+01', '2100-01-16 00:00+01');
select count(*) from pg_temp.nights(15, '2100-01-08 00:00+01', '2100-01-16 00:00+01');
select code from booking.try_hold(:t, :chalet, '2100-01-08 15:00+01', pg_temp.who(1), duration => '1 day');
select code from booking.try_hold(:t, :chalet, '2100-01-07 15:00+01', pg_temp.who(1), duration => '2 days') as on_thursday;
select code from booking.try_hold(:t, :chalet, '2100-01-08 14:00+01', pg_temp.who(1), duration => '2 days') as too_early;
-- The departure day is free for the next arrival. Nights are booked from check-in to check-out.
select (h).starts_at, (h).ends_at, (h).code, right((h).resources[1]::text, 1) as resource
from booking.hold(:t, :chalet, '2100-01-08 15:00+01', pg_temp.who(1), duration => '2 days', resource => :lake) h;
select * from pg_temp.nights(2, '2100-01-08 00:00+01', '2100-01-12 00:00+01');
select code from booking.try_hold(:t, :chalet, '2100-01-10 15:00+01', pg_temp.who(2), duration => '2 days', resource => :lake);
select code from booking.try_hold(:t, :chalet, '2100-01-09 15:00+01', pg_temp.who(3), duration => '2 days', resource => :lake);
select status, ends_at, code from booking.try_book(:t, (select hold_id from booking.hold where session_hash = sha256(pg_temp.who(1)::bytea)), pg_temp.who(1));
-- A slot_id says it all.
select k.duration, k.starts_at, h.code, h.ends_at
from booking.available_slots(:t, :chalet, '2100-01-15 00:00+01', '2100-01-16 00:00+01', duration => '3 days', resource => :hill) s
cross join lateral booking.slot_of(s.slot_id) k
cross join lateral booking.try_hold(k.tenant_id, k.service_id, k.starts_at, pg_temp.who(4), k.duration, k.resource_id) h;
-- A gap between guests is a buffer: with a day of it the departure day is nobody's.
update booking.service set buffer_after = 1440 where service_id = :chalet;
select code from booking.try_hold(:t, :chalet, '2100-01-17 15:00+01', pg_temp.who(5), duration => '2 days', resource => :lake);
select code from booking.try_hold(:t, :chalet, '2100-01-22 15:00+01', pg_temp.who(6), duration => '2 days', resource => :lake);
select * from pg_temp.nights(2, '2100-01-14 00:00+01', '2100-01-18 00:00+01');
update booking.service set buffer_after = 0 where service_id = :chalet;

-- An override that closes a date closes its night, and none that begins on the morning after; the service's own, too.
delete from booking.hold;
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, '00000000-0000-0000-0000-0000000000f1', '[2100-01-23,2100-01-24)');
select arrival, remaining from pg_temp.nights(2, '2100-01-21 00:00+01', '2100-01-26 00:00+01');
select code from booking.try_hold(:t, :chalet, '2100-01-22 15:00+01', pg_temp.who(7), duration => '2 days', resource => :lake);
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-0000000000f2', 'Office', 'Europe/Berlin');
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values (:t, '00000000-0000-0000-0000-0000000000f2', '[2100-01-24,2100-01-26)', null, null), (:t, '00000000-0000-0000-0000-0000000000f2', '[2100-01-25,2100-01-26)', '09:00', '10:00');
update booking.service set schedule_id = '00000000-0000-0000-0000-0000000000f2' where service_id = :chalet;
select arrival, remaining from pg_temp.nights(2, '2100-01-21 00:00+01', '2100-01-31 00:00+01');
update booking.service set schedule_id = null where service_id = :chalet;

-- The clock changes in the night of 2100-03-28: it is an hour shorter, and the next guest arrives at 15:00 all the same.
select starts_at, ends_at, ends_at - starts_at as lasts, duration from booking.available_slots(:t, :chalet, '2100-03-26 00:00+01', '2100-03-29 00:00+02') s;
-- Limits count by arrival; lists of nights instead of a range.
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :chalet, 'day', 1);
update booking.service set min_length = null, max_length = null, durations = '{7,3}' where service_id = :chalet;
select duration, remaining from booking.available_slots(:t, :chalet, '2100-05-07 00:00+02', '2100-05-08 00:00+02') s;
select count(*) from pg_temp.nights(5, '2100-05-07 00:00+02', '2100-05-08 00:00+02');
select n, code from generate_series(1, 2) n, booking.try_hold(:t, :chalet, '2100-05-07 15:00+02', pg_temp.who(10 + n), duration => '7 days');
select code from booking.try_hold(:t, :chalet, '2100-05-08 15:00+02', pg_temp.who(13), duration => '7 days');

-- Free spans: both ends open and on the grain, as long as one likes within bounds. Mo-Fr 08:00-18:00 in Berlin.
select booking.put_hours(:t, :hill, 'Mo-Fr 08:00-18:00') is not null as set;
insert into booking.service (tenant_id, service_id, slug, name, kind, min_length, max_length, crosses_closed)
values (:t, '00000000-0000-0000-0000-0000000000c2', 'van', 'Van', 'span', 60, 4320, true);
insert into booking.service_requirement (tenant_id, service_id, requirement_id) values (:t, '00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a2');
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id) values (:t, '00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-0000000000a2', :hill);
\set van '''00000000-0000-0000-0000-0000000000c2'''
-- Monday 14:00 to Wednesday 10:00, with Tuesday full.
select (h).starts_at, (h).ends_at, (h).code from booking.try_hold(:t, :van, '2100-02-01 14:00+01', pg_temp.who(20), duration => '44 hours') h;
select code from booking.try_hold(:t, :van, '2100-02-02 09:00+01', pg_temp.who(21), duration => '1 hour');
select code from booking.try_hold(:t, :van, '2100-02-03 09:30+01', pg_temp.who(21), duration => '1 hour');
select code from booking.try_hold(:t, :van, '2100-02-03 10:00+01', pg_temp.who(21), duration => '1 hour');
-- An end that is closed is refused: Thursday 14:00 and 16 hours; up to closing time is in.
select code from booking.try_hold(:t, :van, '2100-02-04 14:00+01', pg_temp.who(22), duration => '16 hours');
select code from booking.try_hold(:t, :van, '2100-02-04 14:00+01', pg_temp.who(22), duration => '4 hours');
select min(starts_at), max(starts_at), count(*) from booking.available_slots(:t, :van, '2100-02-08 00:00+01', '2100-02-09 00:00+01', duration => '20 hours');
-- Where the service does not cross closed hours, nothing on the way is closed.
update booking.service set crosses_closed = false where service_id = :van;
select code from booking.try_hold(:t, :van, '2100-02-15 14:00+01', pg_temp.who(23), duration => '44 hours');
select min(starts_at), max(starts_at), count(*) from booking.available_slots(:t, :van, '2100-02-15 00:00+01', '2100-02-16 00:00+01', duration => '8 hours');
select to_char(starts_at, 'HH24:MI') as at from booking.available_slots(:t, :van, '2100-02-15 00:00+01', '2100-02-16 00:00+01', duration => '8 hours', step => '60 min');
update booking.service set step = 90 where service_id = :van;
select to_char(starts_at, 'HH24:MI') as at, duration from booking.available_slots(:t, :van, '2100-02-15 00:00+01', '2100-02-16 00:00+01');
select code from booking.try_hold(:t, :van, '2100-02-15 08:15+01', pg_temp.who(24));
select count(*) from booking.available_slots(:t, :van, '2100-02-15 00:00+01', '2100-02-16 00:00+01', duration => '30 min') as too_short;

-- Bad input.
\set VERBOSITY sqlstate
select booking.hold(:t, :chalet, '2100-01-29 15:00+01', pg_temp.who(1), duration => '36 hours');
select * from booking.available_slots(:t, :chalet, '2100-01-29', '2100-01-30', step => '1 hour');
select * from booking.available_slots(:t, :van, '2100-01-29', '2100-01-30', duration => '65 min');
update booking.service set check_in = null where service_id = :chalet;
update booking.service set check_in = '15:10' where service_id = :chalet;
update booking.service set check_in = '15:00:30' where service_id = :chalet;
update booking.service set zone = 'Asia/Kathmandu' where service_id = :chalet returning zone;
update booking.service set zone = 'Africa/Monrovia' where service_id = :chalet returning zone;
update booking.service set arrival_days = '{0}' where service_id = :chalet;
update booking.service set arrival_days = '{}' where service_id = :chalet;
update booking.service set step = 60 where service_id = :chalet;
update booking.service set seats = 2 where service_id = :chalet;
update booking.service set durations = '{400}' where service_id = :chalet;
update booking.service set durations = '{}' where service_id = :chalet;
update booking.service set min_length = 3 where service_id = :van;
update booking.service set min_length = 5000 where service_id = :van;
update booking.service set durations = '{60}' where service_id = :van;
update booking.service set kind = 'slot' where service_id = :van;
update booking.service set kind = 'year' where service_id = :van;
select * from booking.verify();
