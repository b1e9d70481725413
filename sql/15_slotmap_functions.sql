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
