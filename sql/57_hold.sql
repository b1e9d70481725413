-- hold, release. Each as try_*, which returns a refusal in code, and in a raising form around it. Next: 58_booking.sql.

create function booking.bounded_ttl(service booking.service, ttl interval)
returns interval
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if ttl <= '0' or ttl > service.max_hold_age then
        raise exception 'a hold of service "%" may last from a moment to %', service.slug, service.max_hold_age
            using errcode = '22023', hint = 'Give a ttl within, or none.';
    end if;
    return coalesce(ttl, service.hold_ttl);
end
$$;
comment on function booking.bounded_ttl(booking.service, interval) is
    'The time that a hold is asked to live, by default the service''s; 22023 beyond its max_hold_age.';

create function booking.wanted_seats(service booking.service, seats int)
returns int
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if seats < 1 or seats > coalesce(service.seats, 1) then
        raise exception 'service "%" has no % seats to take together', service.slug, seats
            using errcode = '22023', hint = format('Give 1 to %s.', coalesce(service.seats, 1));
    end if;
    return coalesce(seats, 1);
end
$$;
comment on function booking.wanted_seats(booking.service, int) is
    'The number of seats asked for, by default 1; 22023 where the service never has so many.';

create function booking.own_hold(
    service booking.service,
    starts_at timestamptz,
    minutes int,
    session_hash bytea,
    resource uuid,
    seats int)
returns booking.hold
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_hold booking.hold;
begin
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = (service).tenant_id and h.service_id = (service).service_id
        and h.session_hash = own_hold.session_hash and h.expires_at > clock_timestamp()
        and h.span = tstzrange(starts_at, booking.slot_end(service, starts_at, minutes))
        and h.seats = coalesce(own_hold.seats, h.seats)
        and (own_hold.resource is null or exists (
            select
            from booking.claim c
            where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id and c.resource_id = own_hold.resource));
    return v_hold;
end
$$;
comment on function booking.own_hold(booking.service, timestamptz, int, bytea, uuid, int) is
    'The live hold that a session has of exactly this slot (with so many seats, if given), or a row of nulls.';

create function booking.hold_quietly(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null,
    quotas boolean default false)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(hold_quietly.tenant, hold_quietly.service, hold_quietly.duration);
    v_service booking.service := v_question.service;
    v_seats int := booking.wanted_seats(v_service, hold_quietly.seats);
    v_session bytea := booking.session_hash(hold_quietly.session_id);
    v_ttl interval := booking.bounded_ttl(v_service, hold_quietly.ttl);
    v_hold booking.hold;
    v_over jsonb;
    v_result booking.hold_result;
begin
    if v_session is null then
        raise exception 'session_id is needed' using errcode = '22004';
    elsif hold_quietly.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the start of a slot.';
    end if;
    perform booking.check_range(hold_quietly.starts_at, hold_quietly.starts_at);
    perform booking.check_member(v_service, hold_quietly.resource);
    perform booking.lock_session(v_session);
    v_hold := booking.own_hold(v_service, hold_quietly.starts_at, v_question.minutes, v_session, hold_quietly.resource, v_seats);
    if v_hold.hold_id is not null then
        -- The same slot again: renewed, unless it lapsed just now.
        update booking.hold h
        set expires_at = least(clock_timestamp() + v_ttl, h.created_at + v_service.max_hold_age), ttl = v_ttl
        where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id and h.expires_at > clock_timestamp()
        returning h.* into v_hold;
        if found then
            return booking.held(v_hold);
        end if;
    end if;
    if quotas then
        v_over := booking.over_quota(v_service, v_session, array[tstzrange(
            hold_quietly.starts_at, booking.slot_end(v_service, hold_quietly.starts_at, v_question.minutes))]);
    end if;
    if v_over is not null then
        v_result.code := 'BK008';
        v_result.detail := v_over;
    else
        v_result := booking.take(v_question, hold_quietly.starts_at, v_session, hold_quietly.resource, v_seats, v_ttl, false);
    end if;
    if v_result.code is null then
        perform booking.record_event(
            hold_quietly.tenant, 'held', hold_id => v_result.hold_id, service => hold_quietly.service, session_hash => v_session,
            detail => jsonb_build_object('starts_at', v_result.starts_at, 'resources', v_result.resources));
    else
        perform booking.record_refusal(
            hold_quietly.tenant, v_result.code, 'hold', v_session, hold_quietly.service, hold_quietly.starts_at,
            hold_quietly.duration, hold_quietly.resource, detail => v_over);
    end if;
    return v_result;
