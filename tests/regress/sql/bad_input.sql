-- Bad input: each with its SQLSTATE, and nothing is left behind.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
insert into booking.tenant (tenant_id, slug, name, zone)
values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Asia/Kathmandu');
\set t '''00000000-0000-0000-0000-000000000001'''
\set r '''00000000-0000-0000-0000-00000000000a'''
\set s '''0123456789abcdef'''
insert into booking.resource (tenant_id, resource_id, slug, name, grain) values (:t, :r, 'r', 'R', 15);
insert into booking.resource (tenant_id, resource_id, slug, name, grain)
values (:t, '00000000-0000-0000-0000-00000000000b', 'r5', 'R5', 5);
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, :r, 's', 'UTC');
select booking.put_service(:t, 'one', 'One', array[60], array[:r]::uuid[]) as one \gset

-- The hint names a grain that fits durations, step, buffers and the offsets of the zones.
select booking.put_service(:t, 'bad', 'Bad', array[60, 50], array[:r]::uuid[]);
select booking.largest_grain(array[60, 120], array['Europe/Berlin']), booking.largest_grain(array[60], array['Asia/Kathmandu']),
    booking.largest_grain(array[60], array['Australia/Lord_Howe']), booking.largest_grain(array[50, 60], array['UTC']),
    booking.largest_grain(array[7], array['UTC']);
select count(*) as left_behind from booking.service where slug = 'bad';

