-- The definers behind the public surface: SECURITY DEFINER, public arguments only (no as_of, no owner's functions), and
-- each finds its tenant and service itself, since policies do not hold for the owner. Before anything else it asks whether
-- it runs as the owner that it was given (public_tenant and public_key do). Unknown, inactive and foreign names are told
-- apart by nobody: one query, one answer. Their raising forms: 88_public_raise.sql.

-- Inlined, which STRICT would prevent: to call it costs 24 us in every transaction.
create function booking.uuid_of(id text)
returns uuid
language sql
immutable
parallel safe
begin atomic
    select case
        when id ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then id::uuid
    end;
end;
comment on function booking.uuid_of(text) is 'A uuid in its usual form, or null for any other text.';

create function booking.raise_unknown()
returns void
language plpgsql
as $$
begin
    raise exception 'not found' using errcode = 'PT404', detail = '{"code": "P0002"}',
        hint = 'Check the tenant, the service and the resource.';
end
$$;
comment on function booking.raise_unknown() is 'PT404: the one answer to unknown, inactive and foreign names.';

create function booking.tenant_of(tenant text)
returns uuid
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_tenant uuid;
begin
    select t.tenant_id into v_tenant
    from booking.tenant t
    where (t.tenant_id = booking.uuid_of(tenant_of.tenant) or t.slug = tenant_of.tenant) and t.active;
    if not found then
        perform booking.raise_unknown();
    end if;
    return v_tenant;
end
$$;
comment on function booking.tenant_of(text) is 'The id of an active tenant by uuid or slug; else PT404.';

create function booking.public_tenant(tenant text)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform booking.check_owner();
    return booking.tenant_of(tenant);
end
$$;
comment on function booking.public_tenant(text) is 'As booking.tenant_of, for definers: 42501 as booking.check_owner.';

create function booking.public_key(
    tenant text,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text)
returns booking.slot_key
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_slot booking.slot_key := booking.slot_of(public_key.slot_id);
    v_key booking.slot_key;
begin
    perform booking.check_owner();
    if public_key.slot_id is null and (public_key.tenant is null or public_key.service is null) then
        raise exception 'give a slot_id, or tenant, service and starts_at' using errcode = '22004';
    end if;
    v_key.tenant_id := booking.tenant_of(coalesce(public_key.tenant, v_slot.tenant_id::text));
    v_key.starts_at := coalesce(v_slot.starts_at, public_key.starts_at);
    v_key.duration := coalesce(v_slot.duration, public_key.duration);
    v_key.resource_id := coalesce(v_slot.resource_id, public_key.resource);
    select s.service_id into v_key.service_id
    from booking.service s
    where s.tenant_id = v_key.tenant_id and s.active and s.public
        and (v_slot.tenant_id is null or v_slot.tenant_id = s.tenant_id)
        and case
            when v_slot.service_id is not null then s.service_id = v_slot.service_id
            else s.service_id = booking.uuid_of(public_key.service) or s.slug = public_key.service
        end;
    if not found then
        perform booking.raise_unknown();
    end if;
    if v_key.resource_id is not null and not exists (
        select
        from booking.requirement_resource m
        join booking.resource r using (tenant_id, resource_id)
        where m.tenant_id = v_key.tenant_id and m.service_id = v_key.service_id
            and m.resource_id = v_key.resource_id and r.public and r.active)
    then
        perform booking.raise_unknown();
    end if;
    return v_key;
end
$$;
comment on function booking.public_key(text, text, timestamptz, interval, uuid, text) is
    'What names or a slot_id stand for: an active tenant, a public service, one of its public resources; else PT404. '
    '22004 where neither is given.';

create type booking.public_service as (
    service_id uuid,
    slug text,
    name text,
    zone text,
    durations int[],
    step int);
comment on type booking.public_service is 'What the public sees of a service: names, zone, durations and step in minutes.';

create function booking.public_services(tenant text)
returns setof booking.public_service
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
begin
    return query
        select s.service_id, s.slug, s.name, s.zone, s.durations,
            coalesce(s.step, (select min(d) from unnest(s.durations) d))
        from booking.service s
        where s.tenant_id = v_tenant and s.active and s.public
        order by s.slug;
end
$$;
comment on function booking.public_services(text) is 'Behind booking_api.services.';

create function booking.public_resources(tenant uuid, resources uuid[])
returns uuid[]
language plpgsql
stable
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return array(
        select r.resource_id
        from booking.resource r
        where r.tenant_id = public_resources.tenant and r.resource_id = any (resources) and r.public
        order by r.resource_id);
end
$$;
comment on function booking.public_resources(uuid, uuid[]) is
    'What the public hears of who was taken: members that it does not see are held, and not named.';

create function booking.public_try_hold(
    tenant text,
    service text,
    starts_at timestamptz,
    session_id text,
    duration interval,
    resource uuid,
    ttl interval,
    slot_id text,
    seats int)
returns booking.hold_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key := booking.public_key(tenant, service, starts_at, duration, resource, slot_id);
    v_hold booking.hold_result := booking.hold_quietly(
        v_key.tenant_id, v_key.service_id, v_key.starts_at, session_id, v_key.duration, v_key.resource_id, ttl, seats,
        quotas => true);
begin
    if v_hold.hold_id is null then
        return v_hold;
    end if;
    v_hold.resources := booking.public_resources(v_key.tenant_id, v_hold.resources);
    return v_hold;
end
$$;
comment on function booking.public_try_hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'Behind booking_api.try_hold.';

create function booking.public_try_hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval,
    resource uuid,
    ttl interval,
    seats int)
