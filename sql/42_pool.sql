-- Pools: the members of a service with all their pages, as one value in one query. Rows of 200 members, put into arrays of
-- composites and taken out again from step to step, took 4 of the 6.5 ms of a list; to collect them by one aggregate takes
-- 0.3 ms more than to read the pages. Next: 43_start.sql.

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
    'A pool and further pages of its resources; those of others are left out. Errors: 22004 null resource or unit, 22023 grains differ, 54000 too long';

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
    lengths interval[],
    before interval,
    after interval,
    arrivals booking.slotmap[],
    allowed booking.slotmap[],
    with_holds boolean)
returns integer[]
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_counts_wrapper';
comment on function booking.pool_counts(
    booking.pool, booking.slotmap, interval[], interval, interval, booking.slotmap[], booking.slotmap[], boolean) is
    'How many bookings fit at each start: the largest m with, for every requirement, sum over its resources of min(free '
    'units, m) >= m * pick. A booking lies in the opening hours of its resources; with arrivals only its start is asked for: '
    'arrivals has the starts of each of the lengths, allowed those of each resource. Errors: 22023 lists that differ in '
    'length, a length off the grain or grains that differ, 22004 null among them, 22003 beyond 32 bits, XX001 no pool';

create function booking.stored_pool(
    service booking.service,
    first_week date,
    last_week date,
    session_hash bytea,
    now timestamptz)
returns booking.pool
language plpgsql
stable
parallel safe
-- A generic plan takes every service for one of many members, which a small table is quickest read through for.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_read tstzrange := booking.weeks_span(first_week, last_week);
begin
    return (
        select booking.pool_agg(q.requirement_id, q.pick, m.resource_id, m.capacity, p.unit, p.open, p.busy, p.held)
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
            where a.tenant_id = service.tenant_id and a.resource_id = m.resource_id and a.week between first_week and last_week
            union all
            -- Foreign live holds.
            select c.unit, null, booking.slotmap_cover(c.span * v_read, m.grain), true
            from booking.claim c
            where c.tenant_id = service.tenant_id and c.resource_id = m.resource_id and c.hold_id is not null
                and c.span && v_read
                and (
                    select h.expires_at > now and h.session_hash is distinct from stored_pool.session_hash
                    from booking.hold h
                    where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id)
            offset 0) p on true
        where q.tenant_id = service.tenant_id and q.service_id = service.service_id);
end
$$;
comment on function booking.stored_pool(booking.service, date, date, bytea, timestamptz) is
    'The active resources of a service with the pages that are stored of some weeks, and with holds that are alive at an '
    'instant but for those of a session (its sha256).';

create function booking.service_pool(
    service booking.service,
    first_week date,
    last_week date,
    session_hash bytea,
    now timestamptz)
returns booking.pool
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
declare
    v_pool booking.pool := booking.stored_pool(service, first_week, last_week, session_hash, now);
begin
    if booking.pool_weeks(v_pool) <= (last_week - first_week) / 7 then
        select booking.pool_add(v_pool, array_agg(m.resource_id), array_agg(m.unit), array_agg(m.open), array_agg(m.busy))
        into v_pool
        from unnest(booking.computed_maps(service.tenant_id, booking.pool_resources(v_pool), first_week, last_week)) m
        having count(*) > 0;
    end if;
    return v_pool;
end
$$;
comment on function booking.service_pool(booking.service, date, date, bytea, timestamptz) is
    'The pool of a service over some weeks, those that are not stored computed.';
