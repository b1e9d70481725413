-- available_slots: the rule of 42_offer.sql as a list. Next: 50_session.sql.

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

create function booking.fits(counts int[], pick int)
returns int
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_units int := 0;
begin
    -- counts[n]: members with at least n units free. For m bookings a member is worth min(its free units, m), which is
    -- counts[1] + ... + counts[m], and they need m * pick.
    for m in 1..cardinality(counts) loop
        v_units := v_units + counts[m];
        if v_units < m * pick then
            return m - 1;
        end if;
    end loop;
    -- With more bookings than anybody has units, every unit counts.
    return v_units / pick;
end
$$;
comment on function booking.fits(int[], int) is
    'The largest m with sum over the members of min(free units, m) >= m * pick, where counts[n] members have n units free or more.';

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
language plpgsql
stable
rows 500
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_service booking.service := booking.the_service(available_slots.tenant, available_slots.service);
    v_shortest int := (select min(d) from unnest(v_service.durations) d);
    v_minutes int := booking.on_grain(coalesce(booking.whole_minutes(available_slots.duration), v_shortest), v_service);
    v_step int := booking.on_grain(coalesce(booking.whole_minutes(available_slots.step), v_service.step, v_shortest), v_service);
    v_length interval := make_interval(mins => v_minutes);
    v_head text := booking.slot_id_head(v_service.tenant_id, v_service.service_id, v_minutes);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_by_resource boolean := each_resource or available_slots.resource is not null;
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_range(v_now, v_now);
    if holds is null or holds not in ('hide', 'mark', 'ignore') then
        raise exception 'holds must be hide, mark or ignore' using errcode = '22023';
    end if;
    perform booking.check_member(v_service, available_slots.resource);

    return query
        with unit as materialized (
            select u.requirement_id, u.pick, u.resource_id, u.unit, u.stable,
                case holds when 'ignore' then u.stable else u.free end as free
            from booking.offers(v_service, from_ts, to_ts, v_minutes, v_step, booking.session_hash(session_id), v_now) u),
        member as materialized (
            select u.requirement_id, u.pick, u.resource_id, booking.slotmap_agg(u.stable) as stable,
                booking.slotmap_agg(u.free) as free,
                booking.slotmap_tally_agg(u.free) filter (where v_by_resource) as fits
            from unit u
            group by u.requirement_id, u.pick, u.resource_id),
        requirement as materialized (
            select m.requirement_id, m.pick, booking.slotmap_atleast_agg(m.stable, m.pick) as stable,
                booking.slotmap_atleast_agg(m.free, m.pick) as free
            from member m
            group by m.requirement_id, m.pick),
        -- How many bookings are left: of a pool with pick 1 as many as there are free units; else by booking.fits, from
        -- the number of members that have at least 1, 2, ... units free.
        level as (
            select u.requirement_id, u.pick, n.level, booking.slotmap_atleast_agg(u.free, n.level) as free
            from unit u
            cross join lateral generate_series(1, (select max(x.unit) from unit x)) n (level)
            where u.pick > 1
            group by u.requirement_id, u.pick, u.resource_id, n.level),
        tally as materialized (
            select u.requirement_id, u.pick, 1 as level, booking.slotmap_tally_agg(u.free) as fits
            from unit u
            where u.pick = 1
            group by u.requirement_id, u.pick
            union all
            select l.requirement_id, l.pick, l.level, booking.slotmap_tally_agg(l.free)
            from level l
            group by l.requirement_id, l.pick, l.level),
        offered as (
            select booking.slotmap_intersect_agg(q.stable) as stable, booking.slotmap_intersect_agg(q.free) as free
            from requirement q),
        target as (
            -- A row a start for the service as a whole, named where there is only one resource,
            select (select case count(*) when 1 then min(m.resource_id::text)::uuid end from member m) as resource_id,
                o.stable, o.free, null::uuid as requirement_id,
                (select y.fits from tally y where (select sum(q.pick) from requirement q) = 1) as fits
            from offered o
            where not v_by_resource
            union all
            -- or a row a start and resource.
            select m.resource_id, o.stable * m.stable, o.free * m.free, m.requirement_id, m.fits
            from offered o
            cross join member m
            where v_by_resource and m.resource_id = coalesce(available_slots.resource, m.resource_id))
        select v_head || booking.slot_id_start(s.at) || t.tail,
            s.at, s.at + v_length, v_length, t.resource_id, r.location_id,
            case when f.remaining > 0 then 'available' else 'held' end, f.remaining
        from (select *, booking.slot_id_tail(target.resource_id) as tail from target offset 0) t
        left join booking.resource r on r.tenant_id = v_service.tenant_id and r.resource_id = t.resource_id
        cross join lateral booking.slot_series(case holds when 'mark' then t.stable else t.free end) s (at)
        cross join lateral (
            select case
                when not t.free @> s.at then 0
                -- One of one requirement, or one resource of it.
                when (select sum(q.pick) from requirement q) = 1 then booking.slot_tally(t.fits, s.at)
                -- A row of a resource counts the bookings that use it: no more than it has units, and its requirement
                -- needs that many fewer others, among the others.
                else least(booking.slot_tally(t.fits, s.at), (
                    select min(booking.fits(y.counts, y.pick))
                    from (
                        select y.pick - (y.requirement_id is not distinct from t.requirement_id)::int as pick,
                            array_agg(
                                booking.slot_tally(y.fits, s.at) - (
                                    y.requirement_id is not distinct from t.requirement_id
                                    and booking.slot_tally(t.fits, s.at) >= y.level)::int
                                order by y.level) as counts
                        from tally y
                        group by y.requirement_id, y.pick) y
                    where y.pick > 0))
            end as remaining
            offset 0) f
        where s.at >= from_ts and s.at < to_ts
        order by s.at, t.resource_id;
end
$$;
comment on function booking.available_slots(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'The starts that are offered, from_ts <= starts_at < to_ts, in time order. duration: one of the service''s, default its '
    'shortest; step between starts, default the service''s, which alone hold and book know; resource: only with this one; each_resource: a row a resource; '
    'session_id: whose own holds are not in the way; holds: hide foreign live holds (default), mark them as held, or ignore '
    'them; as_of: replaces the clock. P0002: unknown tenant, service or resource. 22023, 22008, 22004: a range that is '
    'reversed, infinite, open or over 400 days, a duration or step off the grain, a short session_id.';
