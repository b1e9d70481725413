-- available_slots: the rule of 44_offer.sql as a list. What is left at each start is counted along the starts, a list of
-- integers a resource, not row by row. Next: 47_days.sql.

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

create type booking.start_count as (resource_id uuid, starts booking.slotmap, free int[], stable int[]);
comment on type booking.start_count is
    'How many more bookings fit at each start, along the starts; stable: had foreign holds not been (null unless asked for). '
    'resource_id: those that use this one; null: of the service as a whole.';

create function booking.counted_starts(
    offers booking.offer[],
    limits booking.limit_room[],
    resource uuid,
    by_resource boolean,
    holds text)
returns setof booking.start_count
language plpgsql
stable
rows 5
as $$
#variable_conflict use_column
declare
    v_mark boolean := holds = 'mark';
    v_ignore boolean := holds = 'ignore';
begin
    return query
        with room as (
            select l.resource_id, array_agg(l.span) as spans,
                array_agg(case when v_ignore then l.stable_room else l.room end) as free, array_agg(l.stable_room) as stable
            from unnest(limits) l
            where l.resource_id is not null
            group by l.resource_id),
        -- Free units: of a resource, where it matters whose they are, else of all that a requirement picks one of.
        unit as (
            select o.starts, o.requirement_id, o.pick, o.resource_id,
                booking.slot_counts(o.starts, booking.slotmap_tally_agg(case when v_ignore then o.stable else o.free end, o.units)) as free,
                booking.slot_counts(o.starts, booking.slotmap_tally_agg(o.stable, o.units) filter (where v_mark)) as stable
            from (
                select o.starts, o.requirement_id, o.pick, o.units, o.free, o.stable,
                    case when by_resource or o.pick > 1 or limits is not null then o.resource_id end as resource_id
                from unnest(offers) o) o
            group by o.starts, o.requirement_id, o.pick, o.resource_id),
        part as materialized (
            select u.starts, u.requirement_id, u.pick, u.resource_id,
                case
                    when r.spans is null then u.free
                    else booking.slot_least(u.free, booking.slot_caps(u.starts, r.spans, r.free))
                end as free,
                case
                    when r.spans is null then u.stable
                    else booking.slot_least(u.stable, booking.slot_caps(u.starts, r.spans, r.stable))
                end as stable
            from unit u
            left join room r on r.resource_id = u.resource_id)
        select null::uuid, q.starts, booking.slot_least_agg(q.free), booking.slot_least_agg(q.stable)
        from (
            select p.starts, p.requirement_id, booking.slot_fits(array_agg(p.free), count(*)::int, p.pick) as free,
                booking.slot_fits(array_agg(p.stable) filter (where v_mark), count(*)::int, p.pick) as stable
            from part p
            group by p.starts, p.requirement_id, p.pick) q
        where not by_resource
        group by q.starts
        union all
        -- A row of a resource counts the bookings that use it: no more than it has units, and each needs the others that
        -- its requirement picks beside it, and all of every other requirement.
        select m.resource_id, m.starts, booking.slot_least(m.free, coalesce(o.free, m.free)),
            booking.slot_least(m.stable, coalesce(o.stable, m.stable))
        from part m
        cross join lateral (
            select booking.slot_least_agg(q.free) as free, booking.slot_least_agg(q.stable) as stable
            from (
                select booking.slot_fits(
                        array_agg(p.free), count(*)::int, p.pick - (p.requirement_id = m.requirement_id)::int) as free,
                    booking.slot_fits(
                        array_agg(p.stable) filter (where v_mark), count(*)::int,
                        p.pick - (p.requirement_id = m.requirement_id)::int) as stable
                from part p
                where p.requirement_id <> m.requirement_id or p.pick > 1 and p.resource_id <> m.resource_id
                group by p.requirement_id, p.pick) q) o
        where by_resource and m.resource_id = coalesce(counted_starts.resource, m.resource_id);
end
$$;
comment on function booking.counted_starts(booking.offer[], booking.limit_room[], uuid, boolean, text) is
    'What the offers add up to: how many bookings fit at each start, of the service or of each of its resources.';

