-- More definers behind the public surface, as in 87_public.sql: the reads of a calendar beside the slots. Next: 89_public_slots.sql.

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
    if public_origins.tenant is null then
        return array(
            select distinct jsonb_array_elements_text(t.settings -> 'cors_origins') as origin
            from booking.tenant t
            where t.active
            order by origin);
    end if;
    -- An unknown tenant is one that names no origins.
    return array(
        select jsonb_array_elements_text(t.settings -> 'cors_origins')
        from booking.tenant t
        where (t.slug = public_origins.tenant or t.tenant_id = booking.uuid_of(public_origins.tenant)) and t.active);
end
$$;
comment on function booking.public_origins(text) is 'Behind booking_api.origins.';
