-- slotmap: what its text means, one literal a line.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

-- The text of a tstzmultirange, canonical.
select '{}'::slotmap;
select '{["2026-01-15 09:00+00","2026-01-15 12:00+00")}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select '  { [2026-01-15 09:00 , 2026-01-15 12:00) }  '::slotmap;
select '{[2026-01-15 12:00,2026-01-15 13:00),[2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 12:00),[2026-01-15 10:00,2026-01-15 11:00)}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 09:15),[2026-01-15 09:30,2026-01-15 09:45)}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 10:00],(2026-01-15 10:00,2026-01-15 11:00)}'::slotmap;
select '{empty}'::slotmap;
select '{empty,[2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select '{[2026-01-15 09:00+05:45,2026-01-15 12:00+05:45)}'::slotmap;
select '{[2026-01-15 10:30+10:30,2026-01-15 11:00+10:30)}'::slotmap;
select '{["2026-01-15T09:00:00Z","2026-01-15T12:00:00.000Z")}'::slotmap;
select '{[1969-12-31 23:45,1970-01-01 00:15)}'::slotmap;
select '{[1999-12-31 23:45,2000-01-01 00:15)}'::slotmap;
select '{["0044-03-15 12:00 BC","0044-03-15 12:15 BC")}'::slotmap;
select '{["4714-11-24 00:00 BC","4714-11-24 00:15 BC")}'::slotmap;
select '{[294276-12-31 23:30,294276-12-31 23:45)}'::slotmap;

-- The grain in front, when it is not 15.
select '1m{[2026-01-15 09:07,2026-01-15 12:01)}'::slotmap;
select '5m{[2026-01-15 09:05,2026-01-15 12:00)}'::slotmap;
select '10m{[2026-01-15 09:10,2026-01-15 12:00)}'::slotmap;
select '15m{[2026-01-15 09:15,2026-01-15 12:00)}'::slotmap;
select '20m{[2026-01-15 09:20,2026-01-15 12:00)}'::slotmap;
select '30m{[2026-01-15 09:30,2026-01-15 12:00)}'::slotmap;
select '60m{[2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select ' 5m {}'::slotmap;
select '60m{}'::slotmap;

-- The declared grain.
select '{}'::slotmap(15);
select '5m{[2026-01-15 09:05,2026-01-15 12:00)}'::slotmap(5);
select '{[2026-01-15 09:05,2026-01-15 12:00)}'::tstzmultirange::slotmap(5);
select tstzrange('2026-01-15 09:05', '2026-01-15 12:00')::slotmap(5);
select tstzrange('2026-01-15 09:00', '2026-01-15 12:00')::slotmap;
select 'empty'::tstzrange::slotmap(5);
select format_type('slotmap'::regtype, 5), format_type('slotmap'::regtype, -1);
create temp table declared (map slotmap(5));
insert into declared values ('5m{[2026-01-15 09:05,2026-01-15 12:00)}'), ('{[2026-01-15 09:10,2026-01-15 12:00)}'::tstzmultirange), ('empty'::tstzrange), (null);
table declared;
alter table declared alter map type slotmap;
insert into declared values ('{}');
select map, grain(map) from declared;

-- The session's zone and style are those of timestamptz; the set stays the same.
set timezone to 'Europe/Berlin';
select '{[2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select '{[2026-03-29 01:00,2026-03-29 04:00),[2026-10-25 02:00+02,2026-10-25 02:00+01)}'::slotmap;
set timezone to 'Asia/Kathmandu';
select '{[2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select '30m{[2026-01-15 09:15,2026-01-15 10:15)}'::slotmap;
set timezone to 'UTC';
set datestyle to 'SQL, DMY';
select '{[15/01/2026 09:00,15/01/2026 12:00)}'::slotmap;
set datestyle to 'ISO, YMD';

-- What a map says about itself.
select map, isempty(map), lower(map), upper(map), slot_count(map), grain(map)
from (values
    ('{}'::slotmap),
    ('5m{}'),
    ('{[2026-01-15 09:00,2026-01-15 12:00)}'),
    ('60m{[2026-01-15 09:00,2026-01-15 12:00),[2026-01-31 00:00,2026-02-01 00:00)}')) as v (map);
select unnest('{[2026-01-15 09:00,2026-01-15 09:15),[2026-01-16 00:00,2026-01-17 00:00)}'::slotmap);
select unnest('{}'::slotmap);
select slot_series('20m{[2026-01-15 23:20,2026-01-16 00:20),[2026-01-31 00:00,2026-01-31 00:20)}');
select slot_series('{}');

-- Ranges, rounded.
select slotmap_inside('[2026-01-15 09:07,2026-01-15 10:07)', 15), slotmap_cover('[2026-01-15 09:07,2026-01-15 10:07)', 15);
select slotmap_inside('[2026-01-15 09:00,2026-01-15 10:00)', 15), slotmap_cover('[2026-01-15 09:00,2026-01-15 10:00)', 15);
select slotmap_inside('(2026-01-15 09:00,2026-01-15 10:00]', 15), slotmap_cover('(2026-01-15 09:00,2026-01-15 10:00]', 15);
select slotmap_inside('[2026-01-15 09:00,2026-01-15 09:00]', 15), slotmap_cover('[2026-01-15 09:00,2026-01-15 09:00]', 15);
select slotmap_inside('[2026-01-15 09:01,2026-01-15 09:02)', 15), slotmap_cover('[2026-01-15 09:01,2026-01-15 09:02)', 15);
select slotmap_inside('empty', 5), slotmap_cover('empty', 5), slotmap_exact('{}', 5);
select slotmap_exact('{[2026-01-15 09:05,2026-01-15 10:00)}', 5);

-- The slots of a UTC day by number.
select slotmap_of_slots('2026-01-15', '{95,0,56,0}', 15), slotmap_of_slots('2026-01-15', '{}', 15);
select slotmap_slots('{[2026-01-14 23:00,2026-01-15 00:30),[2026-01-15 14:00,2026-01-15 14:15),[2026-01-15 23:45,2026-01-16 03:00)}', '2026-01-15');
select slotmap_slots('{}', '2026-01-15'), slotmap_slots('60m{[2026-01-15 00:00,2026-01-16 00:00)}', '2026-01-15');
