-- hold_many: several starts of a service for one session, all or none. Next: 76_hold_for.sql.

create function booking.check_starts(service booking.service, starts_at timestamptz[], minutes int, most int)
returns timestamptz[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if cardinality(starts_at) > most then
        raise exception 'too many starts' using errcode = '54000', hint = format('Give at most %s.', most);
    elsif coalesce(cardinality(starts_at), 0) = 0 or exists (select from unnest(starts_at) t where t is null) then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the starts of slots, none of them null.';
    end if;
    perform booking.check_range(min(t), min(t)), booking.check_range(max(t), max(t))
    from unnest(starts_at) t;
    if exists (
        select
        from (
            select t, lag(booking.slot_end(service, t, minutes)) over (order by t) as last_end
            from unnest(starts_at) t) s
        where s.t < s.last_end)
    then
        raise exception 'the starts overlap for slots of % minutes', minutes
            using errcode = '22023', hint = 'Give starts that leave each other time, each of them once.';
    end if;
    return array(select t from unnest(starts_at) t order by t);
end
$$;
comment on function booking.check_starts(booking.service, timestamptz[], int, int) is
    'Starts in order. 22004: none, or null; 54000: too many; 22008: out of range; 22023: their slots overlap.';

create function booking.hold_many_quietly(
    tenant uuid,
    service uuid,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null,
    quotas boolean default false)
returns booking.hold_result[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(
        hold_many_quietly.tenant, hold_many_quietly.service, hold_many_quietly.duration);
    v_service booking.service := v_question.service;
    v_starts timestamptz[] := booking.check_starts(v_service, hold_many_quietly.starts_at, v_question.minutes, 100);
    v_seats int := booking.wanted_seats(v_service, hold_many_quietly.seats);
    v_session bytea := booking.session_hash(hold_many_quietly.session_id);
    v_ttl interval := booking.bounded_ttl(v_service, hold_many_quietly.ttl);
    v_over jsonb;
    v_result booking.hold_result[];
begin
    if v_session is null then
        raise exception 'session_id is needed' using errcode = '22004';
    end if;
    perform booking.check_member(v_service, hold_many_quietly.resource);
    perform booking.lock_session(v_session);
    if quotas then
        v_over := booking.over_quota(v_service, v_session, array(
            select tstzrange(t, booking.slot_end(v_service, t, v_question.minutes)) from unnest(v_starts) t));
    end if;
    if v_over is not null then
        v_result := array[(null, v_starts[1], null, null, null, 'BK008', v_over)::booking.hold_result];
    else
        v_result := booking.take_many(v_question, v_starts, v_session, hold_many_quietly.resource, v_seats, v_ttl, false);
    end if;
    perform booking.record_event(
        v_service.tenant_id, 'held', hold_id => r.hold_id, service => v_service.service_id, session_hash => v_session,
        detail => jsonb_build_object('starts_at', r.starts_at, 'resources', r.resources))
    from unnest(v_result) r
    where r.hold_id is not null;
    perform booking.record_refusal(
        v_service.tenant_id, r.code, 'hold', v_session, v_service.service_id, r.starts_at, hold_many_quietly.duration,
        hold_many_quietly.resource, detail => v_over)
    from unnest(v_result) r
    where r.code is not null;
    return v_result;
end
$$;
comment on function booking.hold_many_quietly(uuid, uuid, timestamptz[], text, interval, uuid, interval, int, boolean) is
    'As booking.try_hold_many, without the reasons; quotas: as of booking.hold_quietly.';

create function booking.try_hold_many(
    tenant uuid,
    service uuid,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language plpgsql
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select r.hold_id, r.starts_at, r.ends_at, r.expires_at, r.resources, r.code,
            case r.code
                when 'BK003' then booking.not_offered(
                    try_hold_many.tenant, try_hold_many.service, r.starts_at, try_hold_many.duration, try_hold_many.resource,
                    try_hold_many.session_id, try_hold_many.seats)
            end
        from unnest(booking.hold_many_quietly(
            try_hold_many.tenant, try_hold_many.service, try_hold_many.starts_at, try_hold_many.session_id,
            try_hold_many.duration, try_hold_many.resource, try_hold_many.ttl, try_hold_many.seats)) r;
end
$$;
comment on function booking.try_hold_many(uuid, uuid, timestamptz[], text, interval, uuid, interval, int) is
    'As booking.hold_many, but a refusal is returned: only the starts that stand in the way, each with its code, and with the '
    'reasons of BK003 in detail; nothing is held then.';

create function booking.hold_many(
    tenant uuid,
    service uuid,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language plpgsql
rows 5
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
#variable_conflict use_column
declare
    v_result booking.hold_result[] := array(
        select r
        from booking.try_hold_many(
            hold_many.tenant, hold_many.service, hold_many.starts_at, hold_many.session_id, hold_many.duration,
            hold_many.resource, hold_many.ttl, hold_many.seats) r);
begin
    if v_result[1].code is not null then
        perform booking.refuse(v_result[1].code, jsonb_build_object('refused', (
            select jsonb_agg(jsonb_build_object('starts_at', r.starts_at, 'code', r.code, 'detail', r.detail))
            from unnest(v_result) r)));
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.hold_many(uuid, uuid, timestamptz[], text, interval, uuid, interval, int) is
    'Holds several slots of a service for a session, all or none, a row each in time order; at most 100, none of which may overlap '
    'another. Own holds are renewed or let go as booking.hold does, unless the whole fails. Errors as of booking.hold, the '
    'first by time, with all that stand in the way in the DETAIL; 22023 also where starts overlap, 54000 where they are too many.';
