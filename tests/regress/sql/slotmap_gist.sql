-- GiST on maps: an index scan finds what a sequential scan finds, for every operator of the class, on random data, after a
-- build, inserts, deletes, VACUUM and REINDEX; and an exclusion constraint refuses what overlaps.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

select opcmethod = 783 as gist, amvalidate(oid) from pg_opclass where opcname = 'slotmap_ops' order by 1;

select setseed(0.42) \g /dev/null

-- Some hours on some days; an hour a week over months; a year of working days; many times the same; nothing; null; at either
-- end of time; as long as a map may be.
create table sample (id int, slots slotmap);
create function some_map(i int)
returns slotmap
language sql
volatile
as $$
    select case
        when i % 10 < 5 then (
            select slotmap_agg(slotmap_cover(tstzrange(t, t + length), 15))
            from (select timestamptz '2026-01-01 00:00+00' + (random() * 500)::int * interval '1 day' as base) as b
            cross join lateral (
                select base + (random() * 300)::int * interval '15 min' as t, (1 + random() * 12)::int * interval '15 min' as length
                from generate_series(1, 1 + i % 3)) as piece)
        when i % 10 < 7 then (
            select slotmap_agg(slotmap_cover(tstzrange(base + week * interval '168 hours', base + week * interval '168 hours' + interval '1 hour'), 15))
            from (select timestamptz '2026-01-01 00:00+00' + (random() * 30000)::int * interval '15 min' as base) as b
            cross join generate_series(0, 3 + i / 10 % 12) as week)
        when i % 100 = 7 then (
            select slotmap_agg(slotmap_cover(tstzrange(base + day * interval '1 day', base + day * interval '1 day' + interval '8 hours'), 15))
            from (select timestamptz '2025-01-01 09:00+00' + (random() * 400)::int * interval '1 day' as base) as b
            cross join generate_series(0, 365) as day
            where day % 7 < 5)
        when i % 10 = 7 then slotmap_of_slots('2026-05-05', array[i / 10 % 4], 15)
        when i % 100 = 8 then '{}'
        when i % 100 = 18 then null
        when i % 1000 = 28 then '{["4714-11-24 00:00+00 BC","4714-11-24 00:15+00 BC")}'
        when i % 1000 = 38 then '{["4714-11-24 00:00+00 BC","4714-11-24 09:00+00 BC"),["4714-12-24 00:00+00 BC","4714-12-24 09:00+00 BC")}'
        when i % 1000 = 48 then '{["294276-12-31 23:30+00","294276-12-31 23:45+00")}'
        when i % 1000 = 58 then '{["2026-01-01 00:00+00","2055-11-27 16:00+00")}'
        when i % 1000 = 68 then '{["2000-01-01 00:00+00","2000-01-01 00:15+00"),["2029-11-26 15:45+00","2029-11-26 16:00+00")}'
        else slotmap_of_slots('2026-05-01', array[(random() * 95)::int, (random() * 95)::int], 15)
    end
$$;

-- What is asked: maps of the sample and parts of them, ranges near them, instants in and near them.
create table asked (no int generated always as identity, slots slotmap, span tstzrange, at timestamptz);
insert into asked (slots)
select some_map(i)
from generate_series(0, 19) as i
union all
values ('{["2026-05-05 00:00+00","2026-05-05 01:00+00")}'::slotmap), ('{["2026-05-05 00:15+00","2026-05-05 00:30+00")}'), ('{}'),
    ('{["2026-01-01 00:00+00","2055-11-27 16:00+00")}'), ('{["4714-11-24 00:00+00 BC","4714-11-24 09:00+00 BC")}'),
    ('{["294276-12-31 20:00+00","294276-12-31 23:45+00")}'),
    ('{["2000-01-01 00:00+00","2000-01-01 00:15+00"),["2029-11-26 15:45+00","2029-11-26 16:00+00")}');
insert into asked (span)
select tstzrange(t, t + (random() * random() * 30)::int * interval '7 min', (array['[)', '()', '[]', '(]'])[1 + i % 4])
from generate_series(1, 12) as i
cross join lateral (select timestamptz '2026-05-01 00:00+00' + (random() * 20000)::int * interval '7 min' + 0 * i * interval '1 s' as t) as t
union all
values ('empty'::tstzrange), ('(,)'), ('[2027-01-01,)'), ('(,2026-01-10)'), ('[-infinity,2026-01-10)'), ('[2027-01-01,infinity]'),
    ('[2026-05-05 00:15+00,2026-05-05 00:15+00]'), ('[2026-05-05 00:14:59.999999+00,2026-05-05 00:15+00)'),
    ('[2026-05-05,2026-05-06)'), ('["4714-11-24 00:00+00 BC","4713-01-01 00:00+00 BC"]'), ('[294276-12-31 23:00+00,294276-12-31 23:59:59+00]');
