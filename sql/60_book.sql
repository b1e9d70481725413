-- book: from a hold, or directly. Next: 61_status.sql.

create function booking.book_slot(
    tenant uuid,
    hold_id uuid,
    session_id text,
    service uuid,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    if_still_free boolean,
    seats int)
returns booking.booking_result
language plpgsql
as $$
#variable_conflict use_column
declare
    v_customer jsonb := booking.check_customer(book_slot.customer);
    v_session bytea := booking.session_hash(book_slot.session_id);
    v_direct boolean := book_slot.service is not null and book_slot.starts_at is not null;
    v_question booking.question;
    v_service booking.service;
    v_hold booking.hold_result;
    v_seats int;
    v_limited boolean;
    v_own uuid;
    v_result booking.booking_result;
begin
    if book_slot.hold_id is not null then
        if not coalesce(book_slot.if_still_free, false) then
            return booking.book_hold(book_slot.tenant, book_slot.hold_id, v_session, v_customer);
        end if;
        perform booking.lock_session(v_session);
        v_result := booking.book_hold_or_nothing(book_slot.tenant, book_slot.hold_id, v_session, v_customer);
        if v_result.code is distinct from 'BK002' then
            return v_result;
        end if;
    end if;
    if not v_direct then
        raise exception 'give a hold_id, or service and starts_at to book directly'
            using errcode = '22004', hint = 'With if_still_free give both: they say what to try anew.';
    end if;
    v_question := booking.question(book_slot.tenant, book_slot.service, book_slot.duration);
    v_service := v_question.service;
    perform booking.check_range(book_slot.starts_at, book_slot.starts_at);
    v_seats := booking.wanted_seats(v_service, book_slot.seats);
    perform booking.check_member(v_service, book_slot.resource);
    perform booking.lock_session(v_session);
    v_own := (booking.own_hold(v_service, book_slot.starts_at, v_question.minutes, v_session, book_slot.resource, book_slot.seats)).hold_id;
    if v_own is not null then
        v_result := booking.book_hold_or_nothing(book_slot.tenant, v_own, v_session, v_customer);
        if v_result.code is distinct from 'BK002' then
            return v_result;
        end if;
    end if;
    -- A hold for the length of this call, taken with the locks of a booking.
    v_limited := booking.lock_limits(v_service);
    v_hold := booking.take(
        v_question, book_slot.starts_at, v_session, book_slot.resource, v_seats, v_service.max_hold_age,
        not booking.waits(v_service));
    if v_hold.code = 'BK001' and not booking.customer_room(
        v_service, book_slot.starts_at, booking.slot_end(v_service, book_slot.starts_at, v_question.minutes),
        booking.customer_key(v_customer))
    then
        -- Limits are judged before what is taken.
        v_hold.code := 'BK004';
    end if;
    if v_hold.code is not null then
        return booking.not_booked(v_hold.code, v_hold.detail);
    end if;
    v_result := booking.book_hold(book_slot.tenant, v_hold.hold_id, v_session, v_customer, v_limited);
    if v_result.code is not null then
        delete from booking.hold h where h.tenant_id = book_slot.tenant and h.hold_id = v_hold.hold_id;
    end if;
    return v_result;
end
$$;
comment on function booking.book_slot(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean, int) is
    'Books a hold or a slot, or refuses; without a token.';

create function booking.book_quietly(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    if_still_free boolean default false,
    seats int default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_result booking.booking_result := booking.book_slot(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, if_still_free, seats);
begin
    if v_result.code is null then
        v_result := booking.with_token(v_result, tenant);
    else
        perform booking.record_refusal(
            tenant, v_result.code, 'book', booking.session_hash(session_id), service, starts_at, duration, resource, hold_id);
    end if;
    return v_result;
end
$$;
comment on function booking.book_quietly(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, boolean, int) is
    'As booking.try_book, without the reasons.';

create function booking.book_request(
    hold_id uuid,
    service text,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    customer jsonb,
    if_still_free boolean,
    slot_id text,
    seats int)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- Whatever the time zone and styles of who asks.
    return jsonb_build_object(
        'hold_id', hold_id, 'service', service, 'starts_at', extract(epoch from starts_at),
        'duration', extract(epoch from duration), 'resource', resource, 'customer', booking.check_customer(customer),
        'if_still_free', coalesce(if_still_free, false), 'slot_id', slot_id, 'seats', seats);
end
$$;
comment on function booking.book_request(uuid, text, timestamptz, interval, uuid, jsonb, boolean, text, int) is
    'What one asks for who books, for an idempotency key to tell a repeat from another request.';

create function booking.try_book(
    tenant uuid,
    hold_id uuid default null,
    session_id text default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    seats int default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_caller bytea;
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    if idempotency_key is not null then
        v_caller := booking.caller_hash(session_id, true);
        v_earlier := booking.begin_once(
            tenant, 'book', v_caller, idempotency_key, booking.book_request(
                hold_id, service::text, starts_at, duration, resource, customer, if_still_free, null, seats));
        if v_earlier.replay then
            return booking.replayed(v_earlier, tenant, 'book');
        end if;
    end if;
    v_result := booking.book_quietly(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, if_still_free, seats);
    if idempotency_key is not null then
        perform booking.end_once(tenant, 'book', v_caller, idempotency_key, v_result);
    end if;
    if v_result.code = 'BK003' then
        v_result.detail := booking.not_offered(tenant, service, starts_at, duration, resource, session_id, seats);
    end if;
    return v_result;
end
$$;
comment on function booking.try_book(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, text, boolean, int) is
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
    idempotency_key text default null,
    if_still_free boolean default false,
    seats int default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, seats);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.book(uuid, uuid, text, uuid, timestamptz, interval, uuid, jsonb, text, boolean, int) is
    'Books a hold of a session (without session_id: of the tenant itself), or directly a service and a start (an own hold of that slot is used up). A lapsed hold is '
    'tried anew only with if_still_free, service and starts_at. BK002: hold lapsed or not yours; BK003: not offered, '
    'with the reasons of booking.explain_slot in the DETAIL; BK004: '
    'a limit is used up; BK001: taken, or a busy window came meanwhile. seats: of a class, booked directly, default 1 (a hold '
    'says itself how many). With an idempotency_key (1 to 255 characters, kept for a '
    'day, of this session, else of who is signed in, else of the login role) a repeat is told what was booked and gets another '
    'manage token, and waits for a twin under way; another request under the same key is BK006. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';
