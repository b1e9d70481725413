-- Limits: how many more bookings of a service a day, week or month admits. One function counts, for a list and under the
-- lock of a hold alike. Next: 42_pool.sql.

create function booking.lock_service(service booking.service)
returns void
language plpgsql
as $$
begin
    update booking.service s
    set version = s.version + 1
    where s.tenant_id = service.tenant_id and s.service_id = service.service_id
        and s.xmin <> pg_current_xact_id()::xid;
end
$$;
comment on function booking.lock_service(booking.service) is 'Locks a service until the transaction ends.';

create function booking.lock_limits(service booking.service)
returns boolean
language plpgsql
as $$
begin
    if not exists (
        select
        from booking.service_limit l
        where l.tenant_id = service.tenant_id and l.service_id = service.service_id)
    then
        return false;
    end if;
    perform booking.lock_service(service);
    return true;
end
$$;
comment on function booking.lock_limits(booking.service) is
    'Locks a service that has limits until the transaction ends, so that one at a time is counted against them. False where '
    'there are none. The first lock of every writer but that of its session.';

create function booking.period_start(at timestamptz, period text, zone text, number int default 0)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
begin
    return booking.date_start(
        (date_trunc(period, timezone(zone, at)) + period_start.number * ('1 ' || period)::interval)::date, zone);
end
$$;
comment on function booking.period_start(timestamptz, text, text, int) is
    'The first instant of the local day, week (from Monday) or month that an instant lies in, or of one so many after it.';

create function booking.limit_minutes(service booking.service, minutes int)
returns int
language sql
stable
parallel safe
begin atomic
    select minutes + coalesce(extract(epoch from service.check_out - service.check_in)::int / 60, 0);
end;
comment on function booking.limit_minutes(booking.service, int) is
    'What a booking of so many minutes (a night: 1440) counts against limits by time: from start to end; of a stay, from '
    'check-in to check-out, with 24 hours a night, however long it is.';

create function booking.used_minutes(service booking.service, span tstzrange)
returns numeric
language sql
stable
parallel safe
begin atomic
    -- Of a stay the nights are counted on the wall clock, rounded: a check-in that falls into a gap comes later.
    select case service.kind
        when 'stay' then booking.limit_minutes(
            service,
            1440 * round(
                extract(
                    epoch from timezone(service.zone, upper(span)) - timezone(service.zone, lower(span))
                        - (service.check_out - service.check_in)) / 86400)::int)
        else extract(epoch from upper(span) - lower(span)) / 60
    end;
end;
comment on function booking.used_minutes(booking.service, tstzrange) is
    'What a booking or a hold counts against limits by time: as much as booking.limit_minutes said of its length before.';

create type booking.limit_room as (
    resource_id uuid,
    span tstzrange,
    room int,
    stable_room int,
    period text,
    max_count int,
    max_minutes int,
    used_count int,
    used_minutes int);
comment on type booking.limit_room is
    'How many more bookings a limit admits that start in a span: room, with live holds counted; stable_room, without foreign '
    'ones. '
    'resource_id: null where the limit is on the service as a whole. period, max_count and max_minutes: the limit itself; '
    'used_count, used_minutes: what counts against it, live holds among it.';

create function booking.limit_rooms(
    question booking.question,
    starts tstzrange,
    session_hash bytea,
    now timestamptz)
returns setof booking.limit_room
language plpgsql
stable
rows 50
-- Series and arrays of unknown length make it look so dear that it would be compiled, which takes half a second.
set jit = off
as $$
#variable_conflict use_column
declare
    service booking.service := question.service;
    v_minutes int := booking.limit_minutes(service, question.minutes);
    v_length interval := make_interval(mins => v_minutes);
