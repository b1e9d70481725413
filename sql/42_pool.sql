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
