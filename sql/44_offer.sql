-- The rule: when is a slot offered? One function answers, for a list of a year and for a hold of one start alike: what
-- is shown can be had, what can be had is shown. Its callers force generic plans: they depend on no argument, and making
-- custom ones took 0.9 of the 2.9 ms of a list of one resource. Next: 45_class.sql; 46_slots.sql, which lists; 55_take.sql, which takes.

create type booking.service_member as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    capacity int,
    schedule_id uuid);
comment on type booking.service_member is 'An active resource of a requirement.';

create function booking.service_members(service booking.service)
returns booking.service_member[]
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    -- A requirement that has too few is never met, and with it the service: no members at all.
    return (
        select case
            when bool_and(m.found >= m.pick) then array_agg(
                (m.requirement_id, m.pick, m.resource_id, m.capacity, m.schedule_id)::booking.service_member
                order by m.resource_id) filter (where m.resource_id is not null)
        end
        from (
            select q.requirement_id, q.pick, r.resource_id, r.capacity, r.schedule_id,
                count(r.resource_id) over (partition by q.requirement_id) as found
            from booking.service_requirement q
            left join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
            left join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id and r.active
            where q.tenant_id = service.tenant_id and q.service_id = service.service_id) m);
end
$$;
comment on function booking.service_members(booking.service) is
    'The active resources of a service; null where it has no requirement, or one with fewer of them than it picks.';

create function booking.service_map(
    service booking.service,
    members booking.service_member[],
    maps booking.resource_map[],
    grain int,
    read tstzrange)
returns booking.slotmap
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return (
        select booking.slotmap_intersect_agg(q.open)
        from (
            select booking.slotmap_atleast_agg(p.open, m.pick) as open
            from unnest(members) m
            join unnest(maps) p on p.resource_id = m.resource_id and p.unit = 0
            group by m.requirement_id
            union all
            select booking.open_map(service.tenant_id, service.schedule_id, grain, lower(read), upper(read))
            where service.schedule_id is not null) q);
end
$$;
comment on function booking.service_map(booking.service, booking.service_member[], booking.resource_map[], int, tstzrange) is
    'The service''s map: the instants at which every requirement has open members enough and the service''s own schedule is open.';

create function booking.grid_starts(
    service booking.service,
    open booking.slotmap,
    length interval,
    step interval,
    grain int,
    read tstzrange)
returns booking.slotmap
language plpgsql
stable
as $$
declare
    v_none booking.slotmap := booking.slotmap_inside('empty', grain);
    v_starts booking.slotmap;
begin
    if service.crosses_closed then
        v_starts := open * booking.slot_ahead(open, length - make_interval(mins => grain));
    else
        v_starts := booking.slot_starts(open, v_none, length, '0', '0');
    end if;
    if step is null then
        return v_starts;
    end if;
    return v_starts * booking.slot_grid(open, step, case
        -- Midnights matter to a date that is open throughout; no date of any zone is shorter than this. To work out those
        -- of a month costs 0.1 ms.
        when not isempty(booking.slot_starts(open, v_none, '12:00', '0', '0'))
            then booking.local_midnights(service.zone, lower(read), upper(read))
    end);
end
$$;
comment on function booking.grid_starts(booking.service, booking.slotmap, interval, interval, int, tstzrange) is
    'Condition 1 on the service''s map, for slots and free spans: on the grid of step (null: every slot), with the length in '
    'one run, or with both ends open where the service crosses closed hours.';

create type booking.arrival as (length interval, starts booking.slotmap);
comment on type booking.arrival is 'Starts of stays that are equally long: a change of the clock makes a night longer or shorter.';

create function booking.arrivals(service booking.service, minutes int, grain int, starts tstzrange)
returns booking.arrival[]
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return (
        select array_agg((l.length, l.starts)::booking.arrival)
        from (
            select e.ends_at - d.starts_at as length,
                booking.slotmap_agg(booking.slotmap_cover(tstzrange(d.starts_at, d.starts_at, '[]'), grain)) as starts
            from (
                select d.day::date as day, timezone(service.zone, d.day + service.check_in) as starts_at
                from generate_series(
                    date_trunc('day', timezone(service.zone, lower(starts))) - interval '1 day',
                    timezone(service.zone, upper(starts)), interval '1 day') d (day)) d
            cross join lateral (
                select timezone(service.zone, d.day + minutes / 1440 + service.check_out) as ends_at) e
            where starts @> d.starts_at
                and (service.arrival_days is null or extract(isodow from d.day) = any (service.arrival_days))
                and not exists (
                    select
                    from booking.closed_dates(
                        service.tenant_id, service.schedule_id, d.day, d.day + minutes / 1440 - 1))
            group by 1) l);
