-- slotmap: the binary form and the stored form, sound and damaged. Neither is ever believed.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

-- Version 1, grain, first slot, words: the layout is frozen.
select slotmap_send('{}'), slotmap_send('5m{}');
select slotmap_send('{[2000-01-01 16:00,2000-01-01 16:30),[2000-01-02 08:30,2000-01-02 08:45)}');
select slotmap_send('60m{[1999-12-31 23:00,2000-01-01 00:00)}');

-- Sends bytes through COPY BINARY, which calls the receive function; returns what arrived, or the SQLSTATE.
create temp table received (n int generated always as identity, map slotmap);
create function pg_temp.receive(fields bytea[], type text default 'slotmap') returns text
language plpgsql as $$
declare
    v_file bytea := '\x5047434f50590aff0d0a000000000000000000';
    v_field bytea;
    v_object oid;
    v_path text := format('%s/inbox.%s', current_setting('data_directory'), pg_backend_pid());
begin
    foreach v_field in array fields loop
        v_file := v_file || '\x0001' || int4send(length(v_field)) || v_field;
    end loop;
    v_file := v_file || '\xffff';
    execute format('create temp table inbox (map %s) on commit drop', type);
    v_object := lo_from_bytea(0, v_file);
    perform lo_export(v_object, v_path);
    perform lo_unlink(v_object);
    execute format('copy inbox from %L (format binary)', v_path);
    insert into received (map) select map from inbox;
    drop table inbox;
    return (select string_agg(map::text, ' ') from (select map from received order by n desc limit cardinality(fields)) as r);
exception
    when others then
        return sqlstate;
end $$;

select pg_temp.receive(array[slotmap_send('5m{[2026-01-15 09:05,2026-01-15 12:00)}')]);
select pg_temp.receive(array[slotmap_send('{}')]);
select pg_temp.receive(array[slotmap_send('5m{}')], 'slotmap(5)');
select pg_temp.receive(array[slotmap_send('5m{}')], 'slotmap(15)') as wrong_grain;

-- A few hundred random maps there and back.
select setseed(0.42) \g /dev/null
create temp table sent as
select i, slotmap_exact(coalesce(range_agg(tstzrange(base + s * g, base + (s + l) * g)), '{}'), grain) as map
from generate_series(1, 300) as i
cross join lateral (values ((array[1, 5, 10, 15, 20, 30, 60])[1 + i % 7])) as n (grain)
cross join lateral (values (grain * interval '1 min', (array['2026-01-15', '0044-03-15 BC', '1999-12-31']::timestamptz[])[1 + i % 3])) as b (g, base)
cross join lateral (select (random() * 300)::int as s, (random() * 70)::int as l from generate_series(1, i % 5)) as r
group by i, grain;
truncate received restart identity;
select length(pg_temp.receive(array_agg(slotmap_send(map) order by i))) > 10000 as arrived from sent;
select count(*) as cases, count(*) filter (where r.map is distinct from s.map) as wrong
from (select map, row_number() over (order by i) as n from sent) as s
full join received as r using (n);

-- Damaged binary input.
select what, pg_temp.receive(array[bytes]) as answer
from (values
    ('nothing', ''::bytea),
    ('version only', '\x01'),
    ('version 0', '\x000f0000000000000000'),
    ('version 2', '\x020f0000000000000000'),
    ('no first slot', '\x010f'),
    ('half a first slot', '\x010f00000000'),
    ('grain 0', '\x01000000000000000000'),
    ('grain 7', '\x01070000000000000000'),
    ('grain 255', '\x01ff0000000000000000'),
    ('half a word', '\x010f000000000000000001000000'),
    ('a byte too many', '\x010f0000000000000000010000000000000000'),
    ('first slot inside a word', '\x010f01000000000000000100000000000000'),
    ('empty with a first slot', '\x010f4000000000000000'),
    ('zero word only', '\x010f00000000000000000000000000000000'),
    ('leading zero word', '\x010f000000000000000000000000000000000100000000000000'),
    ('trailing zero word', '\x010f000000000000000001000000000000000000000000000000'),
    ('first slot the least of all', '\x010f00000000000000800100000000000000'),
    ('first slot the greatest of all', '\x010fc0ffffffffffff7f0100000000000000'),
    ('before all time', '\x010f80000000f0ffffff0100000000000000')) as v (what, bytes);
