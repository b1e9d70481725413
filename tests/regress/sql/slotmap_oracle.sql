-- slotmap against its oracle: on random data every operator and function gives what tstzmultirange gives.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

select setseed(0.42) \g /dev/null

-- Two sets a row at one of the seven grains, near the epoch, today, before Christ or around the edge of a word, with a range
-- that is anything a range can be and an instant near them.
create temp table sample as
with seed as (
    select i, g.grain, g.minute, b.base
    from generate_series(1, 4000) as i
    cross join lateral (
        select grain, grain * interval '1 min' as minute
        from (select (array[1, 5, 10, 15, 20, 30, 60])[1 + i % 7] as grain) as g) as g
    cross join lateral (
        select (array['2026-01-15 09:00+00', '2000-01-01 00:00+00', '0044-03-15 12:00+00 BC', '1999-12-31 00:00+00',
            '2026-10-25 00:00+00', '4714-11-24 00:00+00 BC']::timestamptz[])[1 + i / 7 % 6] as base) as b)
select s.i, s.grain, s.minute, s.base, m.a, m.b,
    case s.i % 11
        when 0 then 'empty'::tstzrange
        when 1 then tstzrange(null, e.upper, bounds)
        when 2 then tstzrange(e.lower, null, bounds)
        when 3 then tstzrange(e.lower, 'infinity', bounds)
        when 4 then tstzrange('-infinity', e.upper, bounds)
        else tstzrange(least(e.lower, e.upper), greatest(e.lower, e.upper), bounds)
    end as r,
    e.lower as t
from seed as s
cross join lateral (
    select coalesce(range_agg(tstzrange(s.base + x * s.minute, s.base + (x + length) * s.minute)) filter (where k % 2 = 0), '{}') as a,
        coalesce(range_agg(tstzrange(s.base + x * s.minute, s.base + (x + length) * s.minute)) filter (where k % 2 = 1), '{}') as b
    from (
        select k, (random() * 200)::int as x, (random() * random() * 80)::int as length
        from generate_series(1, (random() * 9)::int + 0 * s.i) as k
        where s.i > 0) as piece) as m
cross join lateral (
    select s.base + n.x * s.minute + n.lower * interval '1 s' as lower,
        s.base + (n.x + n.length) * s.minute + n.upper * interval '1 s' as upper
    from (
        select (random() * 220)::int as x, (random() * random() * 100)::int as length,
            (array[0, 0, 30, 0.000001])[1 + (random() * 3)::int] as lower,
            (array[0, 0, 30, 0.000001])[1 + (random() * 3)::int] as upper
        where s.i > 0) as n) as e
cross join lateral (select (array['[)', '()', '[]', '(]'])[1 + (random() * 3)::int] as bounds where s.i > 0) as c;

alter table sample add x slotmap, add y slotmap;
update sample set x = slotmap_exact(a, grain), y = slotmap_exact(b, grain);
-- A third of the pairs nested, a few equal.
update sample set b = a * b, y = x * y where i % 3 = 0;
update sample set b = a, y = x where i % 50 = 0;

-- Operators. `both` says that the sample holds cases of either answer.
select operator, count(*) as cases, count(*) filter (where ours is distinct from core) as wrong, count(distinct core) > 1 as both
from sample
cross join lateral (values
    ('x + y', (x + y)::tstzmultirange::text, (a + b)::text),
    ('x * y', (x * y)::tstzmultirange::text, (a * b)::text),
    ('x - y', (x - y)::tstzmultirange::text, (a - b)::text),
    ('x && y', (x && y)::text, (a && b)::text),
    ('x @> y', (x @> y)::text, (a @> b)::text),
    ('x <@ y', (y <@ x)::text, (b <@ a)::text),
    ('x = y', (x = y)::text, (a = b)::text),
    ('x <> y', (x <> y)::text, (a <> b)::text),
    ('x @> t', (x @> t)::text, (a @> t)::text),
    ('t <@ x', (t <@ x)::text, (t <@ a)::text),
    ('x && r', (x && r)::text, (a && r)::text),
    ('r && x', (r && x)::text, (r && a)::text),
    ('x @> r', (x @> r)::text, (a @> r)::text),
    ('r <@ x', (r <@ x)::text, (r <@ a)::text),
    ('x <@ r', (x <@ r)::text, (a <@ r)::text),
    ('r @> x', (r @> x)::text, (r @> a)::text),
    ('x @> infinity', (x @> timestamptz 'infinity')::text, (a @> timestamptz 'infinity')::text),
    ('x @> -infinity', (x @> timestamptz '-infinity')::text, (a @> timestamptz '-infinity')::text)) as o (operator, ours, core)