end
$$;
comment on function booking.arrivals(booking.service, int, int, tstzrange) is
    'Condition 1 for stays: check-in on the dates of a range that the service allows and does not close.';

create function booking.closed_arrivals(
    service booking.service,
    schedule uuid,
    minutes int,
    starts booking.slotmap)
returns booking.slotmap
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(booking.slotmap_agg(booking.slotmap_cover(tstzrange(s.at, s.at, '[]'), booking.grain(starts))), starts - starts)
        from booking.slot_series(starts) s (at)
        cross join lateral (select timezone(service.zone, s.at)::date as day) d
        where exists (
            select from booking.closed_dates(service.tenant_id, schedule, d.day, d.day + minutes / 1440 - 1)));
end
$$;
comment on function booking.closed_arrivals(booking.service, uuid, int, booking.slotmap) is
    'Those starts of stays that have a night on a date which an override of a schedule closes.';

create function booking.long_starts(
    hours booking.slotmap,
    busy booking.slotmap,
    arrivals booking.arrival[],
    before interval,
    after interval,
    read tstzrange)
returns booking.slotmap
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    return (
        select booking.slotmap_agg(hours * a.starts * booking.slot_starts(
            booking.slotmap_cover(read, booking.grain(hours)), busy, a.length, before, after))
        from unnest(arrivals) a);
end
$$;
comment on function booking.long_starts(booking.slotmap, booking.slotmap, booking.arrival[], interval, interval, tstzrange) is
    'Condition 2 where hours on the way do not count: the starts of a unit that are clear of what is busy.';

create type booking.offer as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    unit int,
    units int,
    starts booking.slotmap,
    hours booking.slotmap,
    stable booking.slotmap,
    free booking.slotmap);
comment on type booking.offer is
    'A unit of a resource, or so many units from it on that nobody has ever taken in the range. starts: the grid of the '
    'service, the same in every row, which the others are to be read on; hours, where only opening hours of the resource '
    'count (null unless asked for); stable, where nothing that cannot expire is in the way; free, where no foreign live hold '
    'is either.';

create function booking.unit_offers(
    service booking.service,
    members booking.service_member[],
    maps booking.resource_map[],
    arrivals booking.arrival[],
    starts booking.slotmap,
    minutes int,
    grain int,
    read tstzrange,
    session_hash bytea,
    with_hours boolean,
    now timestamptz)
returns setof booking.offer
language plpgsql
stable
rows 50
-- The planner cannot know how long the arrays are and takes them for short: nested loops over 200 members took 4 of the 8 ms
-- of a list. What can be joined in no other way then looks so dear that it would be compiled, which takes a second.
set enable_nestloop = off
set jit = off
as $$
#variable_conflict use_column
declare
    v_none booking.slotmap := booking.slotmap_inside('empty', grain);
    v_length interval := make_interval(mins => minutes);
    v_before interval := make_interval(mins => service.buffer_before);
    v_after interval := make_interval(mins => service.buffer_after);
    -- The opening hours that a booking lies in are those of the whole run, or of none: slots, and spans that do not cross.
    v_inside boolean := service.kind <> 'stay' and not service.crosses_closed;
    v_resources uuid[] := array(select m.resource_id from unnest(members) m);
