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
    if counts is null then
        return null;
    end if;
    return array(
        select s.count * with_seats.seats + booking.seats_left(classes, s.at, with_seats.resource, with_seats.stable)
        from unnest(booking.slot_instants(starts), counts) with ordinality s (at, count, place)
        order by s.place);
end
$$;
comment on function booking.with_seats(int[], booking.slotmap, int, booking.class[], uuid, boolean) is
    'The seats along the starts: all of the classes that could be opened, and what is left in those that are.';

create function booking.counted_starts(
    offers booking.offer[],
    limits booking.limit_room[],
    seats int,
    classes booking.class[],
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
    -- A limit of a resource admits so many bookings, that is seats, of all its classes together.
    v_seats_first boolean := classes is not null and limits is not null and 1 = all (select o.pick from unnest(offers) o);
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
        fit as (
            select u.starts, u.requirement_id, u.pick, u.resource_id,
                case
                    when v_seats_first then booking.with_seats(u.free, u.starts, seats, classes, u.resource_id, v_ignore)
                    else u.free
                end as free,
                case
                    when v_seats_first then booking.with_seats(u.stable, u.starts, seats, classes, u.resource_id, true)
                    else u.stable
                end as stable
            from unit u),
        part as materialized (
            select f.starts, f.requirement_id, f.pick, f.resource_id,
                case
                    when r.spans is null then f.free
                    else booking.slot_least(f.free, booking.slot_caps(f.starts, r.spans, r.free))
                end as free,
                case
                    when r.spans is null then f.stable
                    else booking.slot_least(f.stable, booking.slot_caps(f.starts, r.spans, r.stable))
                end as stable
            from fit f
            left join room r on r.resource_id = f.resource_id),
        count (resource_id, starts, free, stable) as (
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
            where by_resource and m.resource_id = coalesce(counted_starts.resource, m.resource_id))
        select c.resource_id, c.starts,
            case
                when classes is null or v_seats_first then c.free
                else booking.with_seats(c.free, c.starts, seats, classes, c.resource_id, v_ignore)
            end,
            case
                when classes is null or v_seats_first then c.stable
                else booking.with_seats(c.stable, c.starts, seats, classes, c.resource_id, true)
            end
        from count c;
end
$$;
comment on function booking.counted_starts(
    booking.offer[], booking.limit_room[], int, booking.class[], uuid, boolean, text) is
    'What the offers add up to: how many bookings fit at each start, of the service or of each of its resources; with '
    'classes (null: no seats) the seats of those that are open and of those that could be opened.';

create function booking.capped(count booking.start_count, limits booking.limit_room[], stable boolean)
returns booking.start_count
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    return (
        select (
            count.resource_id, count.starts,
            coalesce(booking.slot_least(count.free, booking.slot_caps(count.starts, l.spans, l.free)), count.free),
            coalesce(
                booking.slot_least(count.stable, booking.slot_caps(count.starts, l.spans, l.stable)),
                count.stable))::booking.start_count
        from (
            select array_agg(l.span) as spans,
                array_agg(case when capped.stable then l.stable_room else l.room end) as free,
                array_agg(l.stable_room) as stable
            from unnest(limits) l
            where l.resource_id is null or l.resource_id = count.resource_id) l);
end
$$;
comment on function booking.capped(booking.start_count, booking.limit_room[], boolean) is
    'A count with no more than limits leave, those of the service and of the resource that was counted.';

create type booking.listing as (
    resource_id uuid,
    location_id uuid,
    minutes int,
    length interval,
    starts timestamptz[],
    ends timestamptz[],
    free int[],
    stable int[],
    resources uuid[],
    locations uuid[]);
comment on type booking.listing is
    'Slots column by column. free: what is left; stable: what were left without foreign holds, null unless asked for. A '
    'column that is null is the same for all: ends a length after the starts, resources resource_id, locations location_id.';

create function booking.slot_ends(service booking.service, starts booking.slotmap, minutes int)
returns timestamptz[]
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return array(
        select booking.slot_end(service, s.at, minutes)
        from unnest(booking.slot_instants(starts)) with ordinality s (at, place)
        order by s.place);
end
$$;
comment on function booking.slot_ends(booking.service, booking.slotmap, int) is 'The end of each start, by booking.slot_end.';

create function booking.locations_at(
    starts booking.slotmap,
    location uuid,
    tenant uuid,
    schedule uuid,
    range tstzrange)
returns uuid[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_spans tstzrange[];
    v_places uuid[];
    v_numbers int[];
begin
    select array_agg(w.span), array_agg(w.location_id), array_agg(w.number)
    into v_spans, v_places, v_numbers
    from booking.window_locations(tenant, schedule, lower(range), upper(range)) with ordinality w (span, location_id, number);
    if v_spans is null then
        return null;
    end if;
    return array(
        select coalesce(v_places[n.number], location)
        from unnest(booking.slot_caps(starts, v_spans, v_numbers)) with ordinality n (number, place)
        order by n.place);
end
$$;
comment on function booking.locations_at(booking.slotmap, uuid, uuid, uuid, tstzrange) is
    'The location of each start: that of the window of a schedule that it lies in, else the one given.';

create function booking.listing(
    service booking.service,
    count booking.start_count,
    minutes int,
    limits booking.limit_room[],
    starts tstzrange,
    holds text)
returns booking.listing
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_starts booking.slotmap;
    v_location uuid;
    v_schedule uuid;
    v_elsewhere boolean;
begin
    if limits is not null then
        count := booking.capped(count, limits, holds = 'ignore');
    end if;
    -- Nothing is left of most starts that fell out: they go before there are rows.
    v_starts := case when count.stable is null then booking.slot_where(count.starts, count.free) else count.starts end;
    if count.resource_id is not null then
        -- Most schedules have no window with a location.
        select r.location_id, r.schedule_id,
            exists (
                select
                from booking.schedule_rule w
                where w.tenant_id = r.tenant_id and w.schedule_id = r.schedule_id and w.location_id is not null)
            or exists (
                select
                from booking.schedule_override w
                where w.tenant_id = r.tenant_id and w.schedule_id = r.schedule_id and w.location_id is not null)
        into v_location, v_schedule, v_elsewhere
        from booking.resource r
        where r.tenant_id = service.tenant_id and r.resource_id = count.resource_id;
    end if;
    return (
        count.resource_id, v_location, minutes,
        case service.kind when 'stay' then make_interval(days => minutes / 1440) else make_interval(mins => minutes) end,
        booking.slot_instants(v_starts),
        case service.kind when 'stay' then booking.slot_ends(service, v_starts, minutes) end,
        case when count.stable is null then array_remove(count.free, 0) else count.free end,
        count.stable, null,
        case
            when v_elsewhere
                then booking.locations_at(v_starts, v_location, service.tenant_id, v_schedule, starts)
        end)::booking.listing;
end
$$;
comment on function booking.listing(
    booking.service, booking.start_count, int, booking.limit_room[], tstzrange, text) is
    'What was counted, with limits and locations, ready to be listed.';

create function booking.merged_listing(listings booking.listing[])
returns booking.listing
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    if cardinality(listings) < 2 then
        return listings[1];
    end if;
    return (
        select (
            null, null, listings[1].minutes, listings[1].length, array_agg(s.starts_at), array_agg(s.ends_at), array_agg(s.free),
            array_agg(s.stable), array_agg(s.resource_id), array_agg(s.location_id))::booking.listing
        from (
            select s.starts_at, coalesce(s.ends_at, s.starts_at + l.length) as ends_at, s.free, coalesce(s.stable, 0) as stable,
                l.resource_id, coalesce(s.location_id, l.location_id) as location_id
            from unnest(listings) l
            cross join lateral unnest(l.starts, l.ends, l.free, l.stable, l.locations)
                s (starts_at, ends_at, free, stable, location_id)
            order by s.starts_at, l.resource_id) s);
end
$$;
comment on function booking.merged_listing(booking.listing[]) is 'Listings of several resources as one, in the order of time.';

create function booking.listed(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval,
    as_of timestamptz)
returns booking.listing
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(listed.tenant, listed.service, listed.duration, listed.step);
    v_service booking.service := v_question.service;
    v_session bytea := booking.session_hash(session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_by_resource boolean := each_resource or listed.resource is not null;
    v_range tstzrange;
    v_answer booking.answer;
    v_limits booking.limit_room[];
    v_classes booking.class[];
begin
    perform booking.check_range(from_ts, to_ts);
    if as_of is not null then
        perform booking.check_range(as_of, as_of);
    end if;
    if holds is null or holds not in ('hide', 'mark', 'ignore') then
        raise exception 'holds must be hide, mark or ignore' using errcode = '22023';
    end if;
    if listed.resource is not null then
        perform booking.check_member(v_service, listed.resource);
    end if;
    v_range := tstzrange(from_ts, to_ts);
    -- Where units, classes or limits have to be told apart, one by one.
    v_answer := booking.answer(
        v_question, from_ts, to_ts, v_session, v_now,
        case when not (v_by_resource or v_question.limited or v_service.seats is not null) then holds end,
        v_service.seats is not null);
    if v_answer.starts is null then
        return null;
    elsif v_answer.free is not null then
        -- Named where there is only one.
        return booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] end, v_answer.starts, v_answer.free,
                v_answer.stable)::booking.start_count,
            v_question.minutes, null, v_range, holds);
    end if;
    if v_question.limited then
        -- Confirmed bookings only: nobody's holds are one's own.
        v_limits := booking.limits_of(
            v_service, v_range, v_question.minutes, case when holds <> 'ignore' then v_session end, v_now);
    end if;
    if v_service.seats is not null then
        v_classes := booking.limited_classes(
            booking.classes(v_service, v_answer.offers, v_range, v_question.minutes, v_session, v_now), v_limits);
    end if;
    return booking.merged_listing(array(
        select booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] else c.resource_id end, c.starts,
                c.free, c.stable)::booking.start_count,
            v_question.minutes, v_limits, v_range, holds)
        from booking.counted_starts(
            v_answer.offers, v_limits, v_service.seats, v_classes, listed.resource, v_by_resource, holds) c));