begin
    return query
        with period as materialized (
            select l.scope, l.period, l.max_count, l.max_minutes, p.starts_at, p.ends_at
            from booking.service_limit l
            cross join lateral (
                select booking.period_start(lower(starts), l.period, service.zone, n) as starts_at,
                    booking.period_start(lower(starts), l.period, service.zone, n + 1) as ends_at
                from generate_series(0, case l.period when 'day' then 402 when 'week' then 59 else 15 end) n
                where lower(starts) + n * ('1 ' || l.period)::interval - interval '32 days' < upper(starts)) p
            where l.tenant_id = service.tenant_id and l.service_id = service.service_id and l.scope <> 'customer'
                and p.starts_at < upper(starts)),
        reach as (
            select min(p.starts_at) as starts_at, max(p.ends_at) as ends_at from period p),
        -- What counts. let_go: the starts for which an own hold would be.
        used as materialized (
            select lower(b.span) as at, booking.used_minutes(service, b.span) as length, true as stays,
                null::tstzrange as let_go, array(
                    select distinct r.resource_id
                    from booking.booking_resource r
                    where r.tenant_id = b.tenant_id and r.booking_id = b.booking_id) as resources
            from reach
            join booking.booking b
                on b.tenant_id = service.tenant_id and b.service_id = service.service_id
                and booking.span_start(b.span) >= reach.starts_at and booking.span_start(b.span) < reach.ends_at
            where b.status in ('pending', 'confirmed', 'completed', 'no_show') and coalesce(b.expires_at > now, true)
                and b.booking_id is distinct from question.moved
            union all
            select lower(h.span), booking.used_minutes(service, h.span),
                coalesce(h.session_hash = limit_rooms.session_hash, false),
                case
                    when h.session_hash = limit_rooms.session_hash
                        then tstzrange(
                            case service.kind
                                when 'stay' then timezone(service.zone, timezone(service.zone, lower(h.span)) - v_length)
                                else lower(h.span) - v_length
                            end + interval '1 microsecond',
                            upper(h.span))
                end,
                array(
                    select distinct c.resource_id
                    from booking.claim c
                    where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id)
            from reach
            join booking.hold h
                on h.tenant_id = service.tenant_id and h.service_id = service.service_id and h.expires_at > now
                and lower(h.span) >= reach.starts_at and lower(h.span) < reach.ends_at
            -- That of a pending booking is counted with its booking.
            where h.booking_id is null),
        -- Periods are cut where own holds begin and cease to be let go: within a piece the same ones are.
        edge as materialized (
            select e.at
            from used u
            cross join lateral unnest(array[lower(u.let_go), upper(u.let_go)]) e (at)
            where u.let_go is not null),
        piece as materialized (
            select p.*, e.at, lead(e.at, 1, p.ends_at) over (partition by p order by e.at) as until
            from period p
            cross join lateral (
                select p.starts_at as at
                union
                select e.at
                from edge e
                where e.at > p.starts_at and e.at < p.ends_at) e),
        -- By resource, and joined by equality: to try each of 200 resources on each of 30 days with all of 1,000 bookings took
        -- six seconds. The service itself stands for none.
        counted as (
            select p.scope, p.period, p.at, coalesce(r.resource_id, service.service_id) as subject_id, count(*) as bookings,
                sum(u.length) as length, count(*) filter (where u.stays) as bookings_that_stay,
                sum(u.length) filter (where u.stays) as length_that_stays
            from piece p
            join used u on u.at >= p.starts_at and u.at < p.ends_at and not coalesce(u.let_go @> p.at, false)
            left join lateral unnest(u.resources) r (resource_id) on p.scope = 'resource'
            group by p.scope, p.period, p.at, coalesce(r.resource_id, service.service_id))
        select m.resource_id, tstzrange(p.at, p.until),
            greatest(0, least(
                p.max_count - coalesce(c.bookings, 0),
                floor((p.max_minutes - coalesce(c.length, 0)) / v_minutes)))::int,
            greatest(0, least(
                p.max_count - coalesce(c.bookings_that_stay, 0),
                floor((p.max_minutes - coalesce(c.length_that_stays, 0)) / v_minutes)))::int,
            p.period, p.max_count, p.max_minutes, coalesce(c.bookings, 0)::int, coalesce(c.length, 0)::int
        from piece p
        left join booking.requirement_resource m
            on m.tenant_id = service.tenant_id and m.service_id = service.service_id and p.scope = 'resource'
        left join counted c
            on c.scope = p.scope and c.period = p.period and c.at = p.at
            and c.subject_id = coalesce(m.resource_id, service.service_id)
        where p.scope = 'service' or m.resource_id is not null;
end
$$;
comment on function booking.limit_rooms(booking.question, tstzrange, bytea, timestamptz) is
    'What the limits of a service leave to bookings as asked for that start in a range: those of the service and of its '
    'resources, whose spans may overlap. The session''s own holds do not count against a start that would let them go.';

create function booking.limits_of(
    question booking.question,
    starts tstzrange,
    session_hash bytea,
    now timestamptz)
returns booking.limit_room[]
language plpgsql
stable
as $$
begin
    if exists (
        select
        from booking.service_limit l
        where l.tenant_id = (question.service).tenant_id and l.service_id = (question.service).service_id)
    then
        return array(select l from booking.limit_rooms(question, starts, session_hash, now) l);
    end if;
    return null;
end
$$;
comment on function booking.limits_of(booking.question, tstzrange, bytea, timestamptz) is
    'What booking.limit_rooms says; null for a service without limits.';

create function booking.customer_room(
    service booking.service,
    starts_at timestamptz,
    ends_at timestamptz,
    customer_key text,
    moved uuid default null)
returns boolean
language plpgsql
as $$
#variable_conflict use_column
begin
    return not exists (
        select
        from booking.service_limit l
        cross join lateral (
            select booking.period_start(customer_room.starts_at, l.period, service.zone) as starts_at,
                booking.period_start(customer_room.starts_at, l.period, service.zone, 1) as ends_at) p
        cross join lateral (
            select count(*) as bookings, coalesce(sum(booking.used_minutes(service, b.span)), 0) as minutes
            from booking.booking b
            where b.tenant_id = service.tenant_id and b.service_id = service.service_id
                and b.customer_key = customer_room.customer_key
                and booking.span_start(b.span) >= p.starts_at and booking.span_start(b.span) < p.ends_at
                and b.status in ('pending', 'confirmed', 'completed', 'no_show')
                and coalesce(b.expires_at > clock_timestamp(), true) and b.booking_id is distinct from customer_room.moved) u
        where l.tenant_id = service.tenant_id and l.service_id = service.service_id and l.scope = 'customer'
            and customer_room.customer_key is not null
            and (u.bookings >= l.max_count
                or u.minutes + booking.used_minutes(service, tstzrange(customer_room.starts_at, customer_room.ends_at)) > l.max_minutes));
end
$$;
comment on function booking.customer_room(booking.service, timestamptz, timestamptz, text, uuid) is
    'True where no limit of a service keeps a customer from one more booking; moved: the booking that is being moved does not count. Nobody known by no key has a limit.';
