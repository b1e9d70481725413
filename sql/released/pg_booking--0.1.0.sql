\echo Use "CREATE EXTENSION pg_booking" to load this file. \quit

-- sql/00_schemas.sql
-- The two schemas: the engine, and the surface that the public sees.

create schema booking;
comment on schema booking is
    'pg_booking, the engine: tables, types, operators and functions. Roles of the public get no USAGE on it.';

create schema booking_api;
comment on schema booking_api is
    'pg_booking, the public surface: the one schema to expose over HTTP.';

-- Bodies of BEGIN ATOMIC are parsed while this script runs, with its path: the operators of the type are in booking.
set local search_path = pg_catalog, booking, pg_temp;

-- sql/10_slotmap_type.sql
-- The type: input and output in text and binary, and its modifier, the grain. Next: 11_slotmap_casts.sql.

create type booking.slotmap;
comment on type booking.slotmap is
    'A set of instants in whole slots of 1, 5, 10, 15, 20, 30 or 60 minutes, counted from 2000-01-01 00:00 UTC: a quantised tstzmultirange. slotmap(5) takes maps of five-minute slots only. At most 1048576 slots from the first to the last (54000 beyond).';

create function booking.slotmap_in(cstring, oid, integer)
returns booking.slotmap
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_in_wrapper';
comment on function booking.slotmap_in(cstring, oid, integer) is
    'Reads the text of a tstzmultirange, with the grain in front when it is not 15: 5m{[...)}. Errors: 22P02 malformed, 22023 bound off the grid, no bound, unknown grain or not the declared one, 22008 infinite, 54000 too long';

create function booking.slotmap_out(booking.slotmap)
returns cstring
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_out_wrapper';
comment on function booking.slotmap_out(booking.slotmap) is
    'Writes the text of a tstzmultirange in the session''s TimeZone, with the grain in front when it is not 15';

create function booking.slotmap_recv(internal, oid, integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_recv_wrapper';
comment on function booking.slotmap_recv(internal, oid, integer) is
    'Reads the binary form: version 1, then the stored bytes. Errors: 22P03 anything else, 22023 not the declared grain';

create function booking.slotmap_send(booking.slotmap)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_send_wrapper';
comment on function booking.slotmap_send(booking.slotmap) is
    'Writes the binary form: version 1, then the stored bytes';

create function booking.slotmap_typmod_in(cstring[])
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typmod_in_wrapper';
comment on function booking.slotmap_typmod_in(cstring[]) is
    'Reads the type modifier: the grain in minutes (22023 if it is none)';

create function booking.slotmap_typmod_out(integer)
returns cstring
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typmod_out_wrapper';
comment on function booking.slotmap_typmod_out(integer) is
    'Writes the type modifier';

create function booking.slotmap_typanalyze(internal)
returns boolean
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typanalyze_wrapper';
comment on function booking.slotmap_typanalyze(internal) is
    'Tells ANALYZE to collect null fraction and width only, so that a column may hold maps of several grains';

create type booking.slotmap (
    input = booking.slotmap_in,
    output = booking.slotmap_out,
    receive = booking.slotmap_recv,
    send = booking.slotmap_send,
    typmod_in = booking.slotmap_typmod_in,
    typmod_out = booking.slotmap_typmod_out,
    analyze = booking.slotmap_typanalyze,
    internallength = variable,
    alignment = int4,
    storage = extended
);

-- sql/11_slotmap_casts.sql
-- Casts: all exact. What is off the grid is refused; to round, see 15_slotmap_functions.sql.

create function booking.slotmap(map booking.slotmap, grain integer, explicit boolean)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typmod_cast_wrapper';
comment on function booking.slotmap(booking.slotmap, integer, boolean) is
    'Holds a map to the declared grain; never converts (22023 if the grain is another)';

create cast (booking.slotmap as booking.slotmap)
    with function booking.slotmap(booking.slotmap, integer, boolean)
    as implicit;
comment on cast (booking.slotmap as booking.slotmap) is
    'Holds a map to the declared grain (22023 if it has another)';

create function booking.slotmap(ranges tstzmultirange, grain integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_from_multirange_wrapper';
comment on function booking.slotmap(tstzmultirange, integer) is
    'The map of exactly these ranges; grain in minutes, below zero means 15. Errors: 22023 bound off the grid or missing, 22008 infinite, 54000 too long';

create cast (tstzmultirange as booking.slotmap)
    with function booking.slotmap(tstzmultirange, integer)
    as assignment;
comment on cast (tstzmultirange as booking.slotmap) is
    'The map of exactly these ranges, at the declared grain, else 15 (22023 if a bound is off the grid or missing, 22008 if infinite, 54000 if too long)';

create function booking.slotmap(span tstzrange, grain integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_from_range_wrapper';
comment on function booking.slotmap(tstzrange, integer) is
    'The map of exactly this range; grain in minutes, below zero means 15. Errors: 22023 bound off the grid or missing, 22008 infinite, 54000 too long';

create cast (tstzrange as booking.slotmap)
    with function booking.slotmap(tstzrange, integer)
    as assignment;
comment on cast (tstzrange as booking.slotmap) is
    'The map of exactly this range, at the declared grain, else 15 (22023 if a bound is off the grid or missing, 22008 if infinite, 54000 if too long)';

create function booking.tstzmultirange(map booking.slotmap)
returns tstzmultirange
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_to_multirange_wrapper';
comment on function booking.tstzmultirange(booking.slotmap) is
    'The same instants as a multirange';

create cast (booking.slotmap as tstzmultirange)
    with function booking.tstzmultirange(booking.slotmap)
    as assignment;
comment on cast (booking.slotmap as tstzmultirange) is
    'The same instants as a multirange';

create function booking.slotmap_exact(ranges tstzmultirange, grain integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_exact_wrapper';
comment on function booking.slotmap_exact(tstzmultirange, integer) is
    'The map of exactly these ranges; grain in minutes. Errors: 22023 unknown grain, bound off the grid or missing, 22008 infinite, 54000 too long';

-- sql/12_slotmap_operators.sql
-- Map and map: the operators of a tstzmultirange, with its results. Next: 13_slotmap_mixed_operators.sql.

create function booking.slotmap_union(a booking.slotmap, b booking.slotmap)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_union_wrapper';
comment on function booking.slotmap_union(booking.slotmap, booking.slotmap) is
    'Every slot of either map (22023 if the grains differ, 54000 if too long)';

create operator booking.+ (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_union,
    commutator = operator(booking.+)
);
comment on operator booking.+ (booking.slotmap, booking.slotmap) is
    'Every slot of either map (22023 if the grains differ, 54000 if too long)';

create function booking.slotmap_intersect(a booking.slotmap, b booking.slotmap)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_intersect_wrapper';
comment on function booking.slotmap_intersect(booking.slotmap, booking.slotmap) is
    'The slots of both maps (22023 if the grains differ)';

create operator booking.* (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_intersect,
    commutator = operator(booking.*)
);
comment on operator booking.* (booking.slotmap, booking.slotmap) is
    'The slots of both maps (22023 if the grains differ)';

create function booking.slotmap_minus(a booking.slotmap, b booking.slotmap)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_minus_wrapper';
comment on function booking.slotmap_minus(booking.slotmap, booking.slotmap) is
    'The slots of the first map that are not in the second (22023 if the grains differ)';

create operator booking.- (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_minus
);
comment on operator booking.- (booking.slotmap, booking.slotmap) is
    'The slots of the first map that are not in the second (22023 if the grains differ)';

create function booking.slotmap_overlaps(a booking.slotmap, b booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_overlaps_wrapper';
comment on function booking.slotmap_overlaps(booking.slotmap, booking.slotmap) is
    'Have the maps a slot in common? (22023 if the grains differ)';

create operator booking.&& (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_overlaps,
    commutator = operator(booking.&&),
    restrict = areasel,
    join = areajoinsel
);
comment on operator booking.&& (booking.slotmap, booking.slotmap) is
    'Have the maps a slot in common? (22023 if the grains differ)';

create function booking.slotmap_contains(a booking.slotmap, b booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_contains_wrapper';
comment on function booking.slotmap_contains(booking.slotmap, booking.slotmap) is
    'Is every slot of the second map in the first? (22023 if the grains differ)';

create operator booking.@> (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_contains,
    commutator = operator(booking.<@),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.@> (booking.slotmap, booking.slotmap) is
    'Is every slot of the second map in the first? (22023 if the grains differ)';

create function booking.slotmap_contained_by(a booking.slotmap, b booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_contained_by_wrapper';
comment on function booking.slotmap_contained_by(booking.slotmap, booking.slotmap) is
    'Is every slot of the first map in the second? (22023 if the grains differ)';

create operator booking.<@ (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_contained_by,
    commutator = operator(booking.@>),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.<@ (booking.slotmap, booking.slotmap) is
    'Is every slot of the first map in the second? (22023 if the grains differ)';

create function booking.slotmap_eq(a booking.slotmap, b booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_eq_wrapper';
comment on function booking.slotmap_eq(booking.slotmap, booking.slotmap) is
    'Are the maps the same set? (22023 if the grains differ)';

create operator booking.= (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_eq,
    commutator = operator(booking.=),
    negator = operator(booking.<>),
    restrict = eqsel,
    join = eqjoinsel,
    hashes
);
comment on operator booking.= (booking.slotmap, booking.slotmap) is
    'Are the maps the same set? (22023 if the grains differ)';

create function booking.slotmap_ne(a booking.slotmap, b booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_ne_wrapper';
comment on function booking.slotmap_ne(booking.slotmap, booking.slotmap) is
    'Are the maps different sets? (22023 if the grains differ)';

create operator booking.<> (
    leftarg = booking.slotmap,
    rightarg = booking.slotmap,
    function = booking.slotmap_ne,
    commutator = operator(booking.<>),
    negator = operator(booking.=),
    restrict = neqsel,
    join = neqjoinsel
);
comment on operator booking.<> (booking.slotmap, booking.slotmap) is
    'Are the maps different sets? (22023 if the grains differ)';

-- sql/13_slotmap_mixed_operators.sql
-- Map and instant, map and range: with the results that a tstzmultirange gives.

-- Map and instant

create function booking.slotmap_contains_instant(map booking.slotmap, at timestamptz)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_contains_instant_wrapper';
comment on function booking.slotmap_contains_instant(booking.slotmap, timestamptz) is
    'Is this instant in the map?';

create function booking.instant_contained_by_slotmap(at timestamptz, map booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'instant_contained_by_slotmap_wrapper';
comment on function booking.instant_contained_by_slotmap(timestamptz, booking.slotmap) is
    'Is this instant in the map?';

create operator booking.@> (
    leftarg = booking.slotmap,
    rightarg = timestamptz,
    function = booking.slotmap_contains_instant,
    commutator = operator(booking.<@),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.@> (booking.slotmap, timestamptz) is
    'Is this instant in the map?';

create operator booking.<@ (
    leftarg = timestamptz,
    rightarg = booking.slotmap,
    function = booking.instant_contained_by_slotmap,
    commutator = operator(booking.@>),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.<@ (timestamptz, booking.slotmap) is
    'Is this instant in the map?';

-- Map and range

create function booking.slotmap_overlaps_range(map booking.slotmap, span tstzrange)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_overlaps_range_wrapper';
comment on function booking.slotmap_overlaps_range(booking.slotmap, tstzrange) is
    'Have map and range an instant in common? The range need not be on the grid';

create operator booking.&& (
    leftarg = booking.slotmap,
    rightarg = tstzrange,
    function = booking.slotmap_overlaps_range,
    commutator = operator(booking.&&),
    restrict = areasel,
    join = areajoinsel
);
comment on operator booking.&& (booking.slotmap, tstzrange) is
    'Have map and range an instant in common? The range need not be on the grid';

create function booking.range_overlaps_slotmap(span tstzrange, map booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'range_overlaps_slotmap_wrapper';
comment on function booking.range_overlaps_slotmap(tstzrange, booking.slotmap) is
    'Have range and map an instant in common? The range need not be on the grid';

create operator booking.&& (
    leftarg = tstzrange,
    rightarg = booking.slotmap,
    function = booking.range_overlaps_slotmap,
    commutator = operator(booking.&&),
    restrict = areasel,
    join = areajoinsel
);
comment on operator booking.&& (tstzrange, booking.slotmap) is
    'Have range and map an instant in common? The range need not be on the grid';

create function booking.slotmap_contains_range(map booking.slotmap, span tstzrange)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_contains_range_wrapper';
comment on function booking.slotmap_contains_range(booking.slotmap, tstzrange) is
    'Is every instant of the range in the map? The range need not be on the grid';

create operator booking.@> (
    leftarg = booking.slotmap,
    rightarg = tstzrange,
    function = booking.slotmap_contains_range,
    commutator = operator(booking.<@),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.@> (booking.slotmap, tstzrange) is
    'Is every instant of the range in the map? The range need not be on the grid';

create function booking.range_contained_by_slotmap(span tstzrange, map booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'range_contained_by_slotmap_wrapper';
comment on function booking.range_contained_by_slotmap(tstzrange, booking.slotmap) is
    'Is every instant of the range in the map? The range need not be on the grid';

create operator booking.<@ (
    leftarg = tstzrange,
    rightarg = booking.slotmap,
    function = booking.range_contained_by_slotmap,
    commutator = operator(booking.@>),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.<@ (tstzrange, booking.slotmap) is
    'Is every instant of the range in the map? The range need not be on the grid';

create function booking.slotmap_contained_by_range(map booking.slotmap, span tstzrange)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_contained_by_range_wrapper';
comment on function booking.slotmap_contained_by_range(booking.slotmap, tstzrange) is
    'Is the whole map in the range? The range need not be on the grid';

create operator booking.<@ (
    leftarg = booking.slotmap,
    rightarg = tstzrange,
    function = booking.slotmap_contained_by_range,
    commutator = operator(booking.@>),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.<@ (booking.slotmap, tstzrange) is
    'Is the whole map in the range? The range need not be on the grid';

create function booking.range_contains_slotmap(span tstzrange, map booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'range_contains_slotmap_wrapper';
comment on function booking.range_contains_slotmap(tstzrange, booking.slotmap) is
    'Is the whole map in the range? The range need not be on the grid';

create operator booking.@> (
    leftarg = tstzrange,
    rightarg = booking.slotmap,
    function = booking.range_contains_slotmap,
    commutator = operator(booking.<@),
    restrict = contsel,
    join = contjoinsel
);
comment on operator booking.@> (tstzrange, booking.slotmap) is
    'Is the whole map in the range? The range need not be on the grid';

-- sql/14_slotmap_hash.sql
-- Hashing: GROUP BY, DISTINCT, hash joins and hash partitions on maps.

create function booking.slotmap_hash(booking.slotmap)
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_hash_wrapper';
comment on function booking.slotmap_hash(booking.slotmap) is
    'Hash of a map';

create function booking.slotmap_hash_extended(booking.slotmap, bigint)
returns bigint
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_hash_extended_wrapper';
comment on function booking.slotmap_hash_extended(booking.slotmap, bigint) is
    'Hash of a map with a seed';

create operator class booking.slotmap_ops
    default for type booking.slotmap using hash as
    operator 1 booking.= (booking.slotmap, booking.slotmap),
    function 1 booking.slotmap_hash(booking.slotmap),
    function 2 booking.slotmap_hash_extended(booking.slotmap, bigint);
comment on operator class booking.slotmap_ops using hash is
    'Equality of maps';

-- sql/15_slotmap_functions.sql
-- What a map says about itself, and maps from ranges and slot numbers. Next: 16_slotmap_search.sql.

-- Bounds and counts

create function booking.isempty(map booking.slotmap)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_isempty_wrapper';
comment on function booking.isempty(booking.slotmap) is
    'Is no slot set?';

create function booking.lower(map booking.slotmap)
returns timestamptz
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_lower_wrapper';
comment on function booking.lower(booking.slotmap) is
    'Start of the first slot; null for the empty map';

create function booking.upper(map booking.slotmap)
returns timestamptz
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_upper_wrapper';
comment on function booking.upper(booking.slotmap) is
    'End of the last slot; null for the empty map';

create function booking.slot_count(map booking.slotmap)
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_count_wrapper';
comment on function booking.slot_count(booking.slotmap) is
    'How many slots are set';

create function booking.grain(map booking.slotmap)
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_grain_wrapper';
comment on function booking.grain(booking.slotmap) is
    'Minutes per slot';

-- Rows

create function booking.unnest(map booking.slotmap)
returns setof tstzrange
language c
immutable
strict
parallel safe
rows 20
as 'MODULE_PATHNAME', 'slotmap_unnest_wrapper';
comment on function booking.unnest(booking.slotmap) is
    'The runs of a map as ranges, in order, as long as they can be';

create function booking.slot_series(map booking.slotmap)
returns setof timestamptz
language c
immutable
strict
parallel safe
rows 100
as 'MODULE_PATHNAME', 'slot_series_wrapper';
comment on function booking.slot_series(booking.slotmap) is
    'The start of every slot that is set, in order';

create function booking.slot_instants(map booking.slotmap)
returns timestamptz[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_instants_wrapper';
comment on function booking.slot_instants(booking.slotmap) is
    'The start of every slot that is set, in order, as an array';

-- Rounding

create function booking.slotmap_inside(span tstzrange, grain integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_inside_wrapper';
comment on function booking.slotmap_inside(tstzrange, integer) is
    'The slots that lie in the range as a whole; grain in minutes. Errors: 22023 unknown grain or no bound, 22008 infinite, 54000 too long';

create function booking.slotmap_cover(span tstzrange, grain integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_cover_wrapper';
comment on function booking.slotmap_cover(tstzrange, integer) is
    'The slots that hold an instant of the range; grain in minutes. Errors: 22023 unknown grain or no bound, 22008 infinite, 54000 too long';

-- The 0-95 view

create function booking.slotmap_slots(map booking.slotmap, day date)
returns integer[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_slots_wrapper';
comment on function booking.slotmap_slots(booking.slotmap, date) is
    'The numbers of the slots that are set on a UTC day, ascending: 0 is 00:00, 95 is 23:45 when the grain is 15 (22008 if the date is infinite)';

create function booking.slotmap_of_slots(day date, slots integer[], grain integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_of_slots_wrapper';
comment on function booking.slotmap_of_slots(date, integer[], integer) is
    'The map of some slots of a UTC day by their numbers; grain in minutes. Errors: 22003 slot out of the day, 22004 null among them, 22008 date infinite or out of range, 22023 unknown grain';

-- sql/16_slotmap_search.sql
-- The start search and the step grid: bits, not loops over candidates. Next: 17_slotmap_aggregates.sql.

create function booking.slot_starts(open booking.slotmap, busy booking.slotmap, duration interval, before interval, after interval)
returns booking.slotmap
language c
immutable
strict
parallel safe
cost 10
as 'MODULE_PATHNAME', 'slot_starts_wrapper';
comment on function booking.slot_starts(booking.slotmap, booking.slotmap, interval, interval, interval) is
    'Every slot t such that [t, t + duration) lies in one run of open, and [t - before, t + duration + after) misses busy. A day is 24 hours. Errors: 22023 grains differ, duration not above zero, a buffer below zero, an interval with months or no multiple of the grain, 22008 interval out of range';

create function booking.slot_grid(open booking.slotmap, step interval, midnights timestamptz[])
returns booking.slotmap
language c
immutable
parallel safe
cost 10
as 'MODULE_PATHNAME', 'slot_grid_wrapper';
comment on function booking.slot_grid(booking.slotmap, interval, timestamptz[]) is
    'Every step-th slot of each run of open, counted from the start of the run. Two midnights in a row make a day; one whose whole slots are all open starts the count anew at its midnight. midnights ascend; null or empty means no day. Null if open or step is. Errors: 22023 step not above zero, with months or no multiple of the grain, midnights that do not ascend, 22004 null among them, 22008 infinite or out of range';

create function booking.slot_ahead(map booking.slotmap, distance interval)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_ahead_wrapper';
comment on function booking.slot_ahead(booking.slotmap, interval) is
    'Every slot t such that t + distance is in the map. Errors: 22023 distance below zero, with months or no multiple of the grain, 22008 out of range, 54000';

create function booking.service_starts(
    open booking.slotmap,
    from_ts timestamptz,
    to_ts timestamptz,
    minutes integer,
    step integer,
    crosses boolean,
    midnights timestamptz[])
returns booking.slotmap
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'service_starts_wrapper';
comment on function booking.service_starts(booking.slotmap, timestamptz, timestamptz, integer, integer, boolean, timestamptz[]) is
    'The starts in a range, from_ts <= start < to_ts, on slot_grid of open (step null: any slot), with so many minutes in one run of open, or with both ends open where the booking crosses closed hours. Errors: 22023 minutes or step not whole slots, or midnights that do not ascend, 22004 null midnight';

create function booking.has_run(map booking.slotmap, minutes integer)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'has_run_wrapper';
comment on function booking.has_run(booking.slotmap, integer) is
    'True where so many minutes in a row are set. Errors: 22023 not whole slots';

-- sql/17_slotmap_aggregates.sql
-- Aggregates over maps. Their state lives in the aggregate's memory and is changed in place.
-- Next: 18_slotmap_counts.sql.

-- slotmap_agg

create function booking.slotmap_agg_transfn(internal, booking.slotmap)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_agg_transfn_wrapper';
comment on function booking.slotmap_agg_transfn(internal, booking.slotmap) is
    'Adds a map to the state of slotmap_agg';

create function booking.slotmap_agg_finalfn(internal)
returns booking.slotmap
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_agg_finalfn_wrapper';
comment on function booking.slotmap_agg_finalfn(internal) is
    'The result of slotmap_agg so far';

create function booking.slotmap_agg_combinefn(internal, internal)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_agg_combinefn_wrapper';
comment on function booking.slotmap_agg_combinefn(internal, internal) is
    'Joins two states of slotmap_agg';

create function booking.slotmap_agg_serialfn(internal)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_agg_serialfn_wrapper';
comment on function booking.slotmap_agg_serialfn(internal) is
    'Writes a state of slotmap_agg for another process';

create function booking.slotmap_agg_deserialfn(bytea, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_agg_deserialfn_wrapper';
comment on function booking.slotmap_agg_deserialfn(bytea, internal) is
    'Reads a state of slotmap_agg that another process wrote';

create aggregate booking.slotmap_agg(map booking.slotmap) (
    sfunc = booking.slotmap_agg_transfn,
    stype = internal,
    sspace = 512,
    finalfunc = booking.slotmap_agg_finalfn,
    combinefunc = booking.slotmap_agg_combinefn,
    serialfunc = booking.slotmap_agg_serialfn,
    deserialfunc = booking.slotmap_agg_deserialfn,
    parallel = safe
);
comment on aggregate booking.slotmap_agg(booking.slotmap) is
    'Union of the maps; nulls are skipped, null without any (22023 if grains differ, 54000 if too long)';

-- slotmap_intersect_agg

create function booking.slotmap_intersect_agg_transfn(internal, booking.slotmap)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_intersect_agg_transfn_wrapper';
comment on function booking.slotmap_intersect_agg_transfn(internal, booking.slotmap) is
    'Adds a map to the state of slotmap_intersect_agg';

create function booking.slotmap_intersect_agg_finalfn(internal)
returns booking.slotmap
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_intersect_agg_finalfn_wrapper';
comment on function booking.slotmap_intersect_agg_finalfn(internal) is
    'The result of slotmap_intersect_agg so far';

create function booking.slotmap_intersect_agg_combinefn(internal, internal)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_intersect_agg_combinefn_wrapper';
comment on function booking.slotmap_intersect_agg_combinefn(internal, internal) is
    'Joins two states of slotmap_intersect_agg';

create function booking.slotmap_intersect_agg_serialfn(internal)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_intersect_agg_serialfn_wrapper';
comment on function booking.slotmap_intersect_agg_serialfn(internal) is
    'Writes a state of slotmap_intersect_agg for another process';

create function booking.slotmap_intersect_agg_deserialfn(bytea, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_intersect_agg_deserialfn_wrapper';
comment on function booking.slotmap_intersect_agg_deserialfn(bytea, internal) is
    'Reads a state of slotmap_intersect_agg that another process wrote';

create aggregate booking.slotmap_intersect_agg(map booking.slotmap) (
    sfunc = booking.slotmap_intersect_agg_transfn,
    stype = internal,
    sspace = 512,
    finalfunc = booking.slotmap_intersect_agg_finalfn,
    combinefunc = booking.slotmap_intersect_agg_combinefn,
    serialfunc = booking.slotmap_intersect_agg_serialfn,
    deserialfunc = booking.slotmap_intersect_agg_deserialfn,
    parallel = safe
);
comment on aggregate booking.slotmap_intersect_agg(booking.slotmap) is
    'Intersection of the maps; nulls are skipped, null without any (22023 if grains differ)';

-- slotmap_atleast_agg

create function booking.slotmap_atleast_agg_transfn(internal, booking.slotmap, integer)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_atleast_agg_transfn_wrapper';
comment on function booking.slotmap_atleast_agg_transfn(internal, booking.slotmap, integer) is
    'Adds a map to the state of slotmap_atleast_agg';

create function booking.slotmap_atleast_agg_finalfn(internal)
returns booking.slotmap
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_atleast_agg_finalfn_wrapper';
comment on function booking.slotmap_atleast_agg_finalfn(internal) is
    'The result of slotmap_atleast_agg so far';

create function booking.slotmap_atleast_agg_combinefn(internal, internal)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_atleast_agg_combinefn_wrapper';
comment on function booking.slotmap_atleast_agg_combinefn(internal, internal) is
    'Joins two states of slotmap_atleast_agg';

create function booking.slotmap_atleast_agg_serialfn(internal)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_atleast_agg_serialfn_wrapper';
comment on function booking.slotmap_atleast_agg_serialfn(internal) is
    'Writes a state of slotmap_atleast_agg for another process';

create function booking.slotmap_atleast_agg_deserialfn(bytea, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_atleast_agg_deserialfn_wrapper';
comment on function booking.slotmap_atleast_agg_deserialfn(bytea, internal) is
    'Reads a state of slotmap_atleast_agg that another process wrote';

create aggregate booking.slotmap_atleast_agg(map booking.slotmap, k integer) (
    sfunc = booking.slotmap_atleast_agg_transfn,
    stype = internal,
    sspace = 512,
    finalfunc = booking.slotmap_atleast_agg_finalfn,
    combinefunc = booking.slotmap_atleast_agg_combinefn,
    serialfunc = booking.slotmap_atleast_agg_serialfn,
    deserialfunc = booking.slotmap_atleast_agg_deserialfn,
    parallel = safe
);
comment on aggregate booking.slotmap_atleast_agg(booking.slotmap, integer) is
    'The instants in at least k of the maps; null maps are skipped, null without any. Errors: 22023 grains differ, k below 1 or not the same in every row, 22004 k null, 54000 maps further apart than one map may be long';

-- slotmap_tally_agg

create function booking.slotmap_tally_agg_transfn(internal, booking.slotmap, integer)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_tally_agg_transfn_wrapper';
comment on function booking.slotmap_tally_agg_transfn(internal, booking.slotmap, integer) is
    'Adds a map to the state of slotmap_tally_agg';

create function booking.slotmap_tally_agg_finalfn(internal)
returns booking.slotmap[]
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_tally_agg_finalfn_wrapper';
comment on function booking.slotmap_tally_agg_finalfn(internal) is
    'The result of slotmap_tally_agg so far';

create function booking.slotmap_tally_agg_combinefn(internal, internal)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slotmap_tally_agg_combinefn_wrapper';
comment on function booking.slotmap_tally_agg_combinefn(internal, internal) is
    'Joins two states of slotmap_tally_agg';

create function booking.slotmap_tally_agg_serialfn(internal)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_tally_agg_serialfn_wrapper';
comment on function booking.slotmap_tally_agg_serialfn(internal) is
    'Writes a state of slotmap_tally_agg for another process';

create function booking.slotmap_tally_agg_deserialfn(bytea, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_tally_agg_deserialfn_wrapper';
comment on function booking.slotmap_tally_agg_deserialfn(bytea, internal) is
    'Reads a state of slotmap_tally_agg that another process wrote';

create aggregate booking.slotmap_tally_agg(map booking.slotmap, times integer) (
    sfunc = booking.slotmap_tally_agg_transfn,
    stype = internal,
    sspace = 512,
    finalfunc = booking.slotmap_tally_agg_finalfn,
    combinefunc = booking.slotmap_tally_agg_combinefn,
    serialfunc = booking.slotmap_tally_agg_serialfn,
    deserialfunc = booking.slotmap_tally_agg_deserialfn,
    parallel = safe
);
comment on aggregate booking.slotmap_tally_agg(booking.slotmap, integer) is
    'How many maps hold each instant, each counted so many times, as bit planes: plane i, from 1, holds the instants whose count has bit i - 1; slot_counts reads it. Null maps are skipped, null without any. Errors: 22023 grains differ, 22004 times null, 54000 maps further apart than one map may be long';

-- sql/18_slotmap_counts.sql
-- Counts along starts: one number for each set slot of a map, in order. Beside slot_instants of the same map in unnest
-- they are a list of starts with what is left at each. Next: 19_slotmap_gist.sql.

create function booking.slot_counts(starts booking.slotmap, planes booking.slotmap[])
returns integer[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_counts_wrapper';
comment on function booking.slot_counts(booking.slotmap, booking.slotmap[]) is
    'The counts in the planes of slotmap_tally_agg at each slot of starts, in order. Errors: 22003 count beyond 32 bits, 22004 null plane, 22023 grains differ';

create function booking.slot_fits(free integer[], members integer, pick integer)
returns integer[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_fits_wrapper';
comment on function booking.slot_fits(integer[], integer, integer) is
    'How many bookings fit at each start, if each takes pick different members: the largest m with sum over the members of min(free units, m) >= m * pick. free: the counts of one member after the other, as array_agg of their lists gives them. Errors: 22023 lists that differ in length, members or pick below 1, 22003 beyond 32 bits, 22004 null count';

create function booking.slot_caps(starts booking.slotmap, spans tstzrange[], caps integer[])
returns integer[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_caps_wrapper';
comment on function booking.slot_caps(booking.slotmap, tstzrange[], integer[]) is
    'At each slot of starts the least cap among the spans that hold its instant; 2147483647 where none does. Errors: 22023 not a cap for every span, 22004 null among them';

create function booking.slot_where(starts booking.slotmap, counts integer[])
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_where_wrapper';
comment on function booking.slot_where(booking.slotmap, integer[]) is
    'The slots of starts whose count is above zero. Errors: 22023 not a count for every slot, 22004 null count';

create function booking.slot_least(a integer[], b integer[])
returns integer[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slot_least_wrapper';
comment on function booking.slot_least(integer[], integer[]) is
    'The lesser of two counts, start by start. Errors: 22023 lists that differ in length, 22004 null count';

create aggregate booking.slot_least_agg(counts integer[]) (
    sfunc = booking.slot_least,
    stype = integer[],
    combinefunc = booking.slot_least,
    parallel = safe
);
comment on aggregate booking.slot_least_agg(integer[]) is
    'The least of the counts, start by start; nulls are skipped, null without any. Errors: 22023 lists that differ in length, 22004 null count';

-- sql/19_slotmap_gist.sql
-- GiST: indexes and exclusion constraints over columns of maps. What the tree keeps of a map is a key of 38 bytes, a bytea
-- that extension/core/src/index/key.rs draws; the operator then checks what is found. Next: 20_checks.sql.
--
-- Columns with = go first. A map of another grain is found whatever is asked for, so that the operator can refuse it; where each
-- resource has one grain, the resource in front keeps the others' maps out. With 30,000 maps of three grains an insert took
-- 700 us with slots first, 50 us with the resource first.

create function booking.slotmap_gist_consistent(internal, booking.slotmap, smallint, oid, internal)
returns boolean
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_gist_consistent_wrapper';
comment on function booking.slotmap_gist_consistent(internal, booking.slotmap, smallint, oid, internal) is
    'May a map below that key answer the query? A map of another grain than the query always may, so that the operator refuses it';

create function booking.slotmap_gist_union(internal, internal)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_gist_union_wrapper';
comment on function booking.slotmap_gist_union(internal, internal) is
    'The key that covers those of some entries';

create function booking.slotmap_gist_compress(internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_gist_compress_wrapper';
comment on function booking.slotmap_gist_compress(internal) is
    'The key of a map: its grain, its bounds, and the hours of the week that it touches';

create function booking.slotmap_gist_penalty(internal, internal, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_gist_penalty_wrapper';
comment on function booking.slotmap_gist_penalty(internal, internal, internal) is
    'What a page grows by when a key is put there, in time spanned by hours of the week';

create function booking.slotmap_gist_picksplit(internal, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_gist_picksplit_wrapper';
comment on function booking.slotmap_gist_picksplit(internal, internal) is
    'Makes two pages of a full one';

create function booking.slotmap_gist_same(bytea, bytea, internal)
returns internal
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_gist_same_wrapper';
comment on function booking.slotmap_gist_same(bytea, bytea, internal) is
    'Are two keys the same?';

-- The numbers are those that core gives the same operators on ranges and multiranges.
create operator class booking.slotmap_ops
    default for type booking.slotmap using gist as
    operator 3 booking.&& (booking.slotmap, booking.slotmap),
    operator 3 booking.&& (booking.slotmap, tstzrange),
    operator 7 booking.@> (booking.slotmap, booking.slotmap),
    operator 7 booking.@> (booking.slotmap, tstzrange),
    operator 8 booking.<@ (booking.slotmap, booking.slotmap),
    operator 8 booking.<@ (booking.slotmap, tstzrange),
    operator 16 booking.@> (booking.slotmap, timestamptz),
    operator 18 booking.= (booking.slotmap, booking.slotmap),
    function 1 booking.slotmap_gist_consistent(internal, booking.slotmap, smallint, oid, internal),
    function 2 booking.slotmap_gist_union(internal, internal),
    function 3 booking.slotmap_gist_compress(internal),
    function 5 booking.slotmap_gist_penalty(internal, internal, internal),
    function 6 booking.slotmap_gist_picksplit(internal, internal),
    function 7 booking.slotmap_gist_same(bytea, bytea, internal),
    storage bytea;
comment on operator class booking.slotmap_ops using gist is
    'Overlap, containment and equality of maps, with maps, ranges and instants: for indexes, and for EXCLUDE with && or =. Maps whose grains cannot be compared are refused as without the index (22023)';

-- sql/20_checks.sql
-- Checks that table constraints share. Those in SQL are not STRICT, which would keep them from being inlined: to call one
-- costs a row that comes alone 18 us, inlined 10. So each says itself what it makes of null. That of spans, on the way of
-- every booking, is written out where it is needed, for 5 us. Next: 21_tenant.sql.

create function booking.check_zone(zone text)
returns boolean
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- No name is that long, and the list below is compared line by line.
    if length(zone) > 64 then
        raise exception 'time zone "%..." not recognized', left(zone, 64)
            using errcode = '22023', hint = 'Use an IANA name such as Europe/Berlin.';
    end if;
    -- Without digits and with a slash nothing but a file of the IANA database can match; anything else may be an
    -- abbreviation or a POSIX rule ("XYZ-3"), which have no daylight-saving history and are looked up in the list.
    if zone ~ '^[A-Za-z_-]+(/[A-Za-z_-]+)+$' or zone in ('UTC', 'GMT') then
        return timezone(zone, 'epoch'::timestamptz) is not null;
    end if;
    perform from pg_timezone_names n where lower(n.name) = lower(check_zone.zone);
    if not found then
        raise exception 'time zone "%" not recognized', zone
            using errcode = '22023', hint = 'Use an IANA name such as Europe/Berlin.';
    end if;
    return true;
end
$$;
comment on function booking.check_zone(text) is
    'True for the name of an IANA time zone; any other text raises 22023. For CHECK constraints.';

create function booking.check_slug(slug text)
returns boolean
language sql
immutable
parallel safe
begin atomic
    -- A slug that reads as a uuid could not be told from an id in a URL.
    select slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' and slug !~ '^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$';
end;
comment on function booking.check_slug(text) is
    'True for 1 to 63 lower-case letters, digits and inner hyphens that are not the form of a uuid. For CHECK constraints.';

create function booking.check_durations(durations int[])
returns boolean
language sql
immutable
parallel safe
begin atomic
    select case
        when durations is null then null
        when array_ndims(durations) = 1 and cardinality(durations) <= 100
            then array_position(durations, null) is null and 0 < all (durations) and 525600 >= all (durations)
        else false
    end;
end;
comment on function booking.check_durations(int[]) is
    'True for 1 to 100 durations, each of 1 minute to 365 days. For CHECK constraints.';

create function booking.check_weekdays(weekdays int[])
returns boolean
language sql
immutable
parallel safe
begin atomic
    select weekdays is null
        or coalesce(
            array_ndims(weekdays) = 1 and weekdays <@ array[1, 2, 3, 4, 5, 6, 7] and array_position(weekdays, null) is null, false);
end;
comment on function booking.check_weekdays(int[]) is 'True for one or more ISO weekdays, 1 to 7. For CHECK constraints.';

-- What indexes of bookings order by. lower() is not LEAKPROOF, so under row-level security a member's query can't look for it
-- before the policy has seen the row: a day's bookings among 40,000 were a scan of all of them. It gives nothing away, nor
-- does it raise.
create function booking.span_start(span tstzrange)
returns timestamptz
language internal
immutable
parallel safe
strict
leakproof
as 'range_lower';
comment on function booking.span_start(tstzrange) is 'As lower(span), for indexes that are used under row-level security, too.';

-- sql/21_tenant.sql
-- Who: tenants, their members, their locations. Next: 22_schedule.sql.

create table booking.tenant (
    tenant_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null default 'UTC',
    settings jsonb not null default '{}',
    own_hold_ttl interval not null default '7 days',
    max_session_holds int not null default 10,
    max_client_holds int not null default 50,
    active boolean not null default true,
    version bigint not null default 0,
    constraint tenant_pkey primary key (tenant_id),
    constraint tenant_slug_key unique (slug),
    constraint tenant_slug_form check (booking.check_slug(slug)),
    constraint tenant_zone_known check (booking.check_zone(zone)),
    constraint tenant_own_hold_ttl_bounded check (own_hold_ttl > '0' and own_hold_ttl <= '400 days'),
    constraint tenant_holds_some check (max_session_holds >= 0 and max_client_holds >= 0),
    constraint tenant_settings_object check (jsonb_typeof(settings) = 'object'),
    constraint tenant_manage_url_form check (settings ->> 'manage_url' ~ '^https?://.*[{]token[}]')
);
comment on table booking.tenant is
    'One practice, studio or venue. Its id is part of every key below it. To delete one with all that is its: its bookings '
    'first, then, after SET CONSTRAINTS ALL DEFERRED, the tenant.';
comment on column booking.tenant.zone is 'IANA time zone: the default of its resources and services.';
comment on column booking.tenant.settings is
    'manage_url: the page on which a customer sees, moves or cancels a booking, with {token} where its token goes.';
comment on column booking.tenant.own_hold_ttl is 'How long a hold of its own (booking.hold_for) lives where nobody says.';
comment on column booking.tenant.max_session_holds is
    'How many live holds the public may have by one session (BK008). Applications that call the engine themselves are not asked.';
comment on column booking.tenant.max_client_holds is
    'How many live holds the public may have by one client, as booking.client knows it: an address may be that of a whole office. '
    'Its pending bookings that block are among them, until they are confirmed or over.';
comment on column booking.tenant.active is 'False: the public surface answers as if it did not exist.';
comment on column booking.tenant.version is 'Counts changes; an update of it is the lock on the row.';

create table booking.member (
    tenant_id uuid not null,
    user_id text not null,
    role text not null,
    version bigint not null default 0,
    constraint member_pkey primary key (tenant_id, user_id),
    constraint member_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint member_role_known check (role in ('owner', 'manager', 'viewer'))
);
comment on table booking.member is 'Who runs a tenant. A signed-in customer is not a member.';
comment on column booking.member.user_id is 'The sub claim of the JWT.';

create table booking.location (
    tenant_id uuid not null,
    location_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    version bigint not null default 0,
    constraint location_pkey primary key (tenant_id, location_id),
    constraint location_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint location_slug_key unique (tenant_id, slug),
    constraint location_slug_form check (booking.check_slug(slug))
);
comment on table booking.location is 'Where a resource stands or works.';

-- sql/22_schedule.sql
-- When: weekly windows, seasons, overrides, holidays and travel, reusable by many resources. The rule that reads them:
-- 30_open.sql. Next: 23_resource.sql.

create table booking.holiday_set (
    tenant_id uuid not null,
    holiday_set_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    version bigint not null default 0,
    constraint holiday_set_pkey primary key (tenant_id, holiday_set_id),
    constraint holiday_set_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint holiday_set_slug_key unique (tenant_id, slug),
    constraint holiday_set_slug_form check (booking.check_slug(slug))
) with (fillfactor = 70);
comment on table booking.holiday_set is
    'Holidays that many schedules share. A set that a schedule uses cannot be deleted (23503).';
comment on column booking.holiday_set.version is 'Counts changes; an update of it is the lock on the row and its holidays.';

create table booking.holiday (
    tenant_id uuid not null,
    holiday_set_id uuid not null,
    holiday_id uuid not null default gen_random_uuid(),
    dates daterange not null,
    opens time,
    closes time,
    name text,
    version bigint not null default 0,
    constraint holiday_pkey primary key (tenant_id, holiday_set_id, holiday_id),
    constraint holiday_holiday_set_fkey foreign key (tenant_id, holiday_set_id)
        references booking.holiday_set on delete cascade,
    constraint holiday_dates_bounded check (
        not isempty(dates) and not lower_inf(dates) and not upper_inf(dates)
        and isfinite(lower(dates)) and isfinite(upper(dates))),
    constraint holiday_both_or_closed check ((opens is null) = (closes is null)),
    constraint holiday_closes_after_opens check (closes > opens)
);
comment on table booking.holiday is
    'Replaces the weekly windows of every schedule that uses its set, except on dates that an override of the schedule covers. '
    'Rows are read as those of schedule_override: one window, or closed; the narrowest range wins, equals merge.';
comment on column booking.holiday.dates is 'Local dates, half-open; a day that comes each year is a row a year.';

create table booking.schedule (
    tenant_id uuid not null,
    schedule_id uuid not null default gen_random_uuid(),
    name text not null,
    zone text not null,
    holiday_set_id uuid,
    version bigint not null default 0,
    constraint schedule_pkey primary key (tenant_id, schedule_id),
    constraint schedule_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint schedule_holiday_set_fkey foreign key (tenant_id, holiday_set_id) references booking.holiday_set deferrable,
    constraint schedule_zone_known check (booking.check_zone(zone))
) with (fillfactor = 70);
comment on table booking.schedule is
    'Opening hours as a reusable object. Without rules it is never open. One that a resource or a service uses cannot be '
    'deleted (23503): give them another first, or none.';
comment on column booking.schedule.zone is
    'IANA time zone of the wall clock that its windows are read on. Where it changes, hours move; bookings keep their instants.';
comment on column booking.schedule.holiday_set_id is 'The holidays that it keeps; null: none.';
comment on column booking.schedule.version is 'Counts changes; an update of it is the lock on the row and its windows.';

create index schedule_holiday_set on booking.schedule (tenant_id, holiday_set_id);

create table booking.schedule_rule (
    tenant_id uuid not null,
    schedule_id uuid not null,
    rule_id uuid not null default gen_random_uuid(),
    weekday smallint not null,
    opens time not null,
    closes time not null,
    valid daterange not null default '(,)',
    location_id uuid,
    version bigint not null default 0,
    constraint schedule_rule_pkey primary key (tenant_id, schedule_id, rule_id),
    constraint schedule_rule_schedule_fkey foreign key (tenant_id, schedule_id)
        references booking.schedule on delete cascade,
    constraint schedule_rule_location_fkey foreign key (tenant_id, location_id) references booking.location deferrable,
    constraint schedule_rule_weekday_iso check (weekday between 1 and 7),
    constraint schedule_rule_closes_after_opens check (closes > opens),
    constraint schedule_rule_valid_some check (not isempty(valid))
);
comment on table booking.schedule_rule is
    'A weekly window. Windows of one weekday may touch or overlap: they merge. One that crosses midnight is two windows.';
comment on column booking.schedule_rule.weekday is 'ISO weekday: 1 is Monday, 7 is Sunday.';
comment on column booking.schedule_rule.closes is 'Wall clock; 24:00 is the end of the day.';
comment on column booking.schedule_rule.location_id is 'Where its slots take place; null: where the resource stands.';
comment on column booking.schedule_rule.valid is 'Local dates on which the rule holds: a season. Unbounded by default.';

create table booking.schedule_override (
    tenant_id uuid not null,
    schedule_id uuid not null,
    override_id uuid not null default gen_random_uuid(),
    dates daterange not null,
    opens time,
    closes time,
    location_id uuid,
    reason text,
    version bigint not null default 0,
    constraint schedule_override_pkey primary key (tenant_id, schedule_id, override_id),
    constraint schedule_override_schedule_fkey foreign key (tenant_id, schedule_id)
        references booking.schedule on delete cascade,
    constraint schedule_override_location_fkey foreign key (tenant_id, location_id) references booking.location deferrable,
    constraint schedule_override_dates_bounded check (
        not isempty(dates) and not lower_inf(dates) and not upper_inf(dates)
        and isfinite(lower(dates)) and isfinite(upper(dates))),
    constraint schedule_override_both_or_closed check ((opens is null) = (closes is null)),
    constraint schedule_override_closes_after_opens check (closes > opens)
);
comment on table booking.schedule_override is
    'Replaces weekly windows and holidays on its dates: a row is one window, a row without times is closed. '
    'The narrowest range that covers a date wins; rows of equally narrow ranges merge.';
comment on column booking.schedule_override.dates is 'Local dates, half-open.';
comment on column booking.schedule_override.location_id is 'Where its slots take place; null: where the resource stands.';

create table booking.schedule_travel (
    tenant_id uuid not null,
    schedule_id uuid not null,
    travel_id uuid not null default gen_random_uuid(),
    dates daterange not null,
    zone text not null,
    version bigint not null default 0,
    constraint schedule_travel_pkey primary key (tenant_id, schedule_id, travel_id),
    constraint schedule_travel_schedule_fkey foreign key (tenant_id, schedule_id)
        references booking.schedule on delete cascade,
    constraint schedule_travel_no_overlap exclude using gist (schedule_id with =, dates with &&, tenant_id with =),
    constraint schedule_travel_dates_bounded check (
        not isempty(dates) and not lower_inf(dates) and not upper_inf(dates)
        and isfinite(lower(dates)) and isfinite(upper(dates))),
    constraint schedule_travel_zone_known check (booking.check_zone(zone))
);
comment on table booking.schedule_travel is
    'On these local dates the windows of the schedule are read on the wall clock of another zone. Where the zone changes from '
    'one date to the next, an instant may belong to both dates or to none: it is open if it is in a window of either.';
comment on column booking.schedule_travel.dates is 'Local dates of the other zone, half-open; those of one schedule may not overlap (23P01).';

-- sql/23_resource.sql
-- What can be booked. Next: 24_service.sql.

create table booking.resource (
    tenant_id uuid not null,
    resource_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null,
    grain int not null default 15,
    capacity int not null default 1,
    schedule_id uuid,
    location_id uuid,
    active boolean not null default true,
    public boolean not null default true,
    metadata jsonb not null default '{}',
    version bigint not null default 0,
    constraint resource_pkey primary key (tenant_id, resource_id),
    constraint resource_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint resource_schedule_fkey foreign key (tenant_id, schedule_id) references booking.schedule deferrable,
    constraint resource_location_fkey foreign key (tenant_id, location_id) references booking.location deferrable,
    constraint resource_slug_key unique (tenant_id, slug),
    constraint resource_slug_form check (booking.check_slug(slug)),
    constraint resource_zone_known check (booking.check_zone(zone)),
    constraint resource_grain_known check (grain in (1, 5, 10, 15, 20, 30, 60)),
    constraint resource_capacity_some check (capacity between 1 and 1000)
) with (fillfactor = 50);
comment on table booking.resource is 'Anything that can be booked: staff, room, equipment, venue.';
comment on column booking.resource.zone is
    'IANA time zone, which put_hours gives the schedule; the tenant''s where none is given. Hours are read in that of the schedule.';
comment on column booking.resource.grain is
    'Minutes a slot: 1, 5, 10, 15, 20, 30 or 60. All resources of a service share one. Where it changes, what was booked '
    'keeps its time, and is busy in every slot that it touches.';
comment on column booking.resource.capacity is
    'How many identical units there are; each is booked by itself. Not lowered below one that is held or booked (23514).';
comment on column booking.resource.active is
    'False: taken for nothing new. Its bookings stay and can be cancelled, its live holds can be booked.';
comment on column booking.resource.schedule_id is 'Its opening hours; null: always open.';
comment on column booking.resource.version is
    'Counts changes; an update of it is the lock under which its pages are written (half of each block is left free, so it stays HOT).';

create index resource_schedule on booking.resource (tenant_id, schedule_id);

-- One home for "the tenant's zone where none is given", for resource and service alike.
create function booking.tg_default_zone()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if new.zone is null then
        select t.zone into new.zone from booking.tenant t where t.tenant_id = new.tenant_id;
    end if;
    return new;
end
$$;
comment on function booking.tg_default_zone() is 'BEFORE ROW: fills a null zone from the tenant.';

create trigger _100_default_zone
before insert on booking.resource
for each row when (new.zone is null)
execute function booking.tg_default_zone();

-- sql/24_service.sql
-- What is sold, and the resources that it takes. Next: 25_service_grain.sql.

create table booking.service (
    tenant_id uuid not null,
    service_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null,
    kind text not null default 'slot',
    durations int[] not null default '{}',
    min_length int,
    max_length int,
    check_in time,
    check_out time,
    arrival_days int[],
    crosses_closed boolean not null default false,
    seats int,
    step int,
    buffer_before int not null default 0,
    buffer_after int not null default 0,
    min_notice interval not null default '0',
    horizon interval,
    bookable daterange not null default '(,)',
    schedule_id uuid,
    hold_ttl interval not null default '10 minutes',
    max_hold_age interval not null default '1 hour',
    max_holds int default 1000,
    needs_approval boolean not null default false,
    approval_ttl interval not null default '1 day',
    price numeric(12, 2),
    currency text,
    payment_ttl interval not null default '30 minutes',
    pending_blocks boolean not null default true,
    cancel_notice interval not null default '0',
    reschedule_notice interval not null default '0',
    active boolean not null default true,
    public boolean not null default true,
    metadata jsonb not null default '{}',
    version bigint not null default 0,
    constraint service_pkey primary key (tenant_id, service_id),
    constraint service_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint service_schedule_fkey foreign key (tenant_id, schedule_id) references booking.schedule deferrable,
    constraint service_slug_key unique (tenant_id, slug),
    constraint service_slug_form check (booking.check_slug(slug)),
    constraint service_zone_known check (booking.check_zone(zone)),
    constraint service_kind_known check (kind in ('slot', 'stay', 'span')),
    constraint service_durations_positive check (durations = '{}' or booking.check_durations(durations)),
    constraint service_durations_of_kind check (
        case kind
            when 'slot' then durations <> '{}' and min_length is null
            when 'stay' then (durations = '{}') = (min_length is not null)
            else durations = '{}' and min_length is not null
        end),
    constraint service_length_bounded check (
        num_nonnulls(min_length, max_length) <> 1 and 1 <= min_length and min_length <= max_length
        and max_length <= case kind when 'stay' then 365 else 525600 end),
    constraint service_nights_bounded check (kind <> 'stay' or 365 >= all (durations)),
    constraint service_check_in_of_stay check (
        num_nonnulls(check_in, check_out) = case kind when 'stay' then 2 else 0 end and check_in < '24:00'
        and extract(second from check_in) = 0 and extract(second from check_out) = 0),
    constraint service_arrival_of_stay check (arrival_days is null or kind = 'stay'),
    constraint service_arrival_iso check (booking.check_weekdays(arrival_days)),
    constraint service_crosses_of_span check (not crosses_closed or kind = 'span'),
    constraint service_seats_of_slot check (seats is null or seats between 1 and 10000 and kind = 'slot'),
    constraint service_step_of_start check (step is null or kind <> 'stay'),
    constraint service_step_positive check (step between 1 and 525600),
    constraint service_buffers_positive check (buffer_before between 0 and 525600 and buffer_after between 0 and 525600),
    constraint service_min_notice_positive check (min_notice >= '0' and min_notice <= '10 years'),
    constraint service_bookable_some check (not isempty(bookable)),
    constraint service_bookable_bounded check (
        coalesce(lower(bookable) between '0001-01-01' and '9999-01-01', true)
        and coalesce(upper(bookable) between '0001-01-01' and '9999-01-01', true)),
    constraint service_horizon_positive check (horizon > '0' and horizon <= '100 years'),
    constraint service_hold_ttl_bounded check (hold_ttl > '0' and hold_ttl <= max_hold_age),
    constraint service_max_holds_some check (max_holds >= 0),
    constraint service_max_hold_age_bounded check (max_hold_age <= '7 days'),
    constraint service_approval_ttl_bounded check (approval_ttl > '0' and approval_ttl <= '90 days'),
    constraint service_payment_ttl_bounded check (payment_ttl > '0' and payment_ttl <= '90 days'),
    constraint service_price_positive check (price >= 0 and price <> 'NaN'),
    constraint service_price_has_currency check ((price is null) = (currency is null)),
    constraint service_currency_iso check (currency ~ '^[A-Z]{3}$'),
    constraint service_notices_positive check (
        cancel_notice >= '0' and cancel_notice <= '10 years' and reschedule_notice >= '0' and reschedule_notice <= '10 years')
) with (fillfactor = 50);
comment on table booking.service is 'What is booked: how long, how far ahead, with which buffers.';
comment on column booking.service.zone is 'IANA time zone of its dates; the tenant''s where none is given.';
comment on column booking.service.kind is
    'slot: starts on a grid, for one of the durations. stay: nights, from check_in on one local date to check_out on a later '
    'one. span: a freely chosen start and end. A hold that lives books what it held, whatever changes here meanwhile.';
comment on column booking.service.active is
    'False: unknown to whoever would list, hold or book it (P0002). Its bookings stay and can be cancelled, its live holds can be booked.';
comment on column booking.service.durations is
    'Minutes of a slot, nights of a stay; the first is what a visitor is shown first, the shortest is the default. '
    'Empty where min_length and max_length say what is allowed.';
comment on column booking.service.min_length is 'The shortest: nights of a stay, minutes of a span; also the default.';
comment on column booking.service.max_length is 'The longest: nights of a stay, minutes of a span.';
comment on column booking.service.check_in is 'Of a stay: wall clock of its start on the date of arrival.';
comment on column booking.service.check_out is
    'Of a stay: wall clock of its end on the date of departure, which is free for the next arrival. For a gap between '
    'guests use the buffers.';
comment on column booking.service.arrival_days is 'Of a stay: ISO weekdays on which it may begin; null: every day.';
comment on column booking.service.crosses_closed is 'Of a span: hours between its two ends may be closed.';
comment on column booking.service.seats is
    'How many may book the same start together, as in a class; null: nobody shares. The first booking takes the resources, '
    'others join it until all seats are taken. Fewer than are taken: nobody is put out, and no more are sold; null: what is '
    'taken stays, and shuts out everybody else.';
comment on column booking.service.step is 'Minutes between starts; null: the shortest duration of a slot, the grain for a span.';
comment on column booking.service.buffer_before is 'Minutes before a booking that nobody else may have.';
comment on column booking.service.buffer_after is 'Minutes after a booking that nobody else may have.';
comment on column booking.service.min_notice is 'A start is offered from now + min_notice on.';
comment on column booking.service.horizon is 'A start is offered before now + horizon; null: however far ahead.';
comment on column booking.service.bookable is 'Local dates on which a start is offered at all. Unbounded by default.';
comment on column booking.service.schedule_id is 'Hours of the service itself, beside those of its resources; null: none.';
comment on column booking.service.hold_ttl is 'How long a hold lives when the caller does not say.';
comment on column booking.service.max_hold_age is 'The longest that a visitor''s hold may live.';
comment on column booking.service.max_holds is
    'How many live holds visitors may have of it together before the public is told to come back later (BK008); null: any number.';
comment on column booking.service.needs_approval is 'A booking is pending until the tenant approves it.';
comment on column booking.service.approval_ttl is 'How long a booking waits for approval, at most until it is over; then it has expired.';
comment on column booking.service.price is 'Of one booking (of a class, of one seat), in its currency; null or 0: nothing is to be paid.';
comment on column booking.service.currency is 'ISO 4217, such as EUR.';
comment on column booking.service.payment_ttl is 'How long a booking waits for its payment, at most until it is over; then it has expired.';
comment on column booking.service.pending_blocks is
    'Whether a pending booking keeps its slot from others. False: others may ask for it, too, and whoever is confirmed first has it.';
comment on column booking.service.cancel_notice is
    'Until how long before its start a customer may cancel a booking; whoever runs the tenant always may.';
comment on column booking.service.reschedule_notice is
    'Until how long before its start a customer may reschedule a booking; whoever runs the tenant always may.';
comment on column booking.service.version is 'Counts changes; an update of it is the lock under which limits are counted.';

create trigger _100_default_zone
before insert on booking.service
for each row when (new.zone is null)
execute function booking.tg_default_zone();

create table booking.service_requirement (
    tenant_id uuid not null,
    service_id uuid not null,
    requirement_id uuid not null default gen_random_uuid(),
    pick int not null default 1,
    strategy text not null default 'round_robin',
    version bigint not null default 0,
    constraint service_requirement_pkey primary key (tenant_id, service_id, requirement_id),
    constraint service_requirement_service_fkey foreign key (tenant_id, service_id)
        references booking.service on delete cascade,
    constraint service_requirement_pick_some check (pick between 1 and 100),
    constraint service_requirement_strategy_known check (strategy in ('round_robin', 'least_busy', 'priority', 'any'))
) with (fillfactor = 50);
comment on table booking.service_requirement is
    'A service needs every one of its requirements; each takes `pick` of its resources. One resource, a pool and a team are all this.';
comment on column booking.service_requirement.pick is
    'How many of its resources a booking takes; with fewer active ones the service is not offered.';
comment on column booking.service_requirement.strategy is
    'Who is taken first: round_robin (fewest bookings and live holds by weight), least_busy (fewest claims on that date), priority, any (by id).';

create table booking.requirement_resource (
    tenant_id uuid not null,
    service_id uuid not null,
    requirement_id uuid not null,
    resource_id uuid not null,
    weight int not null default 1,
    priority int not null default 0,
    booked bigint not null default 0,
    version bigint not null default 0,
    constraint requirement_resource_pkey primary key (tenant_id, service_id, resource_id),
    constraint requirement_resource_requirement_fkey foreign key (tenant_id, service_id, requirement_id)
        references booking.service_requirement on delete cascade,
    constraint requirement_resource_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable,
    constraint requirement_resource_weight_some check (weight between 1 and 1000000)
) with (fillfactor = 50);
comment on table booking.requirement_resource is
    'A member of a requirement. The key says that a resource stands in at most one requirement of a service.';
comment on column booking.requirement_resource.weight is 'Its share under round_robin, relative to the others''.';
comment on column booking.requirement_resource.priority is 'Under priority: the lowest number is taken first.';
comment on column booking.requirement_resource.booked is 'Bookings given to it so far, less those cancelled.';

create index requirement_resource_resource on booking.requirement_resource (tenant_id, resource_id);

create table booking.service_limit (
    tenant_id uuid not null,
    service_id uuid not null,
    scope text not null default 'service',
    period text not null,
    max_count int,
    max_minutes int,
    version bigint not null default 0,
    constraint service_limit_pkey primary key (tenant_id, service_id, scope, period),
    constraint service_limit_service_fkey foreign key (tenant_id, service_id) references booking.service on delete cascade,
    constraint service_limit_scope_known check (scope in ('service', 'resource', 'customer')),
    constraint service_limit_period_known check (period in ('day', 'week', 'month')),
    constraint service_limit_some check (num_nonnulls(max_count, max_minutes) > 0),
    constraint service_limit_positive check (max_count >= 0 and max_minutes >= 0)
);
comment on table booking.service_limit is
    'How many bookings of a service there may be: of the service as a whole, of each resource, of each customer; in each '
    'local day, week (from Monday) or month of the service''s zone, to which a booking belongs by its start. Live holds '
    'count as bookings; of a customer, bookings only, when one is booked. One lowered below what is booked keeps the '
    'bookings and admits no more.';
comment on column booking.service_limit.max_count is 'How many bookings; null: any number.';
comment on column booking.service_limit.max_minutes is
    'How long they may be together, in minutes from start to end without buffers; null: any length. Of a stay a night counts '
    '1440, also where a change of the clock makes it longer or shorter.';

-- sql/25_service_grain.sql
-- All resources of a service share one grain, and everything the service counts in minutes lies on it.
-- Next: 26_busy_window.sql.

create function booking.largest_grain(minutes int[], zones text[])
returns int
language sql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- Offsets of this winter and this summer: Kathmandu (+5:45) wants 15, Lord Howe in summer (+11) and winter (+10:30) 30.
    select max(g)
    from unnest(array[1, 5, 10, 15, 20, 30, 60]) g
    where not exists (select from unnest(minutes) m where m % g <> 0)
        and not exists (
            select
            from unnest(zones) z
            cross join lateral unnest(array[date_trunc('year', now()), date_trunc('year', now()) + interval '181 days']) t
            where (extract(epoch from timezone(z, t) - timezone('UTC', t)) / 60)::int % g <> 0);
end;
comment on function booking.largest_grain(int[], text[]) is
    'The largest grain, in minutes, that divides all the given minutes and the UTC offsets of the zones. For hints.';

create function booking.service_minutes(service booking.service)
returns int[]
language sql
immutable
parallel safe
begin atomic
    select array_remove(
        case service.kind
            when 'slot' then service.durations
            when 'span' then array[service.min_length, service.max_length]
            else array[
                extract(epoch from service.check_in)::int / 60, extract(epoch from service.check_out)::int / 60]
        end || array[service.step, service.buffer_before, service.buffer_after],
        null);
end;
comment on function booking.service_minutes(booking.service) is 'Everything that a service counts in minutes and that has to lie on the grain.';

create function booking.check_service_grain(tenant uuid, service uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_service booking.service;
    v_grains int[];
    v_minutes int[];
    v_off int;
    v_hint text;
begin
    -- The lock lets two writers that add a resource each see one another.
    update booking.service s
    set version = s.version + 1
    where s.tenant_id = check_service_grain.tenant and s.service_id = check_service_grain.service
    returning s.* into v_service;
    if not found then
        return;
    end if;
    v_minutes := booking.service_minutes(v_service);
    select array_agg(distinct r.grain),
        format('The largest grain that fits them and the UTC offsets of the zones is %s minutes.',
            booking.largest_grain(v_minutes, array_agg(r.zone) || v_service.zone))
    into v_grains, v_hint
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id;
    if cardinality(v_grains) > 1 then
        raise exception 'resources of service "%" have different grains', v_service.slug
            using errcode = '22023', detail = format('Grains: %s minutes.', array_to_string(v_grains, ', ')), hint = v_hint;
    end if;
    -- A map of 400 days, and of what one start needs around it, has to fit into 2^20 slots.
    select max(d) * case v_service.kind when 'stay' then 1440 else 1 end + v_service.buffer_before + v_service.buffer_after
    into v_off
    from unnest(v_service.durations || v_service.max_length) d;
    if v_off > v_grains[1] * 1048576 - 420 * 1440 then
        raise exception '% minutes with buffers are too long for a grain of % minutes of service "%"',
            v_off, v_grains[1], v_service.slug
            using errcode = '22023', hint = 'Give its resources a larger grain.';
    end if;
    select m into v_off from unnest(v_minutes) m where m % v_grains[1] <> 0 limit 1;
    if found then
        raise exception '% minutes are off the grain of % minutes of service "%"', v_off, v_grains[1], v_service.slug
            using errcode = '22023', hint = v_hint;
    end if;
    -- Hours are rounded inward; the wall clock of an arrival has to be met.
    if v_service.kind = 'stay' and booking.largest_grain(v_grains, array[v_service.zone]) % v_grains[1] <> 0 then
        raise exception 'the clocks of % are off the grain of % minutes of service "%"', v_service.zone, v_grains[1], v_service.slug
            using errcode = '22023', hint = v_hint;
    end if;
end
$$;
comment on function booking.check_service_grain(uuid, uuid) is
    '22023 where resources of a service differ in grain, where a duration, step or buffer is off it, or where they are too long '
    'for it; the hint names a grain that fits.';

create function booking.tg_service_grain()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if tg_table_name = 'resource' then
        perform booking.check_service_grain(m.tenant_id, m.service_id)
        from booking.requirement_resource m
        where m.tenant_id = new.tenant_id and m.resource_id = new.resource_id
        order by m.service_id;
    else
        if tg_table_name = 'requirement_resource' then
            -- Its grain may be changing at this moment. Resources before services, as an update of the grain has it.
            perform booking.lock_resources(new.tenant_id, array[new.resource_id]);
        end if;
        perform booking.check_service_grain(new.tenant_id, new.service_id);
    end if;
    return null;
end
$$;
comment on function booking.tg_service_grain() is 'AFTER ROW on service, requirement_resource and resource: one grain a service.';

create constraint trigger _500_grain
after update of kind, durations, min_length, max_length, check_in, check_out, zone, step, buffer_before, buffer_after on booking.service
deferrable initially immediate
for each row
execute function booking.tg_service_grain();

create constraint trigger _500_grain
after insert or update of resource_id, service_id on booking.requirement_resource
deferrable initially immediate
for each row
execute function booking.tg_service_grain();

create constraint trigger _500_grain
after update of grain on booking.resource
deferrable initially immediate
for each row when (old.grain <> new.grain)
execute function booking.tg_service_grain();

-- sql/26_busy_window.sql
-- Busy time from outside: calendars, absences. It blocks all units and may overlap claims. Next: 27_booking.sql.

create table booking.busy_window (
    tenant_id uuid not null,
    busy_window_id uuid not null default gen_random_uuid(),
    resource_id uuid not null,
    connection_id uuid,
    external_id text,
    span tstzrange not null,
    reason text,
    version bigint not null default 0,
    constraint busy_window_pkey primary key (tenant_id, busy_window_id),
    constraint busy_window_resource_fkey foreign key (tenant_id, resource_id) references booking.resource on delete cascade,
    constraint busy_window_external_key unique (tenant_id, resource_id, connection_id, external_id),
    -- Calendars do have events of no length: they are kept, and block nothing.
    constraint busy_window_span_bounded check (
        isempty(span)
        or (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    -- A year is more than any absence; without a bound one row could cost a thousand pages.
    constraint busy_window_span_length check (isempty(span) or upper(span) - lower(span) <= '3700 days')
);
comment on table booking.busy_window is
    'External busy time of a resource. The outside world does not ask: it may overlap claims, and wins over holds when they are booked.';
comment on column booking.busy_window.connection_id is 'The calendar connection that it came by; null: entered by hand.';
comment on column booking.busy_window.span is 'Half-open instants; rounded outward to the grain of the resource.';

create index busy_window_span on booking.busy_window using gist (resource_id, span, tenant_id);

-- sql/27_booking.sql
-- Holds, bookings, what was assigned to them, and their history. What guards them: 28_claim.sql.

create table booking.hold (
    tenant_id uuid not null,
    hold_id uuid not null default gen_random_uuid(),
    service_id uuid not null,
    session_hash bytea,
    booking_id uuid,
    client text,
    span tstzrange not null,
    seats int not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    ttl interval,
    expires_at timestamptz not null,
    note text,
    version bigint not null default 0,
    constraint hold_pkey primary key (tenant_id, hold_id),
    constraint hold_service_fkey foreign key (tenant_id, service_id) references booking.service on delete cascade,
    constraint hold_owner_one check (num_nonnulls(session_hash, booking_id) <= 1),
    constraint hold_session_sha256 check (octet_length(session_hash) = 32),
    constraint hold_seats_some check (seats between 1 and 10000),
    constraint hold_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    constraint hold_ttl_positive check (ttl > '0'),
    constraint hold_expires_finite check (isfinite(expires_at))
) with (fillfactor = 50);
comment on table booking.hold is
    'A slot that is kept for somebody: for a visitor about to book, for a pending booking, or by the tenant. Past expires_at '
    'it is invisible to every read and in nobody''s way.';
comment on column booking.hold.session_hash is
    'sha256 of the session id, which is kept nowhere; null: a pending booking''s, or the tenant''s own.';
comment on column booking.hold.booking_id is 'The pending booking that it keeps a slot for, until that is confirmed; null: nobody''s yet.';
comment on column booking.hold.client is 'Who took it, as booking.client says; null: nothing is known.';
comment on column booking.hold.ttl is 'For how long a heartbeat renews it; null: for the hold_ttl of its service.';
comment on column booking.hold.note is 'Of the tenant''s own: for whom, or what it is about.';
comment on column booking.hold.span is 'Start and end as the visitor sees them; buffers are in the claims.';
comment on column booking.hold.seats is 'How many seats of a class; 1 for everything else.';
-- expires_at stays out of every index, so that a renewal is a HOT update.
-- Without the tenant, so that neither is of any use for finding a hold by its key: a plan made while there were no holds takes
-- any index for as good as any other, and by the tenant it then read all 2,000 holds for each of them (20 ms a call).
-- Of two that look alike it takes the younger (until PostgreSQL 15): that of the session, who has few.
create index hold_service on booking.hold (service_id);
create index hold_session on booking.hold (session_hash);
create index hold_client on booking.hold (tenant_id, client) where client is not null;

create table booking.booking (
    tenant_id uuid not null,
    booking_id uuid not null default gen_random_uuid(),
    service_id uuid not null,
    status text not null default 'confirmed',
    span tstzrange not null,
    seats int not null default 1,
    expires_at timestamptz,
    source text not null default 'website',
    customer jsonb not null default '{}',
    customer_key text,
    needs_approval boolean not null default false,
    price numeric(12, 2),
    currency text,
    series_id uuid,
    links jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    version bigint not null default 0,
    constraint booking_pkey primary key (tenant_id, booking_id),
    constraint booking_service_fkey foreign key (tenant_id, service_id) references booking.service deferrable,
    constraint booking_status_known check (
        status in ('pending', 'confirmed', 'cancelled', 'declined', 'completed', 'no_show', 'expired')),
    constraint booking_seats_some check (seats between 1 and 10000),
    constraint booking_expires_while_pending check (expires_at is null or status in ('pending', 'expired')),
    constraint booking_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    constraint booking_customer_object check (jsonb_typeof(customer) = 'object'),
    constraint booking_links_object check (jsonb_typeof(links) = 'object'),
    constraint booking_price_positive check (price >= 0 and price <> 'NaN'),
    constraint booking_price_has_currency check ((price is null) = (currency is null))
) with (fillfactor = 90);
comment on table booking.booking is 'A booking, for good: a cancelled one keeps its row and what was assigned to it.';
comment on column booking.booking.span is 'Start and end as the customer sees them; buffers are in the claims.';
comment on column booking.booking.seats is 'How many seats of a class; 1 for everything else.';
comment on column booking.booking.expires_at is 'When a pending booking lapses; past it reads as expired.';
comment on column booking.booking.source is 'Where it came from: website, owner, google, ...';
comment on column booking.booking.customer_key is 'Who the customer is: the sub of a JWT, else the lower-cased e-mail, else the phone.';
comment on column booking.booking.needs_approval is 'Still to be approved.';
comment on column booking.booking.price is 'What it costs in all, in its currency, as the service had it when it was booked; null: nothing.';
comment on column booking.booking.series_id is 'The series that it was booked in; null: by itself.';
comment on column booking.booking.links is 'Ids that other systems know it by, and addresses: free for applications.';

-- Limits count by start: what is over stays out of the way, however much there is of it.
create index booking_service on booking.booking (tenant_id, service_id, booking.span_start(span));
create index booking_series on booking.booking (tenant_id, series_id) where series_id is not null;
create index booking_customer on booking.booking (tenant_id, customer_key, booking.span_start(span)) where customer_key is not null;

-- Of the few that wait: what booking.expire_bookings looks for among millions.
create index booking_pending on booking.booking (expires_at) where status = 'pending';

-- Here, since either table points to the other. Of the few holds that have one.
alter table booking.hold add constraint hold_booking_fkey foreign key (tenant_id, booking_id)
    references booking.booking on delete cascade;
create index hold_booking on booking.hold (tenant_id, booking_id) where booking_id is not null;

create table booking.booking_resource (
    tenant_id uuid not null,
    booking_id uuid not null,
    resource_id uuid not null,
    unit int not null,
    requirement_id uuid,
    constraint booking_resource_pkey primary key (tenant_id, booking_id, resource_id, unit),
    constraint booking_resource_booking_fkey foreign key (tenant_id, booking_id)
        references booking.booking on delete cascade,
    constraint booking_resource_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable
);
comment on column booking.booking_resource.requirement_id is 'For which requirement; null where the resource had left the service by then.';
comment on table booking.booking_resource is 'What was assigned to a booking, kept after it is cancelled. Claims guard, this remembers.';

create index booking_resource_resource on booking.booking_resource (tenant_id, resource_id);

create table booking.booking_event (
    tenant_id uuid not null,
    event_id uuid not null default gen_random_uuid(),
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    booking_id uuid,
    hold_id uuid,
    service_id uuid,
    code text,
    actor text,
    detail jsonb not null default '{}',
    -- By time, too: so it is the only index that an attempt without a booking pays for.
    constraint booking_event_pkey primary key (tenant_id, at, event_id),
    constraint booking_event_booking_fkey foreign key (tenant_id, booking_id)
        references booking.booking on delete cascade,
    constraint booking_event_kind_known check (kind in (
        'held', 'booked', 'confirmed', 'approved', 'declined', 'cancelled', 'rescheduled', 'reassigned', 'completed',
        'no_show', 'paid', 'expired', 'erased', 'refused')),
    constraint booking_event_code_of_refusal check ((code is not null) = (kind = 'refused')),
    constraint booking_event_detail_object check (jsonb_typeof(detail) = 'object')
);
comment on table booking.booking_event is
    'Every attempt and what became of it, append-only: who, when, outcome, conflict. Written by the functions, never by '
    'triggers: those fire while a dump is restored. Nothing here tells of a customer.';
comment on column booking.booking_event.booking_id is 'The booking; null: of a hold, or refused before there was one.';
comment on column booking.booking_event.hold_id is 'The hold, which may be gone by now.';
comment on column booking.booking_event.service_id is 'The service, which may be gone by now.';
comment on column booking.booking_event.code is 'Why it was refused: a BK code.';
comment on column booking.booking_event.actor is
    'The sub of a JWT; else session: and the sha256 of the session id, client: and the client, or role: and the role.';
comment on column booking.booking_event.detail is
    'What the kind says by itself: starts_at, resources, reason, ... Instants as text, ids as text.';

create index booking_event_attempt on booking.booking_event (at) where booking_id is null;
create index booking_event_booking on booking.booking_event (tenant_id, booking_id, at) where booking_id is not null;

-- No foreign key to the tenant: it would lock the one row that all its attempts share.
create function booking.tg_tenant__events()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    delete from booking.booking_event e
    where e.tenant_id = old.tenant_id;
    delete from booking.refusal_tally t
    where t.tenant_id = old.tenant_id;
    return null;
end
$$;
comment on function booking.tg_tenant__events() is 'AFTER ROW: the events of a tenant go with it, also those of no booking.';

create trigger _400_events
after delete on booking.tenant
for each row
execute function booking.tg_tenant__events();

-- sql/28_claim.sql
-- The one claim space: holds, bookings, buffers, units and seats of every service under one constraint.
-- Next: 29_zone.sql.

create table booking.sitting (
    tenant_id uuid not null,
    sitting_id uuid not null default gen_random_uuid(),
    service_id uuid not null,
    resource_id uuid not null,
    unit int not null,
    span tstzrange not null,
    constraint sitting_pkey primary key (tenant_id, sitting_id),
    constraint sitting_key unique (tenant_id, service_id, resource_id, unit, span),
    constraint sitting_claim_key unique (tenant_id, sitting_id, resource_id, unit, span),
    constraint sitting_service_fkey foreign key (tenant_id, service_id) references booking.service on delete cascade,
    constraint sitting_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable,
    constraint sitting_unit_some check (unit >= 1),
    constraint sitting_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true)
);
comment on table booking.sitting is
    'Where the seats of one date of a class meet: seats of a sitting share its span exactly and shut out everybody else.';

-- Past dates stay out of the way, however many there are.
create index sitting_start on booking.sitting (tenant_id, service_id, booking.span_start(span));

create table booking.claim (
    tenant_id uuid not null,
    id uuid not null default gen_random_uuid(),
    resource_id uuid not null,
    unit int not null default 1,
    span tstzrange not null,
    hold_id uuid,
    booking_id uuid,
    sitting_id uuid,
    seat int,
    constraint claim_pkey primary key (tenant_id, id),
    constraint claim_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable,
    constraint claim_hold_fkey foreign key (tenant_id, hold_id) references booking.hold on delete cascade,
    constraint claim_booking_fkey foreign key (tenant_id, booking_id) references booking.booking on delete cascade,
    constraint claim_sitting_fkey foreign key (tenant_id, sitting_id, resource_id, unit, span)
        references booking.sitting (tenant_id, sitting_id, resource_id, unit, span),
    constraint claim_seat_key unique (tenant_id, sitting_id, seat),
    constraint claim_one_owner check (num_nonnulls(hold_id, booking_id) = 1),
    constraint claim_seat_of_sitting check ((sitting_id is null) = (seat is null)),
    constraint claim_unit_some check (unit >= 1),
    constraint claim_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    -- GiST wants the selective columns first: with 400,000 claims of one tenant a look-up read 52 pages with the
    -- tenant first, 5 in this order.
    constraint claim_no_overlap exclude using gist (
        resource_id with =,
        span with &&,
        unit with =,
        tenant_id with =,
        (coalesce(sitting_id, id)) with <>)
);
comment on table booking.claim is
    'A unit of a resource, taken for a span with buffers by a hold or a booking. Released ones are deleted. '
    'Its owner says whether it can expire: a hold''s can, a booking''s cannot.';
comment on constraint claim_no_overlap on booking.claim is
    'No two claims of one unit overlap, unless they are seats of one sitting: nothing can be booked twice.';

-- Both owners look their claims up by key; the first also finds the holds of a resource without touching bookings.
-- That of holds comes last: of indexes that look alike, as all do while there are no claims, the planner takes the youngest
-- (until PostgreSQL 15), and with a plan for the whole tenant a call with 2,000 holds beside it takes 0.3 ms more.
create index claim_held on booking.claim (resource_id) where hold_id is not null;
create index claim_booking on booking.claim (tenant_id, booking_id) where booking_id is not null;
create index claim_hold on booking.claim (tenant_id, hold_id) where hold_id is not null;

-- sql/29_zone.sql
-- Zones as arithmetic. AT TIME ZONE alone has one answer for the hour that an overlap repeats, and none for what a gap
-- skips; so time is cut where the offset of a zone changes, and within a cut the clock is plain addition.
-- Next: 30_open.sql, which reads opening hours so.

create function booking.utc_offset(zone text, at timestamptz)
returns interval
language sql
immutable
parallel safe
begin atomic
    select timezone(zone, at) - timezone('UTC', at);
end;
comment on function booking.utc_offset(text, timestamptz) is 'What the clocks of a zone are ahead of UTC at an instant.';

create function booking.zone_offsets(zone text, from_ts timestamptz, to_ts timestamptz)
returns table (starts_at timestamptz, ends_at timestamptz, utc_offset interval)
language plpgsql
immutable
parallel safe
rows 2
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_same timestamptz := from_ts;
    v_other timestamptz;
    v_low int;
    v_high int;
    v_middle int;
begin
    if not isfinite(from_ts) or not isfinite(to_ts) then
        raise exception 'a range of instants cannot be infinite' using errcode = '22008';
    end if;
    starts_at := from_ts;
    utc_offset := booking.utc_offset(zone, from_ts);
    while v_same < to_ts loop
        -- The shortest stretch that the database knows is Freetown's in September 1939, 4 days less 20 minutes; since 1970
        -- Recife's in October 2000, 7 days less an hour. No step ends in the offset that it began with and misses one between.
        v_other := least(v_same + interval '72 hours', to_ts);
        if booking.utc_offset(zone, v_other) = utc_offset then
            v_same := v_other;
            continue;
        end if;
        v_low := 0;
        v_high := ceil(extract(epoch from v_other) - extract(epoch from v_same));
        while v_high - v_low > 1 loop
            v_middle := (v_low + v_high) / 2;
            if booking.utc_offset(zone, v_same + v_middle * interval '1 second') = utc_offset then
                v_low := v_middle;
            else
                v_high := v_middle;
            end if;
        end loop;
        ends_at := date_trunc('second', v_same + v_high * interval '1 second');
        return next;
        starts_at := ends_at;
        utc_offset := booking.utc_offset(zone, ends_at);
        v_same := ends_at;
    end loop;
    ends_at := to_ts;
    return next;
end
$$;
comment on function booking.zone_offsets(text, timestamptz, timestamptz) is
    'The stretches of a range, in order, in which a zone keeps one offset to UTC.';

create function booking.local_midnights(zone text, from_ts timestamptz, to_ts timestamptz)
returns timestamptz[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- The first instant of each local date that has one: 01:00 where midnight falls into a gap, no row for a date that
    -- the zone skipped.
    return (
        select array_agg(m.at order by m.at)
        from (
            select min(greatest(timezone('UTC', d.day - o.utc_offset), o.starts_at)) as at
            from booking.zone_offsets(zone, from_ts, to_ts) o
            cross join lateral generate_series(
                date_trunc('day', timezone('UTC', o.starts_at) + o.utc_offset),
                timezone('UTC', o.ends_at) + o.utc_offset,
                interval '1 day') d (day)
            where greatest(timezone('UTC', d.day - o.utc_offset), o.starts_at)
                < least(timezone('UTC', d.day + interval '1 day' - o.utc_offset), o.ends_at)
            group by d.day) m
        where m.at > from_ts);
end
$$;
comment on function booking.local_midnights(text, timestamptz, timestamptz) is
    'The first instants of the local dates that begin inside a range, in order.';

-- sql/30_open.sql
-- Opening hours: from wall-clock windows to instants. An instant is open iff its wall clock, in the zone of a local date,
-- lies in a window of that date. date_windows says which windows a date has; all others read them there. The SQL functions
-- are inlined, so that each of the others is one query. open_spans forces a generic plan on its own: custom ones depend on
-- nothing here and took 0.4 of its 0.6 ms; the rest are called by reads that do so themselves. Next: 31_page.sql.

create function booking.date_windows(tenant uuid, schedule uuid, from_day date, to_day date)
returns table (day date, by_override boolean, opens time, closes time, location_id uuid)
language sql
stable
parallel safe
rows 100
begin atomic
    -- What replaces rules is ranked, and that is a few rows: to rank those of the rules with them took half of all the time.
    with special as materialized (
        select s.day, s.source, s.opens, s.closes, s.location_id,
            rank() over (partition by s.day order by s.source, s.width) as place
        from (
            select greatest(lower(o.dates), from_day) + n.n as day, 1 as source, upper(o.dates) - lower(o.dates) as width,
                o.opens, o.closes, o.location_id
            from booking.schedule_override o
            cross join lateral generate_series(
                0, least(upper(o.dates), to_day) - greatest(lower(o.dates), from_day) - 1) n (n)
            where o.tenant_id = tenant and o.schedule_id = schedule and o.dates && daterange(from_day, to_day)
            union all
            select greatest(lower(h.dates), from_day) + n.n, 2, upper(h.dates) - lower(h.dates), h.opens, h.closes, null
            from booking.schedule c
            join booking.holiday h on h.tenant_id = c.tenant_id and h.holiday_set_id = c.holiday_set_id
            cross join lateral generate_series(
                0, least(upper(h.dates), to_day) - greatest(lower(h.dates), from_day) - 1) n (n)
            where c.tenant_id = tenant and c.schedule_id = schedule and h.dates && daterange(from_day, to_day)) s)
    select s.day, s.source = 1, s.opens, s.closes, s.location_id
    from special s
    where s.place = 1
    union all
    select d.day, false, r.opens, r.closes, r.location_id
    from booking.schedule_rule r
    cross join lateral generate_series(
        (r.weekday + 7 - extract(isodow from greatest(lower(r.valid), from_day))::int) % 7,
        least(upper(r.valid), to_day) - greatest(lower(r.valid), from_day) - 1, 7) n (n)
    cross join lateral (select greatest(lower(r.valid), from_day) + n.n as day) d
    where r.tenant_id = tenant and r.schedule_id = schedule and r.valid && daterange(from_day, to_day)
        and not exists (select from special s where s.day = d.day);
end;
comment on function booking.date_windows(uuid, uuid, date, date) is
    'The windows of each local date of a schedule, from_day <= day < to_day: those of its narrowest override (equals merge), '
    'else of the narrowest holiday, else of the rules valid on that date. A row without times adds nothing; a date that has '
    'only such rows is closed on purpose.';

create function booking.schedule_clocks(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns table (days datemultirange, starts_at timestamptz, ends_at timestamptz, utc_offset interval)
language sql
stable
parallel safe
rows 2
begin atomic
    with travel as (
        select t.dates, t.zone
        from booking.schedule_travel t
        where t.tenant_id = tenant and t.schedule_id = schedule
            and t.dates && daterange(timezone('UTC', from_ts)::date - 1, timezone('UTC', to_ts)::date + 2)),
    clock as (
        select s.zone, datemultirange(daterange(null, null)) - coalesce((select range_agg(t.dates) from travel t), '{}') as days
        from booking.schedule s
        where s.tenant_id = tenant and s.schedule_id = schedule
        union all
        select t.zone, datemultirange(t.dates)
        from travel t)
    select c.days, o.starts_at, o.ends_at, o.utc_offset
    from clock c
    -- A local date lies within a day of the same date in UTC.
    cross join lateral booking.zone_offsets(
        c.zone,
        greatest(from_ts, timezone('UTC', lower(c.days) - interval '24 hours')),
        least(to_ts, timezone('UTC', upper(c.days) + interval '24 hours'))) o;
end;
comment on function booking.schedule_clocks(uuid, uuid, timestamptz, timestamptz) is
    'The clocks that hang over a schedule in a range: on which local dates, and in which stretch, what they are ahead of UTC. '
    'Its zone on all dates but those on which it travels.';

create function booking.window_spans(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns table (opened_at timestamptz, span tstzrange, location_id uuid)
language sql
stable
parallel safe
rows 100
begin atomic
    -- On the wall clock, by dates first; only what is left becomes instants, by adding its offset: to look a zone up, UTC among
    -- them, costs more than all the rest.
    with clock as materialized (
        select c.days, c.utc_offset, l.starts_at, l.ends_at, l.starts_at::date as first_day, l.ends_at::date as last_day
        from booking.schedule_clocks(tenant, schedule, from_ts, to_ts) c
        cross join lateral (
            select timezone('UTC', c.starts_at) + c.utc_offset as starts_at,
                timezone('UTC', c.ends_at) + c.utc_offset as ends_at
            offset 0) l
        where c.starts_at < c.ends_at)
    select timezone(c.utc_offset, w.day + w.opens),
        tstzrange(
            timezone(c.utc_offset, greatest(w.day + w.opens, c.starts_at)),
            timezone(c.utc_offset, least(w.day + w.closes, c.ends_at))),
        w.location_id
    from clock c
    join booking.date_windows(
        tenant, schedule, timezone('UTC', from_ts)::date - 1, timezone('UTC', to_ts)::date + 2) w
        on w.day between c.first_day and c.last_day and w.day + w.opens < c.ends_at and w.day + w.closes > c.starts_at
            and c.days @> w.day;
end;
comment on function booking.window_spans(uuid, uuid, timestamptz, timestamptz) is
    'The windows of a schedule as spans, cut to a range and where an offset changes; opened_at is not cut.';

create function booking.open_spans(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns tstzmultirange
language plpgsql
stable
parallel safe
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(range_agg(w.span), '{}')
        from booking.window_spans(open_spans.tenant, open_spans.schedule, from_ts, to_ts) w);
end
$$;
comment on function booking.open_spans(uuid, uuid, timestamptz, timestamptz) is
    'The instants of a range at which a schedule is open, exact to the second, not yet on any grain. '
    'For a local date: the narrowest override wins (equals merge), else the holidays, else the rules valid on that date; on '
    'dates of travel by the clock of the other zone. 22008: a range without an end.';

create function booking.window_locations(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns table (span tstzrange, location_id uuid)
language plpgsql
stable
parallel safe
rows 100
as $$
#variable_conflict use_column
begin
    -- Each window without what those before it in that order cover. Windows that overlap, also by way of others, form an
    -- island, so that each is compared with a few.
    return query
        with beginning as (
            select w.opened_at, w.span, w.location_id,
                lower(w.span) >= max(upper(w.span)) over (
                    order by lower(w.span) rows between unbounded preceding and 1 preceding) as begins_island
            from booking.window_spans(window_locations.tenant, window_locations.schedule, from_ts, to_ts) w),
        island as (
            select b.opened_at, b.span, b.location_id, count(*) filter (where b.begins_island) over (order by lower(b.span)) as island
            from beginning b),
        covered as (
            select i.span, i.location_id,
                range_agg(i.span) over (
                    partition by i.island
                    order by i.opened_at desc, i.location_id
                    rows between unbounded preceding and 1 preceding) as spans
            from island i)
        select u.span, c.location_id
        from covered c
        cross join lateral unnest(tstzmultirange(c.span) - coalesce(c.spans, '{}')) u (span)
        where c.location_id is not null
        order by u.span;
end
$$;
comment on function booking.window_locations(uuid, uuid, timestamptz, timestamptz) is
    'Where the windows of a schedule say that it is, in time order; the spans do not overlap. Of windows that overlap the one '
    'that opened last decides, of those that opened together one with a location, the lowest id first. No row where the '
    'deciding window has none.';

create function booking.closed_dates(tenant uuid, schedule uuid, from_day date, to_day date)
returns setof date
language plpgsql
stable
parallel safe
rows 10
as $$
begin
    -- Mostly nothing is closed, and a list of stays asks for every room.
    if from_day > to_day or not exists (
        select
        from booking.schedule_override o
        where o.tenant_id = closed_dates.tenant and o.schedule_id = closed_dates.schedule and o.opens is null
            and o.dates && daterange(from_day, to_day, '[]'))
    then
        return;
    end if;
    return query
        select w.day
        from booking.date_windows(closed_dates.tenant, closed_dates.schedule, from_day, to_day + 1) w
        where w.by_override
        group by w.day
        having bool_and(w.opens is null)
        order by w.day;
end
$$;
comment on function booking.closed_dates(uuid, uuid, date, date) is
    'The local dates, from_day to to_day inclusive, that overrides of a schedule close: its narrowest ones of that date are '
    'all without times. Holidays close no date here, nor do weekdays without a window.';

create function booking.closed_nights(tenant uuid, schedule uuid, from_day date, to_day date)
returns datemultirange
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(range_agg(daterange(d.day, d.day + 1)), '{}')
        from booking.closed_dates(closed_nights.tenant, closed_nights.schedule, from_day, to_day) d (day));
end
$$;
comment on function booking.closed_nights(uuid, uuid, date, date) is
    'What booking.closed_dates says as one value, for all arrivals of a range at once.';

create function booking.open_map(tenant uuid, schedule uuid, grain int, from_ts timestamptz, to_ts timestamptz)
returns booking.slotmap
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- Windows merge before they are rounded: two that meet off the grain lose nothing where they meet.
    return (
        select coalesce(booking.slotmap_agg(booking.slotmap_inside(s.span, grain)), booking.slotmap_inside('empty', grain))
        from unnest(
            case
                when open_map.schedule is null then tstzmultirange(tstzrange(from_ts, to_ts))
                else booking.open_spans(open_map.tenant, open_map.schedule, from_ts, to_ts)
            end) s (span));
end
$$;
comment on function booking.open_map(uuid, uuid, int, timestamptz, timestamptz) is
    'The whole slots of a range in which a schedule is open; a null schedule is always open.';

-- sql/31_page.sql
-- Pages: what is open and busy, a row a UTC week. Derived from schedules, busy windows and claims, never authoritative;
-- a week without its row is computed by the same functions when it is read. Who writes them: 32_page_lock.sql.

create table booking.availability (
    tenant_id uuid not null,
    resource_id uuid not null,
    week date not null,
    unit int not null,
    open booking.slotmap,
    busy booking.slotmap,
    constraint availability_pkey primary key (tenant_id, resource_id, week, unit),
    constraint availability_resource_fkey foreign key (tenant_id, resource_id)
        references booking.resource on delete cascade,
    constraint availability_week_monday check (extract(isodow from week) = 1),
    constraint availability_open_of_resource check ((unit = 0) = (open is not null)),
    constraint availability_busy_of_unit check (unit = 0 or busy is not null)
) with (fillfactor = 70);
comment on table booking.availability is
    'Pages. Unit 0 is the resource: its hours, and its busy windows as busy. Units from 1 on have a row only where '
    'confirmed bookings claim them. A week is stored if its unit 0 is. Not dumped.';
comment on column booking.availability.week is 'Monday of the UTC week.';
comment on column booking.availability.busy is 'Only what cannot expire; live holds are read from hold and claim.';

create function booking.week_of(at timestamptz)
returns date
language sql
immutable
parallel safe
begin atomic
    select date_trunc('week', timezone('UTC', at))::date;
end;
comment on function booking.week_of(timestamptz) is 'Monday of the UTC week of an instant.';

create function booking.weeks_span(first_week date, last_week date)
returns tstzrange
language sql
immutable
parallel safe
begin atomic
    select tstzrange(timezone('UTC', first_week::timestamp), timezone('UTC', (last_week + 7)::timestamp));
end;
comment on function booking.weeks_span(date, date) is 'The instants of the UTC weeks from the first Monday to the last, both included.';

create function booking.busy_maps(tenant uuid, resource uuid, grain int, span tstzrange)
returns table (unit int, busy booking.slotmap)
language sql
stable
parallel safe
rows 2
begin atomic
    select 0, booking.slotmap_agg(booking.slotmap_cover(b.span * busy_maps.span, grain))
    from booking.busy_window b
    where b.tenant_id = tenant and b.resource_id = resource and b.span && busy_maps.span
    having count(*) > 0
    union all
    select c.unit, booking.slotmap_agg(booking.slotmap_cover(c.span * busy_maps.span, grain))
    from booking.claim c
    where c.tenant_id = tenant and c.resource_id = resource and c.span && busy_maps.span and c.booking_id is not null
    group by c.unit;
end;
comment on function booking.busy_maps(uuid, uuid, int, tstzrange) is
    'What is busy for good in a span, from scratch: unit 0 by busy windows, the others by claims of bookings. No row where '
    'nothing is.';

create function booking.computed_busy(tenant uuid, resource uuid, first_week date, last_week date)
returns table (week date, unit int, busy booking.slotmap)
language plpgsql
stable
parallel safe
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- One map a unit, which is then cut into weeks: to join the rows to the weeks took 5.5 of 6 ms for a year of 800 claims.
    return query
        with taken as materialized (
            select b.unit, b.busy
            from booking.resource r
            cross join lateral booking.busy_maps(
                r.tenant_id, r.resource_id, r.grain, booking.weeks_span(first_week, last_week)) b
            where r.tenant_id = computed_busy.tenant and r.resource_id = computed_busy.resource)
        select c.week, c.unit, c.busy
        from (
            select w.week::date as week, t.unit,
                t.busy * booking.slotmap_cover(booking.weeks_span(w.week::date, w.week::date), booking.grain(t.busy)) as busy
            from taken t
            cross join generate_series(first_week::timestamp, last_week::timestamp, interval '7 days') w (week)
            offset 0) c
        where not booking.isempty(c.busy);
end
$$;
comment on function booking.computed_busy(uuid, uuid, date, date) is
    'What booking.busy_maps says, a row a week. No row where nothing is busy.';

create function booking.computed_pages(tenant uuid, resource uuid, first_week date, last_week date)
returns table (week date, unit int, open booking.slotmap, busy booking.slotmap)
language plpgsql
stable
parallel safe
rows 10
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        -- Materialized: else the hours of the whole range would be worked out for each of its weeks.
        with hours as materialized (
            select r.grain,
                booking.open_map(r.tenant_id, r.schedule_id, r.grain,
                    lower(booking.weeks_span(first_week, last_week)), upper(booking.weeks_span(first_week, last_week))) as open
            from booking.resource r
            where r.tenant_id = computed_pages.tenant and r.resource_id = computed_pages.resource),
        taken as materialized (
            select *
            from booking.computed_busy(computed_pages.tenant, computed_pages.resource, first_week, last_week))
        select w.week::date, 0, h.open * booking.slotmap_cover(booking.weeks_span(w.week::date, w.week::date), h.grain), t.busy
        from hours h
        cross join generate_series(first_week::timestamp, last_week::timestamp, interval '7 days') w (week)
        left join taken t on t.week = w.week::date and t.unit = 0
        union all
        select t.week, t.unit, null, t.busy
        from taken t
        where t.unit > 0;
end
$$;
comment on function booking.computed_pages(uuid, uuid, date, date) is
    'The pages of a resource from scratch: recompute stores its rows, verify compares with them. Both parts, open_map and '
    'computed_busy, are what reads use for weeks that are not stored.';

create type booking.resource_map as (
    resource_id uuid,
    unit int,
    open booking.slotmap,
    busy booking.slotmap,
    weeks int);
comment on type booking.resource_map is
    'What the pages of a unit say of a range, joined to one map each; weeks: how many of them are stored.';

create function booking.resource_maps(tenant uuid, resource uuid, first_week date, last_week date)
returns booking.resource_map[]
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
declare
    v_maps booking.resource_map[] := array(
        select (a.resource_id, a.unit, booking.slotmap_agg(a.open), booking.slotmap_agg(a.busy), count(*))::booking.resource_map
        from booking.availability a
        where a.tenant_id = resource_maps.tenant and a.resource_id = resource_maps.resource
            and a.week between first_week and last_week
        group by a.resource_id, a.unit);
begin
    if exists (select from unnest(v_maps) m where m.unit = 0 and m.weeks > (last_week - first_week) / 7) then
        return v_maps;
    end if;
    return booking.computed_maps(tenant, array[resource], first_week, last_week);
end
$$;
comment on function booking.resource_maps(uuid, uuid, date, date) is
    'The pages of a resource over a range of weeks, joined to one map a unit: stored weeks as stored, others computed.';

create function booking.computed_maps(tenant uuid, resources uuid[], first_week date, last_week date)
returns booking.resource_map[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return array(
        with stored as materialized (
            select a.resource_id, a.week, a.unit, a.open, a.busy
            from booking.availability a
            where a.tenant_id = tenant and a.resource_id = any (resources) and a.week between first_week and last_week),
        -- Runs of weeks that are not stored, each computed in one go.
        run as materialized (
            select r.resource_id, r.schedule_id, r.grain, booking.weeks_span(lower(m.weeks), upper(m.weeks) - 7) as span
            from (
                select p.resource_id, datemultirange(daterange(first_week, last_week + 7)) - range_agg(p.weeks) as weeks
                from (
                    select resource_id, 'empty'::daterange as weeks
                    from unnest(resources) u (resource_id)
                    union all
                    select resource_id, daterange(week, week + 7)
                    from stored
                    where unit = 0) p
                group by p.resource_id) u
            join booking.resource r
                on r.tenant_id = tenant and r.resource_id = u.resource_id and r.resource_id = any (resources)
            cross join lateral unnest(u.weeks) m (weeks)),
        -- Many resources may share one schedule: its hours are worked out once.
        hours as (
            select array_agg(r.resource_id) as resources,
                booking.open_map(tenant, r.schedule_id, r.grain, lower(r.span), upper(r.span)) as open
            from run r
            group by r.schedule_id, r.grain, r.span),
        page as (
            select s.resource_id, s.unit, s.open, s.busy, 1 as weeks
            from stored s
            union all
            select u.resource_id, 0, h.open, null, 0
            from hours h
            cross join lateral unnest(h.resources) u (resource_id)
            union all
            select r.resource_id, b.unit, null, b.busy, 0
            from run r
            cross join lateral booking.busy_maps(tenant, r.resource_id, r.grain, r.span) b)
        select (p.resource_id, p.unit, booking.slotmap_agg(p.open), booking.slotmap_agg(p.busy), sum(p.weeks))::booking.resource_map
        from page p
        group by p.resource_id, p.unit);
end
$$;
comment on function booking.computed_maps(uuid, uuid[], date, date) is
    'The same of several resources, where some weeks may not be stored.';

-- sql/32_page_lock.sql
-- Whoever changes what pages are derived from takes the lock first, then writes the pages in a statement of its own:
-- one that had to wait would still see what was there before. Locks are updates of a version, never a mere SELECT FOR
-- UPDATE: only an update is seen (as 40001) by a transaction with an older snapshot. Who calls this: 33_busy_triggers.sql.

create function booking.lock_resources(tenant uuid, resources uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_resource uuid;
begin
    -- One by one, since a single UPDATE promises no order. A row that this transaction wrote is locked already.
    for v_resource in select distinct r from unnest(resources) r where r is not null order by r loop
        update booking.resource r
        set version = r.version + 1
        where r.tenant_id = lock_resources.tenant and r.resource_id = v_resource
            and r.xmin <> pg_current_xact_id()::xid;
    end loop;
end
$$;
comment on function booking.lock_resources(uuid, uuid[]) is
    'Locks resources in the order of their ids until the transaction ends. Whatever changes pages calls it first.';

create function booking.lock_users(tenant uuid, schedules uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform booking.lock_resources(lock_users.tenant, array(
        select r.resource_id
        from booking.resource r
        where r.tenant_id = lock_users.tenant and r.schedule_id = any (schedules)));
end
$$;
comment on function booking.lock_users(uuid, uuid[]) is 'Locks every resource that uses one of some schedules, in the order of their ids.';

create function booking.lock_schedules(tenant uuid, schedules uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_schedule uuid;
begin
    -- Schedules before their resources, as an update of schedule.zone has it: the row first. A resource that is being
    -- given one is not among those yet: it waits here, or commits before this lock comes, and is then seen.
    -- (It has its own row already. So a statement on several schedules, and a move from one to another of them, may end as
    -- a deadlock: 40P01 for one of the two.)
    for v_schedule in select distinct s from unnest(schedules) s order by s loop
        update booking.schedule s
        set version = s.version + 1
        where s.tenant_id = lock_schedules.tenant and s.schedule_id = v_schedule
            and s.xmin <> pg_current_xact_id()::xid;
    end loop;
    perform booking.lock_users(lock_schedules.tenant, schedules);
end
$$;
comment on function booking.lock_schedules(uuid, uuid[]) is
    'Locks schedules, then every resource that uses one of them, each in the order of their ids.';

create function booking.lock_holiday_sets(tenant uuid, holiday_sets uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_set uuid;
begin
    -- A writer of holidays locks the set, then the resources that keep it, and no schedule: those are many, and a resource
    -- that moves from one to another of the same set would wait for the one while it is waited for itself. Who comes to
    -- keep a set otherwise, a schedule or a resource, locks the set, too, after its own rows.
    for v_set in select distinct s from unnest(holiday_sets) s where s is not null order by s loop
        update booking.holiday_set h
        set version = h.version + 1
        where h.tenant_id = lock_holiday_sets.tenant and h.holiday_set_id = v_set
            and h.xmin <> pg_current_xact_id()::xid;
    end loop;
end
$$;
comment on function booking.lock_holiday_sets(uuid, uuid[]) is
    'Locks holiday sets in the order of their ids until the transaction ends.';

create function booking.same_map(a booking.slotmap, b booking.slotmap)
returns boolean
language sql
immutable
parallel safe
begin atomic
    -- Maps of different grain do not compare; a page is compared with what it was before its resource got another.
    select case
        when a is null or b is null then a is null and b is null
        when booking.grain(a) <> booking.grain(b) then false
        else a = b
    end;
end;
comment on function booking.same_map(booking.slotmap, booking.slotmap) is
    'True for equal maps and for two nulls; maps of different grain differ.';

create function booking.store_pages(tenant uuid, resource uuid, first_week date, last_week date)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_pages bigint;
begin
    with page as materialized (
        select c.week, c.unit, c.open, c.busy
        from booking.computed_pages(store_pages.tenant, store_pages.resource, first_week, last_week) c),
    gone as (
        delete from booking.availability a
        where a.tenant_id = store_pages.tenant and a.resource_id = store_pages.resource
            and a.week between first_week and last_week
            and (a.week, a.unit) not in (select p.week, p.unit from page p)),
    stored as (
        insert into booking.availability as a (tenant_id, resource_id, week, unit, open, busy)
        select store_pages.tenant, store_pages.resource, p.week, p.unit, p.open, p.busy
        from page p
        on conflict on constraint availability_pkey do update
        set open = excluded.open, busy = excluded.busy
        where not (booking.same_map(a.open, excluded.open) and booking.same_map(a.busy, excluded.busy)))
    select count(*) into v_pages from page;
    return v_pages;
end
$$;
comment on function booking.store_pages(uuid, uuid, date, date) is
    'Writes the pages of a resource anew; the caller holds its lock. The number of pages that now stand.';

create function booking.page_runs(
    tenant uuid,
    resource uuid,
    first_week date default null,
    last_week date default null)
returns table (starts date, ends date)
language plpgsql
stable
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- A year at most: stored weeks may lie decades apart, and a map has an end. A week that lost its unit 0 counts: it is
    -- to be mended, not overlooked.
    return query
        with week as (
            select a.week
            from booking.availability a
            where a.tenant_id = page_runs.tenant and a.resource_id = page_runs.resource
            union
            select w::date
            from generate_series(page_runs.first_week::timestamp, page_runs.last_week::timestamp, interval '7 days') w),
        numbered as (
            select w.week, row_number() over (order by w.week)::int as number
            from week w)
        select min(n.week), max(n.week)
        from numbered n
        group by n.week - 7 * n.number, n.number / 53;
end
$$;
comment on function booking.page_runs(uuid, uuid, date, date) is
    'The weeks of which a resource has any page, and those of a range if one is given, as runs of consecutive weeks.';

create function booking.refresh_pages(
    tenant uuid,
    resource uuid,
    first_week date default null,
    last_week date default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(sum(booking.store_pages(refresh_pages.tenant, refresh_pages.resource, r.starts, r.ends)), 0)::bigint
        from booking.page_runs(refresh_pages.tenant, refresh_pages.resource, refresh_pages.first_week, refresh_pages.last_week) r);
end
$$;
comment on function booking.refresh_pages(uuid, uuid, date, date) is
    'Writes the stored weeks of a resource anew, and those of a range if one is given; the caller holds its lock.';

create type booking.touched as (tenant_id uuid, resource_id uuid, span tstzrange);
comment on type booking.touched is 'A stretch of a resource whose busy maps may have changed.';

create function booking.refresh_busy(touched booking.touched[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    with week as (
        select distinct t.tenant_id, t.resource_id, a.week
        from unnest(touched) t
        join booking.availability a
            on a.tenant_id = t.tenant_id and a.resource_id = t.resource_id and a.unit = 0
            and a.week between booking.week_of(lower(t.span)) and booking.week_of(upper(t.span))
        where not isempty(t.span)),
    page as materialized (
        select w.tenant_id, w.resource_id, w.week, c.unit, c.busy
        from week w
        cross join lateral booking.computed_busy(w.tenant_id, w.resource_id, w.week, w.week) c),
    gone as (
        delete from booking.availability a
        using week w
        where (a.tenant_id, a.resource_id, a.week) = (w.tenant_id, w.resource_id, w.week) and a.unit > 0
            and not exists (
                select
                from page p
                where (p.tenant_id, p.resource_id, p.week, p.unit) = (a.tenant_id, a.resource_id, a.week, a.unit))),
    outside as (
        update booking.availability a
        set busy = p.busy
        from week w
        left join page p on (p.tenant_id, p.resource_id, p.week) = (w.tenant_id, w.resource_id, w.week) and p.unit = 0
        where (a.tenant_id, a.resource_id, a.week) = (w.tenant_id, w.resource_id, w.week) and a.unit = 0
            and not booking.same_map(a.busy, p.busy))
    insert into booking.availability as a (tenant_id, resource_id, week, unit, busy)
    select p.tenant_id, p.resource_id, p.week, p.unit, p.busy
    from page p
    where p.unit > 0
    on conflict on constraint availability_pkey do update
    set busy = excluded.busy
    where not booking.same_map(a.busy, excluded.busy);
end
$$;
comment on function booking.refresh_busy(booking.touched[]) is
    'Writes the busy maps of the stored weeks of some stretches anew; the caller holds the locks of their resources.';

-- sql/33_busy_triggers.sql
-- Plain INSERT, UPDATE and DELETE keep pages right: a trigger takes the lock of 32_page_lock.sql and writes the pages.
-- Statement-level where the statement can name what changed (transition tables exclude column lists), row-level where a
-- mere version bump must not fire it. Each also tells the feed (83_change.sql). Here: busy windows and claims.
-- Next: 34_hours_triggers.sql.

-- Busy windows. The locks come after the rows: a BEFORE ROW trigger would come after the first row and before the second,
-- and two statements that share the second would wait for one another. Whoever gets the lock first is seen by the other.

create function booking.tg_busy_window__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_old booking.touched[] := '{}';
    v_new booking.touched[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_old := array(select (o.tenant_id, o.resource_id, o.span)::booking.touched from old_rows o);
    end if;
    if tg_op <> 'DELETE' then
        v_new := array(select (n.tenant_id, n.resource_id, n.span)::booking.touched from new_rows n);
    end if;
    perform booking.lock_resources(t.tenant_id, array_agg(t.resource_id))
    from unnest(v_old || v_new) t
    group by t.tenant_id
    order by t.tenant_id;
    perform booking.refresh_busy(v_old || v_new);
    -- A calendar that is read anew writes its events as they were.
    insert into booking.change (tenant_id, kind, resource_id, span)
    select t.tenant_id, 'busy', t.resource_id, t.span
    from (
        select o.*, -1 as windows from unnest(v_old) o
        union all
        select n.*, 1 from unnest(v_new) n) t
    where upper(t.span) > clock_timestamp() - interval '1 day'
    group by t.tenant_id, t.resource_id, t.span
    having sum(t.windows) <> 0;
    return null;
end
$$;
comment on function booking.tg_busy_window__pages() is
    'AFTER STATEMENT: locks the resources of the changed windows, writes the pages that they touch, and tells the feed.';

create trigger _500_pages_insert
after insert on booking.busy_window
referencing new table as new_rows
for each statement
execute function booking.tg_busy_window__pages();

create trigger _500_pages_update
after update on booking.busy_window
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_busy_window__pages();

create trigger _500_pages_delete
after delete on booking.busy_window
referencing old table as old_rows
for each statement
execute function booking.tg_busy_window__pages();

-- Claims. Those of holds touch no page and take no lock.

create function booking.tg_claim__lock()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if tg_op <> 'INSERT' and old.booking_id is not null then
        perform booking.lock_resources(old.tenant_id, array[old.resource_id]);
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if new.booking_id is not null then
        perform booking.lock_resources(new.tenant_id, array[new.resource_id]);
    end if;
    -- The exclusion constraint guards a unit; that there is such a unit is guarded here, against a capacity that shrinks at
    -- this moment, too: that waits for this lock, or this for it. Unit 1 always exists, and what is over may have been on
    -- one that is gone since: a dump must restore.
    if new.unit > 1 and upper(new.span) > clock_timestamp()
        and (tg_op = 'INSERT' or (new.resource_id, new.unit) is distinct from (old.resource_id, old.unit))
    then
        perform
        from booking.resource r
        where r.tenant_id = new.tenant_id and r.resource_id = new.resource_id and new.unit <= r.capacity
        for key share;
        if not found then
            raise exception 'resource % has no unit %', new.resource_id, new.unit
                using errcode = '23514', constraint = 'claim_unit_within_capacity', schema = 'booking', table = 'claim';
        end if;
    end if;
    return new;
end
$$;
comment on function booking.tg_claim__lock() is
    'BEFORE ROW: locks the resource of a booked claim; 23514 where the resource has no such unit.';

create trigger _100_lock
before insert or update or delete on booking.claim
for each row
execute function booking.tg_claim__lock();

create function booking.tg_claim__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.touched[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_touched := v_touched || array(
            select (o.tenant_id, o.resource_id, o.span)::booking.touched from old_rows o where o.booking_id is not null);
    end if;
    if tg_op <> 'DELETE' then
        v_touched := v_touched || array(
            select (n.tenant_id, n.resource_id, n.span)::booking.touched from new_rows n where n.booking_id is not null);
    end if;
    if cardinality(v_touched) > 0 then
        perform booking.refresh_busy(v_touched);
    end if;
    -- The seats of a class, the units of a resource: one change.
    case tg_op
        when 'INSERT' then
            insert into booking.change (tenant_id, kind, resource_id, span, hold_id, booking_id)
            select distinct n.tenant_id, case when n.hold_id is null then 'booked' else 'held' end, n.resource_id, n.span,
                n.hold_id, n.booking_id
            from new_rows n
            where upper(n.span) > clock_timestamp() - interval '1 day';
        when 'UPDATE' then
            insert into booking.change (tenant_id, kind, resource_id, span, hold_id, booking_id)
            select distinct c.tenant_id, c.kind, c.resource_id, c.span, c.hold_id, c.booking_id
            from (
                -- Kept for another owner it is not free in between.
                select o.tenant_id, case when o.hold_id is null then 'freed' else 'released' end as kind, o.resource_id, o.span,
                    o.hold_id, o.booking_id
                from old_rows o
                left join new_rows n on n.tenant_id = o.tenant_id and n.id = o.id
                where (n.resource_id, n.span) is distinct from (o.resource_id, o.span)
                union all
                select n.tenant_id, case when n.hold_id is null then 'booked' else 'held' end, n.resource_id, n.span,
                    n.hold_id, n.booking_id
                from new_rows n
                left join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
                where (n.resource_id, n.span, n.hold_id, n.booking_id)
                    is distinct from (o.resource_id, o.span, o.hold_id, o.booking_id)) c
            where upper(c.span) > clock_timestamp() - interval '1 day';
        when 'DELETE' then
            -- booking.expire_holds deletes what lapsed an hour ago, and whoever watched knows since then.
            insert into booking.change (tenant_id, kind, resource_id, span, hold_id, booking_id)
            select distinct o.tenant_id, case when o.hold_id is null then 'freed' else 'released' end, o.resource_id, o.span,
                o.hold_id, o.booking_id
            from old_rows o
            where upper(o.span) > clock_timestamp() - interval '1 day'
                and (o.hold_id is null or current_setting('booking.sweeping', true) is distinct from 'on');
    end case;
    return null;
end
$$;
comment on function booking.tg_claim__pages() is
    'AFTER STATEMENT: writes the pages that the changed booked claims touch, and tells the feed of all.';

create trigger _500_pages_insert
after insert on booking.claim
referencing new table as new_rows
for each statement
execute function booking.tg_claim__pages();

create trigger _500_pages_update
after update on booking.claim
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_claim__pages();

create trigger _500_pages_delete
after delete on booking.claim
referencing old table as old_rows
for each statement
execute function booking.tg_claim__pages();

-- sql/34_hours_triggers.sql
-- The same as 33_busy_triggers.sql for hours: the windows of a schedule and its travel, its zone, the holidays that it
-- keeps, and which schedule and grain a resource has. Next: 35_upkeep.sql.

create type booking.schedule_key as (tenant_id uuid, schedule_id uuid);
comment on type booking.schedule_key is 'A schedule whose hours changed.';

create function booking.tg_schedule_window__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.schedule_key[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_touched := v_touched || array(select distinct (o.tenant_id, o.schedule_id)::booking.schedule_key from old_rows o);
    end if;
    if tg_op <> 'DELETE' then
        v_touched := v_touched || array(select distinct (n.tenant_id, n.schedule_id)::booking.schedule_key from new_rows n);
    end if;
    perform booking.lock_schedules(t.tenant_id, array_agg(t.schedule_id))
    from unnest(v_touched) t
    group by t.tenant_id
    order by t.tenant_id;
    perform booking.refresh_pages(r.tenant_id, r.resource_id)
    from booking.resource r
    where (r.tenant_id, r.schedule_id) in (select t.tenant_id, t.schedule_id from unnest(v_touched) t);
    perform booking.changed_hours(v_touched);
    return null;
end
$$;
comment on function booking.tg_schedule_window__pages() is
    'AFTER STATEMENT on schedule_rule, schedule_override and schedule_travel: locks the schedules of the changed rows with '
    'the resources that use them, and writes their pages.';

create trigger _500_pages_insert
after insert on booking.schedule_rule
referencing new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_update
after update on booking.schedule_rule
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_delete
after delete on booking.schedule_rule
referencing old table as old_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_insert
after insert on booking.schedule_override
referencing new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_update
after update on booking.schedule_override
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_delete
after delete on booking.schedule_override
referencing old table as old_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_insert
after insert on booking.schedule_travel
referencing new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_update
after update on booking.schedule_travel
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_delete
after delete on booking.schedule_travel
referencing old table as old_rows
for each statement
execute function booking.tg_schedule_window__pages();

create type booking.holiday_set_key as (tenant_id uuid, holiday_set_id uuid);
comment on type booking.holiday_set_key is 'A holiday set whose holidays changed.';

create function booking.tg_holiday__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.holiday_set_key[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_touched := v_touched || array(
            select distinct (o.tenant_id, o.holiday_set_id)::booking.holiday_set_key from old_rows o);
    end if;
    if tg_op <> 'DELETE' then
        v_touched := v_touched || array(
            select distinct (n.tenant_id, n.holiday_set_id)::booking.holiday_set_key from new_rows n);
    end if;
    perform booking.lock_holiday_sets(t.tenant_id, array_agg(t.holiday_set_id))
    from unnest(v_touched) t
    group by t.tenant_id
    order by t.tenant_id;
    -- In a statement after that lock: who came to keep one of the sets meanwhile is seen now.
    perform booking.lock_resources(s.tenant_id, array_agg(r.resource_id))
    from booking.schedule s
    join booking.resource r using (tenant_id, schedule_id)
    where (s.tenant_id, s.holiday_set_id) in (select t.tenant_id, t.holiday_set_id from unnest(v_touched) t)
    group by s.tenant_id
    order by s.tenant_id;
    perform booking.refresh_pages(r.tenant_id, r.resource_id)
    from booking.schedule s
    join booking.resource r using (tenant_id, schedule_id)
    where (s.tenant_id, s.holiday_set_id) in (select t.tenant_id, t.holiday_set_id from unnest(v_touched) t);
    perform booking.changed_hours(array(
        select (s.tenant_id, s.schedule_id)::booking.schedule_key
        from booking.schedule s
        where (s.tenant_id, s.holiday_set_id) in (select t.tenant_id, t.holiday_set_id from unnest(v_touched) t)));
    return null;
end
$$;
comment on function booking.tg_holiday__pages() is
    'AFTER STATEMENT: locks the sets of the changed holidays, then the resources whose schedules keep them, and writes their '
    'pages.';

create trigger _500_pages_insert
after insert on booking.holiday
referencing new table as new_rows
for each statement
execute function booking.tg_holiday__pages();

create trigger _500_pages_update
after update on booking.holiday
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_holiday__pages();

create trigger _500_pages_delete
after delete on booking.holiday
referencing old table as old_rows
for each statement
execute function booking.tg_holiday__pages();

create function booking.tg_schedule__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.schedule_key[];
begin
    if tg_op = 'INSERT' then
        -- Nothing uses it yet; but it, and who is going to, must not pass a writer of its holidays unseen.
        perform booking.lock_holiday_sets(n.tenant_id, array_agg(n.holiday_set_id))
        from new_rows n
        group by n.tenant_id
        order by n.tenant_id;
        return null;
    end if;
    v_touched := array(
        select (n.tenant_id, n.schedule_id)::booking.schedule_key
        from new_rows n
        join old_rows o using (tenant_id, schedule_id)
        where n.zone <> o.zone or n.holiday_set_id is distinct from o.holiday_set_id);
    -- Mostly its version, which is its lock.
    if cardinality(v_touched) = 0 then
        return null;
    end if;
    perform booking.lock_users(t.tenant_id, array_agg(t.schedule_id))
    from unnest(v_touched) t
    group by t.tenant_id
    order by t.tenant_id;
    -- After the resources: a writer of those holidays waits for none of them yet.
    perform booking.lock_holiday_sets(n.tenant_id, array_agg(n.holiday_set_id))
    from new_rows n
    join old_rows o using (tenant_id, schedule_id)
    where n.holiday_set_id is distinct from o.holiday_set_id
    group by n.tenant_id
    order by n.tenant_id;
    perform booking.refresh_pages(r.tenant_id, r.resource_id)
    from booking.resource r
    where (r.tenant_id, r.schedule_id) in (select t.tenant_id, t.schedule_id from unnest(v_touched) t);
    perform booking.changed_hours(v_touched);
    return null;
end
$$;
comment on function booking.tg_schedule__pages() is
    'AFTER STATEMENT: locks the resources that use a schedule with another zone or other holidays, then the holiday sets that '
    'schedules are given, and writes the pages.';

create trigger _500_pages_insert
after insert on booking.schedule
referencing new table as new_rows
for each statement
execute function booking.tg_schedule__pages();

create trigger _500_pages_update
after update on booking.schedule
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule__pages();

create function booking.tg_resource__lock()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- The row itself is locked by its update. A writer of the new schedule's windows must not pass unseen.
    update booking.schedule s
    set version = s.version + 1
    where s.tenant_id = new.tenant_id and s.schedule_id = new.schedule_id and s.xmin <> pg_current_xact_id()::xid;
    -- Nor one of its holidays; who kept the same ones before is waited for anyway.
    perform booking.lock_holiday_sets(new.tenant_id, array[s.holiday_set_id])
    from booking.schedule s
    where s.tenant_id = new.tenant_id and s.schedule_id = new.schedule_id and (tg_op = 'INSERT' or not exists (
        select
        from booking.schedule o
        where o.tenant_id = old.tenant_id and o.schedule_id = old.schedule_id and o.holiday_set_id = s.holiday_set_id));
    return new;
end
$$;
comment on function booking.tg_resource__lock() is
    'BEFORE ROW, on another schedule: locks that schedule, and its holidays where they are others.';

create trigger _100_lock_insert
before insert on booking.resource
for each row when (new.schedule_id is not null)
execute function booking.tg_resource__lock();

create trigger _100_lock_update
before update of schedule_id on booking.resource
for each row when (new.schedule_id is distinct from old.schedule_id)
execute function booking.tg_resource__lock();

create function booking.tg_resource__capacity()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- FOR UPDATE, which the claim of a unit above the first waits for: an update of this column would pass it by.
    perform
    from booking.resource r
    where r.tenant_id = new.tenant_id and r.resource_id = new.resource_id
    for update;
    -- What somebody else is sweeping at this moment is not waited for: it may be for the sake of such a claim.
    with gone as (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.tenant_id = new.tenant_id and h.expires_at <= clock_timestamp()
            and h.hold_id in (
                select c.hold_id
                from booking.claim c
                where c.tenant_id = new.tenant_id and c.resource_id = new.resource_id and c.unit > new.capacity
                    and c.hold_id is not null)
        for update skip locked)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id;
    perform
    from booking.claim c
    left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
    where c.tenant_id = new.tenant_id and c.resource_id = new.resource_id and c.unit > new.capacity
        and upper(c.span) > clock_timestamp() and (c.booking_id is not null or h.expires_at > clock_timestamp());
    if found then
        raise exception 'a unit above % of resource "%" is held or booked', new.capacity, new.slug
            using errcode = '23514', constraint = 'resource_capacity_claimed', schema = 'booking', table = 'resource',
            hint = 'Cancel or move what is on it first.';
    end if;
    -- An older snapshot does not show a hold that was committed since, and the lock of a claim leaves nothing that would
    -- raise 40001. An insert that conflicts with what the snapshot does not show does; without conflict its owner is missing.
    if current_setting('transaction_isolation') <> 'read committed' then
        begin
            insert into booking.claim (tenant_id, resource_id, unit, span, hold_id)
            select new.tenant_id, new.resource_id, u, tstzrange(clock_timestamp(), '9999-01-01 00:00+00'), gen_random_uuid()
            from generate_series(new.capacity + 1, old.capacity) u
            on conflict do nothing;
        exception when foreign_key_violation then
            -- Nobody was there, and nothing is left of the attempt.
        end;
    end if;
    return new;
end
$$;
comment on function booking.tg_resource__capacity() is
    'BEFORE ROW, on a smaller capacity: 23514 while a unit that would go is held or booked; 40001 where that happened after '
    'the snapshot of its transaction.';

create trigger _200_capacity
before update of capacity on booking.resource
for each row when (new.capacity < old.capacity)
execute function booking.tg_resource__capacity();

create function booking.tg_resource__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform booking.refresh_pages(new.tenant_id, new.resource_id);
    return null;
end
$$;
comment on function booking.tg_resource__pages() is 'AFTER ROW, on another grain or schedule: writes all stored pages of the resource.';

create trigger _500_pages
after update of grain, schedule_id on booking.resource
for each row when (old.grain <> new.grain or old.schedule_id is distinct from new.schedule_id)
execute function booking.tg_resource__pages();

-- TRUNCATE names no rows: all pages go with it. Until the next roll they are computed when read.

create function booking.tg_forget_pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    delete from booking.availability;
    insert into booking.change (tenant_id, kind)
    select t.tenant_id, 'tenant'
    from booking.tenant t;
    return null;
end
$$;
comment on function booking.tg_forget_pages() is 'AFTER TRUNCATE of what pages are derived from: deletes all pages, and tells the feed of each tenant.';

create trigger _500_forget_pages
after truncate on booking.schedule_rule
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.schedule_override
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.schedule_travel
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.holiday
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.busy_window
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.claim
for each statement
execute function booking.tg_forget_pages();

-- sql/35_upkeep.sql
-- Keeping pages and holds in shape: what a night job calls, what an operator asks. Nothing here changes an answer: weeks
-- without a page are computed when read, and a lapsed hold is invisible whether or not its row is gone.
-- Next: 36_prune.sql.

create function booking.recompute(
    tenant uuid,
    resource uuid default null,
    from_ts timestamptz default null,
    to_ts timestamptz default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_from timestamptz := coalesce(from_ts, clock_timestamp());
    v_to timestamptz := coalesce(to_ts, v_from + interval '60 days');
    v_resource uuid;
    v_pages bigint := 0;
begin
    perform booking.check_range(v_from, v_to);
    for v_resource in
        select r.resource_id
        from booking.resource r
        where r.tenant_id = recompute.tenant and (recompute.resource is null or r.resource_id = recompute.resource)
        order by r.resource_id
    loop
        perform booking.lock_resources(recompute.tenant, array[v_resource]);
        -- With the weeks around: a read looks up to two dates back and a booking's length ahead.
        v_pages := v_pages
            + booking.store_pages(recompute.tenant, v_resource, booking.week_of(v_from) - 7, booking.week_of(v_to) + 7);
    end loop;
    return v_pages;
end
$$;
comment on function booking.recompute(uuid, uuid, timestamptz, timestamptz) is
    'Stores the pages of a resource, or of all of a tenant, for the weeks that a range touches (default: the next 60 days) '
    'and the week on either side, '
    'anew from schedules, busy windows and bookings. In one transaction; the nightly form is booking.roll. Returns the '
    'number of pages. 22008, 22023: not a range of finite instants of at most 400 days.';

-- The jobs. Each is a procedure or a function that touches no table itself and qualifies every name: what it calls has its
-- own search_path and the owner's rights, so that the role it runs as needs EXECUTE on a few functions and can read nothing.
-- 37_jobs.sql grants them.

create function booking.check_days(days int)
returns int
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if days is null or days not between 1 and 400 then
        raise exception 'cannot roll pages % days ahead', days
            using errcode = '22023', hint = 'Give 1 to 400 days.';
    end if;
    return days;
end
$$;
comment on function booking.check_days(int) is 'How far ahead pages are stored: the argument; 22023 unless 1 to 400 days.';

create function booking.check_batch(batch int)
returns int
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if batch is null or batch not between 1 and 1000000 then
        raise exception 'cannot delete % rows at once', batch
            using errcode = '22023', hint = 'Give 1 to 1000000.';
    end if;
    return batch;
end
$$;
comment on function booking.check_batch(int) is 'How many rows go in one transaction: the argument; 22023 unless 1 to 1000000.';

create function booking.resources_to_roll()
returns table (tenant_id uuid, resource_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
begin atomic
    select r.tenant_id, r.resource_id
    from booking.resource r
    order by r.tenant_id, r.resource_id;
end;
comment on function booking.resources_to_roll() is 'Every resource, in the order in which booking.roll comes to it.';

create function booking.roll_resource(tenant uuid, resource uuid, days int)
returns void
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_first date := booking.week_of(clock_timestamp()) - 7;
    v_last date := booking.week_of(clock_timestamp() + make_interval(days => booking.check_days(days)));
begin
    perform booking.lock_resources(roll_resource.tenant, array[roll_resource.resource]);
    -- All stored weeks, also those beyond the horizon: an update of the zone database moves their hours.
    perform booking.refresh_pages(roll_resource.tenant, roll_resource.resource, v_first, v_last);
    -- Weeks before the last one are history: their bookings stay, their pages go. Last, since a page is the last that
    -- anybody locks: a TRUNCATE has its table before it deletes pages.
    delete from booking.availability a
    where a.tenant_id = roll_resource.tenant and a.resource_id = roll_resource.resource and a.week < v_first;
end
$$;
comment on function booking.roll_resource(uuid, uuid, int) is
    'Stores the pages of a resource from last week to so many days ahead, writes those stored beyond it anew, and drops older '
    'ones. 22023: days out of range; 55P03: locked for longer than three seconds.';

create procedure booking.roll(days int default 60)
language plpgsql
as $$
-- Commits resource by resource, so that no booking waits for longer than one of them takes. A procedure that commits can
-- have no SET clause: every name is qualified.
declare
    v_tenant uuid;
    v_resource uuid;
    v_error text;
begin
    perform booking.check_days(days);
    for v_tenant, v_resource in select r.tenant_id, r.resource_id from booking.resources_to_roll() r loop
        begin
            perform booking.roll_resource(v_tenant, v_resource, days);
        exception
            when lock_not_available then
                -- Tomorrow is another night; until then its weeks are computed when read.
                raise warning 'pages of resource % were left as they are: it is locked', v_resource;
            when others then
                -- The trouble of one resource, a zone that is no longer known, say, is not that of those behind it.
                raise warning 'pages of resource % were left as they are: %', v_resource, sqlerrm;
                v_error := sqlstate;
        end;
        commit;
    end loop;
    if v_error is not null then
        raise exception 'pages of some resources could not be written'
            using errcode = v_error, hint = 'The warnings before this say which; all others are done.';
    end if;
end
$$;
comment on procedure booking.roll(int) is
    'Nightly: stores the pages of all resources from last week to so many days ahead, drops older ones, and writes '
    'every stored week anew. Commits after each resource, so it cannot run inside a transaction block. Passes by a resource '
    'that stays locked, with a warning, and by one that fails: its error is raised in the end. 22023: days out of range.';

create function booking.expire_bookings(batch int default 1000)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- With the hold that it has kept, which its trigger deletes: locked with it or not at all, since who takes the place of
    -- lapsed holds locks those in another order.
    with lapsed as materialized (
        select b.tenant_id, b.booking_id
        from booking.booking b
        where b.status = 'pending' and b.expires_at <= clock_timestamp()
        order by b.expires_at
        limit booking.check_batch(batch)
        for update skip locked),
    kept as materialized (
        select h.tenant_id, h.hold_id
        from booking.hold h
        join lapsed l using (tenant_id, booking_id)
        for update of h skip locked),
    expired as (
        update booking.booking b
        set status = 'expired', version = b.version + 1
        from lapsed l
        where b.tenant_id = l.tenant_id and b.booking_id = l.booking_id
            and not exists (
                select
                from booking.hold h
                where h.tenant_id = l.tenant_id and h.booking_id = l.booking_id
                    and (h.tenant_id, h.hold_id) not in (select k.tenant_id, k.hold_id from kept k))
        returning b.tenant_id, b.booking_id, b.service_id, b.expires_at),
    told as (
        insert into booking.booking_event (tenant_id, kind, booking_id, service_id, actor, detail)
        select e.tenant_id, 'expired', e.booking_id, e.service_id, booking.actor(e.tenant_id),
            jsonb_build_object('expires_at', e.expires_at)
        from expired e)
    select count(*) into v_gone from expired;
    return v_gone;
end
$$;
comment on function booking.expire_bookings(int) is
    'Writes down that pending bookings have expired, at most a batch, with an event each; returns how many. They read as expired '
    'without it. 22023: not a batch.';

create function booking.expire_holds(batch int default 1000)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set booking.sweeping = 'on'
as $$
declare
    v_gone bigint;
begin
    -- An hour after their lapse: until then a heartbeat may take a hold up again. A hold that somebody works with is left
    -- for the next time. Materialized, or a plan might look for another batch for every row.
    with gone as materialized (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.expires_at < clock_timestamp() - interval '1 hour'
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id;
    get diagnostics v_gone = row_count;
    -- What else becomes due every few minutes.
    perform booking.expire_bookings(batch);
    perform booking.tell_refusals(batch);
    return v_gone;
end
$$;
comment on function booking.expire_holds(int) is
    'Deletes at most a batch of holds that lapsed more than an hour ago; returns how many. Also calls booking.expire_bookings and '
    'booking.tell_refusals with this batch. Tidies, decides nothing. 22023: not a batch.';

create type booking.drift as (
    tenant_id uuid,
    resource_id uuid,
    week date,
    unit int,
    what text);
comment on type booking.drift is
    'A page that is not what it should be: missing, extra, open (its hours differ) or busy (its busy map differs).';

create function booking.verify(tenant uuid default null, resource uuid default null)
returns setof booking.drift
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    with stored as (
        select a.tenant_id, a.resource_id
        from booking.availability a
        where (verify.tenant is null or a.tenant_id = verify.tenant)
            and (verify.resource is null or a.resource_id = verify.resource)
        group by a.tenant_id, a.resource_id),
    right_page as (
        select s.tenant_id, s.resource_id, c.week, c.unit, c.open, c.busy
        from stored s
        cross join lateral booking.page_runs(s.tenant_id, s.resource_id) r
        cross join lateral booking.computed_pages(s.tenant_id, s.resource_id, r.starts, r.ends) c),
    stored_page as (
        select a.tenant_id, a.resource_id, a.week, a.unit, a.open, a.busy
        from booking.availability a
        join stored s using (tenant_id, resource_id))
    select tenant_id, resource_id, week, unit,
        case
            when p.here is null then 'missing'
            when r.here is null then 'extra'
            when not booking.same_map(p.open, r.open) then 'open'
            else 'busy'
        end
    from (select *, true as here from right_page) r
    full join (select *, true as here from stored_page) p using (tenant_id, resource_id, week, unit)
    where r.here is null or p.here is null
        or not (booking.same_map(p.open, r.open) and booking.same_map(p.busy, r.busy));
end;
comment on function booking.verify(uuid, uuid) is
    'The stored pages that differ from a computation from scratch. A healthy database has none, ever.';

-- sql/36_prune.sql
-- What is over and guards nothing any more, deleted in batches beside traffic: each batch is a transaction of its own that
-- waits for no lock of anybody else's and leaves what it finds locked for the next night. Bookings and their history stay.
-- Next: 37_jobs.sql.

create function booking.resources_to_prune()
returns table (tenant_id uuid, resource_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- Each table is read once; looking for every resource would be as many look-ups as there are resources.
    select c.tenant_id, c.resource_id
    from booking.claim c
    where c.booking_id is not null and upper(c.span) <= now() - interval '30 days'
    union
    select a.tenant_id, a.resource_id
    from booking.availability a
    where a.week < booking.week_of(now()) - 7
    order by 1, 2;
end;
comment on function booking.resources_to_prune() is 'The resources that have claims or pages for booking.prune, in the order in which it comes to them.';

create function booking.prune_resource(tenant uuid, resource uuid, batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_before timestamptz;
    v_claims bigint;
    v_pages bigint := 0;
begin
    perform booking.check_batch(batch);
    perform
    from booking.resource r
    where r.tenant_id = prune_resource.tenant and r.resource_id = prune_resource.resource
    for no key update skip locked;
    if not found then
        return 0;
    end if;
    perform booking.lock_resources(prune_resource.tenant, array[prune_resource.resource]);
    -- The claim of a new booking reaches back by the buffer before it, and must meet what it would have met.
    select clock_timestamp() - greatest(interval '30 days', make_interval(mins => max(s.buffer_before))) into v_before
    from booking.requirement_resource m
    join booking.service s using (tenant_id, service_id)
    where m.tenant_id = prune_resource.tenant and m.resource_id = prune_resource.resource;
    -- A plain DELETE has the claim before its trigger gets the resource. It waits for this, so this must not wait for it.
    with gone as materialized (
        select c.tenant_id, c.id
        from booking.claim c
        where c.tenant_id = prune_resource.tenant and c.resource_id = prune_resource.resource
            and c.booking_id is not null and c.span << tstzrange(v_before, null)
        limit batch
        for update skip locked)
    delete from booking.claim c
    using gone g
    where c.tenant_id = g.tenant_id and c.id = g.id;
    get diagnostics v_claims = row_count;
    if v_claims < batch then
        -- Whole weeks: half of one is wrong, whichever half.
        with past as (
            select a.week, sum(count(*)) over (order by a.week) - count(*) as rows_before
            from booking.availability a
            where a.tenant_id = prune_resource.tenant and a.resource_id = prune_resource.resource
                and a.week < booking.week_of(clock_timestamp()) - 7
            group by a.week)
        delete from booking.availability a
        using past p
        where a.tenant_id = prune_resource.tenant and a.resource_id = prune_resource.resource
            and a.week = p.week and p.rows_before < batch - v_claims;
        get diagnostics v_pages = row_count;
    end if;
    return v_claims + v_pages;
end
$$;
comment on function booking.prune_resource(uuid, uuid, int) is
    'Deletes at most a batch of what is over of one resource: claims of bookings 30 days after their end (or after as long a '
    'buffer as a service has before its bookings), and pages of weeks before the last one, whole weeks at a time. Returns how '
    'many; 0 where the resource is locked. 22023: not a batch.';

create function booking.prune_sittings(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- A sitting without a claim is no sitting. An hour after its end: by then no booking of it is still under way.
    with gone as materialized (
        select s.tenant_id, s.sitting_id
        from booking.sitting s
        where upper(s.span) < clock_timestamp() - interval '1 hour'
            and not exists (
                select
                from booking.claim c
                where c.tenant_id = s.tenant_id and c.sitting_id = s.sitting_id)
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.sitting s
    using gone g
    where s.tenant_id = g.tenant_id and s.sitting_id = g.sitting_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_sittings(int) is
    'Deletes at most a batch of sittings that ended more than an hour ago and have no claim; returns how many. 22023: not a batch.';

create function booking.prune_events(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    with gone as materialized (
        select e.tenant_id, e.at, e.event_id
        from booking.booking_event e
        where e.booking_id is null and e.at < clock_timestamp() - interval '90 days'
        order by e.at
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.booking_event e
    using gone g
    where (e.tenant_id, e.at, e.event_id) = (g.tenant_id, g.at, g.event_id);
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_events(int) is
    'Deletes at most a batch of events of no booking, holds and refusals, after 90 days; returns how many. What happened to a '
    'booking stays as long as it does. 22023: not a batch.';

create procedure booking.prune(batch int default 1000)
language plpgsql
as $$
-- As booking.roll: it commits, so it has no SET clause and qualifies every name. What a function of a batch deletes less than
-- was asked for was all there is, or is locked.
declare
    v_sweep text;
    v_tenant uuid;
    v_resource uuid;
    v_gone bigint;
begin
    perform booking.check_batch(batch);
    foreach v_sweep in array array[
        'expire_holds', 'expire_bookings', 'tell_refusals', 'prune_tokens', 'prune_keys', 'prune_events', 'prune_changes']
    loop
        loop
            execute pg_catalog.format('select booking.%I($1)', v_sweep) into v_gone using batch;
            commit;
            exit when v_gone operator(pg_catalog.<) batch;
        end loop;
    end loop;
    for v_tenant, v_resource in select r.tenant_id, r.resource_id from booking.resources_to_prune() r loop
        loop
            v_gone := booking.prune_resource(v_tenant, v_resource, batch);
            commit;
            exit when v_gone operator(pg_catalog.<) batch;
        end loop;
    end loop;
    -- After their claims.
    loop
        v_gone := booking.prune_sittings(batch);
        commit;
        exit when v_gone operator(pg_catalog.<) batch;
    end loop;
end
$$;
comment on procedure booking.prune(int) is
    'Nightly: deletes what is over and guards nothing: holds that lapsed more than an hour ago, claims and tokens of bookings 30 days '
    'after their end, pages of weeks before the last one, sittings that are over and have no claim, '
    'changes and idempotency keys older than a day, events of no booking after 90 days. At most so many rows of one '
    'resource in one transaction; passes by what is locked. Commits, so it cannot run inside a transaction block. Changes no '
    'answer about a time to come. 22023: not a batch.';

-- sql/37_jobs.sql
-- The upkeep as jobs of pg_cron. That extension need not be there: its functions are named in dynamic SQL only, and without
-- it the error says how to schedule the same by other means. Next: 38_time.sql.

create type booking.job as (job_name text, schedule text, command text, run_as name);
comment on type booking.job is 'A job of pg_cron: its name, when it runs, what it runs, and the login role that it runs as.';

create function booking.job_name(job text)
returns text
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- pg_cron serves a whole server and cuts names at 63 bytes: a long name of a database gives way to its hash.
    select format('pg_booking %s %s', job,
        case when octet_length(current_database()) <= 39 then current_database()::text else md5(current_database()) end);
end;
comment on function booking.job_name(text) is 'What the job of this database is called: roll, expire_holds or prune.';

create function booking.jobs(roll_at text, sweep_at text, prune_at text, days int, batch int)
returns setof booking.job
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- Ten thousand every five minutes is 33 holds a second; what a storm leaves goes at night.
    select booking.job_name(j.job), j.schedule, j.command, null::name
    from (
        values
            ('roll', roll_at, format('call booking.roll(%s)', booking.check_days(days))),
            ('expire_holds', sweep_at, 'select booking.expire_holds(10000)'),
            ('prune', prune_at, format('call booking.prune(%s)', booking.check_batch(batch)))) j (job, schedule, command)
    where j.schedule is not null;
end;
comment on function booking.jobs(text, text, text, int, int) is 'The jobs that booking.install_jobs installs with these arguments.';

create function booking.grant_jobs(jobs_role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_routine regprocedure;
begin
    execute format('grant usage on schema booking to %I', jobs_role);
    foreach v_routine in array array[
        'booking.roll(int)', 'booking.check_days(int)', 'booking.resources_to_roll()', 'booking.roll_resource(uuid, uuid, int)',
        'booking.prune(int)', 'booking.check_batch(int)', 'booking.resources_to_prune()',
        'booking.prune_resource(uuid, uuid, int)', 'booking.prune_sittings(int)', 'booking.prune_changes(int)',
        'booking.prune_events(int)', 'booking.prune_keys(int)', 'booking.prune_tokens(int)', 'booking.tell_refusals(int)',
        'booking.expire_bookings(int)', 'booking.expire_holds(int)',
        'booking.install_jobs(name, text, text, text, int, int)', 'booking.jobs(text, text, text, int, int)',
        'booking.job_name(text)', 'booking.remove_jobs()', 'booking.need_cron(text, text)']::regprocedure[]
    loop
        execute format('grant execute on routine %s to %I', v_routine, jobs_role);
    end loop;
end
$$;
comment on function booking.grant_jobs(name) is
    'Lets a login role run the upkeep and schedule it, and nothing else: USAGE on schema booking and EXECUTE on roll, prune, '
    'expire_holds and what they call with the owner''s rights. It can read no table. 42704: unknown role; 42501: the caller '
    'may not grant.';

create function booking.need_cron(instead_there text, instead_of text)
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- Null where the library is not loaded, or where the caller may not know.
    v_home text := (select s.setting from pg_settings s where s.name = 'cron.database_name');
begin
    if v_home <> current_database() then
        raise exception 'the jobs of pg_cron are kept in database "%", not in this one', v_home
            using errcode = '55000', hint = format(E'In database "%s":\n%s', v_home, instead_there);
    elsif not exists (select from pg_extension e where e.extname = 'pg_cron') then
        raise exception 'extension pg_cron is not installed in this database'
            using errcode = '55000', hint = concat(
                'It needs pg_cron in shared_preload_libraries, this database as cron.database_name, and CREATE EXTENSION pg_cron.',
                instead_of);
    end if;
end
$$;
comment on function booking.need_cron(text, text) is
    '55000 unless the jobs of pg_cron are kept in this database; the hint is what to do in theirs, or what to do without pg_cron.';

create function booking.remove_jobs()
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_ids bigint[];
begin
    perform booking.need_cron(
        format('select cron.unschedule(jobid) from cron.job where database = %L and jobname like %L;',
            current_database(), 'pg_booking %'),
        '');
    execute 'select array_agg(j.jobid) from cron.job j where j.database = $1 and j.jobname = any ($2)'
    into v_ids
    using current_database()::text,
        array[booking.job_name('roll'), booking.job_name('expire_holds'), booking.job_name('prune')];
    execute 'select cron.unschedule(i) from unnest($1) i' using v_ids;
    return coalesce(cardinality(v_ids), 0);
end
$$;
comment on function booking.remove_jobs() is
    'Removes what booking.install_jobs installed, as far as the caller sees it: a superuser all, others what runs as them. '
    'Returns how many. 55000: no pg_cron in this database.';

create function booking.install_jobs(
    jobs_role name default null,
    roll_at text default '0 2 * * *',
    sweep_at text default '*/5 * * * *',
    prune_at text default '30 2 * * *',
    days int default 60,
    batch int default 1000)
returns setof booking.job
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_role name := coalesce(jobs_role, current_user);
    v_jobs booking.job[] := array(select j from booking.jobs(roll_at, sweep_at, prune_at, days, batch) j);
    v_job booking.job;
begin
    if not exists (select from pg_roles r where r.rolname = v_role) then
        raise exception 'role "%" does not exist', v_role using errcode = '42704';
    elsif not exists (select from pg_roles r where r.rolname = v_role and r.rolcanlogin) then
        raise exception 'role "%" is not permitted to log in', v_role
            using errcode = '22023', hint = 'pg_cron logs in as the role that a job runs as.';
    end if;
    perform booking.need_cron(
        (
            select string_agg(format('select cron.schedule_in_database(%L, %L, %L, %L, %L);',
                j.job_name, j.schedule, j.command, current_database(), v_role), E'\n')
            from unnest(v_jobs) j),
        (
            select string_agg(format(E'\n%s psql -U %s -d %s -c %L',
                j.schedule, v_role, current_database(), j.command), '')
            from unnest(v_jobs) j));
    if v_role <> current_user then
        perform booking.grant_jobs(v_role);
    end if;
    perform booking.remove_jobs();
    foreach v_job in array v_jobs loop
        -- Without special rights one can schedule what runs as oneself, and only that.
        if v_role = current_user then
            execute 'select cron.schedule($1, $2, $3)' using v_job.job_name, v_job.schedule, v_job.command;
        else
            execute 'select cron.schedule_in_database($1, $2, $3, $4, $5)'
            using v_job.job_name, v_job.schedule, v_job.command, current_database()::text, v_role::text;
        end if;
        v_job.run_as := v_role;
        return next v_job;
    end loop;
end
$$;
comment on function booking.install_jobs(name, text, text, text, int, int) is
    'Schedules the upkeep of this database with pg_cron, in place of what it scheduled before, and returns the jobs: '
    'booking.roll(days) at roll_at, booking.expire_holds at sweep_at, booking.prune(batch) at prune_at. Times are cron '
    'expressions in the time zone of pg_cron, which is GMT unless cron.timezone says otherwise; null: not that job. jobs_role: '
    'the login role that they run as, which booking.grant_jobs is called for; default the caller. 55000: no pg_cron in this '
    'database, the hint has the alternative. 22023: days, batch or expression make no sense, or the role cannot log in; 42704: '
    'unknown role; 42501: the caller may not schedule for that role.';

-- sql/38_time.sql
-- Time as callers give it: ranges, durations, clocks. Some are STABLE though their answers never change: extract is, for a
-- timestamptz, and an immutable function around it would not be inlined (10 us a call). Next: 39_slot_id.sql.

create function booking.check_range(from_ts timestamptz, to_ts timestamptz)
returns void
language plpgsql
immutable
parallel safe
as $$
begin
    -- Nearly always, and all in one: each expression of its own costs 1.5 us in every transaction.
    if from_ts >= '0001-01-01 00:00+00' and to_ts <= '9999-01-01 00:00+00'
        and from_ts <= to_ts and to_ts - from_ts <= interval '400 days'
    then
        return;
    end if;
    if from_ts is null or to_ts is null then
        raise exception 'a range of instants needs both ends'
            using errcode = '22004', hint = 'Give from_ts and to_ts.';
    elsif not isfinite(from_ts) or not isfinite(to_ts) then
        raise exception 'a range of instants cannot be infinite'
            using errcode = '22008', hint = 'Give finite instants, as_of among them.';
    elsif from_ts > to_ts then
        raise exception 'from_ts must not be after to_ts'
            using errcode = '22023', detail = format('from_ts is %s, to_ts is %s.', from_ts, to_ts);
    elsif to_ts - from_ts > interval '400 days' then
        raise exception 'a range may span at most 400 days'
            using errcode = '22023', hint = 'Read it in pieces.';
    elsif from_ts < '0001-01-01 00:00+00' or to_ts > '9999-01-01 00:00+00' then
        raise exception 'a range of instants must lie in the years 1 to 9998'
            using errcode = '22008';
    end if;
end
$$;
comment on function booking.check_range(timestamptz, timestamptz) is
    '22004, 22008 or 22023 unless both ends are finite, in order and at most 400 days apart.';

create function booking.whole_minutes(duration interval)
returns int
language plpgsql
immutable
parallel safe
strict
as $$
declare
    -- Whole years are 12 months to an interval; months have no fixed length, days count 24 hours.
    v_seconds numeric := extract(epoch from duration);
begin
    if extract(year from duration) <> 0 or extract(month from duration) <> 0 then
        raise exception 'a duration cannot be given in months'
            using errcode = '22023', hint = 'Give days, hours and minutes.';
    elsif v_seconds <= 0 or v_seconds > 525600 * 60 then
        raise exception 'duration % is out of range', duration
            using errcode = '22023', hint = 'Give one minute to 365 days.';
    elsif v_seconds % 60 <> 0 then
        raise exception 'duration % is not in whole minutes', duration
            using errcode = '22023', hint = 'Leave the seconds out.';
    end if;
    return v_seconds / 60;
end
$$;
comment on function booking.whole_minutes(interval) is
    'A duration or step in minutes. 22023 where it is not positive, longer than 365 days, in months or off the minute.';

create function booking.calendar_plus(at timestamptz, amount interval, zone text)
returns timestamptz
language plpgsql
stable
parallel safe
strict
as $$
declare
    -- What is left of the interval without its months and days.
    v_clock interval := make_interval(
        hours => extract(hour from amount)::int,
        mins => extract(minute from amount)::int,
        secs => extract(second from amount)::float8);
begin
    -- Days and months by the calendar of the zone, hours and minutes as they pass, whatever the session's TimeZone.
    return timezone(zone, timezone(zone, at) + (amount - v_clock)) + v_clock;
end
$$;
comment on function booking.calendar_plus(timestamptz, interval, text) is
    'As booking.local_plus, for an interval that has days or months.';

-- Inlined.
create function booking.local_plus(at timestamptz, amount interval, zone text)
returns timestamptz
language sql
stable
parallel safe
begin atomic
    -- Only the calendar needs the wall clock: an instant in the hour that an overlap repeats does not survive the way there
    -- and back.
    select case
        when extract(day from amount) = 0 and extract(month from amount) = 0 and extract(year from amount) = 0 then at + amount
        else booking.calendar_plus(at, amount, zone)
    end;
end;
comment on function booking.local_plus(timestamptz, interval, text) is
    'An instant and an interval added up: days and months on the calendar of the zone, the rest as elapsed time.';

create function booking.date_start(day date, zone text)
returns timestamptz
language plpgsql
stable
parallel safe
strict
as $$
begin
    return (
        select min(m)
        from unnest(booking.local_midnights(
            zone, timezone('UTC', day::timestamp) - interval '40 hours', timezone('UTC', day::timestamp) + interval '64 hours')) m
        where timezone(zone, m)::date >= day);
end
$$;
comment on function booking.date_start(date, text) is
    'The first instant of a local date: also where its midnight comes twice or never. Of a date that the zone skipped, that of the next.';

create function booking.slot_ceil(at timestamptz, grain int)
returns timestamptz
language sql
stable
parallel safe
begin atomic
    select to_timestamp(ceil(extract(epoch from at) / (grain * 60)) * (grain * 60));
end;
comment on function booking.slot_ceil(timestamptz, int) is 'The first slot of a grain, in minutes, that starts at or after an instant.';

-- sql/39_slot_id.sql
-- slot_id: base64url of (tenant, service, start, duration, resource or none). It saves a client from sending five
-- arguments; it is no capability and is always judged anew. Next: 40_service.sql.

create type booking.slot_key as (
    tenant_id uuid,
    service_id uuid,
    starts_at timestamptz,
    duration interval,
    resource_id uuid);
comment on type booking.slot_key is 'What a slot_id stands for.';

create function booking.slot_id(tenant uuid, service uuid, minutes integer, starts_at timestamptz, resource uuid)
returns text
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slot_id_wrapper';
comment on function booking.slot_id(uuid, uuid, integer, timestamptz, uuid) is
    'A slot_id: base64url without padding (RFC 4648 section 5) of 16 bytes tenant, 16 service, 4 minutes, 9 minutes from 1970 to the start, and 16 resource unless it is null. Null if any other is';

create function booking.slot_of(slot_id text)
returns booking.slot_key
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_hex text;
    v_start bigint;
    v_minutes int;
begin
    if slot_id ~ '^[A-Za-z0-9_-]+$' and length(slot_id) in (60, 82) then
        v_hex := encode(
            decode(translate(slot_id, '-_', '+/') || case length(slot_id) when 82 then '==' else '' end, 'base64'), 'hex');
        v_minutes := ('x' || substr(v_hex, 65, 8))::bit(32)::int;
        v_start := ('x' || substr(v_hex, 75, 16))::bit(64)::bigint;
        -- Years 1 to 9998, as everywhere: beyond them arithmetic could overflow.
        if substr(v_hex, 73, 2) = '00' and v_start between -1035593280 and 4222846080 and v_minutes between 1 and 525600 then
            return (
                substr(v_hex, 1, 32)::uuid,
                substr(v_hex, 33, 32)::uuid,
                timestamptz 'epoch' + v_start * interval '1 minute',
                make_interval(mins => v_minutes),
                nullif(substr(v_hex, 91, 32), '')::uuid);
        end if;
    end if;
    raise exception 'malformed slot_id' using errcode = '22023', hint = 'Use a slot_id as available_slots gives it.';
end
$$;
comment on function booking.slot_of(text) is 'What a slot_id stands for. 22023 where it is malformed.';

-- sql/40_service.sql
-- A service as a question is asked of it: who may be taken, which lengths it has, when a start may be at all. What is
-- called for every list and every hold sets no search_path: its callers have set it, and a SET clause costs 5 us a call.
-- Next: 41_limit.sql.

create function booking.the_service(tenant uuid, service uuid)
returns booking.service
language plpgsql
stable
parallel safe
as $$
declare
    v_service booking.service;
begin
    select s.* into v_service
    from booking.service s
    join booking.tenant t using (tenant_id)
    where s.tenant_id = the_service.tenant and s.service_id = the_service.service and s.active and t.active;
    if not found then
        raise exception 'unknown tenant or service' using errcode = 'P0002';
    end if;
    return v_service;
end
$$;
comment on function booking.the_service(uuid, uuid) is
    'A service by its id. P0002 where it, or its tenant, is unknown or not active.';

create function booking.check_member(service booking.service, resource uuid)
returns void
language plpgsql
stable
parallel safe
as $$
begin
    if resource is not null and not exists (
        select
        from booking.requirement_resource m
        where m.tenant_id = service.tenant_id and m.service_id = service.service_id
            and m.resource_id = check_member.resource)
    then
        raise exception 'unknown resource of service "%"', service.slug using errcode = 'P0002';
    end if;
end
$$;
comment on function booking.check_member(booking.service, uuid) is 'P0002 where a resource is given that is none of the service''s.';

create function booking.off_grain(minutes int, grain int, service booking.service)
returns void
language plpgsql
stable
parallel safe
as $$
begin
    if minutes % grain <> 0 then
        raise exception '% minutes are off the grain of % minutes of service "%"', minutes, grain, service.slug
            using errcode = '22023', hint = (
                select format('The largest grain that fits them and the UTC offsets of the zones is %s minutes.',
                    booking.largest_grain(array[minutes], array_agg(r.zone) || service.zone))
                from booking.requirement_resource m
                join booking.resource r using (tenant_id, resource_id)
                where m.tenant_id = service.tenant_id and m.service_id = service.service_id);
    end if;
end
$$;
comment on function booking.off_grain(int, int, booking.service) is
    'Raises 22023 where so many minutes are off the grain of the service. The hint names one that fits.';

create type booking.question as (
    service booking.service,
    grain int,
    minutes int,
    step int,
    limited boolean,
    moved uuid,
    among uuid[]);
comment on type booking.question is
    'What is asked of a service: for how many minutes (a night counts 1440, however long it is), at which step between '
    'starts (null: every slot of the grain, in minutes, that its resources share); and has it limits that are not by customer. '
    'moved: the booking that is being moved, which no limit counts meanwhile; among: only these resources may be taken; null: any.';

create function booking.question(tenant uuid, service uuid, duration interval, step interval default null)
returns booking.question
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
declare
    v_question booking.question;
begin
    -- All that every question asks first, in one query: expressions of its own cost 1.5 us each in every transaction.
    select s, (
            -- Any would do; in order the planner takes the index, however small the table, and not all resources at once.
            select (
                select r.grain
                from booking.resource r
                where r.tenant_id = m.tenant_id and r.resource_id = m.resource_id)
            from booking.requirement_resource m
            where m.tenant_id = s.tenant_id and m.service_id = s.service_id
            order by m.resource_id
            limit 1),
        coalesce(booking.whole_minutes(question.duration), d.shortest * case s.kind when 'stay' then 1440 else 1 end),
        coalesce(booking.whole_minutes(question.step), s.step, case s.kind when 'slot' then d.shortest end),
        exists (
            select
            from booking.service_limit l
            where l.tenant_id = s.tenant_id and l.service_id = s.service_id and l.scope <> 'customer'),
        null, null
    into v_question
    from booking.service s
    join booking.tenant t using (tenant_id)
    cross join lateral (select coalesce(s.min_length, (select min(d) from unnest(s.durations) d)) as shortest offset 0) d
    where s.tenant_id = question.tenant and s.service_id = question.service and s.active and t.active;
    if not found then
        raise exception 'unknown tenant or service' using errcode = 'P0002';
    elsif (v_question.service).kind = 'stay' or v_question.minutes % v_question.grain <> 0 or v_question.step % v_question.grain <> 0 then
        perform booking.check_question(v_question, duration, step);
    end if;
    return v_question;
end
$$;
comment on function booking.question(uuid, uuid, interval, interval) is
    'What is asked of a service, by default its shortest duration, and its step, else the shortest duration of a slot. P0002 '
    'where it, or its tenant, is unknown or not active; 22023 where a length is off the grain, out of range or not in whole '
    'minutes (of a stay whole nights), or a step is asked of a stay.';

create function booking.check_question(question booking.question, duration interval, step interval)
returns void
language plpgsql
stable
parallel safe
as $$
declare
    v_service booking.service := question.service;
begin
    if v_service.kind = 'stay' and question.minutes % 1440 <> 0 then
        raise exception 'service "%" is booked for whole nights, not for %', v_service.slug, duration
            using errcode = '22023', hint = 'Give the nights as days: 3 days.';
    elsif v_service.kind = 'stay' and check_question.step is not null then
        raise exception 'a stay of service "%" has no step: it starts at check-in', v_service.slug using errcode = '22023';
    end if;
    perform booking.off_grain(question.minutes, question.grain, v_service);
    perform booking.off_grain(question.step, question.grain, v_service);
end
$$;
comment on function booking.check_question(booking.question, interval, interval) is
    'The 22023 of booking.question, for a duration and a step as they were given.';

-- Inlined.
create function booking.has_length(service booking.service, minutes int)
returns boolean
language sql
immutable
parallel safe
begin atomic
    select minutes / case (service).kind when 'stay' then 1440 else 1 end = any ((service).durations)
        or coalesce(
            minutes / case (service).kind when 'stay' then 1440 else 1 end between (service).min_length and (service).max_length,
            false);
end;
comment on function booking.has_length(booking.service, int) is 'True where a service can be booked for so many minutes (a night: 1440).';

create function booking.slot_end(service booking.service, starts_at timestamptz, minutes int)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
begin
    if service.kind = 'stay' then
        return timezone(service.zone, timezone(service.zone, starts_at)::date + minutes / 1440 + service.check_out);
    end if;
    return starts_at + make_interval(mins => minutes);
end
$$;
comment on function booking.slot_end(booking.service, timestamptz, int) is
    'When a slot of so many minutes ends: of a stay, at check-out on the date so many nights later.';

-- sql/41_limit.sql
-- Limits: how many more bookings of a service a day, week or month admits. One function counts, for a list and under the
-- lock of a hold alike. Next: 42_pool.sql.

create function booking.lock_service(service booking.service)
returns void
language plpgsql
as $$
begin
    update booking.service s
    set version = s.version + 1
    where s.tenant_id = service.tenant_id and s.service_id = service.service_id
        and s.xmin <> pg_current_xact_id()::xid;
end
$$;
comment on function booking.lock_service(booking.service) is 'Locks a service until the transaction ends.';

create function booking.lock_limits(service booking.service)
returns boolean
language plpgsql
as $$
begin
    if not exists (
        select
        from booking.service_limit l
        where l.tenant_id = service.tenant_id and l.service_id = service.service_id)
    then
        return false;
    end if;
    perform booking.lock_service(service);
    return true;
end
$$;
comment on function booking.lock_limits(booking.service) is
    'Locks a service that has limits until the transaction ends, so that one at a time is counted against them. False where '
    'there are none. The first lock of every writer but that of its session.';

create function booking.period_start(at timestamptz, period text, zone text, number int default 0)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
begin
    return booking.date_start(
        (date_trunc(period, timezone(zone, at)) + period_start.number * ('1 ' || period)::interval)::date, zone);
end
$$;
comment on function booking.period_start(timestamptz, text, text, int) is
    'The first instant of the local day, week (from Monday) or month that an instant lies in, or of one so many after it.';

create function booking.limit_minutes(service booking.service, minutes int)
returns int
language sql
stable
parallel safe
begin atomic
    select minutes + coalesce(extract(epoch from service.check_out - service.check_in)::int / 60, 0);
end;
comment on function booking.limit_minutes(booking.service, int) is
    'What a booking of so many minutes (a night: 1440) counts against limits by time: from start to end; of a stay, from '
    'check-in to check-out, with 24 hours a night, however long it is.';

create function booking.used_minutes(service booking.service, span tstzrange)
returns numeric
language sql
stable
parallel safe
begin atomic
    -- Of a stay the nights are counted on the wall clock, rounded: a check-in that falls into a gap comes later.
    select case service.kind
        when 'stay' then booking.limit_minutes(
            service,
            1440 * round(
                extract(
                    epoch from timezone(service.zone, upper(span)) - timezone(service.zone, lower(span))
                        - (service.check_out - service.check_in)) / 86400)::int)
        else extract(epoch from upper(span) - lower(span)) / 60
    end;
end;
comment on function booking.used_minutes(booking.service, tstzrange) is
    'What a booking or a hold counts against limits by time: as much as booking.limit_minutes said of its length before.';

create type booking.limit_room as (
    resource_id uuid,
    span tstzrange,
    room int,
    stable_room int,
    period text,
    max_count int,
    max_minutes int,
    used_count int,
    used_minutes int);
comment on type booking.limit_room is
    'How many more bookings a limit admits that start in a span: room, with live holds counted; stable_room, without foreign '
    'ones. '
    'resource_id: null where the limit is on the service as a whole. period, max_count and max_minutes: the limit itself; '
    'used_count, used_minutes: what counts against it, live holds among it.';

create function booking.limit_rooms(
    question booking.question,
    starts tstzrange,
    session_hash bytea,
    now timestamptz)
returns setof booking.limit_room
language plpgsql
stable
rows 50
-- Series and arrays of unknown length make it look so dear that it would be compiled, which takes half a second.
set jit = off
as $$
#variable_conflict use_column
declare
    service booking.service := question.service;
    v_minutes int := booking.limit_minutes(service, question.minutes);
    v_length interval := make_interval(mins => v_minutes);
begin
    return query
        with period as materialized (
            select l.scope, l.period, l.max_count, l.max_minutes, p.starts_at, p.ends_at
            from booking.service_limit l
            cross join lateral (
                select booking.period_start(lower(starts), l.period, service.zone, n) as starts_at,
                    booking.period_start(lower(starts), l.period, service.zone, n + 1) as ends_at
                from generate_series(0, case l.period when 'day' then 402 when 'week' then 59 else 15 end) n
                where lower(starts) + n * ('1 ' || l.period)::interval - interval '32 days' < upper(starts)) p
            where l.tenant_id = service.tenant_id and l.service_id = service.service_id and l.scope <> 'customer'
                and p.starts_at < upper(starts)),
        reach as (
            select min(p.starts_at) as starts_at, max(p.ends_at) as ends_at from period p),
        -- What counts. let_go: the starts for which an own hold would be.
        used as materialized (
            select lower(b.span) as at, booking.used_minutes(service, b.span) as length, true as stays,
                null::tstzrange as let_go, array(
                    select distinct r.resource_id
                    from booking.booking_resource r
                    where r.tenant_id = b.tenant_id and r.booking_id = b.booking_id) as resources
            from reach
            join booking.booking b
                on b.tenant_id = service.tenant_id and b.service_id = service.service_id
                and booking.span_start(b.span) >= reach.starts_at and booking.span_start(b.span) < reach.ends_at
            where b.status in ('pending', 'confirmed', 'completed', 'no_show') and coalesce(b.expires_at > now, true)
                and b.booking_id is distinct from question.moved
            union all
            select lower(h.span), booking.used_minutes(service, h.span),
                coalesce(h.session_hash = limit_rooms.session_hash, false),
                case
                    when h.session_hash = limit_rooms.session_hash
                        then tstzrange(
                            case service.kind
                                when 'stay' then timezone(service.zone, timezone(service.zone, lower(h.span)) - v_length)
                                else lower(h.span) - v_length
                            end + interval '1 microsecond',
                            upper(h.span))
                end,
                array(
                    select distinct c.resource_id
                    from booking.claim c
                    where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id)
            from reach
            join booking.hold h
                on h.tenant_id = service.tenant_id and h.service_id = service.service_id and h.expires_at > now
                and lower(h.span) >= reach.starts_at and lower(h.span) < reach.ends_at
            -- That of a pending booking is counted with its booking.
            where h.booking_id is null),
        -- Periods are cut where own holds begin and cease to be let go: within a piece the same ones are.
        edge as materialized (
            select e.at
            from used u
            cross join lateral unnest(array[lower(u.let_go), upper(u.let_go)]) e (at)
            where u.let_go is not null),
        piece as materialized (
            select p.*, e.at, lead(e.at, 1, p.ends_at) over (partition by p order by e.at) as until
            from period p
            cross join lateral (
                select p.starts_at as at
                union
                select e.at
                from edge e
                where e.at > p.starts_at and e.at < p.ends_at) e),
        -- By resource, and joined by equality: to try each of 200 resources on each of 30 days with all of 1,000 bookings took
        -- six seconds. The service itself stands for none.
        counted as (
            select p.scope, p.period, p.at, coalesce(r.resource_id, service.service_id) as subject_id, count(*) as bookings,
                sum(u.length) as length, count(*) filter (where u.stays) as bookings_that_stay,
                sum(u.length) filter (where u.stays) as length_that_stays
            from piece p
            join used u on u.at >= p.starts_at and u.at < p.ends_at and not coalesce(u.let_go @> p.at, false)
            left join lateral unnest(u.resources) r (resource_id) on p.scope = 'resource'
            group by p.scope, p.period, p.at, coalesce(r.resource_id, service.service_id))
        select m.resource_id, tstzrange(p.at, p.until),
            greatest(0, least(
                p.max_count - coalesce(c.bookings, 0),
                floor((p.max_minutes - coalesce(c.length, 0)) / v_minutes)))::int,
            greatest(0, least(
                p.max_count - coalesce(c.bookings_that_stay, 0),
                floor((p.max_minutes - coalesce(c.length_that_stays, 0)) / v_minutes)))::int,
            p.period, p.max_count, p.max_minutes, coalesce(c.bookings, 0)::int, coalesce(c.length, 0)::int
        from piece p
        left join booking.requirement_resource m
            on m.tenant_id = service.tenant_id and m.service_id = service.service_id and p.scope = 'resource'
        left join counted c
            on c.scope = p.scope and c.period = p.period and c.at = p.at
            and c.subject_id = coalesce(m.resource_id, service.service_id)
        where p.scope = 'service' or m.resource_id is not null;
end
$$;
comment on function booking.limit_rooms(booking.question, tstzrange, bytea, timestamptz) is
    'What the limits of a service leave to bookings as asked for that start in a range: those of the service and of its '
    'resources, whose spans may overlap. The session''s own holds do not count against a start that would let them go.';

create function booking.limits_of(
    question booking.question,
    starts tstzrange,
    session_hash bytea,
    now timestamptz)
returns booking.limit_room[]
language plpgsql
stable
as $$
begin
    if exists (
        select
        from booking.service_limit l
        where l.tenant_id = (question.service).tenant_id and l.service_id = (question.service).service_id)
    then
        return array(select l from booking.limit_rooms(question, starts, session_hash, now) l);
    end if;
    return null;
end
$$;
comment on function booking.limits_of(booking.question, tstzrange, bytea, timestamptz) is
    'What booking.limit_rooms says; null for a service without limits.';

create function booking.customer_room(
    service booking.service,
    starts_at timestamptz,
    ends_at timestamptz,
    customer_key text,
    moved uuid default null)
returns boolean
language plpgsql
as $$
#variable_conflict use_column
begin
    return not exists (
        select
        from booking.service_limit l
        cross join lateral (
            select booking.period_start(customer_room.starts_at, l.period, service.zone) as starts_at,
                booking.period_start(customer_room.starts_at, l.period, service.zone, 1) as ends_at) p
        cross join lateral (
            select count(*) as bookings, coalesce(sum(booking.used_minutes(service, b.span)), 0) as minutes
            from booking.booking b
            where b.tenant_id = service.tenant_id and b.service_id = service.service_id
                and b.customer_key = customer_room.customer_key
                and booking.span_start(b.span) >= p.starts_at and booking.span_start(b.span) < p.ends_at
                and b.status in ('pending', 'confirmed', 'completed', 'no_show')
                and coalesce(b.expires_at > clock_timestamp(), true) and b.booking_id is distinct from customer_room.moved) u
        where l.tenant_id = service.tenant_id and l.service_id = service.service_id and l.scope = 'customer'
            and customer_room.customer_key is not null
            and (u.bookings >= l.max_count
                or u.minutes + booking.used_minutes(service, tstzrange(customer_room.starts_at, customer_room.ends_at)) > l.max_minutes));
end
$$;
comment on function booking.customer_room(booking.service, timestamptz, timestamptz, text, uuid) is
    'True where no limit of a service keeps a customer from one more booking; moved: the booking that is being moved does not count. Nobody known by no key has a limit.';

-- sql/42_pool.sql
-- Pools: the members of a service with all their pages, as one value in one query. Rows of 200 members, put into arrays of
-- composites and taken out again from step to step, took 4 of the 6.5 ms of a list; to collect them by one aggregate takes
-- 0.3 ms more than to read the pages. Next: 43_start.sql; 44_offer.sql, which makes one.

create domain booking.pool as bytea;
comment on domain booking.pool is
    'The members of a service over a range: when each is open and busy, and its units booked and held. For the functions '
    'beside it only, in the layout of the version at hand: it is not to be stored.';

create function booking.pool_agg_transfn(internal, uuid, integer, uuid, integer, integer, booking.slotmap, booking.slotmap, boolean)
returns internal
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_agg_transfn_wrapper';
comment on function booking.pool_agg_transfn(
    internal, uuid, integer, uuid, integer, integer, booking.slotmap, booking.slotmap, boolean) is
    'Adds a page to the state of pool_agg';

create function booking.pool_agg_finalfn(internal)
returns booking.pool
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_agg_finalfn_wrapper';
comment on function booking.pool_agg_finalfn(internal) is 'The result of pool_agg so far';

create aggregate booking.pool_agg(
    requirement uuid,
    pick integer,
    resource uuid,
    capacity integer,
    unit integer,
    open booking.slotmap,
    busy booking.slotmap,
    held boolean) (
    sfunc = booking.pool_agg_transfn,
    stype = internal,
    sspace = 65536,
    finalfunc = booking.pool_agg_finalfn,
    parallel = safe
);
comment on aggregate booking.pool_agg(uuid, integer, uuid, integer, integer, booking.slotmap, booking.slotmap, boolean) is
    'A pool of pages in any order, quickest with those of a resource together. resource null: a requirement that may have '
    'nobody; unit null: a resource that may have no page; held: busy is by a hold. Null without rows. Errors: 22004 no '
    'requirement or pick, 22023 pick below 1 or grains differ, 54000 too long';

create function booking.pool_add(
    pool booking.pool,
    resources uuid[],
    units integer[],
    open booking.slotmap[],
    busy booking.slotmap[])
returns booking.pool
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'pool_add_wrapper';
comment on function booking.pool_add(booking.pool, uuid[], integer[], booking.slotmap[], booking.slotmap[]) is
    'A pool and further pages of its resources; those of others are left out, and pool_weeks means nothing any more. Errors: 22023 lists that differ in length, 22004 null resource or unit, 22023 grains differ, 54000 too long';

create function booking.pool_open(pool booking.pool)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'pool_open_wrapper';
comment on function booking.pool_open(booking.pool) is
    'The instants at which every requirement has open members enough; null where one has too few of any kind, or there is none';

create function booking.pool_opens(pool booking.pool)
returns booking.slotmap[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'pool_opens_wrapper';
comment on function booking.pool_opens(booking.pool) is 'When each resource is open, in the order of pool_resources';

create function booking.pool_resources(pool booking.pool)
returns uuid[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'pool_resources_wrapper';
comment on function booking.pool_resources(booking.pool) is 'The resources of a pool, by requirement and id';

create function booking.pool_weeks(pool booking.pool)
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'pool_weeks_wrapper';
comment on function booking.pool_weeks(booking.pool) is 'How many pages of its hours the resource has that has the fewest; 0 without resources';

create function booking.pool_counts(
    pool booking.pool,
    starts booking.slotmap,
    lengths integer[],
    before integer,
    after integer,
    arrivals booking.slotmap[],
    allowed booking.slotmap[],
    with_holds boolean)
returns integer[]
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_counts_wrapper';
comment on function booking.pool_counts(
    booking.pool, booking.slotmap, integer[], integer, integer, booking.slotmap[], booking.slotmap[], boolean) is
    'How many bookings fit at each start: the largest m with, for every requirement, sum over its resources of min(free '
    'units, m) >= m * pick. A booking lies in the opening hours of its resources; with arrivals only its start is asked for: '
    'arrivals has the starts of each of the lengths (minutes, as the buffers), allowed those of each resource. Errors: 22023 lists that differ in '
    'length, a length off the grain or grains that differ, 22004 null among them, 22003 beyond 32 bits, XX001 no pool';

create function booking.computed_pool(pool booking.pool, tenant uuid, first_week date, last_week date)
returns booking.pool
language plpgsql
stable
parallel safe
-- booking.answer turns it off, for its own query, which reads by keys alone.
set enable_seqscan = on
as $$
#variable_conflict use_column
begin
    return (
        select booking.pool_add(pool, array_agg(m.resource_id), array_agg(m.unit), array_agg(m.open), array_agg(m.busy))
        from unnest(booking.computed_maps(tenant, booking.pool_resources(pool), first_week, last_week)) m);
end
$$;
comment on function booking.computed_pool(booking.pool, uuid, date, date) is
    'A pool of some weeks with those computed that are not stored; null without resources.';

-- sql/43_start.sql
-- When a stay may start, before anybody is asked who is free: the arrivals. For slots and free spans service_starts says it.
-- Next: 44_offer.sql.

create type booking.arrival as (minutes int, starts booking.slotmap);
comment on type booking.arrival is 'Starts of stays that are equally long: a change of the clock makes a night longer or shorter.';

create function booking.arrivals(service booking.service, minutes int, grain int, starts tstzrange)
returns booking.arrival[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_nights int := minutes / 1440;
    v_first date := timezone(service.zone, lower(starts))::date - 1;
    v_last date := timezone(service.zone, upper(starts))::date;
    v_closed datemultirange := booking.closed_nights(service.tenant_id, service.schedule_id, v_first, v_last + v_nights - 1);
begin
    return (
        select array_agg((l.minutes, l.starts)::booking.arrival)
        from (
            select (extract(epoch from e.ends_at - d.starts_at) / 60)::int as minutes,
                booking.slotmap_agg(booking.slotmap_cover(tstzrange(d.starts_at, d.starts_at, '[]'), grain)) as starts
            from (
                select v_first + n as day, timezone(service.zone, v_first + n + service.check_in) as starts_at
                from generate_series(0, v_last - v_first) n) d
            cross join lateral (
                select timezone(service.zone, d.day + v_nights + service.check_out) as ends_at) e
            where starts @> d.starts_at
                and (service.arrival_days is null or extract(isodow from d.day) = any (service.arrival_days))
                and not v_closed && daterange(d.day, d.day + v_nights)
            group by 1) l);
end
$$;
comment on function booking.arrivals(booking.service, int, int, tstzrange) is
    'Condition 1 for stays: check-in on the dates of a range that the service allows and does not close.';

create function booking.closed_arrivals(
    service booking.service,
    schedule uuid,
    minutes int,
    starts booking.slotmap)
returns booking.slotmap
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_nights int := minutes / 1440;
    v_closed datemultirange := booking.closed_nights(
        service.tenant_id, schedule, timezone(service.zone, lower(starts))::date,
        timezone(service.zone, upper(starts))::date + v_nights - 1);
begin
    if isempty(v_closed) then
        return starts - starts;
    end if;
    return (
        select coalesce(booking.slotmap_agg(booking.slotmap_cover(tstzrange(s.at, s.at, '[]'), booking.grain(starts))), starts - starts)
        from booking.slot_series(starts) s (at)
        cross join lateral (select timezone(service.zone, s.at)::date as day) d
        where v_closed && daterange(d.day, d.day + v_nights));
end
$$;
comment on function booking.closed_arrivals(booking.service, uuid, int, booking.slotmap) is
    'Those starts of stays that have a night on a date which an override of a schedule closes.';

-- sql/44_offer.sql
-- The rule: when is a slot offered? One function answers, for a list of a year and for a hold of one start alike: what
-- is shown can be had, what can be had is shown. Its callers force generic plans: they depend on no argument, and making
-- custom ones took 0.9 of the 2.9 ms of a list of one resource. Next: 45_class.sql; 47_slots.sql, which lists; 56_take.sql, which takes.

create type booking.asked as (starts booking.slotmap, lengths int[], arrivals booking.slotmap[], allowed booking.slotmap[]);
comment on type booking.asked is
    'What the resources of a service are asked for: starts of bookings of so many minutes. arrivals, allowed: null, or the '
    'starts of each of the lengths and of each resource, where hours on the way do not count.';

create function booking.asked(
    question booking.question,
    pool booking.pool,
    read tstzrange,
    from_ts timestamptz,
    to_ts timestamptz)
returns booking.asked
language plpgsql
stable
-- booking.answer turns it off. Below here a scan that cannot be helped would then count for 10,000,000,000, and the query
-- around it be compiled, which takes half a second.
set enable_seqscan = on
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_open booking.slotmap := booking.pool_open(pool);
    v_asked booking.asked;
begin
    if v_service.kind = 'stay' then
        if v_open is not null then
            v_asked := booking.asked_stay(question, pool, from_ts, to_ts);
        end if;
        return v_asked;
    elsif v_service.schedule_id is not null then
        v_open := v_open * booking.open_map(
            v_service.tenant_id, v_service.schedule_id, question.grain, lower(read), upper(read));
    end if;
    v_asked.starts := booking.service_starts(
        v_open, from_ts, to_ts, question.minutes, question.step, v_service.crosses_closed, case
            -- Midnights matter to a date that is open throughout; since 1957 the shortest one anywhere has had 16 hours.
            -- To work out those of a month costs 0.1 ms.
            when booking.has_run(v_open, 14 * 60) then booking.local_midnights(v_service.zone, lower(read), upper(read))
        end);
    v_asked.lengths := array[question.minutes];
    if v_service.crosses_closed then
        v_asked.arrivals := array[v_asked.starts];
        v_asked.allowed := array(
            select m.open * booking.slot_ahead(m.open, make_interval(mins => question.minutes - question.grain))
            from unnest(booking.pool_opens(pool)) with ordinality m (open, place)
            order by m.place);
    end if;
    return v_asked;
end
$$;
comment on function booking.asked(booking.question, booking.pool, tstzrange, timestamptz, timestamptz) is
    'Condition 1: the starts in a range at which a booking may begin, whoever is free. read: the weeks of the pool.';

create function booking.asked_stay(question booking.question, pool booking.pool, from_ts timestamptz, to_ts timestamptz)
returns booking.asked
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_asked booking.asked;
begin
    select booking.slotmap_agg(a.starts), array_agg(a.minutes), array_agg(a.starts)
    into v_asked.starts, v_asked.lengths, v_asked.arrivals
    from unnest(booking.arrivals(v_service, question.minutes, question.grain, tstzrange(from_ts, to_ts))) a;
    if v_asked.starts is null then
        return v_asked;
    end if;
    v_asked.allowed := array(
        select case
            when r.schedule_id is null then v_asked.starts
            else v_asked.starts - booking.closed_arrivals(v_service, r.schedule_id, question.minutes, v_asked.starts)
        end
        from unnest(booking.pool_resources(pool)) with ordinality m (resource_id, place)
        join booking.resource r on r.tenant_id = v_service.tenant_id and r.resource_id = m.resource_id
        order by m.place);
    return v_asked;
end
$$;
comment on function booking.asked_stay(booking.question, booking.pool, timestamptz, timestamptz) is
    'Condition 1 for stays: the arrivals in a range.';

create type booking.offer as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    unit int,
    units int,
    starts booking.slotmap,
    hours booking.slotmap,
    stable booking.slotmap,
    free booking.slotmap);
comment on type booking.offer is
    'A unit of a resource, or the lowest of so many, alike, that nobody has in the range. starts: the grid of the '
    'service, the same in every row, which the others are to be read on; hours, where only opening hours of the resource '
    'count (null unless asked for); stable, where nothing that cannot expire is in the way; free, where no foreign live hold '
    'is either.';

create function booking.pool_offers(
    pool booking.pool,
    starts booking.slotmap,
    lengths integer[],
    before integer,
    after integer,
    arrivals booking.slotmap[],
    allowed booking.slotmap[],
    with_hours boolean)
returns booking.offer[]
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_offers_wrapper';
comment on function booking.pool_offers(
    booking.pool, booking.slotmap, integer[], integer, integer, booking.slotmap[], booking.slotmap[], boolean) is
    'Condition 2, unit by unit, of what pool_counts counts. Errors as there';

create type booking.answer as (
    resources uuid[],
    starts booking.slotmap,
    free int[],
    stable int[],
    offers booking.offer[]);
comment on type booking.answer is
    'The starts that a service has by conditions 1 and 3, and the resources that were asked: either how many bookings fit at '
    'each start, and how many had foreign holds not been, or every unit by itself.';

create function booking.answer(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    session_hash bytea,
    now timestamptz,
    holds text,
    with_hours boolean default false)
returns booking.answer
language plpgsql
stable
-- A generic plan takes every service for one of many members, which a small table is quickest read through for.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_from timestamptz := greatest(from_ts, booking.local_plus(now, v_service.min_notice, v_service.zone));
    v_to timestamptz := least(to_ts, booking.local_plus(now, v_service.horizon, v_service.zone));
    v_first date;
    v_last date;
    v_read tstzrange;
begin
    -- Condition 3.
    if v_service.bookable <> '(,)' then
        v_from := greatest(v_from, booking.date_start(lower(v_service.bookable), v_service.zone));
        v_to := least(v_to, booking.date_start(upper(v_service.bookable), v_service.zone));
    end if;
    if v_from >= v_to or question.grain is null or not booking.has_length(v_service, question.minutes) then
        return null;
    end if;
    -- The grid counts from the start of a run or from the midnight of a date that is open throughout. A run that neither
    -- starts on the local date before the first nor crosses its midnight covers it whole: two dates back, and to the end of
    -- the last date, are enough; the longest two dates in a row have 51 hours. A stay may be a day longer than its nights.
    v_first := booking.week_of(v_from - greatest(interval '52 hours', make_interval(mins => v_service.buffer_before)));
    v_last := booking.week_of(v_to + greatest(interval '27 hours', make_interval(
        mins => question.minutes + v_service.buffer_after + case v_service.kind when 'stay' then 26 * 60 else 0 end)));
    v_read := booking.weeks_span(v_first, v_last);
    -- All in one statement, so that a pool, 220 kB of 200 resources, is copied by nobody: eight copies took 0.4 ms.
    return (
        select (
            booking.pool_resources(p.pool), a.starts,
            case
                when answer.holds is not null
                    then booking.pool_counts(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        answer.holds <> 'ignore')
            end,
            case
                when answer.holds = 'mark'
                    then booking.pool_counts(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        false)
            end,
            case
                when answer.holds is null
                    then booking.pool_offers(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        with_hours)
            end)::booking.answer
        from (
            select case
                when booking.pool_weeks(s.pool) > (v_last - v_first) / 7 then s.pool
                else booking.computed_pool(s.pool, v_service.tenant_id, v_first, v_last)
            end as pool
            from (
                select booking.pool_agg(
                    q.requirement_id, q.pick, m.resource_id, m.capacity, u.unit, u.open, u.busy, u.held) as pool
                from booking.service_requirement q
                -- OFFSET 0: one by one along primary keys, whatever the planner thinks of their number.
                left join lateral (
                    select r.resource_id, r.capacity, r.grain
                    from booking.requirement_resource x
                    cross join lateral (
                        select r.resource_id, r.capacity, r.grain
                        from booking.resource r
                        where r.tenant_id = x.tenant_id and r.resource_id = x.resource_id and r.active
                        offset 0) r
                    where x.tenant_id = q.tenant_id and x.service_id = q.service_id and x.requirement_id = q.requirement_id
                    offset 0) m on true
                left join lateral (
                    select a.unit, a.open, a.busy, false as held
                    from booking.availability a
                    where a.tenant_id = v_service.tenant_id and a.resource_id = m.resource_id
                        and a.week between v_first and v_last
                    union all
                    -- Condition 5: foreign live holds.
                    select c.unit, null, booking.slotmap_cover(c.span * v_read, m.grain), true
                    from booking.claim c
                    where c.tenant_id = v_service.tenant_id and c.resource_id = m.resource_id and c.hold_id is not null
                        and c.span && v_read
                        and (
                            select h.expires_at > answer.now and (h.session_hash = answer.session_hash) is not true
                            from booking.hold h
                            where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id)
                    offset 0) u on true
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id) s
            offset 0) p
        cross join lateral booking.asked(question, p.pool, v_read, v_from, v_to) a
        where not isempty(a.starts));
end
$$;
comment on function booking.answer(booking.question, timestamptz, timestamptz, bytea, timestamptz, text, boolean) is
    'The rule, for the starts in a range; null where there are none. now is the clock of every comparison; holds of the '
    'session (its sha256) are in nobody''s way. holds: as available_slots takes it, for counts; null, for units one by one.';

create function booking.offers(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    session_hash bytea,
    with_hours boolean,
    now timestamptz)
returns booking.offer[]
language plpgsql
stable
as $$
begin
    return (booking.answer(question, from_ts, to_ts, session_hash, now, null, with_hours)).offers;
end
$$;
comment on function booking.offers(booking.question, timestamptz, timestamptz, bytea, boolean, timestamptz) is
    'The starts in a range, unit by unit, at which a booking may begin; null where there are none.';

-- sql/45_class.sql
-- Classes: services with seats. The claims of one booking meet those of others in the sittings of its resources, one a
-- resource; the sittings that are booked together are a class, and who joins takes a seat in each of them. So a teacher
-- gives one class in one room, however many teachers and rooms there are to choose from. Next: 46_count.sql.

create type booking.class as (
    starts_at timestamptz,
    sittings uuid[],
    resources uuid[],
    units int[],
    free int,
    stable int);
comment on type booking.class is
    'One date of a class that somebody has a seat in: its sittings with their resources and units, in one order; seats left; '
    'stable: seats left had foreign holds not been.';

create function booking.classes(
    service booking.service,
    offers booking.offer[],
    starts tstzrange,
    minutes int,
    session_hash bytea,
    now timestamptz)
returns booking.class[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_before interval := make_interval(mins => service.buffer_before);
    v_claimed interval := make_interval(mins => service.buffer_before + minutes + service.buffer_after);
begin
    return array(
        with seat as materialized (
            select s.sitting_id, s.resource_id, s.unit, s.span, coalesce(c.booking_id, c.hold_id) as owner_id,
                c.booking_id is not null as booked, coalesce(h.session_hash = classes.session_hash, false) as own
            from booking.sitting s
            join booking.claim c on c.tenant_id = s.tenant_id and c.sitting_id = s.sitting_id
            left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
            where s.tenant_id = service.tenant_id and s.service_id = service.service_id
                and booking.span_start(s.span) >= lower(starts) - v_before and booking.span_start(s.span) < upper(starts) - v_before
                and upper(s.span) = lower(s.span) + v_claimed
                and (c.booking_id is not null or h.expires_at > now)),
        sitting as (
            select s.sitting_id, s.resource_id, s.unit, s.span,
                service.seats - count(*) filter (where not s.own) as free,
                service.seats - count(*) filter (where s.booked) as stable
            from seat s
            group by s.sitting_id, s.resource_id, s.unit, s.span),
        class as (
            select o.sittings, bool_or(o.booked or not o.own) as meets, bool_or(o.booked) as meets_for_good
            from (
                select s.owner_id, s.booked, s.own, array_agg(distinct s.sitting_id order by s.sitting_id) as sittings
                from seat s
                group by s.owner_id, s.booked, s.own) o
            group by o.sittings)
        select (
            min(lower(s.span)) + v_before, array_agg(s.sitting_id order by s.resource_id, s.unit),
            array_agg(s.resource_id order by s.resource_id, s.unit), array_agg(s.unit order by s.resource_id, s.unit),
            -- A member that closed, left or is busy since admits no more.
            case when c.meets and bool_and(j.joinable) then greatest(min(s.free), 0) else 0 end,
            case when c.meets_for_good and bool_and(j.joinable) then greatest(min(s.stable), 0) else 0 end)::booking.class
        from class c
        join sitting s on s.sitting_id = any (c.sittings)
        cross join lateral (
            select exists (
                    select
                    from unnest(offers) o
                    where o.resource_id = s.resource_id and o.hours @> lower(s.span) + v_before
                        and o.starts @> lower(s.span) + v_before)
                and not exists (
                    select
                    from booking.busy_window b
                    where b.tenant_id = service.tenant_id and b.resource_id = s.resource_id and b.span && s.span) as joinable) j
        group by c.sittings, c.meets, c.meets_for_good);
end
$$;
comment on function booking.classes(booking.service, booking.offer[], tstzrange, int, bytea, timestamptz) is
    'The classes of a service that begin in a range and last so many minutes. The session''s own holds take no seat.';

create function booking.limited_classes(classes booking.class[], limits booking.limit_room[])
returns booking.class[]
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    if limits is null then
        return classes;
    end if;
    return array(
        select (
            c.starts_at, c.sittings, c.resources, c.units, least(c.free, r.room), least(c.stable, r.stable_room))::booking.class
        from unnest(classes) c
        cross join lateral (
            select min(l.room) as room, min(l.stable_room) as stable_room
            from unnest(limits) l
            where l.resource_id = any (c.resources) and l.span @> c.starts_at) r);
end
$$;
comment on function booking.limited_classes(booking.class[], booking.limit_room[]) is
    'Classes with no more seats left than the limits of their resources admit bookings.';

create function booking.seats_left(classes booking.class[], at timestamptz, resource uuid, stable boolean)
returns int
language plpgsql
immutable
as $$
begin
    return (
        select coalesce(sum(case when seats_left.stable then c.stable else c.free end), 0)
        from unnest(classes) c
        where c.starts_at = at and (resource is null or resource = any (c.resources)));
end
$$;
comment on function booking.seats_left(booking.class[], timestamptz, uuid, boolean) is
    'The seats left in the classes that begin at an instant, of those with a resource where one is given.';

-- sql/46_count.sql
-- What is left at each start, where units, classes or limits have to be told apart: lists of integers along the starts, a
-- list a resource, not row by row. All other services are counted by booking.pool_counts alone. Next: 47_slots.sql.

create type booking.start_count as (resource_id uuid, starts booking.slotmap, free int[], stable int[]);
comment on type booking.start_count is
    'How many more bookings fit at each start, along the starts; stable: had foreign holds not been (null unless asked for). '
    'resource_id: those that use this one; null: of the service as a whole.';

create function booking.with_seats(
    counts int[],
    starts booking.slotmap,
    seats int,
    classes booking.class[],
    resource uuid,
    stable boolean)
returns int[]
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    if counts is null then
        return null;
    end if;
    return array(
        select s.count * with_seats.seats + booking.seats_left(classes, s.at, with_seats.resource, with_seats.stable)
        from unnest(booking.slot_instants(starts), counts) with ordinality s (at, count, place)
        order by s.place);
end
$$;
comment on function booking.with_seats(int[], booking.slotmap, int, booking.class[], uuid, boolean) is
    'The seats along the starts: all of the classes that could be opened, and what is left in those that are.';

create function booking.counted_starts(
    offers booking.offer[],
    limits booking.limit_room[],
    seats int,
    classes booking.class[],
    resource uuid,
    by_resource boolean,
    holds text)
returns setof booking.start_count
language plpgsql
stable
rows 5
as $$
#variable_conflict use_column
declare
    v_mark boolean := holds = 'mark';
    v_ignore boolean := holds = 'ignore';
    -- A limit of a resource admits so many bookings, that is seats, of all its classes together.
    v_seats_first boolean := classes is not null and limits is not null and 1 = all (select o.pick from unnest(offers) o);
    -- Of a team it cannot be told which classes they are: no more than all of them together.
    v_bound boolean := classes is not null and limits is not null and not v_seats_first;
begin
    return query
        with room as (
            select l.resource_id, array_agg(l.span) as spans,
                array_agg(case when v_ignore then l.stable_room else l.room end) as free, array_agg(l.stable_room) as stable
            from unnest(limits) l
            where l.resource_id is not null
            group by l.resource_id),
        -- Free units: of a resource, where it matters whose they are, else of all that a requirement picks one of.
        unit as (
            select o.starts, o.requirement_id, o.pick, o.resource_id,
                booking.slot_counts(o.starts, booking.slotmap_tally_agg(case when v_ignore then o.stable else o.free end, o.units)) as free,
                booking.slot_counts(o.starts, booking.slotmap_tally_agg(o.stable, o.units) filter (where v_mark)) as stable
            from (
                select o.starts, o.requirement_id, o.pick, o.units, o.free, o.stable,
                    case when by_resource or o.pick > 1 or limits is not null then o.resource_id end as resource_id
                from unnest(offers) o) o
            group by o.starts, o.requirement_id, o.pick, o.resource_id),
        fit as (
            select u.starts, u.requirement_id, u.pick, u.resource_id,
                case
                    when v_seats_first then booking.with_seats(u.free, u.starts, seats, classes, u.resource_id, v_ignore)
                    else u.free
                end as free,
                case
                    when v_seats_first then booking.with_seats(u.stable, u.starts, seats, classes, u.resource_id, true)
                    else u.stable
                end as stable
            from unit u),
        part as materialized (
            select f.starts, f.requirement_id, f.pick, f.resource_id,
                case
                    when r.spans is null then f.free
                    else booking.slot_least(f.free, booking.slot_caps(f.starts, r.spans, r.free))
                end as free,
                case
                    when r.spans is null then f.stable
                    else booking.slot_least(f.stable, booking.slot_caps(f.starts, r.spans, r.stable))
                end as stable,
                -- A million is any number, and 200 of them are still an integer.
                case
                    when v_bound
                        then booking.slot_caps(
                            f.starts, r.spans || tstzrange '(,)', r.free || 1000000)
                end as room
            from fit f
            left join room r on r.resource_id = f.resource_id),
        count (resource_id, starts, free, stable, room) as (
            select null::uuid, q.starts, booking.slot_least_agg(q.free), booking.slot_least_agg(q.stable),
                booking.slot_least_agg(q.room)
            from (
                select p.starts, p.requirement_id, booking.slot_fits(array_agg(p.free), count(*)::int, p.pick) as free,
                    booking.slot_fits(array_agg(p.stable) filter (where v_mark), count(*)::int, p.pick) as stable,
                    booking.slot_fits(array_agg(p.room) filter (where v_bound), count(*)::int, p.pick) as room
                from part p
                group by p.starts, p.requirement_id, p.pick) q
            where not by_resource
            group by q.starts
            union all
            -- A row of a resource counts the bookings that use it: no more than it has units, and each needs the others that
            -- its requirement picks beside it, and all of every other requirement.
            select m.resource_id, m.starts, booking.slot_least(m.free, coalesce(o.free, m.free)),
                booking.slot_least(m.stable, coalesce(o.stable, m.stable)), m.room
            from part m
            cross join lateral (
                select booking.slot_least_agg(q.free) as free, booking.slot_least_agg(q.stable) as stable
                from (
                    select booking.slot_fits(
                            array_agg(p.free), count(*)::int, p.pick - (p.requirement_id = m.requirement_id)::int) as free,
                        booking.slot_fits(
                            array_agg(p.stable) filter (where v_mark), count(*)::int,
                            p.pick - (p.requirement_id = m.requirement_id)::int) as stable
                    from part p
                    where p.requirement_id <> m.requirement_id or p.pick > 1 and p.resource_id <> m.resource_id
                    group by p.requirement_id, p.pick) q) o
            where by_resource and m.resource_id = coalesce(counted_starts.resource, m.resource_id))
        select c.resource_id, c.starts,
            case
                when classes is null or v_seats_first then c.free
                else (
                    select coalesce(booking.slot_least(w.free, c.room), w.free)
                    from (select booking.with_seats(c.free, c.starts, seats, classes, c.resource_id, v_ignore) as free) w)
            end,
            case
                when classes is null or v_seats_first then c.stable
                else booking.with_seats(c.stable, c.starts, seats, classes, c.resource_id, true)
            end
        from count c;
end
$$;
comment on function booking.counted_starts(
    booking.offer[], booking.limit_room[], int, booking.class[], uuid, boolean, text) is
    'What the offers add up to: how many bookings fit at each start, of the service or of each of its resources; with '
    'classes (null: no seats) the seats of those that are open and of those that could be opened.';

create function booking.capped(count booking.start_count, limits booking.limit_room[], stable boolean)
returns booking.start_count
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    return (
        select (
            count.resource_id, count.starts,
            coalesce(booking.slot_least(count.free, booking.slot_caps(count.starts, l.spans, l.free)), count.free),
            coalesce(
                booking.slot_least(count.stable, booking.slot_caps(count.starts, l.spans, l.stable)),
                count.stable))::booking.start_count
        from (
            select array_agg(l.span) as spans,
                array_agg(case when capped.stable then l.stable_room else l.room end) as free,
                array_agg(l.stable_room) as stable
            from unnest(limits) l
            where l.resource_id is null or l.resource_id = count.resource_id) l);
end
$$;
comment on function booking.capped(booking.start_count, booking.limit_room[], boolean) is
    'A count with no more than limits leave, those of the service and of the resource that was counted.';

-- sql/47_slots.sql
-- available_slots: the rule of 44_offer.sql as a list, column by column until the very end. Next: 48_days.sql.

create type booking.slot as (
    slot_id text,
    starts_at timestamptz,
    ends_at timestamptz,
    duration interval,
    resource_id uuid,
    location_id uuid,
    status text,
    remaining int);
comment on type booking.slot is
    'A start that is offered. resource_id: null for a pool; status: available, or held by somebody else''s live hold; '
    'remaining: how many more such bookings fit.';

create type booking.listing as (
    resource_id uuid,
    location_id uuid,
    minutes int,
    length interval,
    starts timestamptz[],
    ends timestamptz[],
    free int[],
    stable int[],
    resources uuid[],
    locations uuid[]);
comment on type booking.listing is
    'Slots column by column. free: what is left; stable: what were left without foreign holds, null unless asked for. A '
    'column that is null is the same for all: ends a length after the starts, resources resource_id, locations location_id.';

create function booking.slot_ends(service booking.service, starts booking.slotmap, minutes int)
returns timestamptz[]
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return array(
        select booking.slot_end(service, s.at, minutes)
        from unnest(booking.slot_instants(starts)) with ordinality s (at, place)
        order by s.place);
end
$$;
comment on function booking.slot_ends(booking.service, booking.slotmap, int) is 'The end of each start, by booking.slot_end.';

create function booking.locations_at(
    starts booking.slotmap,
    location uuid,
    tenant uuid,
    schedule uuid,
    range tstzrange)
returns uuid[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_spans tstzrange[];
    v_places uuid[];
    v_numbers int[];
begin
    select array_agg(w.span), array_agg(w.location_id), array_agg(w.number)
    into v_spans, v_places, v_numbers
    from booking.window_locations(tenant, schedule, lower(range), upper(range)) with ordinality w (span, location_id, number);
    if v_spans is null then
        return null;
    end if;
    return array(
        select coalesce(v_places[n.number], location)
        from unnest(booking.slot_caps(starts, v_spans, v_numbers)) with ordinality n (number, place)
        order by n.place);
end
$$;
comment on function booking.locations_at(booking.slotmap, uuid, uuid, uuid, tstzrange) is
    'The location of each start: that of the window of a schedule that it lies in, else the one given.';

create function booking.listing(
    service booking.service,
    count booking.start_count,
    minutes int,
    limits booking.limit_room[],
    starts tstzrange,
    holds text)
returns booking.listing
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_starts booking.slotmap;
    v_location uuid;
    v_schedule uuid;
    v_elsewhere boolean;
begin
    if limits is not null then
        count := booking.capped(count, limits, holds = 'ignore');
    end if;
    -- Nothing is left of most starts that fell out: they go before there are rows.
    v_starts := case when count.stable is null then booking.slot_where(count.starts, count.free) else count.starts end;
    if count.resource_id is not null then
        -- Most schedules have no window with a location.
        select r.location_id, r.schedule_id,
            exists (
                select
                from booking.schedule_rule w
                where w.tenant_id = r.tenant_id and w.schedule_id = r.schedule_id and w.location_id is not null)
            or exists (
                select
                from booking.schedule_override w
                where w.tenant_id = r.tenant_id and w.schedule_id = r.schedule_id and w.location_id is not null)
        into v_location, v_schedule, v_elsewhere
        from booking.resource r
        where r.tenant_id = service.tenant_id and r.resource_id = count.resource_id;
    end if;
    return (
        count.resource_id, v_location, minutes,
        case service.kind when 'stay' then make_interval(days => minutes / 1440) else make_interval(mins => minutes) end,
        booking.slot_instants(v_starts),
        case service.kind when 'stay' then booking.slot_ends(service, v_starts, minutes) end,
        case when count.stable is null then array_remove(count.free, 0) else count.free end,
        count.stable, null,
        case
            when v_elsewhere
                then booking.locations_at(v_starts, v_location, service.tenant_id, v_schedule, starts)
        end)::booking.listing;
end
$$;
comment on function booking.listing(
    booking.service, booking.start_count, int, booking.limit_room[], tstzrange, text) is
    'What was counted, with limits and locations, ready to be listed.';

create function booking.merged_listing(listings booking.listing[])
returns booking.listing
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    if cardinality(listings) < 2 then
        return listings[1];
    end if;
    return (
        select (
            null, null, listings[1].minutes, listings[1].length, array_agg(s.starts_at), array_agg(s.ends_at), array_agg(s.free),
            array_agg(s.stable), array_agg(s.resource_id), array_agg(s.location_id))::booking.listing
        from (
            select s.starts_at, coalesce(s.ends_at, s.starts_at + l.length) as ends_at, s.free, coalesce(s.stable, 0) as stable,
                l.resource_id, coalesce(s.location_id, l.location_id) as location_id
            from unnest(listings) l
            cross join lateral unnest(l.starts, l.ends, l.free, l.stable, l.locations)
                s (starts_at, ends_at, free, stable, location_id)
            order by s.starts_at, l.resource_id) s);
end
$$;
comment on function booking.merged_listing(booking.listing[]) is 'Listings of several resources as one, in the order of time.';

create function booking.listed(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval,
    as_of timestamptz)
returns booking.listing
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(listed.tenant, listed.service, listed.duration, listed.step);
    v_service booking.service := v_question.service;
    v_session bytea := booking.session_hash(session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_by_resource boolean := coalesce(each_resource, false) or listed.resource is not null;
    v_range tstzrange;
    v_answer booking.answer;
    v_limits booking.limit_room[];
    v_classes booking.class[];
begin
    perform booking.check_range(from_ts, to_ts);
    if as_of is not null then
        perform booking.check_range(as_of, as_of);
    end if;
    holds := coalesce(holds, 'hide');
    if holds not in ('hide', 'mark', 'ignore') then
        raise exception 'holds must be hide, mark or ignore, not "%"', holds using errcode = '22023';
    end if;
    if listed.resource is not null then
        perform booking.check_member(v_service, listed.resource);
    end if;
    v_range := tstzrange(from_ts, to_ts);
    -- Where units, classes or limits have to be told apart, one by one.
    v_answer := booking.answer(
        v_question, from_ts, to_ts, v_session, v_now,
        case when not (v_by_resource or v_question.limited or v_service.seats is not null) then holds end,
        v_service.seats is not null);
    if v_answer.starts is null then
        return null;
    elsif v_answer.free is not null then
        -- Named where there is only one.
        return booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] end, v_answer.starts, v_answer.free,
                v_answer.stable)::booking.start_count,
            v_question.minutes, null, v_range, holds);
    end if;
    if v_question.limited then
        -- Confirmed bookings only: nobody's holds are one's own.
        v_limits := booking.limits_of(
            v_question, v_range, case when holds <> 'ignore' then v_session end, v_now);
    end if;
    if v_service.seats is not null then
        v_classes := booking.limited_classes(
            booking.classes(v_service, v_answer.offers, v_range, v_question.minutes, v_session, v_now), v_limits);
    end if;
    return booking.merged_listing(array(
        select booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] else c.resource_id end, c.starts,
                c.free, c.stable)::booking.start_count,
            v_question.minutes, v_limits, v_range, holds)
        from booking.counted_starts(
            v_answer.offers, v_limits, v_service.seats, v_classes, listed.resource, v_by_resource, holds) c));
end
$$;
comment on function booking.listed(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'What booking.available_slots returns as rows; null for none.';

create function booking.available_slots(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    each_resource boolean default false,
    step interval default null,
    as_of timestamptz default null)
returns setof booking.slot
language sql
stable
-- Inlined, so that each row goes from the arrays to whoever reads them and is put aside by nobody, 0.2 us each time. It
-- needs no search_path: names in a body like this are bound when it is created.
begin atomic
    select booking.slot_id(
            available_slots.tenant, available_slots.service, l.minutes, s.starts_at, coalesce(s.resource_id, l.resource_id)),
        s.starts_at, coalesce(s.ends_at, s.starts_at + l.length), l.length, coalesce(s.resource_id, l.resource_id),
        coalesce(s.location_id, l.location_id), case when s.free > 0 then 'available' else 'held' end, s.free
    from booking.listed(
        available_slots.tenant, available_slots.service, from_ts, to_ts, available_slots.duration, available_slots.resource,
        session_id, holds, each_resource, available_slots.step, as_of) l
    cross join lateral (
        select unnest(l.starts) as starts_at, unnest(l.ends) as ends_at, unnest(l.free) as free,
            unnest(l.stable) as stable, unnest(l.resources) as resource_id, unnest(l.locations) as location_id) s
    where s.free > 0 or s.stable > 0;
end;
comment on function booking.available_slots(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'The starts that are offered, from_ts <= starts_at < to_ts, in time order. duration: one of the service''s (no other has slots), default its '
    'shortest; step between starts, default the service''s, which alone hold and book know; resource: only with this one; each_resource: a row a resource; '
    'session_id: whose own holds are not in the way; holds: hide foreign live holds (default), mark them as held, or ignore '
    'them; as_of: replaces the clock. P0002: unknown tenant, service or resource. 22023, 22008, 22004: a range that is '
    'reversed, infinite, open or over 400 days, a duration or step off the grain, a short session_id.';

-- sql/48_days.sql
-- available_days: which dates have anything, for the calendar that comes before the list. Next: 49_held_spans.sql.

create type booking.available_day as (day date, available boolean, slots int);
comment on type booking.available_day is 'A local date: is any start offered on it, and how many are.';

create function booking.available_days(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    zone text default null,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    step interval default null,
    as_of timestamptz default null)
returns setof booking.available_day
language plpgsql
stable
rows 40
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_service booking.service := booking.the_service(tenant, service);
    v_zone text := coalesce(zone, v_service.zone);
    v_listing booking.listing;
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_zone(v_zone);
    -- The rule is asked here and nowhere else: what is counted is what is listed.
    v_listing := booking.listed(
        tenant, service, from_ts, to_ts, available_days.duration, available_days.resource, available_days.session_id,
        available_days.holds, false, available_days.step, available_days.as_of);

    -- A date is what the wall says, not a stretch of 24 hours: it may be cut in two by an overlap, or be skipped.
    return query
        select d.day, count(s.day) > 0, count(s.day)::int
        from (
            select distinct timezone(v_zone, m.at)::date as day
            from unnest(from_ts || booking.local_midnights(v_zone, from_ts, to_ts)) m (at)
            where from_ts < to_ts) d
        left join (
            select timezone(v_zone, u.at)::date as day
            from unnest(v_listing.starts, v_listing.free) u (at, free)
            where u.free > 0) s using (day)
        group by d.day
        order by d.day;
end
$$;
comment on function booking.available_days(
    uuid, uuid, timestamptz, timestamptz, text, interval, uuid, text, text, interval, timestamptz) is
    'The local dates that a range touches, in order, each with the number of starts that available_slots, asked the same, lists '
    'on it as available: from_ts <= starts_at < to_ts, so a first or last date may count in part. zone: the viewer''s, an '
    'IANA name, default the service''s. holds: hide and mark count alike; all else, and the errors, as in available_slots. '
    '22023 also for an unknown zone.';

-- sql/49_held_spans.sql
-- held_spans: the volatile half of a calendar. What available_slots lists with holds => 'ignore' changes only with bookings
-- and hours, and may be kept; this changes with every hold, is the same for all durations, and costs only the live
-- holds. Next: 50_resource_day.sql.

create type booking.held_span as (
    resource_id uuid,
    span tstzrange,
    expires_at timestamptz,
    own boolean);
comment on type booking.held_span is
    'What a live hold keeps of a resource, with its buffers, until expires_at unless it is renewed. own: of the session that '
    'asks. Nothing else of whoever holds it.';

create function booking.held_spans(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid default null,
    session_id text default null,
    as_of timestamptz default null)
returns setof booking.held_span
language plpgsql
stable
rows 20
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_service booking.service := booking.the_service(held_spans.tenant, held_spans.service);
    v_session bytea := booking.session_hash(held_spans.session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_resources uuid[];
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_range(v_now, v_now);
    perform booking.check_member(v_service, held_spans.resource);
    select array_agg(m.resource_id) into v_resources
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id and r.active
        and m.resource_id = coalesce(held_spans.resource, m.resource_id);
    -- By the index of held claims, however many bookings there are in the range. Holds of any service count: a resource is
    -- held whoever asks for it.
    return query
        select c.resource_id, c.span, h.expires_at, coalesce(h.session_hash = v_session, false)
        from booking.claim c
        join booking.hold h using (tenant_id, hold_id)
        where c.tenant_id = v_service.tenant_id and c.resource_id = any (v_resources) and c.hold_id is not null
            and c.span && tstzrange(from_ts, to_ts) and h.expires_at > v_now
        order by lower(c.span), upper(c.span), c.resource_id, h.expires_at;
end
$$;
comment on function booking.held_spans(uuid, uuid, timestamptz, timestamptz, uuid, text, timestamptz) is
    'What live holds keep of the resources of a service, by whichever service they were taken, in time order: every span that '
    'touches the range, whole, a row a claim (several where a resource has units, one a seat of a class). Spans include the '
    'buffers of their hold; a start t is in their way where [t - buffer_before, t + duration + buffer_after) meets one. '
    'resource: only this one; session_id: whose own are marked; as_of: replaces the clock. P0002, 22023, 22008, 22004: as '
    'available_slots.';

-- sql/50_resource_day.sql
-- One resource, asked directly: is it free, and which slots of a day are busy? Both read the pages of the weeks in
-- question, however long the history is. Next: 51_reason.sql.

create function booking.the_resource(tenant uuid, resource uuid)
returns booking.resource
language plpgsql
stable
parallel safe
as $$
declare
    v_resource booking.resource;
begin
    select r.* into v_resource
    from booking.resource r
    join booking.tenant t using (tenant_id)
    where r.tenant_id = the_resource.tenant and r.resource_id = the_resource.resource and r.active and t.active;
    if not found then
        raise exception 'unknown tenant or resource' using errcode = 'P0002';
    end if;
    return v_resource;
end
$$;
comment on function booking.the_resource(uuid, uuid) is
    'A resource by its id. P0002 where it, or its tenant, is unknown or not active.';

create function booking.is_free(tenant uuid, resource uuid, span tstzrange)
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_resource booking.resource := booking.the_resource(is_free.tenant, is_free.resource);
    v_slots booking.slotmap;
    v_span tstzrange;
begin
    if is_free.span is null then
        raise exception 'a span is needed' using errcode = '22004';
    elsif isempty(is_free.span) then
        raise exception 'an empty span is neither free nor busy' using errcode = '22023';
    end if;
    perform booking.check_range(lower(is_free.span), upper(is_free.span));
    v_slots := booking.slotmap_cover(is_free.span, v_resource.grain);
    v_span := tstzrange(lower(v_slots), upper(v_slots));
    return (
        with page as materialized (
            select p.unit, p.open, p.busy
            from unnest(booking.resource_maps(
                v_resource.tenant_id, v_resource.resource_id,
                booking.week_of(lower(v_span)), booking.week_of(upper(v_span) - interval '1 microsecond'))) p),
        -- Units with anything of their own in the span: one that is free must be so throughout.
        taken as (
            select p.unit
            from page p
            where p.unit between 1 and v_resource.capacity and p.busy && v_slots
            union
            select c.unit
            from booking.claim c
            join booking.hold h using (tenant_id, hold_id)
            where c.tenant_id = v_resource.tenant_id and c.resource_id = v_resource.resource_id and c.hold_id is not null
                and c.span && v_span and c.unit <= v_resource.capacity and h.expires_at > statement_timestamp())
        select p.open @> v_slots and not coalesce(p.busy && v_slots, false)
            and (select count(*) from taken) < v_resource.capacity
        from page p
        where p.unit = 0);
end
$$;
comment on function booking.is_free(uuid, uuid, tstzrange) is
    'Is a resource open throughout a span, without busy windows, and one of its units without bookings and live holds? Judged in '
    'whole slots: a span off the grain stands for all slots that it touches. Services, and what they ask for, are not '
    'considered. P0002: unknown resource; 22004: no span, or one without an end; 22023: empty or over 400 days; 22008: infinite.';

create function booking.day_slots(tenant uuid, resource uuid, day date)
returns int[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_resource booking.resource := booking.the_resource(tenant, resource);
    v_from timestamptz := timezone('UTC', day::timestamp);
begin
    if day is null then
        raise exception 'a day is needed' using errcode = '22004';
    end if;
    perform booking.check_range(v_from, v_from + interval '24 hours');
    return (
        with page as materialized (
            select p.unit, p.busy
            from unnest(booking.resource_maps(
                v_resource.tenant_id, v_resource.resource_id, booking.week_of(v_from), booking.week_of(v_from))) p)
        select booking.slotmap_slots(
            coalesce(booking.slotmap_agg(b.busy), booking.slotmap_inside('empty', v_resource.grain)), day)
        from (
            select p.busy
            from page p
            where p.unit = 0
            union all
            select booking.slotmap_atleast_agg(p.busy, v_resource.capacity)
            from page p
            where p.unit between 1 and v_resource.capacity) b);
end
$$;
comment on function booking.day_slots(uuid, uuid, date) is
    'The busy slots of a UTC day by number, ascending: 0 is 00:00, 95 is 23:45 where the grain is 15 minutes, in general up to '
    '1440 / grain - 1. Busy is what a busy window covers, or bookings of all units; neither live holds, which held_spans has, '
    'nor closed hours. P0002: unknown resource; 22004: no day; 22008: one beyond the years 1 to 9998.';

-- sql/51_reason.sql
-- Words for why a start is not offered: look-ups for each condition, which decide nothing. Next: 52_explain_slot.sql.

create type booking.slot_reason as (
    code text,
    reason text,
    resource_id uuid,
    unit int,
    words text,
    detail jsonb);
comment on type booking.slot_reason is
    'A condition that fails. code: the BK code that it leads to; reason: a stable word for programs; resource_id, unit: of '
    'what, null where it is the service; words: a sentence with times in the service''s zone; detail: the facts.';

create function booking.local_text(at timestamptz, zone text)
returns text
language sql
stable
parallel safe
begin atomic
    select to_char(timezone(zone, at), 'YYYY-MM-DD HH24:MI');
end;
comment on function booking.local_text(timestamptz, text) is 'An instant on the wall clock of a zone, to the minute.';

create function booking.span_text(span tstzrange, zone text)
returns text
language sql
stable
parallel safe
begin atomic
    select to_char(timezone(zone, lower(span)), 'YYYY-MM-DD HH24:MI') || ' to ' || to_char(
        timezone(zone, upper(span)),
        case when timezone(zone, lower(span))::date = timezone(zone, upper(span))::date then '' else 'YYYY-MM-DD ' end || 'HH24:MI');
end;
comment on function booking.span_text(tstzrange, text) is 'A span on the wall clock of a zone, its date once where both ends have the same.';

create function booking.clock_reasons(service booking.service, starts_at timestamptz, minutes int, grain int, now timestamptz)
returns setof booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_local timestamp := timezone(service.zone, starts_at);
    v_first timestamptz := booking.local_plus(now, service.min_notice, service.zone);
    v_last timestamptz := booking.local_plus(now, service.horizon, service.zone);
    v_unit text := case service.kind when 'stay' then 'nights' else 'minutes' end;
    v_length int := minutes / case service.kind when 'stay' then 1440 else 1 end;
begin
    return query
        select 'BK003', r.reason, null::uuid, null::int, r.words, jsonb_strip_nulls(r.detail)
        from (
            values
                (
                    not booking.has_length(service, minutes), 'not_a_duration',
                    format('It is booked for %s %s, not for %s.',
                        coalesce(nullif(array_to_string(service.durations, ', '), ''), service.min_length || ' to ' || service.max_length),
                        v_unit, v_length),
                    jsonb_build_object('unit', v_unit, 'asked', v_length, 'durations', service.durations,
                        'min', service.min_length, 'max', service.max_length)),
                (
                    starts_at < now, 'past', format('%s has passed.', booking.local_text(starts_at, service.zone)),
                    jsonb_build_object('now', now)),
                (
                    starts_at >= now and starts_at < v_first, 'notice',
                    format('It has to be booked %s ahead: the first start is %s.',
                        service.min_notice, booking.local_text(v_first, service.zone)),
                    jsonb_build_object('min_notice', service.min_notice, 'first', v_first)),
                (
                    starts_at >= v_last, 'horizon',
                    format('It can be booked %s ahead: starts from %s on are not offered yet.',
                        service.horizon, booking.local_text(v_last, service.zone)),
                    jsonb_build_object('horizon', service.horizon, 'before', v_last)),
                (
                    not service.bookable @> v_local::date, 'outside_dates',
                    format('%s is not among its dates, %s.', v_local::date, service.bookable),
                    jsonb_build_object('bookable', service.bookable)),
                (
                    service.kind <> 'stay' and starts_at <> booking.slot_ceil(starts_at, grain), 'off_grid',
                    format('Starts lie on the grain of %s minutes.', grain), jsonb_build_object('grain', grain)),
                (
                    service.kind = 'stay' and starts_at <> timezone(service.zone, v_local::date + service.check_in), 'check_in',
                    format('A stay begins at %s, not at %s.', to_char(service.check_in, 'HH24:MI'), to_char(v_local, 'HH24:MI')),
                    jsonb_build_object('check_in', service.check_in)),
                (
                    not extract(isodow from v_local) = any (service.arrival_days), 'arrival_day',
                    format('%s is no day of arrival.', to_char(v_local, 'FMDay')),
                    jsonb_build_object('arrival_days', service.arrival_days))) r (fails, reason, words, detail)
        where r.fails;
end
$$;
comment on function booking.clock_reasons(booking.service, timestamptz, int, int, timestamptz) is
    'What of length, clock and calendar keeps a start of a service from being offered.';

create function booking.dates_at(tenant uuid, schedule uuid, at timestamptz)
returns setof date
language sql
stable
parallel safe
rows 1
begin atomic
    select timezone(t.zone, at)::date
    from booking.schedule_travel t
    where t.tenant_id = tenant and t.schedule_id = schedule and t.dates @> timezone(t.zone, at)::date
    union
    select timezone(s.zone, at)::date
    from booking.schedule s
    where s.tenant_id = tenant and s.schedule_id = schedule
        and not exists (
            select
            from booking.schedule_travel t
            where t.tenant_id = tenant and t.schedule_id = schedule and t.dates @> timezone(s.zone, at)::date);
end;
comment on function booking.dates_at(uuid, uuid, timestamptz) is
    'The local dates of a schedule that an instant lies in, each by the clock that its windows are read on: mostly one; two or '
    'none where travel begins or ends.';

create function booking.closed_reason(
    service booking.service,
    resource uuid,
    called text,
    schedule uuid,
    grain int,
    starts_at timestamptz,
    minutes int)
returns booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_slot interval := make_interval(mins => grain);
    v_ends_at timestamptz := starts_at + make_interval(mins => minutes);
    v_day date := timezone(service.zone, starts_at)::date;
    v_days date[];
    v_open tstzmultirange;
    v_closed tstzrange;
    v_travel text;
    v_why record;
begin
    if service.kind = 'stay' then
        v_days := array(select d from booking.closed_dates(service.tenant_id, schedule, v_day, v_day + minutes / 1440 - 1) d);
        if v_days = '{}' then
            return null;
        end if;
        return ('BK003', 'night_closed', resource, null,
            format('%s is closed in the night of %s.', called, array_to_string(v_days, ', ')),
            jsonb_build_object('dates', v_days))::booking.slot_reason;
    end if;
    v_open := booking.open_map(
        service.tenant_id, schedule, grain, starts_at - interval '27 hours', v_ends_at + interval '27 hours')::tstzmultirange;
    select c into v_closed
    from unnest(case
        when service.crosses_closed
            then tstzmultirange(tstzrange(starts_at, starts_at + v_slot), tstzrange(v_ends_at - v_slot, v_ends_at))
        else tstzmultirange(tstzrange(starts_at, v_ends_at))
    end - v_open) c
    order by c
    limit 1;
    if v_closed is null then
        return null;
    end if;
    select o.reason, o.id, o.said into v_why
    from (
        select 'closed_by_override' as reason, v.override_id as id, v.reason as said, upper(v.dates) - lower(v.dates) as width
        from booking.dates_at(service.tenant_id, schedule, lower(v_closed)) d (day)
        join booking.schedule_override v
            on v.tenant_id = service.tenant_id and v.schedule_id = closed_reason.schedule and v.dates @> d.day
        union all
        select 'closed_by_holiday', h.holiday_id, h.name, upper(h.dates) - lower(h.dates)
        from booking.dates_at(service.tenant_id, schedule, lower(v_closed)) d (day)
        join booking.schedule c on c.tenant_id = service.tenant_id and c.schedule_id = closed_reason.schedule
        join booking.holiday h
            on h.tenant_id = c.tenant_id and h.holiday_set_id = c.holiday_set_id and h.dates @> d.day) o
    order by o.reason desc, o.width, o.id
    limit 1;
    -- Whoever reads this may have the hours at home in mind.
    v_travel := (
        select min(t.zone)
        from booking.schedule c
        join booking.schedule_travel t using (tenant_id, schedule_id)
        where c.tenant_id = service.tenant_id and c.schedule_id = closed_reason.schedule
            and (t.dates @> timezone(t.zone, lower(v_closed))::date or t.dates @> timezone(c.zone, lower(v_closed))::date));
    return ('BK003', case when resource is null then 'service_closed' else coalesce(v_why.reason, 'outside_hours') end, resource, null,
        format('%s is closed from %s%s; it is open %s.%s', called, booking.span_text(v_closed, service.zone),
            case v_why.reason when 'closed_by_override' then ' by an override' when 'closed_by_holiday' then ' by a holiday' end
                || coalesce(' (' || v_why.said || ')', ''),
            coalesce(
                (
                    select string_agg(booking.span_text(o, service.zone), ' and ' order by o)
                    from unnest(v_open * tstzmultirange(
                        tstzrange(booking.date_start(v_day, service.zone), booking.date_start(v_day + 1, service.zone)))) o),
                'at no time that day'),
            ' Its clock is that of ' || v_travel || ' then.'),
        jsonb_strip_nulls(jsonb_build_object(
            'closed', v_closed, case v_why.reason when 'closed_by_holiday' then 'holiday_id' else 'override_id' end, v_why.id,
            'said', v_why.said, 'zone', v_travel)))::booking.slot_reason;
end
$$;
comment on function booking.closed_reason(booking.service, uuid, text, uuid, int, timestamptz, int) is
    'Why the hours of a schedule, of the service or of a resource, do not admit a slot; null where they do. On travel the '
    'words and, as zone, the detail say whose clock it reads its hours on.';

create function booking.taken_reasons(
    service booking.service,
    resource booking.resource,
    span tstzrange,
    session_hash bytea,
    classes booking.class[],
    seats int,
    now timestamptz)
returns setof booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_claimed tstzrange := tstzrange(
        lower(span) - make_interval(mins => service.buffer_before), upper(span) + make_interval(mins => service.buffer_after));
begin
    return query
        with busy as (
            select 'busy_window' as reason, null::int as unit,
                format('%s is busy from %s%s.', resource.name, booking.span_text(b.span, service.zone),
                    coalesce(' by calendar ' || b.connection_id, '')) as words,
                jsonb_build_object('busy_window_id', b.busy_window_id, 'connection_id', b.connection_id,
                    'external_id', b.external_id, 'span', b.span, 'said', b.reason) as detail
            from booking.busy_window b
            where b.tenant_id = resource.tenant_id and b.resource_id = resource.resource_id and b.span && v_claimed),
        class as (
            select 'seats' as reason, u.unit,
                format('The class of %s has %s of %s seats left, %s wanted.', resource.name, c.free, service.seats, seats) as words,
                jsonb_build_object('left', c.free, 'max', service.seats, 'wanted', seats) as detail
            from unnest(classes) c
            cross join lateral unnest(c.resources, c.units) u (resource_id, unit)
            where u.resource_id = resource.resource_id and c.starts_at = lower(taken_reasons.span)),
        claim as (
            select distinct t.reason, t.unit,
                case t.reason
                    when 'held' then format('%s is held until %s.', resource.name, booking.local_text(t.expires_at, service.zone))
                    when 'claimed' then format('%s is booked from %s.', resource.name, booking.span_text(t.booked, service.zone))
                    else format('%s is booked from %s, and the buffers reach too far.',
                        resource.name, booking.span_text(t.booked, service.zone))
                end as words,
                jsonb_build_object('booking_id', t.booking_id, 'span', t.booked, 'claimed', t.span,
                    'expires_at', t.expires_at) as detail
            from (
                select c.unit, c.span, c.booking_id, h.expires_at, coalesce(b.span, h.span) as booked,
                    case
                        when c.hold_id is not null then 'held'
                        when b.span && taken_reasons.span then 'claimed'
                        else 'buffer'
                    end as reason
                from booking.claim c
                left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
                left join booking.booking b on b.tenant_id = c.tenant_id and b.booking_id = c.booking_id
                where c.tenant_id = resource.tenant_id and c.resource_id = resource.resource_id and c.span && v_claimed
                    and c.unit <= resource.capacity
                    and (c.booking_id is not null
                        or h.expires_at > now and (h.session_hash = taken_reasons.session_hash) is not true)
                    and not exists (
                        select from unnest(classes) k where c.sitting_id = any (k.sittings))) t),
        taken as (
            select c.* from claim c
            union all
            select k.* from class k),
        -- A resource is not free where none of its units is.
        capacity as (
            select 'capacity' as reason, null::int as unit,
                format('0 of %s units of %s are free throughout.', resource.capacity, resource.name) as words,
                jsonb_build_object('free', 0, 'max', resource.capacity) as detail
            where resource.capacity > 1 and resource.capacity = (select count(distinct t.unit) from taken t))
        select 'BK001', r.reason, resource.resource_id, r.unit, r.words, jsonb_strip_nulls(r.detail)
        from (
            select b.* from busy b
            union all
            select c.* from capacity c
            union all
            select t.*
            from taken t
            where resource.capacity = 1 or exists (select from capacity) or exists (select from busy)) r;
end
$$;
comment on function booking.taken_reasons(booking.service, booking.resource, tstzrange, bytea, booking.class[], int, timestamptz) is
    'What stands in the way on a resource of which no unit is free: busy windows, claims, buffers, live holds, full classes.';

create function booking.limit_reasons(service booking.service, limits booking.limit_room[], starts_at timestamptz, minutes int)
returns setof booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return query
        select 'BK004', case when l.resource_id is null then 'limit_service' else 'limit_resource' end, l.resource_id, null::int,
            format('%s of %s bookings of the %s are there%s.', l.used_count, coalesce(l.max_count::text, 'any number of'), l.period,
                ', ' || l.used_minutes || ' of ' || l.max_minutes || ' minutes, and '
                    || booking.limit_minutes(service, minutes) || ' wanted'),
            jsonb_strip_nulls(jsonb_build_object('period', l.period, 'used', l.used_count, 'max', l.max_count,
                'used_minutes', l.used_minutes, 'max_minutes', l.max_minutes))
        from unnest(limits) l
        where l.span @> starts_at and l.room <= 0;
end
$$;
comment on function booking.limit_reasons(booking.service, booking.limit_room[], timestamptz, int) is
    'The limits that a start meets with no room left.';

-- sql/52_explain_slot.sql
-- Why a start is not offered, for owners: the decision is the rule's own (44_offer.sql, 54_choose.sql), 51_reason.sql finds
-- the words. Next: 53_session.sql.

create function booking.explain_slot(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    seats int default null,
    as_of timestamptz default null)
returns setof booking.slot_reason
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(explain_slot.tenant, explain_slot.service, explain_slot.duration);
    v_service booking.service := v_question.service;
    v_grain int := v_question.grain;
    v_minutes int := v_question.minutes;
    v_step int := v_question.step;
    v_seats int := booking.wanted_seats(v_service, explain_slot.seats);
    v_session bytea := booking.session_hash(explain_slot.session_id);
    v_now timestamptz := coalesce(explain_slot.as_of, statement_timestamp());
    v_starts tstzrange := tstzrange(explain_slot.starts_at, explain_slot.starts_at + interval '1 microsecond');
    v_at_all booking.service := v_service;
    v_candidates booking.candidate[];
    v_near timestamptz[];
    v_classes booking.class[];
    v_limits booking.limit_room[];
    v_off_grid boolean := false;
    v_code text;
begin
    if explain_slot.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the start of a slot.';
    end if;
    perform booking.check_range(explain_slot.starts_at, explain_slot.starts_at);
    perform booking.check_range(v_now, v_now);
    perform booking.check_member(v_service, explain_slot.resource);
    -- The decision, as a hold makes it.
    v_candidates := booking.candidates(
        v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_now);
    v_code := booking.verdict(v_candidates, explain_slot.resource);
    if v_code is null
        or v_code = 'BK001' and v_service.seats is not null and (booking.class_with_seats(
            v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_seats, v_now)).sittings is not null
    then
        return;
    end if;
    -- What would be, if length and clock did not matter; then, if the step did not either.
    v_at_all.durations := v_service.durations || v_minutes / case v_service.kind when 'stay' then 1440 else 1 end;
    v_at_all.min_notice := '0';
    v_at_all.horizon := null;
    v_at_all.bookable := '(,)';
    v_question.service := v_at_all;
    if v_candidates is null then
        v_candidates := booking.candidates(
            v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_now);
    end if;
    if v_candidates is null then
        v_candidates := booking.candidates(
            v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_now, false);
        v_off_grid := v_candidates is not null;
    end if;
    if v_off_grid then
        select array[max(s.at) filter (where s.at < explain_slot.starts_at), min(s.at) filter (where s.at > explain_slot.starts_at)]
        into v_near
        from (
            select o.starts
            from unnest(booking.offers(
                v_question, lower(v_starts) - interval '1 day', upper(v_starts) + interval '1 day', v_session, false, v_now)) o
            limit 1) o
        cross join lateral booking.slot_series(o.starts) s (at);
    end if;
    v_limits := booking.limits_of(
        v_question, v_starts, v_session, v_now);
    if v_service.seats is not null then
        v_question.step := null;
        v_classes := booking.classes(
            v_service, booking.offers(v_question, lower(v_starts), upper(v_starts), v_session, true, v_now),
            v_starts, v_minutes, v_session, v_now);
    end if;

    return query
        with member as materialized (
            select q.requirement_id, q.pick, r as resource, r.resource_id, r.active, h.closed,
                r.active and case when v_candidates is null then (h.closed).code is null else coalesce(f.offered, false) end as offered,
                r.active and case when v_candidates is null then (h.closed).code is null else coalesce(f.allowed, false) end as allowed,
                r.active and case when v_candidates is null then (h.closed).code is null else coalesce(f.free, false) end as free
            from booking.service_requirement q
            join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
            join booking.resource r using (tenant_id, resource_id)
            left join lateral (
                select bool_or(c.offered) as offered, bool_or(c.allowed) as allowed, bool_or(c.free) as free
                from unnest(v_candidates) c
                where c.resource_id = r.resource_id) f on true
            cross join lateral (
                select booking.closed_reason(
                    v_service, r.resource_id, r.name, r.schedule_id, v_grain, explain_slot.starts_at, v_minutes) as closed
                where v_candidates is null or not coalesce(f.offered, false)
                union all
                select null
                where v_candidates is not null and f.offered) h
            where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id
                and (explain_slot.resource is null or q.pick > 1 or r.resource_id = explain_slot.resource or m.requirement_id <> (
                    select g.requirement_id
                    from booking.requirement_resource g
                    where g.tenant_id = v_service.tenant_id and g.service_id = v_service.service_id
                        and g.resource_id = explain_slot.resource))),
        -- The stage at which a requirement fails, for want of members or of the one that is asked for.
        failed as (
            select m.requirement_id, n.code,
                case n.code when 'BK003' then n.offered when 'BK004' then n.allowed else n.free end >= m.pick as only_given
            from (
                select m.requirement_id, m.pick, count(*) filter (where m.offered) as offered,
                    count(*) filter (where m.allowed) as allowed, count(*) filter (where m.free) as free,
                    -- Of the others nothing is asked.
                    bool_or(m.resource_id = explain_slot.resource) is not true
                        or bool_or(m.offered) filter (where m.resource_id = explain_slot.resource) as given_offered,
                    bool_or(m.resource_id = explain_slot.resource) is not true
                        or bool_or(m.allowed) filter (where m.resource_id = explain_slot.resource) as given_allowed,
                    bool_or(m.resource_id = explain_slot.resource) is not true
                        or bool_or(m.free) filter (where m.resource_id = explain_slot.resource) as given_free
                from member m
                group by m.requirement_id, m.pick) m
            cross join lateral (
                select m.offered, m.allowed, m.free,
                    case
                        when m.offered < m.pick or not m.given_offered then 'BK003'
                        when m.allowed < m.pick or not m.given_allowed then 'BK004'
                        when m.free < m.pick or not m.given_free then 'BK001'
                    end as code) n
            where n.code is not null),
        missed as (
            select m.*, f.code
            from failed f
            join member m on m.requirement_id = f.requirement_id
            where not f.only_given or m.resource_id = explain_slot.resource),
        reason as (
            select c.*
            from booking.clock_reasons(v_service, explain_slot.starts_at, v_minutes, v_grain, v_now) c
            union all
            select 'BK003', 'off_grid', null, null,
                format('Starts lie %s minutes apart, counted from the start of the hours; next to it: %s.',
                    v_step,
                    coalesce((
                        select string_agg(booking.local_text(n, v_service.zone), ' and ' order by n)
                        from unnest(v_near) n
                        where n is not null), 'none')),
                jsonb_strip_nulls(jsonb_build_object(
                    'step', v_step, 'before', v_near[1], 'after', v_near[2]))
            where v_off_grid
            union all
            select (c.closed).*
            from (
                select booking.closed_reason(
                    v_service, null, 'The service', v_service.schedule_id, v_grain, explain_slot.starts_at, v_minutes) as closed
                where v_service.schedule_id is not null and v_grain is not null) c
            where (c.closed).code is not null
            union all
            select 'BK003', 'too_few_members', null, null,
                format('A requirement takes %s of its resources, and %s are active.', q.pick, q.active),
                jsonb_build_object('requirement_id', q.requirement_id, 'pick', q.pick, 'active', q.active)
            from (
                select q.requirement_id, q.pick, count(r.resource_id) as active
                from booking.service_requirement q
                left join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
                left join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id and r.active
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id
                group by q.requirement_id, q.pick) q
            where q.active < q.pick
            union all
            select 'BK003', 'too_few_members', null, null, 'The service asks for no resource.', '{}'
            where not exists (
                select
                from booking.service_requirement q
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id)
            union all
            select l.* from booking.limit_reasons(v_service, v_limits, explain_slot.starts_at, v_minutes) l
            where l.resource_id is null
            union all
            -- A member that drops out early still leads to what its requirement fails with in the end.
            select case when array_position('{BK003,BK004,BK001}', m.code) > array_position('{BK003,BK004,BK001}', r.code)
                    then m.code else r.code end,
                r.reason, r.resource_id, r.unit, r.words, r.detail
            from missed m
            cross join lateral (
                select 'BK003' as code, 'inactive' as reason, m.resource_id, null::int as unit,
                    format('%s is not active.', (m.resource).name) as words, '{}'::jsonb as detail
                where not m.active
                union all
                select (m.closed).* where not m.offered and (m.closed).code is not null
                union all
                select l.*
                from booking.limit_reasons(v_service, v_limits, explain_slot.starts_at, v_minutes) l
                where l.resource_id = m.resource_id
                union all
                select t.*
                from booking.taken_reasons(
                    v_service, m.resource,
                    tstzrange(explain_slot.starts_at, booking.slot_end(v_service, explain_slot.starts_at, v_minutes)),
                    v_session, v_classes, v_seats, v_now) t
                where m.active and not m.free) r)
        select r.*
        from (
            select r.* from reason r
            union all
            -- Hours and claims say nothing of the kind: the decision came from pages that have drifted.
            select v_code, 'pages', null, null, 'Only the stored pages say so: see booking.verify().', '{}'
            where not exists (select from reason r where r.code = v_code)) r
        order by array_position('{BK003,BK004,BK001}', r.code), r.resource_id nulls first, r.unit nulls first, r.reason, r.words;
end
$$;
comment on function booking.explain_slot(uuid, uuid, timestamptz, interval, uuid, text, int, timestamptz) is
    'Why a start is not offered: every condition that fails, per resource, in the order in which they are judged; no row where '
    'it is. The first code is the one that booking.try_hold gives. Of a requirement that is met, nothing is said. '
    'Reasons: not_a_duration, past, notice, horizon, outside_dates, off_grid, check_in, arrival_day, service_closed, '
    'outside_hours, closed_by_override, closed_by_holiday, night_closed, too_few_members, inactive; limit_service, '
    'limit_resource; claimed, buffer, held, busy_window, capacity, seats; pages, where stored pages have drifted. For owners: '
    'it tells of bookings and calendars. Arguments and errors as booking.hold; as_of replaces the clock.';

create function booking.not_offered(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    seats int)
returns jsonb
language plpgsql
stable
as $$
begin
    return (
        select jsonb_build_object('reasons', jsonb_agg(jsonb_strip_nulls(to_jsonb(e) - 'code')))
        from booking.explain_slot(tenant, service, starts_at, duration, resource, session_id, seats, clock_timestamp()) e
        where e.code = 'BK003'
        having count(*) > 0);
end
$$;
comment on function booking.not_offered(uuid, uuid, timestamptz, interval, uuid, text, int) is
    'The detail of a refusal with BK003, for owners: under reasons what booking.explain_slot says of it.';

-- sql/53_session.sql
-- Who is asking, and how refusals read. Next: 54_choose.sql.

create function booking.session_hash(session_id text)
returns bytea
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if length(session_id) < 16 or length(session_id) > 1024 then
        raise exception 'session_id must have 16 to 1024 characters'
            using errcode = '22023', hint = 'Use a random one of at least 128 bits.';
    end if;
    return sha256(convert_to(session_id, 'UTF8'));
end
$$;
comment on function booking.session_hash(text) is
    'What is kept of a session id: its sha256. Null for null; 22023 where it is shorter than 16 or longer than 1024 characters.';

create function booking.lock_session(session_hash bytea)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- Two tabs, a double click: only with one call at a time does a session see all that it holds. Everybody's first lock.
    perform pg_advisory_xact_lock(('x' || encode(substr(session_hash, 1, 8), 'hex'))::bit(64)::bigint);
end
$$;
comment on function booking.lock_session(bytea) is
    'Lets one call of a session at a time take slots, by its sha256; nobody else waits. Nothing for null.';

create function booking.signed_in()
returns text
language plpgsql
stable
as $$
begin
    -- Most calls come without claims, and need not ask who may be believed.
    return case
        when pg_catalog.current_setting('request.jwt.claims', true) operator(pg_catalog.<>) '' then (booking.caller()).user_id
    end;
end
$$;
comment on function booking.signed_in() is
    'The sub of who is signed in, where booking.caller believes the claims; null: nobody. 22P02: claims to believe that are not JSON.';

create type booking.refusal as (code text, status int, message text, hint text);
comment on type booking.refusal is 'A BK code: SQLSTATE, HTTP status, message, hint.';

create function booking.refusals()
returns setof booking.refusal
language sql
immutable
parallel safe
rows 8
begin atomic
    values
        ('BK001', 409, 'slot is taken', 'Ask for the available slots again.'),
        ('BK002', 410, 'hold has expired or is not yours', 'Hold the slot again, or book with if_still_free.'),
        ('BK003', 422, 'slot is not offered', 'Use a start and a duration that available_slots lists.'),
        ('BK004', 409, 'limit is used up', 'Try another day.'),
        ('BK005', 409, 'not possible in this state', null),
        ('BK006', 409, 'idempotency key was used with another request', 'Use a new key for a new request.'),
        ('BK007', 403, 'token is not valid', null),
        ('BK008', 429, 'too many holds', 'Book or release one, or wait until it lapses.');
end;
comment on function booking.refusals() is
    'Every BK code that the engine gives. BK003 (not offered) is judged first, then BK004 (limit), then BK001 (taken).';

create function booking.refuse(code text, detail jsonb)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_refusal booking.refusal;
begin
    if code is null then
        return;
    end if;
    select r.* into strict v_refusal from booking.refusals() r where r.code = refuse.code;
    raise exception using errcode = code, message = v_refusal.message,
        detail = coalesce(detail::text, ''), hint = coalesce(v_refusal.hint, '');
end
$$;
comment on function booking.refuse(text, jsonb) is 'Raises what a try_* function returned; nothing where its code is null. Not to be called then: it would be planned all the same.';

-- sql/54_choose.sql
-- Who is taken: the candidates for one start, the verdict on them, and their order. Next: 55_seats.sql.

create type booking.candidate as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    unit int,
    units int,
    offered boolean,
    allowed boolean,
    free boolean,
    room int);
comment on type booking.candidate is
    'A unit of a resource for one start, or so many alike: offered by clock and hours; allowed by limits besides; free of '
    'claims, busy windows and foreign live holds besides. room: how many bookings limits leave the resource; null: any number.';

create function booking.candidates(
    question booking.question,
    starts_at timestamptz,
    resource uuid,
    session_hash bytea,
    now timestamptz default clock_timestamp(),
    on_grid boolean default true)
returns booking.candidate[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    -- Its snapshot is its caller's; a volatile one has a new one for each call, and so reads what is committed by then.
    v_limits booking.limit_room[];
begin
    if question.limited then
        v_limits := booking.limits_of(
            question, tstzrange(starts_at, starts_at + interval '1 microsecond'), session_hash, now);
    end if;
    if not on_grid then
        question.step := null;
    end if;
    return (
        select array_agg((
            o.requirement_id, o.pick, o.resource_id, o.unit, o.units, o.offered, o.allowed,
            o.allowed and o.free @> starts_at, o.room)::booking.candidate)
        from (
            select o.*, o.hours @> starts_at as offered,
                o.hours @> starts_at and coalesce(a.room > 0, true) and coalesce(r.room > 0, true) as allowed, r.room
            from unnest(booking.offers(
                question, starts_at, starts_at + interval '1 microsecond', session_hash, true, now)) o
            cross join (
                select min(l.room) as room
                from unnest(v_limits) l
                where l.span @> starts_at and l.resource_id is null) a
            left join (
                select l.resource_id, min(l.room) as room
                from unnest(v_limits) l
                where l.span @> starts_at and l.resource_id is not null
                group by l.resource_id) r on r.resource_id = o.resource_id) o
        -- A given resource shuts out the others of its requirement, as long as that picks one.
        where (candidates.resource is null or o.pick > 1 or o.resource_id = candidates.resource
                or o.requirement_id <> (
                    select m.requirement_id
                    from booking.requirement_resource m
                    where m.tenant_id = (question.service).tenant_id and m.service_id = (question.service).service_id
                        and m.resource_id = candidates.resource))
            and (question.among is null or o.resource_id = any (question.among)));
end
$$;
comment on function booking.candidates(booking.question, timestamptz, uuid, bytea, timestamptz, boolean) is
    'The units that the rule of booking.offers considers for one start; null where conditions 1 and 3 already fail. on_grid: '
    'false lets a start lie between the steps.';

create function booking.verdict(candidates booking.candidate[], resource uuid)
returns text
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    -- In this order: not offered (BK003), limit (BK004), taken (BK001).
    return (
        select case
            when count(*) = 0 or bool_or(q.offered < q.pick) or not bool_or(q.resource_offered) then 'BK003'
            when bool_or(q.allowed < q.pick) or not bool_or(q.resource_allowed) then 'BK004'
            when bool_or(q.free < q.pick) or not bool_or(q.resource_free) then 'BK001'
        end
        from (
            select c.pick,
                count(distinct c.resource_id) filter (where c.offered) as offered,
                count(distinct c.resource_id) filter (where c.allowed) as allowed,
                count(distinct c.resource_id) filter (where c.free) as free,
                bool_or(c.offered and (verdict.resource is null or c.resource_id = verdict.resource)) as resource_offered,
                bool_or(c.allowed and (verdict.resource is null or c.resource_id = verdict.resource)) as resource_allowed,
                bool_or(c.free and (verdict.resource is null or c.resource_id = verdict.resource)) as resource_free
            from unnest(candidates) c
            group by c.requirement_id, c.pick) q);
end
$$;
comment on function booking.verdict(booking.candidate[], uuid) is
    'Null where every requirement finds its members (a given resource among them), else BK003, BK004 or BK001.';

create function booking.ranked(
    service booking.service,
    candidates booking.candidate[],
    starts_at timestamptz,
    resource uuid,
    attempt int)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    return (
        select array_agg((r.requirement_id, r.pick, r.resource_id, r.unit, r.units, true, true, r.due, r.room)::booking.candidate
            order by r.requirement_id, r.resource_id is distinct from ranked.resource, not r.needed, r.load, r.resource_id)
        from (
            -- A team of several units each: whoever still has a unit for every booking that fits must be in this one, as far as
            -- the others cannot stand in (slack), or fewer than remaining would fit. The rest is the strategy's.
            select r.*, r.pick > 1 and row_number() over (
                    partition by r.requirement_id
                    order by r.spare < r.fits, r.resource_id is distinct from ranked.resource, r.load, r.resource_id)
                <= r.in_all - (r.common - r.fits * r.pick) as needed
            from (
                select r.*, coalesce(r.load < min(r.load) over w + r.ahead, true) as due,
                    count(*) filter (where r.spare >= r.fits) over w as in_all, sum(least(r.spare, r.fits)) over w as common
                from (
                    select r.*,
                        (case
                            when r.pick > 1
                                then booking.slot_fits(array_agg(r.spare) over w, (count(*) over w)::int, r.pick)
                        end)[1] as fits
                    from (
                        select c.requirement_id, c.pick, c.resource_id, c.units, c.spare, c.room,
                            -- Units are alike, so that many who want one at once all begin with the same. Whoever lost it tries any.
                            case
                                when c.units > 1 and attempt > 1 then (
                                    select 1 + floor(random() * b.capacity)::int
                                    from booking.resource b
                                    where b.tenant_id = (service).tenant_id and b.resource_id = c.resource_id)
                                else c.unit
                            end as unit,
                            case q.strategy
                                when 'round_robin' then (m.booked + (
                                    select count(*)
                                    from booking.claim x
                                    join booking.hold h using (tenant_id, hold_id)
                                    where x.tenant_id = m.tenant_id and x.resource_id = m.resource_id and x.hold_id is not null
                                        and h.service_id = m.service_id and h.expires_at > clock_timestamp()))::numeric / m.weight
                                when 'least_busy' then (
                                    select count(*)
                                    from booking.claim x
                                    left join booking.hold h using (tenant_id, hold_id)
                                    where x.tenant_id = m.tenant_id and x.resource_id = m.resource_id and x.span && day.span
                                        and (x.booking_id is not null or h.expires_at > clock_timestamp()))
                                when 'priority' then m.priority
                                else 0
                            end as load,
                            -- By four bookings, or many at once would all wait for one.
                            case q.strategy when 'round_robin' then 4.0 / m.weight end as ahead
                        from (
                            select distinct on (u.requirement_id, u.resource_id) u.*,
                                least(sum(u.units) over (partition by u.requirement_id, u.resource_id)::int, u.room) as spare
                            from unnest(candidates) u
                            where u.free
                            order by u.requirement_id, u.resource_id, case when attempt > 1 then random() else u.unit end) c
                        join booking.requirement_resource m
                            on m.tenant_id = (service).tenant_id and m.service_id = (service).service_id and m.resource_id = c.resource_id
                        join booking.service_requirement q
                            on q.tenant_id = m.tenant_id and q.service_id = m.service_id and q.requirement_id = m.requirement_id
                        cross join lateral (
                            select tstzrange(
                                timezone((service).zone, date_trunc('day', timezone((service).zone, starts_at))),
                                timezone((service).zone, date_trunc('day', timezone((service).zone, starts_at)) + interval '1 day')) as span) day) r
                    window w as (partition by r.requirement_id)) r
                window w as (partition by r.requirement_id)) r) r);
end
$$;
comment on function booking.ranked(booking.service, booking.candidate[], timestamptz, uuid, int) is
    'The free candidates, one unit a resource, in the order in which their requirement takes them; a given resource first, then '
    'those without whom fewer would fit afterwards. free: not ahead of their share, by round robin.';

-- sql/55_seats.sql
-- Taking seats: which class to join, and a hold with its seats in it. The reading side: 45_class.sql. Next: 56_take.sql.

create function booking.class_with_seats(
    question booking.question,
    starts_at timestamptz,
    resource uuid,
    session_hash bytea,
    seats int,
    now timestamptz default clock_timestamp())
returns booking.class
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_starts tstzrange := tstzrange(starts_at, starts_at + interval '1 microsecond');
    v_offers booking.offer[] := booking.offers(
        question, lower(v_starts), upper(v_starts), session_hash, true, now);
    v_limits booking.limit_room[];
    v_class booking.class;
begin
    if question.limited then
        v_limits := booking.limits_of(question, v_starts, session_hash, now);
    end if;
    -- The fullest first: a class that is nearly empty may yet be empty again.
    select c.* into v_class
    from unnest(booking.classes(question.service, v_offers, v_starts, question.minutes, session_hash, now)) c
    where c.free >= class_with_seats.seats
        and (class_with_seats.resource is null or class_with_seats.resource = any (c.resources))
        and (question.among is null or c.resources <@ question.among)
        and not exists (
            select
            from unnest(v_limits) l
            where l.room <= 0 and l.resource_id = any (c.resources) and l.span @> c.starts_at)
    order by c.free, c.resources, c.units
    limit 1;
    return v_class;
end
$$;
comment on function booking.class_with_seats(booking.question, timestamptz, uuid, bytea, int, timestamptz) is
    'The class at a start that has so many seats left, with a given resource, and whose resources no limit shuts; nulls where '
    'there is none.';

create function booking.lock_class(service booking.service, class booking.class, lock_pages boolean)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    if lock_pages then
        perform booking.lock_resources(service.tenant_id, class.resources);
        perform booking.lock_members(service.tenant_id, service.service_id, class.resources);
    end if;
    return array(
        select (null, 1, u.resource_id, u.unit, 1, true, true, true, null)::booking.candidate
        from unnest(class.resources, class.units) u (resource_id, unit));
end
$$;
comment on function booking.lock_class(booking.service, booking.class, boolean) is
    'The units of a class, and with lock_pages the locks that a booking of them needs.';

create function booking.insert_seats(
    service booking.service,
    hold booking.hold,
    chosen booking.candidate[],
    span tstzrange)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_claims int;
begin
    perform booking.sweep(hold, chosen, insert_seats.span);
    insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
    select hold.tenant_id, hold.service_id, u.resource_id, u.unit, insert_seats.span
    from unnest(chosen) u
    order by u.resource_id, u.unit
    on conflict on constraint sitting_key do nothing;
    -- One at a time takes seats of a sitting, or all who come at once would want the same number.
    perform
    from booking.sitting s
    join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit
    where s.tenant_id = hold.tenant_id and s.service_id = hold.service_id and s.span = insert_seats.span
    order by s.resource_id, s.unit
    for no key update of s;
    insert into booking.hold select hold.*;
    with sitting as (
        select s.sitting_id, s.resource_id, s.unit
        from booking.sitting s
        join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit
        where s.tenant_id = hold.tenant_id and s.service_id = hold.service_id and s.span = insert_seats.span),
    seat as (
        select n.seat
        from generate_series(1, service.seats) n (seat)
        where n.seat not in (
            select c.seat
            from booking.claim c
            join sitting s on s.sitting_id = c.sitting_id
            where c.tenant_id = hold.tenant_id)
        order by n.seat
        limit hold.seats),
    taken as (
        insert into booking.claim (tenant_id, resource_id, unit, span, hold_id, sitting_id, seat)
        select hold.tenant_id, s.resource_id, s.unit, insert_seats.span, hold.hold_id, s.sitting_id, n.seat
        from sitting s
        cross join seat n
        order by s.resource_id, s.unit, n.seat
        on conflict do nothing
        returning 1)
    select count(*) into v_claims from taken;
    return case when v_claims < cardinality(chosen) * hold.seats then chosen end;
end
$$;
comment on function booking.insert_seats(booking.service, booking.hold, booking.candidate[], tstzrange) is
    'Inserts a hold with its seats in the sittings of some units, the same numbers in each; null, or the units where somebody '
    'else was faster: the caller undoes it then.';

-- sql/56_take.sql
-- Taking a slot: a hold with its claims, or nothing. Losing a race is a normal result that leaves no row behind.
-- Next: 57_hold.sql, which visitors call; 60_book.sql, which books directly through here.

create type booking.hold_result as (
    hold_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    expires_at timestamptz,
    resources uuid[],
    code text,
    detail jsonb);
comment on type booking.hold_result is
    'A hold: its id, start, end, when it lapses, what it took. code: null, or why there is none (BK001, BK003, BK004), with details.';

create function booking.held(hold booking.hold)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select ((hold).hold_id, lower((hold).span), upper((hold).span), (hold).expires_at,
            array_agg(distinct c.resource_id order by c.resource_id), null, null)::booking.hold_result
        from booking.claim c
        where c.tenant_id = (hold).tenant_id and c.hold_id = (hold).hold_id);
end
$$;
comment on function booking.held(booking.hold) is 'The result that tells of a hold.';

create function booking.sweep(hold booking.hold, chosen booking.candidate[], span tstzrange)
returns boolean
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_seen uuid[] := array(
        select h.hold_id
        from unnest(chosen) u
        join booking.claim c
            on c.tenant_id = hold.tenant_id and c.resource_id = u.resource_id and c.unit = u.unit and c.span && sweep.span
        join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
        where h.expires_at <= clock_timestamp() or h.session_hash = hold.session_hash
        union
        select h.hold_id
        from booking.hold h
        where h.tenant_id = hold.tenant_id and h.session_hash = hold.session_hash and h.span && hold.span);
begin
    if cardinality(v_seen) = 0 then
        return false;
    end if;
    -- The hold goes, its claims cascade: deleting claims by a join would lose against a renewal in flight, which this
    -- waits for and then spares. All in one go and in the order of ids, or two sweepers could wait for one another: two
    -- visitors, say, who come back to lapsed holds that touch, or to the same time of a pool.
    with gone as (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.tenant_id = hold.tenant_id and h.hold_id = any (v_seen)
            and (h.expires_at <= clock_timestamp() or h.session_hash = hold.session_hash)
        order by h.hold_id
        for update)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id;
    return true;
end
$$;
comment on function booking.sweep(booking.hold, booking.candidate[], tstzrange) is
    'Deletes what does not count against a new hold: lapsed holds in the way of its claims, and its session''s own that are in '
    'the way or overlap it. False where there were none; who waited for another''s sweep gets true.';

create function booking.insert_claims(hold booking.hold, chosen booking.candidate[], span tstzrange, sweep_first boolean)
returns booking.candidate[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_lost booking.candidate[];
begin
    -- Whoever holds a claim must not wait for a hold, so with several claims those that have to go are swept first. With
    -- one there is nothing to hold while waiting, and the common case saves the look.
    if sweep_first then
        perform booking.sweep(hold, chosen, span);
    end if;
    for v_try in 1..2 loop
        with taken as (
            insert into booking.claim (tenant_id, resource_id, unit, span, hold_id)
            select hold.tenant_id, u.resource_id, u.unit, insert_claims.span, hold.hold_id
            from unnest(chosen) u
            order by u.resource_id, u.unit
            on conflict do nothing
            returning resource_id),
        owner as (
            insert into booking.hold
            select hold.*
            where exists (select from taken))
        select array_agg(u) filter (where u.resource_id not in (select t.resource_id from taken t)) into v_lost
        from unnest(chosen) u;
        exit when v_lost is null or sweep_first or v_try = 2 or not booking.sweep(hold, chosen, span);
    end loop;
    return v_lost;
end
$$;
comment on function booking.insert_claims(booking.hold, booking.candidate[], tstzrange, boolean) is
    'Inserts a hold and its claims; returns those that somebody else has (null: none). Of several claims some may be in '
    'place then: the caller undoes them. sweep_first: also undone is what had to go; needed where there is more than one '
    'claim, or an own hold to let go.';

create function booking.lock_choice(
    service booking.service,
    ranked booking.candidate[],
    lock_pages boolean,
    patient boolean default false)
returns booking.candidate[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_pool boolean := (
        select count(distinct u.requirement_id) = 1 and min(u.pick) = 1 and count(*) > 1 from unnest(ranked) u);
    v_many boolean := (select count(distinct u.requirement_id) > 1 or max(u.pick) > 1 from unnest(ranked) u);
    -- Who is ahead of his share may wait, or those who are behind would stay there: with 32 clients at weights of 1, 1, 2
    -- and 4, the last got 37 % and not 50.
    v_members uuid[] := array(select u.resource_id from unnest(ranked) u where u.free or not patient);
    v_first uuid := v_members[1];
    v_wait text;
    v_chosen booking.candidate[];
begin
    if v_pool then
        -- The best that nobody is waiting on, else the best.
        if lock_pages then
            select r.resource_id into v_first
            from booking.resource r
            where r.tenant_id = service.tenant_id and r.resource_id = any (v_members)
            order by array_position(v_members, r.resource_id)
            limit 1
            for no key update skip locked;
        else
            select m.resource_id into v_first
            from booking.requirement_resource m
            where m.tenant_id = service.tenant_id and m.service_id = service.service_id and m.resource_id = any (v_members)
            order by array_position(v_members, m.resource_id)
            limit 1
            for no key update skip locked;
        end if;
        if v_first is null then
            v_first := v_members[1];
            if cardinality(v_members) < cardinality(ranked) then
                -- But not for somebody who is busy with something else.
                v_wait := current_setting('lock_timeout');
                perform set_config('lock_timeout', '300ms', true);
            end if;
        end if;
        v_chosen := array(select u from unnest(ranked) u where u.resource_id = v_first);
    else
        v_chosen := array(
            select (u.requirement_id, u.pick, u.resource_id, u.unit, u.units, u.offered, u.allowed, u.free, u.room)::booking.candidate
            from (
                select r.*, row_number() over (partition by r.requirement_id order by r.place) as rank
                from unnest(ranked) with ordinality
                    r (requirement_id, pick, resource_id, unit, units, offered, allowed, free, room, place)) u
            where u.rank <= u.pick);
    end if;
    -- The order of every writer: resources, then members, then claims.
    if lock_pages then
        perform booking.lock_resources(service.tenant_id, array(select u.resource_id from unnest(v_chosen) u));
    end if;
    if v_many then
        perform
        from booking.service_requirement q
        where q.tenant_id = service.tenant_id and q.service_id = service.service_id
        order by q.requirement_id
        for no key update;
    end if;
    if lock_pages or v_pool then
        perform booking.lock_members(
            service.tenant_id, service.service_id, array(select u.resource_id from unnest(v_chosen) u));
    end if;
    if v_wait is not null then
        perform set_config('lock_timeout', v_wait, true);
    end if;
    return v_chosen;
end
$$;
comment on function booking.lock_choice(booking.service, booking.candidate[], boolean, boolean) is
    'Chooses among ranked candidates and locks what the choice needs; with lock_pages also what a booking writes. patient: '
    'none of those ahead of their share; 55P03 where those who are not are locked for longer than a moment.';

create function booking.lock_members(tenant uuid, service uuid, resources uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform
    from booking.requirement_resource m
    where m.tenant_id = lock_members.tenant and m.service_id = lock_members.service
        and m.resource_id = any (resources)
    order by m.resource_id
    for no key update;
end
$$;
comment on function booking.lock_members(uuid, uuid, uuid[]) is
    'Locks members of a service in the order of their ids. Their counts are updated later, so 40001 is not missed.';

create function booking.overtaken(tenant uuid, chosen booking.candidate[], span tstzrange)
returns booking.candidate[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return (
        select array_agg(u)
        from unnest(chosen) u
        where exists (
            select
            from booking.busy_window b
            where b.tenant_id = overtaken.tenant and b.resource_id = u.resource_id and b.span && overtaken.span));
end
$$;
comment on function booking.overtaken(uuid, booking.candidate[], tstzrange) is
    'Those over whose span a busy window lies: asked under the lock, of what was judged free before it. Null: none.';

create function booking.take(
    question booking.question,
    starts_at timestamptz,
    session_hash bytea,
    resource uuid,
    seats int,
    ttl interval,
    lock_pages boolean)
returns booking.hold_result
language plpgsql
as $$
declare
    v_service booking.service := question.service;
    v_hold booking.hold;
    v_claimed tstzrange;
    v_candidates booking.candidate[];
    v_chosen booking.candidate[];
    v_lost booking.candidate[];
    v_class booking.class;
    v_own boolean;
    v_locked boolean;
    v_attempt int := 1;
    v_patient boolean := true;
    v_choosing boolean;
    v_constraint text;
    v_code text;
begin
    v_hold.tenant_id := v_service.tenant_id;
    v_hold.hold_id := gen_random_uuid();
    v_hold.service_id := v_service.service_id;
    v_hold.session_hash := session_hash;
    v_hold.span := tstzrange(starts_at, booking.slot_end(v_service, starts_at, question.minutes));
    v_hold.seats := seats;
    v_hold.client := booking.client(v_service.tenant_id);
    v_hold.ttl := ttl;
    v_hold.version := 0;
    v_claimed := tstzrange(
        lower(v_hold.span) - make_interval(mins => v_service.buffer_before),
        upper(v_hold.span) + make_interval(mins => v_service.buffer_after));
    v_locked := booking.lock_limits(v_service);
    question.limited := v_locked;
    v_candidates := booking.candidates(question, starts_at, resource, session_hash);
    -- Own holds that overlap, or that touch with their buffers. Most sessions have none, which is to be known whatever plan the
    -- rest has: one made while both tables were empty reads them through for each other.
    v_own := exists (
        select
        from booking.hold h
        where h.tenant_id = v_service.tenant_id and h.session_hash = take.session_hash)
    and exists (
        select
        from booking.hold h
        where h.tenant_id = v_service.tenant_id and h.session_hash = take.session_hash
            and (h.span && v_hold.span or exists (
                select
                from booking.claim c
                where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id and c.span && v_claimed)));
    loop
        v_lost := null;
        v_code := booking.verdict(v_candidates, resource);
        if v_service.seats is not null and coalesce(v_code, 'BK001') = 'BK001' then
            v_class := booking.class_with_seats(question, starts_at, resource, session_hash, seats);
            if v_class.sittings is not null then
                v_code := null;
            elsif v_code is null and not v_locked then
                -- Whoever opens a class is alone: two first bookers of a pool would open one each.
                perform booking.lock_service(v_service);
                v_locked := true;
                v_candidates := booking.candidates(question, starts_at, resource, session_hash);
                continue;
            end if;
        end if;
        if v_code is not null then
            return (null, null, null, null, null, v_code, null)::booking.hold_result;
        end if;
        v_hold.created_at := clock_timestamp();
        v_hold.expires_at := v_hold.created_at + ttl;
        if cardinality(v_candidates) = 1 and v_candidates[1].units = 1 and not v_own and v_service.seats is null then
            -- Nothing to choose and nothing to undo: no subtransaction.
            if lock_pages then
                perform booking.lock_choice(v_service, v_candidates, true);
                v_lost := booking.overtaken(v_service.tenant_id, v_candidates, v_claimed);
            end if;
            if v_lost is null then
                v_lost := booking.insert_claims(v_hold, v_candidates, v_claimed, false);
            end if;
            exit when v_lost is null;
        else
            begin
                v_choosing := true;
                if v_class.sittings is not null then
                    v_chosen := booking.lock_class(v_service, v_class, lock_pages);
                else
                    v_chosen := booking.lock_choice(
                        v_service, booking.ranked(v_service, v_candidates, starts_at, resource, v_attempt), lock_pages,
                        v_patient);
                end if;
                v_choosing := false;
                v_lost := case when lock_pages then booking.overtaken(v_service.tenant_id, v_chosen, v_claimed) end;
                if v_lost is null and v_service.seats is not null then
                    v_lost := booking.insert_seats(v_service, v_hold, v_chosen, v_claimed);
                elsif v_lost is null then
                    v_lost := booking.insert_claims(v_hold, v_chosen, v_claimed, v_own or cardinality(v_chosen) > 1);
                end if;
                exit when v_lost is null;
                raise exception using errcode = 'BK001';
            exception
                when sqlstate 'BK001' then
                    -- Back to where no lock was held, and on without the unit that was lost.
                when lock_not_available then
                    -- Or with whoever can be had.
                    if not (v_patient and v_choosing) then
                        raise;
                    end if;
                    v_patient := false;
                when check_violation then
                    -- Or without those that are gone: the capacity shrank meanwhile.
                    get stacked diagnostics v_constraint = constraint_name;
                    if v_constraint <> 'claim_unit_within_capacity' then
                        raise;
                    end if;
            end;
        end if;
        v_attempt := v_attempt + 1;
        if v_attempt > 100 then
            -- Nobody is outrun so often: pages say free what claims do not. booking.verify() knows.
            return (null, null, null, null, null, 'BK001', null)::booking.hold_result;
        end if;
        if v_service.seats is not null or v_constraint is not null or exists (select from unnest(v_lost) l where l.units > 1) then
            v_candidates := booking.candidates(question, starts_at, resource, session_hash);
        else
            v_candidates := array(
                select (c.requirement_id, c.pick, c.resource_id, c.unit, c.units, c.offered, c.allowed, c.free
                    and not exists (
                        select from unnest(v_lost) l where l.resource_id = c.resource_id and l.unit = c.unit), c.room)::booking.candidate
                from unnest(v_candidates) c);
        end if;
    end loop;
    return booking.held(v_hold);
end
$$;
comment on function booking.take(booking.question, timestamptz, bytea, uuid, int, interval, boolean) is
    'A new hold of so many seats in place of the session''s own that overlap it, or the code why not, with everything as it was before.';

-- sql/57_hold.sql
-- hold, release. Each as try_*, which returns a refusal in code, and in a raising form around it. Next: 58_booking.sql.

create function booking.bounded_ttl(service booking.service, ttl interval)
returns interval
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if ttl <= '0' or ttl > service.max_hold_age then
        raise exception 'a hold of service "%" may last from a moment to %', service.slug, service.max_hold_age
            using errcode = '22023', hint = 'Give a ttl within, or none.';
    end if;
    return coalesce(ttl, service.hold_ttl);
end
$$;
comment on function booking.bounded_ttl(booking.service, interval) is
    'The time that a hold is asked to live, by default the service''s; 22023 beyond its max_hold_age.';

create function booking.wanted_seats(service booking.service, seats int)
returns int
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if seats < 1 or seats > coalesce(service.seats, 1) then
        raise exception 'service "%" has no % seats to take together', service.slug, seats
            using errcode = '22023', hint = format('Give 1 to %s.', coalesce(service.seats, 1));
    end if;
    return coalesce(seats, 1);
end
$$;
comment on function booking.wanted_seats(booking.service, int) is
    'The number of seats asked for, by default 1; 22023 where the service never has so many.';

create function booking.own_hold(
    service booking.service,
    starts_at timestamptz,
    minutes int,
    session_hash bytea,
    resource uuid,
    seats int)
returns booking.hold
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_hold booking.hold;
begin
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = (service).tenant_id and h.service_id = (service).service_id
        and h.session_hash = own_hold.session_hash and h.expires_at > clock_timestamp()
        and h.span = tstzrange(starts_at, booking.slot_end(service, starts_at, minutes))
        and h.seats = coalesce(own_hold.seats, h.seats)
        and (own_hold.resource is null or exists (
            select
            from booking.claim c
            where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id and c.resource_id = own_hold.resource));
    return v_hold;
end
$$;
comment on function booking.own_hold(booking.service, timestamptz, int, bytea, uuid, int) is
    'The live hold that a session has of exactly this slot (with so many seats, if given), or a row of nulls.';

create function booking.hold_quietly(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null,
    quotas boolean default false)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(hold_quietly.tenant, hold_quietly.service, hold_quietly.duration);
    v_service booking.service := v_question.service;
    v_seats int := booking.wanted_seats(v_service, hold_quietly.seats);
    v_session bytea := booking.session_hash(hold_quietly.session_id);
    v_ttl interval := booking.bounded_ttl(v_service, hold_quietly.ttl);
    v_hold booking.hold;
    v_over jsonb;
    v_result booking.hold_result;
begin
    if v_session is null then
        raise exception 'session_id is needed' using errcode = '22004';
    elsif hold_quietly.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the start of a slot.';
    end if;
    perform booking.check_range(hold_quietly.starts_at, hold_quietly.starts_at);
    perform booking.check_member(v_service, hold_quietly.resource);
    perform booking.lock_session(v_session);
    v_hold := booking.own_hold(v_service, hold_quietly.starts_at, v_question.minutes, v_session, hold_quietly.resource, v_seats);
    if v_hold.hold_id is not null then
        -- The same slot again: renewed, unless it lapsed just now.
        update booking.hold h
        set expires_at = least(clock_timestamp() + v_ttl, h.created_at + v_service.max_hold_age), ttl = v_ttl
        where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id and h.expires_at > clock_timestamp()
        returning h.* into v_hold;
        if found then
            return booking.held(v_hold);
        end if;
    end if;
    if quotas then
        v_over := booking.over_quota(v_service, v_session, array[tstzrange(
            hold_quietly.starts_at, booking.slot_end(v_service, hold_quietly.starts_at, v_question.minutes))]);
    end if;
    if v_over is not null then
        v_result.code := 'BK008';
        v_result.detail := v_over;
    else
        v_result := booking.take(v_question, hold_quietly.starts_at, v_session, hold_quietly.resource, v_seats, v_ttl, false);
    end if;
    if v_result.code is null then
        perform booking.record_event(
            hold_quietly.tenant, 'held', hold_id => v_result.hold_id, service => hold_quietly.service, session_hash => v_session,
            detail => jsonb_build_object('starts_at', v_result.starts_at, 'resources', v_result.resources));
    else
        perform booking.record_refusal(
            hold_quietly.tenant, v_result.code, 'hold', v_session, hold_quietly.service, hold_quietly.starts_at,
            hold_quietly.duration, hold_quietly.resource, detail => v_over);
    end if;
    return v_result;
end
$$;
comment on function booking.hold_quietly(uuid, uuid, timestamptz, text, interval, uuid, interval, int, boolean) is
    'As booking.try_hold, without the reasons: what the public may know, and what they cost is more than all the rest. quotas: '
    'BK008 where the session, its client or the service has too many.';

create function booking.try_hold(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.hold_result := booking.hold_quietly(
        tenant, service, starts_at, session_id, duration, resource, ttl, seats);
begin
    if v_result.code = 'BK003' then
        v_result.detail := booking.not_offered(tenant, service, starts_at, duration, resource, session_id, seats);
    end if;
    return v_result;
end
$$;
comment on function booking.try_hold(uuid, uuid, timestamptz, text, interval, uuid, interval, int) is
    'As booking.hold, but a refusal is returned in code, with the reasons of BK003 in detail, and nothing is left behind.';

create function booking.hold(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.hold_result := booking.try_hold(tenant, service, starts_at, session_id, duration, resource, ttl, seats);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.hold(uuid, uuid, timestamptz, text, interval, uuid, interval, int) is
    'Holds a slot for a session until ttl has passed (default: the service''s). The same slot again renews its hold; other own '
    'holds that overlap it are let go, unless this one fails. resource: only this one; duration: default the shortest; '
    'seats: of a class, in one and the same, default 1. BK003: not offered, with the reasons '
    'of booking.explain_slot in the DETAIL; BK004: a limit is used up; BK001: taken. P0002: unknown tenant, service, resource. 22023, 22004, 22008: bad arguments.';

create type booking.release_result as (released boolean, code text, detail jsonb);
comment on type booking.release_result is 'Whether a hold was let go. code: null, or BK002 where there is no such hold of the session.';

create function booking.release_all(tenant uuid, session_hash bytea)
returns booking.release_result
language plpgsql
as $$
#variable_conflict use_column
declare
    v_live boolean;
begin
    if session_hash is null then
        raise exception 'session_id is needed' using errcode = '22004';
    end if;
    perform booking.lock_session(release_all.session_hash);
    -- In the order of ids, as whoever sweeps several away. Lapsed ones go along: nobody comes back to them.
    with mine as (
        select h.tenant_id, h.hold_id, h.expires_at > clock_timestamp() as live
        from booking.hold h
        where h.tenant_id = release_all.tenant and h.session_hash = release_all.session_hash
        order by h.hold_id
        for update),
    gone as (
        delete from booking.hold h
        using mine m
        where h.tenant_id = m.tenant_id and h.hold_id = m.hold_id)
    select bool_or(m.live) into v_live
    from mine m;
    return case
        when v_live then (true, null, null)::booking.release_result
        else (false, 'BK002', null)::booking.release_result
    end;
end
$$;
comment on function booking.release_all(uuid, bytea) is
    'Lets go of all that a session holds; BK002 in code where nothing of it lived. 22004: no session.';

create function booking.try_release(tenant uuid, hold_id uuid default null, session_id text default null)
returns booking.release_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_session bytea := booking.session_hash(try_release.session_id);
begin
    if try_release.hold_id is null then
        return booking.release_all(try_release.tenant, v_session);
    end if;
    -- A lapsed hold is gone for everybody, its own session included.
    delete from booking.hold h
    where h.tenant_id = try_release.tenant and h.hold_id = try_release.hold_id
        and h.session_hash is not distinct from v_session and h.booking_id is null and h.expires_at > clock_timestamp();
    if found then
        return (true, null, null)::booking.release_result;
    end if;
    return (false, 'BK002', null)::booking.release_result;
end
$$;
comment on function booking.try_release(uuid, uuid, text) is 'As booking.release, but a refusal is returned in code.';

create function booking.release(tenant uuid, hold_id uuid default null, session_id text default null)
returns booking.release_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.release_result := booking.try_release(tenant, hold_id, session_id);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.release(uuid, uuid, text) is
    'Lets a hold of a session go, or all that it has where hold_id is null, as a visitor who leaves does; the slot is free at '
    'once. Without session_id: a hold of the tenant itself. BK002: no live hold of that id and session. 22004: neither is given. '
    '22023: session_id too short.';

-- sql/58_booking.sql
-- A booking as its callers hear of it, and its customer. Next: 59_book_hold.sql.

create type booking.booking_result as (
    booking_id uuid,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    manage_token text,
    manage_url text,
    payment_required boolean,
    payment_url text,
    code text,
    detail jsonb);
comment on type booking.booking_result is
    'A booking: its id, status, start and end. manage_token: lets its customer see, move or cancel it; told once, to whom '
    'booked, and kept nowhere; manage_url: the tenant''s page for it. payment_required: it is pending until it is paid for, at '
    'payment_url. code: null, or why there is none (BK001 to BK006), with details.';

create function booking.not_booked(code text, detail jsonb default null)
returns booking.booking_result
language sql
immutable
parallel safe
begin atomic
    select (null, null, null, null, null, null, null, null, code, detail)::booking.booking_result;
end;
comment on function booking.not_booked(text, jsonb) is 'The result that tells of a refusal.';

create function booking.done(result booking.booking_result)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if result.code is not null then
        perform booking.refuse(result.code, result.detail);
    end if;
    return result;
end
$$;
comment on function booking.done(booking.booking_result) is 'What a try_* function returned, raised where it is a refusal.';

create function booking.status_at(booking booking.booking, now timestamptz)
returns text
language sql
immutable
parallel safe
begin atomic
    select case when (booking).status = 'pending' and (booking).expires_at <= now then 'expired' else (booking).status end;
end;
comment on function booking.status_at(booking.booking, timestamptz) is
    'The status of a booking as it reads at an instant: one that is pending past its expires_at has expired, whether or not '
    'anybody wrote it down.';

-- Inlined.
create function booking.waits(service booking.service)
returns boolean
language sql
immutable
parallel safe
begin atomic
    select (service).needs_approval or coalesce((service).price, 0) > 0;
end;
comment on function booking.waits(booking.service) is 'True where a booking of a service is pending at first: to be approved, or paid for.';

create function booking.unpaid(booking booking.booking)
returns boolean
language sql
immutable
parallel safe
begin atomic
    select (booking).status = 'pending' and not (booking).needs_approval and coalesce((booking).price, 0) > 0;
end;
comment on function booking.unpaid(booking.booking) is 'True where nothing but a payment is missing.';

create function booking.payment_url(booking booking.booking)
returns text
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return (
        select replace(t.settings ->> 'payment_url', '{booking_id}', booking.booking_id::text)
        from booking.tenant t
        where t.tenant_id = booking.tenant_id);
end
$$;
comment on function booking.payment_url(booking.booking) is
    'Where a booking is paid for: the setting payment_url of its tenant, with {booking_id} filled in; null where there is none.';

create function booking.booked(booking booking.booking)
returns booking.booking_result
language plpgsql
stable
as $$
declare
    v_unpaid boolean := booking.unpaid(booking);
begin
    return (
        booking.booking_id, booking.status_at(booking, clock_timestamp()), lower(booking.span), upper(booking.span),
        null, null, v_unpaid, case when v_unpaid then booking.payment_url(booking) end, null, null)
        ::booking.booking_result;
end
$$;
comment on function booking.booked(booking.booking) is 'The result that tells of a booking.';

create function booking.check_customer(customer jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if customer is null then
        return '{}';
    elsif jsonb_typeof(customer) <> 'object' then
        raise exception 'customer must be a JSON object' using errcode = '22023';
    elsif octet_length(customer::text) > 65536 then
        raise exception 'customer is larger than 64 kB' using errcode = '54000';
    elsif length(booking.customer_key(customer)) > 320 then
        raise exception 'e-mail, phone or sub of the customer is longer than 320 characters' using errcode = '54000';
    end if;
    return customer;
end
$$;
comment on function booking.check_customer(jsonb) is
    'The customer of a booking, an empty object for null. 22023 where it is no object, 54000 where it is larger than 64 kB, or '
    'the customer is known by more than 320 characters.';

create function booking.customer_key(customer jsonb)
returns text
language sql
immutable
parallel safe
begin atomic
    select coalesce(
        case when jsonb_typeof(customer -> 'sub') = 'string' then nullif(customer ->> 'sub', '') end,
        case when jsonb_typeof(customer -> 'email') = 'string' then nullif(lower(btrim(customer ->> 'email', E' \t\n\r\f\x0B')), '') end,
        case when jsonb_typeof(customer -> 'phone') = 'string' then nullif(btrim(customer ->> 'phone', E' \t\n\r\f\x0B'), '') end);
end;
comment on function booking.customer_key(jsonb) is 'By what a customer is known again: the sub of a JWT, else lower-cased e-mail, else phone, else null.';

-- sql/59_book_hold.sql
-- From a hold to a booking. Locks are taken in the order of every writer: session, service, resources, members, then the
-- hold with its claims, then pages (by the triggers of 33_busy_triggers.sql). Next: 60_book.sql.

create function booking.settle(booking booking.booking, hold_id uuid, blocks boolean)
returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit, requirement_id)
    select distinct c.tenant_id, booking.booking_id, c.resource_id, c.unit, m.requirement_id
    from booking.claim c
    left join booking.requirement_resource m
        on m.tenant_id = c.tenant_id and m.service_id = booking.service_id and m.resource_id = c.resource_id
    where c.tenant_id = booking.tenant_id and c.hold_id = settle.hold_id;
    if booking.status = 'pending' and settle.blocks then
        -- Whoever made it has one more that waits: the quota of a client counts it.
        update booking.hold h
        set session_hash = null, booking_id = booking.booking_id, expires_at = booking.expires_at
        where h.tenant_id = booking.tenant_id and h.hold_id = settle.hold_id;
        return;
    elsif booking.status = 'confirmed' then
        -- The claims stay and change their owner: there is no moment without protection.
        update booking.claim c
        set hold_id = null, booking_id = booking.booking_id
        where c.tenant_id = booking.tenant_id and c.hold_id = settle.hold_id;
        update booking.requirement_resource m
        set booked = m.booked + 1
        where m.tenant_id = booking.tenant_id and m.service_id = booking.service_id and m.resource_id = any (array(
            select r.resource_id
            from booking.booking_resource r
            where r.tenant_id = booking.tenant_id and r.booking_id = booking.booking_id));
    end if;
    delete from booking.hold h
    where h.tenant_id = booking.tenant_id and h.hold_id = settle.hold_id;
end
$$;
comment on function booking.settle(booking.booking, uuid, boolean) is
    'Gives a booking what a hold has kept: for good where it is confirmed; until it lapses where it is pending and blocks; else '
    'only what was assigned is remembered, and the time is free.';

create function booking.book_hold(
    tenant uuid,
    hold_id uuid,
    session_hash bytea,
    customer jsonb,
    limited boolean default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_hold booking.hold;
    v_booking booking.booking;
    v_service booking.service;
    v_resources uuid[];
    v_pending boolean;
begin
    v_resources := array(
        select distinct c.resource_id
        from booking.claim c
        where c.tenant_id = book_hold.tenant and c.hold_id = book_hold.hold_id);
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = book_hold.tenant and h.hold_id = book_hold.hold_id
        and h.session_hash is not distinct from book_hold.session_hash and h.booking_id is null
        and h.expires_at > clock_timestamp();
    -- A hold whose claims were deleted under it guards nothing.
    if not found or cardinality(v_resources) = 0 then
        return booking.not_booked('BK002');
    end if;
    select s.* into v_service
    from booking.service s
    where s.tenant_id = v_hold.tenant_id and s.service_id = v_hold.service_id;
    -- Whoever has taken the resources already has decided this before: a limit that came since would lock the service after
    -- them, and wait for who waits for them.
    if coalesce(limited, booking.lock_limits(v_service))
        and not booking.customer_room(v_service, lower(v_hold.span), upper(v_hold.span), booking.customer_key(customer))
    then
        return booking.not_booked('BK004');
    end if;
    v_pending := booking.waits(v_service);
    -- Pages have what cannot expire: a pending booking is not among it.
    if not v_pending then
        perform booking.lock_resources(book_hold.tenant, v_resources);
        perform booking.lock_members(book_hold.tenant, v_hold.service_id, v_resources);
    end if;
    -- Only now, with every lock taken, does the clock say whether the hold still lives.
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = book_hold.tenant and h.hold_id = book_hold.hold_id
        and h.session_hash is not distinct from book_hold.session_hash and h.booking_id is null
    for update;
    if not found or v_hold.expires_at <= clock_timestamp() then
        return booking.not_booked('BK002');
    end if;
    -- Hours and rules may have changed since: a live hold books all the same. The outside world does not wait.
    if exists (
        select
        from booking.claim c
        join booking.busy_window b
            on b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return booking.not_booked('BK001');
    end if;
    insert into booking.booking (
        tenant_id, service_id, status, span, seats, expires_at, customer, customer_key, needs_approval, price, currency)
    values (
        v_hold.tenant_id, v_hold.service_id, case when v_pending then 'pending' else 'confirmed' end, v_hold.span, v_hold.seats,
        case
            when v_pending
                then least(
                    upper(v_hold.span),
                    clock_timestamp() + case when v_service.needs_approval then v_service.approval_ttl else v_service.payment_ttl end)
        end,
        customer, booking.customer_key(customer), v_service.needs_approval, v_service.price * v_hold.seats, v_service.currency)
    returning * into v_booking;
    perform booking.settle(v_booking, v_hold.hold_id, v_service.pending_blocks);
    perform booking.record_event(
        v_booking.tenant_id, 'booked', booking_id => v_booking.booking_id, hold_id => v_hold.hold_id,
        service => v_booking.service_id, session_hash => v_hold.session_hash,
        detail => jsonb_build_object('starts_at', lower(v_booking.span), 'resources', v_resources));
    return booking.booked(v_booking);
end
$$;
comment on function booking.book_hold(uuid, uuid, bytea, jsonb, boolean) is
    'Turns a live hold of a session (null: of the tenant itself) into a booking, confirmed or pending as the service has it; '
    'BK002, BK004 (of the customer) or BK001 in code, with nothing written, where it cannot.';

create function booking.book_hold_or_nothing(tenant uuid, hold_id uuid, session_hash bytea, customer jsonb)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.booking_result;
begin
    v_result := booking.book_hold(tenant, hold_id, session_hash, customer);
    if v_result.code = 'BK002' then
        raise exception using errcode = 'BK002';
    end if;
    return v_result;
exception when sqlstate 'BK002' then
    return booking.not_booked('BK002');
end
$$;
comment on function booking.book_hold_or_nothing(uuid, uuid, bytea, jsonb) is
    'As booking.book_hold, but a hold that lapsed leaves no lock behind: for callers that go on to take another slot.';

-- sql/60_book.sql
-- book: from a hold, or directly. Next: 61_status.sql.

create function booking.book_slot(
    tenant uuid,
    hold_id uuid,
    session_id text,
    service uuid,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    if_still_free boolean,
    seats int)
returns booking.booking_result
language plpgsql
as $$
#variable_conflict use_column
declare
    v_customer jsonb := booking.check_customer(book_slot.customer);
    v_session bytea := booking.session_hash(book_slot.session_id);
    v_direct boolean := book_slot.service is not null and book_slot.starts_at is not null;
    v_question booking.question;
    v_service booking.service;
    v_hold booking.hold_result;
    v_seats int;
    v_limited boolean;
    v_own uuid;
    v_result booking.booking_result;
begin
    if book_slot.hold_id is not null then
        if not coalesce(book_slot.if_still_free, false) then
            return booking.book_hold(book_slot.tenant, book_slot.hold_id, v_session, v_customer);
        end if;
        perform booking.lock_session(v_session);
        v_result := booking.book_hold_or_nothing(book_slot.tenant, book_slot.hold_id, v_session, v_customer);
        if v_result.code is distinct from 'BK002' then
            return v_result;
        end if;
    end if;
    if not v_direct then
        raise exception 'give a hold_id, or service and starts_at to book directly'
            using errcode = '22004', hint = 'With if_still_free give both: they say what to try anew.';
    end if;
    v_question := booking.question(book_slot.tenant, book_slot.service, book_slot.duration);
    v_service := v_question.service;
    perform booking.check_range(book_slot.starts_at, book_slot.starts_at);
    v_seats := booking.wanted_seats(v_service, book_slot.seats);
    perform booking.check_member(v_service, book_slot.resource);
    perform booking.lock_session(v_session);
    v_own := (booking.own_hold(v_service, book_slot.starts_at, v_question.minutes, v_session, book_slot.resource, book_slot.seats)).hold_id;
    if v_own is not null then
        v_result := booking.book_hold_or_nothing(book_slot.tenant, v_own, v_session, v_customer);
        if v_result.code is distinct from 'BK002' then
            return v_result;
        end if;
    end if;
    -- A hold for the length of this call, taken with the locks of a booking.
    v_limited := booking.lock_limits(v_service);
    v_hold := booking.take(
        v_question, book_slot.starts_at, v_session, book_slot.resource, v_seats, v_service.max_hold_age,
        not booking.waits(v_service));
    if v_hold.code = 'BK001' and not booking.customer_room(
        v_service, book_slot.starts_at, booking.slot_end(v_service, book_slot.starts_at, v_question.minutes),
        booking.customer_key(v_customer))
    then
        -- Limits are judged before what is taken.
        v_hold.code := 'BK004';
    end if;
    if v_hold.code is not null then
        return booking.not_booked(v_hold.code, v_hold.detail);
    end if;
    v_result := booking.book_hold(book_slot.tenant, v_hold.hold_id, v_session, v_customer, v_limited);
    if v_result.code is not null then
        delete from booking.hold h where h.tenant_id = book_slot.tenant and h.hold_id = v_hold.hold_id;
    end if;
    return v_result;
end
$$;
comment on function booking.book_slot(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean, int) is
    'Books a hold or a slot, or refuses; without a token.';

create function booking.book_quietly(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    if_still_free boolean default false,
    seats int default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_result booking.booking_result := booking.book_slot(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, if_still_free, seats);
begin
    if v_result.code is null then
        v_result := booking.with_token(v_result, tenant);
    else
        perform booking.record_refusal(
            tenant, v_result.code, 'book', booking.session_hash(session_id), service, starts_at, duration, resource, hold_id);
    end if;
    return v_result;
end
$$;
comment on function booking.book_quietly(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean, int) is
    'As booking.try_book, without the reasons.';

create function booking.book_request(
    hold_id uuid,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    if_still_free boolean,
    slot_id text,
    seats int)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- Whatever the time zone and styles of who asks.
    return jsonb_build_object(
        'hold_id', hold_id, 'service', service, 'starts_at', extract(epoch from starts_at),
        'duration', extract(epoch from duration), 'resource', resource, 'customer', booking.check_customer(customer),
        'if_still_free', coalesce(if_still_free, false), 'slot_id', slot_id, 'seats', seats);
end
$$;
comment on function booking.book_request(uuid, text, timestamptz, interval, uuid, jsonb, boolean, text, int) is
    'What one asks for who books, for an idempotency key to tell a repeat from another request.';

create function booking.try_book(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    seats int default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_caller bytea;
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    if idempotency_key is not null then
        v_caller := booking.caller_hash(session_id, true);
        v_earlier := booking.begin_once(
            tenant, 'book', v_caller, idempotency_key, booking.book_request(
                hold_id, service::text, starts_at, duration, resource, customer, if_still_free, null, seats));
        if v_earlier.replay then
            return booking.replayed(v_earlier, tenant, 'book');
        end if;
    end if;
    v_result := booking.book_quietly(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, if_still_free, seats);
    if idempotency_key is not null then
        perform booking.end_once(tenant, 'book', v_caller, idempotency_key, v_result);
    end if;
    if v_result.code = 'BK003' then
        v_result.detail := booking.not_offered(tenant, service, starts_at, duration, resource, session_id, seats);
    end if;
    return v_result;
end
$$;
comment on function booking.try_book(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, text, boolean, int) is
    'As booking.book, but a refusal is returned in code, with the reasons of BK003 in detail, and nothing is left behind.';

create function booking.book(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    seats int default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, seats);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.book(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, text, boolean, int) is
    'Books a hold of a session (without session_id: of the tenant itself), or directly a service and a start (an own hold of that slot is used up). A lapsed hold is '
    'tried anew only with if_still_free, service and starts_at. BK002: hold lapsed or not yours; BK003: not offered, '
    'with the reasons of booking.explain_slot in the DETAIL; BK004: '
    'a limit is used up; BK001: taken, or a busy window came meanwhile. seats: of a class, booked directly, default 1 (a hold '
    'says itself how many). With an idempotency_key (1 to 255 characters, kept for a '
    'day, of this session, else of who is signed in, else of the login role) a repeat is told what was booked and gets another '
    'manage token, and waits for a twin under way; another request under the same key is BK006. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';

-- sql/61_status.sql
-- The states of a booking: one table of what leads where, one guard that nothing gets past, and one place where claims follow
-- the status, whoever changes it. Next: 62_follow.sql.

create type booking.transition as (from_status text, to_status text, by text);
comment on type booking.transition is 'A step in the life of a booking, and what takes it.';

create function booking.transitions()
returns setof booking.transition
language sql
immutable
parallel safe
rows 10
begin atomic
    values
        ('pending', 'confirmed', 'approve, record_payment'),
        ('pending', 'declined', 'decline'),
        ('pending', 'cancelled', 'cancel'),
        ('pending', 'expired', 'time'),
        -- Paid for too late, and still free.
        ('expired', 'confirmed', 'record_payment'),
        ('confirmed', 'cancelled', 'cancel'),
        ('confirmed', 'completed', 'complete'),
        ('confirmed', 'no_show', 'mark_no_show'),
        -- Who marked the wrong one.
        ('completed', 'no_show', 'mark_no_show'),
        ('no_show', 'completed', 'complete');
end;
comment on function booking.transitions() is
    'Every step that a booking can take from one status to another. Declined and cancelled are the end.';

create function booking.may_become(booking booking.booking, status text, now timestamptz)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return exists (
        select
        from booking.transitions() t
        where t.from_status = booking.status_at(may_become.booking, now) and t.to_status = may_become.status);
end
$$;
comment on function booking.may_become(booking.booking, text, timestamptz) is
    'True where a booking may take the step to a status; a pending one past its expires_at has expired.';

create function booking.wrong_state(booking booking.booking)
returns booking.booking_result
language sql
stable
begin atomic
    select booking.not_booked('BK005', jsonb_strip_nulls(jsonb_build_object(
        'status', booking.status_at(booking, clock_timestamp()),
        'ended_at', case when upper((booking).span) <= clock_timestamp() then upper((booking).span) end)));
end;
comment on function booking.wrong_state(booking.booking) is 'The refusal BK005, with the status that a booking is in, and when it ended.';

create function booking.tg_booking__status()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
begin
    -- To write down that it has expired is no step.
    if not booking.may_become(old, new.status, v_now) and booking.status_at(old, v_now) <> new.status then
        perform booking.done(booking.wrong_state(old));
    end if;
    if new.status not in ('pending', 'expired') then
        new.expires_at := null;
        new.needs_approval := false;
    end if;
    return new;
end
$$;
comment on function booking.tg_booking__status() is
    'BEFORE ROW, the guard: BK005 for a step that booking.transitions() does not have.';

create trigger _100_status
before update of status on booking.booking
for each row when (new.status <> old.status)
execute function booking.tg_booking__status();

create function booking.live_hold(booking booking.booking)
returns booking.hold
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_hold booking.hold;
begin
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = live_hold.booking.tenant_id and h.booking_id = live_hold.booking.booking_id
    for update;
    if v_hold.expires_at > clock_timestamp() and exists (
        select
        from booking.claim c
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return v_hold;
    end if;
    return null;
end
$$;
comment on function booking.live_hold(booking.booking) is 'Locks the hold that a pending booking keeps; nulls where there is none that lives.';

create function booking.free(booking booking.booking)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if booking.status = 'confirmed' then
        update booking.requirement_resource m
        set booked = greatest(m.booked - 1, 0)
        where m.tenant_id = free.booking.tenant_id and m.service_id = free.booking.service_id and m.resource_id = any (array(
            select r.resource_id
            from booking.booking_resource r
            where r.tenant_id = free.booking.tenant_id and r.booking_id = free.booking.booking_id));
    end if;
    delete from booking.claim c
    where c.tenant_id = free.booking.tenant_id and c.booking_id = free.booking.booking_id;
    delete from booking.hold h
    where h.tenant_id = free.booking.tenant_id and h.booking_id = free.booking.booking_id;
end
$$;
comment on function booking.free(booking.booking) is 'Gives back what a booking, as it was, has taken: claims or hold, and its share under round_robin.';

create function booking.tg_booking__claims()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_hold booking.hold;
begin
    if new.status in ('cancelled', 'declined', 'expired') then
        perform booking.free(old);
    elsif new.status = 'confirmed' then
        v_hold := booking.live_hold(new);
        if v_hold.hold_id is null then
            raise exception 'a booking that keeps no slot has nothing to be confirmed'
                using errcode = 'BK005', hint = 'Call booking.approve or booking.record_payment, which take its time again.';
        end if;
        delete from booking.booking_resource r
        where r.tenant_id = new.tenant_id and r.booking_id = new.booking_id;
        perform booking.settle(new, v_hold.hold_id, true);
    end if;
    return null;
end
$$;
comment on function booking.tg_booking__claims() is
    'AFTER ROW: a status that ends a booking frees its time, and one that is confirmed gets for good what its hold kept.';

create trigger _400_claims
after update of status on booking.booking
for each row when (old.status <> new.status)
execute function booking.tg_booking__claims();

create function booking.lock_booking_once(tenant uuid, booking_id uuid, among uuid[])
returns booking.booking
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_service booking.service;
    v_resources uuid[];
begin
    select b.* into v_booking
    from booking.booking b
    where b.tenant_id = lock_booking_once.tenant and b.booking_id = lock_booking_once.booking_id;
    if not found then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    select s.* into v_service
    from booking.service s
    where s.tenant_id = v_booking.tenant_id and s.service_id = v_booking.service_id;
    if not found then
        -- A customer reads the booking, not what it is of.
        raise exception 'only whoever runs the tenant changes a booking here'
            using errcode = '42501', hint = 'Customers do by its token: booking_api.cancel, booking_api.reschedule.';
    end if;
    v_resources := array(
        select r.resource_id
        from booking.booking_resource r
        where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id);
    -- What a limit counts changes. Who moves takes a slot anew, and may find a first limit then, or open a class: the lock for
    -- that would come after those of resources, where calls locked each other up.
    if among is not null then
        perform booking.lock_service(v_service);
    else
        perform booking.lock_limits(v_service);
    end if;
    perform booking.lock_resources(v_booking.tenant_id, v_resources || among);
    if among is not null then
        -- What booking.take locks besides must be had before claims are let go: who waits for those may have it.
        perform
        from booking.service_requirement q
        where q.tenant_id = v_booking.tenant_id and q.service_id = v_booking.service_id
        order by q.requirement_id
        for no key update;
    end if;
    perform booking.lock_members(v_booking.tenant_id, v_booking.service_id, v_resources || among);
    select b.* into strict v_booking
    from booking.booking b
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    for no key update;
    if exists (
        select
        from booking.booking_resource r
        where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id and r.resource_id <> all (v_resources))
    then
        return null;
    end if;
    return v_booking;
end
$$;
comment on function booking.lock_booking_once(uuid, uuid, uuid[]) is
    'As booking.lock_booking, but nulls where the booking moved meanwhile: the caller undoes to a savepoint and starts over. For '
    'callers that give up all locks later, too: not with a savepoint of its own inside, since whoever waits for a lock of one '
    'that was released waits for the end of the transaction then, whatever is undone.';

create function booking.lock_booking(tenant uuid, booking_id uuid, among uuid[] default null)
returns booking.booking
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_booking booking.booking;
begin
    loop
        begin
            v_booking := booking.lock_booking_once(tenant, booking_id, among);
            if v_booking.booking_id is not null then
                return v_booking;
            end if;
            raise exception using errcode = 'BK001';
        exception when sqlstate 'BK001' then
            -- Locks are taken anew, in their order.
        end;
    end loop;
end
$$;
comment on function booking.lock_booking(uuid, uuid, uuid[]) is
    'Locks a booking with all that a change of it writes, in the order of every writer: its service if that has limits, its '
    'resources and members, and itself. among: the resources that it may move to. P0002: unknown booking; 42501: for a customer, who may only see it.';

-- sql/62_follow.sql
-- What is moved, made larger or kept longer by a plain UPDATE takes its claims along: no statement leaves a booking at a time
-- that it has not taken. Next: 63_cancel.sql.

create function booking.move_claims(tenant uuid, hold_id uuid, booking_id uuid, old_span tstzrange, new_span tstzrange)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- In seconds: a day more or less has another length for a session in whose zone a clock changes.
    update booking.claim c
    set span = tstzrange(
        lower(c.span) + make_interval(secs => extract(epoch from lower(new_span) - lower(old_span))::float8),
        upper(c.span) + make_interval(secs => extract(epoch from upper(new_span) - upper(old_span))::float8))
    where c.tenant_id = move_claims.tenant
        and (c.hold_id = move_claims.hold_id or c.booking_id = move_claims.booking_id);
end
$$;
comment on function booking.move_claims(uuid, uuid, uuid, tstzrange, tstzrange) is
    'Moves the claims of a hold or of a booking as far as it has moved, with their buffers. 23P01: in the way of another; 23503: '
    'seats of a class, which stay with their date.';

create function booking.tg_hold__follow()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if new.seats <> old.seats and exists (
        select
        from booking.claim c
        where c.tenant_id = new.tenant_id and c.hold_id = new.hold_id and c.sitting_id is not null)
    then
        raise exception 'a hold has the seats that it took' using errcode = 'BK005', hint = 'Hold as many as are wanted.';
    end if;
    if new.span <> old.span then
        perform booking.move_claims(new.tenant_id, new.hold_id, null, old.span, new.span);
    end if;
    return null;
end
$$;
comment on function booking.tg_hold__follow() is 'AFTER ROW: claims go where their hold goes. BK005: more or fewer seats of a class.';

create trigger _400_follow
after update of span, seats on booking.hold
for each row when (old.span <> new.span or old.seats <> new.seats)
execute function booking.tg_hold__follow();

create function booking.tg_booking__follow()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if new.seats <> old.seats and exists (
        select
        from booking.claim c
        where c.tenant_id = new.tenant_id and c.booking_id = new.booking_id and c.sitting_id is not null)
    then
        raise exception 'a booking has the seats that it took'
            using errcode = 'BK005', hint = 'Cancel it, and book as many as are wanted.';
    end if;
    if new.span <> old.span then
        perform booking.move_claims(new.tenant_id, null, new.booking_id, old.span, new.span);
    end if;
    if new.status = 'pending' then
        update booking.hold h
        set span = new.span, seats = new.seats, expires_at = coalesce(new.expires_at, h.expires_at)
        where h.tenant_id = new.tenant_id and h.booking_id = new.booking_id
            and (h.span <> new.span or h.seats <> new.seats or h.expires_at <> new.expires_at);
    end if;
    return null;
end
$$;
comment on function booking.tg_booking__follow() is
    'AFTER ROW: claims go where their booking goes, and a pending one keeps its slot for as long as it waits. 23P01: in the way '
    'of another; BK005, 23503: of a class.';

create trigger _400_follow
after update of span, seats, expires_at on booking.booking
for each row when (
    old.span <> new.span or old.seats <> new.seats or new.status = 'pending' and new.expires_at is distinct from old.expires_at)
execute function booking.tg_booking__follow();

-- sql/63_cancel.sql
-- What ends a booking: cancel, decline, complete, mark_no_show. Next: 64_confirm.sql.

create function booking.end_booking(tenant uuid, booking_id uuid, status text, reason text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.lock_booking(end_booking.tenant, end_booking.booking_id);
    v_asked text := case end_booking.status
        when 'cancelled' then 'cancel' when 'declined' then 'decline' when 'completed' then 'complete' else 'mark_no_show'
    end;
    v_now timestamptz := clock_timestamp();
    v_result booking.booking_result;
begin
    if not booking.may_become(v_booking, end_booking.status, v_now) then
        return booking.refused(v_booking.tenant_id, v_booking, v_asked, booking.wrong_state(v_booking));
    elsif end_booking.status in ('completed', 'no_show') and lower(v_booking.span) > v_now then
        return booking.refused(v_booking.tenant_id, v_booking, v_asked, booking.not_booked(
            'BK005', jsonb_build_object('status', v_booking.status, 'starts_at', lower(v_booking.span))));
    end if;
    update booking.booking b
    set status = end_booking.status, version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    returning b.* into v_booking;
    perform booking.record_event(
        v_booking.tenant_id, v_booking.status, booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_strip_nulls(jsonb_build_object('reason', left(reason, 1000))));
    v_result := booking.booked(v_booking);
    if v_booking.price > 0 then
        v_result.detail := booking.to_refund(v_booking);
    end if;
    return v_result;
end
$$;
comment on function booking.end_booking(uuid, uuid, text, text) is
    'Gives a booking a status that ends it; BK005 in code where it may not have it, or, of completed and no_show, where it has '
    'not begun. P0002: unknown booking.';

create function booking.try_cancel(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'cancelled', reason);
end
$$;
comment on function booking.try_cancel(uuid, uuid, text) is 'As booking.cancel, but a refusal is returned in code.';

create function booking.cancel(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_cancel(tenant, booking_id, reason));
end
$$;
comment on function booking.cancel(uuid, uuid, text) is
    'Cancels a pending or confirmed booking; its time is free at once, its row and what was assigned stay. detail: what was '
    'paid for it, as {to_refund, currency}. '
    'BK005: cancelled already, or in another state that ends it. P0002: unknown booking.';

create function booking.try_decline(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'declined', reason);
end
$$;
comment on function booking.try_decline(uuid, uuid, text) is 'As booking.decline, but a refusal is returned in code.';

create function booking.decline(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_decline(tenant, booking_id, reason));
end
$$;
comment on function booking.decline(uuid, uuid, text) is
    'Says no to a pending booking; its time is free at once. detail: as cancel. BK005: not pending any more. P0002: unknown booking.';

create function booking.try_complete(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'completed', null);
end
$$;
comment on function booking.try_complete(uuid, uuid) is 'As booking.complete, but a refusal is returned in code.';

create function booking.complete(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_complete(tenant, booking_id));
end
$$;
comment on function booking.complete(uuid, uuid) is
    'Says that a confirmed booking took place, or that one that was marked as no_show did after all; its time stays taken. '
    'BK005: in another state, or it has not begun. P0002: unknown booking.';

create function booking.try_mark_no_show(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'no_show', null);
end
$$;
comment on function booking.try_mark_no_show(uuid, uuid) is 'As booking.mark_no_show, but a refusal is returned in code.';

create function booking.mark_no_show(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_mark_no_show(tenant, booking_id));
end
$$;
comment on function booking.mark_no_show(uuid, uuid) is
    'Says that nobody came to a confirmed booking; its time stays taken, and limits count it. BK005: in another state, or it '
    'has not begun. P0002: unknown booking.';

-- sql/64_confirm.sql
-- approve, and what it shares with a payment: a pending booking becomes one for good. Next: 65_payment.sql.

create function booking.moving(booking booking.booking)
returns booking.question
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_question booking.question;
    v_service booking.service;
    v_nights boolean;
begin
    select s.* into strict v_service
    from booking.service s
    where s.tenant_id = moving.booking.tenant_id and s.service_id = moving.booking.service_id;
    v_nights := v_service.kind = 'stay';
    v_question.minutes := case
        when v_nights
            then 1440 * (timezone(v_service.zone, upper(booking.span))::date - timezone(v_service.zone, lower(booking.span))::date)
        else extract(epoch from upper(booking.span) - lower(booking.span)) / 60
    end;
    -- It was agreed upon: what the service offers to others, and how long before, is of no account.
    v_service.durations := v_service.durations || v_question.minutes / case when v_nights then 1440 else 1 end;
    v_service.min_notice := '0';
    v_service.horizon := null;
    v_service.bookable := '(,)';
    if v_nights then
        v_service.arrival_days := null;
        v_service.check_in := timezone(v_service.zone, lower(booking.span))::time;
        v_service.check_out := timezone(v_service.zone, upper(booking.span))::time;
    end if;
    v_question.service := v_service;
    v_question.limited := true;
    v_question.moved := booking.booking_id;
    select r.grain into v_question.grain
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id
    limit 1;
    return v_question;
end
$$;
comment on function booking.moving(booking.booking) is
    'The question for a booking that has been agreed upon: of its own length, at any start, whatever notice or horizon others need.';

create function booking.resources_of(booking booking.booking)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return array(
        select distinct r.resource_id
        from booking.booking_resource r
        where r.tenant_id = resources_of.booking.tenant_id and r.booking_id = resources_of.booking.booking_id
        order by r.resource_id);
end
$$;
comment on function booking.resources_of(booking.booking) is 'What is assigned to a booking, in the order of ids.';

create function booking.members_of(tenant uuid, service uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return array(
        select m.resource_id
        from booking.requirement_resource m
        where m.tenant_id = members_of.tenant and m.service_id = members_of.service
        order by m.resource_id);
end
$$;
comment on function booking.members_of(uuid, uuid) is 'Everybody whom a service may take, in the order of ids.';

create function booking.new_session()
returns bytea
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return sha256(uuid_send(gen_random_uuid()));
end
$$;
comment on function booking.new_session() is 'A session hash that is nobody''s: for a hold that lives no longer than a call.';

create function booking.take_for(booking booking.booking, question booking.question, starts_at timestamptz, resource uuid)
returns booking.hold_result
language plpgsql
as $$
#variable_conflict use_column
declare
    v_hold booking.hold_result;
begin
    -- So many are not had any more, wherever one looks.
    if booking.seats > (question.service).seats then
        v_hold.code := 'BK003';
        return v_hold;
    end if;
    if not booking.customer_room(
        question.service, starts_at, booking.slot_end(question.service, starts_at, question.minutes), booking.customer_key,
        booking.booking_id)
    then
        -- Judged when it is booked, after what is offered and before what is taken.
        v_hold.code := case booking.verdict(booking.candidates(question, starts_at, resource, null), resource)
            when 'BK003' then 'BK003'
            else 'BK004'
        end;
        return v_hold;
    end if;
    v_hold := booking.take(
        question, starts_at, booking.new_session(), resource, booking.seats, '1 hour', booking.status <> 'pending');
    if v_hold.code is null then
        update booking.hold h
        set session_hash = null, booking_id = take_for.booking.booking_id
        where h.tenant_id = take_for.booking.tenant_id and h.hold_id = v_hold.hold_id;
    end if;
    return v_hold;
end
$$;
comment on function booking.take_for(booking.booking, booking.question, timestamptz, uuid) is
    'Takes a slot for a booking, as a hold of its own for the rest of this call; or the code why not, which the caller undoes.';

create function booking.confirm(booking booking.booking)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking;
    v_hold booking.hold := booking.live_hold(booking);
    v_question booking.question;
    v_taken booking.hold_result;
begin
    if v_hold.hold_id is null then
        -- It kept no slot, or not for so long: taken again from whom it had, else from anybody.
        delete from booking.hold h
        where h.tenant_id = v_booking.tenant_id and h.booking_id = v_booking.booking_id;
        v_question := booking.moving(v_booking);
        v_question.among := booking.resources_of(v_booking);
        v_booking.status := 'confirmed';
        begin
            v_taken := booking.take_for(v_booking, v_question, lower(v_booking.span), null);
            if v_taken.code is not null then
                v_question.among := null;
                v_taken := booking.take_for(v_booking, v_question, lower(v_booking.span), null);
            end if;
            if v_taken.code is not null then
                raise exception using errcode = 'BK001';
            end if;
        exception when sqlstate 'BK001' then
            return booking.not_booked(v_taken.code);
        end;
    elsif exists (
        -- The outside world did not wait.
        select
        from booking.claim c
        join booking.busy_window b
            on b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return booking.not_booked('BK001');
    else
        -- It lived when it was locked, and so it does until this call is done.
        update booking.hold h
        set expires_at = clock_timestamp() + interval '1 hour'
        where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id;
    end if;
    update booking.booking b
    set status = 'confirmed', version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    returning b.* into v_booking;
    perform booking.record_event(
        v_booking.tenant_id, 'confirmed', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_build_object('resources', booking.resources_of(v_booking)));
    return booking.booked(v_booking);
end
$$;
comment on function booking.confirm(booking.booking) is
    'Confirms a booking that is locked: with the slot that it has kept, else with one taken again at its start. BK001 or '
    'another code of booking.hold, with nothing written, where that is gone.';

create function booking.lock_to_confirm(tenant uuid, booking_id uuid)
returns booking.booking
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_members uuid[];
begin
    -- Who may have to take a slot again locks all whom it could be, before anything is let go: also where what is kept may
    -- lapse before the last lock is had.
    select booking.members_of(b.tenant_id, b.service_id) into v_members
    from booking.booking b
    where b.tenant_id = lock_to_confirm.tenant and b.booking_id = lock_to_confirm.booking_id
        and not exists (
            select
            from booking.hold h
            where h.tenant_id = b.tenant_id and h.booking_id = b.booking_id
                and h.expires_at > clock_timestamp() + interval '30 seconds');
    return booking.lock_booking(lock_to_confirm.tenant, lock_to_confirm.booking_id, v_members);
end
$$;
comment on function booking.lock_to_confirm(uuid, uuid) is
    'Locks a booking with all that confirming it may write, as booking.lock_booking does. P0002: unknown booking.';

create function booking.try_approve(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.lock_to_confirm(try_approve.tenant, try_approve.booking_id);
    v_result booking.booking_result;
begin
    if booking.status_at(v_booking, clock_timestamp()) <> 'pending' or not v_booking.needs_approval then
        return booking.refused(v_booking.tenant_id, v_booking, 'approve', booking.wrong_state(v_booking));
    elsif booking.paid(v_booking) >= coalesce(v_booking.price, 0) then
        v_result := booking.confirm(v_booking);
        if v_result.code is not null then
            return booking.refused(v_booking.tenant_id, v_booking, 'approve', v_result);
        end if;
    else
        -- Now the customer has as long as a payment may take.
        update booking.booking b
        set needs_approval = false, version = b.version + 1, expires_at = (
            select least(upper(b.span), clock_timestamp() + s.payment_ttl)
            from booking.service s
            where s.tenant_id = b.tenant_id and s.service_id = b.service_id)
        where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
        returning b.* into v_booking;
        v_result := booking.booked(v_booking);
    end if;
    perform booking.record_event(
        v_booking.tenant_id, 'approved', booking_id => v_booking.booking_id, service => v_booking.service_id);
    return v_result;
end
$$;
comment on function booking.try_approve(uuid, uuid) is 'As booking.approve, but a refusal is returned in code.';

create function booking.approve(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_approve(tenant, booking_id));
end
$$;
comment on function booking.approve(uuid, uuid) is
    'Says yes to a pending booking: it is confirmed, or, where it has to be paid for, waits as long for its payment as its '
    'service has it. One that kept no slot takes it now, from the resources that were meant or else from others: BK001 where '
    'somebody was confirmed before. BK005: not waiting for approval any more. P0002: unknown booking.';

-- sql/65_payment.sql
-- Payments: each is recorded once, by its reference, and whatever has become of its booking: the money is there. Who takes it is
-- not our business. Next: 66_move.sql.

create table booking.payment (
    tenant_id uuid not null,
    reference text not null,
    booking_id uuid not null,
    amount numeric(12, 2) not null,
    currency text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    constraint payment_pkey primary key (tenant_id, reference),
    constraint payment_booking_fkey foreign key (tenant_id, booking_id) references booking.booking on delete cascade,
    constraint payment_reference_some check (length(reference) between 1 and 255),
    constraint payment_amount_positive check (amount >= 0 and amount <> 'NaN'),
    constraint payment_currency_iso check (currency ~ '^[A-Z]{3}$')
);
comment on table booking.payment is 'What was paid for a booking.';
comment on column booking.payment.reference is 'What the payment is called by whom it came from; the same one is recorded once.';
comment on column booking.payment.amount is 'In its currency.';

create index payment_booking on booking.payment (tenant_id, booking_id);

create function booking.paid(booking booking.booking)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(sum(p.amount), 0)
        from booking.payment p
        where p.tenant_id = paid.booking.tenant_id and p.booking_id = paid.booking.booking_id);
end
$$;
comment on function booking.paid(booking.booking) is 'What has been paid for a booking so far.';

create function booking.currency_of(booking booking.booking)
returns text
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return coalesce(booking.currency, (
        select p.currency
        from booking.payment p
        where p.tenant_id = currency_of.booking.tenant_id and p.booking_id = currency_of.booking.booking_id
        limit 1));
end
$$;
comment on function booking.currency_of(booking.booking) is
    'What a booking is paid for in: the currency of its price; of one without, that of the first payment; null where there is neither.';

create function booking.try_record_payment(
    tenant uuid,
    booking_id uuid,
    reference text,
    amount numeric default null,
    currency text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.lock_to_confirm(try_record_payment.tenant, try_record_payment.booking_id);
    v_status text := booking.status_at(v_booking, clock_timestamp());
    v_currency text := coalesce(try_record_payment.currency, booking.currency_of(v_booking));
    -- Who pays when nothing is left to pay has paid once more.
    v_amount numeric := round(coalesce(
        try_record_payment.amount, nullif(greatest(v_booking.price - booking.paid(v_booking), 0), 0), v_booking.price), 2);
    v_before booking.payment;
    v_code text;
    v_result booking.booking_result;
begin
    if reference is null then
        raise exception 'reference is needed' using errcode = '22004', hint = 'Give what the payment is called by whom it came from.';
    end if;
    insert into booking.payment (tenant_id, reference, booking_id, amount, currency)
    select v_booking.tenant_id, try_record_payment.reference, v_booking.booking_id, v_amount, v_currency
    where v_currency = coalesce(booking.currency_of(v_booking), v_currency) and v_amount is not null
    on conflict on constraint payment_pkey do nothing;
    if not found then
        select p.* into v_before
        from booking.payment p
        where p.tenant_id = v_booking.tenant_id and p.reference = try_record_payment.reference;
        if v_before.reference is null then
            raise exception 'this booking is not paid for in %', coalesce(v_currency, 'money')
                using errcode = '22023', hint = coalesce(
                    'Its currency is ' || booking.currency_of(v_booking) || '.', 'It has no price: say how much was paid, in which currency.');
        elsif v_before.booking_id <> v_booking.booking_id or v_before.currency <> v_currency
            or v_before.amount <> coalesce(round(try_record_payment.amount, 2), v_before.amount)
        then
            return booking.refused(v_booking.tenant_id, v_booking, 'record_payment', booking.not_booked('BK006'));
        end if;
    end if;
    -- Also when it is told again: what was in the way may be gone.
    if booking.paid(v_booking) >= v_booking.price and v_status in ('pending', 'expired') and not v_booking.needs_approval then
        v_result := booking.confirm(v_booking);
    end if;
    if v_result.booking_id is null then
        -- It stays what it is, and the payment is known all the same.
        v_code := v_result.code;
        v_result := booking.booked(v_booking);
        v_result.detail := coalesce(booking.to_refund(v_booking), jsonb_build_object('code', v_code));
        v_result.detail := nullif(jsonb_strip_nulls(v_result.detail), '{}');
    end if;
    if v_before.reference is null then
        perform booking.record_event(
            v_booking.tenant_id, 'paid', booking_id => v_booking.booking_id, service => v_booking.service_id,
            detail => jsonb_build_object('amount', v_amount, 'currency', v_currency, 'status', v_result.status));
    end if;
    return v_result;
end
$$;
comment on function booking.try_record_payment(uuid, uuid, text, numeric, text) is
    'As booking.record_payment, but a refusal is returned in code.';

create function booking.to_refund(booking booking.booking)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_paid numeric := booking.paid(booking);
    v_due numeric := case
        when booking.status_at(booking, clock_timestamp()) in ('cancelled', 'declined', 'expired') then 0 else coalesce(booking.price, 0)
    end;
begin
    if v_paid > v_due then
        return jsonb_build_object('to_refund', v_paid - v_due, 'currency', booking.currency_of(booking));
    end if;
    return null;
end
$$;
comment on function booking.to_refund(booking.booking) is
    'What was paid for a booking beyond what it costs (of one that is off: all of it), as {to_refund, currency}; else null.';

create function booking.record_payment(
    tenant uuid,
    booking_id uuid,
    reference text,
    amount numeric default null,
    currency text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_record_payment(tenant, booking_id, reference, amount, currency));
end
$$;
comment on function booking.record_payment(uuid, uuid, text, numeric, text) is
    'Records a payment for a booking (default: what is still to be paid, or all of it once more), once for each reference, and confirms the booking when '
    'all is paid and nothing else is missing. It is recorded whatever has become of the booking: one that expired unpaid takes its '
    'slot again if that is still free, and is confirmed; else it stays what it is, and detail has {to_refund, currency}, or the '
    'code of why it is not confirmed though all is paid: to record it again tries again. '
    'BK006: that reference was another payment. 22023: another currency, or no amount where there is no price; 22004: no reference; '
    'P0002: unknown booking.';

-- sql/66_move.sql
-- reschedule and reassign: a booking gets another time or other resources, and keeps its id, its history and its tokens. Its
-- old claims go first and the new ones come, in one transaction: nobody slips in, since nobody sees the first without the
-- second; and where the second is refused, a savepoint undoes the first. Next: 67_erase.sql.

create function booking.move(booking booking.booking, question booking.question, starts_at timestamptz, resource uuid)
returns text
language plpgsql
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking;
    v_taken booking.hold_result;
begin
    perform booking.free(v_booking);
    v_taken := booking.take_for(v_booking, question, starts_at, resource);
    if v_taken.code is not null then
        return v_taken.code;
    end if;
    delete from booking.booking_resource r
    where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id;
    update booking.booking b
    set span = tstzrange(v_taken.starts_at, v_taken.ends_at), version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    returning b.* into v_booking;
    perform booking.settle(v_booking, v_taken.hold_id, (question.service).pending_blocks);
    return null;
end
$$;
comment on function booking.move(booking.booking, booking.question, timestamptz, uuid) is
    'Moves a booking that is locked with all that it may move to; or the code why not, which the caller undoes.';

create function booking.can_move(booking booking.booking)
returns boolean
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.status_at(booking, clock_timestamp()) in ('pending', 'confirmed') and upper(booking.span) > clock_timestamp();
end
$$;
comment on function booking.can_move(booking.booking) is 'True where a booking is still to come or under way: pending or confirmed, and not over.';

create function booking.length_of(booking booking.booking, service booking.service)
returns interval
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if service.kind = 'stay' then
        return make_interval(days => timezone(service.zone, upper(booking.span))::date - timezone(service.zone, lower(booking.span))::date);
    end if;
    return upper(booking.span) - lower(booking.span);
end
$$;
comment on function booking.length_of(booking.booking, booking.service) is 'How long a booking is, as booking.question takes it: of a stay its nights.';

create function booking.try_reschedule(
    tenant uuid,
    booking_id uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_from tstzrange;
    v_question booking.question;
    v_among uuid[];
    v_members uuid[];
    v_anybody boolean := false;
    v_code text;
begin
    if try_reschedule.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the new start.';
    end if;
    perform booking.check_range(try_reschedule.starts_at, try_reschedule.starts_at);
    -- With whom it had, if they can; else with anybody. The second begins with no lock of the first: all come in order.
    loop
        begin
            select b.* into v_booking
            from booking.booking b
            where b.tenant_id = try_reschedule.tenant and b.booking_id = try_reschedule.booking_id;
            v_among := array_remove(booking.resources_of(v_booking) || try_reschedule.resource, null);
            v_members := case when v_anybody then booking.members_of(v_booking.tenant_id, v_booking.service_id) end;
            v_booking := booking.lock_booking_once(
                try_reschedule.tenant, try_reschedule.booking_id, coalesce(v_members, v_among));
            if v_booking.booking_id is null then
                raise exception using errcode = 'BK001';
            elsif not booking.can_move(v_booking) then
                return booking.refused(
                    v_booking.tenant_id, v_booking, 'reschedule', booking.wrong_state(v_booking), try_reschedule.starts_at);
            end if;
            v_question := booking.question(v_booking.tenant_id, v_booking.service_id, try_reschedule.duration);
            if try_reschedule.duration is null then
                v_question := booking.question(
                    v_booking.tenant_id, v_booking.service_id, booking.length_of(v_booking, v_question.service));
            end if;
            perform booking.check_member(v_question.service, try_reschedule.resource);
            v_from := v_booking.span;
            if v_from = tstzrange(try_reschedule.starts_at, booking.slot_end(
                    v_question.service, try_reschedule.starts_at, v_question.minutes))
                and (try_reschedule.resource is null or try_reschedule.resource = any (booking.resources_of(v_booking)))
            then
                return booking.booked(v_booking);
            end if;
            v_question.moved := v_booking.booking_id;
            v_question.among := case when not v_anybody then v_among end;
            v_code := booking.move(v_booking, v_question, try_reschedule.starts_at, try_reschedule.resource);
            exit when v_code is null;
            raise exception using errcode = 'BK001';
        exception when sqlstate 'BK001' then
            -- It had moved before it was locked, and is looked at again; or cannot go there like this.
            if v_booking.booking_id is not null then
                exit when v_anybody or booking.members_of(v_booking.tenant_id, v_booking.service_id) <@ v_among;
                v_anybody := true;
            end if;
        end;
    end loop;
    if v_code is not null then
        return booking.refused(
            v_booking.tenant_id, v_booking, 'reschedule', booking.not_booked(v_code), try_reschedule.starts_at);
    end if;
    select b.* into strict v_booking
    from booking.booking b
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id;
    perform booking.record_event(
        v_booking.tenant_id, 'rescheduled', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_build_object(
            'from', lower(v_from), 'starts_at', lower(v_booking.span), 'resources', booking.resources_of(v_booking)));
    return booking.booked(v_booking);
end
$$;
comment on function booking.try_reschedule(uuid, uuid, timestamptz, interval, uuid) is
    'As booking.reschedule, but a refusal is returned in code, and nothing is changed.';

create function booking.reschedule(
    tenant uuid,
    booking_id uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_reschedule(tenant, booking_id, starts_at, duration, resource));
end
$$;
comment on function booking.reschedule(uuid, uuid, timestamptz, interval, uuid) is
    'Moves a pending or confirmed booking to another start, which has to be offered as to anybody, but for the booking itself, '
    'which is in nobody''s way: it may overlap itself. With the resources that it has, where they can, else with others; '
    'resource: with this one. duration: default as long as it is. It keeps its id, history and tokens; to where it is already, '
    'nothing happens. BK001, BK003, BK004: as booking.book; BK005: over, or in a state that ended it. P0002: unknown booking, '
    'resource, or a service that is not active; 22023, 22004, 22008: bad arguments.';

create function booking.try_reassign(tenant uuid, booking_id uuid, from_resource uuid, to_resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_question booking.question;
    v_substitutes uuid[];
    v_substitute uuid;
    v_kept uuid[];
    v_code text;
begin
    select array_agg(m.resource_id order by m.booked::numeric / m.weight, m.resource_id) into v_substitutes
    from booking.booking_resource r
    join booking.booking b using (tenant_id, booking_id)
    join booking.requirement_resource m
        on m.tenant_id = r.tenant_id and m.service_id = b.service_id and m.requirement_id = r.requirement_id
    where r.tenant_id = try_reassign.tenant and r.booking_id = try_reassign.booking_id
        and r.resource_id = try_reassign.from_resource
        and case when try_reassign.to_resource is null then m.resource_id <> r.resource_id else m.resource_id = try_reassign.to_resource end;
    if v_substitutes is null then
        v_booking := booking.lock_booking(try_reassign.tenant, try_reassign.booking_id);
        if try_reassign.to_resource is null and exists (
            select
            from booking.booking_resource r
            where r.tenant_id = try_reassign.tenant and r.booking_id = try_reassign.booking_id
                and r.resource_id = try_reassign.from_resource)
        then
            return booking.refused(v_booking.tenant_id, v_booking, 'reassign', booking.not_booked('BK001'));
        end if;
        raise exception 'unknown resource of this booking' using errcode = 'P0002',
            hint = 'from_resource is assigned to it, and to_resource can stand in: both are members of one requirement.';
    end if;
    v_booking := booking.lock_booking(try_reassign.tenant, try_reassign.booking_id, v_substitutes);
    v_kept := array(
        select r
        from unnest(booking.resources_of(v_booking)) r
        where r <> try_reassign.from_resource);
    if not booking.can_move(v_booking) then
        return booking.refused(v_booking.tenant_id, v_booking, 'reassign', booking.wrong_state(v_booking));
    elsif try_reassign.to_resource = any (v_kept || try_reassign.from_resource) then
        return booking.booked(v_booking);
    end if;
    v_question := booking.moving(v_booking);
    foreach v_substitute in array v_substitutes loop
        continue when v_substitute = any (v_kept);
        v_question.among := v_kept || v_substitute;
        begin
            v_code := booking.move(v_booking, v_question, lower(v_booking.span), v_substitute);
            exit when v_code is null;
            raise exception using errcode = 'BK001';
        exception when sqlstate 'BK001' then
            -- Not this one.
        end;
    end loop;
    if v_code is not null then
        return booking.refused(v_booking.tenant_id, v_booking, 'reassign', booking.not_booked(v_code));
    end if;
    select b.* into strict v_booking
    from booking.booking b
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id;
    perform booking.record_event(
        v_booking.tenant_id, 'reassigned', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_build_object('from', try_reassign.from_resource, 'resources', booking.resources_of(v_booking)));
    return booking.booked(v_booking);
end
$$;
comment on function booking.try_reassign(uuid, uuid, uuid, uuid) is 'As booking.reassign, but a refusal is returned in code, and nothing is changed.';

create function booking.reassign(tenant uuid, booking_id uuid, from_resource uuid, to_resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_reassign(tenant, booking_id, from_resource, to_resource));
end
$$;
comment on function booking.reassign(uuid, uuid, uuid, uuid) is
    'Puts another member of the same requirement in the place of one that is assigned to a booking, at the same time: to_resource, '
    'or whoever is free and has fewest bookings by weight. Notice, horizon and durations are of no account, hours are. BK001: '
    'nobody is free; BK003: closed at that time, or it has begun; BK004: a limit; BK005: over, or in a state that ended it. '
    'P0002: unknown booking, or not its resources.';

-- sql/67_erase.sql
-- Forgetting a customer, and keeping the books. Next: 68_bookings.sql.

create type booking.erase_result as (bookings bigint, code text, detail jsonb);
comment on type booking.erase_result is 'How many bookings forgot their customer. code: always null.';

create function booking.try_erase_customer(tenant uuid, customer_key text)
returns booking.erase_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_bookings uuid[];
begin
    if customer_key is null then
        raise exception 'customer_key is needed' using errcode = '22004', hint = 'Give the e-mail address, phone or sub that bookings know them by.';
    end if;
    with erased as (
        update booking.booking b
        set customer = '{}', customer_key = null, links = '{}', version = b.version + 1
        where b.tenant_id = try_erase_customer.tenant
            and b.customer_key in (try_erase_customer.customer_key, lower(btrim(try_erase_customer.customer_key)))
        returning b.booking_id)
    select array_agg(e.booking_id) into v_bookings
    from erased e;
    -- What somebody wrote as a reason may name them, and so does the sub of their JWT, also where nothing came of it.
    update booking.booking_event e
    set detail = e.detail - 'reason', actor = nullif(e.actor, try_erase_customer.customer_key)
    where e.tenant_id = try_erase_customer.tenant
        and (e.booking_id = any (v_bookings) and e.detail ? 'reason' or e.actor = try_erase_customer.customer_key);
    delete from booking.refusal_tally t
    where t.tenant_id = try_erase_customer.tenant and t.counted_by = try_erase_customer.customer_key;
    perform booking.record_event(try_erase_customer.tenant, 'erased', booking_id => b)
    from unnest(v_bookings) b;
    return (coalesce(cardinality(v_bookings), 0), null, null)::booking.erase_result;
end
$$;
comment on function booking.try_erase_customer(uuid, text) is 'As booking.erase_customer.';

create function booking.erase_customer(tenant uuid, customer_key text)
returns booking.erase_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.try_erase_customer(tenant, customer_key);
end
$$;
comment on function booking.erase_customer(uuid, text) is
    'Forgets a customer: all that bookings know of whoever has this customer_key, and in the history the reasons and who they signed in as. The bookings '
    'stay, with their times and payments: cancel those to come first, if they are not wanted. 22004: no key.';

-- sql/68_bookings.sql
-- list_bookings: the owner's list, page by page. With the rights of whoever asks: a member sees the bookings of the tenant, a
-- customer who has signed in the own ones. Next: 69_put.sql.

create index booking_start on booking.booking (tenant_id, booking.span_start(span), booking_id);

create type booking.listed_booking as (
    booking_id uuid,
    service_id uuid,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    seats int,
    resources uuid[],
    source text,
    customer jsonb,
    customer_key text,
    expires_at timestamptz,
    needs_approval boolean,
    price numeric,
    currency text,
    paid numeric,
    series_id uuid,
    conflict boolean,
    created_at timestamptz,
    cursor text);
comment on type booking.listed_booking is
    'A booking as its tenant sees it. status: as it reads now; resources: what is assigned, in the order of ids; paid: so far, '
    'in its currency; conflict: a busy window lies over it, so that somebody has to be asked; cursor: where the next page begins.';

create function booking.list_bookings(
    tenant uuid,
    from_ts timestamptz default null,
    to_ts timestamptz default null,
    status text[] default null,
    service uuid default null,
    resource uuid default null,
    customer_key text default null,
    after text default null,
    max int default 100)
returns setof booking.listed_booking
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_now timestamptz := statement_timestamp();
    v_at timestamptz := '-infinity';
    v_id uuid := '00000000-0000-0000-0000-000000000000';
    -- One that reads as expired may still be written as pending: of those there is an index.
    v_written text[] := list_bookings.status || case when 'expired' = any (list_bookings.status) then 'pending' end;
    v_few uuid[];
begin
    if coalesce(list_bookings.max, 0) not between 1 and 1000 then
        raise exception 'a page has 1 to 1000 bookings, not %', list_bookings.max using errcode = '22023', hint = 'Give max within, and after for the next page.';
    elsif list_bookings.after !~ '^-?\d{1,18}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        raise exception 'malformed cursor' using errcode = '22023', hint = 'Give what the last row of the page before has as its cursor.';
    elsif list_bookings.after is not null then
        v_at := timestamptz 'epoch' + split_part(list_bookings.after, '.', 1)::bigint * interval '1 microsecond';
        v_id := split_part(list_bookings.after, '.', 2)::uuid;
    end if;
    if list_bookings.resource is not null then
        -- Few are looked up by their ids. Of many a page is soon full in time order, which took 1.3 s of 100,000 where there
        -- was none.
        v_few := array(
            select a.booking_id
            from booking.booking_resource a
            where a.tenant_id = list_bookings.tenant and a.resource_id = list_bookings.resource
            limit 1001);
        if cardinality(v_few) > 1000 then
            v_few := null;
        end if;
    end if;
    return query
        select b.booking_id, b.service_id, booking.status_at(b, v_now), lower(b.span), upper(b.span), b.seats, r.resources, b.source,
            b.customer, b.customer_key, b.expires_at, b.needs_approval, b.price, b.currency,
            case
                when b.price is not null
                    then (
                        select coalesce(sum(p.amount), 0)
                        from booking.payment p
                        where p.tenant_id = b.tenant_id and p.booking_id = b.booking_id)
            end,
            b.series_id,
            booking.status_at(b, v_now) in ('pending', 'confirmed') and exists (
                select
                from booking.busy_window w
                where w.tenant_id = b.tenant_id and w.resource_id = any (r.resources) and w.span && b.span),
            b.created_at,
            (extract(epoch from lower(b.span)) * 1000000)::bigint || '.' || b.booking_id
        from booking.booking b
        cross join lateral (
            select array_agg(distinct a.resource_id order by a.resource_id) as resources
            from booking.booking_resource a
            where a.tenant_id = b.tenant_id and a.booking_id = b.booking_id) r
        where b.tenant_id = list_bookings.tenant
            and (booking.span_start(b.span), b.booking_id) > (v_at, v_id)
            and booking.span_start(b.span) >= coalesce(list_bookings.from_ts, '-infinity')
            and booking.span_start(b.span) < coalesce(list_bookings.to_ts, 'infinity')
            and (list_bookings.status is null or b.status = any (v_written) and booking.status_at(b, v_now) = any (list_bookings.status))
            and (list_bookings.service is null or b.service_id = list_bookings.service)
            and (v_few is null or b.booking_id = any (v_few))
            and (list_bookings.resource is null or list_bookings.resource = any (r.resources))
            and (list_bookings.customer_key is null or b.customer_key = list_bookings.customer_key)
        order by booking.span_start(b.span), b.booking_id
        limit list_bookings.max;
end
$$;
comment on function booking.list_bookings(
    uuid, timestamptz, timestamptz, text[], uuid, uuid, text, text, int) is
    'The bookings of a tenant that start in a range, in time order, at most max of them (1 to 1000); after: the cursor of the '
    'last one of the page before. status: as they read now, one of several; service, resource (is or was assigned), '
    'customer_key: only theirs. 22023: a malformed cursor, or no such max.';

-- sql/69_put.sql
-- The first hour: a service and its hours in one call each. Everything they do, plain INSERTs do as well.
-- Next: 70_hours_text.sql.

create function booking.put_service(
    tenant uuid,
    slug text,
    name text,
    durations int[],
    resources uuid[],
    pick int default 1,
    strategy text default 'round_robin',
    step int default null,
    buffer_before int default 0,
    buffer_after int default 0,
    min_notice interval default '0',
    horizon interval default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_service uuid;
    v_requirement uuid;
    v_unknown uuid;
begin
    if cardinality(resources) is distinct from (select count(distinct r)::int from unnest(resources) r)
        or coalesce(cardinality(resources), 0) < put_service.pick
    then
        raise exception 'a service that picks % needs as many different resources', put_service.pick using errcode = '22023';
    end if;
    select u into v_unknown
    from unnest(resources) u
    where not exists (
        select from booking.resource r where r.tenant_id = put_service.tenant and r.resource_id = u);
    if found then
        raise exception 'unknown resource %', v_unknown using errcode = 'P0002';
    end if;
    perform booking.lock_resources(put_service.tenant, resources);
    -- Who leaves goes first: those who stay may be of another grain.
    delete from booking.requirement_resource m
    using booking.service s
    where s.tenant_id = put_service.tenant and s.slug = put_service.slug and m.tenant_id = s.tenant_id
        and m.service_id = s.service_id and m.resource_id <> all (resources);
    insert into booking.service as s
        (tenant_id, slug, name, durations, step, buffer_before, buffer_after, min_notice, horizon)
    values (
        put_service.tenant, put_service.slug, put_service.name, put_service.durations, put_service.step,
        put_service.buffer_before, put_service.buffer_after, put_service.min_notice, put_service.horizon)
    on conflict on constraint service_slug_key do update
    set name = excluded.name, durations = excluded.durations, step = excluded.step,
        buffer_before = excluded.buffer_before, buffer_after = excluded.buffer_after,
        min_notice = excluded.min_notice, horizon = excluded.horizon, version = s.version + 1
    returning service_id into v_service;
    -- One requirement: the first is kept, and the counts of its members with it.
    select q.requirement_id into v_requirement
    from booking.service_requirement q
    where q.tenant_id = put_service.tenant and q.service_id = v_service
    order by q.requirement_id
    limit 1;
    delete from booking.service_requirement q
    where q.tenant_id = put_service.tenant and q.service_id = v_service and q.requirement_id <> v_requirement;
    insert into booking.service_requirement as q (tenant_id, service_id, requirement_id, pick, strategy)
    values (
        put_service.tenant, v_service, coalesce(v_requirement, gen_random_uuid()), put_service.pick, put_service.strategy)
    on conflict on constraint service_requirement_pkey do update
    set pick = excluded.pick, strategy = excluded.strategy, version = q.version + 1
    returning requirement_id into v_requirement;
    insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
    select put_service.tenant, v_service, v_requirement, r
    from unnest(resources) r
    order by r
    on conflict on constraint requirement_resource_pkey do nothing;
    return v_service;
end
$$;
comment on function booking.put_service(uuid, text, text, int[], uuid[], int, text, int, int, int, interval, interval) is
    'Creates a service with one requirement, or sets the one of that slug anew, and returns its id. durations, step and '
    'buffers in minutes; pick of the resources by strategy. 22023: off the grain of the resources, or too few of them; '
    'P0002: unknown resource; 23503: unknown tenant; 23502: a value is missing; 23514: a value out of its bounds.';

-- sql/70_hours_text.sql
-- Opening hours as people write them: 'Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00; We off', days and times as in the
-- opening_hours notation of OpenStreetMap. Windows add up; off takes away what was said of its days before.
-- Next: 71_put_hours.sql.

create type booking.hours as (weekday smallint, opens time, closes time);
comment on type booking.hours is 'A weekly window: ISO weekday, wall clock from and to.';

create function booking.parse_hours(hours text)
returns setof booking.hours
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    c_days constant text[] := array['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'];
    v_windows booking.hours[] := '{}';
    v_weekdays int[];
    v_part text;
    v_match text[];
    v_days text;
    v_window text;
    v_opens time;
    v_closes time;
    v_first int;
    v_last int;
begin
    if lower(btrim(hours)) = '24/7' then
        return query select d::smallint, time '00:00', time '24:00' from generate_series(1, 7) d;
        return;
    end if;
    for v_part in select btrim(p) from regexp_split_to_table(lower(hours), ';') p where btrim(p) <> '' loop
        v_match := regexp_match(v_part,
            '^((?:mo|tu|we|th|fr|sa|su)(?:\s*[-,]\s*(?:mo|tu|we|th|fr|sa|su))*)\s+(off|closed|\d\d?:\d\d\s*-\s*\d\d?:\d\d(?:\s*,\s*\d\d?:\d\d\s*-\s*\d\d?:\d\d)*)$');
        if v_match is null then
            raise exception 'invalid opening hours: "%"', v_part
                using errcode = '22023', hint = 'Write them like Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00.';
        end if;
        v_weekdays := '{}';
        foreach v_days in array regexp_split_to_array(v_match[1], '\s*,\s*') loop
            v_first := array_position(c_days, left(v_days, 2));
            v_last := array_position(c_days, right(v_days, 2));
            -- Sa-Mo goes over the week's end.
            v_weekdays := v_weekdays || array(
                select 1 + (v_first - 1 + d) % 7 from generate_series(0, (v_last - v_first + 7) % 7) d);
        end loop;
        if v_match[2] in ('off', 'closed') then
            v_windows := array(select w from unnest(v_windows) w where w.weekday <> all (v_weekdays));
            continue;
        end if;
        foreach v_window in array regexp_split_to_array(v_match[2], '\s*,\s*') loop
            begin
                v_opens := btrim(split_part(v_window, '-', 1))::time;
                v_closes := btrim(split_part(v_window, '-', 2))::time;
            exception when datetime_field_overflow then
                raise exception 'invalid time in opening hours: "%"', v_window using errcode = '22008';
            end;
            if v_closes <= v_opens then
                raise exception 'opening hours end before they start: "%"', v_window
                    using errcode = '22023', hint = 'Hours across midnight are two windows: 22:00-24:00 and, on the next day, 00:00-02:00.';
            end if;
            v_windows := v_windows || array(select (d, v_opens, v_closes)::booking.hours from unnest(v_weekdays) d);
        end loop;
    end loop;
    return query select distinct w.weekday, w.opens, w.closes from unnest(v_windows) w;
end
$$;
comment on function booking.parse_hours(text) is
    'The weekly windows of a text such as ''Mo-Fr 09:00-12:00,13:00-18:00; Sa off'', or ''24/7''. 22023, 22008: not such a text.';

-- sql/71_put_hours.sql
-- put_hours: weekly hours of one resource in one call. Next: 72_heartbeat.sql.

create function booking.own_schedule(resource booking.resource)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_schedule uuid;
begin
    if resource.schedule_id is not null
        and not exists (
            select
            from booking.resource r
            where r.tenant_id = resource.tenant_id and r.schedule_id = resource.schedule_id
                and r.resource_id <> resource.resource_id)
        and not exists (
            select
            from booking.service s
            where s.tenant_id = resource.tenant_id and s.schedule_id = resource.schedule_id)
    then
        return resource.schedule_id;
    end if;
    insert into booking.schedule (tenant_id, name, zone, holiday_set_id)
    values (resource.tenant_id, resource.name, resource.zone, (
        select s.holiday_set_id
        from booking.schedule s
        where s.tenant_id = resource.tenant_id and s.schedule_id = resource.schedule_id))
    returning schedule_id into v_schedule;
    insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id, reason)
    select o.tenant_id, v_schedule, o.dates, o.opens, o.closes, o.location_id, o.reason
    from booking.schedule_override o
    where o.tenant_id = resource.tenant_id and o.schedule_id = resource.schedule_id;
    insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
    select t.tenant_id, v_schedule, t.dates, t.zone
    from booking.schedule_travel t
    where t.tenant_id = resource.tenant_id and t.schedule_id = resource.schedule_id;
    update booking.resource r
    set schedule_id = v_schedule, version = r.version + 1
    where r.tenant_id = resource.tenant_id and r.resource_id = resource.resource_id;
    return v_schedule;
end
$$;
comment on function booking.own_schedule(booking.resource) is
    'The schedule of a resource that nothing else uses: the one it has, or a new one in its zone with the same overrides, '
    'holidays and travel.';

create function booking.put_hours(tenant uuid, resource uuid, hours text)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_resource booking.resource;
    v_windows booking.hours[] := array(select h from booking.parse_hours(put_hours.hours) h);
    v_replaced booking.schedule_rule[];
    v_schedule uuid;
begin
    if put_hours.hours is null then
        raise exception 'opening hours cannot be null' using errcode = '22004';
    end if;
    -- Two who set the hours of one resource take turns, and the second replaces what the first wrote. By a lock of their
    -- own: those of the tables come in the order of the triggers, windows, schedule, resources.
    perform pg_advisory_xact_lock(hashtextextended(put_hours.resource::text, 0));
    select r.* into v_resource
    from booking.resource r
    where r.tenant_id = put_hours.tenant and r.resource_id = put_hours.resource;
    if not found then
        raise exception 'unknown tenant or resource' using errcode = 'P0002';
    end if;
    v_replaced := array(
        select w
        from booking.schedule_rule w
        where w.tenant_id = v_resource.tenant_id and w.schedule_id = v_resource.schedule_id);
    v_schedule := booking.own_schedule(v_resource);
    delete from booking.schedule_rule w
    where w.tenant_id = v_resource.tenant_id and w.schedule_id = v_schedule;
    -- After its windows: whoever changes one of them has it before the schedule, too.
    update booking.schedule s
    set zone = v_resource.zone, version = s.version + 1
    where s.tenant_id = v_resource.tenant_id and s.schedule_id = v_schedule and s.zone <> v_resource.zone;
    insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, location_id)
    select v_resource.tenant_id, v_schedule, h.weekday, h.opens, h.closes, coalesce(
        (
            select (array_agg(w.location_id))[1]
            from unnest(v_replaced) w
            having count(distinct w.location_id) = 1 and bool_and(w.location_id is not null)),
        (
            select w.location_id
            from unnest(v_replaced) w
            where (w.weekday, w.opens, w.closes) = (h.weekday, h.opens, h.closes)
            order by w.location_id
            limit 1))
    from unnest(v_windows) h;
    perform booking.recompute(v_resource.tenant_id, v_resource.resource_id);
    return v_schedule;
end
$$;
comment on function booking.put_hours(uuid, uuid, text) is
    'Sets the weekly hours of a resource in its own zone, such as ''Mo-Fr 09:00-12:00,13:00-18:00'', stores the pages of the '
    'next 60 days and returns the schedule: its own, with the overrides, holidays and travel that it had. A window of the same '
    'weekday and times keeps its location; where all windows so far had the same one, new ones get it, too. 22023, 22008: not '
    'such a text; P0002: unknown tenant or resource.';

-- sql/72_heartbeat.sql
-- heartbeat: keeps what a session holds. A hold is renewed for the ttl that it was taken with, so presence is nothing but a
-- short one: hold with ttl => '10 seconds', beat every five. Next: 73_take_up.sql, which is what a late one does.

create type booking.heartbeat_result as (
    hold_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    expires_at timestamptz,
    status text,
    code text,
    detail jsonb);
comment on type booking.heartbeat_result is
    'One hold of a session: when it starts, ends and lapses. status: live; lapsed, where it is still there and may be taken up by '
    'the next heartbeat; gone. code: null for a live one; BK002 for one whose time is over, else why it could not be taken up '
    'again (BK001, BK003, BK004, BK008), with details.';

create function booking.beat(tenant uuid, session_hash bytea, holds uuid[], refused jsonb)
returns booking.heartbeat_result[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
    v_result booking.heartbeat_result[];
begin
    with mine as materialized (
        select h.tenant_id, h.hold_id, h.span, h.expires_at,
            least(v_now + coalesce(h.ttl, s.hold_ttl), h.created_at + s.max_hold_age) as until
        from booking.hold h
        join booking.service s using (tenant_id, service_id)
        where h.tenant_id = beat.tenant and h.session_hash = beat.session_hash),
    -- A heartbeat waits for nobody: a hold that is being booked, renewed or let go this very moment needs none. So two
    -- tabs can't wait for one another either.
    idle as (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.tenant_id = beat.tenant and h.session_hash = beat.session_hash and h.expires_at > v_now
            -- What may be taken up again comes before, with locks that nobody asks for who has renewed a hold.
            and (beat.refused is not null or not exists (
                select
                from mine m
                where m.expires_at <= v_now and m.until > v_now))
        for no key update skip locked),
    renewed as (
        update booking.hold h
        set expires_at = m.until
        from idle i
        join mine m using (tenant_id, hold_id)
        where h.tenant_id = i.tenant_id and h.hold_id = i.hold_id and m.until > h.expires_at
        returning h.hold_id, h.expires_at)
    select array_agg((
        a.hold_id, lower(a.span), upper(a.span), a.expires_at, a.status,
        case when a.status <> 'live' then coalesce(beat.refused ->> a.hold_id::text, 'BK002') end, null)::booking.heartbeat_result
        order by a.span, a.hold_id)
    into v_result
    from (
        select m.hold_id, m.span, coalesce(r.expires_at, m.expires_at) as expires_at,
            case
                when coalesce(r.expires_at, m.expires_at) > v_now then 'live'
                when m.until > v_now then 'lapsed'
                else 'gone'
            end as status
        from mine m
        left join renewed r using (hold_id)
        union all
        select e.hold_id, null, null, 'gone'
        from (select distinct e from unnest(beat.holds) e where e is not null) e (hold_id)
        where e.hold_id not in (select m.hold_id from mine m)) a;
    return v_result;
end
$$;
comment on function booking.beat(uuid, bytea, uuid[], jsonb) is
    'Renews all live holds of a session in one statement and tells of all that it has, and of those it is asked for. refused: '
    'why lapsed ones were not taken up; null: they are still to be tried, and where there are any nothing is renewed.';

create function booking.heartbeat_quietly(tenant uuid, session_id text, holds uuid[], quotas boolean default false)
returns booking.heartbeat_result[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_session bytea := booking.session_hash(session_id);
    v_result booking.heartbeat_result[];
begin
    if v_session is null then
        raise exception 'session_id is needed' using errcode = '22004';
    elsif cardinality(holds) > 1000 then
        raise exception 'too many holds to ask for' using errcode = '54000', hint = 'Name at most 1000.';
    end if;
    v_result := booking.beat(tenant, v_session, holds, null);
    if exists (select from unnest(v_result) r where r.status = 'lapsed') then
        v_result := booking.beat(
            tenant, v_session, holds || array(select r.hold_id from unnest(v_result) r), booking.take_up(tenant, v_session, quotas));
    end if;
    return v_result;
end
$$;
comment on function booking.heartbeat_quietly(uuid, text, uuid[], boolean) is
    'As booking.try_heartbeat; null where there is nothing to tell of. quotas: what is taken up again must fit into them.';

create function booking.try_heartbeat(tenant uuid, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language plpgsql
rows 3
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return query
        select r.* from unnest(booking.heartbeat_quietly(tenant, session_id, holds)) r;
end
$$;
comment on function booking.try_heartbeat(uuid, text, uuid[]) is
    'As booking.heartbeat, but a session that has nothing live left is told so row by row, or by none.';

create function booking.heartbeat(tenant uuid, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language plpgsql
rows 3
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result booking.heartbeat_result[] := booking.heartbeat_quietly(tenant, session_id, holds);
begin
    if not exists (select from unnest(v_result) r where r.status = 'live') then
        perform booking.refuse('BK002', to_jsonb(v_result));
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.heartbeat(uuid, text, uuid[]) is
    'Renews every live hold of a session, each for the ttl that it was taken with, up to the service''s max_hold_age; one that '
    'lapsed is taken up again if nobody has taken it and it is still offered. Returns a row a hold. holds: ids that are expected, so that those '
    'that are gone are told of, too. Holds of pending bookings and of the tenant need none. '
    'BK002: nothing is live any more, with the rows in the DETAIL. 22023, 22004, 54000: bad arguments.';

-- sql/73_take_up.sql
-- A hold that lapsed a while ago, and whose session is back: its claims stand until somebody sweeps them away, so nobody
-- else has its time. It lives again if its slot would be given to it today. Next: 74_take_many.sql.

create function booking.refused_again(hold booking.hold, quotas boolean)
returns text
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_service booking.service;
    v_question booking.question;
    v_candidates booking.candidate[];
begin
    select s.* into v_service
    from booking.service s
    join booking.tenant t using (tenant_id)
    where s.tenant_id = hold.tenant_id and s.service_id = hold.service_id and s.active and t.active;
    if not found then
        return 'BK003';
    end if;
    if quotas and booking.over_quota(v_service, hold.session_hash, array[hold.span]) is not null then
        return 'BK008';
    end if;
    v_question := booking.question(hold.tenant_id, hold.service_id, case v_service.kind
        when 'stay' then make_interval(
            days => timezone(v_service.zone, upper(hold.span))::date - timezone(v_service.zone, lower(hold.span))::date)
        else upper(hold.span) - lower(hold.span)
    end);
    v_candidates := booking.candidates(v_question, lower(hold.span), null, hold.session_hash);
    -- By the rule, of the resources that it has; that their time is nobody's the claims say themselves, of all but busy windows.
    return (
        select case
            when count(*) = 0 or not bool_and(coalesce(u.offered, false)) then 'BK003'
            when not bool_and(u.allowed) then 'BK004'
            when bool_or(u.busy or u.gone) then 'BK001'
        end
        from (
            select bool_or(u.offered) as offered, bool_or(u.allowed) as allowed,
                c.unit > r.capacity or c.seat > v_service.seats as gone,
                exists (
                    select
                    from booking.busy_window b
                    where b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span) as busy
            from booking.claim c
            join booking.resource r using (tenant_id, resource_id)
            left join unnest(v_candidates) u on u.resource_id = c.resource_id
            where c.tenant_id = hold.tenant_id and c.hold_id = hold.hold_id
            group by c.tenant_id, c.id, r.tenant_id, r.resource_id) u);
end
$$;
comment on function booking.refused_again(booking.hold, boolean) is
    'Why a lapsed hold cannot live again: BK003 (not offered any more), BK004 (a limit was used up meanwhile), BK001 (a busy '
    'window came), with quotas also BK008; null: it can. The caller has locked what limits count by.';

create function booking.take_up(tenant uuid, session_hash bytea, quotas boolean)
returns jsonb
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_refused jsonb := '{}';
    v_hold booking.hold;
    v_code text;
    v_now timestamptz;
begin
    -- The order of every writer: session, client, services by id, holds by id.
    perform booking.lock_session(take_up.session_hash);
    if quotas then
        perform booking.lock_client(take_up.tenant, booking.client(take_up.tenant));
    end if;
    perform booking.lock_limits(s)
    from (
        select s.*
        from booking.service s
        where s.tenant_id = take_up.tenant and s.service_id in (
            select h.service_id
            from booking.hold h
            where h.tenant_id = take_up.tenant and h.session_hash = take_up.session_hash and h.expires_at <= clock_timestamp())
        order by s.service_id) s;
    v_now := clock_timestamp();
    perform
    from booking.hold h
    where h.tenant_id = take_up.tenant and h.session_hash = take_up.session_hash and h.expires_at <= v_now
    order by h.hold_id
    for update;
    -- First held, first served: each counts against the limits of the next.
    for v_hold in
        select h.*
        from booking.hold h
        join booking.service s using (tenant_id, service_id)
        where h.tenant_id = take_up.tenant and h.session_hash = take_up.session_hash and h.expires_at <= v_now
            and h.created_at + s.max_hold_age > v_now
        order by h.created_at, h.hold_id
    loop
        v_code := booking.refused_again(v_hold, quotas);
        if v_code is not null then
            v_refused := v_refused || jsonb_build_object(v_hold.hold_id, v_code);
            continue;
        end if;
        update booking.hold h
        set expires_at = least(clock_timestamp() + coalesce(h.ttl, s.hold_ttl), h.created_at + s.max_hold_age)
        from booking.service s
        where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id
            and s.tenant_id = h.tenant_id and s.service_id = h.service_id;
        perform booking.record_event(
            v_hold.tenant_id, 'held', hold_id => v_hold.hold_id, service => v_hold.service_id, session_hash => v_hold.session_hash,
            detail => jsonb_build_object(
                'starts_at', lower(v_hold.span), 'resources', (booking.held(v_hold)).resources, 'again', true));
    end loop;
    return v_refused;
end
$$;
comment on function booking.take_up(uuid, bytea, boolean) is
    'Lets the lapsed holds of a session live again that nobody has taken and that would be given to it now. Returns why not, by '
    'hold; nothing of those that are past their max_hold_age.';

-- sql/74_take_many.sql
-- Taking several slots of a service at once, all or none, as 56_take.sql takes one: everything is chosen first, then all claims
-- go in by one statement, sorted, so that two who want the same in another order never wait for one another. hold_many and
-- series are this. Next: 75_hold_many.sql.

create type booking.choice as (hold_id uuid, resource_id uuid, unit int, span tstzrange);
comment on type booking.choice is 'A unit of a resource for one of several holds to be, with the span that it is claimed for.';

create function booking.without(service booking.service, candidates booking.candidate[], barred booking.choice[], shut uuid[])
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    if cardinality(barred) = 0 and cardinality(shut) = 0 then
        return candidates;
    end if;
    return array(
        select (
            c.requirement_id, c.pick, c.resource_id, coalesce(u.unit, c.unit), c.units, c.offered,
            c.allowed and c.resource_id <> all (shut), c.free and c.resource_id <> all (shut) and u.unit is not null,
            c.room)::booking.candidate
        from unnest(candidates) c
        left join lateral (
            -- Units that are alike are known by the lowest: any other is tried, and lost where it is not one of them.
            select n as unit
            from booking.resource r
            cross join lateral generate_series(
                case c.units when 1 then c.unit else 1 end, case c.units when 1 then c.unit else r.capacity end) n
            where r.tenant_id = service.tenant_id and r.resource_id = c.resource_id
                and (c.resource_id, n) not in (select b.resource_id, b.unit from unnest(barred) b)
            order by n <> c.unit, random()
            limit 1) u on true);
end
$$;
comment on function booking.without(booking.service, booking.candidate[], booking.choice[], uuid[]) is
    'Candidates less the units that are barred, and less the resources that a limit shuts.';

create function booking.choose_one(
    question booking.question,
    hold booking.hold,
    claimed tstzrange,
    resource uuid,
    barred booking.choice[],
    shut uuid[],
    out code text,
    out chosen booking.choice[])
language plpgsql
as $$
#variable_conflict use_column
declare
    v_candidates booking.candidate[] := booking.without(
        question.service, booking.candidates(question, lower(hold.span), resource, hold.session_hash), barred, shut);
    v_class booking.class;
begin
    code := booking.verdict(v_candidates, resource);
    if (question.service).seats is not null and coalesce(code, 'BK001') = 'BK001' then
        v_class := booking.class_with_seats(question, lower(hold.span), resource, hold.session_hash, hold.seats);
        if v_class.sittings is not null then
            code := case
                when exists (
                    select
                    from unnest(v_class.resources, v_class.units) u (resource_id, unit)
                    where (u.resource_id, u.unit) in (select b.resource_id, b.unit from unnest(barred) b)) then 'BK001'
                when v_class.resources && shut then 'BK004'
            end;
            chosen := array(
                select (hold.hold_id, u.resource_id, u.unit, claimed)::booking.choice
                from unnest(v_class.resources, v_class.units) u (resource_id, unit));
            return;
        end if;
    end if;
    if code is null then
        chosen := array(
            select (hold.hold_id, u.resource_id, u.unit, claimed)::booking.choice
            from (
                select r.*, row_number() over (partition by r.requirement_id order by r.rank) as number
                from unnest(booking.ranked(question.service, v_candidates, lower(hold.span), resource, 1)) with ordinality
                    r (requirement_id, pick, resource_id, unit, units, offered, allowed, free, room, rank)) u
            where u.number <= u.pick);
    end if;
end
$$;
comment on function booking.choose_one(
    booking.question, booking.hold, tstzrange, uuid, booking.choice[], uuid[]) is
    'What one of several holds would take, less the units barred and the resources shut, or the code why it cannot be had.';

create function booking.sweep_many(tenant uuid, session_hash bytea, chosen booking.choice[], spans tstzrange[], kept uuid[])
returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    -- As booking.sweep: all in one go, in the order of ids, and before any claim. With them those that stay, which may be in
    -- another's hands, too.
    with seen as materialized (
        select h.hold_id
        from unnest(chosen) u
        join booking.claim c
            on c.tenant_id = sweep_many.tenant and c.resource_id = u.resource_id and c.unit = u.unit and c.span && u.span
        join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
        where h.expires_at <= clock_timestamp() or h.session_hash = sweep_many.session_hash
        union
        select h.hold_id
        from booking.hold h
        where h.tenant_id = sweep_many.tenant and h.session_hash = sweep_many.session_hash and h.span && any (spans)
        union
        select k
        from unnest(kept) k),
    gone as (
        select h.tenant_id, h.hold_id, h.expires_at
        from booking.hold h
        where h.tenant_id = sweep_many.tenant and h.hold_id in (select s.hold_id from seen s)
            and (h.expires_at <= clock_timestamp() or h.session_hash = sweep_many.session_hash)
        order by h.hold_id
        for update)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id
        and (g.hold_id <> all (kept) or g.expires_at <= clock_timestamp());
end
$$;
comment on function booking.sweep_many(uuid, bytea, booking.choice[], tstzrange[], uuid[]) is
    'Deletes what does not count against several new holds: lapsed ones in their way, and the session''s own that are in the '
    'way or overlap them, but for those kept; these are locked.';

create function booking.insert_many(service booking.service, holds booking.hold[], chosen booking.choice[])
returns booking.choice[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_lost booking.choice[];
begin
    insert into booking.hold
    select h.*
    from unnest(holds) h;
    if service.seats is null then
        with taken as (
            insert into booking.claim (tenant_id, resource_id, unit, span, hold_id)
            select service.tenant_id, u.resource_id, u.unit, u.span, u.hold_id
            from unnest(chosen) u
            order by u.resource_id, u.unit, u.span
            on conflict do nothing
            returning resource_id, unit, span)
        select array_agg(u) into v_lost
        from unnest(chosen) u
        where (u.resource_id, u.unit, u.span) not in (select t.resource_id, t.unit, t.span from taken t);
        return v_lost;
    end if;
    -- As booking.insert_seats, for several starts: each of its steps for all of them, in one order.
    insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
    select service.tenant_id, service.service_id, u.resource_id, u.unit, u.span
    from unnest(chosen) u
    order by u.resource_id, u.unit, u.span
    on conflict on constraint sitting_key do nothing;
    perform
    from booking.sitting s
    join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit and u.span = s.span
    where s.tenant_id = service.tenant_id and s.service_id = service.service_id
    order by s.resource_id, s.unit, s.span
    for no key update of s;
    with sitting as (
        select s.sitting_id, s.resource_id, s.unit, s.span, u.hold_id
        from booking.sitting s
        join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit and u.span = s.span
        where s.tenant_id = service.tenant_id and s.service_id = service.service_id),
    seat as (
        select h.hold_id, n.seat
        from unnest(holds) h
        cross join lateral (
            select n.seat
            from generate_series(1, service.seats) n (seat)
            where n.seat not in (
                select c.seat
                from booking.claim c
                join sitting s on s.sitting_id = c.sitting_id
                where c.tenant_id = service.tenant_id and s.hold_id = h.hold_id)
            order by n.seat
            limit h.seats) n),
    taken as (
        insert into booking.claim (tenant_id, resource_id, unit, span, hold_id, sitting_id, seat)
        select service.tenant_id, s.resource_id, s.unit, s.span, s.hold_id, s.sitting_id, n.seat
        from sitting s
        join seat n using (hold_id)
        order by s.resource_id, s.unit, s.span, n.seat
        on conflict do nothing
        returning resource_id, unit, span)
    select array_agg(u) into v_lost
    from unnest(chosen) u
    join unnest(holds) h using (hold_id)
    where h.seats > (
        select count(*)
        from taken t
        where t.resource_id = u.resource_id and t.unit = u.unit and t.span = u.span);
    return v_lost;
end
$$;
comment on function booking.insert_many(booking.service, booking.hold[], booking.choice[]) is
    'Inserts holds with what was chosen for them, and returns what somebody else has (null: '
    'nothing): the caller undoes it then.';

create function booking.beyond_limits(question booking.question, holds booking.hold[], chosen booking.choice[])
returns booking.choice[]
language plpgsql
as $$
#variable_conflict use_column
begin
    -- Each is asked with all others in place. Of those in one period the last are too many.
    return (
        select array_agg(distinct (o.hold_id, o.resource_id, null, null)::booking.choice)
        from (
            select h.hold_id, l.resource_id,
                row_number() over (
                    partition by l.resource_id, l.period, booking.period_start(lower(h.span), l.period, (question.service).zone)
                    order by h.span desc) as number,
                greatest(
                    l.used_count + 1 - l.max_count,
                    ceil((l.used_minutes + m.minutes - l.max_minutes) / m.minutes)) as excess
            from unnest(holds) h
            cross join lateral (select booking.used_minutes(question.service, h.span)) m (minutes)
            cross join lateral unnest(booking.limits_of(
                question, tstzrange(lower(h.span), lower(h.span) + interval '1 microsecond'), h.session_hash,
                clock_timestamp())) l
            where l.span @> lower(h.span)
                and (l.resource_id is null or (h.hold_id, l.resource_id) in (
                    select c.hold_id, c.resource_id
                    from unnest(chosen) c))) o
        where o.number <= o.excess);
end
$$;
comment on function booking.beyond_limits(booking.question, booking.hold[], booking.choice[]) is
    'Which of several holds, in place by now, are more than the limits of the service (resource_id null) or of what was chosen '
    'for them admit. Null: none.';

create function booking.lock_choices(service booking.service, chosen booking.choice[], kept uuid[], lock_pages boolean)
returns booking.choice[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_resources uuid[] := array(
        select c.resource_id
        from unnest(chosen) c
        union
        select c.resource_id
        from booking.claim c
        where c.tenant_id = service.tenant_id and c.hold_id = any (kept));
begin
    -- The order of every writer: resources, requirements, members, then claims.
    if lock_pages then
        perform booking.lock_resources(service.tenant_id, v_resources);
    end if;
    perform
    from booking.service_requirement q
    where q.tenant_id = service.tenant_id and q.service_id = service.service_id
    order by q.requirement_id
    for no key update;
    if not lock_pages then
        return null;
    end if;
    perform booking.lock_members(service.tenant_id, service.service_id, v_resources);
    return (
        select array_agg(c)
        from unnest(chosen) c
        where exists (
            select
            from booking.busy_window b
            where b.tenant_id = service.tenant_id and b.resource_id = c.resource_id and b.span && c.span));
end
$$;
comment on function booking.lock_choices(booking.service, booking.choice[], uuid[], boolean) is
    'Locks what several holds, those kept among them, need, with lock_pages also what bookings of them write; returns those over which a busy window '
    'lies by then. Null: none.';

create function booking.take_many(
    question booking.question,
    starts timestamptz[],
    session_hash bytea,
    resource uuid,
    seats int,
    ttl interval,
    lock_pages boolean)
returns booking.hold_result[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_start timestamptz;
    v_hold booking.hold;
    v_claimed tstzrange;
    v_holds booking.hold[];
    v_kept uuid[];
    v_renewed int;
    v_chosen booking.choice[];
    v_one record;
    v_lost booking.choice[] := '{}';
    v_more booking.choice[];
    v_beyond booking.choice[] := '{}';
    v_refused booking.hold_result[];
    v_limited boolean;
    v_constraint text;
begin
    v_limited := booking.lock_limits(v_service);
    question.limited := v_limited;
    if v_service.seats is not null then
        -- Whoever opens a class is alone, and among several there is mostly one to open.
        perform booking.lock_service(v_service);
    end if;
    for v_attempt in 1..100 loop
        v_holds := '{}';
        v_kept := '{}';
        v_chosen := '{}';
        v_refused := '{}';
        v_more := null;
        for v_start in select t from unnest(starts) t order by t loop
            v_hold := booking.own_hold(v_service, v_start, question.minutes, session_hash, resource, seats);
            if v_hold.hold_id is not null then
                v_kept := v_kept || v_hold.hold_id;
            else
                v_hold.tenant_id := v_service.tenant_id;
                v_hold.hold_id := gen_random_uuid();
                v_hold.service_id := v_service.service_id;
                v_hold.session_hash := session_hash;
                v_hold.client := booking.client(v_service.tenant_id);
                v_hold.span := tstzrange(v_start, booking.slot_end(v_service, v_start, question.minutes));
                v_hold.seats := seats;
                v_hold.ttl := ttl;
                v_hold.created_at := clock_timestamp();
                v_hold.expires_at := v_hold.created_at + ttl;
                v_hold.version := 0;
                v_holds := v_holds || v_hold;
            end if;
        end loop;
        foreach v_hold in array v_holds loop
            v_claimed := tstzrange(
                lower(v_hold.span) - make_interval(mins => v_service.buffer_before),
                upper(v_hold.span) + make_interval(mins => v_service.buffer_after));
            v_one := booking.choose_one(
                question, v_hold, v_claimed, resource,
                array(
                    select u
                    from unnest(v_chosen || v_lost) u
                    where u.span && v_claimed
                    union all
                    -- What was held before stays with it: no other of them may have its buffers.
                    select (c.hold_id, c.resource_id, c.unit, c.span)::booking.choice
                    from booking.claim c
                    where c.tenant_id = v_service.tenant_id and c.hold_id = any (v_kept) and c.span && v_claimed),
                array(select b.resource_id from unnest(v_beyond) b where b.span && v_claimed));
            if v_one.code is not null then
                v_refused := v_refused || (null, lower(v_hold.span), upper(v_hold.span), null, null, v_one.code, null)::booking.hold_result;
            else
                v_chosen := v_chosen || v_one.chosen;
            end if;
        end loop;
        if question.limited and exists (select from unnest(v_refused) r where r.code = 'BK004') and exists (
            select
            from booking.hold h
            join unnest(v_holds) n on h.span && n.span
            where h.tenant_id = v_service.tenant_id and h.session_hash = take_many.session_hash)
        then
            -- What one start lets go of makes room for another: then limits are judged when all are in place.
            question.limited := false;
            continue;
        elsif cardinality(v_refused) > 0 then
            return v_refused;
        end if;
        begin
            v_more := booking.lock_choices(v_service, v_chosen, v_kept, lock_pages);
            if v_more is null then
                perform booking.sweep_many(
                    v_service.tenant_id, session_hash, v_chosen, array(select h.span from unnest(v_holds) h), v_kept);
                v_more := booking.insert_many(v_service, v_holds, v_chosen);
            end if;
            if v_more is not null then
                raise exception using errcode = 'BK001';
            end if;
            if v_limited then
                v_more := booking.beyond_limits(question, v_holds, v_chosen);
                if v_more is not null then
                    raise exception using errcode = 'BK004';
                end if;
            end if;
            update booking.hold h
            set expires_at = least(clock_timestamp() + take_many.ttl, h.created_at + v_service.max_hold_age), ttl = take_many.ttl
            where h.tenant_id = v_service.tenant_id and h.hold_id = any (v_kept) and h.expires_at > clock_timestamp();
            get diagnostics v_renewed = row_count;
            if v_renewed < cardinality(v_kept) then
                -- Lapsed at this moment, or booked in another tab: taken anew.
                raise exception using errcode = 'BK001';
            end if;
            return array(
                select booking.held(h)
                from booking.hold h
                where h.tenant_id = v_service.tenant_id and h.hold_id = any (v_kept || array(select n.hold_id from unnest(v_holds) n))
                order by h.span);
        exception
            when sqlstate 'BK001' then
                v_lost := v_lost || v_more;
            when sqlstate 'BK004' then
                v_refused := array(
                    select (null, lower(h.span), upper(h.span), null, null, 'BK004', null)::booking.hold_result
                    from unnest(v_holds) h
                    where h.hold_id in (select m.hold_id from unnest(v_more) m where m.resource_id is null)
                    order by h.span);
                if cardinality(v_refused) > 0 then
                    return v_refused;
                end if;
                v_beyond := v_beyond || array(
                    select (h.hold_id, m.resource_id, null, h.span)::booking.choice
                    from unnest(v_more) m
                    join unnest(v_holds) h using (hold_id));
            when check_violation then
                get stacked diagnostics v_constraint = constraint_name;
                if v_constraint <> 'claim_unit_within_capacity' then
                    raise;
                end if;
        end;
    end loop;
    return array(
        select (null, t, null, null, null, 'BK001', null)::booking.hold_result
        from unnest(starts) t);
end
$$;
comment on function booking.take_many(booking.question, timestamptz[], bytea, uuid, int, interval, boolean) is
    'New holds of several starts that do not overlap, in place of the session''s own that overlap them; one that it has already '
    'is renewed. Or those that cannot be had, with the code why not, and everything as it was before.';

-- sql/75_hold_many.sql
-- hold_many: several starts of a service for one session, all or none. Next: 76_hold_for.sql.

create function booking.check_starts(service booking.service, starts_at timestamptz[], minutes int, most int)
returns timestamptz[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if cardinality(starts_at) > most then
        raise exception 'too many starts' using errcode = '54000', hint = format('Give at most %s.', most);
    elsif coalesce(cardinality(starts_at), 0) = 0 or exists (select from unnest(starts_at) t where t is null) then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the starts of slots, none of them null.';
    end if;
    perform booking.check_range(min(t), min(t)), booking.check_range(max(t), max(t))
    from unnest(starts_at) t;
    if exists (
        select
        from (
            select t, lag(booking.slot_end(service, t, minutes)) over (order by t) as last_end
            from unnest(starts_at) t) s
        where s.t < s.last_end)
    then
        raise exception 'the starts overlap for slots of % minutes', minutes
            using errcode = '22023', hint = 'Give starts that leave each other time, each of them once.';
    end if;
    return array(select t from unnest(starts_at) t order by t);
end
$$;
comment on function booking.check_starts(booking.service, timestamptz[], int, int) is
    'Starts in order. 22004: none, or null; 54000: too many; 22008: out of range; 22023: their slots overlap.';

create function booking.hold_many_quietly(
    tenant uuid,
    service uuid,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null,
    quotas boolean default false)
returns booking.hold_result[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(
        hold_many_quietly.tenant, hold_many_quietly.service, hold_many_quietly.duration);
    v_service booking.service := v_question.service;
    v_starts timestamptz[] := booking.check_starts(v_service, hold_many_quietly.starts_at, v_question.minutes, 100);
    v_seats int := booking.wanted_seats(v_service, hold_many_quietly.seats);
    v_session bytea := booking.session_hash(hold_many_quietly.session_id);
    v_ttl interval := booking.bounded_ttl(v_service, hold_many_quietly.ttl);
    v_over jsonb;
    v_result booking.hold_result[];
begin
    if v_session is null then
        raise exception 'session_id is needed' using errcode = '22004';
    end if;
    perform booking.check_member(v_service, hold_many_quietly.resource);
    perform booking.lock_session(v_session);
    if quotas then
        v_over := booking.over_quota(v_service, v_session, array(
            select tstzrange(t, booking.slot_end(v_service, t, v_question.minutes)) from unnest(v_starts) t));
    end if;
    if v_over is not null then
        v_result := array[(null, v_starts[1], null, null, null, 'BK008', v_over)::booking.hold_result];
    else
        v_result := booking.take_many(v_question, v_starts, v_session, hold_many_quietly.resource, v_seats, v_ttl, false);
    end if;
    perform booking.record_event(
        v_service.tenant_id, 'held', hold_id => r.hold_id, service => v_service.service_id, session_hash => v_session,
        detail => jsonb_build_object('starts_at', r.starts_at, 'resources', r.resources))
    from unnest(v_result) r
    where r.hold_id is not null;
    perform booking.record_refusal(
        v_service.tenant_id, r.code, 'hold', v_session, v_service.service_id, r.starts_at, hold_many_quietly.duration,
        hold_many_quietly.resource, detail => v_over)
    from unnest(v_result) r
    where r.code is not null;
    return v_result;
end
$$;
comment on function booking.hold_many_quietly(uuid, uuid, timestamptz[], text, interval, uuid, interval, int, boolean) is
    'As booking.try_hold_many, without the reasons; quotas: as of booking.hold_quietly.';

create function booking.try_hold_many(
    tenant uuid,
    service uuid,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language plpgsql
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select r.hold_id, r.starts_at, r.ends_at, r.expires_at, r.resources, r.code,
            case r.code
                when 'BK003' then booking.not_offered(
                    try_hold_many.tenant, try_hold_many.service, r.starts_at, try_hold_many.duration, try_hold_many.resource,
                    try_hold_many.session_id, try_hold_many.seats)
            end
        from unnest(booking.hold_many_quietly(
            try_hold_many.tenant, try_hold_many.service, try_hold_many.starts_at, try_hold_many.session_id,
            try_hold_many.duration, try_hold_many.resource, try_hold_many.ttl, try_hold_many.seats)) r;
end
$$;
comment on function booking.try_hold_many(uuid, uuid, timestamptz[], text, interval, uuid, interval, int) is
    'As booking.hold_many, but a refusal is returned: only the starts that stand in the way, each with its code, and with the '
    'reasons of BK003 in detail; nothing is held then.';

create function booking.hold_many(
    tenant uuid,
    service uuid,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language plpgsql
rows 5
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
#variable_conflict use_column
declare
    v_result booking.hold_result[] := array(
        select r
        from booking.try_hold_many(
            hold_many.tenant, hold_many.service, hold_many.starts_at, hold_many.session_id, hold_many.duration,
            hold_many.resource, hold_many.ttl, hold_many.seats) r);
begin
    if v_result[1].code is not null then
        perform booking.refuse(v_result[1].code, jsonb_build_object('refused', (
            select jsonb_agg(jsonb_build_object('starts_at', r.starts_at, 'code', r.code, 'detail', r.detail))
            from unnest(v_result) r)));
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.hold_many(uuid, uuid, timestamptz[], text, interval, uuid, interval, int) is
    'Holds several slots of a service for a session, all or none, a row each in time order; at most 100, none of which may overlap '
    'another. Own holds are renewed or let go as booking.hold does, unless the whole fails. Errors as of booking.hold, the '
    'first by time, with all that stand in the way in the DETAIL; 22023 also where starts overlap, 54000 where they are too many.';

-- sql/76_hold_for.sql
-- Holds of the tenant itself: a venue keeps a date for somebody who has yet to decide, for hours or weeks. No session, no
-- heartbeat, no quota; whoever runs the tenant makes it longer or shorter, lets it go (release) or books it (book), each
-- without a session. Next: 77_quota.sql.

create function booking.own_expiry(tenant uuid, ttl interval, expires_at timestamptz)
returns timestamptz
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
    v_until timestamptz;
begin
    if own_expiry.ttl is not null and own_expiry.expires_at is not null then
        raise exception 'give ttl or expires_at, not both' using errcode = '22023';
    end if;
    select coalesce(own_expiry.expires_at, v_now + coalesce(own_expiry.ttl, t.own_hold_ttl)) into v_until
    from booking.tenant t
    where t.tenant_id = own_expiry.tenant;
    if not (v_until > v_now and v_until <= v_now + interval '400 days') then
        raise exception 'a hold may last from a moment to 400 days' using errcode = '22023', hint = 'To end one, release it.';
    end if;
    return v_until;
end
$$;
comment on function booking.own_expiry(uuid, interval, timestamptz) is
    'When a hold of the tenant itself lapses: as given, by default after its own_hold_ttl; 22023 unless within 400 days from now.';

create function booking.try_hold_for(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    expires_at timestamptz default null,
    seats int default null,
    note text default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(try_hold_for.tenant, try_hold_for.service, try_hold_for.duration);
    v_service booking.service := v_question.service;
    v_seats int := booking.wanted_seats(v_service, try_hold_for.seats);
    v_until timestamptz := booking.own_expiry(try_hold_for.tenant, try_hold_for.ttl, try_hold_for.expires_at);
    v_result booking.hold_result;
begin
    if try_hold_for.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the start of a slot.';
    elsif length(try_hold_for.note) > 1000 then
        raise exception 'note is longer than 1000 characters' using errcode = '54000';
    end if;
    perform booking.check_range(try_hold_for.starts_at, try_hold_for.starts_at);
    perform booking.check_member(v_service, try_hold_for.resource);
    -- What is offered to visitors, and how long before, binds nobody who runs the tenant. Hours and limits do: they say what
    -- there is, and are theirs to change.
    v_service.durations := v_service.durations || v_question.minutes / case v_service.kind when 'stay' then 1440 else 1 end;
    v_service.min_notice := '-400 days';
    v_service.horizon := null;
    v_service.bookable := '(,)';
    v_service.arrival_days := null;
    v_question.service := v_service;
    v_question.step := null;
    v_result := booking.take(
        v_question, try_hold_for.starts_at, booking.new_session(), try_hold_for.resource, v_seats,
        -- What is asked for may be over by now.
        greatest(v_until - clock_timestamp(), interval '1 second'), false);
    if v_result.code is not null then
        perform booking.record_refusal(
            v_service.tenant_id, v_result.code, 'hold', service => v_service.service_id, starts_at => try_hold_for.starts_at,
            duration => try_hold_for.duration, resource => try_hold_for.resource);
        return v_result;
    end if;
    update booking.hold h
    set session_hash = null, client = null, ttl = null, expires_at = v_until, note = try_hold_for.note
    where h.tenant_id = v_service.tenant_id and h.hold_id = v_result.hold_id;
    v_result.expires_at := v_until;
    perform booking.record_event(
        v_service.tenant_id, 'held', hold_id => v_result.hold_id, service => v_service.service_id,
        detail => jsonb_build_object('starts_at', v_result.starts_at, 'resources', v_result.resources));
    return v_result;
end
$$;
comment on function booking.try_hold_for(uuid, uuid, timestamptz, interval, uuid, interval, timestamptz, int, text) is
    'As booking.hold_for, but a refusal is returned in code, and nothing is left behind.';

create function booking.hold_for(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    expires_at timestamptz default null,
    seats int default null,
    note text default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.hold_result := booking.try_hold_for(
        tenant, service, starts_at, duration, resource, ttl, expires_at, seats, note);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.hold_for(uuid, uuid, timestamptz, interval, uuid, interval, timestamptz, int, text) is
    'Holds a slot for the tenant itself until expires_at, or for ttl, by default its own_hold_ttl; at most 400 days. Any start and '
    'length on the grain, also in the past: notice, horizon, dates and step do not count, hours and limits do. It is nobody''s '
    'session: booking.extend_hold, booking.release and booking.book take its id alone. note: for whom, say; told to nobody in '
    'public. BK001, BK003, BK004: as booking.hold. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';

create function booking.try_extend_hold(
    tenant uuid,
    hold_id uuid,
    ttl interval default null,
    expires_at timestamptz default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_until timestamptz := booking.own_expiry(try_extend_hold.tenant, try_extend_hold.ttl, try_extend_hold.expires_at);
    v_hold booking.hold;
begin
    update booking.hold h
    set expires_at = v_until
    where h.tenant_id = try_extend_hold.tenant and h.hold_id = try_extend_hold.hold_id
        and h.session_hash is null and h.booking_id is null and h.expires_at > clock_timestamp()
    returning h.* into v_hold;
    if not found then
        return (null, null, null, null, null, 'BK002', null)::booking.hold_result;
    end if;
    return booking.held(v_hold);
end
$$;
comment on function booking.try_extend_hold(uuid, uuid, interval, timestamptz) is
    'As booking.extend_hold, but a refusal is returned in code.';

create function booking.extend_hold(
    tenant uuid,
    hold_id uuid,
    ttl interval default null,
    expires_at timestamptz default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.hold_result := booking.try_extend_hold(tenant, hold_id, ttl, expires_at);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.extend_hold(uuid, uuid, interval, timestamptz) is
    'Lets a hold of the tenant itself that runs lapse at another time, later or sooner: at expires_at, or ttl from now, by '
    'default the own_hold_ttl. BK002: no such hold, or it has lapsed. 22023: not within 400 days from now.';

-- sql/77_quota.sql
-- Quotas: how many live holds the public may have, by session, by client and by service, so that nobody empties a calendar by
-- holding it. Applications that call the engine themselves are not asked, nor is whoever runs the tenant. Next: 78_series.sql.

create function booking.lock_client(tenant uuid, client text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(tenant || ' ' || client, 8));
end
$$;
comment on function booking.lock_client(uuid, text) is
    'Lets one call of a client at a time be counted. After the lock of its session, before all others. Nothing for null.';

create function booking.quota(name text, most int, held bigint, more int, until timestamptz)
returns jsonb
language plpgsql
as $$
begin
    return case
        when held + more > most then jsonb_build_object(
            'quota', name, 'most', most, 'retry_after', greatest(ceil(extract(epoch from until - clock_timestamp())), 1))
    end;
end
$$;
comment on function booking.quota(text, int, bigint, int, timestamptz) is
    'Null where so many more fit, else what a refusal with BK008 says: which quota, how many it admits, and in how many seconds '
    'the first of those held lapses.';

create function booking.over_quota(service booking.service, session_hash bytea, spans tstzrange[])
returns jsonb
language plpgsql
as $$
#variable_conflict use_column
declare
    v_client text := booking.client(service.tenant_id);
    v_most_session int;
    v_most_client int;
    v_held bigint;
    v_until timestamptz;
    v_over jsonb;
begin
    select t.max_session_holds, t.max_client_holds into v_most_session, v_most_client
    from booking.tenant t
    where t.tenant_id = service.tenant_id;
    -- Exact: the caller has locked the session. What the new holds let go of makes room for them.
    select count(*), min(h.expires_at) into v_held, v_until
    from booking.hold h
    where h.tenant_id = service.tenant_id and h.session_hash = over_quota.session_hash and h.expires_at > clock_timestamp()
        and not (h.span && any (spans));
    v_over := booking.quota('session', v_most_session, v_held, cardinality(spans), v_until);
    if v_over is null and v_client is not null then
        -- Exact, too: calls of one client come one after the other here, which an office behind one address does not notice.
        perform booking.lock_client(service.tenant_id, v_client);
        select count(*), min(h.expires_at) into v_held, v_until
        from booking.hold h
        where h.tenant_id = service.tenant_id and h.client = v_client and h.expires_at > clock_timestamp()
            and (h.session_hash = over_quota.session_hash and h.span && any (spans)) is not true;
        v_over := booking.quota('client', v_most_client, v_held, cardinality(spans), v_until);
    end if;
    if v_over is null and service.max_holds is not null then
        -- Not locked: all who hold would wait for one another. The last few may come in together.
        select count(*), min(h.expires_at) into v_held, v_until
        from booking.hold h
        where h.tenant_id = service.tenant_id and h.service_id = service.service_id and h.session_hash is not null
            and h.expires_at > clock_timestamp() and not (h.session_hash = over_quota.session_hash and h.span && any (spans));
        v_over := booking.quota('service', service.max_holds, v_held, cardinality(spans), v_until);
    end if;
    return v_over;
end
$$;
comment on function booking.over_quota(booking.service, bytea, tstzrange[]) is
    'Null where a session may have so many more holds of these spans, else the details of BK008: the quota of its session, of its '
    'client (booking.client, where anything is known of it), or of the service. The caller has locked the session.';

create function booking.over_pending(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval,
    session_hash bytea)
returns jsonb
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_client text := booking.client(over_pending.tenant);
    v_service booking.service;
    v_span tstzrange;
    v_most int;
    v_held bigint;
    v_until timestamptz;
begin
    select s.* into v_service
    from booking.service s
    where s.tenant_id = over_pending.tenant and s.service_id = over_pending.service;
    if v_client is null or starts_at is null or not (booking.waits(v_service) and v_service.pending_blocks) then
        return null;
    end if;
    perform booking.check_range(over_pending.starts_at, over_pending.starts_at);
    v_span := tstzrange(over_pending.starts_at, booking.slot_end(
        v_service, over_pending.starts_at,
        (booking.question(over_pending.tenant, over_pending.service, over_pending.duration)).minutes));
    perform booking.lock_session(over_pending.session_hash);
    perform booking.lock_client(over_pending.tenant, v_client);
    select t.max_client_holds into v_most
    from booking.tenant t
    where t.tenant_id = over_pending.tenant;
    select count(*), min(h.expires_at) into v_held, v_until
    from booking.hold h
    where h.tenant_id = over_pending.tenant and h.client = v_client and h.expires_at > clock_timestamp()
        and (h.session_hash = over_pending.session_hash and h.span && v_span) is not true;
    return booking.quota('client', v_most, v_held, 1, v_until);
end
$$;
comment on function booking.over_pending(uuid, uuid, timestamptz, interval, bytea) is
    'Null where the public may book a slot directly, else the details of BK008: a pending booking that blocks is as good as a '
    'hold, and its client, where anything is known of it, has too many of both.';

-- sql/78_series.sql
-- Series: occurrences of a recurrence rule, booked together in one transaction and cancelled together. A rule is read on the
-- wall clock of the service: Mondays at nine are at nine in winter and in summer. Next: 79_token.sql.

create function booking.rrule_clocks(rule text, first timestamp, most integer)
returns timestamp[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'rrule_clocks_wrapper';
comment on function booking.rrule_clocks(text, timestamp, integer) is
    'The wall clocks of a recurrence rule (RFC 5545, without RRULE:) from a first one on, at most so many; UNTIL is read as if it '
    'were one of them. Errors: 22023 not a rule';

create function booking.first_instant(clock timestamp, zone text)
returns timestamptz
language sql
stable
parallel safe
begin atomic
    -- Where an overlap repeats a clock the first one is meant; one that a gap skips is as much later as the gap is long.
    select coalesce(min(t.at) filter (where timezone(zone, t.at) = clock), timezone(zone, clock))
    from unnest(array['0', '30 minutes', '1 hour', '2 hours']::interval[]) d (back)
    cross join lateral (select timezone(zone, clock) - d.back) t (at);
end;
comment on function booking.first_instant(timestamp, text) is 'The instant of a wall clock of a zone, as RFC 5545 has it: the earlier of two.';

create function booking.rrule_starts(rule text, starts_at timestamptz, zone text, most int)
returns timestamptz[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_rule text := upper(regexp_replace(rrule_starts.rule, '^\s*RRULE:|\s', '', 'gi'));
    v_until text := substring(v_rule from 'UNTIL=([^;]*)');
    v_clock timestamp := timezone(rrule_starts.zone, rrule_starts.starts_at);
begin
    if v_rule is null or rrule_starts.starts_at is null then
        raise exception 'rule and starts_at are needed' using errcode = '22004';
    elsif v_rule ~ 'FREQ=(SECOND|MINUTE)LY' and v_rule ~ ';?BY[A-Z]+=' then
        -- The search leaps over days then, and over occurrences: every first of July is every fourth or so.
        raise exception 'a rule by the minute or second cannot be narrowed'
            using errcode = '22023', hint = 'Write it as FREQ=DAILY with BYHOUR and BYMINUTE.';
    elsif v_until ~ '^\d{8}$' then
        -- A date, of which the last one counts.
        v_rule := replace(v_rule, 'UNTIL=' || v_until, 'UNTIL=' || v_until || 'T235959Z');
    elsif v_until ~ '^\d{8}T\d{6}$' then
        v_rule := replace(v_rule, 'UNTIL=' || v_until, 'UNTIL=' || v_until || 'Z');
    elsif v_until ~ '^\d{8}T\d{6}Z$' then
        v_rule := replace(v_rule, 'UNTIL=' || v_until, 'UNTIL=' || to_char(
            timezone(rrule_starts.zone, timezone('UTC', left(v_until, 15)::timestamp)),
            'YYYYMMDD"T"HH24MISS"Z"'));
    end if;
    return array(
        select distinct case c.clock
            when v_clock then rrule_starts.starts_at
            else booking.first_instant(c.clock, rrule_starts.zone)
        end
        from unnest(booking.rrule_clocks(v_rule, v_clock, rrule_starts.most)) c (clock)
        order by 1);
end
$$;
comment on function booking.rrule_starts(text, timestamptz, text, int) is
    'The instants of a recurrence rule (RFC 5545, as FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10) from a first one on, on the wall clock of a '
    'zone, at most so many. UNTIL: a date, which counts, a clock of the zone, or an instant with Z. 22023: not a rule, or one by the minute or second with BY...; 22008: no '
    'such date; 22004: missing.';

create type booking.series_result as (
    series_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    booking_id uuid,
    status text,
    manage_token text,
    manage_url text,
    payment_required boolean,
    payment_url text,
    code text,
    detail jsonb);
comment on type booking.series_result is
    'One occurrence of a series: its booking as booking.booking_result tells of it, or why there is none (code, BK001 to BK004).';

create function booking.not_in_series(starts_at timestamptz, ends_at timestamptz, code text)
returns booking.series_result
language sql
immutable
parallel safe
begin atomic
    select (null, starts_at, ends_at, null, null, null, null, null, null, code, null)::booking.series_result;
end;
comment on function booking.not_in_series(timestamptz, timestamptz, text) is 'The result that tells of an occurrence that cannot be had.';

create function booking.book_each(
    question booking.question,
    starts timestamptz[],
    session_hash bytea,
    resource uuid,
    customer jsonb,
    series_id uuid,
    limited boolean)
returns booking.series_result[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_holds booking.hold_result[];
    v_hold booking.hold_result;
    v_booking booking.booking_result;
    v_result booking.series_result[] := '{}';
begin
    v_holds := booking.take_many(question, starts, session_hash, resource, 1, v_service.max_hold_age, true);
    foreach v_hold in array v_holds loop
        if v_hold.code is null then
            v_booking := booking.book_hold(v_service.tenant_id, v_hold.hold_id, session_hash, customer, limited);
            v_hold.code := v_booking.code;
            if v_booking.code is not null then
                delete from booking.hold h
                where h.tenant_id = v_service.tenant_id and h.hold_id = v_hold.hold_id;
            end if;
        end if;
        if v_hold.code is not null then
            v_result := v_result || booking.not_in_series(v_hold.starts_at, v_hold.ends_at, v_hold.code);
        else
            update booking.booking b
            set series_id = book_each.series_id
            where b.tenant_id = v_service.tenant_id and b.booking_id = v_booking.booking_id;
            v_booking := booking.with_token(v_booking, v_service.tenant_id);
            v_result := v_result || (
                series_id, v_booking.starts_at, v_booking.ends_at, v_booking.booking_id, v_booking.status,
                v_booking.manage_token, v_booking.manage_url, v_booking.payment_required, v_booking.payment_url, null,
                v_booking.detail)::booking.series_result;
        end if;
    end loop;
    return v_result;
end
$$;
comment on function booking.book_each(
    booking.question, timestamptz[], bytea, uuid, jsonb, uuid, boolean) is
    'Books several starts, if all of them can be taken: of those, some may be refused for their customer''s limit; else only those '
    'that cannot be taken are returned.';

create function booking.book_series_quietly(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    rule text,
    mode text,
    first int,
    session_id text,
    duration interval,
    resource uuid,
    customer jsonb)
returns booking.series_result[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(
        book_series_quietly.tenant, book_series_quietly.service, book_series_quietly.duration);
    v_service booking.service := v_question.service;
    v_customer jsonb := booking.check_customer(book_series_quietly.customer);
    v_session bytea := booking.session_hash(book_series_quietly.session_id);
    v_series uuid := gen_random_uuid();
    v_limited boolean;
    v_rest timestamptz[];
    v_result booking.series_result[] := '{}';
    v_refused booking.series_result[] := '{}';
    v_bad booking.series_result[];
begin
    if mode is null or mode not in ('all', 'skip', 'first') or (mode = 'first') <> (first is not null) then
        raise exception 'mode must be all, skip or first' using errcode = '22023', hint = 'With first say how many.';
    elsif first < 1 or first > 366 then
        raise exception 'a series has 1 to 366 occurrences' using errcode = '22023';
    elsif mode <> 'first' and rule !~* 'COUNT=|UNTIL=' then
        raise exception 'the rule has no end' using errcode = '22023', hint = 'Give COUNT or UNTIL, or the mode first and how many.';
    end if;
    perform booking.check_range(book_series_quietly.starts_at, book_series_quietly.starts_at);
    perform booking.check_member(v_service, book_series_quietly.resource);
    -- One more than may be, to see that there are.
    v_rest := booking.rrule_starts(rule, book_series_quietly.starts_at, v_service.zone, 367);
    if cardinality(v_rest) = 0 then
        raise exception 'the rule has no occurrence' using errcode = '22023';
    elsif mode = 'first' then
        v_rest := v_rest[:366];
    end if;
    v_rest := booking.check_starts(v_service, v_rest, v_question.minutes, 366);
    perform booking.lock_session(v_session);
    v_session := coalesce(v_session, booking.new_session());
    v_limited := booking.lock_limits(v_service);
    -- Each time around those are left out that cannot be had; all are asked, not only the first ones. Before the next time
    -- nothing is held any more.
    while cardinality(v_rest) > 0 loop
        begin
            v_result := booking.book_each(
                v_question, case mode when 'first' then v_rest[:first] else v_rest end, v_session,
                book_series_quietly.resource, v_customer, v_series, v_limited);
            v_bad := array(select r from unnest(v_result) r where r.code is not null);
            if cardinality(v_bad) > 0 then
                raise exception using errcode = 'BK001';
            end if;
            exit;
        exception when sqlstate 'BK001' then
            v_refused := v_refused || v_bad;
            v_result := '{}';
            v_rest := array(
                select t
                from unnest(v_rest) t
                where t not in (select b.starts_at from unnest(v_bad) b)
                order by t);
        end;
        exit when mode = 'all';
    end loop;
    return array(
        select r
        from unnest(v_refused || v_result) r
        order by r.starts_at);
end
$$;
comment on function booking.book_series_quietly(
    uuid, uuid, timestamptz, text, text, int, text, interval, uuid, jsonb) is 'As booking.try_book_series, without the reasons.';

create function booking.try_book_series(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    rule text,
    mode text default 'all',
    first int default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null)
returns setof booking.series_result
language plpgsql
rows 10
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select r.series_id, r.starts_at, r.ends_at, r.booking_id, r.status, r.manage_token, r.manage_url, r.payment_required,
            r.payment_url, r.code,
            case r.code
                when 'BK003' then booking.not_offered(
                    try_book_series.tenant, try_book_series.service, r.starts_at, try_book_series.duration,
                    try_book_series.resource, try_book_series.session_id, null)
                else r.detail
            end
        from unnest(booking.book_series_quietly(
            try_book_series.tenant, try_book_series.service, try_book_series.starts_at, try_book_series.rule,
            try_book_series.mode, try_book_series.first, try_book_series.session_id, try_book_series.duration,
            try_book_series.resource, try_book_series.customer)) r;
end
$$;
comment on function booking.try_book_series(uuid, uuid, timestamptz, text, text, int, text, interval, uuid, jsonb) is
    'As booking.book_series, but a refusal is returned row by row, with the reasons of BK003 in detail.';

create function booking.book_series(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    rule text,
    mode text default 'all',
    first int default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null)
returns setof booking.series_result
language plpgsql
rows 10
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
#variable_conflict use_column
declare
    v_result booking.series_result[] := array(
        select r
        from booking.try_book_series(
            book_series.tenant, book_series.service, book_series.starts_at, book_series.rule, book_series.mode,
            book_series.first, book_series.session_id, book_series.duration, book_series.resource, book_series.customer) r);
begin
    if not exists (select from unnest(v_result) r where r.booking_id is not null) then
        perform booking.refuse(v_result[1].code, jsonb_build_object('refused', (
            select jsonb_agg(jsonb_build_object('starts_at', r.starts_at, 'code', r.code, 'detail', r.detail))
            from unnest(v_result) r)));
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.book_series(uuid, uuid, timestamptz, text, text, int, text, interval, uuid, jsonb) is
    'Books the occurrences of a recurrence rule (RFC 5545, as FREQ=WEEKLY;COUNT=10) from starts_at on, at most 366, at the same time '
    'of the wall clock of the service. Every one of them is asked. mode: all (default), or none; skip, all that can be had; '
    'first, the first so many that can be had. Returns a row an occurrence in time order: its booking, or the code why it was '
    'left out; where nothing is booked, the first code is raised, with all in the DETAIL. Own holds of the session are used up. '
    'BK001, BK003, BK004: as booking.book. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';

create function booking.cancel_series(tenant uuid, booking_id uuid, which text default 'all', reason text default null)
returns setof booking.booking_result
language plpgsql
rows 10
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_now timestamptz := clock_timestamp();
    v_bookings uuid[];
    v_services uuid[];
begin
    if which is null or which not in ('one', 'following', 'all') then
        raise exception 'which must be one, following or all' using errcode = '22023';
    end if;
    select b.* into v_booking
    from booking.booking b
    where b.tenant_id = cancel_series.tenant and b.booking_id = cancel_series.booking_id;
    if not found then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    if which = 'one' or v_booking.series_id is null then
        return next booking.cancel(cancel_series.tenant, cancel_series.booking_id, reason);
        return;
    end if;
    select array_agg(b.booking_id order by b.span, b.booking_id), array_agg(distinct b.service_id)
    into v_bookings, v_services
    from booking.booking b
    where b.tenant_id = cancel_series.tenant and b.series_id = v_booking.series_id
        and (which = 'all' or lower(b.span) >= lower(v_booking.span)) and upper(b.span) > v_now
        and booking.status_at(b, v_now) in ('pending', 'confirmed');
    if v_bookings is null then
        perform booking.done(booking.wrong_state(v_booking));
    end if;
    -- The locks of all of them, in the order of every writer, before the first is cancelled.
    perform booking.lock_limits(s)
    from (
        select s.*
        from booking.service s
        where s.tenant_id = cancel_series.tenant and s.service_id = any (v_services)
        order by s.service_id) s;
    perform booking.lock_resources(cancel_series.tenant, array(
        select distinct r.resource_id
        from booking.booking_resource r
        where r.tenant_id = cancel_series.tenant and r.booking_id = any (v_bookings)));
    perform booking.lock_members(cancel_series.tenant, v_booking.service_id, booking.members_of(cancel_series.tenant, v_booking.service_id));
    return query
        select c.*
        from unnest(v_bookings) with ordinality b (booking_id, place)
        cross join lateral booking.try_cancel(cancel_series.tenant, b.booking_id, cancel_series.reason) c
        where c.code is null
        order by b.place;
end
$$;
comment on function booking.cancel_series(uuid, uuid, text, text) is
    'Cancels bookings of a series that are still to come or under way, as booking.cancel does: one (the given one), following (it and those '
    'after it) or all. A row for each that was cancelled; those that ended otherwise stay as they are. BK005: none was left to '
    'cancel. P0002: unknown booking; 22023: not a which.';

-- sql/79_token.sql
-- Manage tokens: whoever has one may see, move or cancel one booking. Their public use: 90_public_token.sql.
-- Next: 80_idempotency.sql.

create table booking.booking_token (
    tenant_id uuid not null,
    booking_id uuid not null,
    token_id uuid not null default gen_random_uuid(),
    token_hash bytea not null,
    scopes text[] not null default '{show,cancel,reschedule}',
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    -- By booking first: one index for a booking's tokens, for their ids and for the foreign key.
    constraint booking_token_pkey primary key (tenant_id, booking_id, token_id),
    constraint booking_token_hash_key unique (tenant_id, token_hash),
    constraint booking_token_booking_fkey foreign key (tenant_id, booking_id)
        references booking.booking on delete cascade,
    constraint booking_token_hash_sha256 check (octet_length(token_hash) = 32),
    constraint booking_token_scopes_known check (scopes <> '{}' and scopes <@ '{show,cancel,reschedule}')
);
comment on table booking.booking_token is
    'Who has the token that a row has the hash of may do to the booking what its scopes say, until 30 days after the booking''s '
    'end, wherever that moves.';
comment on column booking.booking_token.token_hash is 'sha256 of the token, which is kept nowhere.';
comment on column booking.booking_token.scopes is 'One or more of show, cancel, reschedule.';
comment on column booking.booking_token.expires_at is 'When it expires sooner; null: not.';
comment on column booking.booking_token.revoked_at is 'Since when it is worth nothing; null: it is not revoked.';

create function booking.new_token()
returns text
language sql
volatile
begin atomic
    -- The one strong source of randomness in core: three times 122 bits, which sha256 makes 256.
    select translate(
        rtrim(
            encode(
                sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
                'base64'),
            '='),
        '+/', '-_');
end;
comment on function booking.new_token() is '256 random bits as base64url (RFC 4648 section 5): 43 characters that need no escape in a URL.';

create function booking.token_hash(token text)
returns bytea
language sql
immutable
parallel safe
begin atomic
    -- No token is that long: whatever else is sent costs no more than one.
    select sha256(convert_to(left(token, 64), 'UTF8'));
end;
comment on function booking.token_hash(text) is 'What is kept of a token; whatever is no token has a hash, too, that nothing is found by.';

create type booking.issued_token as (token_id uuid, manage_token text, manage_url text);
comment on type booking.issued_token is 'A token, told this once; manage_url: the tenant''s page for it.';

create function booking.insert_token(
    tenant uuid,
    booking_id uuid,
    scopes text[] default '{show,cancel,reschedule}',
    expires_at timestamptz default null)
returns booking.issued_token
language plpgsql
as $$
#variable_conflict use_column
declare
    v_token booking.issued_token;
begin
    v_token.manage_token := booking.new_token();
    insert into booking.booking_token as t (tenant_id, booking_id, token_hash, scopes, expires_at)
    values (
        insert_token.tenant, insert_token.booking_id, booking.token_hash(v_token.manage_token), insert_token.scopes,
        insert_token.expires_at)
    returning t.token_id, (
        select replace(n.settings ->> 'manage_url', '{token}', v_token.manage_token)
        from booking.tenant n
        where n.tenant_id = t.tenant_id)
    into v_token.token_id, v_token.manage_url;
    return v_token;
end
$$;
comment on function booking.insert_token(uuid, uuid, text[], timestamptz) is 'booking.issue_token for a booking that is there.';

create function booking.with_token(result booking.booking_result, tenant uuid)
returns booking.booking_result
language plpgsql
as $$
declare
    v_token booking.issued_token := booking.insert_token(tenant, result.booking_id);
begin
    result.manage_token := v_token.manage_token;
    result.manage_url := v_token.manage_url;
    return result;
end
$$;
comment on function booking.with_token(booking.booking_result, uuid) is 'A booking with a new token for whoever made it.';

create function booking.issue_token(
    tenant uuid,
    booking_id uuid,
    scopes text[] default '{show,cancel,reschedule}',
    expires_at timestamptz default null)
returns booking.issued_token
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from booking.booking b
        where b.tenant_id = issue_token.tenant and b.booking_id = issue_token.booking_id)
    then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    return booking.insert_token(issue_token.tenant, issue_token.booking_id, issue_token.scopes, issue_token.expires_at);
end
$$;
comment on function booking.issue_token(uuid, uuid, text[], timestamptz) is
    'A further manage token of a booking, for a mail or for somebody else, and the tenant''s page for it (settings, manage_url, '
    'with {token} for the token). scopes: one or more of show, cancel, reschedule. It expires 30 days after the booking''s end, '
    'or at expires_at if that comes first. P0002: unknown booking; 23514: unknown scope.';

create function booking.revoke_tokens(tenant uuid, booking_id uuid, token_id uuid default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_revoked bigint;
begin
    update booking.booking_token t
    set revoked_at = clock_timestamp()
    where t.tenant_id = revoke_tokens.tenant and t.booking_id = revoke_tokens.booking_id and t.revoked_at is null
        and t.token_id = coalesce(revoke_tokens.token_id, t.token_id);
    get diagnostics v_revoked = row_count;
    return v_revoked;
end
$$;
comment on function booking.revoke_tokens(uuid, uuid, uuid) is
    'Makes one token of a booking worthless, or all of them; returns how many were not yet.';

create function booking.booking_of_token(
    tenant uuid,
    token text,
    scope text,
    now timestamptz default clock_timestamp())
returns booking.booking
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
begin
    -- Foreign, unknown, malformed, revoked, expired, not for this: one query, one answer.
    select b.* into v_booking
    from booking.booking_token t
    join booking.booking b using (tenant_id, booking_id)
    where t.tenant_id = booking_of_token.tenant and t.token_hash = booking.token_hash(booking_of_token.token)
        and booking_of_token.scope = any (t.scopes) and t.revoked_at is null
        and coalesce(t.expires_at > booking_of_token.now, true)
        and upper(b.span) > booking_of_token.now - interval '30 days';
    return v_booking;
end
$$;
comment on function booking.booking_of_token(uuid, text, text, timestamptz) is
    'The booking that a token lets its bearer show, cancel or reschedule; nulls where it does not (BK007).';

create function booking.notice_end(booking booking.booking, what text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select lower((booking).span) - case notice_end.what when 'cancel' then s.cancel_notice else s.reschedule_notice end
        from booking.service s
        where s.tenant_id = (booking).tenant_id and s.service_id = (booking).service_id);
end
$$;
comment on function booking.notice_end(booking.booking, text) is
    'Until when the notice of its service lets a customer cancel or reschedule a booking, whatever its state.';

create function booking.too_late(booking booking.booking, what text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_until timestamptz := booking.notice_end(booking, what);
begin
    if clock_timestamp() < v_until then
        return null;
    end if;
    return jsonb_build_object('reason', what || '_notice', 'until', v_until);
end
$$;
comment on function booking.too_late(booking.booking, text) is
    'Null, or the detail of BK005: which notice (cancel_notice, reschedule_notice) there was to give until when.';

create function booking.prune_tokens(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- What is left is of bookings to come and of the last month: few enough to look each of them up at night.
    with gone as materialized (
        select t.tenant_id, t.booking_id, t.token_id
        from booking.booking_token t
        join booking.booking b using (tenant_id, booking_id)
        where upper(b.span) <= clock_timestamp() - interval '30 days'
        limit booking.check_batch(batch)
        for update of t skip locked)
    delete from booking.booking_token t
    using gone g
    where t.tenant_id = g.tenant_id and t.booking_id = g.booking_id and t.token_id = g.token_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_tokens(int) is
    'Deletes at most a batch of tokens of bookings that ended 30 days ago, which are worth nothing any more; returns how many. '
    '22023: not a batch.';

-- sql/80_idempotency.sql
-- Done once, however often it is asked for: key, request and response are written with what was done, and a repeat is told
-- the same. Next: 81_event.sql.

create table booking.idempotency (
    tenant_id uuid not null,
    operation text not null,
    caller_hash bytea not null,
    key_hash bytea not null,
    request_hash bytea not null,
    response jsonb,
    created_at timestamptz not null default clock_timestamp(),
    constraint idempotency_pkey primary key (tenant_id, operation, caller_hash, key_hash),
    constraint idempotency_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint idempotency_hashes_sha256 check (
        octet_length(caller_hash) = 32 and octet_length(key_hash) = 32 and octet_length(request_hash) = 32)
) with (fillfactor = 50); -- The response comes last, as a HOT update.
comment on table booking.idempotency is
    'Keys that callers gave to what must not happen twice, for a day. Refusals leave none.';
comment on column booking.idempotency.operation is 'book, cancel or reschedule.';
comment on column booking.idempotency.caller_hash is 'sha256 of the session id, the sub of the JWT, the manage token or the login role: whose key it is.';
comment on column booking.idempotency.key_hash is 'sha256 of the key.';
comment on column booking.idempotency.request_hash is 'sha256 of what was asked for.';
comment on column booking.idempotency.response is 'The answer without secrets: a repeat gets a manage token of its own.';

create index idempotency_created on booking.idempotency (created_at);

create function booking.caller_hash(session_id text, direct boolean)
returns bytea
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- Hashed once more: a session id is what its bearer says, and may be spelt like the other two.
    v_caller bytea := coalesce(
        sha256(booking.session_hash(session_id)),
        sha256(convert_to('sub:' || booking.signed_in(), 'UTF8')),
        case when direct then sha256(convert_to('role:' || session_user, 'UTF8')) end);
begin
    -- Strangers come through one login role: a key that somebody else guesses would give them the booking.
    if v_caller is null then
        raise exception 'session_id is needed with an idempotency key, for whoever is not signed in' using errcode = '22004';
    end if;
    return v_caller;
end
$$;
comment on function booking.caller_hash(text, boolean) is
    'Whose idempotency key it is: the session''s, else that of who is signed in, else, of a direct call, the login role''s. '
    '22004 where nobody can be told from a stranger.';

create function booking.key_hash(key text)
returns bytea
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if length(key) not between 1 and 255 then
        raise exception 'an idempotency key must have 1 to 255 characters' using errcode = '22023';
    end if;
    return sha256(convert_to(key, 'UTF8'));
end
$$;
comment on function booking.key_hash(text) is 'What is kept of an idempotency key; 22023 where it has not 1 to 255 characters.';

create type booking.earlier as (replay boolean, code text, response jsonb);
comment on type booking.earlier is
    'replay: whether the request is answered already, by response; code: BK006 where the key belongs to another request.';

create function booking.begin_once(tenant uuid, operation text, caller_hash bytea, key text, request jsonb)
returns booking.earlier
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_key bytea := booking.key_hash(key);
    v_request bytea := sha256(convert_to(request::text, 'UTF8'));
    v_kept booking.idempotency;
begin
    if not exists (select from booking.tenant t where t.tenant_id = begin_once.tenant) then
        raise exception 'unknown tenant' using errcode = 'P0002';
    end if;
    loop
        -- Who comes second waits here until the first has its answer, or has rolled back.
        insert into booking.idempotency (tenant_id, operation, caller_hash, key_hash, request_hash)
        values (begin_once.tenant, begin_once.operation, begin_once.caller_hash, v_key, v_request)
        on conflict on constraint idempotency_pkey do nothing;
        if found then
            return (false, null, null)::booking.earlier;
        end if;
        select i.* into v_kept
        from booking.idempotency i
        where i.tenant_id = begin_once.tenant and i.operation = begin_once.operation
            and i.caller_hash = begin_once.caller_hash and i.key_hash = v_key;
        -- A statement later it may be gone.
        continue when not found;
        if v_kept.created_at > clock_timestamp() - interval '1 day' then
            return (true, case when v_kept.request_hash <> v_request then 'BK006' end, v_kept.response)::booking.earlier;
        end if;
        delete from booking.idempotency i
        where i.tenant_id = v_kept.tenant_id and i.operation = v_kept.operation and i.caller_hash = v_kept.caller_hash
            and i.key_hash = v_kept.key_hash and i.created_at = v_kept.created_at;
    end loop;
end
$$;
comment on function booking.begin_once(uuid, text, bytea, text, jsonb) is
    'Claims a key for a request, which may then be done, and ended by booking.end_once; or tells what came of it within the last '
    'day. Waits for a twin under way. 22023: not a key; P0002: unknown tenant; 40001 where an old snapshot cannot tell.';

create function booking.end_once(tenant uuid, operation text, caller_hash bytea, key text, result booking.booking_result)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    if result.code is not null then
        -- Nothing was done: the key is free for the next attempt.
        delete from booking.idempotency i
        where i.tenant_id = end_once.tenant and i.operation = end_once.operation and i.caller_hash = end_once.caller_hash
            and i.key_hash = booking.key_hash(key);
    else
        update booking.idempotency i
        set response = jsonb_strip_nulls(to_jsonb(result) - '{manage_token,manage_url}'::text[])
        where i.tenant_id = end_once.tenant and i.operation = end_once.operation and i.caller_hash = end_once.caller_hash
            and i.key_hash = booking.key_hash(key);
    end if;
end
$$;
comment on function booking.end_once(uuid, text, bytea, text, booking.booking_result) is
    'Keeps the answer to what booking.begin_once began, without its secrets, or lets the key go where it is a refusal.';

create function booking.replayed(earlier booking.earlier, tenant uuid, operation text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_result booking.booking_result := jsonb_populate_record(null::booking.booking_result, earlier.response);
begin
    if earlier.code is not null then
        return booking.refused(replayed.tenant, null, replayed.operation, booking.not_booked(earlier.code));
    end if;
    if replayed.operation = 'book' and exists (
        select
        from booking.booking b
        where b.tenant_id = replayed.tenant and b.booking_id = v_result.booking_id)
    then
        v_result := booking.with_token(v_result, replayed.tenant);
    end if;
    return v_result;
end
$$;
comment on function booking.replayed(booking.earlier, uuid, text) is
    'The answer to a repeat: BK006, or what was answered first, where it had a manage token with another.';

create function booking.prune_keys(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    with gone as materialized (
        select i.tenant_id, i.operation, i.caller_hash, i.key_hash
        from booking.idempotency i
        where i.created_at <= clock_timestamp() - interval '1 day'
        order by i.created_at
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.idempotency i
    using gone g
    where i.tenant_id = g.tenant_id and i.operation = g.operation and i.caller_hash = g.caller_hash and i.key_hash = g.key_hash;
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_keys(int) is
    'Deletes at most a batch of idempotency keys that are a day old and worth nothing any more; returns how many. 22023: not a batch.';

-- sql/81_event.sql
-- Who did what: the history of bookings and attempts. One call per event, by whoever did it. Next: 82_refusal.sql.

create function booking.client(tenant uuid)
returns text
language plpgsql
stable
as $$
declare
    v_client text := nullif(pg_catalog.current_setting('booking.client', true), '');
    v_headers text;
begin
    if v_client is null then
        -- Of PostgREST, by lower-cased name. Every proxy appends to a list: the last entry is what the nearest one saw, the
        -- first is whatever the visitor wrote.
        v_headers := nullif(pg_catalog.current_setting('request.headers', true), '');
        if v_headers is not null then
            select nullif(btrim(split_part(v_headers::jsonb ->> lower(t.settings ->> 'client_header'), ',', -1)), '') into v_client
            from booking.tenant t
            where t.tenant_id = client.tenant;
        end if;
    end if;
    return left(v_client, 200);
end
$$;
comment on function booking.client(uuid) is
    'Who is calling, as far as the server in front knows, at most 200 characters: the setting booking.client, which the facade '
    'sets; else, from PostgREST''s request.headers, the header that settings ->> ''client_header'' of the tenant names (of a '
    'list its last entry); else null. Quotas and refusals are counted by it.';

create function booking.actor(tenant uuid, session_hash bytea default null)
returns text
language plpgsql
stable
as $$
declare
    v_user text;
begin
    if pg_catalog.current_setting('request.jwt.claims', true) <> '' then
        v_user := (booking.caller()).user_id;
    end if;
    return coalesce(
        v_user,
        'session:' || encode(actor.session_hash, 'hex'),
        'client:' || booking.client(actor.tenant),
        'role:' || coalesce(nullif(pg_catalog.current_setting('role'), 'none'), session_user));
end
$$;
comment on function booking.actor(uuid, bytea) is
    'Who is named in an event: the sub of the JWT, where booking.caller believes it; else session: and the sha256 of the session '
    'id, client: and booking.client, or role: and the role that was taken on, else the login.';

create function booking.record_event(
    tenant uuid,
    kind text,
    booking_id uuid default null,
    hold_id uuid default null,
    service uuid default null,
    session_hash bytea default null,
    code text default null,
    detail jsonb default null)
returns void
language plpgsql
as $$
begin
    insert into booking.booking_event (tenant_id, kind, booking_id, hold_id, service_id, code, actor, detail)
    values (
        record_event.tenant, record_event.kind, record_event.booking_id, record_event.hold_id, record_event.service,
        record_event.code,
        -- As a stranger's it is quickly said.
        case
            when record_event.session_hash is not null and coalesce(pg_catalog.current_setting('request.jwt.claims', true), '') = ''
                then 'session:' || encode(record_event.session_hash, 'hex')
            else booking.actor(record_event.tenant, record_event.session_hash)
        end,
        coalesce(record_event.detail, '{}'));
end
$$;
comment on function booking.record_event(uuid, text, uuid, uuid, uuid, bytea, text, jsonb) is
    'Writes what happened into booking.booking_event, with the time and the actor. detail: what the kind does not say by itself, '
    'such as starts_at, resources, reason; never a session id, a token or anything about the customer. Refusals go through '
    'booking.record_refusal. 23514: not a kind.';

-- sql/82_refusal.sql
-- Refusals, in the forms that return them: what a raising one wrote would be gone with its error. So many of a client and
-- minute are events, the rest is counted, and told by the upkeep in one event each. Whoever loses a race must not wait for
-- whoever lost it, too: each connection counts for itself. Unlogged, so that what is only counted waits for no disk; a crash
-- may lose a few minutes' counts. Next: 83_change.sql.

create unlogged table booking.refusal_tally (
    tenant_id uuid not null,
    counted_by text not null,
    minute timestamptz not null,
    code text not null,
    connection int not null,
    lane uuid not null default gen_random_uuid(),
    recorded int not null,
    counted int not null,
    constraint refusal_tally_pkey primary key (tenant_id, counted_by, minute, code, connection, lane)
) with (fillfactor = 50);
comment on table booking.refusal_tally is 'How many refusals of the last minutes are events, and how many were only counted. Not dumped.';
comment on column booking.refusal_tally.counted_by is 'The client, where there is one, else the actor.';
comment on column booking.refusal_tally.lane is 'A further row, where a prepared transaction keeps the connection''s own.';

create function booking.in_the_way(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null)
returns jsonb
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(
            (
                select jsonb_strip_nulls(jsonb_build_object('hold_id', c.hold_id, 'booking_id', c.booking_id))
                from booking.requirement_resource m
                join booking.claim c on c.tenant_id = m.tenant_id and c.resource_id = m.resource_id and c.span && asked.span
                left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
                where m.tenant_id = s.tenant_id and m.service_id = s.service_id
                    and (in_the_way.resource is null or m.resource_id = in_the_way.resource)
                    and (c.booking_id is not null or h.expires_at > clock_timestamp())
                limit 1),
            (
                select jsonb_build_object('busy_window_id', b.busy_window_id)
                from booking.requirement_resource m
                join booking.busy_window b on b.tenant_id = m.tenant_id and b.resource_id = m.resource_id and b.span && asked.span
                where m.tenant_id = s.tenant_id and m.service_id = s.service_id
                    and (in_the_way.resource is null or m.resource_id = in_the_way.resource)
                limit 1))
        from booking.service s
        cross join lateral (
            select tstzrange(
                in_the_way.starts_at - make_interval(mins => s.buffer_before),
                in_the_way.starts_at + make_interval(mins => s.buffer_after + coalesce(
                    extract(epoch from in_the_way.duration)::int / 60,
                    (select min(d) from unnest(s.durations) d), s.min_length, 1))) as span) asked
        where s.tenant_id = in_the_way.tenant and s.service_id = in_the_way.service);
end
$$;
comment on function booking.in_the_way(uuid, uuid, timestamptz, interval, uuid) is
    'Of what lies in the way of a start one: {hold_id}, {booking_id} or {busy_window_id}; null where nothing does any more.';

create function booking.record_refusal(
    tenant uuid,
    code text,
    asked text,
    session_hash bytea default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    hold_id uuid default null,
    booking_id uuid default null,
    detail jsonb default null)
returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    c_kept constant int := 20;
    v_minute timestamptz := date_trunc('minute', clock_timestamp());
    v_by text;
    v_keep boolean;
begin
    if pg_catalog.current_setting('booking.raising', true) = 'on' or pg_catalog.current_setting('transaction_read_only') = 'on' then
        return;
    end if;
    v_by := coalesce(
        'client:' || booking.client(record_refusal.tenant), booking.actor(record_refusal.tenant, record_refusal.session_hash));
    v_keep := (
        select coalesce(sum(t.recorded), 0) < c_kept
        from booking.refusal_tally t
        where t.tenant_id = record_refusal.tenant and t.counted_by = v_by and t.minute = v_minute);
    update booking.refusal_tally t
    set recorded = t.recorded + v_keep::int, counted = t.counted + (not v_keep)::int
    where (t.tenant_id, t.counted_by, t.minute, t.code, t.connection, t.lane) = (
        select l.tenant_id, l.counted_by, l.minute, l.code, l.connection, l.lane
        from booking.refusal_tally l
        where l.tenant_id = record_refusal.tenant and l.counted_by = v_by and l.minute = v_minute
            and l.code = record_refusal.code and l.connection = pg_backend_pid()
        limit 1
        for update skip locked);
    if not found then
        insert into booking.refusal_tally (tenant_id, counted_by, minute, code, connection, recorded, counted)
        values (
            record_refusal.tenant, v_by, v_minute, record_refusal.code, pg_backend_pid(), v_keep::int, (not v_keep)::int);
    end if;
    if v_keep then
        perform booking.record_event(
            record_refusal.tenant, 'refused', booking_id => record_refusal.booking_id, hold_id => record_refusal.hold_id,
            service => record_refusal.service, session_hash => record_refusal.session_hash, code => record_refusal.code,
            detail => jsonb_strip_nulls(jsonb_build_object(
                'asked', record_refusal.asked, 'starts_at', record_refusal.starts_at, 'duration', record_refusal.duration,
                'resource', record_refusal.resource,
                'in_the_way', case
                    when record_refusal.code = 'BK001' and record_refusal.starts_at is not null then booking.in_the_way(
                        record_refusal.tenant, record_refusal.service, record_refusal.starts_at, record_refusal.duration,
                        record_refusal.resource)
                end)) || coalesce(record_refusal.detail, '{}'));
    end if;
end
$$;
comment on function booking.record_refusal(
    uuid, text, text, bytea, uuid, timestamptz, interval, uuid, uuid, uuid, jsonb) is
    'Writes that something was refused: what was asked (hold, book, cancel, ...), why, and what was in the way. Of a client, else '
    'an actor, twenty a minute, and some more where many connections come at once; the rest is counted. Nothing within a '
    'raising form, which sets booking.raising, or in a transaction that only reads.';

create function booking.refused(
    tenant uuid,
    booking booking.booking,
    asked text,
    result booking.booking_result,
    starts_at timestamptz default null)
returns booking.booking_result
language plpgsql
as $$
begin
    perform booking.record_refusal(
        tenant, (result).code, asked, service => (booking).service_id, booking_id => (booking).booking_id,
        detail => coalesce((result).detail, '{}') || jsonb_strip_nulls(jsonb_build_object('starts_at', refused.starts_at)));
    return result;
end
$$;
comment on function booking.refused(uuid, booking.booking, text, booking.booking_result, timestamptz) is
    'Records that something was refused about a booking, if one is known, and returns the refusal.';

create function booking.tell_refusals(batch int default 1000)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    with gone as materialized (
        select t.tenant_id, t.counted_by, t.minute, t.code, t.connection, t.lane
        from booking.refusal_tally t
        where t.minute < clock_timestamp() - interval '2 minutes'
        limit booking.check_batch(batch)
        for update skip locked),
    counted as (
        delete from booking.refusal_tally t
        using gone g
        where (t.tenant_id, t.counted_by, t.minute, t.code, t.connection, t.lane)
            = (g.tenant_id, g.counted_by, g.minute, g.code, g.connection, g.lane)
        returning t.tenant_id, t.counted_by, t.minute, t.code, t.counted),
    told as (
        insert into booking.booking_event (tenant_id, at, kind, code, actor, detail)
        select c.tenant_id, c.minute, 'refused', c.code, c.counted_by, jsonb_build_object('more', sum(c.counted))
        from counted c
        join booking.tenant n using (tenant_id)
        group by c.tenant_id, c.counted_by, c.minute, c.code
        having sum(c.counted) > 0)
    select count(*) into v_gone from counted;
    return v_gone;
end
$$;
comment on function booking.tell_refusals(int) is
    'Turns at most a batch of counts that are over into events: {more: n} refusals of one actor and minute beside those that are '
    'events themselves. Returns how many counts. 22023: not a batch.';

-- sql/83_change.sql
-- The change feed, as it is written: a row for what changed of what is free, by the triggers that write pages and by claims of
-- holds, in the transaction that changed it. A renewal writes none, nor does a lapse: 1,000 visitors' heartbeats would be 17
-- million rows a day, and whoever reads compares expires_at. How it is read without missing any: 84_feed.sql.

create table booking.change (
    writer xid8 not null default pg_current_xact_id(),
    change_id bigint not null generated always as identity,
    tenant_id uuid not null,
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    resource_id uuid,
    service_id uuid,
    span tstzrange,
    hold_id uuid,
    booking_id uuid,
    -- By writer, which is how it is read; its only index, since each hold pays for it.
    constraint change_pkey primary key (writer, change_id, tenant_id),
    constraint change_kind_known check (kind in (
        'held', 'released', 'booked', 'freed', 'busy', 'hours', 'resource', 'service', 'tenant'))
);
comment on table booking.change is
    'What changed of what is free, for live views; read by booking.changes. Kept for a day, not dumped. What is over for a day '
    'writes none.';
comment on sequence booking.change_change_id_seq is 'Tells changes apart; says nothing of their order.';
comment on column booking.change.writer is 'The transaction that wrote it.';
comment on column booking.change.kind is
    'held, released: a hold''s, also that it became another''s. booked, freed: a booking''s. busy: external busy time. hours: opening hours. '
    'resource, service, tenant: it was edited, or what belongs to it.';
comment on column booking.change.resource_id is 'The resource; null: of a service, or of anything of the tenant.';
comment on column booking.change.service_id is
    'The service, where that was edited. What is held or booked of a resource concerns every service that has it, and where '
    'there are limits also other days of theirs.';
comment on column booking.change.span is 'From when to when, with buffers; null: always.';
comment on column booking.change.hold_id is 'The hold whose claims came or went; it may be gone by now.';
comment on column booking.change.booking_id is 'The booking whose claims came or went.';

create function booking.changed_hours(schedules booking.schedule_key[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    insert into booking.change (tenant_id, kind, resource_id)
    select r.tenant_id, 'hours', r.resource_id
    from booking.resource r
    where (r.tenant_id, r.schedule_id) in (select k.tenant_id, k.schedule_id from unnest(schedules) k);
    insert into booking.change (tenant_id, kind, service_id)
    select s.tenant_id, 'hours', s.service_id
    from booking.service s
    where (s.tenant_id, s.schedule_id) in (select k.tenant_id, k.schedule_id from unnest(schedules) k);
end
$$;
comment on function booking.changed_hours(booking.schedule_key[]) is
    'Tells the feed of other hours: of all resources and services that have one of some schedules.';

create function booking.tg_edited__change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- Once a transaction: two hundred members of a new service are one change.
    insert into booking.change (tenant_id, kind, resource_id, service_id)
    select distinct e.tenant_id, tg_argv[0], e.resource_id, e.service_id
    from (
        select (r ->> 'tenant_id')::uuid as tenant_id,
            case tg_argv[0] when 'resource' then (r ->> 'resource_id')::uuid end as resource_id,
            case tg_argv[0] when 'service' then (r ->> 'service_id')::uuid end as service_id
        from unnest(array[to_jsonb(old), to_jsonb(new)]) r
        where r is not null) e
    where not exists (
        select
        from booking.change c
        where c.writer = pg_current_xact_id() and c.tenant_id = e.tenant_id and c.kind = tg_argv[0]
            and (c.resource_id, c.service_id) is not distinct from (e.resource_id, e.service_id));
    return null;
end
$$;
comment on function booking.tg_edited__change() is
    'AFTER ROW: tells the feed that a resource, service or tenant (its argument) was edited. Not of version, which counts locks, '
    'nor of booked, which counts bookings.';

create trigger _600_change
after insert or delete on booking.tenant
for each row
execute function booking.tg_edited__change('tenant');

create trigger _600_change_update
after update of
    tenant_id, slug, name, zone, settings, max_session_holds, max_client_holds, own_hold_ttl, active
on booking.tenant
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('tenant');

create trigger _600_change
after insert or delete on booking.location
for each row
execute function booking.tg_edited__change('tenant');

create trigger _600_change_update
after update of tenant_id, location_id, slug, name on booking.location
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('tenant');

create trigger _600_change
after insert or delete on booking.resource
for each row
execute function booking.tg_edited__change('resource');

create trigger _600_change_update
after update of
    tenant_id, resource_id, slug, name, zone, grain, capacity, schedule_id, location_id, active, public, metadata
on booking.resource
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('resource');

create trigger _600_change
after insert or delete on booking.service
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of
    tenant_id, service_id, slug, name, zone, kind, durations, min_length, max_length, arrival_days, crosses_closed, seats, step,
    check_in, check_out, buffer_before, buffer_after, min_notice, horizon, bookable, schedule_id, hold_ttl, max_hold_age,
    max_holds, needs_approval, approval_ttl, price, currency, payment_ttl, pending_blocks, cancel_notice, reschedule_notice, active, public, metadata
on booking.service
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

create trigger _600_change
after insert or delete on booking.service_requirement
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of tenant_id, service_id, requirement_id, pick, strategy on booking.service_requirement
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

create trigger _600_change
after insert or delete on booking.requirement_resource
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of tenant_id, service_id, requirement_id, resource_id, weight, priority on booking.requirement_resource
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

create trigger _600_change
after insert or delete on booking.service_limit
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of tenant_id, service_id, scope, period, max_count, max_minutes on booking.service_limit
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

-- sql/84_feed.sql
-- The change feed, as it is read, by polling: a NOTIFY in booking transactions cut their rate to a fifth when measured.
-- Writers commit in another order than they write, so that no number or time tells where a reader stands. What does: every
-- transaction below the xmin of a snapshot is over, and what it wrote is visible or never will be. So a reader has had all
-- below the xmin of its last read, and remembers what it had of the rest. Next: 85_access.sql, who may see what.

-- Unlogged, so that it is empty after a crash, a promotion and a recovery to a point in time, and not dumped: each time ids
-- of transactions may be given out anew, and whoever resumes from before has to begin again.
create unlogged table booking.feed_epoch (
    only_one boolean not null default true,
    epoch uuid not null default gen_random_uuid(),
    constraint feed_epoch_pkey primary key (only_one),
    constraint feed_epoch_only_one check (only_one)
);
comment on table booking.feed_epoch is
    'One row, or none after a recovery, until somebody reads the feed: within an epoch an id of a transaction means one transaction.';
insert into booking.feed_epoch default values;

create table booking.feed_pruned (
    only_one boolean not null default true,
    writer xid8,
    constraint feed_pruned_pkey primary key (only_one),
    constraint feed_pruned_only_one check (only_one)
);
comment on table booking.feed_pruned is 'One row: the last writer whose changes were deleted; a reader that has not had it has to begin again.';
insert into booking.feed_pruned default values;

create function booking.current_epoch()
returns text
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_epoch text;
begin
    if pg_is_in_recovery() then
        -- A standby follows one history as long as it runs, and cannot read what is unlogged.
        v_epoch := pg_postmaster_start_time()::text;
    else
        select e.epoch into v_epoch from booking.feed_epoch e;
        if not found and current_setting('transaction_read_only') = 'off' then
            insert into booking.feed_epoch as e default values
            on conflict on constraint feed_epoch_pkey do update set only_one = true
            returning e.epoch into v_epoch;
        end if;
    end if;
    -- A database that was copied has the row, too.
    return md5(v_epoch || current_database());
end
$$;
comment on function booking.current_epoch() is
    'The epoch of the feed: another one after a restore, a crash, a promotion, on a standby after each start. Null where it is '
    'still to be chosen, which a transaction that only reads cannot do.';

create type booking.changed as (
    change_id bigint,
    at timestamptz,
    tenant_id uuid,
    kind text,
    resource_id uuid,
    service_id uuid,
    span tstzrange,
    hold_id uuid,
    booking_id uuid);
comment on type booking.changed is 'A change as booking.changes reports it; its columns are those of booking.change.';

create type booking.feed as (
    after text,
    seen bigint[],
    reset boolean,
    more boolean,
    changes booking.changed[]);
comment on type booking.feed is
    'What there is of news. after, seen: to be given to the next call; after by itself, as the id of an event, resumes with '
    'repetitions. reset: where it was to go on is not known any more, so read everything anew, and go on from here. more: ask '
    'again at once.';

create function booking.feed_position(after text, epoch text)
returns xid8
language sql
immutable
parallel safe
begin atomic
    -- Nineteen digits are below 2^64, whatever they are.
    select case
        when after ~ '^[0-9a-f]{32}-[0-9]{1,19}$' and split_part(after, '-', 1) = epoch then split_part(after, '-', 2)::xid8
    end;
end;
comment on function booking.feed_position(text, text) is 'The transaction in the id of an event of this epoch, else null.';

create function booking.changes(
    tenant uuid default null,
    after text default null,
    seen bigint[] default null,
    max int default 1000)
returns booking.feed
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
-- A generic plan would take any position for one in the first third of the table.
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
    v_epoch text := booking.current_epoch();
    v_from xid8 := booking.feed_position(changes.after, v_epoch);
    v_seen bigint[] := coalesce(changes.seen, '{}');
    v_next xid8;
    v_feed booking.feed;
begin
    if changes.max is null or changes.max not between 1 and 10000 then
        raise exception 'cannot read % changes at once', changes.max
            using errcode = '22023', hint = 'Give 1 to 10000.';
    end if;
    -- One statement, so one snapshot: of the rows, of what was deleted of them, and of who is still writing.
    with snapshot as materialized (
        select pg_snapshot_xmin(s) as xmin,
            v_from <= pg_snapshot_xmax(s) and (v_from > p.writer or p.writer is null) as known
        from pg_current_snapshot() s
        cross join booking.feed_pruned p),
    -- So many rows that there are max + 1 among them that were not sent, if there are so many at all.
    visible as materialized (
        select c.*
        from booking.change c
        where c.writer >= v_from and (changes.tenant is null or c.tenant_id = changes.tenant)
            and (select s.known from snapshot s)
        order by c.writer, c.change_id
        limit changes.max + 1 + cardinality(v_seen)),
    news as materialized (
        select v.*, row_number() over (order by v.writer, v.change_id) as place
        from visible v
        where v.change_id not in (select i from unnest(v_seen) i)),
    next as materialized (
        select least(
            -- A transaction with an older snapshot does not turn the reader back.
            case when s.known then greatest(s.xmin, v_from) else s.xmin end,
            (select n.writer from news n where n.place > changes.max order by n.place limit 1)) as writer
        from snapshot s)
    select s.known is not true, x.writer,
        exists (select from news n where n.place > changes.max),
        array(
            select (n.change_id, n.at, n.tenant_id, n.kind, n.resource_id, n.service_id, n.span, n.hold_id, n.booking_id)
                ::booking.changed
            from news n
            where n.place <= changes.max
            order by n.place),
        array(
            select v.change_id
            from visible v
            left join news n on n.change_id = v.change_id
            where v.writer >= x.writer and coalesce(n.place <= changes.max, true)
            union all
            -- Whoever begins here reads everything else after this.
            (
                select c.change_id
                from booking.change c
                where s.known is not true and c.writer >= s.xmin and (changes.tenant is null or c.tenant_id = changes.tenant)
                order by c.writer, c.change_id
                limit 10000
            )
            union all
            -- Beyond the rows that were looked at, if there are any.
            select i
            from unnest(v_seen) i
            where s.known and i not in (select v.change_id from visible v)
                and (select count(*) from visible) > changes.max + cardinality(v_seen))
    into v_feed.reset, v_next, v_feed.more, v_feed.changes, v_feed.seen
    from snapshot s
    cross join next x;
    v_feed.after := v_epoch || '-' || v_next;
    return v_feed;
end
$$;
comment on function booking.changes(uuid, text, bigint[], int) is
    'The changes of a tenant, or of all (null), that are visible and were not sent yet, at most max (1 to 10000, else 22023), in '
    'the order of their transactions. after and seen: what the last call returned; without after, and after a restore, a crash, '
    'a promotion, or more than a day, it is a reset: nothing but where to go on from, once everything was read anew. With after '
    'alone, as the Last-Event-ID of a stream, changes may come twice; none is ever left out, however late its '
    'transaction commits. For readers that see all tenants, such as a server with live views: it shows what it was granted to.';

create function booking.prune_changes(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- Readers remember what they had of the transactions above the oldest that runs; they are to find it again.
    with gone as materialized (
        select c.writer, c.change_id, c.tenant_id
        from booking.change c
        where c.writer < pg_snapshot_xmin(pg_current_snapshot()) and c.at < clock_timestamp() - interval '1 day'
        order by c.writer, c.change_id
        limit booking.check_batch(batch)
        for update skip locked),
    deleted as (
        delete from booking.change c
        using gone g
        where (c.writer, c.change_id, c.tenant_id) = (g.writer, g.change_id, g.tenant_id)
        returning c.writer),
    last as (
        update booking.feed_pruned p
        set writer = greatest(p.writer, (select d.writer from deleted d order by d.writer desc limit 1))
        where exists (select from deleted))
    select count(*) into v_gone from deleted;
    return v_gone;
end
$$;
comment on function booking.prune_changes(int) is
    'Deletes at most a batch of changes that are older than a day and of transactions before any that still runs; returns how '
    'many. 22023: not a batch.';

-- sql/85_access.sql
-- Who is asking. What grant_access was called with, the SQL logins that belong to one tenant, and who a request speaks for.
-- A setting is believed only where whoever wrote it decides who that is anyway: PostgREST or the facade, which took on the
-- role of the members. Next: 86_policies.sql.

create table booking.access (
    public_role name,
    member_role name,
    service_role name,
    owner_role name,
    owner name not null
);
comment on table booking.access is
    'What booking.grant_access was called with last, one row at most. It is dumped, so that booking.grant_access() can say it again.';
comment on column booking.access.public_role is 'Who calls booking_api and nothing else.';
comment on column booking.access.member_role is
    'What a signed-in request runs as, of a member of a tenant or of a customer: its claims say which. Cannot log in.';
comment on column booking.access.service_role is 'Who acts for all tenants.';
comment on column booking.access.owner_role is 'Who was given the tables and the definers; null: nobody.';
comment on column booking.access.owner is
    'Who owned tables and definers in the end. A restored database belongs to whoever restored it: until grant_access() has '
    'been called again the public surface stays shut, unless that is the same role.';

create unique index access_one on booking.access ((true));

create table booking.sql_login (
    tenant_id uuid not null,
    login name not null,
    role text not null,
    constraint sql_login_pkey primary key (tenant_id, login),
    constraint sql_login_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint sql_login_role_known check (role in ('owner', 'manager', 'viewer'))
);
comment on table booking.sql_login is
    'Who speaks SQL for a tenant, by the name that the session logged in with. Its claims are not believed, whatever it sets. '
    'Written by booking.bind_login, which also grants.';
comment on column booking.sql_login.role is 'What it may, as in member.role.';

-- Policies come from a user to the tenants.
create index sql_login_login on booking.sql_login (login);
create index member_user on booking.member (user_id);

create function booking.check_owner()
returns void
language plpgsql
stable
as $$
begin
    -- Inside a definer the current user is its owner.
    if exists (select from booking.access a where a.owner = current_user) then
        return;
    elsif session_user = current_user and current_setting('role') = 'none' and not exists (select from booking.access) then
        -- Nobody has been let in yet, and who tries it out is the owner.
        return;
    end if;
    raise exception 'the public surface is shut'
        using errcode = '42501',
        detail = format('Its functions run as "%s", which is not what grant_access left them with.', current_user),
        hint = 'Call booking.grant_access(), with the roles of this database where it never was.';
end
$$;
comment on function booking.check_owner() is
    'The first thing that every public definer asks: 42501 unless it runs as the owner that booking.grant_access left it with. '
    'So nothing that a restore gave to another owner, a superuser perhaps, answers anybody. Before the first call of '
    'grant_access it answers its owner alone.';

create type booking.caller as (user_id text, tenant_id uuid);
comment on type booking.caller is 'Who a signed-in request speaks for: the sub of its claims, and the tenant that they narrow it to, if any.';

create function booking.caller()
returns booking.caller
language plpgsql
stable
parallel restricted
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_claims jsonb;
    v_tenant uuid;
begin
    -- Anybody may write a setting, but only who serves the site can be in the role of its members, which cannot log in.
    if not exists (select from booking.access a where a.member_role in (current_setting('role')::name, session_user))
        or exists (select from booking.sql_login l where l.login = session_user)
    then
        return null;
    end if;
    v_claims := nullif(current_setting('request.jwt.claims', true), '');
    if jsonb_typeof(v_claims -> 'sub') is distinct from 'string' or v_claims ->> 'sub' = '' then
        return null;
    end if;
    if jsonb_typeof(v_claims -> 'tenant_id') <> 'null' then
        v_tenant := booking.uuid_of(v_claims ->> 'tenant_id');
        -- A claim that names no tenant narrows to none.
        if v_tenant is null then
            return null;
        end if;
    end if;
    return (v_claims ->> 'sub', v_tenant)::booking.caller;
end
$$;
comment on function booking.caller() is
    'Who the request speaks for, by request.jwt.claims, as PostgREST sets them: sub, and tenant_id (a uuid), which only narrows. '
    'Null unless the session is in the member role of booking.grant_access, and for logins of booking.sql_login. 22P02: the '
    'claims are not JSON.';

create function booking.my_tenants(least_role text default 'viewer')
returns uuid[]
language plpgsql
stable
parallel restricted
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    c_roles constant text[] := array['viewer', 'manager', 'owner'];
    v_roles text[] := c_roles[array_position(c_roles, least_role):];
    v_caller booking.caller := booking.caller();
begin
    return array(
        select m.tenant_id
        from booking.member m
        where m.user_id = v_caller.user_id and m.role = any (v_roles)
            and m.tenant_id = coalesce(v_caller.tenant_id, m.tenant_id)
        union all
        select l.tenant_id
        from booking.sql_login l
        where l.login = session_user and l.role = any (v_roles));
end
$$;
comment on function booking.my_tenants(text) is
    'The tenants of which the caller is a member, at least as viewer, manager or owner: by booking.member for the sub of its '
    'claims, by booking.sql_login for its login. Empty for everybody else. For policies: (select booking.my_tenants()).';

-- sql/86_policies.sql
-- Row-level security, on every table. A table that is not named here has no policy: it shows nothing to anybody but its owner
-- and the service role, and grant_access gives to members exactly what there are policies for.
--
--                            viewer   manager  owner    customer
--   tenant                   r        r        ru
--   member                   r        r        riud
--   what an owner edits      r        riud     riud
--   what functions write     r        riud     riud     own bookings: r
--   tokens                   r        riu      riu
--   payments                 r        ri       ri
--   history                  r        ri       riu     whoever erases a customer erases what it says of them
--   the feed, bindings of logins, what grant_access keeps: nobody but the service role
--
-- A member's calls run with a member's rights, so whoever may cancel may write what cancel writes: constraints and triggers
-- guard what the functions rely on. An update finds what its caller can read and is then refused (42501): the lock of a
-- row, which is an update, must not pass by what it cannot write. Next: 87_public.sql.

do $$
declare
    v_table regclass;
begin
    for v_table in
        select c.oid::regclass
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p')
    loop
        execute format('alter table %s enable row level security', v_table);
    end loop;
end
$$;

do $$
declare
    c_read constant text := '(tenant_id = any ((select booking.my_tenants())::uuid[]))';
    c_manage constant text := '(tenant_id = any ((select booking.my_tenants(''manager''))::uuid[]))';
    c_own constant text := '(tenant_id = any ((select booking.my_tenants(''owner''))::uuid[]))';
    c_edited constant text[] := array[
        'location', 'holiday_set', 'holiday', 'schedule', 'schedule_rule', 'schedule_override', 'schedule_travel', 'resource',
        'service', 'service_requirement', 'requirement_resource', 'service_limit', 'busy_window'];
    c_written constant text[] := array['hold', 'booking', 'booking_resource', 'sitting', 'claim', 'availability', 'idempotency', 'refusal_tally'];
    v_table text;
begin
    foreach v_table in array c_edited || c_written || array['tenant', 'member', 'booking_token', 'booking_event', 'payment'] loop
        execute format('create policy member_read on booking.%I for select using %s', v_table, c_read);
    end loop;
    foreach v_table in array c_edited || c_written || array['booking_token', 'booking_event', 'payment'] loop
        execute format('create policy manager_insert on booking.%I for insert with check %s', v_table, c_manage);
    end loop;
    foreach v_table in array c_edited || c_written || array['booking_token'] loop
        execute format('create policy manager_update on booking.%I for update using %s with check %s', v_table, c_read, c_manage);
    end loop;
    foreach v_table in array c_edited || c_written loop
        execute format('create policy manager_delete on booking.%I for delete using %s', v_table, c_manage);
    end loop;
    execute format('create policy owner_update on booking.tenant for update using %s with check %s', c_read, c_own);
    execute format('create policy owner_update on booking.booking_event for update using %s with check %s', c_read, c_own);
    execute format('create policy owner_insert on booking.member for insert with check %s', c_own);
    execute format('create policy owner_update on booking.member for update using %s with check %s', c_read, c_own);
    execute format('create policy owner_delete on booking.member for delete using %s', c_own);
end
$$;

-- By the sub that it was made with, found by the key: an e-mail address or a phone may read the same and is what anybody says.
create policy customer_read on booking.booking
for select
using (
    customer_key = (select (booking.caller()).user_id)
    and customer ->> 'sub' = (select (booking.caller()).user_id)
    and tenant_id = coalesce((select (booking.caller()).tenant_id), tenant_id));

-- Who has signed in comes without a tenant.
create index booking_customer_key on booking.booking (customer_key) where customer_key is not null;

-- sql/87_public.sql
-- The definers behind the public surface: SECURITY DEFINER, public arguments only (no as_of, no owner's functions), and
-- each finds its tenant and service itself, since policies do not hold for the owner. Before anything else it asks whether
-- it runs as the owner that it was given (public_tenant and public_key do). Unknown, inactive and foreign names are told
-- apart by nobody: one query, one answer. Their raising forms: 88_public_raise.sql.

create function booking.uuid_of(id text)
returns uuid
language sql
immutable
parallel safe
strict
begin atomic
    select case
        when id ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then id::uuid
    end;
end;
comment on function booking.uuid_of(text) is 'A uuid in its usual form, or null for any other text.';

create function booking.raise_unknown()
returns void
language plpgsql
as $$
begin
    raise exception 'not found' using errcode = 'PT404', detail = '{"code": "P0002"}',
        hint = 'Check the tenant, the service and the resource.';
end
$$;
comment on function booking.raise_unknown() is 'PT404: the one answer to unknown, inactive and foreign names.';

create function booking.tenant_of(tenant text)
returns uuid
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_tenant uuid;
begin
    select t.tenant_id into v_tenant
    from booking.tenant t
    where (t.tenant_id = booking.uuid_of(tenant_of.tenant) or t.slug = tenant_of.tenant) and t.active;
    if not found then
        perform booking.raise_unknown();
    end if;
    return v_tenant;
end
$$;
comment on function booking.tenant_of(text) is 'The id of an active tenant by uuid or slug; else PT404.';

create function booking.public_tenant(tenant text)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform booking.check_owner();
    return booking.tenant_of(tenant);
end
$$;
comment on function booking.public_tenant(text) is 'As booking.tenant_of, for definers: 42501 as booking.check_owner.';

create function booking.public_key(
    tenant text,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text)
returns booking.slot_key
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_slot booking.slot_key := booking.slot_of(public_key.slot_id);
    v_key booking.slot_key;
begin
    perform booking.check_owner();
    if public_key.slot_id is null and (public_key.tenant is null or public_key.service is null) then
        raise exception 'give a slot_id, or tenant, service and starts_at' using errcode = '22004';
    end if;
    v_key.tenant_id := booking.tenant_of(coalesce(public_key.tenant, v_slot.tenant_id::text));
    v_key.starts_at := coalesce(v_slot.starts_at, public_key.starts_at);
    v_key.duration := coalesce(v_slot.duration, public_key.duration);
    v_key.resource_id := coalesce(v_slot.resource_id, public_key.resource);
    select s.service_id into v_key.service_id
    from booking.service s
    where s.tenant_id = v_key.tenant_id and s.active and s.public
        and (v_slot.tenant_id is null or v_slot.tenant_id = s.tenant_id)
        and case
            when v_slot.service_id is not null then s.service_id = v_slot.service_id
            else s.service_id = booking.uuid_of(public_key.service) or s.slug = public_key.service
        end;
    if not found then
        perform booking.raise_unknown();
    end if;
    if v_key.resource_id is not null and not exists (
        select
        from booking.requirement_resource m
        join booking.resource r using (tenant_id, resource_id)
        where m.tenant_id = v_key.tenant_id and m.service_id = v_key.service_id
            and m.resource_id = v_key.resource_id and r.public and r.active)
    then
        perform booking.raise_unknown();
    end if;
    return v_key;
end
$$;
comment on function booking.public_key(text, text, timestamptz, interval, uuid, text) is
    'What names or a slot_id stand for: an active tenant, a public service, one of its public resources; else PT404. '
    '22004 where neither is given.';

create type booking.public_service as (
    service_id uuid,
    slug text,
    name text,
    zone text,
    durations int[],
    step int);
comment on type booking.public_service is 'What the public sees of a service: names, zone, durations and step in minutes.';

create function booking.public_services(tenant text)
returns setof booking.public_service
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
begin
    return query
        select s.service_id, s.slug, s.name, s.zone, s.durations,
            coalesce(s.step, (select min(d) from unnest(s.durations) d))
        from booking.service s
        where s.tenant_id = v_tenant and s.active and s.public
        order by s.slug;
end
$$;
comment on function booking.public_services(text) is 'Behind booking_api.services.';

create function booking.public_available_slots(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval)
returns setof booking.slot
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_available_slots.tenant, public_available_slots.service, null, null, public_available_slots.resource, null);
begin
    return query
        select case when r.resource_id is null then left(s.slot_id, 60) else s.slot_id end, s.starts_at, s.ends_at, s.duration, r.resource_id, r.location_id, s.status, s.remaining
        from booking.available_slots(
            v_key.tenant_id, v_key.service_id, from_ts, to_ts, public_available_slots.duration,
            public_available_slots.resource, public_available_slots.session_id,
            coalesce(public_available_slots.holds, 'hide'), coalesce(public_available_slots.each_resource, false),
            public_available_slots.step)
            with ordinality s (slot_id, starts_at, ends_at, duration, resource_id, location_id, status, remaining, place)
        left join booking.resource r
            on r.tenant_id = v_key.tenant_id and r.resource_id = s.resource_id and r.public and r.active
        -- Row by row the public sees public resources; a service with a single hidden one is listed without it, also in
        -- the slot_id, whose first 60 digits say everything else.
        where r.resource_id is not null or not coalesce(public_available_slots.each_resource, false)
        order by s.place;
end
$$;
comment on function booking.public_available_slots(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval) is
    'Behind booking_api.available_slots.';

create function booking.public_resources(tenant uuid, resources uuid[])
returns uuid[]
language plpgsql
stable
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return array(
        select r.resource_id
        from booking.resource r
        where r.tenant_id = public_resources.tenant and r.resource_id = any (resources) and r.public
        order by r.resource_id);
end
$$;
comment on function booking.public_resources(uuid, uuid[]) is
    'What the public hears of who was taken: members that it does not see are held, and not named.';

create function booking.public_try_hold(
    tenant text,
    service text,
    starts_at timestamptz,
    session_id text,
    duration interval,
    resource uuid,
    ttl interval,
    slot_id text,
    seats int)
returns booking.hold_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key := booking.public_key(tenant, service, starts_at, duration, resource, slot_id);
    v_hold booking.hold_result := booking.hold_quietly(
        v_key.tenant_id, v_key.service_id, v_key.starts_at, session_id, v_key.duration, v_key.resource_id, ttl, seats,
        quotas => true);
begin
    if v_hold.hold_id is null then
        return v_hold;
    end if;
    v_hold.resources := booking.public_resources(v_key.tenant_id, v_hold.resources);
    return v_hold;
end
$$;
comment on function booking.public_try_hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'Behind booking_api.try_hold.';

create function booking.public_try_hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval,
    resource uuid,
    ttl interval,
    seats int)
returns setof booking.hold_result
language plpgsql
security definer
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_try_hold_many.tenant, public_try_hold_many.service, null, public_try_hold_many.duration,
        public_try_hold_many.resource, null);
begin
    return query
        select r.hold_id, r.starts_at, r.ends_at, r.expires_at, booking.public_resources(v_key.tenant_id, r.resources), r.code,
            r.detail
        from unnest(booking.hold_many_quietly(
            v_key.tenant_id, v_key.service_id, public_try_hold_many.starts_at, public_try_hold_many.session_id, v_key.duration,
            v_key.resource_id, public_try_hold_many.ttl, public_try_hold_many.seats, quotas => true)) r;
end
$$;
comment on function booking.public_try_hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'Behind booking_api.try_hold_many.';

create function booking.public_try_heartbeat(tenant text, session_id text, holds uuid[])
returns setof booking.heartbeat_result
language plpgsql
security definer
rows 3
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return query
        select r.* from unnest(booking.heartbeat_quietly(booking.public_tenant(tenant), session_id, holds, quotas => true)) r;
end
$$;
comment on function booking.public_try_heartbeat(text, text, uuid[]) is 'Behind booking_api.try_heartbeat.';

create function booking.public_try_release(tenant text, hold_id uuid, session_id text)
returns booking.release_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
begin
    if session_id is null then
        raise exception 'session_id is needed' using errcode = '22004';
    end if;
    return booking.try_release(v_tenant, hold_id, session_id);
end
$$;
comment on function booking.public_try_release(text, uuid, text) is 'Behind booking_api.try_release.';

create function booking.public_customer(customer jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_customer jsonb := booking.check_customer(customer) - 'sub';
    v_sub text := booking.signed_in();
begin
    if v_sub is not null then
        v_customer := v_customer || jsonb_build_object('sub', v_sub);
    end if;
    return v_customer;
end
$$;
comment on function booking.public_customer(jsonb) is
    'What a visitor says about the customer, with the sub of who is signed in, which nobody may say.';

create function booking.public_try_book(
    tenant text,
    hold_id uuid,
    session_id text,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    idempotency_key text,
    if_still_free boolean,
    slot_id text,
    seats int)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key;
    v_customer jsonb := booking.public_customer(customer);
    v_tenant uuid;
    v_caller bytea;
    v_earlier booking.earlier;
    v_over jsonb;
    v_result booking.booking_result;
begin
    if idempotency_key is not null then
        -- Before names are looked up: a repeat is told what was booked, also where the service is gone since.
        v_tenant := booking.public_tenant(coalesce(tenant, (booking.slot_of(slot_id)).tenant_id::text));
        v_caller := booking.caller_hash(session_id, false);
        v_earlier := booking.begin_once(
            v_tenant, 'book', v_caller, idempotency_key, booking.book_request(
                hold_id, service, starts_at, duration, resource, v_customer, if_still_free, slot_id, seats));
        if v_earlier.replay then
            return booking.replayed(v_earlier, v_tenant, 'book');
        end if;
    end if;
    if hold_id is not null and session_id is null then
        raise exception 'session_id is needed to book a hold' using errcode = '22004';
    elsif service is null and slot_id is null then
        v_key.tenant_id := booking.public_tenant(tenant);
    else
        v_key := booking.public_key(tenant, service, starts_at, duration, resource, slot_id);
    end if;
    -- A hold was counted when it was taken, and counts on.
    if v_key.service_id is not null and (hold_id is null or if_still_free) then
        v_over := booking.over_pending(
            v_key.tenant_id, v_key.service_id, v_key.starts_at, v_key.duration, booking.session_hash(session_id));
    end if;
    if v_over is not null then
        v_result := booking.not_booked('BK008', v_over);
        perform booking.record_refusal(
            v_key.tenant_id, 'BK008', 'book', booking.session_hash(session_id), v_key.service_id, v_key.starts_at, v_key.duration,
            v_key.resource_id, hold_id, detail => v_over);
    else
        v_result := booking.book_quietly(
            v_key.tenant_id, hold_id, session_id, v_key.service_id, v_key.starts_at, v_key.duration, v_key.resource_id,
            v_customer, if_still_free, seats);
    end if;
    if idempotency_key is not null then
        perform booking.end_once(v_tenant, 'book', v_caller, idempotency_key, v_result);
    end if;
    return v_result;
end
$$;
comment on function booking.public_try_book(
    text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'Behind booking_api.try_book.';

-- sql/88_public_raise.sql
-- The raising forms of 87_public.sql: a refusal becomes PTnnn, which PostgREST answers with that HTTP status.
-- Next: 89_public_read.sql.

create function booking.public_refuse(code text, detail jsonb)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_refusal booking.refusal;
begin
    if code is null then
        return;
    end if;
    select r.* into strict v_refusal from booking.refusals() r where r.code = public_refuse.code;
    raise exception using errcode = 'PT' || v_refusal.status, message = v_refusal.message,
        detail = (coalesce(detail, '{}') || jsonb_build_object('code', code))::text, hint = coalesce(v_refusal.hint, '');
end
$$;
comment on function booking.public_refuse(text, jsonb) is
    'Raises what a try_* function returned as PostgREST wants it: PTnnn with the HTTP status; the DETAIL is what it gave as detail, with the BK code.';

create function booking.public_hold(
    tenant text,
    service text,
    starts_at timestamptz,
    session_id text,
    duration interval,
    resource uuid,
    ttl interval,
    slot_id text,
    seats int)
returns booking.hold_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.hold_result := booking.public_try_hold(
        tenant, service, starts_at, session_id, duration, resource, ttl, slot_id, seats);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'Behind booking_api.hold.';

create function booking.public_hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval,
    resource uuid,
    ttl interval,
    seats int)
returns setof booking.hold_result
language plpgsql
security definer
rows 5
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result booking.hold_result[] := array(
        select r
        from booking.public_try_hold_many(tenant, service, starts_at, session_id, duration, resource, ttl, seats) r);
begin
    if v_result[1].code is not null then
        perform booking.public_refuse(v_result[1].code, null);
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.public_hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'Behind booking_api.hold_many.';

create function booking.public_heartbeat(tenant text, session_id text, holds uuid[])
returns setof booking.heartbeat_result
language plpgsql
security definer
rows 3
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result booking.heartbeat_result[] := array(
        select r from booking.public_try_heartbeat(tenant, session_id, holds) r);
begin
    if not exists (select from unnest(v_result) r where r.status = 'live') then
        perform booking.public_refuse('BK002', null);
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.public_heartbeat(text, text, uuid[]) is 'Behind booking_api.heartbeat.';

create function booking.public_release(tenant text, hold_id uuid, session_id text)
returns booking.release_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.release_result := booking.public_try_release(tenant, hold_id, session_id);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_release(text, uuid, text) is 'Behind booking_api.release.';

create function booking.public_book(
    tenant text,
    hold_id uuid,
    session_id text,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    idempotency_key text,
    if_still_free boolean,
    slot_id text,
    seats int)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.public_try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, slot_id,
        seats);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_book(
    text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'Behind booking_api.book.';

-- sql/89_public_read.sql
-- More definers behind the public surface, as in 87_public.sql: the reads of a calendar. Next: 90_public_token.sql.

create function booking.public_available_days(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    zone text,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    step interval)
returns setof booking.available_day
language plpgsql
stable
security definer
rows 40
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key := booking.public_key(tenant, service, null, null, resource, null);
begin
    return query
        select *
        from booking.available_days(
            v_key.tenant_id, v_key.service_id, from_ts, to_ts, zone, duration, v_key.resource_id, session_id,
            coalesce(holds, 'hide'), step);
end
$$;
comment on function booking.public_available_days(
    text, text, timestamptz, timestamptz, text, interval, uuid, text, text, interval) is
    'Behind booking_api.available_days.';

create function booking.public_held_spans(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid,
    session_id text)
returns setof booking.held_span
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_held_spans.tenant, public_held_spans.service, null, null, public_held_spans.resource, null);
begin
    -- A hidden member is not named, as in the list of slots, which counts it too: without its spans nobody could tell why
    -- a slot is marked as held, and until when. The order gives nothing of its id away.
    return query
        select r.resource_id, s.span, s.expires_at, s.own
        from booking.held_spans(
            v_key.tenant_id, v_key.service_id, from_ts, to_ts, v_key.resource_id, public_held_spans.session_id) s
        left join booking.resource r
            on r.tenant_id = v_key.tenant_id and r.resource_id = s.resource_id and r.public
        order by lower(s.span), upper(s.span), r.resource_id, s.expires_at;
end
$$;
comment on function booking.public_held_spans(text, text, timestamptz, timestamptz, uuid, text) is
    'Behind booking_api.held_spans.';

create type booking.public_resource as (
    resource_id uuid,
    slug text,
    name text,
    zone text,
    location_id uuid,
    location text);
comment on type booking.public_resource is 'What the public sees of a resource: names, zone, and where it stands.';

create function booking.public_resources(tenant text, service text)
returns setof booking.public_resource
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key;
begin
    if public_resources.service is null then
        v_key.tenant_id := booking.public_tenant(public_resources.tenant);
    else
        v_key := booking.public_key(public_resources.tenant, public_resources.service, null, null, null, null);
    end if;
    return query
        select r.resource_id, r.slug, r.name, r.zone, r.location_id, l.name
        from booking.resource r
        left join booking.location l using (tenant_id, location_id)
        where r.tenant_id = v_key.tenant_id and r.active and r.public
            and (v_key.service_id is null or exists (
                select
                from booking.requirement_resource m
                where m.tenant_id = r.tenant_id and m.service_id = v_key.service_id and m.resource_id = r.resource_id))
        order by r.slug;
end
$$;
comment on function booking.public_resources(text, text) is 'Behind booking_api.resources.';

-- sql/90_public_token.sql
-- What a customer may do to a booking by its manage token. Definers as in 87_public.sql. Next: 91_api.sql.

create type booking.managed_booking as (
    booking_id uuid,
    service_id uuid,
    service text,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    zone text,
    seats int,
    resources text[],
    location_id uuid,
    location text,
    price numeric,
    currency text,
    payment_required boolean,
    payment_url text,
    expires_at timestamptz,
    may_cancel boolean,
    cancel_until timestamptz,
    may_reschedule boolean,
    reschedule_until timestamptz,
    code text,
    detail jsonb);
comment on type booking.managed_booking is
    'A booking as its customer sees it. service, resources and location are names, of public resources only; zone: the IANA '
    'time zone of the service; expires_at: until when a pending one waits, for its payment, at payment_url, where '
    'payment_required says so. '
    'may_cancel and may_reschedule: by this token, now; the two _until: how long its state and the notice of the service allow '
    'it. code: null, or BK007.';

create function booking.managed(booking booking.booking, scopes text[], now timestamptz)
returns booking.managed_booking
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_status text := booking.status_at(booking, now);
    v_unpaid boolean := v_status = 'pending' and booking.unpaid(booking);
    v_cancel_until timestamptz;
    v_reschedule_until timestamptz;
    v_managed booking.managed_booking;
begin
    if v_status in ('pending', 'confirmed') then
        v_cancel_until := booking.notice_end(booking, 'cancel');
        v_reschedule_until := booking.notice_end(booking, 'reschedule');
    end if;
    select (booking).booking_id, s.service_id, s.name, v_status, lower((booking).span), upper((booking).span), s.zone,
        (booking).seats, r.names, p.location_id, l.name, (booking).price, (booking).currency,
        v_unpaid, case when v_unpaid then booking.payment_url(booking) end,
        case when v_status = 'pending' then (booking).expires_at end,
        coalesce('cancel' = any (scopes) and v_cancel_until > now, false), v_cancel_until,
        coalesce('reschedule' = any (scopes) and v_reschedule_until > now and s.active, false), v_reschedule_until
    into v_managed
    from booking.service s
    cross join lateral (
        select coalesce(array_agg(distinct r.name order by r.name), '{}') as names
        from booking.booking_resource a
        join booking.resource r using (tenant_id, resource_id)
        where a.tenant_id = s.tenant_id and a.booking_id = (booking).booking_id and r.public) r
    left join lateral (
        -- Where its window says, else where the resource stands.
        select coalesce(w.location_id, r.location_id) as location_id
        from booking.booking_resource a
        join booking.resource r using (tenant_id, resource_id)
        left join lateral booking.window_locations(
            r.tenant_id, r.schedule_id, lower((booking).span), lower((booking).span) + interval '1 microsecond') w
            on w.span @> lower((booking).span)
        where a.tenant_id = s.tenant_id and a.booking_id = (booking).booking_id and r.public
            and coalesce(w.location_id, r.location_id) is not null
        order by a.resource_id, a.unit
        limit 1) p on true
    left join booking.location l on l.tenant_id = s.tenant_id and l.location_id = p.location_id
    where s.tenant_id = (booking).tenant_id and s.service_id = (booking).service_id;
    return v_managed;
end
$$;
comment on function booking.managed(booking.booking, text[], timestamptz) is
    'A booking as its customer sees it, who may do what the scopes of the token say.';

create function booking.public_try_show(tenant text, token text)
returns booking.managed_booking
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant uuid := booking.public_tenant(public_try_show.tenant);
    v_booking booking.booking := booking.booking_of_token(v_tenant, public_try_show.token, 'show', statement_timestamp());
    v_managed booking.managed_booking;
begin
    if v_booking.booking_id is null then
        v_managed.code := 'BK007';
        return v_managed;
    end if;
    return booking.managed(
        v_booking,
        (
            select t.scopes
            from booking.booking_token t
            where t.tenant_id = v_tenant and t.token_hash = booking.token_hash(public_try_show.token)),
        statement_timestamp());
end
$$;
comment on function booking.public_try_show(text, text) is 'Behind booking_api.try_show.';

create function booking.cancel_by_token(tenant uuid, token text, reason text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_booking booking.booking := booking.booking_of_token(tenant, token, 'cancel');
    v_late jsonb;
    v_result booking.booking_result;
begin
    if v_booking.booking_id is null then
        return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK007'));
    elsif v_booking.status in ('pending', 'confirmed') then
        v_late := booking.too_late(v_booking, 'cancel');
        if v_late is not null then
            return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK005', v_late));
        end if;
    end if;
    v_result := booking.try_cancel(tenant, v_booking.booking_id, reason);
    if v_result.code is null then
        -- While this waited it may have been moved, or the token revoked. Judged once more, now that nobody else can.
        v_booking := booking.booking_of_token(tenant, token, 'cancel');
        if v_booking.booking_id is null then
            raise exception using errcode = 'BK007';
        end if;
        v_late := booking.too_late(v_booking, 'cancel');
        if v_late is not null then
            raise exception using errcode = 'BK005';
        end if;
    end if;
    return v_result;
exception
    when sqlstate 'BK007' then
        return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK007'));
    when sqlstate 'BK005' then
        return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK005', v_late));
end
$$;
comment on function booking.cancel_by_token(uuid, text, text) is
    'Cancels the booking of a token if that may and the notice of the service is kept; else BK007 or BK005 in code.';

create function booking.public_try_cancel(tenant text, token text, reason text, idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
    v_caller bytea := booking.token_hash(token);
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    -- A key is its token's: without one that is worth something there is no key.
    if idempotency_key is null or (booking.booking_of_token(v_tenant, token, 'cancel')).booking_id is null then
        return booking.cancel_by_token(v_tenant, token, reason);
    end if;
    v_earlier := booking.begin_once(v_tenant, 'cancel', v_caller, idempotency_key, jsonb_build_object('reason', reason));
    if v_earlier.replay then
        return booking.replayed(v_earlier, v_tenant, 'cancel');
    end if;
    v_result := booking.cancel_by_token(v_tenant, token, reason);
    perform booking.end_once(v_tenant, 'cancel', v_caller, idempotency_key, v_result);
    return v_result;
end
$$;
comment on function booking.public_try_cancel(text, text, text, text) is 'Behind booking_api.try_cancel.';

create function booking.reschedule_by_token(
    tenant uuid,
    token text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.booking_of_token(
        reschedule_by_token.tenant, reschedule_by_token.token, 'reschedule');
    v_began timestamptz := clock_timestamp();
    v_from timestamptz := lower(v_booking.span);
    v_slot booking.slot_key := booking.slot_of(reschedule_by_token.slot_id);
    v_late jsonb;
    v_result booking.booking_result;
begin
    if v_booking.booking_id is null then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK007'));
    elsif v_booking.status in ('pending', 'confirmed') then
        v_late := booking.too_late(v_booking, 'reschedule');
        if v_late is not null then
            return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK005', v_late));
        end if;
    end if;
    v_slot.starts_at := coalesce(v_slot.starts_at, reschedule_by_token.starts_at);
    v_slot.duration := coalesce(v_slot.duration, reschedule_by_token.duration);
    v_slot.resource_id := coalesce(v_slot.resource_id, reschedule_by_token.resource);
    -- A slot of something else, or a resource that the public does not see, is not known here.
    if v_slot.tenant_id <> v_booking.tenant_id or v_slot.service_id <> v_booking.service_id
        or v_slot.resource_id is not null and not exists (
            select
            from booking.requirement_resource m
            join booking.resource r using (tenant_id, resource_id)
            where m.tenant_id = v_booking.tenant_id and m.service_id = v_booking.service_id
                and m.resource_id = v_slot.resource_id and r.public and r.active)
    then
        perform booking.raise_unknown();
    elsif not exists (
        select
        from booking.service s
        where s.tenant_id = v_booking.tenant_id and s.service_id = v_booking.service_id and s.active)
    then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK003'));
    end if;
    v_result := booking.try_reschedule(
        reschedule_by_token.tenant, v_booking.booking_id, v_slot.starts_at, v_slot.duration, v_slot.resource_id);
    if v_result.code is null then
        -- As in cancel_by_token. Where it was by then, only its history knows.
        v_booking := booking.booking_of_token(reschedule_by_token.tenant, reschedule_by_token.token, 'reschedule');
        if v_booking.booking_id is null then
            raise exception using errcode = 'BK007';
        end if;
        v_from := coalesce(
            (
                select (e.detail ->> 'from')::timestamptz
                from booking.booking_event e
                where e.tenant_id = v_booking.tenant_id and e.booking_id = v_booking.booking_id and e.kind = 'rescheduled'
                    and e.at >= v_began
                order by e.at desc
                limit 1),
            v_from);
        v_booking.span := tstzrange(v_from, v_from, '[]');
        v_late := booking.too_late(v_booking, 'reschedule');
        if v_late is not null then
            raise exception using errcode = 'BK005';
        end if;
    end if;
    return v_result;
exception
    when sqlstate 'BK007' then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK007'));
    when sqlstate 'BK005' then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK005', v_late));
end
$$;
comment on function booking.reschedule_by_token(uuid, text, timestamptz, interval, uuid, text) is
    'Moves the booking of a token if that may and the notice of the service is kept; else BK007 or BK005 in code. PT404: a '
    'slot_id of another service, or a resource that the public does not see.';

create function booking.public_try_reschedule(
    tenant text,
    token text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text,
    idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
    v_caller bytea := booking.token_hash(token);
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    if idempotency_key is null or (booking.booking_of_token(v_tenant, token, 'reschedule')).booking_id is null then
        return booking.reschedule_by_token(v_tenant, token, starts_at, duration, resource, slot_id);
    end if;
    v_earlier := booking.begin_once(
        v_tenant, 'reschedule', v_caller, idempotency_key,
        booking.book_request(null, null, starts_at, duration, resource, null, false, slot_id, null));
    if v_earlier.replay then
        return booking.replayed(v_earlier, v_tenant, 'reschedule');
    end if;
    v_result := booking.reschedule_by_token(v_tenant, token, starts_at, duration, resource, slot_id);
    perform booking.end_once(v_tenant, 'reschedule', v_caller, idempotency_key, v_result);
    return v_result;
end
$$;
comment on function booking.public_try_reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'Behind booking_api.try_reschedule.';

create function booking.public_show(tenant text, token text)
returns booking.managed_booking
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.managed_booking := booking.public_try_show(tenant, token);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_show(text, text) is 'Behind booking_api.show.';

create function booking.public_cancel(tenant text, token text, reason text, idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.public_try_cancel(tenant, token, reason, idempotency_key);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_cancel(text, text, text, text) is 'Behind booking_api.cancel.';

create function booking.public_reschedule(
    tenant text,
    token text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text,
    idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.public_try_reschedule(
        tenant, token, starts_at, duration, resource, slot_id, idempotency_key);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'Behind booking_api.reschedule.';

-- sql/91_api.sql
-- The public surface, the one schema to expose over HTTP. {tenant} and {service} are uuid or slug; a slot_id stands for
-- tenant, service, start, duration and resource. Plain SQL around the definers of 87_public.sql, parsed here and now, so
-- that its callers need no USAGE on booking. Next: 92_api_read.sql.

create function booking_api.services(tenant text)
returns setof booking.public_service
language sql
stable
begin atomic
    select * from booking.public_services(tenant);
end;
comment on function booking_api.services(text) is
    'The public services of a tenant: names, zone, durations and step in minutes. PT404: unknown tenant.';

create function booking_api.available_slots(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    each_resource boolean default false,
    step interval default null)
returns setof booking.slot
language sql
stable
begin atomic
    select *
    from booking.public_available_slots(
        tenant, service, from_ts, to_ts, duration, resource, session_id, holds, each_resource, step);
end;
comment on function booking_api.available_slots(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval) is
    'As booking.available_slots, for public services and resources. PT404: unknown names; class 22: bad arguments.';

create function booking_api.try_hold(
    tenant text default null,
    service text default null,
    starts_at timestamptz default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    slot_id text default null,
    seats int default null)
returns booking.hold_result
language sql
begin atomic
    select booking.public_try_hold(tenant, service, starts_at, session_id, duration, resource, ttl, slot_id, seats);
end;
comment on function booking_api.try_hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'As booking.try_hold, for public services and resources, also by slot_id. PT404: unknown names; class 22: bad arguments.';

create function booking_api.hold(
    tenant text default null,
    service text default null,
    starts_at timestamptz default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    slot_id text default null,
    seats int default null)
returns booking.hold_result
language sql
begin atomic
    select booking.public_hold(tenant, service, starts_at, session_id, duration, resource, ttl, slot_id, seats);
end;
comment on function booking_api.hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'As booking.hold, for public services and resources, also by slot_id. PT409: taken; PT422: not offered; PT404: unknown names.';

create function booking_api.try_hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language sql
begin atomic
    select * from booking.public_try_hold_many(tenant, service, starts_at, session_id, duration, resource, ttl, seats);
end;
comment on function booking_api.try_hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'As booking.try_hold_many, for public services and resources. PT404: unknown names; class 22: bad arguments.';

create function booking_api.hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language sql
begin atomic
    select * from booking.public_hold_many(tenant, service, starts_at, session_id, duration, resource, ttl, seats);
end;
comment on function booking_api.hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'As booking.hold_many, for public services and resources. PT409: one is taken; PT422: one is not offered; PT404: unknown names; class 22: bad arguments.';

create function booking_api.try_heartbeat(tenant text, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language sql
begin atomic
    select * from booking.public_try_heartbeat(tenant, session_id, holds);
end;
comment on function booking_api.try_heartbeat(text, text, uuid[]) is
    'As booking.try_heartbeat. PT404: unknown tenant; class 22: bad arguments.';

create function booking_api.heartbeat(tenant text, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language sql
begin atomic
    select * from booking.public_heartbeat(tenant, session_id, holds);
end;
comment on function booking_api.heartbeat(text, text, uuid[]) is
    'As booking.heartbeat. PT410: the session has nothing live any more; PT404: unknown tenant; class 22: bad arguments.';

create function booking_api.try_release(tenant text, hold_id uuid default null, session_id text default null)
returns booking.release_result
language sql
begin atomic
    select booking.public_try_release(tenant, hold_id, session_id);
end;
comment on function booking_api.try_release(text, uuid, text) is
    'As booking.try_release. PT404: unknown tenant; 22004: no session_id.';

create function booking_api.release(tenant text, hold_id uuid default null, session_id text default null)
returns booking.release_result
language sql
begin atomic
    select booking.public_release(tenant, hold_id, session_id);
end;
comment on function booking_api.release(text, uuid, text) is
    'As booking.release, of one hold or, without hold_id, of all that the session holds. PT410: no such live hold of the '
    'session; PT404: unknown tenant; 22004: no session_id.';

create function booking_api.try_book(
    tenant text default null,
    hold_id uuid default null,
    session_id text default null,
    service text default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    slot_id text default null,
    seats int default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, slot_id,
        seats);
end;
comment on function booking_api.try_book(text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'As booking.try_book, for public services and resources, also by slot_id. PT404: unknown names; class 22: bad arguments.';

create function booking_api.book(
    tenant text default null,
    hold_id uuid default null,
    session_id text default null,
    service text default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    slot_id text default null,
    seats int default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, slot_id,
        seats);
end;
comment on function booking_api.book(text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'As booking.book, for public services and resources, also by slot_id; with an idempotency_key also give session_id unless '
    'signed in. PT409: taken, or the key was used with another request; PT410: hold lapsed or not yours; PT422: not offered; PT404: unknown names.';

-- sql/92_api_read.sql
-- The public surface, continued: what a calendar reads beside the slots. Next: 93_api_token.sql.

create function booking_api.available_days(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    zone text default null,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    step interval default null)
returns setof booking.available_day
language sql
stable
begin atomic
    select *
    from booking.public_available_days(
        tenant, service, from_ts, to_ts, zone, duration, resource, session_id, holds, step);
end;
comment on function booking_api.available_days(
    text, text, timestamptz, timestamptz, text, interval, uuid, text, text, interval) is
    'As booking.available_days, for public services and resources. PT404: unknown names; class 22: bad arguments.';

create function booking_api.held_spans(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid default null,
    session_id text default null)
returns setof booking.held_span
language sql
stable
begin atomic
    select *
    from booking.public_held_spans(tenant, service, from_ts, to_ts, resource, session_id);
end;
comment on function booking_api.held_spans(text, text, timestamptz, timestamptz, uuid, text) is
    'As booking.held_spans, for public services; resource_id is null for a resource that is not public. PT404: unknown names; '
    'class 22: bad arguments.';

create function booking_api.resources(tenant text, service text default null)
returns setof booking.public_resource
language sql
stable
begin atomic
    select * from booking.public_resources(tenant, service);
end;
comment on function booking_api.resources(text, text) is
    'The public resources of a tenant, or of one of its public services: names, zone and location. PT404: unknown names.';

-- sql/93_api_token.sql
-- The public surface, continued: one's own booking, by the manage token that came with it. Next: 95_grants.sql.

create function booking_api.try_show(tenant text, token text)
returns booking.managed_booking
language sql
stable
begin atomic
    select booking.public_try_show(tenant, token);
end;
comment on function booking_api.try_show(text, text) is 'As booking_api.show, but a refusal is returned in code. PT404: unknown tenant.';

create function booking_api.show(tenant text, token text)
returns booking.managed_booking
language sql
stable
begin atomic
    select booking.public_show(tenant, token);
end;
comment on function booking_api.show(text, text) is
    'One''s own booking, and what may still be done about it. PT403: no such token, or not for this; PT404: unknown tenant.';

create function booking_api.try_cancel(tenant text, token text, reason text default null, idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_cancel(tenant, token, reason, idempotency_key);
end;
comment on function booking_api.try_cancel(text, text, text, text) is 'As booking_api.cancel, but a refusal is returned in code. PT404: unknown tenant.';

create function booking_api.cancel(tenant text, token text, reason text default null, idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_cancel(tenant, token, reason, idempotency_key);
end;
comment on function booking_api.cancel(text, text, text, text) is
    'Cancels one''s own booking. PT403: no such token, or not for this; PT409: cancelled already, over, or later than the '
    'service''s cancel_notice allows, which the DETAIL says; PT404: unknown tenant.';

create function booking_api.try_reschedule(
    tenant text,
    token text,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    slot_id text default null,
    idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_reschedule(tenant, token, starts_at, duration, resource, slot_id, idempotency_key);
end;
comment on function booking_api.try_reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'As booking_api.reschedule, but a refusal is returned in code. PT404: unknown tenant or resource, or a slot of another '
    'service; class 22: bad arguments.';

create function booking_api.reschedule(
    tenant text,
    token text,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    slot_id text default null,
    idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_reschedule(tenant, token, starts_at, duration, resource, slot_id, idempotency_key);
end;
comment on function booking_api.reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'Moves one''s own booking to another start, also by slot_id, as booking.reschedule. The token stays good. PT403: no such '
    'token, or not for this; PT409: taken, a limit, over, or later than the service''s reschedule_notice allows, which the '
    'DETAIL says; PT422: not offered; PT404: unknown tenant or resource, or a slot of another service; class 22: bad arguments.';

-- sql/95_grants.sql
-- Who may call what. Nothing is PUBLIC's; the site's own roles are granted by kind. Next: 99_dump.sql.

create function booking.callable(kind text)
returns setof regprocedure
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- What runs with its caller's rights is bounded by policies, so members may call all of it. What runs with the owner's is
    -- the public's, or says here whose it is.
    select p.oid::regprocedure
    from pg_proc p
    where p.prorettype <> 'trigger'::regtype
        and case
            when p.pronamespace = 'booking_api'::regnamespace then kind in ('public', 'member', 'service')
            when p.pronamespace <> 'booking'::regnamespace then false
            when p.proname like 'grant\_%' or p.proname in ('revoke_access', 'bind_login', 'install_jobs', 'remove_jobs') then false
            when p.prosecdef and p.proname like 'public\_%' then kind in ('public', 'member', 'service')
            when p.prosecdef and p.proname in ('caller', 'my_tenants') then kind in ('member', 'service')
            when p.prosecdef or p.prokind = 'p' then kind = 'service'
            else kind in ('member', 'service', 'owner')
        end;
end;
comment on function booking.callable(text) is
    'What roles of a kind may call: public, member, service, or the owner of the definers beside what it owns.';

create function booking.grant_member(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_grant record;
begin
    execute format('grant usage on schema booking, booking_api to %I', role);
    execute (
        select format('grant execute on function %s to %I', string_agg(f::text, ', '), role)
        from booking.callable('member') f);
    -- Grants follow policies, the one place that says who may do what with a table.
    for v_grant in
        select p.polrelid::regclass as relation, string_agg(distinct v.verb, ', ') as verbs
        from pg_policy p
        join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) v (cmd, verb) on v.cmd = p.polcmd::text
        join pg_class c on c.oid = p.polrelid
        where c.relnamespace = 'booking'::regnamespace
        group by p.polrelid
    loop
        execute format('grant %s on table %s to %I', v_grant.verbs, v_grant.relation, role);
    end loop;
end
$$;
comment on function booking.grant_member(name) is
    'Lets a role call what members may call and use the tables that they have policies for.';

create function booking.grant_service(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set client_min_messages = warning
as $$
declare
    v_table regclass;
begin
    execute format('grant usage on schema booking, booking_api to %I', role);
    execute (
        select format('grant execute on routine %s to %I', string_agg(f::text, ', '), role)
        from booking.callable('service') f);
    for v_table in
        select c.oid::regclass
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and c.oid <> 'booking.access'::regclass
        order by c.relname
    loop
        execute format('grant select, insert, update, delete on table %s to %I', v_table, role);
        execute format('drop policy if exists service_all on %s', v_table);
        execute format('create policy service_all on %s to %I using (true) with check (true)', v_table, role);
    end loop;
end
$$;
comment on function booking.grant_service(name) is 'Lets a role act for all tenants: every table but booking.access, and every function but those that grant.';

create function booking.grant_owner(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_table regclass;
    v_function regprocedure;
begin
    -- Foreign keys are checked as the owner of a table: without USAGE every one of them fails.
    execute format('grant usage, create on schema booking to %I', role);
    execute (
        select format('grant execute on function %s to %I', string_agg(f::text, ', '), role)
        from booking.callable('owner') f);
    for v_table in
        select c.oid::regclass
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p')
            and c.relowner <> to_regrole(quote_ident(role))
    loop
        execute format('alter table %s owner to %I', v_table, role);
    end loop;
    for v_function in
        select p.oid::regprocedure
        from pg_proc p
        where p.pronamespace = 'booking'::regnamespace and p.prosecdef and p.proowner <> to_regrole(quote_ident(role))
    loop
        execute format('alter function %s owner to %I', v_function, role);
    end loop;
    -- Only needed to be given something.
    execute format('revoke create on schema booking from %I', role);
end
$$;
comment on function booking.grant_owner(name) is 'Gives the tables and the definers to a role, with what they call.';

create function booking.grant_timeout(role name, bound text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if not exists (
        select
        from pg_db_role_setting s
        cross join unnest(s.setconfig) c
        where s.setrole = to_regrole(quote_ident(role)) and c like 'statement\_timeout=%')
    then
        execute format('alter role %I set statement_timeout = %L', role, bound);
    end if;
exception when insufficient_privilege then
    raise warning 'role "%" has no statement_timeout', role
        using hint = format('Whoever may: alter role %I set statement_timeout = %L', role, bound);
end
$$;
comment on function booking.grant_timeout(name, text) is
    'The bound of every call of a role, where it has none yet. PostgREST applies it for the role that it takes on.';

create function booking.check_access(access booking.access)
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_names name[] := array_remove(array[access.public_role, access.member_role, access.service_role, access.owner_role], null);
    v_role name;
begin
    if coalesce(access.public_role, access.member_role, access.service_role, access.owner_role) is null then
        raise exception 'no role is given, and none is known from before'
            using errcode = '22004', hint = 'Name the roles of the site: public_role, member_role, service_role, owner_role.';
    end if;
    foreach v_role in array v_names loop
        if to_regrole(quote_ident(v_role)) is null then
            raise exception 'role "%" does not exist', v_role using errcode = '42704';
        elsif cardinality(array_positions(v_names, v_role)) > 1 then
            raise exception 'role "%" cannot be two of them', v_role using errcode = '22023';
        elsif access.owner_role is not null and v_role <> access.owner_role and pg_has_role(v_role, access.owner_role, 'member') then
            raise exception 'role "%" must not be a member of the owner', v_role
                using errcode = '22023', hint = 'Policies do not hold for whoever may act as the owner of a table.';
        elsif v_role is distinct from access.service_role and (
            select r.rolsuper or r.rolbypassrls or r.rolcanlogin and v_role is distinct from access.public_role
            from pg_roles r
            where r.rolname = v_role)
        then
            raise exception 'role "%" may log in, or policies do not hold for it', v_role
                using errcode = '22023', hint = 'A login of one tenant is for booking.bind_login.';
        end if;
    end loop;
end
$$;
comment on function booking.check_access(booking.access) is
    'What the roles of a site must be: 42704 where one does not exist, 22023 where one cannot be what it is to be, 22004 for none.';

create function booking.revoke_access(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_table regclass;
begin
    if to_regrole(quote_ident(role)) is null then
        return;
    end if;
    execute format('revoke all on all tables in schema booking from %I', role);
    execute format('revoke all on all routines in schema booking, booking_api from %I', role);
    execute format('revoke all on schema booking, booking_api from %I', role);
    for v_table in
        select p.polrelid::regclass
        from pg_policy p
        where p.polname = 'service_all' and p.polroles = array[to_regrole(quote_ident(role))::oid]
    loop
        execute format('drop policy service_all on %s', v_table);
    end loop;
end
$$;
comment on function booking.revoke_access(name) is 'Takes from a role all that grant_access and bind_login give. Nothing for an unknown one.';

create function booking.grant_access(
    public_role name default null,
    member_role name default null,
    service_role name default null,
    owner_role name default null)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_before booking.access;
    v_access booking.access;
    v_role name;
begin
    -- One at a time: two that grant on one object fail.
    lock table booking.access in share row exclusive mode;
    select a.* into v_before from booking.access a;
    v_access := (
        coalesce(grant_access.public_role, v_before.public_role),
        coalesce(grant_access.member_role, v_before.member_role),
        coalesce(grant_access.service_role, v_before.service_role),
        coalesce(grant_access.owner_role, v_before.owner_role), null)::booking.access;
    perform booking.check_access(v_access);
    perform booking.grant_public_nothing();
    foreach v_role in array array[v_before.public_role, v_before.member_role, v_before.service_role] loop
        if v_role is not null and (v_access.public_role, v_access.member_role, v_access.service_role)
            is distinct from (v_before.public_role, v_before.member_role, v_before.service_role)
        then
            perform booking.revoke_access(v_role);
        end if;
    end loop;
    if v_access.owner_role is not null then
        perform booking.grant_owner(v_access.owner_role);
    end if;
    if v_access.public_role is not null then
        execute format('grant usage on schema booking_api to %I', v_access.public_role);
        execute (
            select format('grant execute on function %s to %I', string_agg(f::text, ', '), v_access.public_role)
            from booking.callable('public') f);
        perform booking.grant_timeout(v_access.public_role, '5s');
    end if;
    if v_access.member_role is not null then
        perform booking.grant_member(v_access.member_role);
        perform booking.grant_timeout(v_access.member_role, '15s');
    end if;
    if v_access.service_role is not null then
        perform booking.grant_service(v_access.service_role);
        perform booking.grant_timeout(v_access.service_role, '60s');
    end if;
    for v_role in select distinct l.login from booking.sql_login l where to_regrole(quote_ident(l.login)) is not null loop
        perform booking.grant_member(v_role);
    end loop;
    v_access.owner := (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = 'booking.access'::regclass);
    delete from booking.access;
    insert into booking.access select v_access.*;
end
$$;
comment on function booking.grant_access(name, name, name, name) is
    'Wires the roles of the site, which it does not create (Supabase: anon, authenticated, service_role). public_role calls '
    'booking_api and nothing else. member_role, which cannot log in, is what signed-in requests run as: members use the tables '
    'and functions of their tenants under row-level security, customers see their own bookings. service_role acts for all '
    'tenants. owner_role, which cannot log in either, gets the tables and the definers, so that these run as nobody with more '
    'rights than they need; without one they run as whoever installed the extension. A null argument: as in the call before, so '
    'grant_access() repeats it, as must be done after a restore. A role that is replaced loses what it had. Sets '
    'statement_timeout of roles that have none (5, 15, 60 s). 42704: unknown role; 22023: a role that cannot be that; 22004: none '
    'given, ever; 42501: the caller may not grant.';

create function booking.bind_login(tenant uuid, login name, role text default 'viewer')
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if to_regrole(quote_ident(bind_login.login)) is null then
        raise exception 'role "%" does not exist', bind_login.login using errcode = '42704';
    elsif (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = bind_login.login) then
        raise exception 'policies do not hold for role "%"', bind_login.login using errcode = '22023';
    end if;
    insert into booking.sql_login as l (tenant_id, login, role)
    values (bind_login.tenant, bind_login.login, bind_login.role)
    on conflict on constraint sql_login_pkey do update
    set role = excluded.role;
    perform booking.grant_member(bind_login.login);
end
$$;
comment on function booking.bind_login(uuid, name, text) is
    'Lets a login speak SQL for a tenant, as viewer (default), manager or owner: whatever it sets, it is this tenant''s, and '
    'that of other calls for it. Deleting its rows of booking.sql_login shuts it out. 42704: unknown role; 22023: a role that '
    'policies do not hold for; 23503: unknown tenant; 23514: unknown kind of member; 42501: the caller may not grant.';

create function booking.grant_public_nothing()
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_type regtype;
begin
    revoke all on all tables in schema booking from public;
    revoke all on all routines in schema booking, booking_api from public;
    revoke all on schema booking, booking_api from public;
    -- There is no ALL TYPES. Arrays and row types of tables follow their elements and tables.
    for v_type in
        select t.oid::regtype
        from pg_type t
        left join pg_class c on c.oid = t.typrelid
        where t.typnamespace = 'booking'::regnamespace and t.typelem = 0 and coalesce(c.relkind, 'c') = 'c'
    loop
        execute format('revoke all on type %s from public', v_type);
    end loop;
end
$$;
comment on function booking.grant_public_nothing() is 'Takes from PUBLIC what new functions and types give it. Ends the install script.';

create function booking.grant_after_update()
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- A grant or a revoke in a script of an extension makes all that is granted on the object a part of the extension: pg_dump
    -- would leave it out, and name a role that is dropped later by its number. The roles are the site's, so what was recorded
    -- before is put back; of what is new stays what it has when PUBLIC has nothing.
    v_before pg_init_privs[] := array(select p from pg_init_privs p where p.privtype = 'e');
begin
    perform booking.grant_public_nothing();
    v_before := v_before || array(
        select p
        from pg_init_privs p
        where p.privtype = 'e'
            and not exists (
                select
                from unnest(v_before) b
                where (b.objoid, b.classoid, b.objsubid) = (p.objoid, p.classoid, p.objsubid)));
    if exists (select from booking.access) then
        perform booking.grant_access();
    end if;
    delete from pg_init_privs p
    where p.privtype = 'e'
        and not exists (
            select
            from unnest(v_before) b
            where (b.objoid, b.classoid, b.objsubid) = (p.objoid, p.classoid, p.objsubid));
    update pg_init_privs p
    set initprivs = b.initprivs
    from unnest(v_before) b
    where (b.objoid, b.classoid, b.objsubid) = (p.objoid, p.classoid, p.objsubid)
        and b.initprivs::text <> p.initprivs::text;
end
$$;
comment on function booking.grant_after_update() is
    'The end of every upgrade script: nothing of what is new is PUBLIC''s, and the roles of the site get what is theirs of it.';

select booking.grant_public_nothing();

-- sql/99_dump.sql
-- What pg_dump takes along: all that users enter. Not pages, which recompute makes anew.

select pg_extension_config_dump('booking.tenant', '');
select pg_extension_config_dump('booking.member', '');
select pg_extension_config_dump('booking.location', '');
select pg_extension_config_dump('booking.holiday_set', '');
select pg_extension_config_dump('booking.holiday', '');
select pg_extension_config_dump('booking.schedule', '');
select pg_extension_config_dump('booking.schedule_rule', '');
select pg_extension_config_dump('booking.schedule_override', '');
select pg_extension_config_dump('booking.schedule_travel', '');
select pg_extension_config_dump('booking.resource', '');
select pg_extension_config_dump('booking.service', '');
select pg_extension_config_dump('booking.service_limit', '');
select pg_extension_config_dump('booking.service_requirement', '');
select pg_extension_config_dump('booking.requirement_resource', '');
select pg_extension_config_dump('booking.busy_window', '');
select pg_extension_config_dump('booking.hold', '');
select pg_extension_config_dump('booking.booking', '');
select pg_extension_config_dump('booking.booking_resource', '');
select pg_extension_config_dump('booking.booking_event', '');
select pg_extension_config_dump('booking.booking_token', '');
select pg_extension_config_dump('booking.idempotency', '');
select pg_extension_config_dump('booking.sitting', '');
select pg_extension_config_dump('booking.claim', '');
select pg_extension_config_dump('booking.access', '');
select pg_extension_config_dump('booking.sql_login', '');
select pg_extension_config_dump('booking.payment', '');
