-- What a customer may do to a booking by its manage token. Definers as in 87_public.sql. Next: 91_api.sql.

create type booking.managed_booking as (
    booking_id uuid,
    service_id uuid,
    service text,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    zone text,
    seats int,
    resources text[],
    location_id uuid,
    location text,
    price numeric,
    currency text,
    payment_required boolean,
    payment_url text,
    expires_at timestamptz,
    may_cancel boolean,
    cancel_until timestamptz,
    may_reschedule boolean,
    reschedule_until timestamptz,
    code text,
    detail jsonb,
    stay boolean,
    sequence int);
comment on type booking.managed_booking is
    'A booking as its customer sees it. service, resources and location are names, of public resources only; zone: the IANA '
    'time zone of the service; expires_at: until when a pending one waits, for its payment, at payment_url, where '
    'payment_required says so. '
    'may_cancel and may_reschedule: by this token, now; the two _until: how long its state and the notice of the service allow '
    'it. code: null, or BK007. stay: it is for nights, from date to date. sequence: grows with every change of it, as SEQUENCE '
    'of RFC 5545.';

create function booking.managed(booking booking.booking, scopes text[], now timestamptz)
returns booking.managed_booking
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_status text := booking.status_at(booking, now);
    v_unpaid boolean := v_status = 'pending' and booking.unpaid(booking);
    v_cancel_until timestamptz;
    v_reschedule_until timestamptz;
    v_managed booking.managed_booking;
begin
    if v_status in ('pending', 'confirmed') then
        v_cancel_until := booking.notice_end(booking, 'cancel');
        v_reschedule_until := booking.notice_end(booking, 'reschedule');
    end if;
    select (booking).booking_id, s.service_id, s.name, v_status, lower((booking).span), upper((booking).span), s.zone,
        (booking).seats, r.names, p.location_id, l.name, (booking).price, (booking).currency,
        v_unpaid, case when v_unpaid then booking.payment_url(booking) end,
        case when v_status = 'pending' then (booking).expires_at end,
        coalesce('cancel' = any (scopes) and v_cancel_until > now, false), v_cancel_until,
        coalesce('reschedule' = any (scopes) and v_reschedule_until > now and s.active, false), v_reschedule_until,
        null, null, s.kind = 'stay', least((booking).version, 2147483647)::int
    into v_managed
    from booking.service s
    cross join lateral (
        select coalesce(array_agg(distinct r.name order by r.name), '{}') as names
        from booking.booking_resource a
        join booking.resource r using (tenant_id, resource_id)
        where a.tenant_id = s.tenant_id and a.booking_id = (booking).booking_id and r.public) r
    left join lateral (
        -- Where its window says, else where the resource stands.
        select coalesce(w.location_id, r.location_id) as location_id
        from booking.booking_resource a
        join booking.resource r using (tenant_id, resource_id)
        left join lateral booking.window_locations(
            r.tenant_id, r.schedule_id, lower((booking).span), lower((booking).span) + interval '1 microsecond') w
            on w.span @> lower((booking).span)
        where a.tenant_id = s.tenant_id and a.booking_id = (booking).booking_id and r.public
            and coalesce(w.location_id, r.location_id) is not null
        order by a.resource_id, a.unit
        limit 1) p on true
    left join booking.location l on l.tenant_id = s.tenant_id and l.location_id = p.location_id
    where s.tenant_id = (booking).tenant_id and s.service_id = (booking).service_id;
    return v_managed;
end
$$;
comment on function booking.managed(booking.booking, text[], timestamptz) is
    'A booking as its customer sees it, who may do what the scopes of the token say.';

create function booking.public_try_show(tenant text, token text)
returns booking.managed_booking
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant uuid := booking.public_tenant(public_try_show.tenant);
    v_booking booking.booking := booking.booking_of_token(v_tenant, public_try_show.token, 'show', statement_timestamp());
    v_managed booking.managed_booking;
begin
    if v_booking.booking_id is null then
        v_managed.code := 'BK007';
        return v_managed;
    end if;
    return booking.managed(
        v_booking,
        (
            select t.scopes
            from booking.booking_token t
            where t.tenant_id = v_tenant and t.token_hash = booking.token_hash(public_try_show.token)),
        statement_timestamp());
end
$$;
comment on function booking.public_try_show(text, text) is 'Behind booking_api.try_show.';