insert into asked (at)
select timestamptz '2026-05-01 00:00+00' + (random() * 20000)::int * interval '7 min' + i * interval '1 us'
from generate_series(1, 12) as i
union all
values ('infinity'::timestamptz), ('-infinity'), ('2026-05-05 00:15+00'), ('2026-05-05 00:14:59.999999+00'), ('2026-05-05 00:30+00'),
    ('4714-11-24 00:00+00 BC'), ('294276-12-31 23:44:59+00'), ('294276-12-31 23:59:59+00');

-- Made anew, long maps come uncompressed; else they would be unpacked for each row of the sample.
create view question as
select no, slots + '{}' as slots, span, at
from asked
offset 0;

create view answer as
select '&& map' as operator, no, array(select id from sample s where s.slots && q.slots order by id) as found from question q where slots is not null
union all
select '@> map', no, array(select id from sample s where s.slots @> q.slots order by id) from question q where slots is not null
union all
select '<@ map', no, array(select id from sample s where s.slots <@ q.slots order by id) from question q where slots is not null
union all
select '= map', no, array(select id from sample s where s.slots = q.slots order by id) from question q where slots is not null
union all
select '&& range', no, array(select id from sample s where s.slots && q.span order by id) from question q where span is not null
union all
select '@> range', no, array(select id from sample s where s.slots @> q.span order by id) from question q where span is not null
union all
select '<@ range', no, array(select id from sample s where s.slots <@ q.span order by id) from question q where span is not null
union all
select '@> instant', no, array(select id from sample s where s.slots @> q.at order by id) from question q where at is not null;

create function scans(index boolean, query text)
returns setof text
language plpgsql
as $$
declare
    v_line text;
begin
    perform set_config('enable_seqscan', (not index)::text, true), set_config('enable_indexscan', index::text, true),
        set_config('enable_bitmapscan', 'off', true);
    for v_line in execute 'explain (costs off) ' || query
    loop
        if v_line ~ 'Scan.* on sample|Index Cond|Scan.* on held' then
            return next ltrim(v_line, ' ->');
        end if;
    end loop;
end
$$;

-- The answers by an index scan, by a bitmap scan and by a sequential scan, which is right.
create function compare()
returns table (operator text, asked bigint, found boolean, wrong bigint)
language plpgsql
as $$
begin
    drop table if exists pg_temp.by_index, pg_temp.by_bitmap, pg_temp.by_table;
    perform set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true);
    create temp table by_index as select * from answer;
    perform set_config('enable_bitmapscan', 'on', true), set_config('enable_indexscan', 'off', true);
    create temp table by_bitmap as select * from answer;
    perform set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'off', true);
    create temp table by_table as select * from answer;
    perform set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'on', true);
    return query
        select t.operator, count(*), sum(cardinality(t.found)) > 0,
            count(*) filter (where t.found is distinct from i.found or t.found is distinct from b.found)
        from by_table as t
        full join by_index as i using (operator, no)
        full join by_bitmap as b using (operator, no)
        group by t.operator
        order by t.operator collate "C";
end
$$;

-- Built over half of the rows, the other half inserted.
insert into sample select i, some_map(i) from generate_series(1, 8000) as i;
create index sample_slots on sample using gist (slots);
insert into sample select i, some_map(i) from generate_series(8001, 16000) as i;
select * from scans(true, 'select * from answer');
select count(*), bool_and(scan like 'Seq Scan on sample%') as seq from scans(false, 'select * from answer') as scan;
select operator, asked > 0 as asked, found, wrong from compare();

-- Rows go and change, VACUUM makes room for others.
delete from sample where id % 3 = 0;
update sample set slots = some_map(id + 1) where id % 5 = 0;
vacuum analyze sample;
insert into sample select i, some_map(i) from generate_series(16001, 20000) as i;
select sum(wrong) as wrong from compare();
reindex index sample_slots;
select sum(wrong) as wrong from compare();

-- From the other side the index helps as well; and so it does for nulls.
select * from scans(true, $$select from sample where timestamptz '2026-05-05' <@ slots$$);
select * from scans(true, $$select from sample where tstzrange '[2026-05-05,2026-05-06)' @> slots$$);
select * from scans(true, $$select from sample where '{}'::slotmap = slots$$);
select * from scans(true, $$select from sample where slots is null$$);

-- A page of equal maps is split, too.
truncate sample;
insert into sample select i, '{["2026-05-05 00:00+00","2026-05-05 01:00+00")}' from generate_series(1, 3000) as i;
insert into sample select i, '{}' from generate_series(1, 3000) as i;
insert into sample select i, null from generate_series(1, 3000) as i;
set enable_seqscan to off;
select count(*) from sample where slots = '{["2026-05-05 00:00+00","2026-05-05 01:00+00")}';
select count(*) from sample where slots && '{["2026-05-05 00:45+00","2026-05-05 09:00+00")}';
select count(*) from sample where slots = '{}';
select count(*) from sample where slots is null;

