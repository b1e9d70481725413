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