begin
    return query
        with page as materialized (
            select p.* from unnest(maps) p),
        -- Condition 5: foreign live holds.
        held as materialized (
            select c.resource_id, c.unit, booking.slotmap_agg(booking.slotmap_cover(c.span * read, grain)) as busy
            from booking.claim c
            where c.tenant_id = service.tenant_id and c.resource_id = any (v_resources) and c.hold_id is not null
                and c.span && read
                and (
                    select h.expires_at > now and h.session_hash is distinct from unit_offers.session_hash
                    from booking.hold h
                    where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id)
            group by c.resource_id, c.unit),
        member as materialized (
            select m.requirement_id, m.pick, m.resource_id, m.capacity, p.busy,
                case
                    when v_inside then p.open
                    when service.kind = 'span'
                        then p.open * booking.slot_ahead(p.open, v_length - make_interval(mins => grain))
                    when m.schedule_id is null then unit_offers.starts
                    else unit_offers.starts - booking.closed_arrivals(service, m.schedule_id, minutes, unit_offers.starts)
                end as open
            from unnest(members) m
            join page p on p.resource_id = m.resource_id and p.unit = 0),
        taken as materialized (
            select resource_id, unit, p.busy, h.busy as held
            from (select * from page where page.unit > 0) p
            full join held h using (resource_id, unit)),
        rest as (
            select t.resource_id, array_agg(t.unit) as units
            from taken t
            join member m on m.resource_id = t.resource_id and t.unit <= m.capacity
            group by t.resource_id),
        unit as (
            select m.*, t.unit, 1 as units, coalesce(m.busy + t.busy, m.busy, t.busy, v_none) as taken, t.held
            from member m
            join taken t on t.resource_id = m.resource_id and t.unit <= m.capacity
            union all
            -- Units that nobody has are all alike: one row for all of them.
            select m.*, n.unit, m.capacity - coalesce(cardinality(r.units), 0), coalesce(m.busy, v_none), null
            from member m
            left join rest r on r.resource_id = m.resource_id
            cross join lateral (
                select case
                    when r.units is null then 1
                    else (select min(u) from generate_series(1, cardinality(r.units) + 1) u where u <> all (r.units))
                end as unit) n
            where m.capacity > coalesce(cardinality(r.units), 0))
        -- Condition 2, unit by unit.
        select u.requirement_id, u.pick, u.resource_id, u.unit, u.units, unit_offers.starts,
            case
                when not with_hours then null
                when v_inside then booking.slot_starts(u.open, v_none, v_length, '0', '0')
                else u.open
            end,
            s.stable,
            case
                when u.held is null then s.stable
                when v_inside then booking.slot_starts(u.open, u.taken + u.held, v_length, v_before, v_after)
                else booking.long_starts(u.open, u.taken + u.held, arrivals, v_before, v_after, read)
            end
        from unit u
        cross join lateral (
            select case
                when v_inside then booking.slot_starts(u.open, u.taken, v_length, v_before, v_after)
                else booking.long_starts(u.open, u.taken, arrivals, v_before, v_after, read)
            end as stable
            offset 0) s;
end
$$;
comment on function booking.unit_offers(
    booking.service, booking.service_member[], booking.resource_map[], booking.arrival[], booking.slotmap, int, int,
    tstzrange, bytea, boolean, timestamptz) is
    'Condition 2, unit by unit, on the starts that booking.offers found.';

create function booking.offers(
    service booking.service,
    from_ts timestamptz,
    to_ts timestamptz,
    minutes int,
    step int,
    grain int,
    session_hash bytea,
    with_hours boolean,
    now timestamptz)
returns setof booking.offer
language plpgsql
stable
rows 50
as $$
#variable_conflict use_column
declare
    v_length interval := make_interval(mins => minutes);
    v_before interval := make_interval(mins => service.buffer_before);
    v_after interval := make_interval(mins => service.buffer_after);
    v_window tstzrange;
    v_first date;
    v_last date;
    v_read tstzrange;
    v_members booking.service_member[];
    v_maps booking.resource_map[];
    v_arrivals booking.arrival[];
    v_starts booking.slotmap;
begin
    if grain is null or not booking.has_length(service, minutes) then
        return;
    end if;
    -- Condition 3.
    v_window := booking.start_window(service, grain, from_ts, to_ts, now);
    v_members := booking.service_members(service);
    if isempty(v_window) or v_members is null then
        return;
    end if;
    -- The grid counts from the start of a run or from the midnight of a date that is open throughout. A run that neither
    -- starts on the local date before the first nor crosses its midnight covers it whole: two dates back, and to the end of
    -- the last date, are enough; the longest two dates in a row have 51 hours. A stay may be a day longer than its nights.
    v_first := booking.week_of(lower(v_window) - greatest(interval '52 hours', v_before));
    v_last := booking.week_of(upper(v_window) + greatest(
        interval '27 hours', v_length + v_after + case service.kind when 'stay' then interval '26 hours' else '0' end));
    v_read := booking.weeks_span(v_first, v_last);
    v_maps := booking.resource_maps(
        service.tenant_id, array(select m.resource_id from unnest(v_members) m), v_first, v_last);
    -- Condition 1.
    if service.kind = 'stay' then
        v_arrivals := booking.arrivals(service, minutes, grain, v_window);
        select booking.slotmap_agg(a.starts) into v_starts from unnest(v_arrivals) a;
    else
        v_starts := booking.grid_starts(
            service, booking.service_map(service, v_members, v_maps, grain, v_read), v_length, make_interval(mins => step),
            grain, v_read) * booking.slotmap_cover(v_window, grain);
        v_arrivals := array[(v_length, v_starts)::booking.arrival];
    end if;
    if v_starts is null or isempty(v_starts) then
        return;
    end if;
    return query
        select *
        from booking.unit_offers(
            service, v_members, v_maps, v_arrivals, v_starts, minutes, grain, v_read, session_hash, with_hours, now);
end
$$;
comment on function booking.offers(
    booking.service, timestamptz, timestamptz, int, int, int, bytea, boolean, timestamptz) is
    'The starts in a range, unit by unit, at which a booking of so many minutes may begin. now is the clock of every '
    'comparison; holds of the session (its sha256) are in nobody''s way.';
