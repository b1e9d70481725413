-- Why a start is not offered, for owners: the decision is the rule's own (44_offer.sql, 54_choose.sql), 51_reason.sql finds
-- the words. Next: 53_session.sql.

create function booking.explain_slot(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    seats int default null,
    as_of timestamptz default null)
returns setof booking.slot_reason
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(explain_slot.tenant, explain_slot.service, explain_slot.duration);
    v_service booking.service := v_question.service;
    v_grain int := v_question.grain;
    v_minutes int := v_question.minutes;
    v_step int := v_question.step;
    v_seats int := booking.wanted_seats(v_service, explain_slot.seats);
    v_session bytea := booking.session_hash(explain_slot.session_id);
    v_now timestamptz := coalesce(explain_slot.as_of, statement_timestamp());
    v_starts tstzrange := tstzrange(explain_slot.starts_at, explain_slot.starts_at + interval '1 microsecond');
    v_at_all booking.service := v_service;
    v_candidates booking.candidate[];
    v_near timestamptz[];
    v_classes booking.class[];
    v_limits booking.limit_room[];
    v_off_grid boolean := false;
    v_code text;
begin
    if explain_slot.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the start of a slot.';
    end if;
    perform booking.check_range(explain_slot.starts_at, explain_slot.starts_at);
    perform booking.check_range(v_now, v_now);
    perform booking.check_member(v_service, explain_slot.resource);
    -- The decision, as a hold makes it.
    v_candidates := booking.candidates(
        v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_now);
    v_code := booking.verdict(v_candidates, explain_slot.resource);
    if v_code is null
        or v_code = 'BK001' and v_service.seats is not null and (booking.class_with_seats(
            v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_seats, v_now)).sittings is not null
    then
        return;
    end if;
    -- What would be, if length and clock did not matter; then, if the step did not either.
    v_at_all.durations := v_service.durations || v_minutes / case v_service.kind when 'stay' then 1440 else 1 end;
    v_at_all.min_notice := '0';
    v_at_all.horizon := null;
    v_at_all.bookable := '(,)';
    v_question.service := v_at_all;
    if v_candidates is null then
        v_candidates := booking.candidates(
            v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_now);
    end if;
    if v_candidates is null then
        v_candidates := booking.candidates(
            v_question, explain_slot.starts_at, explain_slot.resource, v_session, v_now, false);
        v_off_grid := v_candidates is not null;
    end if;
    if v_off_grid then
        select array[max(s.at) filter (where s.at < explain_slot.starts_at), min(s.at) filter (where s.at > explain_slot.starts_at)]
        into v_near
        from (
            select o.starts
            from unnest(booking.offers(
                v_question, lower(v_starts) - interval '1 day', upper(v_starts) + interval '1 day', v_session, false, v_now)) o
            limit 1) o
        cross join lateral booking.slot_series(o.starts) s (at);
    end if;
    v_limits := booking.limits_of(
        v_question, v_starts, v_session, v_now);
    if v_service.seats is not null then
        v_question.step := null;
        v_classes := booking.classes(
            v_service, booking.offers(v_question, lower(v_starts), upper(v_starts), v_session, true, v_now),
            v_starts, v_minutes, v_session, v_now);
    end if;

    return query
        with member as materialized (
            select q.requirement_id, q.pick, r as resource, r.resource_id, r.active, h.closed,
                r.active and case when v_candidates is null then (h.closed).code is null else coalesce(f.offered, false) end as offered,
                r.active and case when v_candidates is null then (h.closed).code is null else coalesce(f.allowed, false) end as allowed,
                r.active and case when v_candidates is null then (h.closed).code is null else coalesce(f.free, false) end as free
            from booking.service_requirement q
            join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
            join booking.resource r using (tenant_id, resource_id)
            left join lateral (
                select bool_or(c.offered) as offered, bool_or(c.allowed) as allowed, bool_or(c.free) as free
                from unnest(v_candidates) c
                where c.resource_id = r.resource_id) f on true
            cross join lateral (
                select booking.closed_reason(
                    v_service, r.resource_id, r.name, r.schedule_id, v_grain, explain_slot.starts_at, v_minutes) as closed
                where v_candidates is null or not coalesce(f.offered, false)
                union all
                select null
                where v_candidates is not null and f.offered) h
            where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id
                and (explain_slot.resource is null or q.pick > 1 or r.resource_id = explain_slot.resource or m.requirement_id <> (
                    select g.requirement_id
                    from booking.requirement_resource g
                    where g.tenant_id = v_service.tenant_id and g.service_id = v_service.service_id
                        and g.resource_id = explain_slot.resource))),
        -- The stage at which a requirement fails, for want of members or of the one that is asked for.
        failed as (
            select m.requirement_id, n.code,
                case n.code when 'BK003' then n.offered when 'BK004' then n.allowed else n.free end >= m.pick as only_given
            from (
                select m.requirement_id, m.pick, count(*) filter (where m.offered) as offered,
                    count(*) filter (where m.allowed) as allowed, count(*) filter (where m.free) as free,
                    -- Of the others nothing is asked.
                    bool_or(m.resource_id = explain_slot.resource) is not true
                        or bool_or(m.offered) filter (where m.resource_id = explain_slot.resource) as given_offered,
                    bool_or(m.resource_id = explain_slot.resource) is not true
                        or bool_or(m.allowed) filter (where m.resource_id = explain_slot.resource) as given_allowed,
                    bool_or(m.resource_id = explain_slot.resource) is not true
                        or bool_or(m.free) filter (where m.resource_id = explain_slot.resource) as given_free
                from member m
                group by m.requirement_id, m.pick) m
            cross join lateral (
                select m.offered, m.allowed, m.free,
                    case
                        when m.offered < m.pick or not m.given_offered then 'BK003'
                        when m.allowed < m.pick or not m.given_allowed then 'BK004'
                        when m.free < m.pick or not m.given_free then 'BK001'
                    end as code) n
            where n.code is not null),
        missed as (
            select m.*, f.code
            from failed f
            join member m on m.requirement_id = f.requirement_id
            where not f.only_given or m.resource_id = explain_slot.resource),
        reason as (
            select c.*
            from booking.clock_reasons(v_service, explain_slot.starts_at, v_minutes, v_grain, v_now) c
            union all
            select 'BK003', 'off_grid', null, null,
                format('Starts lie %s minutes apart, counted from the start of the hours; next to it: %s.',
                    v_step,
                    coalesce((
                        select string_agg(booking.local_text(n, v_service.zone), ' and ' order by n)
                        from unnest(v_near) n
                        where n is not null), 'none')),
                jsonb_strip_nulls(jsonb_build_object(
                    'step', v_step, 'before', v_near[1], 'after', v_near[2]))
            where v_off_grid
            union all
            select (c.closed).*
            from (
                select booking.closed_reason(
                    v_service, null, 'The service', v_service.schedule_id, v_grain, explain_slot.starts_at, v_minutes) as closed
                where v_service.schedule_id is not null and v_grain is not null) c
            where (c.closed).code is not null
            union all
            select 'BK003', 'too_few_members', null, null,
                format('A requirement takes %s of its resources, and %s are active.', q.pick, q.active),
                jsonb_build_object('requirement_id', q.requirement_id, 'pick', q.pick, 'active', q.active)
            from (
                select q.requirement_id, q.pick, count(r.resource_id) as active
                from booking.service_requirement q
                left join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
                left join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id and r.active
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id
                group by q.requirement_id, q.pick) q
            where q.active < q.pick
            union all
            select 'BK003', 'too_few_members', null, null, 'The service asks for no resource.', '{}'
            where not exists (
                select
                from booking.service_requirement q
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id)
            union all
            select l.* from booking.limit_reasons(v_service, v_limits, explain_slot.starts_at, v_minutes) l
            where l.resource_id is null
            union all
            -- A member that drops out early still leads to what its requirement fails with in the end.
            select case when array_position('{BK003,BK004,BK001}', m.code) > array_position('{BK003,BK004,BK001}', r.code)
                    then m.code else r.code end,
                r.reason, r.resource_id, r.unit, r.words, r.detail
            from missed m
            cross join lateral (
                select 'BK003' as code, 'inactive' as reason, m.resource_id, null::int as unit,
                    format('%s is not active.', (m.resource).name) as words, '{}'::jsonb as detail
                where not m.active
                union all
                select (m.closed).* where not m.offered and (m.closed).code is not null
                union all
                select l.*
                from booking.limit_reasons(v_service, v_limits, explain_slot.starts_at, v_minutes) l
                where l.resource_id = m.resource_id
                union all
                select t.*
                from booking.taken_reasons(
                    v_service, m.resource,
                    tstzrange(explain_slot.starts_at, booking.slot_end(v_service, explain_slot.starts_at, v_minutes)),
                    v_session, v_classes, v_seats, v_now) t
                where m.active and not m.free) r)
        select r.*
        from (
            select r.* from reason r
            union all
            -- Hours and claims say nothing of the kind: the decision came from pages that have drifted.
            select v_code, 'pages', null, null, 'Only the stored pages say so: see booking.verify().', '{}'
            where not exists (select from reason r where r.code = v_code)) r
        order by array_position('{BK003,BK004,BK001}', r.code), r.resource_id nulls first, r.unit nulls first, r.reason, r.words;
