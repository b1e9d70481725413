-- slotmap: what is refused, by SQLSTATE.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
set search_path to public, booking;

\set VERBOSITY sqlstate

-- Malformed text: core's 22P02.
select ''::slotmap;
select 'x'::slotmap;
select '{'::slotmap;
select '5m'::slotmap;
select '5{}'::slotmap;
select '-5m{}'::slotmap;
select '5x{}'::slotmap;
select '9999999999m{}'::slotmap;
select '[2026-01-15 09:00,2026-01-15 12:00)'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 12:00)'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 12:00)} and more'::slotmap;
-- What core says of its own literals inside: 22007, 22000, 22008.
select '{[yesterdayish,2026-01-15 12:00)}'::slotmap;
select '{[2026-01-15 12:00,2026-01-15 09:00)}'::slotmap;
select '{[2026-02-30 12:00,2026-03-15 09:00)}'::slotmap;
select '{[2026-01-15 09:00,300000-01-15 09:00)}'::slotmap;
-- Unknown grain.
select '0m{}'::slotmap;
select '7m{}'::slotmap;
select '1440m{}'::slotmap;
-- Off the grid, or a bound of the wrong kind on it.
select '{[2026-01-15 09:07,2026-01-15 12:00)}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 12:00:00.000001)}'::slotmap;
select '60m{[2026-01-15 09:00+05:45,2026-01-15 12:00+05:45)}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 12:00]}'::slotmap;
select '{(2026-01-15 09:00,2026-01-15 12:00)}'::slotmap;
select '{[2026-01-15 09:00,2026-01-15 09:00]}'::slotmap;
-- No bound; infinite.
select '{[2026-01-15 09:00,)}'::slotmap;
select '{(,2026-01-15 09:00)}'::slotmap;
select '{(,)}'::slotmap;
select '{[2026-01-15 09:00,infinity)}'::slotmap;
select '{[-infinity,2026-01-15 09:00)}'::slotmap;
-- Too long; the limit itself is not.
select slot_count('{[2026-01-01 00:00,2055-11-27 16:00)}');
select '{[2026-01-01 00:00,2055-11-27 16:15)}'::slotmap;
select '{[2026-01-01 00:00,2026-01-01 00:15),[2055-11-27 16:00,2055-11-27 16:15)}'::slotmap;
select '{[2026-01-01 00:00,2026-01-01 00:15),["0044-01-01 00:00 BC","0044-01-01 00:15 BC")}'::slotmap;
select '{["4714-11-24 00:00 BC",294276-12-31 23:45)}'::slotmap;
select slotmap_cover('[4714-11-24 00:00 BC,294276-12-31 20:00]', 60);
-- The last quarter hour that PostgreSQL knows has no end.
select slotmap_cover('[294276-12-31 23:50,294276-12-31 23:59]', 15);

-- The declared grain is held to, never converted.
select '{}'::slotmap(5);
select '5m{}'::slotmap(15);
select '5m{}'::slotmap::slotmap(15);
create temp table declared (map slotmap(5));
insert into declared values ('{}');
insert into declared values ('{}'::slotmap);
insert into declared values ('{[2026-01-15 09:01,2026-01-15 12:00)}'::tstzmultirange);
select '{}'::slotmap(7);
select '{}'::slotmap(0);
select '{}'::slotmap(5, 5);
select '{}'::slotmap('five');

-- Two grains in one operation.
select '{}'::slotmap + '5m{}';
select '{}'::slotmap * '5m{}';
select '{}'::slotmap - '5m{}';
select '{}'::slotmap && '5m{}';
select '{}'::slotmap @> '5m{}';
select '{}'::slotmap <@ '5m{}';
select '{}'::slotmap = '5m{}';
select '{}'::slotmap <> '5m{}';
select slot_starts('{}', '5m{}', '15 min', '0', '0');
select slotmap_agg(map) from (values ('{}'::slotmap), ('5m{}')) as v (map);
select slotmap_intersect_agg(map) from (values ('{}'::slotmap), ('5m{}')) as v (map);
select slotmap_atleast_agg(map, 1) from (values ('{}'::slotmap), ('5m{}')) as v (map);
select slotmap_tally_agg(map, 1) from (values ('{}'::slotmap), ('5m{}')) as v (map);
select slot_counts('{}', array['{}', '5m{}']::slotmap[]);

