-- The rule: when is a slot offered? One function answers, for a list of a year and for a hold of one start alike: what
-- is shown can be had, what can be had is shown. Its callers force generic plans: they depend on no argument, and making
-- custom ones took 0.9 of the 2.9 ms of a list of one resource. Next: 43_slots.sql, which lists; 52_take.sql, which takes.

create function booking.the_service(tenant uuid, service uuid)
returns booking.service
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_service booking.service;
begin
    select s.* into v_service
    from booking.service s
    join booking.tenant t using (tenant_id)
    where s.tenant_id = the_service.tenant and s.service_id = the_service.service and s.active and t.active;
    if not found then
        raise exception 'unknown tenant or service' using errcode = 'P0002';
    end if;
    return v_service;
end
$$;
comment on function booking.the_service(uuid, uuid) is
    'A service by its id. P0002 where it, or its tenant, is unknown or not active.';

create function booking.service_grain(tenant uuid, service uuid)
returns int
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select r.grain
        from booking.requirement_resource m
        join booking.resource r using (tenant_id, resource_id)
        where m.tenant_id = service_grain.tenant and m.service_id = service_grain.service
        limit 1);
end
$$;
comment on function booking.service_grain(uuid, uuid) is 'The grain, in minutes, that all resources of a service share; null without resources.';

create function booking.on_grain(minutes int, service booking.service)
returns int
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_grain int := booking.service_grain(service.tenant_id, service.service_id);
begin
    if minutes % v_grain <> 0 then
        raise exception '% minutes are off the grain of % minutes of service "%"', minutes, v_grain, service.slug
            using errcode = '22023', hint = (
                select format('The largest grain that fits them and the UTC offsets of the zones is %s minutes.',
                    booking.largest_grain(array[minutes], array_agg(r.zone) || service.zone))
                from booking.requirement_resource m
                join booking.resource r using (tenant_id, resource_id)
                where m.tenant_id = service.tenant_id and m.service_id = service.service_id);
    end if;
    return minutes;
end
$$;
comment on function booking.on_grain(int, booking.service) is 'The given minutes; 22023 with a hint where they are off the grain of the service.';

create function booking.check_member(service booking.service, resource uuid)
returns void
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if resource is not null and not exists (
        select
        from booking.requirement_resource m
        where m.tenant_id = service.tenant_id and m.service_id = service.service_id
            and m.resource_id = check_member.resource)
    then
        raise exception 'unknown resource of service "%"', service.slug using errcode = 'P0002';
    end if;
end
$$;
comment on function booking.check_member(booking.service, uuid) is 'P0002 where a resource is given that is none of the service''s.';

create type booking.offer as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    unit int,
    hours booking.slotmap,
    stable booking.slotmap,
    free booking.slotmap);
comment on type booking.offer is
    'The starts of one unit of one resource: hours, where only the clock and opening hours count; stable, where nothing that '
    'cannot expire is in the way; free, where no foreign live hold is either.';

create function booking.offers(
    service booking.service,
    from_ts timestamptz,
    to_ts timestamptz,
    minutes int,
    step int,
    session_hash bytea,
    now timestamptz)
returns setof booking.offer
language plpgsql
stable
rows 50
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_grain int := booking.service_grain(service.tenant_id, service.service_id);
    v_none booking.slotmap;
    v_lower timestamptz;
    v_upper timestamptz;
    v_duration interval := make_interval(mins => minutes);
    v_before interval := make_interval(mins => service.buffer_before);
    v_after interval := make_interval(mins => service.buffer_after);
    v_first date;
    v_last date;
    v_read tstzrange;
    v_resources uuid[];