returns setof booking.hold_result
language plpgsql
security definer
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_try_hold_many.tenant, public_try_hold_many.service, null, public_try_hold_many.duration,
        public_try_hold_many.resource, null);
begin
    return query
        select r.hold_id, r.starts_at, r.ends_at, r.expires_at, booking.public_resources(v_key.tenant_id, r.resources), r.code,
            r.detail
        from unnest(booking.hold_many_quietly(
            v_key.tenant_id, v_key.service_id, public_try_hold_many.starts_at, public_try_hold_many.session_id, v_key.duration,
            v_key.resource_id, public_try_hold_many.ttl, public_try_hold_many.seats, quotas => true)) r;
end
$$;
comment on function booking.public_try_hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'Behind booking_api.try_hold_many.';

create function booking.public_try_heartbeat(tenant text, session_id text, holds uuid[])
returns setof booking.heartbeat_result
language plpgsql
security definer
rows 3
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return query
        select r.* from unnest(booking.heartbeat_quietly(booking.public_tenant(tenant), session_id, holds, quotas => true)) r;
end
$$;
comment on function booking.public_try_heartbeat(text, text, uuid[]) is 'Behind booking_api.try_heartbeat.';

create function booking.public_try_release(tenant text, hold_id uuid, session_id text)
returns booking.release_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
begin
    if session_id is null then
        raise exception 'session_id is needed' using errcode = '22004';
    end if;
    return booking.try_release(v_tenant, hold_id, session_id);
end
$$;
comment on function booking.public_try_release(text, uuid, text) is 'Behind booking_api.try_release.';

create function booking.public_customer(customer jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_customer jsonb := booking.check_customer(customer) - 'sub';
    v_sub text := booking.signed_in();
begin
    if v_sub is not null then
        v_customer := v_customer || jsonb_build_object('sub', v_sub);
    end if;
    return v_customer;
end
$$;
comment on function booking.public_customer(jsonb) is
    'What a visitor says about the customer, with the sub of who is signed in, which nobody may say.';

create function booking.public_try_book(
    tenant text,
    hold_id uuid,
    session_id text,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    idempotency_key text,
    if_still_free boolean,
    slot_id text,
    seats int)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key;
    v_customer jsonb := booking.public_customer(customer);
    v_tenant uuid;
    v_caller bytea;
    v_earlier booking.earlier;
    v_over jsonb;
    v_result booking.booking_result;
begin
    if idempotency_key is not null then
        -- Before names are looked up: a repeat is told what was booked, also where the service is gone since.
        v_tenant := booking.public_tenant(coalesce(tenant, (booking.slot_of(slot_id)).tenant_id::text));
        v_caller := booking.caller_hash(session_id, false);
        v_earlier := booking.begin_once(
            v_tenant, 'book', v_caller, idempotency_key, booking.book_request(
                hold_id, service, starts_at, duration, resource, v_customer, if_still_free, slot_id, seats));
        if v_earlier.replay then
            return booking.replayed(v_earlier, v_tenant, 'book');
        end if;
    end if;
    if hold_id is not null and session_id is null then
        raise exception 'session_id is needed to book a hold' using errcode = '22004';
    elsif service is null and slot_id is null then
        v_key.tenant_id := booking.public_tenant(tenant);
    else
        v_key := booking.public_key(tenant, service, starts_at, duration, resource, slot_id);
    end if;
    -- A hold was counted when it was taken, and counts on.
    if v_key.service_id is not null and (hold_id is null or if_still_free) then
        v_over := booking.over_pending(
            v_key.tenant_id, v_key.service_id, v_key.starts_at, v_key.duration, booking.session_hash(session_id));
    end if;
    if v_over is not null then
        v_result := booking.not_booked('BK008', v_over);
        perform booking.record_refusal(
            v_key.tenant_id, 'BK008', 'book', booking.session_hash(session_id), v_key.service_id, v_key.starts_at, v_key.duration,
            v_key.resource_id, hold_id, detail => v_over);
    else
        v_result := booking.book_quietly(
            v_key.tenant_id, hold_id, session_id, v_key.service_id, v_key.starts_at, v_key.duration, v_key.resource_id,
            v_customer, if_still_free, seats);
    end if;
    if idempotency_key is not null then
        perform booking.end_once(v_tenant, 'book', v_caller, idempotency_key, v_result);
    end if;
    return v_result;
end
$$;
comment on function booking.public_try_book(
    text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'Behind booking_api.try_book.';