-- Several grains in one column: what has no grain can be asked of all; a map of one of them is refused with the index as it is
-- without, even if the others are far from it.
truncate sample;
insert into sample select i, slotmap_cover(tstzrange(t, t + interval '1 hour'), (array[1, 5, 10, 15, 20, 30, 60])[1 + i % 7])
from generate_series(1, 3000) as i
cross join lateral (values (timestamptz '2026-05-05 00:00+00' + i * interval '20 min')) as t (t);
analyze sample;
delete from asked where slots is not null;
select operator, wrong from compare();
insert into sample select i, slotmap_cover('[2026-05-05 00:00+00,2026-05-05 01:00+00)', 15) from generate_series(-3000, -1) as i;
\set VERBOSITY sqlstate
select count(*) from sample where slots && '{["2026-05-05 00:00+00","2026-05-05 00:15+00")}';
select count(*) from sample where slots @> '{["2026-05-05 00:00+00","2026-05-05 00:15+00")}';
select count(*) from sample where slots <@ '{["2026-05-05 00:00+00","2026-05-05 00:15+00")}';
select count(*) from sample where slots = '{["2026-05-05 00:00+00","2026-05-05 00:15+00")}';
select count(*) from sample where slots = '5m{}';
set enable_indexscan to off;
set enable_bitmapscan to off;
set enable_seqscan to on;
select count(*) from sample where slots && '{["2026-05-05 00:00+00","2026-05-05 00:15+00")}';
reset enable_indexscan;
reset enable_bitmapscan;

-- The constraint that this is for.
create table held (
    resource_id int,
    slots slotmap,
    constraint held_no_overlap exclude using gist (resource_id with =, slots with &&));
insert into held values (1, '{["2026-05-05 09:00+00","2026-05-05 10:00+00"),["2026-05-05 14:00+00","2026-05-05 15:00+00")}');
insert into held values (1, '{["2026-05-05 14:45+00","2026-05-05 16:00+00")}');
-- Touching; between; another resource.
insert into held values (1, '{["2026-05-05 15:00+00","2026-05-05 16:00+00")}');
insert into held values (1, '{["2026-05-05 09:30+00","2026-05-05 09:45+00")}');
insert into held values (1, '{["2026-05-05 10:00+00","2026-05-05 14:00+00")}');
insert into held values (2, '{["2026-05-05 09:00+00","2026-05-05 16:00+00")}');
-- Empty maps overlap nothing, not even each other; null is not compared.
insert into held values (1, '{}'), (1, '{}'), (1, null), (1, null), (null, '{["2026-05-05 09:00+00","2026-05-05 16:00+00")}');
update held set slots = slots + '{["2026-05-05 10:00+00","2026-05-05 10:15+00")}' where resource_id = 1 and slots @> timestamptz '2026-05-05 09:00+00';
update held set slots = slots + '{["2026-05-05 08:45+00","2026-05-05 09:00+00")}' where resource_id = 1 and slots @> timestamptz '2026-05-05 09:00+00';
insert into held values (1, '{["2026-05-05 08:45+00","2026-05-05 09:00+00")}') on conflict on constraint held_no_overlap do nothing;
insert into held values (1, '{["2026-05-05 08:45+00","2026-05-05 09:00+00")}') on conflict do nothing returning slots;
-- One grain a resource, whether or not the maps are anywhere near each other; each may have its own.
insert into held values (1, '5m{["2036-05-05 09:00+00","2036-05-05 16:00+00")}');
insert into held values (1, '5m{}');
insert into held values (3, '5m{["2026-05-05 09:00+00","2026-05-05 09:05+00")}'), (3, '5m{["2026-05-05 09:05+00","2026-05-05 09:10+00")}');
insert into held values (3, '5m{["2026-05-05 08:00+00","2026-05-05 10:00+00")}');
-- At the ends of time, and as long as a map may be.
insert into held values (4, '{["4714-11-24 00:00+00 BC","4714-11-24 00:15+00 BC")}'), (4, '{["294276-12-31 23:30+00","294276-12-31 23:45+00")}'),
    (4, '{["2026-01-01 00:00+00","2055-11-27 16:00+00")}');
insert into held values (4, '{["4714-11-24 00:00+00 BC","4714-11-24 09:00+00 BC")}');
insert into held values (4, '{["294276-12-31 23:00+00","294276-12-31 23:45+00")}');
insert into held values (4, '{["2055-11-27 15:45+00","2055-11-27 16:15+00")}');
select * from scans(true, $$select from held where resource_id = 1 and slots && '{["2026-05-05 08:45+00","2026-05-05 09:00+00")}'$$);
select resource_id, slots from held order by resource_id, slots::text;

-- A table that holds an overlap gets no such constraint.
create table overlapping (slots slotmap);
insert into overlapping values ('{["2026-05-05 09:00+00","2026-05-05 10:00+00")}'), ('{["2026-05-05 09:45+00","2026-05-05 10:15+00")}');
alter table overlapping add exclude using gist (slots with &&);
-- Equality, of which the empty map has its share.
alter table overlapping add exclude using gist (slots with =);
insert into overlapping values ('{["2026-05-05 09:00+00","2026-05-05 10:00+00")}');
insert into overlapping values ('{["2026-05-05 09:00+00","2026-05-05 10:15+00")}'), ('{}');
insert into overlapping values ('{}');