begin
    if v_grain is null or not minutes = any (service.durations) then
        return;
    end if;
    -- Condition 3: notice, horizon, fixed dates.
    v_lower := booking.slot_ceil(greatest(
        from_ts,
        booking.local_plus(now, service.min_notice, service.zone),
        booking.date_start(lower(service.bookable), service.zone)), v_grain);
    v_upper := booking.slot_ceil(least(
        to_ts,
        booking.local_plus(now, service.horizon, service.zone),
        booking.date_start(upper(service.bookable), service.zone)), v_grain);
    if v_lower >= v_upper then
        return;
    end if;
    -- The grid counts from the start of a run or from the midnight of a date that is open throughout. A run that neither
    -- starts on the local date before the first nor crosses its midnight covers it whole: two dates back, and to the end of
    -- the last date, are enough; the longest two dates in a row have 51 hours.
    v_first := booking.week_of(v_lower - greatest(interval '52 hours', v_before));
    v_last := booking.week_of(v_upper + greatest(interval '27 hours', v_duration + v_after));
    v_read := booking.weeks_span(v_first, v_last);
    select array_agg(m.resource_id order by m.resource_id) into v_resources
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = service.tenant_id and m.service_id = service.service_id and r.active;
    v_none := booking.slotmap_inside('empty', v_grain);

    return query
        with page as materialized (
            select *
            from booking.resource_maps(service.tenant_id, v_resources, v_first, v_last)),
        member as materialized (
            select q.requirement_id, q.pick, r.resource_id, r.capacity, p.open, p.busy
            from booking.service_requirement q
            left join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
            left join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id and r.active
            left join page p on p.resource_id = r.resource_id and p.unit = 0
            where q.tenant_id = service.tenant_id and q.service_id = service.service_id),
        -- The service's map, and condition 1 on it.
        map as (
            select booking.slotmap_intersect_agg(q.open) as open
            from (
                select coalesce(booking.slotmap_atleast_agg(m.open, m.pick), v_none) as open
                from member m
                group by m.requirement_id
                union all
                select booking.open_map(service.tenant_id, service.schedule_id, v_grain, lower(v_read), upper(v_read))
                where service.schedule_id is not null) q),
        grid as materialized (
            select booking.slot_grid(
                    m.open, make_interval(mins => step),
                    booking.local_midnights(service.zone, lower(v_read), upper(v_read)))
                * booking.slot_starts(m.open, v_none, v_duration, interval '0', interval '0')
                * booking.slotmap_cover(tstzrange(v_lower, v_upper), v_grain) as starts
            from map m),
        -- Condition 5: foreign live holds.
        held as materialized (
            select c.resource_id, c.unit, booking.slotmap_agg(booking.slotmap_cover(c.span * v_read, v_grain)) as busy
            from booking.claim c
            join booking.hold h using (tenant_id, hold_id)
            where c.tenant_id = service.tenant_id and c.resource_id = any (v_resources) and c.hold_id is not null
                and c.span && v_read and h.expires_at > now and h.session_hash is distinct from offers.session_hash
            group by c.resource_id, c.unit),
        unit as (
            select m.requirement_id, m.pick, m.resource_id, n.unit, m.open, g.starts,
                coalesce(m.busy + p.busy, m.busy, p.busy, v_none) as busy, h.busy as held
            from member m
            cross join grid g
            cross join lateral generate_series(1, m.capacity) n (unit)
            left join page p on p.resource_id = m.resource_id and p.unit = n.unit
            left join held h on h.resource_id = m.resource_id and h.unit = n.unit)
        -- Condition 2, unit by unit.
        select u.requirement_id, u.pick, u.resource_id, u.unit,
            u.starts * booking.slot_starts(u.open, v_none, v_duration, interval '0', interval '0'),
            s.stable,
            case
                when u.held is null then s.stable
                else u.starts * booking.slot_starts(u.open, u.busy + u.held, v_duration, v_before, v_after)
            end
        from unit u
        cross join lateral (
            select u.starts * booking.slot_starts(u.open, u.busy, v_duration, v_before, v_after) as stable
            offset 0) s;
end
$$;
comment on function booking.offers(booking.service, timestamptz, timestamptz, int, int, bytea, timestamptz) is
    'The starts in a range, unit by unit, at which a booking of so many minutes may begin. now is the clock of every '
    'comparison; holds of the session (its sha256) are in nobody''s way.';
