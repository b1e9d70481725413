-- Holds of the tenant itself: a venue keeps a date for somebody who has yet to decide, for hours or weeks. No session, no
-- heartbeat, no quota; whoever runs the tenant makes it longer or shorter, lets it go (release) or books it (book), each
-- without a session. Next: 77_quota.sql.

create function booking.own_expiry(tenant uuid, ttl interval, expires_at timestamptz)
returns timestamptz
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
    v_until timestamptz;
begin
    if own_expiry.ttl is not null and own_expiry.expires_at is not null then
        raise exception 'give ttl or expires_at, not both' using errcode = '22023';
    end if;
    select coalesce(own_expiry.expires_at, v_now + coalesce(own_expiry.ttl, t.own_hold_ttl)) into v_until
    from booking.tenant t
    where t.tenant_id = own_expiry.tenant;
    if not (v_until > v_now and v_until <= v_now + interval '400 days') then
        raise exception 'a hold may last from a moment to 400 days' using errcode = '22023', hint = 'To end one, release it.';
    end if;
    return v_until;
end
$$;
comment on function booking.own_expiry(uuid, interval, timestamptz) is
    'When a hold of the tenant itself lapses: as given, by default after its own_hold_ttl; 22023 unless within 400 days from now.';

create function booking.try_hold_for(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    expires_at timestamptz default null,
    seats int default null,
    note text default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(try_hold_for.tenant, try_hold_for.service, try_hold_for.duration);
    v_service booking.service := v_question.service;
    v_seats int := booking.wanted_seats(v_service, try_hold_for.seats);
    v_until timestamptz := booking.own_expiry(try_hold_for.tenant, try_hold_for.ttl, try_hold_for.expires_at);
    v_result booking.hold_result;
begin
    if try_hold_for.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the start of a slot.';
    elsif length(try_hold_for.note) > 1000 then
        raise exception 'note is longer than 1000 characters' using errcode = '54000';
    end if;
    perform booking.check_range(try_hold_for.starts_at, try_hold_for.starts_at);
    perform booking.check_member(v_service, try_hold_for.resource);
    -- What is offered to visitors, and how long before, binds nobody who runs the tenant. Hours and limits do: they say what
    -- there is, and are theirs to change.
    v_service.durations := v_service.durations || v_question.minutes / case v_service.kind when 'stay' then 1440 else 1 end;
    v_service.min_notice := '-400 days';
    v_service.horizon := null;
    v_service.bookable := '(,)';
    v_service.arrival_days := null;
    v_question.service := v_service;
    v_question.step := null;
    v_result := booking.take(
        v_question, try_hold_for.starts_at, booking.new_session(), try_hold_for.resource, v_seats,
        -- What is asked for may be over by now.
        greatest(v_until - clock_timestamp(), interval '1 second'), false);
    if v_result.code is not null then
        perform booking.record_refusal(
            v_service.tenant_id, v_result.code, 'hold', service => v_service.service_id, starts_at => try_hold_for.starts_at,
            duration => try_hold_for.duration, resource => try_hold_for.resource);
        return v_result;
    end if;
    update booking.hold h
    set session_hash = null, client = null, ttl = null, expires_at = v_until, note = try_hold_for.note
    where h.tenant_id = v_service.tenant_id and h.hold_id = v_result.hold_id;
    v_result.expires_at := v_until;
    perform booking.record_event(
        v_service.tenant_id, 'held', hold_id => v_result.hold_id, service => v_service.service_id,
        detail => jsonb_build_object('starts_at', v_result.starts_at, 'resources', v_result.resources));
    return v_result;
end
$$;
comment on function booking.try_hold_for(uuid, uuid, timestamptz, interval, uuid, interval, timestamptz, int, text) is
    'As booking.hold_for, but a refusal is returned in code, and nothing is left behind.';

create function booking.hold_for(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    expires_at timestamptz default null,
    seats int default null,
    note text default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
declare
    v_result booking.hold_result := booking.try_hold_for(
        tenant, service, starts_at, duration, resource, ttl, expires_at, seats, note);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.hold_for(uuid, uuid, timestamptz, interval, uuid, interval, timestamptz, int, text) is
    'Holds a slot for the tenant itself until expires_at, or for ttl, by default its own_hold_ttl; at most 400 days. Any start and '
    'length on the grain, also in the past: notice, horizon, dates and step do not count, hours and limits do. It is nobody''s '
    'session: booking.extend_hold, booking.release and booking.book take its id alone. note: for whom, say; told to nobody in '
    'public. BK001, BK003, BK004: as booking.hold. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';

create function booking.try_extend_hold(
    tenant uuid,
    hold_id uuid,
    ttl interval default null,
    expires_at timestamptz default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_until timestamptz := booking.own_expiry(try_extend_hold.tenant, try_extend_hold.ttl, try_extend_hold.expires_at);
    v_hold booking.hold;
begin
    perform booking.check_tenant(try_extend_hold.tenant);
    update booking.hold h
    set expires_at = v_until
    where h.tenant_id = try_extend_hold.tenant and h.hold_id = try_extend_hold.hold_id
        and h.session_hash is null and h.booking_id is null and h.expires_at > clock_timestamp()
    returning h.* into v_hold;
    if not found then
        return (null, null, null, null, null, 'BK002', null)::booking.hold_result;
    end if;
    return booking.held(v_hold);
end
$$;
comment on function booking.try_extend_hold(uuid, uuid, interval, timestamptz) is
    'As booking.extend_hold, but a refusal is returned in code.';

create function booking.extend_hold(
    tenant uuid,
    hold_id uuid,
    ttl interval default null,
    expires_at timestamptz default null)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.hold_result := booking.try_extend_hold(tenant, hold_id, ttl, expires_at);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.extend_hold(uuid, uuid, interval, timestamptz) is
    'Lets a hold of the tenant itself that runs lapse at another time, later or sooner: at expires_at, or ttl from now, by '
    'default the own_hold_ttl. BK002: no such hold, or it has lapsed. 22023: not within 400 days from now; 22004: no tenant.';
