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
