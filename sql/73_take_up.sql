-- A hold that lapsed a while ago, and whose session is back: its claims stand until somebody sweeps them away, so nobody
-- else has its time. It lives again if its slot would be given to it today. Next: 74_choices.sql.

create function booking.refused_again(hold booking.hold, quotas boolean)
returns text
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_service booking.service;
    v_question booking.question;
    v_candidates booking.candidate[];
begin
    select s.* into v_service
    from booking.service s
    join booking.tenant t using (tenant_id)
    where s.tenant_id = hold.tenant_id and s.service_id = hold.service_id and s.active and t.active;
    if not found then
        return 'BK003';
    end if;
    if quotas and booking.over_quota(v_service, hold.session_hash, array[hold.span]) is not null then
        return 'BK008';
    end if;
    v_question := booking.question(hold.tenant_id, hold.service_id, case v_service.kind
        when 'stay' then make_interval(
            days => timezone(v_service.zone, upper(hold.span))::date - timezone(v_service.zone, lower(hold.span))::date)
        else upper(hold.span) - lower(hold.span)
    end);
    v_candidates := booking.candidates(v_question, lower(hold.span), null, hold.session_hash);
    -- By the rule, of the resources that it has; that their time is nobody's the claims say themselves, of all but busy windows.
    return (
        select case
            when count(*) = 0 or not bool_and(coalesce(u.offered, false)) then 'BK003'
            when not bool_and(u.allowed) then 'BK004'
            when bool_or(u.busy or u.gone) then 'BK001'
        end
        from (
            select bool_or(u.offered) as offered, bool_or(u.allowed) as allowed,
                c.unit > r.capacity or c.seat > v_service.seats as gone,
                exists (
                    select
                    from booking.busy_window b
                    where b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span) as busy
            from booking.claim c
            join booking.resource r using (tenant_id, resource_id)
            left join unnest(v_candidates) u on u.resource_id = c.resource_id
            where c.tenant_id = hold.tenant_id and c.hold_id = hold.hold_id
            group by c.tenant_id, c.id, r.tenant_id, r.resource_id) u);
end
$$;
comment on function booking.refused_again(booking.hold, boolean) is
    'Why a lapsed hold cannot live again: BK003 (not offered any more), BK004 (a limit was used up meanwhile), BK001 (a busy '
    'window came), with quotas also BK008; null: it can. The caller has locked what limits count by.';

create function booking.take_up(tenant uuid, session_hash bytea, quotas boolean)
returns jsonb
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_refused jsonb := '{}';
    v_hold booking.hold;
    v_code text;
    v_now timestamptz;
begin
    -- The order of every writer: session, client, services by id, holds by id.
    perform booking.lock_session(take_up.session_hash);
    if quotas then
        perform booking.lock_client(take_up.tenant, booking.client(take_up.tenant));
    end if;
    perform booking.lock_limits(s)
    from (
        select s.*
        from booking.service s
        where s.tenant_id = take_up.tenant and s.service_id in (
            select h.service_id
            from booking.hold h
            where h.tenant_id = take_up.tenant and h.session_hash = take_up.session_hash and h.expires_at <= clock_timestamp())
        order by s.service_id) s;
    v_now := clock_timestamp();
    perform
    from booking.hold h
    where h.tenant_id = take_up.tenant and h.session_hash = take_up.session_hash and h.expires_at <= v_now
    order by h.hold_id
    for update;
    -- First held, first served: each counts against the limits of the next.
    for v_hold in
        select h.*
        from booking.hold h
        join booking.service s using (tenant_id, service_id)
        where h.tenant_id = take_up.tenant and h.session_hash = take_up.session_hash and h.expires_at <= v_now
            and h.created_at + s.max_hold_age > v_now
        order by h.created_at, h.hold_id
    loop
        v_code := booking.refused_again(v_hold, quotas);
        if v_code is not null then
            v_refused := v_refused || jsonb_build_object(v_hold.hold_id, v_code);
            continue;
        end if;
        update booking.hold h
        set expires_at = least(clock_timestamp() + coalesce(h.ttl, s.hold_ttl), h.created_at + s.max_hold_age)
        from booking.service s
        where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id
            and s.tenant_id = h.tenant_id and s.service_id = h.service_id;
        perform booking.record_event(
            v_hold.tenant_id, 'held', hold_id => v_hold.hold_id, service => v_hold.service_id, session_hash => v_hold.session_hash,
            detail => jsonb_build_object(
                'starts_at', lower(v_hold.span), 'resources', (booking.held(v_hold)).resources, 'again', true));
    end loop;
    return v_refused;
end
$$;
comment on function booking.take_up(uuid, bytea, boolean) is
    'Lets the lapsed holds of a session live again that nobody has taken and that would be given to it now. Returns why not, by '
    'hold; nothing of those that are past their max_hold_age.';
