-- slotmap: the start search, the step grid and the aggregates, each against SQL that goes slot by slot.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

-- By hand first. 9-12 and 13-18 open, 10:00-10:30 busy: an hour with a quarter after it.
select slot_starts(
    '{[2026-01-15 09:00,2026-01-15 12:00),[2026-01-15 13:00,2026-01-15 18:00)}',
    '{[2026-01-15 10:00,2026-01-15 10:30)}',
    '1 hour', '0', '15 min');
-- Buffers need not lie in the open hours, only miss what is busy.
select slot_starts('{[2026-01-15 09:00,2026-01-15 11:00)}', '{[2026-01-15 08:00,2026-01-15 08:30)}', '1 hour', '45 min', '2 days');
select slot_starts('{[2026-01-15 09:00,2026-01-15 11:00)}', '{[2026-01-17 10:00,2026-01-17 10:15)}', '1 hour', '0', '2 days');
select slot_starts('{[2026-01-15 09:00,2026-01-15 11:00)}', '{[2026-01-01 00:00,2026-01-01 00:15)}', '1 hour', '100000000 days', '0');
select slot_starts('{[2026-01-15 09:00,2026-01-15 11:00)}', '{}', '100000000 days', '100000000 days', '100000000 days');
-- A night of 14 hours runs over midnight.
select slot_starts('60m{[2026-01-15 18:00,2026-01-16 10:00)}', '60m{}', '14 hours', '0', '0');

-- Every two hours from the start of the day; a day that is open throughout starts anew, and the morning after it counts on.
select slot_grid('60m{[2026-01-15 09:00,2026-01-15 12:00),[2026-01-15 14:00,2026-01-15 15:00)}', '2 hours', null);
select slot_series(slot_grid('60m{[2026-01-15 09:00,2026-01-17 06:00)}', '5 hours', array['2026-01-15', '2026-01-16', '2026-01-17', '2026-01-18']::timestamptz[]));
select slot_grid('60m{[2026-01-15 09:00,2026-01-15 12:00)}', '2 hours', '{}') = slot_grid('60m{[2026-01-15 09:00,2026-01-15 12:00)}', '2 hours', null) as no_midnights;
select slot_grid('{}', '15 min', null), slot_grid(null, '15 min', null), slot_grid('{}', null, null);
-- Days of 23 and 25 hours.
select lower(span) as midnight, array_agg(slot) as starts
from (select tstzrange(m, lead(m) over (order by m)) as span from unnest(array['2026-03-28 23:00', '2026-03-29 22:00', '2026-03-30 22:00']::timestamptz[]) as m) as d
join slot_series(slot_grid('60m{[2026-03-28 23:00,2026-03-30 22:00)}', '8 hours', array['2026-03-28 23:00', '2026-03-29 22:00', '2026-03-30 22:00']::timestamptz[])) as slot on slot <@ span
group by span
order by span;

select setseed(0.42) \g /dev/null
create temp table sample as
select i, g.grain, g.minute, b.base, m.a, m.b, n.duration, n.before, n.after, n.step,
    slotmap_exact(m.a, g.grain) as x, slotmap_exact(m.b, g.grain) as y
from generate_series(1, 1500) as i
cross join lateral (
    select grain, grain * interval '1 min' as minute
    from (select (array[1, 5, 10, 15, 20, 30, 60])[1 + i % 7] as grain) as g) as g
cross join lateral (
    select (array['2026-01-15 09:00+00', '2000-01-01 00:00+00', '0044-03-15 12:00+00 BC', '2026-10-24 22:00+00']::timestamptz[])[1 + i / 7 % 4] as base) as b
cross join lateral (
    select coalesce(range_agg(tstzrange(b.base + x * g.minute, b.base + (x + length) * g.minute)) filter (where k % 3 > 0), '{}') as a,
        coalesce(range_agg(tstzrange(b.base + x * g.minute, b.base + (x + length / 6) * g.minute)) filter (where k % 3 = 0), '{}') as b
    from (
        select k, (random() * 240)::int as x, (random() * 80)::int as length
        from generate_series(1, (random() * 8)::int + 0 * i) as k
        where i > 0) as piece) as m
cross join lateral (
    select (1 + random() * random() * 40)::int as duration, (random() * random() * 80)::int as before,
        (random() * random() * random() * 90)::int as after, (1 + random() * random() * 80)::int as step
    where i > 0) as n;

