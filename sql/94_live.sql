-- The public surface, continued: what a server with live views asks again and again, one call for all that its visitors
-- watch, however many they are. Two things change, and are told apart: what is booked, busy or open, by the change feed of
-- 84_feed.sql; and what is held, which is compared by whoever reads, since a renewal and a lapse write nothing.
-- Next: 94_reserved.sql.

create type booking.watched as (
    number int,
    tenant_id uuid,
    service_id uuid,
    zone text,
    ahead interval,
    behind interval,
    single boolean);
comment on type booking.watched is
    'A service that somebody looks at: its place among those asked for. A span that changed touches starts from ahead before it '
    'to behind after it; single: of one resource, only those with this one.';

create function booking.watched(tenants text[], services text[])
returns setof booking.watched
language plpgsql
stable
rows 10
as $$
#variable_conflict use_column
begin
    -- By either key of its own: with OR the planner reads all tenants.
    return query
        select q.number::int, s.tenant_id, s.service_id, s.zone,
            case s.kind when 'stay' then interval '1 day' else interval '0' end
                + make_interval(mins => s.buffer_after
                    + d.longest * case s.kind when 'stay' then 1440 else 1 end),
            make_interval(mins => s.buffer_before),
            (
                select count(*) = 1 and max(r.pick) = 1
                from booking.service_requirement r
                where r.tenant_id = s.tenant_id and r.service_id = s.service_id)
        from unnest(watched.tenants, watched.services) with ordinality q (tenant, service, number)
        cross join lateral (
            select t.tenant_id from booking.tenant t where t.slug = q.tenant and t.active
            union all
            select t.tenant_id from booking.tenant t where t.tenant_id = booking.uuid_of(q.tenant) and t.active) t
        cross join lateral (
            select s.* from booking.service s where s.tenant_id = t.tenant_id and s.slug = q.service
            union all
            select s.* from booking.service s where s.tenant_id = t.tenant_id and s.service_id = booking.uuid_of(q.service)) s
        cross join lateral (select coalesce(s.max_length, (select max(d) from unnest(s.durations) d)) as longest) d
        where s.active and s.public;
end
$$;
comment on function booking.watched(text[], text[]) is
    'Those of some tenants and services, each by uuid or slug, that the public may see.';

create type booking.live_change as (
    service int,
    resource_id uuid,
    from_ts timestamptz,
    to_ts timestamptz);
comment on type booking.live_change is
    'Starts that may have come or gone, from_ts <= starts_at < to_ts; both null: any. service: the place among those asked '
    'for, from 1; resource_id: only with this resource; null: with any, or with one that is not public.';

create type booking.live_hold as (
    service int,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    expires_at timestamptz,
    claims int);
comment on type booking.live_hold is
    'What live holds keep of a resource (null: of one that is not public), with their buffers, until expires_at, the last of '
    'them. claims: how many units or seats. service: the place among those asked for, from 1.';

create type booking.live_feed as (
    after text,
    seen bigint[],
    reset boolean,
    more boolean,
    gone int[],
    slots booking.live_change[],
    held booking.live_hold[]);
comment on type booking.live_feed is
    'What there is of news. after, seen, reset, more: as in booking.feed; gone: places of what is unknown, inactive or not '
    'public; slots: what changed; held: all that is held now.';