end
$$;
comment on function booking.listed(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'What booking.available_slots returns as rows; null for none.';

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
language sql
stable
rows 500
-- Inlined, so that each row goes from the arrays to whoever reads them and is put aside by nobody, 0.2 us each time. It
-- needs no search_path: names in a body like this are bound when it is created.
begin atomic
    select booking.slot_id(
            available_slots.tenant, available_slots.service, l.minutes, s.starts_at, coalesce(s.resource_id, l.resource_id)),
        s.starts_at, coalesce(s.ends_at, s.starts_at + l.length), l.length, coalesce(s.resource_id, l.resource_id),
        coalesce(s.location_id, l.location_id), case when s.free > 0 then 'available' else 'held' end, s.free
    from booking.listed(
        available_slots.tenant, available_slots.service, from_ts, to_ts, available_slots.duration, available_slots.resource,
        session_id, holds, each_resource, available_slots.step, as_of) l
    cross join lateral (
        select unnest(l.starts) as starts_at, unnest(l.ends) as ends_at, unnest(l.free) as free,
            unnest(l.stable) as stable, unnest(l.resources) as resource_id, unnest(l.locations) as location_id) s
    where s.free > 0 or s.stable > 0;
end;
comment on function booking.available_slots(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'The starts that are offered, from_ts <= starts_at < to_ts, in time order. duration: one of the service''s, default its '
    'shortest; step between starts, default the service''s, which alone hold and book know; resource: only with this one; each_resource: a row a resource; '
    'session_id: whose own holds are not in the way; holds: hide foreign live holds (default), mark them as held, or ignore '
    'them; as_of: replaces the clock. P0002: unknown tenant, service or resource. 22023, 22008, 22004: a range that is '
    'reversed, infinite, open or over 400 days, a duration or step off the grain, a short session_id.';
