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