end
$$;
comment on function booking.hold_quietly(uuid, uuid, timestamptz, text, interval, uuid, interval, int, boolean) is
    'As booking.try_hold, without the reasons: what the public may know, and what they cost is more than all the rest. quotas: '
    'BK008 where the session, its client or the service has too many.';

create function booking.try_hold(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.hold_result := booking.hold_quietly(
        tenant, service, starts_at, session_id, duration, resource, ttl, seats);
begin
    if v_result.code = 'BK003' then
        v_result.detail := booking.not_offered(tenant, service, starts_at, duration, resource, session_id, seats);
    end if;
    return v_result;
end
$$;
comment on function booking.try_hold(uuid, uuid, timestamptz, text, interval, uuid, interval, int) is
    'As booking.hold, but a refusal is returned in code, with the reasons of BK003 in detail, and nothing is left behind.';

create function booking.hold(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.hold_result := booking.try_hold(tenant, service, starts_at, session_id, duration, resource, ttl, seats);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.hold(uuid, uuid, timestamptz, text, interval, uuid, interval, int) is
    'Holds a slot for a session until ttl has passed (default: the service''s). The same slot again renews its hold; other own '
    'holds that overlap it are let go, unless this one fails. resource: only this one; duration: default the shortest; '
    'seats: of a class, in one and the same, default 1. BK003: not offered, with the reasons '
    'of booking.explain_slot in the DETAIL; BK004: a limit is used up; BK001: taken. P0002: unknown tenant, service, resource. 22023, 22004, 22008: bad arguments.';

create type booking.release_result as (released boolean, code text, detail jsonb);
comment on type booking.release_result is 'Whether a hold was let go. code: null, or BK002 where there is no such hold of the session.';

create function booking.release_all(tenant uuid, session_hash bytea)
returns booking.release_result
language plpgsql
as $$
#variable_conflict use_column
declare
    v_live boolean;
begin
    if session_hash is null then
        raise exception 'session_id is needed' using errcode = '22004';
    end if;
    perform booking.lock_session(release_all.session_hash);
    -- In the order of ids, as whoever sweeps several away. Lapsed ones go along: nobody comes back to them.
    with mine as (
        select h.tenant_id, h.hold_id, h.expires_at > clock_timestamp() as live
        from booking.hold h
        where h.tenant_id = release_all.tenant and h.session_hash = release_all.session_hash
        order by h.hold_id
        for update),
    gone as (
        delete from booking.hold h
        using mine m
        where h.tenant_id = m.tenant_id and h.hold_id = m.hold_id)
    select bool_or(m.live) into v_live
    from mine m;
    return case
        when v_live then (true, null, null)::booking.release_result
        else (false, 'BK002', null)::booking.release_result
    end;
end
$$;
comment on function booking.release_all(uuid, bytea) is
    'Lets go of all that a session holds; BK002 in code where nothing of it lived. 22004: no session.';

create function booking.try_release(tenant uuid, hold_id uuid default null, session_id text default null)
returns booking.release_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_session bytea := booking.session_hash(try_release.session_id);
begin
    if try_release.hold_id is null then
        return booking.release_all(try_release.tenant, v_session);
    end if;
    -- A lapsed hold is gone for everybody, its own session included.
    delete from booking.hold h
    where h.tenant_id = try_release.tenant and h.hold_id = try_release.hold_id
        and h.session_hash is not distinct from v_session and h.booking_id is null and h.expires_at > clock_timestamp();
    if found then
        return (true, null, null)::booking.release_result;
    end if;
    return (false, 'BK002', null)::booking.release_result;
end
$$;
comment on function booking.try_release(uuid, uuid, text) is 'As booking.release, but a refusal is returned in code.';

create function booking.release(tenant uuid, hold_id uuid default null, session_id text default null)
returns booking.release_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.release_result := booking.try_release(tenant, hold_id, session_id);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.release(uuid, uuid, text) is
    'Lets a hold of a session go, or all that it has where hold_id is null, as a visitor who leaves does; the slot is free at '
    'once. Without session_id: a hold of the tenant itself. BK002: no live hold of that id and session. 22004: neither is given. '
    '22023: session_id too short.';