select count(*) as cases, count(*) filter (where ours <> core) as wrong, count(*) filter (where not isempty(core)) > 100 as enough
from sample
cross join lateral (
    select slot_starts(x, y, duration * minute, before * minute, after * minute) as ours,
        slotmap_exact(coalesce(range_agg(tstzrange(t, t + minute)), '{}'), grain) as core
    from unnest(a) as run
    cross join lateral generate_series(lower(run), upper(run) - minute, minute) as t
    where tstzrange(t, t + duration * minute) <@ a
        and not tstzrange(t - before * minute, t + (duration + after) * minute) && b) as naive;

-- Midnights of two zones, one of which is off the grid of some grains.
select zone, count(*) as cases, count(*) filter (where ours <> core) as wrong, count(*) filter (where full_days > 0) > 50 as enough
from sample
cross join (values ('Europe/Berlin'), ('Asia/Kathmandu')) as z (zone)
cross join lateral (
    select array_agg(((base at time zone zone)::date + d)::timestamp at time zone zone order by d) as midnights
    from generate_series(-1, 12) as d) as m
cross join lateral (
    -- The whole slots of each local date, if they are all open.
    select array_agg(first) as starts, count(*) as full_days
    from (
        select midnights[d] as from_ts, midnights[d + 1] as to_ts
        from generate_series(1, array_length(midnights, 1) - 1) as d) as date
    cross join lateral (
        select min(t) as first, bool_and(t <@ a) as open
        from generate_series(base - interval '2 days', base + interval '13 days', minute) as t
        where t >= from_ts and t + minute <= to_ts) as slots
    where grain >= 15 and slots.open) as day
cross join lateral (
    select slot_grid(x, step * minute, midnights) as ours,
        slotmap_exact(coalesce(range_agg(tstzrange(t, t + minute)), '{}'), grain) as core
    from unnest(a) as run
    cross join lateral generate_series(lower(run), upper(run) - minute, minute) as t
    cross join lateral (
        select max(s) as start
        from unnest(starts || lower(run)) as s
        where s between lower(run) and t) as anchor
    where extract(epoch from t - anchor.start) % extract(epoch from step * minute) = 0) as naive
where grain >= 15
group by zone
order by zone;

-- The aggregates, over groups of one grain with nulls between.
create temp table member as
select i % 7 * 10 + i / 28 % 5 as team, i, s.grain, case when i % 13 > 0 then s.x end as x, case when i % 13 > 0 then s.a end as a
from sample as s
where s.base = '2026-10-24 22:00+00'
union all
select 999, i, 15, null, null from generate_series(1, 3) as i;

select count(*) as teams, max(members) > 1 as several,
    count(*) filter (where ours is distinct from slotmap_exact(core, grain)) as wrong
from (
    select team, count(x) as members, min(grain) as grain, slotmap_agg(x) as ours, (select range_agg(u) from member as n cross join unnest(n.a) as u where n.team = m.team) as core, bool_and(x is null) as none
    from member as m
    group by team) as t
where none or core is not null;

select count(*) as teams,
    count(*) filter (where ours is distinct from slotmap_exact(core, grain)) as wrong
from (
    select team, min(grain) as grain, slotmap_intersect_agg(x) as ours, range_intersect_agg(a) as core
    from member
    group by team) as t;

-- Counts, by threshold and by tally, at every slot that any member has.
select count(*) > 1000 as enough, count(*) filter (where (t <@ least2) <> (n >= 2)) as wrong_2, count(*) filter (where (t <@ least3) <> (n >= 3)) as wrong_3,
    count(*) filter (where count <> n) as wrong_tally, count(*) filter (where thrice <> 3 * n) as wrong_thrice, max(n) > 3 as many
from (
    select team, slotmap_agg(x) as every, slotmap_atleast_agg(x, 2) as least2, slotmap_atleast_agg(x, 3) as least3, slotmap_tally_agg(x, 1) as planes, slotmap_tally_agg(x, 3) as times3
    from member
    group by team) as m
cross join lateral rows from (slot_series(every), unnest(slot_counts(every, planes)), unnest(slot_counts(every, times3))) as s (t, count, thrice)
cross join lateral (select count(*) as n from member as o where o.team = m.team and t <@ o.a) as c;