create function booking.cancel_by_token(tenant uuid, token text, reason text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_booking booking.booking := booking.booking_of_token(tenant, token, 'cancel');
    v_late jsonb;
    v_result booking.booking_result;
begin
    if v_booking.booking_id is null then
        return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK007'));
    elsif v_booking.status in ('pending', 'confirmed') then
        v_late := booking.too_late(v_booking, 'cancel');
        if v_late is not null then
            return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK005', v_late));
        end if;
    end if;
    v_result := booking.try_cancel(tenant, v_booking.booking_id, reason);
    if v_result.code is null then
        -- While this waited it may have been moved, or the token revoked. Judged once more, now that nobody else can.
        v_booking := booking.booking_of_token(tenant, token, 'cancel');
        if v_booking.booking_id is null then
            raise exception using errcode = 'BK007';
        end if;
        v_late := booking.too_late(v_booking, 'cancel');
        if v_late is not null then
            raise exception using errcode = 'BK005';
        end if;
    end if;
    return v_result;
exception
    when sqlstate 'BK007' then
        return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK007'));
    when sqlstate 'BK005' then
        return booking.refused(tenant, v_booking, 'cancel', booking.not_booked('BK005', v_late));
end
$$;
comment on function booking.cancel_by_token(uuid, text, text) is
    'Cancels the booking of a token if that may and the notice of the service is kept; else BK007 or BK005 in code.';

create function booking.public_try_cancel(tenant text, token text, reason text, idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
    v_caller bytea := booking.token_hash(token);
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    -- A key is its token's: without one that is worth something there is no key.
    if idempotency_key is null or (booking.booking_of_token(v_tenant, token, 'cancel')).booking_id is null then
        return booking.cancel_by_token(v_tenant, token, reason);
    end if;
    v_earlier := booking.begin_once(v_tenant, 'cancel', v_caller, idempotency_key, jsonb_build_object('reason', reason));
    if v_earlier.replay then
        return booking.replayed(v_earlier, v_tenant, 'cancel');
    end if;
    v_result := booking.cancel_by_token(v_tenant, token, reason);
    perform booking.end_once(v_tenant, 'cancel', v_caller, idempotency_key, v_result);
    return v_result;
end
$$;
comment on function booking.public_try_cancel(text, text, text, text) is 'Behind booking_api.try_cancel.';

create function booking.reschedule_by_token(
    tenant uuid,
    token text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.booking_of_token(
        reschedule_by_token.tenant, reschedule_by_token.token, 'reschedule');
    v_began timestamptz := clock_timestamp();
    v_from timestamptz := lower(v_booking.span);
    v_slot booking.slot_key := booking.slot_of(reschedule_by_token.slot_id);
    v_late jsonb;
    v_result booking.booking_result;
begin
    if v_booking.booking_id is null then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK007'));
    elsif v_booking.status in ('pending', 'confirmed') then
        v_late := booking.too_late(v_booking, 'reschedule');
        if v_late is not null then
            return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK005', v_late));
        end if;
    end if;
    v_slot.starts_at := coalesce(v_slot.starts_at, reschedule_by_token.starts_at);
    v_slot.duration := coalesce(v_slot.duration, reschedule_by_token.duration);
    v_slot.resource_id := coalesce(v_slot.resource_id, reschedule_by_token.resource);
    -- A slot of something else, or a resource that the public does not see, is not known here.
    if v_slot.tenant_id <> v_booking.tenant_id or v_slot.service_id <> v_booking.service_id
        or v_slot.resource_id is not null and not exists (
            select
            from booking.requirement_resource m
            join booking.resource r using (tenant_id, resource_id)
            where m.tenant_id = v_booking.tenant_id and m.service_id = v_booking.service_id
                and m.resource_id = v_slot.resource_id and r.public and r.active)
    then
        perform booking.raise_unknown();
    elsif not exists (
        select
        from booking.service s
        where s.tenant_id = v_booking.tenant_id and s.service_id = v_booking.service_id and s.active)
    then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK003'));
    end if;
    v_result := booking.try_reschedule(
        reschedule_by_token.tenant, v_booking.booking_id, v_slot.starts_at, v_slot.duration, v_slot.resource_id);
    if v_result.code is null then
        -- As in cancel_by_token. Where it was by then, only its history knows.
        v_booking := booking.booking_of_token(reschedule_by_token.tenant, reschedule_by_token.token, 'reschedule');
        if v_booking.booking_id is null then
            raise exception using errcode = 'BK007';
        end if;
        v_from := coalesce(
            (
                select (e.detail ->> 'from')::timestamptz
                from booking.booking_event e
                where e.tenant_id = v_booking.tenant_id and e.booking_id = v_booking.booking_id and e.kind = 'rescheduled'
                    and e.at >= v_began
                order by e.at desc
                limit 1),
            v_from);
        v_booking.span := tstzrange(v_from, v_from, '[]');
        v_late := booking.too_late(v_booking, 'reschedule');
        if v_late is not null then
            raise exception using errcode = 'BK005';
        end if;
    end if;
    return v_result;
exception
    when sqlstate 'BK007' then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK007'));
    when sqlstate 'BK005' then
        return booking.refused(reschedule_by_token.tenant, v_booking, 'reschedule', booking.not_booked('BK005', v_late));
end
$$;
comment on function booking.reschedule_by_token(uuid, text, timestamptz, interval, uuid, text) is
    'Moves the booking of a token if that may and the notice of the service is kept; else BK007 or BK005 in code. PT404: a '
    'slot_id of another service, or a resource that the public does not see.';

create function booking.public_try_reschedule(
    tenant text,
    token text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text,
    idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_tenant uuid := booking.public_tenant(tenant);
    v_caller bytea := booking.token_hash(token);
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    if idempotency_key is null or (booking.booking_of_token(v_tenant, token, 'reschedule')).booking_id is null then
        return booking.reschedule_by_token(v_tenant, token, starts_at, duration, resource, slot_id);
    end if;
    v_earlier := booking.begin_once(
        v_tenant, 'reschedule', v_caller, idempotency_key,
        booking.book_request(null, null, starts_at, duration, resource, null, false, slot_id, null));
    if v_earlier.replay then
        return booking.replayed(v_earlier, v_tenant, 'reschedule');
    end if;
    v_result := booking.reschedule_by_token(v_tenant, token, starts_at, duration, resource, slot_id);
    perform booking.end_once(v_tenant, 'reschedule', v_caller, idempotency_key, v_result);
    return v_result;
end
$$;
comment on function booking.public_try_reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'Behind booking_api.try_reschedule.';

create function booking.public_show(tenant text, token text)
returns booking.managed_booking
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.managed_booking := booking.public_try_show(tenant, token);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_show(text, text) is 'Behind booking_api.show.';

create function booking.public_cancel(tenant text, token text, reason text, idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.public_try_cancel(tenant, token, reason, idempotency_key);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_cancel(text, text, text, text) is 'Behind booking_api.cancel.';

create function booking.public_reschedule(
    tenant text,
    token text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    slot_id text,
    idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.public_try_reschedule(
        tenant, token, starts_at, duration, resource, slot_id, idempotency_key);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'Behind booking_api.reschedule.';