group by operator
order by operator;

-- Functions and casts, both ways.
select function, count(*) as cases, count(*) filter (where ours is distinct from core) as wrong, count(distinct core) > 1 as both
from sample
cross join lateral (values
    ('text', x::text, case grain when 15 then '' else grain || 'm' end || a::text),
    ('text and back', x::text::slotmap::text, x::text),
    ('to multirange', x::tstzmultirange::text, a::text),
    ('grain', grain(x)::text, sample.grain::text),
    ('isempty', isempty(x)::text, isempty(a)::text),
    ('lower', lower(x)::text, lower(a)::text),
    ('upper', upper(x)::text, upper(a)::text),
    ('unnest', array(select unnest(x))::text, array(select unnest(a))::text),
    ('slot_count', slot_count(x)::text, (select coalesce(sum(extract(epoch from upper(u) - lower(u))), 0) / sample.grain / 60 from unnest(a) as u)::int::text),
    ('slot_series', array(select slot_series(x))::text, array(
        select generate_series(lower(u), upper(u) - minute, minute) from unnest(a) as u)::text),
    ('hash', (slotmap_hash(x) = slotmap_hash(slotmap_exact(a, sample.grain)))::text, 'true'),
    ('hash_extended', (slotmap_hash_extended(x, 7) = slotmap_hash_extended(slotmap_exact(a, sample.grain), 7))::text, 'true')
    ) as f (function, ours, core)
group by function
order by function;

-- Rounding: the slots around the range that lie in it, or meet it.
select count(*) as cases,
    count(*) filter (where slotmap_inside(r, grain) is distinct from slotmap_exact(inside, grain)) as wrong_inside,
    count(*) filter (where slotmap_cover(r, grain) is distinct from slotmap_exact(cover, grain)) as wrong_cover,
    count(*) filter (where inside <> cover) > 0 as both
from sample
cross join lateral (
    select coalesce(range_agg(slot) filter (where slot <@ r), '{}') as inside,
        coalesce(range_agg(slot) filter (where slot && r), '{}') as cover
    from generate_series(0, 330) as n
    cross join lateral (values (tstzrange(base + n * minute, base + (n + 1) * minute))) as s (slot)) as naive
where not lower_inf(r) and not upper_inf(r) and isfinite(coalesce(lower(r), base)) and isfinite(coalesce(upper(r), base));

-- The 0-95 view.
select count(*) as cases,
    count(*) filter (where slotmap_slots(x, day) is distinct from numbers) as wrong_slots,
    count(*) filter (where slotmap_of_slots(day, numbers, grain) is distinct from x * slotmap_cover(tstzrange(midnight, midnight + interval '1 day'), grain)) as wrong_of_slots
from sample
cross join lateral (values ((base at time zone 'UTC')::date)) as d (day)
cross join lateral (values (day::timestamp at time zone 'UTC')) as m (midnight)
cross join lateral (
    select array(
        select n
        from generate_series(0, 1440 / grain - 1) as n
        where midnight + n * minute <@ a
        order by n) as numbers) as naive;

-- Grouping and joining by value.
select count(*) = count(distinct v) as grouped from (select x, min(x::text) as v from sample group by x) as g;
set enable_mergejoin to off;
set enable_nestloop to off;
explain (costs off) select from sample as l join sample as r on l.x = r.x;
select count(*) = (select count(*) from sample as l join sample as r on l.x::text = r.x::text) as joined
from sample as l join sample as r on l.x = r.x;
reset enable_mergejoin;
reset enable_nestloop;

-- Selectivity functions have something to say, and ANALYZE passes by a column of several grains.
analyze sample;
explain (costs off) select from sample where x && y and x @> t and x = y and x <> y and x <@ r;
select attname, null_frac, avg_width > 0 as width from pg_stats where tablename = 'sample' and attname in ('x', 'y') order by attname;
