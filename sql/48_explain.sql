-- Why a start is not offered, for owners: the decision is the rule's own (42_offer.sql, 51_choose.sql), what is looked up
-- here finds the words. Next: 50_session.sql.

create type booking.slot_reason as (
    code text,
    reason text,
    resource_id uuid,
    unit int,
    words text,
    detail jsonb);
comment on type booking.slot_reason is
    'A condition that fails. code: the BK code that it leads to; reason: a stable word for programs; resource_id, unit: of '
    'what, null where it is the service; words: a sentence with times in the service''s zone; detail: the facts.';

create function booking.local_text(at timestamptz, zone text)
returns text
language sql
stable
parallel safe
begin atomic
    select to_char(timezone(zone, at), 'YYYY-MM-DD HH24:MI');
end;
comment on function booking.local_text(timestamptz, text) is 'An instant on the wall clock of a zone, to the minute.';

create function booking.span_text(span tstzrange, zone text)
returns text
language sql
stable
parallel safe
begin atomic
    select to_char(timezone(zone, lower(span)), 'YYYY-MM-DD HH24:MI') || ' to ' || to_char(
        timezone(zone, upper(span)),
        case when timezone(zone, lower(span))::date = timezone(zone, upper(span))::date then '' else 'YYYY-MM-DD ' end || 'HH24:MI');
end;
comment on function booking.span_text(tstzrange, text) is 'A span on the wall clock of a zone, its date once where both ends have the same.';

create function booking.clock_reasons(service booking.service, starts_at timestamptz, minutes int, grain int, now timestamptz)
returns setof booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_local timestamp := timezone(service.zone, starts_at);
    v_first timestamptz := booking.local_plus(now, service.min_notice, service.zone);
    v_last timestamptz := booking.local_plus(now, service.horizon, service.zone);
    v_unit text := case service.kind when 'stay' then 'nights' else 'minutes' end;
    v_length int := minutes / case service.kind when 'stay' then 1440 else 1 end;
begin
    return query
        select 'BK003', r.reason, null::uuid, null::int, r.words, jsonb_strip_nulls(r.detail)
        from (
            values
                (
                    not booking.has_length(service, minutes), 'not_a_duration',
                    format('It is booked for %s %s, not for %s.',
                        coalesce(nullif(array_to_string(service.durations, ', '), ''), service.min_length || ' to ' || service.max_length),
                        v_unit, v_length),
                    jsonb_build_object('unit', v_unit, 'asked', v_length, 'durations', service.durations,
                        'min', service.min_length, 'max', service.max_length)),
                (
                    starts_at < now, 'past', format('%s has passed.', booking.local_text(starts_at, service.zone)),
                    jsonb_build_object('now', now)),
                (
                    starts_at >= now and starts_at < v_first, 'notice',
                    format('It has to be booked %s ahead: the first start is %s.',
                        service.min_notice, booking.local_text(v_first, service.zone)),
                    jsonb_build_object('min_notice', service.min_notice, 'first', v_first)),
                (
                    starts_at >= v_last, 'horizon',
                    format('It can be booked %s ahead: starts from %s on are not offered yet.',
                        service.horizon, booking.local_text(v_last, service.zone)),
                    jsonb_build_object('horizon', service.horizon, 'before', v_last)),
                (
                    not service.bookable @> v_local::date, 'outside_dates',
                    format('%s is not among its dates, %s.', v_local::date, service.bookable),
                    jsonb_build_object('bookable', service.bookable)),
                (
                    service.kind <> 'stay' and starts_at <> booking.slot_ceil(starts_at, grain), 'off_grid',
                    format('Starts lie on the grain of %s minutes.', grain), jsonb_build_object('grain', grain)),
                (
                    service.kind = 'stay' and starts_at <> timezone(service.zone, v_local::date + service.check_in), 'check_in',
                    format('A stay begins at %s, not at %s.', to_char(service.check_in, 'HH24:MI'), to_char(v_local, 'HH24:MI')),
                    jsonb_build_object('check_in', service.check_in)),
                (
                    not extract(isodow from v_local) = any (service.arrival_days), 'arrival_day',
                    format('%s is no day of arrival.', to_char(v_local, 'FMDay')),
                    jsonb_build_object('arrival_days', service.arrival_days))) r (fails, reason, words, detail)
        where r.fails;
