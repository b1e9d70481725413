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
