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