end
$$;
comment on function booking.clock_reasons(booking.service, timestamptz, int, int, timestamptz) is
    'What of length, clock and calendar keeps a start of a service from being offered.';

create function booking.closed_reason(
    service booking.service,
    resource uuid,
    called text,
    schedule uuid,
    grain int,
    starts_at timestamptz,
    minutes int)
returns booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_slot interval := make_interval(mins => grain);
    v_ends_at timestamptz := starts_at + make_interval(mins => minutes);
    v_day date := timezone(service.zone, starts_at)::date;
    v_days date[];
    v_open tstzmultirange;
    v_closed tstzrange;
    v_why record;
begin
    if service.kind = 'stay' then
        v_days := array(select d from booking.closed_dates(service.tenant_id, schedule, v_day, v_day + minutes / 1440 - 1) d);
        if v_days = '{}' then
            return null;
        end if;
        return ('BK003', 'night_closed', resource, null,
            format('%s is closed in the night of %s.', called, array_to_string(v_days, ', ')),
            jsonb_build_object('dates', v_days))::booking.slot_reason;
    end if;
    v_open := booking.open_map(
        service.tenant_id, schedule, grain, starts_at - interval '27 hours', v_ends_at + interval '27 hours')::tstzmultirange;
    select c into v_closed
    from unnest(case
        when service.crosses_closed
            then tstzmultirange(tstzrange(starts_at, starts_at + v_slot), tstzrange(v_ends_at - v_slot, v_ends_at))
        else tstzmultirange(tstzrange(starts_at, v_ends_at))
    end - v_open) c
    order by c
    limit 1;
    if v_closed is null then
        return null;
    end if;
    select o.reason, o.id, o.said into v_why
    from (
        select 'closed_by_override' as reason, v.override_id as id, v.reason as said, upper(v.dates) - lower(v.dates) as width
        from booking.schedule c
        join booking.schedule_override v using (tenant_id, schedule_id)
        where c.tenant_id = service.tenant_id and c.schedule_id = closed_reason.schedule
            and v.dates @> timezone(c.zone, lower(v_closed))::date
        union all
        select 'closed_by_holiday', h.holiday_id, h.name, upper(h.dates) - lower(h.dates)
        from booking.schedule c
        join booking.holiday h using (tenant_id, holiday_set_id)
        where c.tenant_id = service.tenant_id and c.schedule_id = closed_reason.schedule
            and h.dates @> timezone(c.zone, lower(v_closed))::date) o
    order by o.reason desc, o.width, o.id
    limit 1;
    return ('BK003', case when resource is null then 'service_closed' else coalesce(v_why.reason, 'outside_hours') end, resource, null,
        format('%s is closed from %s%s; it is open %s.', called, booking.span_text(v_closed, service.zone),
            case v_why.reason when 'closed_by_override' then ' by an override' when 'closed_by_holiday' then ' by a holiday' end
                || coalesce(' (' || v_why.said || ')', ''),
            coalesce(
                (
                    select string_agg(booking.span_text(o, service.zone), ' and ' order by o)
                    from unnest(v_open * tstzmultirange(
                        tstzrange(booking.date_start(v_day, service.zone), booking.date_start(v_day + 1, service.zone)))) o),
                'at no time that day')),
        jsonb_strip_nulls(jsonb_build_object(
            'closed', v_closed, case v_why.reason when 'closed_by_holiday' then 'holiday_id' else 'override_id' end, v_why.id,
            'said', v_why.said)))::booking.slot_reason;
