-- From a hold to a booking. Locks are taken in the order of every writer: session, service, resources, members, then the
-- hold with its claims, then pages (by the triggers of 33_busy_triggers.sql). Next: 60_book.sql.

create function booking.settle(booking booking.booking, hold_id uuid, blocks boolean)
returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit, requirement_id)
    select distinct c.tenant_id, booking.booking_id, c.resource_id, c.unit, m.requirement_id
    from booking.claim c
    left join booking.requirement_resource m
        on m.tenant_id = c.tenant_id and m.service_id = booking.service_id and m.resource_id = c.resource_id
    where c.tenant_id = booking.tenant_id and c.hold_id = settle.hold_id;
    if booking.status = 'pending' and settle.blocks then
        -- Whoever made it has one more that waits: the quota of a client counts it.
        update booking.hold h
        set session_hash = null, booking_id = booking.booking_id, expires_at = booking.expires_at
        where h.tenant_id = booking.tenant_id and h.hold_id = settle.hold_id;
        return;
    elsif booking.status = 'confirmed' then
        -- The claims stay and change their owner: there is no moment without protection.
        update booking.claim c
        set hold_id = null, booking_id = booking.booking_id
        where c.tenant_id = booking.tenant_id and c.hold_id = settle.hold_id;
        update booking.requirement_resource m
        set booked = m.booked + 1
        where m.tenant_id = booking.tenant_id and m.service_id = booking.service_id and m.resource_id = any (array(
            select r.resource_id
            from booking.booking_resource r
            where r.tenant_id = booking.tenant_id and r.booking_id = booking.booking_id));
    end if;
    delete from booking.hold h
    where h.tenant_id = booking.tenant_id and h.hold_id = settle.hold_id;
end
$$;
comment on function booking.settle(booking.booking, uuid, boolean) is
    'Gives a booking what a hold has kept: for good where it is confirmed; until it lapses where it is pending and blocks; else '
    'only what was assigned is remembered, and the time is free.';

create function booking.book_hold(
    tenant uuid,
    hold_id uuid,
    session_hash bytea,
    customer jsonb,
    limited boolean default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_hold booking.hold;
    v_booking booking.booking;
    v_service booking.service;
    v_resources uuid[];
    v_pending boolean;
begin
    v_resources := array(
        select distinct c.resource_id
        from booking.claim c
        where c.tenant_id = book_hold.tenant and c.hold_id = book_hold.hold_id);
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = book_hold.tenant and h.hold_id = book_hold.hold_id
        and h.session_hash is not distinct from book_hold.session_hash and h.booking_id is null
        and h.expires_at > clock_timestamp();
    -- A hold whose claims were deleted under it guards nothing.
    if not found or cardinality(v_resources) = 0 then
        return booking.not_booked('BK002');
    end if;
    select s.* into v_service
    from booking.service s
    where s.tenant_id = v_hold.tenant_id and s.service_id = v_hold.service_id;
    -- Whoever has taken the resources already has decided this before: a limit that came since would lock the service after
    -- them, and wait for who waits for them.
    if coalesce(limited, booking.lock_limits(v_service))
        and not booking.customer_room(v_service, lower(v_hold.span), upper(v_hold.span), booking.customer_key(customer))
    then
        return booking.not_booked('BK004');
    end if;
    v_pending := booking.waits(v_service);
    -- Pages have what cannot expire: a pending booking is not among it.
    if not v_pending then
        perform booking.lock_resources(book_hold.tenant, v_resources);
        perform booking.lock_members(book_hold.tenant, v_hold.service_id, v_resources);
    end if;
    -- Only now, with every lock taken, does the clock say whether the hold still lives.
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = book_hold.tenant and h.hold_id = book_hold.hold_id
        and h.session_hash is not distinct from book_hold.session_hash and h.booking_id is null
    for update;
    if not found or v_hold.expires_at <= clock_timestamp() then
        return booking.not_booked('BK002');
    end if;
    -- Hours and rules may have changed since: a live hold books all the same. The outside world does not wait.
    if exists (
        select
        from booking.claim c
        join booking.busy_window b
            on b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return booking.not_booked('BK001');
    end if;
    insert into booking.booking (
        tenant_id, service_id, status, span, seats, expires_at, customer, customer_key, needs_approval, price, currency)
    values (
        v_hold.tenant_id, v_hold.service_id, case when v_pending then 'pending' else 'confirmed' end, v_hold.span, v_hold.seats,
        case
            when v_pending
                then least(
                    upper(v_hold.span),
                    clock_timestamp() + case when v_service.needs_approval then v_service.approval_ttl else v_service.payment_ttl end)
        end,
        customer, booking.customer_key(customer), v_service.needs_approval, v_service.price * v_hold.seats, v_service.currency)
    returning * into v_booking;
    perform booking.settle(v_booking, v_hold.hold_id, v_service.pending_blocks);
    perform booking.record_event(
        v_booking.tenant_id, 'booked', booking_id => v_booking.booking_id, hold_id => v_hold.hold_id,
        service => v_booking.service_id, session_hash => v_hold.session_hash,
        detail => jsonb_build_object('starts_at', lower(v_booking.span), 'resources', v_resources));
    return booking.booked(v_booking);
end
$$;
comment on function booking.book_hold(uuid, uuid, bytea, jsonb, boolean) is
    'Turns a live hold of a session (null: of the tenant itself) into a booking, confirmed or pending as the service has it; '
    'BK002, BK004 (of the customer) or BK001 in code, with nothing written, where it cannot.';

create function booking.book_hold_or_nothing(tenant uuid, hold_id uuid, session_hash bytea, customer jsonb)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.booking_result;
begin
    v_result := booking.book_hold(tenant, hold_id, session_hash, customer);
    if v_result.code = 'BK002' then
        raise exception using errcode = 'BK002';
    end if;
    return v_result;
exception when sqlstate 'BK002' then
    return booking.not_booked('BK002');
end
$$;
comment on function booking.book_hold_or_nothing(uuid, uuid, bytea, jsonb) is
    'As booking.book_hold, but a hold that lapsed leaves no lock behind: for callers that go on to take another slot.';
