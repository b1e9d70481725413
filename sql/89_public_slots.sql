-- The definers behind the lists of slots: what booking.listing_of says, as far as the public sees it. Next: 90_public_token.sql.
--
-- A day of one resource, 45 slots, 0.43 ms by pg_stat_user_functions: booking.answer 0.12, this file 0.10, booking.question 0.06,
-- booking.listing 0.05, booking.public_key 0.05. When the list came by way of booking_api.available_slots' definer, which asked
-- for all of it again and joined each row to its resource, it took twice as long.

create function booking.for_public(slots booking.listing, tenant uuid, service uuid, each_resource boolean)
returns booking.listing
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_hidden uuid[];
begin
    if slots.resource_id is not null then
        perform
        from booking.resource r
        where r.tenant_id = for_public.tenant and r.resource_id = slots.resource_id and r.public and r.active;
        if not found and each_resource then
            return null;
        elsif not found then
            -- A service with a single hidden member is listed without its name.
            slots.resource_id := null;
            slots.location_id := null;
            slots.locations := null;
        end if;
    elsif slots.resources is not null then
        v_hidden := array(
            select m.resource_id
            from booking.requirement_resource m
            join booking.resource r using (tenant_id, resource_id)
            where m.tenant_id = for_public.tenant and m.service_id = for_public.service and not (r.public and r.active));
        if v_hidden <> '{}' then
            select array_agg(s.starts_at order by s.place), array_agg(s.ends_at order by s.place),
                array_agg(s.free order by s.place), array_agg(s.stable order by s.place),
                array_agg(s.resource_id order by s.place), array_agg(s.location_id order by s.place)
            into slots.starts, slots.ends, slots.free, slots.stable, slots.resources, slots.locations
            from unnest(slots.starts, slots.ends, slots.free, slots.stable, slots.resources, slots.locations)
                with ordinality s (starts_at, ends_at, free, stable, resource_id, location_id, place)
            where s.resource_id <> all (v_hidden);
        end if;
    end if;
    return slots;
end
$$;
comment on function booking.for_public(booking.listing, uuid, uuid, boolean) is
    'A listing, row by row without the members of the service that are not public, and otherwise without their names.';

create function booking.public_available_slots(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval)
returns setof booking.slot
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_available_slots.tenant, public_available_slots.service, null, null, public_available_slots.resource, null);
    v_slots booking.listing := booking.listing_of(
        booking.question(
            v_key.tenant_id, v_key.service_id, public_available_slots.duration, public_available_slots.step),
        from_ts, to_ts, v_key.resource_id, session_id, holds, each_resource);
begin
    v_slots := booking.for_public(v_slots, v_key.tenant_id, v_key.service_id, each_resource);
    return query
        select * from booking.slots_of(v_key.tenant_id, v_key.service_id, v_slots);
end
$$;
comment on function booking.public_available_slots(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval) is
    'Behind booking_api.available_slots.';

create type booking.page_slot as (
    slot_id text,
    starts_at timestamptz,
    ends_at timestamptz,
    duration interval,
    resource_id uuid,
    location_id uuid,
    status text,
    remaining int,
    day date,
    starts_offset int,
    ends_offset int);
comment on type booking.page_slot is
    'A slot, as it reads in a zone: the local date of its start, and how many seconds the zone is ahead of UTC at its start and '
    'its end; null without a zone.';

create function booking.public_slot_page(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval,
    zone text,
    after_start timestamptz,
    after_resource uuid,
    max int)
returns setof booking.page_slot
language plpgsql
stable
security definer
rows 500
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_slot_page.tenant, public_slot_page.service, null, null, public_slot_page.resource, null);
    v_question booking.question := booking.question(
        v_key.tenant_id, v_key.service_id, public_slot_page.duration, public_slot_page.step);
    v_from timestamptz := greatest(from_ts, after_start);
    v_to timestamptz;
    v_members bigint := 1;
    v_days int;
    v_left int := max;
    v_found int;
    v_slots booking.listing;
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_zone(zone);
    if max is null or max not between 1 and 10000 then
        raise exception 'cannot list % slots at once', max using errcode = '22023', hint = 'Give 1 to 10000.';
    elsif after_start < from_ts or after_start >= to_ts then
        raise exception 'after_start must lie within the range' using errcode = '22023';
    end if;
    if each_resource and public_slot_page.resource is null then
        select greatest(1, count(*)) into v_members
        from booking.requirement_resource m
        where m.tenant_id = v_key.tenant_id and m.service_id = v_key.service_id;
    end if;
    -- So many days that an eighth of all starts there can be were enough, and four times as many after each time that was not:
    -- a page costs what it shows. 500 of each of 200 resources in 30 days, 50 ms (all of them: 1.3 s); 500 minutes of a year,
    -- 20 ms (4 s).
    v_days := ceil(8.0 * max / (greatest(1, 1440 / coalesce(v_question.step, v_question.grain, 1440)) * v_members));
    loop
        v_to := least(v_from + make_interval(days => v_days), to_ts);
        v_slots := booking.for_public(
            booking.listing_of(v_question, v_from, v_to, v_key.resource_id, session_id, holds, each_resource),
            v_key.tenant_id, v_key.service_id, each_resource);
        return query
            select s.slot_id, s.starts_at, s.ends_at, s.duration, s.resource_id, s.location_id, s.status, s.remaining,
                timezone(zone, s.starts_at)::date,
                date_part('epoch', timezone(zone, s.starts_at) - timezone('UTC', s.starts_at))::int,
                date_part('epoch', timezone(zone, s.ends_at) - timezone('UTC', s.ends_at))::int
            from booking.slots_of(v_key.tenant_id, v_key.service_id, v_slots) s
            -- Times and ids only grow from page to page: what comes and goes in between repeats nothing and skips nothing.
            where after_start is null or s.starts_at > after_start
                or s.starts_at = after_start and s.resource_id > after_resource
            limit v_left;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;
        exit when v_left = 0 or v_to >= to_ts;
        v_from := v_to;
        v_days := v_days * 4;
    end loop;
end
$$;
comment on function booking.public_slot_page(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, text, timestamptz, uuid, int) is
    'Behind booking_api.slot_page.';