end
$$;
comment on function booking.explain_slot(uuid, uuid, timestamptz, interval, uuid, text, int, timestamptz) is
    'Why a start is not offered: every condition that fails, per resource, in the order in which they are judged; no row where '
    'it is. The first code is the one that booking.try_hold gives. Of a requirement that is met, nothing is said. '
    'Reasons: not_a_duration, past, notice, horizon, outside_dates, off_grid, check_in, arrival_day, service_closed, '
    'outside_hours, closed_by_override, closed_by_holiday, night_closed, too_few_members, inactive; limit_service, '
    'limit_resource; claimed, buffer, held, busy_window, capacity, seats; pages, where stored pages have drifted. For owners: '
    'it tells of bookings and calendars. Arguments and errors as booking.hold; as_of replaces the clock.';

create function booking.not_offered(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    seats int)
returns jsonb
language plpgsql
stable
as $$
begin
    return (
        select jsonb_build_object('reasons', jsonb_agg(jsonb_strip_nulls(to_jsonb(e) - 'code')))
        from booking.explain_slot(tenant, service, starts_at, duration, resource, session_id, seats, clock_timestamp()) e
        where e.code = 'BK003'
        having count(*) > 0);
end
$$;
comment on function booking.not_offered(uuid, uuid, timestamptz, interval, uuid, text, int) is
    'The detail of a refusal with BK003, for owners: under reasons what booking.explain_slot says of it.';
