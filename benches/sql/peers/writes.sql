-- The rows that a hold and a booking leave, by plain INSERTs and UPDATEs in one function each: what one would write who has
-- decided already who is taken, and judges nothing but what the constraints judge.

create function peer.hold(tenant uuid, service uuid, resource uuid, starts_at timestamptz, session_id text)
returns uuid
language plpgsql
as $$
declare
    v_hold uuid := gen_random_uuid();
    v_session bytea := sha256(convert_to(session_id, 'UTF8'));
    v_span tstzrange := tstzrange(starts_at, starts_at + interval '30 minutes');
begin
    insert into peer.hold (tenant_id, hold_id, service_id, session_hash, span, expires_at)
    values (tenant, v_hold, service, v_session, v_span, clock_timestamp() + interval '10 minutes');
    insert into peer.claim (tenant_id, resource_id, unit, span, hold_id)
    values (tenant, resource, 1, v_span, v_hold)
    on conflict do nothing;
    if not found then
        raise exception using errcode = '23P01';
    end if;
    insert into peer.change (tenant_id, kind, resource_id, span, hold_id)
    values (tenant, 'held', resource, v_span, v_hold);
    insert into peer.booking_event (tenant_id, kind, hold_id, service_id, actor, detail)
    values (
        tenant, 'held', v_hold, service, 'session:' || encode(v_session, 'hex'),
        jsonb_build_object('starts_at', starts_at, 'resources', array[resource]));
    return v_hold;
end
$$;

create function peer.book(
    tenant uuid, hold uuid, service uuid, resource uuid, starts_at timestamptz, session_id text, customer jsonb)
returns uuid
language plpgsql
as $$
declare
    v_booking uuid := gen_random_uuid();
    v_session bytea := sha256(convert_to(session_id, 'UTF8'));
    v_span tstzrange := tstzrange(starts_at, starts_at + interval '30 minutes');
    v_token text := encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'hex');
begin
    insert into peer.booking (tenant_id, booking_id, service_id, span, customer, customer_key)
    values (tenant, v_booking, service, v_span, customer, lower(customer ->> 'email'));
    insert into peer.booking_resource (tenant_id, booking_id, resource_id, unit, requirement_id)
    select tenant, v_booking, m.resource_id, 1, m.requirement_id
    from peer.requirement_resource m
    where m.tenant_id = tenant and m.service_id = service and m.resource_id = resource;
    if hold is null then
        insert into peer.claim (tenant_id, resource_id, unit, span, booking_id)
        values (tenant, resource, 1, v_span, v_booking)
        on conflict do nothing;
    else
        update peer.claim c
        set hold_id = null, booking_id = v_booking
        where c.tenant_id = tenant and c.hold_id = hold;
    end if;
    if not found then
        raise exception using errcode = '23P01';
    end if;
    if hold is not null then
        delete from peer.hold h where h.tenant_id = tenant and h.hold_id = hold;
    end if;
    update peer.requirement_resource m
    set booked = m.booked + 1
    where m.tenant_id = tenant and m.service_id = service and m.resource_id = resource;
    insert into peer.availability as a (tenant_id, resource_id, week, unit, busy)
    values (tenant, resource, date_trunc('week', starts_at at time zone 'UTC')::date, 1, booking.slotmap_cover(v_span, 15))
    on conflict on constraint availability_pkey do update
    set busy = a.busy operator(booking.+) excluded.busy;
    insert into peer.change (tenant_id, kind, resource_id, span, booking_id)
    values (tenant, 'booked', resource, v_span, v_booking);
    insert into peer.booking_event (tenant_id, kind, booking_id, hold_id, service_id, actor, detail)
    values (
        tenant, 'booked', v_booking, hold, service, 'session:' || encode(v_session, 'hex'),
        jsonb_build_object('starts_at', starts_at, 'resources', array[resource]));
    insert into peer.booking_token (tenant_id, booking_id, token_hash, expires_at)
    values (tenant, v_booking, sha256(convert_to(v_token, 'UTF8')), upper(v_span) + interval '30 days');
    return v_booking;
end
$$;