create function booking.live_changes(watched booking.watched[], changes booking.changed[])
returns booking.live_change[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if cardinality(changes) = 0 then
        return '{}';
    end if;
    return array(
        with touched as (
            -- Whoever takes a resource concerns every service that has it. A hold is told as what it is, unless it counts: a
            -- limit that it uses up closes other hours, with every resource.
            select w.number, case when w.single and p.opens is null and r.public then r.resource_id end as resource_id,
                -- Whole hours: no grain is coarser, and some spans lie off it.
                case
                    when c.span is not null then tstzrange(
                        date_bin('1 hour', least(lower(c.span) - w.ahead, p.opens), 'epoch'),
                        date_bin('1 hour', greatest(upper(c.span) + w.behind, p.closes) + interval '59:59.999999' minute to second, 'epoch'))
                end as starts
            from unnest(changes) c
            join unnest(live_changes.watched) w on w.tenant_id = c.tenant_id
            left join booking.requirement_resource m
                on m.tenant_id = w.tenant_id and m.service_id = w.service_id and m.resource_id = c.resource_id
            left join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id
            left join lateral (
                select
                    min(timezone(w.zone, date_trunc(l.period, timezone(w.zone, lower(c.span))))) as opens,
                    max(timezone(w.zone, date_trunc(l.period, timezone(w.zone, upper(c.span))) + ('1 ' || l.period)::interval)) as closes
                from booking.service_limit l
                where l.tenant_id = w.tenant_id and l.service_id = w.service_id and l.scope <> 'customer') p on true
            where (c.resource_id is null or m.resource_id is not null) and (c.service_id is null or c.service_id = w.service_id)
                and (c.kind not in ('held', 'released') or p.opens is not null)),
        merged as (
            select t.number, t.resource_id, range_agg(t.starts) as starts, bool_or(t.starts is null) as whole
            from touched t
            group by t.number, t.resource_id)
        select (m.number, m.resource_id, lower(s.starts), upper(s.starts))::booking.live_change
        from merged m
        cross join lateral unnest(case when m.whole then '{(,)}' else m.starts end) s (starts)
        order by m.number, m.resource_id, s.starts);
end
$$;
comment on function booking.live_changes(booking.watched[], booking.changed[]) is
    'Which starts of which services some changes concern, merged.';

create function booking.live_holds(watched booking.watched[])
returns booking.live_hold[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
begin
    return array(
        select (c.number, c.resource_id, lower(c.span), upper(c.span), max(c.expires_at), count(*))::booking.live_hold
        from (
            select w.number, case when r.public then r.resource_id end as resource_id, c.span, (
                    select h.expires_at
                    from booking.hold h
                    where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id) as expires_at
            from unnest(live_holds.watched) w
            join booking.requirement_resource m on m.tenant_id = w.tenant_id and m.service_id = w.service_id
            join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id and r.active
            -- Said in such a way that no index but that of held claims will do: in that of the constraint are all bookings.
            join booking.claim c
                on c.resource_id = any (array[m.resource_id]) and c.booking_id is null and c.tenant_id is not distinct from m.tenant_id
            where upper(c.span) > clock_timestamp()
            offset 0) c
        where c.expires_at > clock_timestamp()
        group by c.number, c.resource_id, c.span
        order by c.number, c.span, c.resource_id);
end
$$;
comment on function booking.live_holds(booking.watched[]) is
    'What is held of the resources of some services, and not over: those of booking.held_spans, with several of one resource '
    'and span as one.';

create function booking.public_feed(tenants text[], services text[], after text, seen bigint[], max int)
returns booking.live_feed
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_watched booking.watched[];
    v_feed booking.feed;
begin
    perform booking.check_owner();
    if public_feed.tenants is null or public_feed.services is null then
        raise exception 'give tenants and services' using errcode = '22004';
    elsif cardinality(public_feed.tenants) <> cardinality(public_feed.services) or cardinality(public_feed.tenants) > 10000
        or cardinality(public_feed.seen) > 20000
    then
        raise exception 'cannot watch % services of % tenants', cardinality(public_feed.services), cardinality(public_feed.tenants)
            using errcode = '22023', hint = 'Give up to 10000 pairs, and seen as the last call returned it.';
    end if;
    v_watched := array(select w from booking.watched(public_feed.tenants, public_feed.services) w);
    v_feed := booking.changes_of(
        array(select distinct w.tenant_id from unnest(v_watched) w), public_feed.after, public_feed.seen, public_feed.max);
    return (
        v_feed.after, v_feed.seen, v_feed.reset, v_feed.more,
        array(
            select n
            from generate_series(1, cardinality(public_feed.tenants)) n
            where n not in (select w.number from unnest(v_watched) w)
            order by n),
        booking.live_changes(v_watched, v_feed.changes), booking.live_holds(v_watched))::booking.live_feed;
end
$$;
comment on function booking.public_feed(text[], text[], text, bigint[], int) is 'Behind booking_api.feed.';

create function booking_api.feed(
    tenants text[],
    services text[],
    after text default null,
    seen bigint[] default null,
    max int default 1000)
returns booking.live_feed
language sql
begin atomic
    select booking.public_feed(tenants, services, after, seen, max);
end;
comment on function booking_api.feed(text[], text[], text, bigint[], int) is
    'What changed for whoever looks at some services: pairs of a tenant and a service, each by uuid or slug. One reader asks for '
    'all, a few times a second, and tells its visitors. after, seen: what the last call returned; after alone, as the '
    'Last-Event-ID of a stream, repeats some and leaves nothing out; without it, and where reset says so, read everything anew. '
    'slots: which starts changed by bookings, busy times, hours, edits (by holds only where the service has limits, which '
    'they use up); held: all that is held, to be compared with what the last call had, which shows renewals and lapses. No '
    'hold, booking or customer is named. Unknown, inactive and foreign pairs are gone. 22023: more than 10000 pairs, or max not '
    'within 1 to 10000; 22004: no pairs.';
