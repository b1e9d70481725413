-- The raising forms of 87_public.sql: a refusal becomes PTnnn, which PostgREST answers with that HTTP status.
-- Next: 89_public_read.sql.

create function booking.public_refuse(code text, detail jsonb)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_refusal booking.refusal;
begin
    if code is null then
        return;
    end if;
    select r.* into strict v_refusal from booking.refusals() r where r.code = public_refuse.code;
    raise exception using errcode = 'PT' || v_refusal.status, message = v_refusal.message,
        detail = (coalesce(detail, '{}') || jsonb_build_object('code', code))::text, hint = coalesce(v_refusal.hint, '');
end
$$;
comment on function booking.public_refuse(text, jsonb) is
    'Raises what a try_* function returned as PostgREST wants it: PTnnn with the HTTP status; the DETAIL is what it gave as detail, with the BK code.';

create function booking.public_hold(
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
set booking.raising = 'on'
as $$
declare
    v_result booking.hold_result := booking.public_try_hold(
        tenant, service, starts_at, session_id, duration, resource, ttl, slot_id, seats);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'Behind booking_api.hold.';

create function booking.public_hold_many(
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
set booking.raising = 'on'
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result booking.hold_result[] := array(
        select r
        from booking.public_try_hold_many(tenant, service, starts_at, session_id, duration, resource, ttl, seats) r);
begin
    if v_result[1].code is not null then
        perform booking.public_refuse(v_result[1].code, null);
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.public_hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'Behind booking_api.hold_many.';

create function booking.public_heartbeat(tenant text, session_id text, holds uuid[])
returns setof booking.heartbeat_result
language plpgsql
security definer
rows 3
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result booking.heartbeat_result[] := array(
        select r from booking.public_try_heartbeat(tenant, session_id, holds) r);
begin
    if not exists (select from unnest(v_result) r where r.status = 'live') then
        perform booking.public_refuse('BK002', null);
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.public_heartbeat(text, text, uuid[]) is 'Behind booking_api.heartbeat.';

create function booking.public_release(tenant text, hold_id uuid, session_id text)
returns booking.release_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.release_result := booking.public_try_release(tenant, hold_id, session_id);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_release(text, uuid, text) is 'Behind booking_api.release.';

create function booking.public_book(
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
set booking.raising = 'on'
as $$
declare
    v_result booking.booking_result := booking.public_try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, slot_id,
        seats);
begin
    if v_result.code is not null then
        perform booking.public_refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.public_book(
    text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'Behind booking_api.book.';