\set VERBOSITY sqlstate
-- Zones.
insert into booking.tenant (slug, name, zone) values ('z', 'Z', 'Mars/Olympus');
insert into booking.tenant (slug, name, zone) values ('z', 'Z', 'Mars/Olympus+3');
insert into booking.tenant (slug, name, zone) values ('z', 'Z', 'XYZ-3');
insert into booking.tenant (slug, name, zone) values ('z', 'Z', '');
insert into booking.schedule (tenant_id, name, zone) values (:t, 's', 'Europe/Berln');
update booking.resource set zone = '+05:45';
insert into booking.tenant (slug, name, zone) values ('z', 'Z', 'Etc/GMT+5');
insert into booking.tenant (slug, name, zone) values ('z2', 'Z', 'EST5EDT');
-- A name without end is refused by its length, not compared with each zone there is, which took half a minute.
set statement_timeout = '1s';
select booking.available_days(:t, :'one', '2100-01-04', '2100-01-05', repeat('x', 2000000));
reset statement_timeout;
-- Slugs that could be taken for ids or paths.
insert into booking.tenant (slug, name) values ('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'Z');
insert into booking.tenant (slug, name) values ('a/b', 'Z');
-- Windows.
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes) values (:t, :r, 1, '09:00', '09:00');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes) values (:t, :r, 1, '22:00', '02:00');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes) values (:t, :r, 0, '09:00', '10:00');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid) values (:t, :r, 1, '09:00', '10:00', 'empty');
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens) values (:t, :r, '[2025-01-01,2025-01-02)', '09:00');
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes) values (:t, :r, '[2025-01-01,2025-01-02)', '10:00', '09:00');
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, :r, '[2025-01-01,)');
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, :r, '[2025-01-01,infinity)');
select booking.put_hours(:t, :r, 'Mo-Fr 22:00-02:00');
select booking.put_hours(:t, :r, 'Mo-Fr 25:00-26:00');
select booking.put_hours(:t, :r, 'Mo-Fr nine to five');
select booking.put_hours(:t, :r, 'Xx 09:00-10:00');
select booking.put_hours(:t, :r, null);
select booking.put_hours(:t, :t, 'Mo 09:00-10:00');
-- Overlapping rules merge.
select booking.put_hours(:t, :r, 'Mo 09:00-11:00,10:00-12:00; Mo 11:30-13:00; Mo 09:00-11:00') is not null as merged;
select upper(booking.open_spans(:t, schedule_id, '2025-01-06', '2025-01-07')) - lower(booking.open_spans(:t, schedule_id, '2025-01-06', '2025-01-07'))
from booking.resource where resource_id = :r;
select booking.put_hours(:t, :r, '24/7') is not null as always;
-- Durations, steps, buffers.
select booking.put_service(:t, 'bad', 'Bad', array[0], array[:r]::uuid[]);
select booking.put_service(:t, 'bad', 'Bad', array[-60], array[:r]::uuid[]);
select booking.put_service(:t, 'bad', 'Bad', array[]::int[], array[:r]::uuid[]);
select booking.put_service(:t, 'bad', 'Bad', array[60, null], array[:r]::uuid[]);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r]::uuid[], step => 0);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r]::uuid[], step => 20);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r]::uuid[], buffer_before => -15);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r]::uuid[], buffer_after => 10);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r, :r]::uuid[]);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[]::uuid[]);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r]::uuid[], pick => 2);
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:t]::uuid[]);
select booking.put_service(:r, 'bad', 'Bad', array[60], array[:r]::uuid[]);
-- Longer than a map can be at this grain.
select booking.put_service(:t, 'bad', 'Bad', array[525600], array['00000000-0000-0000-0000-00000000000b']::uuid[], buffer_before => 525600, buffer_after => 525600) is not null as still_fits;
update booking.resource set grain = 1 where resource_id = '00000000-0000-0000-0000-00000000000b';
delete from booking.service where slug = 'bad';
-- Resources of different grain in one service, by every way in.
select booking.put_service(:t, 'bad', 'Bad', array[60], array[:r, '00000000-0000-0000-0000-00000000000b']::uuid[]);
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
select tenant_id, service_id, requirement_id, '00000000-0000-0000-0000-00000000000b' from booking.service_requirement;
update booking.service set step = 20;
update booking.service set durations = array[50];
update booking.service set buffer_after = 5;
update booking.service set durations = array[45];
update booking.resource set grain = 60 where resource_id = :r;
update booking.service set durations = array[60];
update booking.resource set grain = 7;
update booking.resource set capacity = 0;
select slug from booking.service order by slug;
-- Reading.
select * from booking.available_slots(:t, :'one', '2025-01-02', '2025-01-01');
select * from booking.available_slots(:t, :'one', '-infinity', '2025-01-01');
select * from booking.available_slots(:t, :'one', '2025-01-01', 'infinity');
select * from booking.available_slots(:t, :'one', null, '2025-01-01');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2026-02-06');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', as_of => 'infinity');
select * from booking.available_slots(:t, :'one', '20000-01-01', '20000-01-02');
select * from booking.available_slots(:t, :'one', '4000-01-01 BC', '4000-01-02 BC');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', duration => '0');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', duration => '-1 hour');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', duration => '10 min');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', duration => '90 seconds');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', duration => '1 month');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', duration => '178000000 years');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', step => '7 min');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', step => '0');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', holds => 'show');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', session_id => 'short');
select * from booking.available_slots(:t, :'one', '2025-01-01', '2025-01-02', resource => '00000000-0000-0000-0000-00000000000b');
select * from booking.available_slots(:t, :t, '2025-01-01', '2025-01-02');
select * from booking.available_slots(:r, :'one', '2025-01-01', '2025-01-02');
select * from booking.available_slots(null, null, '2025-01-01', '2025-01-02');
select count(*) from booking.available_slots(:t, :'one', '2100-01-01', '2101-02-05');
select count(*) from booking.available_slots(:t, :'one', '2100-01-01', '2100-01-01');
-- Writing.
select booking.hold(:t, :'one', '2100-01-01', 'too-short');
select booking.hold(:t, :'one', '2100-01-01', repeat('x', 1025));
select booking.hold(:t, :'one', '2100-01-01', null);
select booking.hold(:t, :'one', 'infinity', :s);
select booking.hold(:t, :'one', null, :s);
select booking.hold(:t, :'one', '2100-01-01', :s, duration => '-1 hour');
select booking.hold(:t, :'one', '2100-01-01', :s, duration => '50 min');
select booking.hold(:t, :'one', '2100-01-01', :s, ttl => '0');
select booking.hold(:t, :'one', '2100-01-01', :s, ttl => '10 years');
select booking.hold(:t, :'one', '2100-01-01', :s, ttl => '-1 min');
select booking.hold(:t, :'one', '2100-01-01', :s, resource => :t);
select booking.hold(:t, :t, '2100-01-01', :s);
select booking.hold(:t, :'one', '2000-01-01', :s);
select booking.release(:t, :t, :s);
select booking.release(:t, :t, 'short');
select booking.book(:t, :t, :s);
select booking.book(:t);
select booking.book(:t, :t);
select booking.book(:t, service => :'one', starts_at => '2100-01-01', customer => '[]');
select booking.book(:t, service => :'one', starts_at => '2100-01-01', customer => jsonb_build_object('x', repeat('x', 70000)));
select booking.book(:t, service => :'one', starts_at => '2000-01-01');
select booking.cancel(:t, :t);
select booking.slot_of('not a slot');
select booking.slot_of(repeat('A', 60));
select booking.slot_of(repeat('_', 82));
select booking.slot_of('');
select booking.recompute(:t, null, '2025-01-01', '2027-01-01');
select booking.recompute(:t, null, '2025-01-01', 'infinity');
call booking.roll(0);
call booking.roll(100000);
-- A tenant that was forgotten is not one that has nothing.
select * from booking.list_bookings(null);
select booking.recompute(null);
select booking.revoke_tokens(null, :t);
select booking.erase_customer(null, 'ada@example.org');
select booking.extend_hold(null, :t);
select booking.heartbeat(null, :s);
select booking.try_heartbeat(null, :s);
-- Plain statements.
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :r, '[2025-01-01,)');
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :r, '[2025-01-01,infinity)');
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :r, '[2025-01-01,2099-01-01)');
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :r, '[2025-01-02,2025-01-01)');
insert into booking.claim (tenant_id, resource_id, span) values (:t, :r, '[2025-01-01,2025-01-02)');
-- Spans: half-open with two finite ends in every table; a busy window may be empty, too.
select format(
    'select %L as "constraint", array_agg(%s order by n) as passes from unnest(%L::tstzrange[]) with ordinality s (span, n)',
    c.conname, pg_get_expr(c.conbin, c.conrelid), array[
        '[2025-01-01,2025-01-02)', '[2025-01-01,2025-01-02]', '(2025-01-01,2025-01-02)', '(2025-01-01,2025-01-02]',
        '[2025-01-01,)', '(,2025-01-01)', '[2025-01-01,infinity)', '[-infinity,2025-01-01)', 'empty'])
from pg_constraint c
where c.conname like '%\_span\_bounded'
order by c.conname \gexec
select count(*) as holds, (select count(*) from booking.booking) as bookings, (select count(*) from booking.claim) as claims
from booking.hold;
select * from booking.verify();
