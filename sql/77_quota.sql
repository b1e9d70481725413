-- Quotas: how many live holds the public may have, by session, by client and by service, so that nobody empties a calendar by
-- holding it. Applications that call the engine themselves are not asked, nor is whoever runs the tenant. Next: 78_series.sql.

create function booking.lock_client(tenant uuid, client text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(tenant || ' ' || client, 8));
end
$$;
comment on function booking.lock_client(uuid, text) is
    'Lets one call of a client at a time be counted. After the lock of its session, before all others. Nothing for null.';

create function booking.quota(name text, most int, held bigint, more int, until timestamptz)
returns jsonb
language plpgsql
as $$
begin
    return case
        when held + more > most then jsonb_build_object(
            'quota', name, 'most', most, 'retry_after', greatest(ceil(extract(epoch from until - clock_timestamp())), 1))
    end;
end
$$;
comment on function booking.quota(text, int, bigint, int, timestamptz) is
    'Null where so many more fit, else what a refusal with BK008 says: which quota, how many it admits, and in how many seconds '
    'the first of those held lapses.';

create function booking.over_quota(service booking.service, session_hash bytea, spans tstzrange[])
returns jsonb
language plpgsql
as $$
#variable_conflict use_column
declare
    v_client text := booking.client(service.tenant_id);
    v_most_session int;
    v_most_client int;
    v_held bigint;
    v_until timestamptz;
    v_over jsonb;
begin
    select t.max_session_holds, t.max_client_holds into v_most_session, v_most_client
    from booking.tenant t
    where t.tenant_id = service.tenant_id;
    -- Exact: the caller has locked the session. What the new holds let go of makes room for them.
    select count(*), min(h.expires_at) into v_held, v_until
    from booking.hold h
    where h.tenant_id = service.tenant_id and h.session_hash = over_quota.session_hash and h.expires_at > clock_timestamp()
        and not (h.span && any (spans));
    v_over := booking.quota('session', v_most_session, v_held, cardinality(spans), v_until);
    if v_over is null and v_client is not null then
        -- Exact, too: calls of one client come one after the other here, which an office behind one address does not notice.
        perform booking.lock_client(service.tenant_id, v_client);
        select count(*), min(h.expires_at) into v_held, v_until
        from booking.hold h
        where h.tenant_id = service.tenant_id and h.client = v_client and h.expires_at > clock_timestamp()
            and (h.session_hash = over_quota.session_hash and h.span && any (spans)) is not true;
        v_over := booking.quota('client', v_most_client, v_held, cardinality(spans), v_until);
    end if;
    if v_over is null and service.max_holds is not null then
        -- Not locked: all who hold would wait for one another. The last few may come in together.
        select count(*), min(h.expires_at) into v_held, v_until
        from booking.hold h
        where h.tenant_id = service.tenant_id and h.service_id = service.service_id and h.session_hash is not null
            and h.expires_at > clock_timestamp() and not (h.session_hash = over_quota.session_hash and h.span && any (spans));
        v_over := booking.quota('service', service.max_holds, v_held, cardinality(spans), v_until);
    end if;
    return v_over;
end
$$;
comment on function booking.over_quota(booking.service, bytea, tstzrange[]) is
    'Null where a session may have so many more holds of these spans, else the details of BK008: the quota of its session, of its '
    'client (booking.client, where anything is known of it), or of the service. The caller has locked the session.';

create function booking.over_pending(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval,
    session_hash bytea)
returns jsonb
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_client text := booking.client(over_pending.tenant);
    v_service booking.service;
    v_span tstzrange;
    v_most int;
    v_held bigint;
    v_until timestamptz;
begin
    select s.* into v_service
    from booking.service s
    where s.tenant_id = over_pending.tenant and s.service_id = over_pending.service;
    if v_client is null or starts_at is null or not (booking.waits(v_service) and v_service.pending_blocks) then
        return null;
    end if;
    perform booking.check_range(over_pending.starts_at, over_pending.starts_at);
    v_span := tstzrange(over_pending.starts_at, booking.slot_end(
        v_service, over_pending.starts_at,
        (booking.question(over_pending.tenant, over_pending.service, over_pending.duration)).minutes));
    perform booking.lock_session(over_pending.session_hash);
    perform booking.lock_client(over_pending.tenant, v_client);
    select t.max_client_holds into v_most
    from booking.tenant t
    where t.tenant_id = over_pending.tenant;
    select count(*), min(h.expires_at) into v_held, v_until
    from booking.hold h
    where h.tenant_id = over_pending.tenant and h.client = v_client and h.expires_at > clock_timestamp()
        and (h.session_hash = over_pending.session_hash and h.span && v_span) is not true;
    return booking.quota('client', v_most, v_held, 1, v_until);
end
$$;
comment on function booking.over_pending(uuid, uuid, timestamptz, interval, bytea) is
    'Null where the public may book a slot directly, else the details of BK008: a pending booking that blocks is as good as a '
    'hold, and its client, where anything is known of it, has too many of both.';

create function booking.count_live_holds(at_most int default 100000)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- No index has expires_at. The table is small while somebody calls expire_holds; where nobody does, the limit ends the scan.
    return (
        select count(*)
        from (
            select
            from booking.hold h
            where h.expires_at > statement_timestamp()
            limit count_live_holds.at_most) l);
end
$$;
comment on function booking.count_live_holds(int) is
    'How many holds have not lapsed, of all tenants that the caller may see, for whoever watches over the site. At at_most it '
    'stops counting.';