create function booking.with_seats(
    counts int[],
    starts booking.slotmap,
    seats int,
    classes booking.class[],
    resource uuid,
    stable boolean)
returns int[]
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    return array(
        select s.count * with_seats.seats + booking.seats_left(classes, s.at, with_seats.resource, with_seats.stable)
        from rows from (booking.slot_series(starts), unnest(counts)) s (at, count)
        where counts is not null);
end
$$;
comment on function booking.with_seats(int[], booking.slotmap, int, booking.class[], uuid, boolean) is
    'The seats along the starts: all of the classes that could be opened, and what is left in those that are.';

create type booking.listing as (
    resource_id uuid,
    location_id uuid,
    starts booking.slotmap,
    ids text[],
    free int[],
    stable int[],
    places int[],
    locations uuid[]);
comment on type booking.listing is
    'Starts to be listed, and along them: slot_id, what is left, what were left without foreign holds, and the number of the '
    'location where the window says so; location_id is that of the resource.';

create function booking.listings(
    service booking.service,
    counts booking.start_count[],
    head text,
    only_resource uuid,
    limits booking.limit_room[],
    classes booking.class[],
    starts tstzrange,
    holds text)
returns booking.listing[]
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return array(
        with target as materialized (
            select coalesce(c.resource_id, only_resource) as resource_id, c.starts, c.free, c.stable
            from unnest(counts) c),
        seated as (
            select t.resource_id, t.starts,
                case
                    when classes is null then t.free
                    else booking.with_seats(t.free, t.starts, service.seats, classes, t.resource_id, holds = 'ignore')
                end as free,
                case
                    when classes is null or t.stable is null then t.stable
                    else booking.with_seats(t.stable, t.starts, service.seats, classes, t.resource_id, true)
                end as stable
            from target t),
        capped as materialized (
            select s.resource_id, s.starts,
                case
                    when p.spans is null then s.free
                    else booking.slot_least(s.free, booking.slot_caps(s.starts, p.spans, p.free))
                end as free,
                case
                    when p.spans is null then s.stable
                    else booking.slot_least(s.stable, booking.slot_caps(s.starts, p.spans, p.stable))
                end as stable
            from seated s
            cross join lateral (
                select array_agg(l.span) as spans,
                    array_agg(case holds when 'ignore' then l.stable_room else l.room end) as free,
                    array_agg(l.stable_room) as stable
                from unnest(limits) l
                where l.resource_id is null or l.resource_id = s.resource_id) p),
        -- Nothing is left of most starts that fell out: they go before there are rows.
        kept as materialized (
            select c.resource_id, booking.slot_where(c.starts, c.free) as starts, array_remove(c.free, 0) as free, null::int[] as stable
            from capped c
            where c.stable is null
            union all
            select c.resource_id, c.starts, c.free, c.stable
            from capped c
            where c.stable is not null),
        place as materialized (
            select x.schedule_id, array_agg(w.span) as spans, array_agg(w.location_id) as locations,
                array_agg(w.number) as numbers
            from (
                select distinct r.schedule_id
                from target t
                join booking.resource r on r.tenant_id = service.tenant_id and r.resource_id = t.resource_id
                where r.schedule_id is not null) x
            cross join lateral booking.window_locations(service.tenant_id, x.schedule_id, lower(starts), upper(starts))
                with ordinality w (span, location_id, number)
            group by x.schedule_id)
        select (
            k.resource_id, r.location_id, k.starts,
            booking.slot_ids(k.starts, head, booking.slot_id_tail(k.resource_id)), k.free, k.stable,
            booking.slot_caps(k.starts, p.spans, p.numbers::int[]), p.locations)::booking.listing
        from kept k
        left join booking.resource r on r.tenant_id = service.tenant_id and r.resource_id = k.resource_id
        left join place p on p.schedule_id = r.schedule_id);
end
$$;
comment on function booking.listings(
    booking.service, booking.start_count[], text, uuid, booking.limit_room[], booking.class[], tstzrange, text) is
    'What booking.counted_starts counts, with seats, limits of the service and locations, ready to be listed.';

