-- heartbeat: keeps what a session holds. A hold is renewed for the ttl that it was taken with, so presence is nothing but a
-- short one: hold with ttl => '10 seconds', beat every five. Next: 73_take_up.sql, which is what a late one does.

create type booking.heartbeat_result as (
    hold_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    expires_at timestamptz,
    status text,
    code text,
    detail jsonb);
comment on type booking.heartbeat_result is
    'One hold of a session: when it starts, ends and lapses. status: live; lapsed, where it is still there and may be taken up by '
    'the next heartbeat; gone. code: null for a live one; BK002 for one whose time is over, else why it could not be taken up '
    'again (BK001, BK003, BK004, BK008), with details.';

create function booking.beat(tenant uuid, session_hash bytea, holds uuid[], refused jsonb)
returns booking.heartbeat_result[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_now timestamptz := clock_timestamp();
    v_result booking.heartbeat_result[];
begin
    with mine as materialized (
        select h.tenant_id, h.hold_id, h.span, h.expires_at,
            least(v_now + coalesce(h.ttl, s.hold_ttl), h.created_at + s.max_hold_age) as until
        from booking.hold h
        join booking.service s using (tenant_id, service_id)
        where h.tenant_id = beat.tenant and h.session_hash = beat.session_hash),
    -- A heartbeat waits for nobody: a hold that is being booked, renewed or let go this very moment needs none. So two
    -- tabs can't wait for one another either.
    idle as (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.tenant_id = beat.tenant and h.session_hash = beat.session_hash and h.expires_at > v_now
            -- What may be taken up again comes before, with locks that nobody asks for who has renewed a hold.
            and (beat.refused is not null or not exists (
                select
                from mine m
                where m.expires_at <= v_now and m.until > v_now))
        for no key update skip locked),
    renewed as (
        update booking.hold h
        set expires_at = m.until
        from idle i
        join mine m using (tenant_id, hold_id)
        where h.tenant_id = i.tenant_id and h.hold_id = i.hold_id and m.until > h.expires_at
        returning h.hold_id, h.expires_at)
    select array_agg((
        a.hold_id, lower(a.span), upper(a.span), a.expires_at, a.status,
        case when a.status <> 'live' then coalesce(beat.refused ->> a.hold_id::text, 'BK002') end, null)::booking.heartbeat_result
        order by a.span, a.hold_id)
    into v_result
    from (
        select m.hold_id, m.span, coalesce(r.expires_at, m.expires_at) as expires_at,
            case
                when coalesce(r.expires_at, m.expires_at) > v_now then 'live'
                when m.until > v_now then 'lapsed'
                else 'gone'
            end as status
        from mine m
        left join renewed r using (hold_id)
        union all
        select e.hold_id, null, null, 'gone'
        from (select distinct e from unnest(beat.holds) e where e is not null) e (hold_id)
        where e.hold_id not in (select m.hold_id from mine m)) a;
    return v_result;
end
$$;
comment on function booking.beat(uuid, bytea, uuid[], jsonb) is
    'Renews all live holds of a session in one statement and tells of all that it has, and of those it is asked for. refused: '
    'why lapsed ones were not taken up; null: they are still to be tried, and where there are any nothing is renewed.';

create function booking.heartbeat_quietly(tenant uuid, session_id text, holds uuid[], quotas boolean default false)
returns booking.heartbeat_result[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
    v_session bytea := booking.session_hash(session_id);
    v_result booking.heartbeat_result[];
begin
    perform booking.check_tenant(heartbeat_quietly.tenant);
    if v_session is null then
        raise exception 'session_id is needed' using errcode = '22004';
    elsif cardinality(holds) > 1000 then
        raise exception 'too many holds to ask for' using errcode = '54000', hint = 'Name at most 1000.';
    end if;
    v_result := booking.beat(tenant, v_session, holds, null);
    if exists (select from unnest(v_result) r where r.status = 'lapsed') then
        v_result := booking.beat(
            tenant, v_session, holds || array(select r.hold_id from unnest(v_result) r), booking.take_up(tenant, v_session, quotas));
    end if;
    return v_result;
end
$$;
comment on function booking.heartbeat_quietly(uuid, text, uuid[], boolean) is
    'As booking.try_heartbeat; null where there is nothing to tell of. quotas: what is taken up again must fit into them.';

create function booking.try_heartbeat(tenant uuid, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language plpgsql
rows 3
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return query
        select r.* from unnest(booking.heartbeat_quietly(tenant, session_id, holds)) r;
end
$$;
comment on function booking.try_heartbeat(uuid, text, uuid[]) is
    'As booking.heartbeat, but a session that has nothing live left is told so row by row, or by none.';

create function booking.heartbeat(tenant uuid, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language plpgsql
rows 3
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_result booking.heartbeat_result[] := booking.heartbeat_quietly(tenant, session_id, holds);
begin
    if not exists (select from unnest(v_result) r where r.status = 'live') then
        perform booking.refuse('BK002', to_jsonb(v_result));
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.heartbeat(uuid, text, uuid[]) is
    'Renews every live hold of a session, each for the ttl that it was taken with, up to the service''s max_hold_age; one that '
    'lapsed is taken up again if nobody has taken it and it is still offered. Returns a row a hold. holds: ids that are expected, so that those '
    'that are gone are told of, too. Holds of pending bookings and of the tenant need none. '
    'BK002: nothing is live any more, with the rows in the DETAIL. 22023, 22004, 54000: bad arguments.';
