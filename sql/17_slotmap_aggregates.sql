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
