-- Pools by themselves: what the aggregate makes of pages, what is asked of it, and what is no pool.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

create table page (requirement uuid, pick int, resource uuid, capacity int, unit int, open slotmap, busy slotmap, held boolean);
insert into page values
    ('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000001', 2, 0, '{[2026-01-05 09:00,2026-01-05 12:00)}', '{[2026-01-05 10:00,2026-01-05 10:15)}', false),
    ('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000001', 2, 2, null, '{[2026-01-05 09:00,2026-01-05 09:30)}', false),
    ('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000001', 2, 1, null, '{[2026-01-05 11:00,2026-01-05 11:30)}', true),
    ('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000002', 1, 0, '{[2026-01-05 11:00,2026-01-05 13:00)}', null, false),
    -- Nobody looks into the next week, but it is there.
    ('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000002', 1, 0, '{[2026-01-12 11:00,2026-01-12 13:00)}', null, false);
create table made as
select pool_agg(requirement, pick, resource, capacity, unit, open, busy, held order by resource desc, unit) as pool from page;

select pool_open(pool), pool_weeks(pool), pool_resources(pool), pool_opens(pool) from made;
select to_char(s.at, 'HH24:MI') as at, s.free, s.stable
from made
cross join lateral (select service_starts(pool_open(pool), '2026-01-05', '2026-01-06', 60, 30, false, null) as starts) g
cross join lateral unnest(
    slot_instants(g.starts), pool_counts(pool, g.starts, '{60}', 0, 15, null, null, true),
    pool_counts(pool, g.starts, '{60}', 0, 15, null, null, false)) with ordinality s (at, free, stable, place)
order by s.place;
select right(o.resource_id::text, 1) as resource, o.unit, o.units, o.hours, o.stable, o.free
from made
cross join lateral unnest(pool_offers(
    pool, '{[2026-01-05 09:00,2026-01-05 13:00)}', '{60}', 0, 15, null, null, true)) o;
-- Across closed hours only the start is asked for.
select pool_counts(
    pool, '{[2026-01-05 08:45,2026-01-05 09:15)}', '{120,150}', 0, 0,
    array['{[2026-01-05 08:45,2026-01-05 09:00)}', '{[2026-01-05 09:00,2026-01-05 09:15)}']::slotmap[],
    array['{[2026-01-05 08:45,2026-01-05 09:15)}', '{[2026-01-05 09:00,2026-01-05 09:15)}']::slotmap[], true)
from made;
-- More pages of the same resources; what is nobody's is left out.
select pool_opens(pool_add(
    pool, array['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000009']::uuid[], '{0,0}',
    array['{[2026-01-06 09:00,2026-01-06 10:00)}', '{[2026-01-06 09:00,2026-01-06 10:00)}']::slotmap[], array[null, null]::slotmap[]))
from made;
-- A requirement that nobody can meet is never open, a resource without a page is known.
select pool_open(p), pool_weeks(p), pool_resources(p), pool_opens(p)
from (
    select pool_agg('00000000-0000-0000-0000-0000000000a1', 2, r, 1, null, null, null, null)
    from (values (null::uuid), ('00000000-0000-0000-0000-000000000003')) v (r)) v (p);
select pool_agg(requirement, pick, resource, capacity, unit, open, busy, held) from page where false;

-- What is refused.
\set VERBOSITY sqlstate
select pool_agg(null, 1, null, null, null, null, null, null);
select pool_agg(gen_random_uuid(), null, null, null, null, null, null, null);
select pool_agg(gen_random_uuid(), 0, null, null, null, null, null, null);
select pool_agg('00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-000000000003', 1, 0, m, null, false)
from (values ('{[2026-01-05 09:00,2026-01-05 10:00)}'::slotmap), ('5m{[2026-01-05 09:00,2026-01-05 10:00)}')) v (m);
select pool_open('\x');
select pool_open('\xffffffff');
select pool_counts(substr(pool, 1, 100), '{}', '{60}', 0, 0, null, null, true) from made;
select pool_counts(pool, '{}', '{60,90}', 0, 0, null, null, true) from made;
select pool_counts(pool, '{}', '{50}', 0, 0, null, null, true) from made;
select pool_counts(pool, '{}', '{0}', 0, 0, null, null, true) from made;
select pool_counts(pool, '{}', '{60}', -15, 0, null, null, true) from made;
select pool_counts(pool, '{}', '{60}', 0, 0, '{}', '{}', true) from made;
select pool_counts(pool, '{}', '{60}', 0, 0, array['{}']::slotmap[], array['{}']::slotmap[], true) from made;
select pool_counts(pool, '5m{}', '{60}', 0, 0, null, null, true) from made;
select pool_add(pool, array[null]::uuid[], '{0}', '{null}', '{null}') from made;

-- Starts before anybody is asked.
select service_starts('5m{[2026-01-05 09:00,2026-01-05 11:00),[2026-01-05 13:10,2026-01-05 14:00)}', '2026-01-05 09:20', '2026-01-06', 60, 30, false, null);
select service_starts('{[2026-01-05 09:00,2026-01-05 10:00),[2026-01-05 13:00,2026-01-05 14:00)}', '-infinity', 'infinity', 240, null, true, null);
select service_starts('{[2026-01-05,2026-01-07)}', '2026-01-05 20:00', '2026-01-06 06:00', 60, 300, false, array['2026-01-05', '2026-01-06', '2026-01-07']::timestamptz[]);
select service_starts(null, now(), now(), 60, 30, false, null), service_starts('{}', now(), now(), 60, 30, false, null);
select service_starts('{}', now(), now(), 50, 30, false, null);
select service_starts('{}', now(), now(), 60, 0, false, null);
select has_run('{[2026-01-05 09:00,2026-01-05 11:00)}', 120), has_run('{[2026-01-05 09:00,2026-01-05 11:00)}', 135), has_run('{}', 15), has_run(null, 15);
select has_run('{}', 0);