select slotmap_agg(x), slotmap_intersect_agg(x), slotmap_atleast_agg(x, 2), slotmap_tally_agg(x, 1) from member where team = 999;
select slotmap_agg(x), slotmap_intersect_agg(x), slotmap_atleast_agg(x, 2), slotmap_tally_agg(x, 1) from member where false;
select slotmap_agg(x), slotmap_intersect_agg(x), slotmap_atleast_agg(x, 2), slotmap_tally_agg(x, 1) from (values ('5m{}'::slotmap), (null), ('5m{}')) as v (x);
select slot_counts('{}', '{}'), slot_counts('{[2026-01-15 09:00,2026-01-15 09:30)}', '{}');

-- Counts along starts: what fits, caps, the lesser, what lies ahead, ids.
select slot_fits('{5,1,1,1,1,1}', 3, 2) as fits, slot_fits('{5,1,1,1,1,1}', 3, 1) as sums, slot_fits('{}', 3, 2) as none;
select slot_caps('{[2026-01-15 09:00,2026-01-15 10:00)}', '{"[2026-01-15 09:15,2026-01-15 10:00)","(2026-01-15 09:15,2026-01-15 09:30]",empty,"(,2026-01-15 09:45)"}', '{3,1,0,7}');
select slot_where('{[2026-01-15 09:00,2026-01-15 10:00)}', '{1,0,0,2}');
select slot_least('{1,5}', '{3,2}'), slot_least_agg(c) from (values ('{4,4}'::int[]), (null), ('{5,1}')) as v (c);
select slot_ahead('{[2026-01-15 09:00,2026-01-15 10:00)}', '1:30'), slot_ahead('{}', '1:30');
select starts_at, slot_id(tenant, service, 75, starts_at, resource) = rtrim(translate(encode(
        uuid_send(tenant) || uuid_send(service) || int4send(75) || '\x00'::bytea || int8send(extract(epoch from starts_at)::bigint / 60)
        || coalesce(uuid_send(resource), ''), 'base64'), E'+/=\n', '-_')) as same
from (values (uuid '00112233-4455-6677-8899-aabbccddeeff', uuid 'ffeeddcc-bbaa-9988-7766-554433221100', null::uuid),
    ('fbffbffb-ffbf-fbff-bffb-ffbffbffbffb', '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')) v (tenant, service, resource)
cross join (values (timestamptz '2026-01-15 09:00'), ('1969-12-31 23:59'), ('9998-12-31 23:45')) w (starts_at);
select slot_id(null, gen_random_uuid(), 60, now(), null), slot_id(gen_random_uuid(), gen_random_uuid(), 60, null, null), length(slot_id(gen_random_uuid(), gen_random_uuid(), 60, 'infinity', null));

-- In parallel, and as window functions, they are the same.
create table shared_member as
select i, slotmap_of_slots(date '2026-01-01' + i % 40, array[i % 96, i * 7 % 96, i * 13 % 96], 15) as x
from generate_series(1, 20000) as i;
create function pg_temp.results() returns table (every slotmap, common slotmap, twenty slotmap, planes slotmap[])
begin atomic
    select slotmap_agg(x), slotmap_intersect_agg(x + '{[2026-01-15 00:00,2026-01-15 03:00)}'), slotmap_atleast_agg(x, 20), slotmap_tally_agg(x, 1)
    from public.shared_member;
end;
set max_parallel_workers_per_gather to 0;
create temp table alone as select * from pg_temp.results();
set max_parallel_workers_per_gather to 2;
set parallel_setup_cost to 0;
set parallel_tuple_cost to 0;
set min_parallel_table_scan_size to 0;
explain (costs off) select slotmap_agg(x), slotmap_intersect_agg(x), slotmap_atleast_agg(x, 20), slotmap_tally_agg(x, 1) from shared_member;
select count(*) as same from (table alone intersect all select * from pg_temp.results()) as s;
select slot_count(every) as every, slot_count(common) as common, slot_count(twenty) as twenty, array_length(planes, 1) as planes from alone;
drop function pg_temp.results;
drop table shared_member;
select i, slot_count(slotmap_agg(x) over w) as every, slot_count(slotmap_atleast_agg(x, 2) over w) as twice
from (values (1, slotmap_of_slots('2026-01-15', '{1,2}', 15)), (2, slotmap_of_slots('2026-01-15', '{2,3}', 15)), (3, null), (4, slotmap_of_slots('2026-01-15', '{3}', 15))) as v (i, x)
window w as (order by i);