end
$$;
comment on function booking.closed_reason(booking.service, uuid, text, uuid, int, timestamptz, int) is
    'Why the hours of a schedule, of the service or of a resource, do not admit a slot; null where they do.';

create function booking.taken_reasons(
    service booking.service,
    resource booking.resource,
    span tstzrange,
    session_hash bytea,
    classes booking.class[],
    seats int,
    now timestamptz)
returns setof booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_claimed tstzrange := tstzrange(
        lower(span) - make_interval(mins => service.buffer_before), upper(span) + make_interval(mins => service.buffer_after));
begin
    return query
        with busy as (
            select 'busy_window' as reason, null::int as unit,
                format('%s is busy from %s%s.', resource.name, booking.span_text(b.span, service.zone),
                    coalesce(' by calendar ' || b.connection_id, '')) as words,
                jsonb_build_object('busy_window_id', b.busy_window_id, 'connection_id', b.connection_id,
                    'external_id', b.external_id, 'span', b.span, 'said', b.reason) as detail
            from booking.busy_window b
            where b.tenant_id = resource.tenant_id and b.resource_id = resource.resource_id and b.span && v_claimed),
        class as (
            select 'seats' as reason, u.unit,
                format('The class of %s has %s of %s seats left, %s wanted.', resource.name, c.free, service.seats, seats) as words,
                jsonb_build_object('left', c.free, 'max', service.seats, 'wanted', seats) as detail
            from unnest(classes) c
            cross join lateral unnest(c.resources, c.units) u (resource_id, unit)
            where u.resource_id = resource.resource_id and c.starts_at = lower(taken_reasons.span)),
        claim as (
            select distinct t.reason, t.unit,
                case t.reason
                    when 'held' then format('%s is held until %s.', resource.name, booking.local_text(t.expires_at, service.zone))
                    when 'claimed' then format('%s is booked from %s.', resource.name, booking.span_text(t.booked, service.zone))
                    else format('%s is booked from %s, and the buffers reach too far.',
                        resource.name, booking.span_text(t.booked, service.zone))
                end as words,
                jsonb_build_object('booking_id', t.booking_id, 'span', t.booked, 'claimed', t.span,
                    'expires_at', t.expires_at) as detail
            from (
                select c.unit, c.span, c.booking_id, h.expires_at, coalesce(b.span, h.span) as booked,
                    case
                        when c.hold_id is not null then 'held'
                        when b.span && taken_reasons.span then 'claimed'
                        else 'buffer'
                    end as reason
                from booking.claim c
                left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
                left join booking.booking b on b.tenant_id = c.tenant_id and b.booking_id = c.booking_id
                where c.tenant_id = resource.tenant_id and c.resource_id = resource.resource_id and c.span && v_claimed
                    and c.unit <= resource.capacity
                    and (c.booking_id is not null
                        or h.expires_at > now and h.session_hash is distinct from taken_reasons.session_hash)
                    and not exists (
                        select from unnest(classes) k where c.sitting_id = any (k.sittings))) t),
        taken as (
            select c.* from claim c
            union all
            select k.* from class k),
        -- A resource is not free where none of its units is.
        capacity as (
            select 'capacity' as reason, null::int as unit,
                format('0 of %s units of %s are free throughout.', resource.capacity, resource.name) as words,
                jsonb_build_object('free', 0, 'max', resource.capacity) as detail
            where resource.capacity > 1 and resource.capacity = (select count(distinct t.unit) from taken t))
        select 'BK001', r.reason, resource.resource_id, r.unit, r.words, jsonb_strip_nulls(r.detail)
        from (
            select b.* from busy b
            union all
            select c.* from capacity c
            union all
            select t.*
            from taken t
            where resource.capacity = 1 or exists (select from capacity) or exists (select from busy)) r;
