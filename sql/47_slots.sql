-- available_slots: the rule of 44_offer.sql as a list, column by column until the very end. Next: 48_days.sql.

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

create function booking.listing_of(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    as_of timestamptz default null)
returns booking.listing
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_session bytea := booking.session_hash(session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_by_resource boolean := coalesce(each_resource, false) or listing_of.resource is not null;
    v_range tstzrange;
    v_answer booking.answer;
    v_limits booking.limit_room[];
    v_classes booking.class[];
begin
    perform booking.check_range(from_ts, to_ts);
    if as_of is not null then
        perform booking.check_range(as_of, as_of);
    end if;
    holds := coalesce(holds, 'hide');
    if holds not in ('hide', 'mark', 'ignore') then
        raise exception 'holds must be hide, mark or ignore, not "%"', holds using errcode = '22023';
    end if;
    if listing_of.resource is not null then
        perform booking.check_member(v_service, listing_of.resource);
    end if;
    v_range := tstzrange(from_ts, to_ts);
    -- Where units, classes or limits have to be told apart, one by one.
    v_answer := booking.answer(
        question, from_ts, to_ts, v_session, v_now,
        case when not (v_by_resource or question.limited or v_service.seats is not null) then holds end,
        v_service.seats is not null);
    if v_answer.starts is null then
        return null;
    elsif v_answer.free is not null then
        -- Named where there is only one.
        return booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] end, v_answer.starts, v_answer.free,
                v_answer.stable)::booking.start_count,
            question.minutes, null, v_range, holds);
    end if;
    if question.limited then
        -- Confirmed bookings only: nobody's holds are one's own.
        v_limits := booking.limits_of(
            question, v_range, case when holds <> 'ignore' then v_session end, v_now);
    end if;
    if v_service.seats is not null then
        v_classes := booking.limited_classes(
            booking.classes(v_service, v_answer.offers, v_range, question.minutes, v_session, v_now), v_limits);
    end if;
    return booking.merged_listing(array(
        select booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] else c.resource_id end, c.starts,
                c.free, c.stable)::booking.start_count,
            question.minutes, v_limits, v_range, holds)
        from booking.counted_starts(
            v_answer.offers, v_limits, v_service.seats, v_classes, listing_of.resource, v_by_resource, holds) c));
end
$$;
comment on function booking.listing_of(
    booking.question, timestamptz, timestamptz, uuid, text, text, boolean, timestamptz) is
    'The slots of a question; null for none.';

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
begin
    return booking.listing_of(
        booking.question(tenant, service, duration, step), from_ts, to_ts, resource, session_id, holds, each_resource, as_of);
end
$$;
comment on function booking.listed(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'What booking.available_slots returns as rows; null for none.';

-- Inlined, so that each row goes from the arrays to whoever reads them and is put aside by nobody, 0.2 us each time. It needs
-- no search_path: names in a body like this are bound when it is created.
create function booking.slots_of(tenant uuid, service uuid, slots booking.listing)
returns setof booking.slot
language sql
immutable
rows 500
begin atomic
    select booking.slot_id(
            slots_of.tenant, slots_of.service, (slots).minutes, s.starts_at, coalesce(s.resource_id, (slots).resource_id)),
        s.starts_at, coalesce(s.ends_at, s.starts_at + (slots).length), (slots).length,
        coalesce(s.resource_id, (slots).resource_id), coalesce(s.location_id, (slots).location_id),
        case when s.free > 0 then 'available' else 'held' end, s.free
    from (
        select unnest((slots).starts) as starts_at, unnest((slots).ends) as ends_at, unnest((slots).free) as free,
            unnest((slots).stable) as stable, unnest((slots).resources) as resource_id,
            unnest((slots).locations) as location_id) s
    where s.free > 0 or s.stable > 0;
end;
comment on function booking.slots_of(uuid, uuid, booking.listing) is 'A listing of a service''s, row by row.';

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
begin atomic
    select s.*
    from booking.listed(
        available_slots.tenant, available_slots.service, from_ts, to_ts, available_slots.duration, available_slots.resource,
        session_id, holds, each_resource, available_slots.step, as_of) l
    cross join lateral booking.slots_of(available_slots.tenant, available_slots.service, l) s;
end;
comment on function booking.available_slots(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'The starts that are offered, from_ts <= starts_at < to_ts, in time order. duration: one of the service''s (no other has slots), default its '
    'shortest; step between starts, default the service''s, which alone hold and book know; resource: only with this one; each_resource: a row a resource; '
    'session_id: whose own holds are not in the way; holds: hide foreign live holds (default), mark them as held, or ignore '
    'them; as_of: replaces the clock. P0002: unknown tenant, service or resource. 22023, 22008, 22004: a range that is '
    'reversed, infinite, open or over 400 days, a duration or step off the grain, a short session_id.';