-- The longest map there is, and one slot more.
select pg_temp.receive(array['\x010f0000000000000000'::bytea || decode(repeat('ff', 8 * 16384), 'hex')]);
select pg_temp.receive(array['\x010f0000000000000000'::bytea || decode(repeat('ff', 8 * 16384), 'hex') || '\x0100000000000000']);

copy (select) to program 'cat > /dev/null; rm "$PWD"/inbox.*';

-- Damaged stored values: a superuser's cast lets them in, nothing else does.
create cast (bytea as slotmap) without function;
\set VERBOSITY sqlstate
create temp table damaged as
select n, bytes::slotmap as map
from (values (1, ''::bytea), (2, '\x0f'), (3, '\x0f000000000000'), (4, '\x070000000000000000'), (5, '\x0f40000000000000000000000000000000'),
    (6, '\x0fc0ffffffffffff7fffffffffffffffff'), (7, '\x0f000000000000000001000000'), (8, '\x0f0000000000000080ffffffffffffffff')) as v (n, bytes);
create function pg_temp.state(query text, n int) returns text
language plpgsql as $$
declare
    v_answer text;
begin
    execute format('select (%s)::text from damaged where n = %s', query, n) into v_answer;
    return v_answer;
exception
    when others then
        return sqlstate;
end $$;
select query, array_agg(distinct pg_temp.state(query, n)) as answers
from generate_series(1, 8) as n
cross join unnest(array['map', 'slotmap_send(map)', 'map + ''{}''', '''{}'' - map', 'map * map', 'map && map', 'map @> map', 'map <@ map', 'map = map', 'map <> map',
    'map @> now()', 'now() <@ map', 'map && ''empty''::tstzrange', '''(,)''::tstzrange && map', 'map @> ''empty''::tstzrange', '''empty''::tstzrange <@ map',
    'map <@ ''(,)''::tstzrange', '''(,)''::tstzrange @> map', 'isempty(map)', 'lower(map)', 'upper(map)', 'slot_count(map)', 'grain(map)',
    '(select count(*) from unnest(map))', '(select count(*) from slot_series(map))', 'slotmap_slots(map, ''2026-01-15'')', 'map::tstzmultirange', 'map::slotmap(15)',
    'slot_starts(map, ''{}'', ''15 min'', ''0'', ''0'')', 'slot_starts(''{}'', map, ''15 min'', ''0'', ''0'')', 'slot_grid(map, ''15 min'', null)',
    'slotmap_agg(map)', 'slotmap_intersect_agg(map)', 'slotmap_atleast_agg(map, 1)', 'slotmap_tally_agg(map, 1)', 'slot_counts(map, ''{}'')', 'slot_counts(''{}'', array[map])', 'slot_caps(map, ''{}'', ''{}'')', 'slot_ahead(map, ''15 min'')']) with ordinality as q (query, place)
group by query, place
order by place;
drop cast (bytea as slotmap);

-- Long maps are compressed and moved out of line like any value.
create temp table toasted (map slotmap);
insert into toasted select slotmap_agg(slotmap_of_slots(date '2000-01-01' + i, array[i * 7 % 96, i * 31 % 96, i * i % 96], 15)) from generate_series(1, 9000) as i;
insert into toasted select map from toasted;
select pg_column_size(map) > 2000 as long, slot_count(map), map = (select slotmap_agg(t.map) from toasted as t) as same, slotmap_hash(map) = slotmap_hash(map + '{}') as hash from toasted;
alter table toasted alter map set storage external;
insert into toasted select map + '{}' from toasted limit 1;
select count(*) as rows, count(distinct map::text) as maps, slot_count(slotmap_intersect_agg(map)) from toasted;