end
$$;
comment on function booking.taken_reasons(booking.service, booking.resource, tstzrange, bytea, booking.class[], int, timestamptz) is
    'What stands in the way on a resource of which no unit is free: busy windows, claims, buffers, live holds, full classes.';

create function booking.limit_reasons(service booking.service, limits booking.limit_room[], starts_at timestamptz, minutes int)
returns setof booking.slot_reason
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return query
        select 'BK004', case when l.resource_id is null then 'limit_service' else 'limit_resource' end, l.resource_id, null::int,
            format('%s of %s bookings of the %s are there%s.', l.used_count, coalesce(l.max_count::text, 'any number of'), l.period,
                ', ' || l.used_minutes || ' of ' || l.max_minutes || ' minutes, and ' || minutes || ' wanted'),
            jsonb_strip_nulls(jsonb_build_object('period', l.period, 'used', l.used_count, 'max', l.max_count,
                'used_minutes', l.used_minutes, 'max_minutes', l.max_minutes))
        from unnest(limits) l
        where l.span @> starts_at and l.room <= 0;
end
$$;
comment on function booking.limit_reasons(booking.service, booking.limit_room[], timestamptz, int) is
    'The limits that a start meets with no room left.';

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
    v_service booking.service := booking.the_service(explain_slot.tenant, explain_slot.service);
    v_grain int := booking.service_grain(v_service);
    v_minutes int := booking.wanted_minutes(v_service, explain_slot.duration, v_grain);
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
        v_service, explain_slot.starts_at, v_minutes, explain_slot.resource, v_session, v_now);
    v_code := booking.verdict(v_candidates, explain_slot.resource);
    if v_code is null
        or v_code = 'BK001' and v_service.seats is not null and (booking.class_with_seats(
            v_service, explain_slot.starts_at, v_minutes, explain_slot.resource, v_session, v_seats, v_now)).sittings is not null
    then
        return;
    end if;
    -- What would be, if length and clock did not matter; then, if the step did not either.
    v_at_all.durations := v_service.durations || v_minutes / case v_service.kind when 'stay' then 1440 else 1 end;
    v_at_all.min_notice := '0';
    v_at_all.horizon := null;
    v_at_all.bookable := '(,)';
    if v_candidates is null then
        v_candidates := booking.candidates(
            v_at_all, explain_slot.starts_at, v_minutes, explain_slot.resource, v_session, v_now);
    end if;
    if v_candidates is null then
        v_candidates := booking.candidates(
            v_at_all, explain_slot.starts_at, v_minutes, explain_slot.resource, v_session, v_now, false);
        v_off_grid := v_candidates is not null;
    end if;
    if v_off_grid then
        select array[max(s.at) filter (where s.at < explain_slot.starts_at), min(s.at) filter (where s.at > explain_slot.starts_at)]
        into v_near
        from (
            select o.starts
            from booking.offers(
                v_at_all, lower(v_starts) - interval '1 day', upper(v_starts) + interval '1 day', v_minutes,
                booking.wanted_step(v_service, null, v_grain), v_grain, v_session, false, v_now) o
            limit 1) o
        cross join lateral booking.slot_series(o.starts) s (at);
    end if;
    v_limits := booking.limits_of(
        v_service, tstzrange(explain_slot.starts_at, explain_slot.starts_at, '[]'), v_minutes, v_session, v_now);
    if v_service.seats is not null then
        v_classes := booking.classes(
            v_service, array(
                select o
                from booking.offers(
                    v_at_all, lower(v_starts), upper(v_starts), v_minutes, null, v_grain, v_session, true, v_now) o),
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
                    booking.wanted_step(v_service, null, v_grain),
                    coalesce((
                        select string_agg(booking.local_text(n, v_service.zone), ' and ' order by n)
                        from unnest(v_near) n
                        where n is not null), 'none')),
                jsonb_strip_nulls(jsonb_build_object(
                    'step', booking.wanted_step(v_service, null, v_grain), 'before', v_near[1], 'after', v_near[2]))
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
