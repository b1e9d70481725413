-- Words for why a start is not offered: look-ups for each condition, which decide nothing. Next: 52_explain_slot.sql.

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

create function booking.dates_at(tenant uuid, schedule uuid, at timestamptz)
returns setof date
language sql
stable
parallel safe
rows 1
begin atomic
    select timezone(t.zone, at)::date
    from booking.schedule_travel t
    where t.tenant_id = tenant and t.schedule_id = schedule and t.dates @> timezone(t.zone, at)::date
    union
    select timezone(s.zone, at)::date
    from booking.schedule s
    where s.tenant_id = tenant and s.schedule_id = schedule
        and not exists (
            select
            from booking.schedule_travel t
            where t.tenant_id = tenant and t.schedule_id = schedule and t.dates @> timezone(s.zone, at)::date);
end;
comment on function booking.dates_at(uuid, uuid, timestamptz) is
    'The local dates of a schedule that an instant lies in, each by the clock that its windows are read on: mostly one; two or '
    'none where travel begins or ends.';

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
    v_travel text;
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
        from booking.dates_at(service.tenant_id, schedule, lower(v_closed)) d (day)
        join booking.schedule_override v
            on v.tenant_id = service.tenant_id and v.schedule_id = closed_reason.schedule and v.dates @> d.day
        union all
        select 'closed_by_holiday', h.holiday_id, h.name, upper(h.dates) - lower(h.dates)
        from booking.dates_at(service.tenant_id, schedule, lower(v_closed)) d (day)
        join booking.schedule c on c.tenant_id = service.tenant_id and c.schedule_id = closed_reason.schedule
        join booking.holiday h
            on h.tenant_id = c.tenant_id and h.holiday_set_id = c.holiday_set_id and h.dates @> d.day) o
    order by o.reason desc, o.width, o.id
    limit 1;
    -- Whoever reads this may have the hours at home in mind.
    v_travel := (
        select min(t.zone)
        from booking.schedule c
        join booking.schedule_travel t using (tenant_id, schedule_id)
        where c.tenant_id = service.tenant_id and c.schedule_id = closed_reason.schedule
            and (t.dates @> timezone(t.zone, lower(v_closed))::date or t.dates @> timezone(c.zone, lower(v_closed))::date));
    return ('BK003', case when resource is null then 'service_closed' else coalesce(v_why.reason, 'outside_hours') end, resource, null,
        format('%s is closed from %s%s; it is open %s.%s', called, booking.span_text(v_closed, service.zone),
            case v_why.reason when 'closed_by_override' then ' by an override' when 'closed_by_holiday' then ' by a holiday' end
                || coalesce(' (' || v_why.said || ')', ''),
            coalesce(
                (
                    select string_agg(booking.span_text(o, service.zone), ' and ' order by o)
                    from unnest(v_open * tstzmultirange(
                        tstzrange(booking.date_start(v_day, service.zone), booking.date_start(v_day + 1, service.zone)))) o),
                'at no time that day'),
            ' Its clock is that of ' || v_travel || ' then.'),
        jsonb_strip_nulls(jsonb_build_object(
            'closed', v_closed, case v_why.reason when 'closed_by_holiday' then 'holiday_id' else 'override_id' end, v_why.id,
            'said', v_why.said, 'zone', v_travel)))::booking.slot_reason;
end
$$;
comment on function booking.closed_reason(booking.service, uuid, text, uuid, int, timestamptz, int) is
    'Why the hours of a schedule, of the service or of a resource, do not admit a slot; null where they do. On travel the '
    'words and, as zone, the detail say whose clock it reads its hours on.';

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
                        or h.expires_at > now and (h.session_hash = taken_reasons.session_hash) is not true)
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
                ', ' || l.used_minutes || ' of ' || l.max_minutes || ' minutes, and '
                    || booking.limit_minutes(service, minutes) || ' wanted'),
            jsonb_strip_nulls(jsonb_build_object('period', l.period, 'used', l.used_count, 'max', l.max_count,
                'used_minutes', l.used_minutes, 'max_minutes', l.max_minutes))
        from unnest(limits) l
        where l.span @> starts_at and l.room <= 0;
end
$$;
comment on function booking.limit_reasons(booking.service, booking.limit_room[], timestamptz, int) is
    'The limits that a start meets with no room left.';