-- Rounding and exact maps.
select slotmap_inside('[2026-01-15 09:00,2026-01-15 12:00)', 7);
select slotmap_cover('[2026-01-15 09:00,2026-01-15 12:00)', null) is null;
select slotmap_cover('[2026-01-15 09:00,2026-01-15 12:00)', -15);
select slotmap_inside('[2026-01-15 09:00,)', 15);
select slotmap_cover('(,2026-01-15 09:00]', 15);
select slotmap_inside('[-infinity,2026-01-15 09:00)', 15);
select slotmap_cover('[2026-01-15 09:00,infinity]', 15);
select slotmap_exact('{[2026-01-15 09:05,2026-01-15 12:00)}', 15);
select slotmap_exact('{}', 0);
select '{[2026-01-15 09:05,2026-01-15 12:00)}'::tstzmultirange::slotmap;
select '[2026-01-15 09:00,)'::tstzrange::slotmap;

-- Days and slot numbers.
select slotmap_slots('{}', 'infinity');
select slotmap_slots('{}', '-infinity');
select slotmap_slots('{}', '5874897-12-31');
select slotmap_of_slots('infinity', '{}', 15);
select slotmap_of_slots('5874897-12-31', '{0}', 15);
select slotmap_of_slots('2026-01-15', '{96}', 15);
select slotmap_of_slots('2026-01-15', '{-1}', 15);
select slotmap_of_slots('2026-01-15', '{24}', 60);
select slotmap_of_slots('2026-01-15', '{0,null}', 15);
select slotmap_of_slots('2026-01-15', '{0}', 14);

-- Lengths of time.
select slot_starts('{}', '{}', '0', '0', '0');
select slot_starts('{}', '{}', '-15 min', '0', '0');
select slot_starts('{}', '{}', '20 min', '0', '0');
select slot_starts('{}', '{}', '1 mon', '0', '0');
select slot_starts('{}', '{}', '15 min', '-15 min', '0');
select slot_starts('{}', '{}', '15 min', '0', '1 us');
select slot_starts('{}', '{}', '15 min', '1 year', '0');
select slot_starts('{}', '{}', '2147483647 days 2562047788 hours', '0', '0');
select slot_starts('{}', '{}', '2147483647 days', '0', '0');
select slot_starts('{}', '{}', '15 min', '-2147483648 days', '0');
select slot_starts('{}', '{}', '15 min', '0', '213504000 days');
select slot_starts('{}', '{}', '15 min', '100 days', '100000000 days');
select slot_grid('{}', '0', null);
select slot_grid('{}', '-1 day', null);
select slot_grid('{}', '10 min', null);
select slot_grid('{}', '1 mon', null);
select slot_grid('{}', '15 min', array['2026-01-16', '2026-01-15']::timestamptz[]);
select slot_grid('{}', '15 min', array['2026-01-16', null]::timestamptz[]);
select slot_grid('{}', '15 min', array['2026-01-16', 'infinity']::timestamptz[]);

-- k.
select slotmap_atleast_agg('{}', 0);
select slotmap_atleast_agg('{}', -1);
select slotmap_atleast_agg('{}', null);
select slotmap_atleast_agg('{}', k) from generate_series(1, 2) as k;
-- Maps too far apart for one.
select slotmap_agg(slotmap_of_slots(day, '{0}', 15)) from (values (date '2026-01-01'), ('2056-01-01')) as v (day);
select slotmap_tally_agg(slotmap_of_slots(day, '{0}', 15), 1) from (values (date '2026-01-01'), ('2056-01-01')) as v (day);
select slot_counts('{}', array['{}', null]::slotmap[]);
select slot_counts('{}', array_fill('{}'::slotmap, '{32}'));
select slotmap_tally_agg('{}', null);
-- Counts along starts.
select slot_fits('{1,2,3}', 2, 1);
select slot_fits('{1,2}', 0, 1);
select slot_fits('{1,2}', 2, 0);
select slot_fits('{1,null}', 2, 1);
select slot_fits(array[2147483647, 1], 2, 1);
select slot_caps('{}', '{"[2026-01-15 00:00,)"}', '{}');
select slot_caps('{}', '{"[2026-01-15 00:00,)"}', '{null}');
select slot_caps('{}', '{null}', '{1}');
select slot_where('{}', '{1}');
select slot_where('{[2026-01-15 09:00,2026-01-15 09:15)}', '{null}');
select slot_least('{1}', '{1,2}');
select slot_least('{1}', '{null}');
select slot_ahead('{}', '-15 min');
select slot_ahead('{}', '7 min');
select slot_ahead('{}', '1 month');

-- DETAIL and HINT, where they help most.
\set VERBOSITY default
select slotmap_exact('{[2026-01-15 09:07,2026-01-15 12:00)}', 15);
select slot_starts('5m{}', '5m{}', '18 min', '0', '0');
