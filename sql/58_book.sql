-- book: from a hold, or directly. Locks are taken in the order of every writer: session, service, resources, members, then the hold with
-- its claims, then pages (by the triggers of 33_busy_triggers.sql). Next: 59_cancel.sql.

create type booking.booking_result as (
    booking_id uuid,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    code text,
    detail jsonb);
comment on type booking.booking_result is
    'A booking: its id, status, start and end. code: null, or why there is none (BK001 to BK005), with details.';

create function booking.booked(booking booking.booking)
returns booking.booking_result
language sql
immutable
begin atomic
    select ((booking).booking_id, (booking).status, lower((booking).span), upper((booking).span), null, null)
        ::booking.booking_result;
end;
comment on function booking.booked(booking.booking) is 'The result that tells of a booking.';

create function booking.check_customer(customer jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if customer is null then
        return '{}';
    elsif jsonb_typeof(customer) <> 'object' then
        raise exception 'customer must be a JSON object' using errcode = '22023';
    elsif octet_length(customer::text) > 65536 then
        raise exception 'customer is larger than 64 kB' using errcode = '54000';
    end if;
    return customer;
end
$$;
comment on function booking.check_customer(jsonb) is
    'The customer of a booking, an empty object for null. 22023 where it is no object, 54000 where it is larger than 64 kB.';

create function booking.customer_key(customer jsonb)
returns text
language sql
immutable
parallel safe
begin atomic
    select coalesce(
        case when jsonb_typeof(customer -> 'email') = 'string' then nullif(lower(btrim(customer ->> 'email')), '') end,
        case when jsonb_typeof(customer -> 'phone') = 'string' then nullif(btrim(customer ->> 'phone'), '') end);
end;
comment on function booking.customer_key(jsonb) is 'By what a customer is known again: lower-cased e-mail, else phone, else null.';

create function booking.book_hold(tenant uuid, hold_id uuid, session_hash bytea, customer jsonb)
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
begin
    v_resources := array(
        select distinct c.resource_id
        from booking.claim c
        where c.tenant_id = book_hold.tenant and c.hold_id = book_hold.hold_id);
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = book_hold.tenant and h.hold_id = book_hold.hold_id
        and h.session_hash = book_hold.session_hash and h.expires_at > clock_timestamp();
    -- A hold whose claims were deleted under it guards nothing.
    if not found or cardinality(v_resources) = 0 then
        return (null, null, null, null, 'BK002', null)::booking.booking_result;
    end if;
    select s.* into v_service
    from booking.service s
    where s.tenant_id = v_hold.tenant_id and s.service_id = v_hold.service_id;
    if booking.lock_limits(v_service)
        and not booking.customer_room(v_service, lower(v_hold.span), upper(v_hold.span), booking.customer_key(customer))
    then
        return (null, null, null, null, 'BK004', null)::booking.booking_result;
    end if;
    perform booking.lock_resources(book_hold.tenant, v_resources);
    perform booking.lock_members(book_hold.tenant, v_hold.service_id, v_resources);
    -- Only now, with every lock taken, does the clock say whether the hold still lives.
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = book_hold.tenant and h.hold_id = book_hold.hold_id
        and h.session_hash = book_hold.session_hash
    for update;
    if not found or v_hold.expires_at <= clock_timestamp() then
        return (null, null, null, null, 'BK002', null)::booking.booking_result;
    end if;
    -- Hours and rules may have changed since: a live hold books all the same. The outside world does not wait.
    if exists (
        select
        from booking.claim c
        join booking.busy_window b
            on b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return (null, null, null, null, 'BK001', null)::booking.booking_result;
    end if;
    insert into booking.booking (tenant_id, service_id, span, seats, customer, customer_key)
    values (
        v_hold.tenant_id, v_hold.service_id, v_hold.span, v_hold.seats, customer,
        booking.customer_key(customer))
    returning * into v_booking;
    insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit, requirement_id)
    select distinct c.tenant_id, v_booking.booking_id, c.resource_id, c.unit, m.requirement_id
    from booking.claim c
    left join booking.requirement_resource m
        on m.tenant_id = c.tenant_id and m.service_id = v_hold.service_id and m.resource_id = c.resource_id
    where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id;
    -- The claims stay and change their owner: there is no moment without protection.
    update booking.claim c
    set hold_id = null, booking_id = v_booking.booking_id
    where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id;
    delete from booking.hold h
    where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id;
    update booking.requirement_resource m
    set booked = m.booked + 1
    where m.tenant_id = v_hold.tenant_id and m.service_id = v_hold.service_id and m.resource_id = any (v_resources);
    insert into booking.booking_event (tenant_id, booking_id, kind)
    values (v_booking.tenant_id, v_booking.booking_id, 'booked');
    return booking.booked(v_booking);
end
$$;
comment on function booking.book_hold(uuid, uuid, bytea, jsonb) is
    'Turns a live hold of a session into a booking; BK002, BK004 (of the customer) or BK001 in code, with nothing written, '
    'where it cannot.';

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
    return (null, null, null, null, 'BK002', null)::booking.booking_result;
end
$$;
comment on function booking.book_hold_or_nothing(uuid, uuid, bytea, jsonb) is
    'As booking.book_hold, but a hold that lapsed leaves no lock behind: for callers that go on to take another slot.';

create function booking.book_quietly(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    if_still_free boolean default false)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_customer jsonb := booking.check_customer(book_quietly.customer);
    v_session bytea := booking.session_hash(book_quietly.session_id);
    v_direct boolean := book_quietly.service is not null and book_quietly.starts_at is not null;
    v_question booking.question;
    v_service booking.service;
    v_hold booking.hold_result;
    v_own uuid;
    v_result booking.booking_result;
begin
    if book_quietly.hold_id is not null then
        if v_session is null then
            raise exception 'session_id is needed to book a hold' using errcode = '22004';
        end if;
        if not coalesce(book_quietly.if_still_free, false) then
            return booking.book_hold(book_quietly.tenant, book_quietly.hold_id, v_session, v_customer);
        end if;
        perform booking.lock_session(v_session);
        v_result := booking.book_hold_or_nothing(book_quietly.tenant, book_quietly.hold_id, v_session, v_customer);
        if v_result.code is distinct from 'BK002' then
            return v_result;
        end if;
    end if;
    if not v_direct then
        raise exception 'give a hold_id, or service and starts_at to book directly'
            using errcode = '22004', hint = 'With if_still_free give both: they say what to try anew.';
    end if;
    v_question := booking.question(book_quietly.tenant, book_quietly.service, book_quietly.duration);
    v_service := v_question.service;
    perform booking.check_range(book_quietly.starts_at, book_quietly.starts_at);
    perform booking.check_member(v_service, book_quietly.resource);
    perform booking.lock_session(v_session);
    -- Without a session there are no own holds; a random one keeps strangers out of this one.
    v_session := coalesce(v_session, sha256(uuid_send(gen_random_uuid())));
    v_own := (booking.own_hold(v_service, book_quietly.starts_at, v_question.minutes, v_session, book_quietly.resource, null)).hold_id;
    if v_own is not null then
        v_result := booking.book_hold_or_nothing(book_quietly.tenant, v_own, v_session, v_customer);
        if v_result.code is distinct from 'BK002' then
            return v_result;
        end if;
    end if;
    -- A hold for the length of this call, taken with the locks of a booking.
    v_hold := booking.take(
        v_question, book_quietly.starts_at, v_session, book_quietly.resource, 1, v_service.max_hold_age, true);
    if v_hold.code = 'BK001' and not booking.customer_room(
        v_service, book_quietly.starts_at, booking.slot_end(v_service, book_quietly.starts_at, v_question.minutes),
        booking.customer_key(v_customer))
    then
        -- Limits are judged before what is taken.
        v_hold.code := 'BK004';
    end if;
    if v_hold.code is not null then
        return (null, null, null, null, v_hold.code, v_hold.detail)::booking.booking_result;
    end if;
    v_result := booking.book_hold(book_quietly.tenant, v_hold.hold_id, v_session, v_customer);
    if v_result.code is not null then
        delete from booking.hold h where h.tenant_id = book_quietly.tenant and h.hold_id = v_hold.hold_id;
    end if;
    return v_result;
end
$$;
comment on function booking.book_quietly(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean) is
    'As booking.try_book, without the reasons.';

create function booking.try_book(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    if_still_free boolean default false)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.booking_result := booking.book_quietly(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, if_still_free);
begin
    if v_result.code = 'BK003' then
        v_result.detail := booking.not_offered(tenant, service, starts_at, duration, resource, session_id, null);
    end if;
    return v_result;
end
$$;
comment on function booking.try_book(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean) is
    'As booking.book, but a refusal is returned in code, with the reasons of BK003 in detail, and nothing is left behind.';

create function booking.book(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    if_still_free boolean default false)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.booking_result := booking.try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, if_still_free);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.book(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean) is
    'Books a hold of a session, or directly a service and a start (an own hold of that slot is used up). A lapsed hold is '
    'tried anew only with if_still_free, service and starts_at. BK002: hold lapsed or not yours; BK003: not offered, '
    'with the reasons of booking.explain_slot in the DETAIL; BK004: '
    'a limit is used up; BK001: taken, or a busy window came meanwhile. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';
