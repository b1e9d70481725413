-- More definers behind the public surface, as in 87_public.sql: the reads of a calendar. Next: 90_public_token.sql.

create function booking.public_available_days(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    zone text,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    step interval)
returns setof booking.available_day
language plpgsql
stable
security definer
rows 40
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key := booking.public_key(tenant, service, null, null, resource, null);
begin
    return query
        select *
        from booking.available_days(
            v_key.tenant_id, v_key.service_id, from_ts, to_ts, zone, duration, v_key.resource_id, session_id,
            coalesce(holds, 'hide'), step);
end
$$;
comment on function booking.public_available_days(
    text, text, timestamptz, timestamptz, text, interval, uuid, text, text, interval) is
    'Behind booking_api.available_days.';

create function booking.public_held_spans(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid,
    session_id text)
returns setof booking.held_span
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_held_spans.tenant, public_held_spans.service, null, null, public_held_spans.resource, null);
begin
    -- A hidden member is not named, as in the list of slots, which counts it too: without its spans nobody could tell why
    -- a slot is marked as held, and until when. The order gives nothing of its id away.
    return query
        select r.resource_id, s.span, s.expires_at, s.own
        from booking.held_spans(
            v_key.tenant_id, v_key.service_id, from_ts, to_ts, v_key.resource_id, public_held_spans.session_id) s
        left join booking.resource r
            on r.tenant_id = v_key.tenant_id and r.resource_id = s.resource_id and r.public
        order by lower(s.span), upper(s.span), r.resource_id, s.expires_at;
end
$$;
comment on function booking.public_held_spans(text, text, timestamptz, timestamptz, uuid, text) is
    'Behind booking_api.held_spans.';

create type booking.public_resource as (
    resource_id uuid,
    slug text,
    name text,
    zone text,
    location_id uuid,
    location text);
comment on type booking.public_resource is 'What the public sees of a resource: names, zone, and where it stands.';

create function booking.public_resources(tenant text, service text)
returns setof booking.public_resource
language plpgsql
stable
security definer
rows 20
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key;
begin
    if public_resources.service is null then
        v_key.tenant_id := booking.public_tenant(public_resources.tenant);
    else
        v_key := booking.public_key(public_resources.tenant, public_resources.service, null, null, null, null);
    end if;
    return query
        select r.resource_id, r.slug, r.name, r.zone, r.location_id, l.name
        from booking.resource r
        left join booking.location l using (tenant_id, location_id)
        where r.tenant_id = v_key.tenant_id and r.active and r.public
            and (v_key.service_id is null or exists (
                select
                from booking.requirement_resource m
                where m.tenant_id = r.tenant_id and m.service_id = v_key.service_id and m.resource_id = r.resource_id))
        order by r.slug;
end
$$;
comment on function booking.public_resources(text, text) is 'Behind booking_api.resources.';

create function booking.public_origins(tenant text)
returns text[]
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    perform booking.check_owner();
    -- An unknown tenant is one that names no origins.
    return array(
        select jsonb_array_elements_text(t.settings -> 'cors_origins')
        from booking.tenant t
        where (t.slug = public_origins.tenant or t.tenant_id = booking.uuid_of(public_origins.tenant)) and t.active);
end
$$;
comment on function booking.public_origins(text) is 'Behind booking_api.origins.';

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
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_slot_page.tenant, public_slot_page.service, null, null, public_slot_page.resource, null);
    v_question booking.question := booking.question(
        v_key.tenant_id, v_key.service_id, public_slot_page.duration, public_slot_page.step);
    v_from timestamptz := greatest(from_ts, after_start);
    v_to timestamptz;
    v_days int;
    v_left int := max;
    v_found int;
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_zone(zone);
    if max is null or max not between 1 and 10000 then
        raise exception 'cannot list % slots at once', max using errcode = '22023', hint = 'Give 1 to 10000.';
    elsif after_start < from_ts or after_start >= to_ts then
        raise exception 'after_start must lie within the range' using errcode = '22023';
    end if;
    -- So many days that an eighth of all starts there can be were enough, and four times as many after each time that was not:
    -- a page costs what it shows. 500 of each of 200 resources in 30 days, 50 ms (all of them: 1.3 s); 500 minutes of a year,
    -- 20 ms (4 s).
    select ceil(8.0 * max / (greatest(1, 1440 / coalesce(v_question.step, v_question.grain, 1440)) * greatest(1, m.members)))
    into v_days
    from (
        select count(*) as members
        from booking.requirement_resource m
        where m.tenant_id = v_key.tenant_id and m.service_id = v_key.service_id and public_slot_page.each_resource
            and public_slot_page.resource is null) m;
    loop
        v_to := least(v_from + make_interval(days => v_days), to_ts);
        return query
            select s.slot_id, s.starts_at, s.ends_at, s.duration, s.resource_id, s.location_id, s.status, s.remaining,
                timezone(zone, s.starts_at)::date,
                extract(epoch from timezone(zone, s.starts_at) - timezone('UTC', s.starts_at))::int,
                extract(epoch from timezone(zone, s.ends_at) - timezone('UTC', s.ends_at))::int
            from booking.public_available_slots(
                public_slot_page.tenant, public_slot_page.service, v_from, v_to, public_slot_page.duration,
                public_slot_page.resource, session_id, holds, each_resource, public_slot_page.step) s
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