-- Inlined: a function that is called would put each row aside once more, 0.2 us a row.
create function booking.listed_slots(
    service booking.service,
    listings booking.listing[],
    minutes int,
    length interval)
returns setof booking.slot
language sql
stable
begin atomic
    select s.id, s.at,
        case (service).kind when 'stay' then booking.slot_end(service, s.at, minutes) else s.at + length end,
        length, l.resource_id, coalesce(l.locations[s.place], l.location_id),
        case when s.free > 0 then 'available' else 'held' end, s.free
    from unnest(listings) l
    cross join lateral rows from (
        booking.slot_series(l.starts), unnest(l.ids), unnest(l.free), unnest(l.stable), unnest(l.places))
        s (at, id, free, stable, place)
    where s.free > 0 or s.stable > 0;
end;
comment on function booking.listed_slots(booking.service, booking.listing[], int, interval) is 'Listings as rows.';

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
    v_grain int := booking.service_grain(v_service);
    v_minutes int := booking.wanted_minutes(v_service, available_slots.duration, v_grain);
    v_step int := booking.wanted_step(v_service, available_slots.step, v_grain);
    v_session bytea := booking.session_hash(session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_by_resource boolean := each_resource or available_slots.resource is not null;
    v_length interval := case v_service.kind
        when 'stay' then make_interval(days => v_minutes / 1440) else make_interval(mins => v_minutes) end;
    v_offers booking.offer[];
    v_limits booking.limit_room[];
    v_classes booking.class[];
    v_only uuid;
    v_listings booking.listing[];
begin
    perform booking.check_range(from_ts, to_ts);
    if as_of is not null then
        perform booking.check_range(as_of, as_of);
    end if;
    if holds is null or holds not in ('hide', 'mark', 'ignore') then
        raise exception 'holds must be hide, mark or ignore' using errcode = '22023';
    end if;
    perform booking.check_member(v_service, available_slots.resource);
    v_offers := array(
        select o
        from booking.offers(
            v_service, from_ts, to_ts, v_minutes, v_step, v_grain, v_session, v_service.seats is not null, v_now) o);
    if v_offers = '{}' then
        return;
    end if;
    -- Confirmed bookings only: nobody's holds are one's own.
    v_limits := booking.limits_of(
        v_service, tstzrange(from_ts, to_ts), v_minutes, case when holds <> 'ignore' then v_session end, v_now);
    if v_service.seats is not null then
        v_classes := booking.limited_classes(
            booking.classes(v_service, v_offers, tstzrange(from_ts, to_ts), v_minutes, v_session, v_now), v_limits);
    end if;
    -- Named where there is only one.
    if not v_by_resource and v_offers[1].resource_id = all (select o.resource_id from unnest(v_offers) o) then
        v_only := v_offers[1].resource_id;
    end if;
    v_listings := booking.listings(
        v_service, array(
            select c
            from booking.counted_starts(v_offers, v_limits, available_slots.resource, v_by_resource, holds) c),
        booking.slot_id_head(v_service.tenant_id, v_service.service_id, v_minutes), v_only, v_limits, v_classes,
        tstzrange(from_ts, to_ts), holds);
    if cardinality(v_listings) = 1 then
        return query
            select s.*
            from booking.listed_slots(v_service, v_listings, v_minutes, v_length) s;
    else
        return query
            select s.*
            from booking.listed_slots(v_service, v_listings, v_minutes, v_length) s
            order by s.starts_at, s.resource_id;
    end if;
end
$$;
comment on function booking.available_slots(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'The starts that are offered, from_ts <= starts_at < to_ts, in time order. duration: one of the service''s, default its '
    'shortest; step between starts, default the service''s, which alone hold and book know; resource: only with this one; each_resource: a row a resource; '
    'session_id: whose own holds are not in the way; holds: hide foreign live holds (default), mark them as held, or ignore '
    'them; as_of: replaces the clock. P0002: unknown tenant, service or resource. 22023, 22008, 22004: a range that is '
    'reversed, infinite, open or over 400 days, a duration or step off the grain, a short session_id.';
