\echo Use "ALTER EXTENSION pg_booking UPDATE TO '0.2.0'" to load this file. \quit
-- From 0.1.0 to 0.2.0. Whatever changes in the install script is done here to what is installed: tests/suites/upgrade
-- compares the two, object by object. Columns and attributes that are new come last there, too.
set local search_path = pg_catalog, booking, pg_temp;

create function booking.changes_of(tenants uuid[], after text, seen bigint[], max int)
returns booking.feed
language plpgsql
set search_path = pg_catalog, booking, pg_temp
-- A generic plan would take any position for one in the first third of the table.
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
    v_epoch text := booking.current_epoch();
    v_from xid8 := booking.feed_position(changes_of.after, v_epoch);
    v_seen bigint[] := coalesce(changes_of.seen, '{}');
    v_next xid8;
    v_feed booking.feed;
begin
    if changes_of.max is null or changes_of.max not between 1 and 10000 then
        raise exception 'cannot read % changes at once', changes_of.max
            using errcode = '22023', hint = 'Give 1 to 10000.';
    end if;
    -- One statement, so one snapshot: of the rows, of what was deleted of them, and of who is still writing.
    with snapshot as materialized (
        select pg_snapshot_xmin(s) as xmin,
            v_from <= pg_snapshot_xmax(s) and (v_from > p.writer or p.writer is null) as known
        from pg_current_snapshot() s
        cross join booking.feed_pruned p),
    -- So many rows that there are max + 1 among them that were not sent, if there are so many at all.
    visible as materialized (
        select c.*
        from booking.change c
        where c.writer >= v_from and (changes_of.tenants is null or c.tenant_id = any (changes_of.tenants))
            and (select s.known from snapshot s)
        order by c.writer, c.change_id
        limit changes_of.max + 1 + cardinality(v_seen)),
    news as materialized (
        select v.*, row_number() over (order by v.writer, v.change_id) as place
        from visible v
        where v.change_id not in (select i from unnest(v_seen) i)),
    next as materialized (
        select least(
            -- A transaction with an older snapshot does not turn the reader back.
            case when s.known then greatest(s.xmin, v_from) else s.xmin end,
            (select n.writer from news n where n.place > changes_of.max order by n.place limit 1)) as writer
        from snapshot s)
    select s.known is not true, x.writer,
        exists (select from news n where n.place > changes_of.max),
        array(
            select (n.change_id, n.at, n.tenant_id, n.kind, n.resource_id, n.service_id, n.span, n.hold_id, n.booking_id)
                ::booking.changed
            from news n
            where n.place <= changes_of.max
            order by n.place),
        array(
            select v.change_id
            from visible v
            left join news n on n.change_id = v.change_id
            where v.writer >= x.writer and coalesce(n.place <= changes_of.max, true)
            union all
            -- Whoever begins here reads everything else after this.
            (
                select c.change_id
                from booking.change c
                where s.known is not true and c.writer >= s.xmin and (changes_of.tenants is null or c.tenant_id = any (changes_of.tenants))
                order by c.writer, c.change_id
                limit 10000
            )
            union all
            -- Beyond the rows that were looked at, if there are any.
            select i
            from unnest(v_seen) i
            where s.known and i not in (select v.change_id from visible v)
                and (select count(*) from visible) > changes_of.max + cardinality(v_seen))
    into v_feed.reset, v_next, v_feed.more, v_feed.changes, v_feed.seen
    from snapshot s
    cross join next x;
    v_feed.after := v_epoch || '-' || v_next;
    return v_feed;
end
$$;
comment on function booking.changes_of(uuid[], text, bigint[], int) is 'As booking.changes, of several tenants, or of all (null).';

create or replace function booking.changes(
    tenant uuid default null,
    after text default null,
    seen bigint[] default null,
    max int default 1000)
returns booking.feed
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.changes_of(case when tenant is not null then array[tenant] end, after, seen, max);
end
$$;

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

-- Who forgets the tenant is told so.
create function booking.check_tenant(tenant uuid)
returns void
language plpgsql
immutable
parallel safe
as $$
begin
    if tenant is null then
        raise exception 'tenant is needed' using errcode = '22004';
    end if;
end
$$;
comment on function booking.check_tenant(uuid) is
    '22004 for null. Called where nothing else would tell a tenant that was forgotten from one that has nothing.';

create or replace function booking.recompute(
    tenant uuid,
    resource uuid default null,
    from_ts timestamptz default null,
    to_ts timestamptz default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_from timestamptz := coalesce(from_ts, clock_timestamp());
    v_to timestamptz := coalesce(to_ts, v_from + interval '60 days');
    v_resource uuid;
    v_pages bigint := 0;
begin
    perform booking.check_tenant(recompute.tenant);
    perform booking.check_range(v_from, v_to);
    for v_resource in
        select r.resource_id
        from booking.resource r
        where r.tenant_id = recompute.tenant and (recompute.resource is null or r.resource_id = recompute.resource)
        order by r.resource_id
    loop
        perform booking.lock_resources(recompute.tenant, array[v_resource]);
        -- With the weeks around: a read looks up to two dates back and a booking's length ahead.
        v_pages := v_pages
            + booking.store_pages(recompute.tenant, v_resource, booking.week_of(v_from) - 7, booking.week_of(v_to) + 7);
    end loop;
    return v_pages;
end
$$;

create or replace function booking.try_erase_customer(tenant uuid, customer_key text)
returns booking.erase_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_bookings uuid[];
begin
    perform booking.check_tenant(try_erase_customer.tenant);
    if customer_key is null then
        raise exception 'customer_key is needed' using errcode = '22004', hint = 'Give the e-mail address, phone or sub that bookings know them by.';
    end if;
    with erased as (
        update booking.booking b
        set customer = '{}', customer_key = null, links = '{}', version = b.version + 1
        where b.tenant_id = try_erase_customer.tenant
            and b.customer_key in (try_erase_customer.customer_key, lower(btrim(try_erase_customer.customer_key)))
        returning b.booking_id)
    select array_agg(e.booking_id) into v_bookings
    from erased e;
    -- What somebody wrote as a reason may name them, and so does the sub of their JWT, also where nothing came of it.
    update booking.booking_event e
    set detail = e.detail - 'reason', actor = nullif(e.actor, try_erase_customer.customer_key)
    where e.tenant_id = try_erase_customer.tenant
        and (e.booking_id = any (v_bookings) and e.detail ? 'reason' or e.actor = try_erase_customer.customer_key);
    delete from booking.refusal_tally t
    where t.tenant_id = try_erase_customer.tenant and t.counted_by = try_erase_customer.customer_key;
    perform booking.record_event(try_erase_customer.tenant, 'erased', booking_id => b)
    from unnest(v_bookings) b;
    return (coalesce(cardinality(v_bookings), 0), null, null)::booking.erase_result;
end
$$;

create or replace function booking.list_bookings(
    tenant uuid,
    from_ts timestamptz default null,
    to_ts timestamptz default null,
    status text[] default null,
    service uuid default null,
    resource uuid default null,
    customer_key text default null,
    after text default null,
    max int default 100)
returns setof booking.listed_booking
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_now timestamptz := statement_timestamp();
    v_at timestamptz := '-infinity';
    v_id uuid := '00000000-0000-0000-0000-000000000000';
    -- One that reads as expired may still be written as pending: of those there is an index.
    v_written text[] := list_bookings.status || case when 'expired' = any (list_bookings.status) then 'pending' end;
    v_few uuid[];
begin
    perform booking.check_tenant(list_bookings.tenant);
    if coalesce(list_bookings.max, 0) not between 1 and 1000 then
        raise exception 'a page has 1 to 1000 bookings, not %', list_bookings.max using errcode = '22023', hint = 'Give max within, and after for the next page.';
    elsif list_bookings.after !~ '^-?\d{1,18}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        raise exception 'malformed cursor' using errcode = '22023', hint = 'Give what the last row of the page before has as its cursor.';
    elsif list_bookings.after is not null then
        v_at := timestamptz 'epoch' + split_part(list_bookings.after, '.', 1)::bigint * interval '1 microsecond';
        v_id := split_part(list_bookings.after, '.', 2)::uuid;
    end if;
    if list_bookings.resource is not null then
        -- Few are looked up by their ids. Of many a page is soon full in time order, which took 1.3 s of 100,000 where there
        -- was none.
        v_few := array(
            select a.booking_id
            from booking.booking_resource a
            where a.tenant_id = list_bookings.tenant and a.resource_id = list_bookings.resource
            limit 1001);
        if cardinality(v_few) > 1000 then
            v_few := null;
        end if;
    end if;
    return query
        select b.booking_id, b.service_id, booking.status_at(b, v_now), lower(b.span), upper(b.span), b.seats, r.resources, b.source,
            b.customer, b.customer_key, b.expires_at, b.needs_approval, b.price, b.currency,
            case
                when b.price is not null
                    then (
                        select coalesce(sum(p.amount), 0)
                        from booking.payment p
                        where p.tenant_id = b.tenant_id and p.booking_id = b.booking_id)
            end,
            b.series_id,
            booking.status_at(b, v_now) in ('pending', 'confirmed') and exists (
                select
                from booking.busy_window w
                where w.tenant_id = b.tenant_id and w.resource_id = any (r.resources) and w.span && b.span),
            b.created_at,
            (extract(epoch from lower(b.span)) * 1000000)::bigint || '.' || b.booking_id
        from booking.booking b
        cross join lateral (
            select array_agg(distinct a.resource_id order by a.resource_id) as resources
            from booking.booking_resource a
            where a.tenant_id = b.tenant_id and a.booking_id = b.booking_id) r
        where b.tenant_id = list_bookings.tenant
            and (booking.span_start(b.span), b.booking_id) > (v_at, v_id)
            and booking.span_start(b.span) >= coalesce(list_bookings.from_ts, '-infinity')
            and booking.span_start(b.span) < coalesce(list_bookings.to_ts, 'infinity')
            and (list_bookings.status is null or b.status = any (v_written) and booking.status_at(b, v_now) = any (list_bookings.status))
            and (list_bookings.service is null or b.service_id = list_bookings.service)
            and (v_few is null or b.booking_id = any (v_few))
            and (list_bookings.resource is null or list_bookings.resource = any (r.resources))
            and (list_bookings.customer_key is null or b.customer_key = list_bookings.customer_key)
        order by booking.span_start(b.span), b.booking_id
        limit list_bookings.max;
end
$$;

create or replace function booking.heartbeat_quietly(tenant uuid, session_id text, holds uuid[], quotas boolean default false)
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

create or replace function booking.try_extend_hold(
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

create or replace function booking.revoke_tokens(tenant uuid, booking_id uuid, token_id uuid default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_revoked bigint;
begin
    perform booking.check_tenant(revoke_tokens.tenant);
    update booking.booking_token t
    set revoked_at = clock_timestamp()
    where t.tenant_id = revoke_tokens.tenant and t.booking_id = revoke_tokens.booking_id and t.revoked_at is null
        and t.token_id = coalesce(revoke_tokens.token_id, t.token_id);
    get diagnostics v_revoked = row_count;
    return v_revoked;
end
$$;

comment on function booking.recompute(uuid, uuid, timestamptz, timestamptz) is
    'Stores the pages of a resource, or of all of a tenant, for the weeks that a range touches (default: the next 60 days) '
    'and the week on either side, '
    'anew from schedules, busy windows and bookings. In one transaction; the nightly form is booking.roll. Returns the '
    'number of pages. 22004: no tenant; 22008, 22023: not a range of finite instants of at most 400 days.';

comment on function booking.erase_customer(uuid, text) is
    'Forgets a customer: all that bookings know of whoever has this customer_key, and in the history the reasons and who they signed in as. The bookings '
    'stay, with their times and payments: cancel those to come first, if they are not wanted. 22004: no tenant or key.';

comment on function booking.list_bookings(
    uuid, timestamptz, timestamptz, text[], uuid, uuid, text, text, int) is
    'The bookings of a tenant that start in a range, in time order, at most max of them (1 to 1000); after: the cursor of the '
    'last one of the page before. status: as they read now, one of several; service, resource (is or was assigned), '
    'customer_key: only theirs. 22023: a malformed cursor, or no such max; 22004: no tenant.';
comment on function booking.revoke_tokens(uuid, uuid, uuid) is
    'Makes one token of a booking worthless, or all of them; returns how many were not yet. 22004: no tenant.';
comment on function booking.extend_hold(uuid, uuid, interval, timestamptz) is
    'Lets a hold of the tenant itself that runs lapse at another time, later or sooner: at expires_at, or ttl from now, by '
    'default the own_hold_ttl. BK002: no such hold, or it has lapsed. 22023: not within 400 days from now; 22004: no tenant.';

-- The doctor, and who may call it.
create type booking.finding as ("check" text, ok boolean, detail text, remedy text);
comment on type booking.finding is
    'What booking.doctor found about one thing. ok: null where that cannot be told. remedy: what to run, in most cases SQL; also '
    'of what is well where something is to be kept in mind.';

create function booking.doctor_list(things text[])
returns text
language sql
immutable
parallel safe
begin atomic
    -- In one order, whichever way they were found.
    select array_to_string((array(select t from unnest(things) t order by t collate "C"))[:5], ', ')
        || case when cardinality(things) > 5 then format(' and %s more', cardinality(things) - 5) else '' end;
end;
comment on function booking.doctor_list(text[]) is 'The first five of a list, and how many more there are.';

create function booking.doctor_finding(name text, wrong text[], fine text, trouble text, remedy text)
returns booking.finding
language sql
immutable
parallel safe
begin atomic
    select case
        when coalesce(cardinality(wrong), 0) = 0 then (name, true, fine, null)::booking.finding
        else (name, false, trouble || ': ' || booking.doctor_list(wrong), remedy)::booking.finding
    end;
end;
comment on function booking.doctor_finding(text, text[], text, text, text) is
    'A finding about things of which none should be wrong: fine where none is, else trouble, which they are, and the remedy.';

create function booking.doctor_access()
returns booking.access
language sql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
begin atomic
    select a from booking.access a;
end;
comment on function booking.doctor_access() is 'What booking.grant_access was called with, for whoever may ask booking.doctor; null: it never was.';

create function booking.library_version()
returns text
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'library_version_wrapper';
comment on function booking.library_version() is 'The version of the library that this session has loaded.';

create function booking.doctor_version()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_installed text := (select e.extversion from pg_extension e where e.extname = 'pg_booking');
    v_default text := (select a.default_version from pg_available_extensions a where a.name = 'pg_booking');
    v_library text := booking.library_version();
begin
    return query values (
        'version',
        coalesce(v_installed = v_default and v_library = v_default, false),
        format('%s is installed, the library is %s, %s is there to be installed', v_installed, v_library, coalesce(v_default, 'nothing')),
        case
            when v_default is null then 'make install'
            when v_library <> v_default then 'Connect anew: this session has loaded the library that was there before.'
            when v_installed <> v_default then 'alter extension pg_booking update;'
        end);
end
$$;
comment on function booking.doctor_version() is 'Whether catalog, library and files are of one version.';

create function booking.doctor_owner()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_owner name := (booking.doctor_access()).owner;
begin
    if v_owner is null then
        return query values
            ('owner', true, 'grant_access was never called: what there is belongs to whoever installed it', null::text),
            ('surface', true, 'nobody was let in: booking_api answers its owner alone', null);
        return;
    end if;
    return next booking.doctor_finding('owner',
        array(
            select c.oid::regclass::text
            from pg_class c
            where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and pg_get_userbyid(c.relowner) <> v_owner
            order by c.relname),
        format('all tables belong to "%s"', v_owner),
        format('tables do not belong to "%s"', v_owner),
        'select booking.grant_access();');
    return next booking.doctor_finding('surface',
        array(
            select p.oid::regprocedure::text
            from pg_proc p
            where p.pronamespace = 'booking'::regnamespace and p.prosecdef and pg_get_userbyid(p.proowner) <> v_owner
            order by p.oid::regprocedure::text),
        format('the public surface is open, and runs as "%s"', v_owner),
        format('the public surface is shut (42501), for its functions do not run as "%s"', v_owner),
        'select booking.grant_access();');
end
$$;
comment on function booking.doctor_owner() is
    'Whether tables and definers belong to whom grant_access left them with: after a restore they do not, and the public surface is shut.';

create function booking.doctor_roles()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_access booking.access := booking.doctor_access();
    v_role name;
begin
    if v_access.owner is not null then
        perform booking.check_access(v_access);
    end if;
    return query values ('roles', true, case
        when v_access.owner is null then 'no roles are wired'
        else format('public "%s", member "%s", service "%s", owner "%s"', v_access.public_role, v_access.member_role,
            v_access.service_role, v_access.owner_role) end, null::text);
exception when undefined_object or invalid_parameter_value then
    v_role := substring(sqlerrm from 'role "(.*)"');
    return query values ('roles', false, sqlerrm, case
        when sqlstate = '42704' then format('create role %I nologin; select booking.grant_access();', v_role)
        when sqlerrm like '%member of the owner' then format('revoke %I from %I;', v_access.owner_role, v_role)
        else format('alter role %I nosuperuser nobypassrls%s;', v_role, case when v_role is distinct from v_access.public_role then ' nologin' end) end);
end
$$;
comment on function booking.doctor_roles() is 'Whether the roles of the site are still what booking.check_access asks of them.';

create function booking.doctor_grants()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_access booking.access := booking.doctor_access();
    v_public oid := to_regrole(quote_ident(v_access.public_role));
begin
    return next booking.doctor_finding('grants',
        array(
            select format('%I on %s', w.role, f)
            from (values ('public', v_access.public_role), ('member', v_access.member_role), ('service', v_access.service_role)) w (kind, role)
            cross join lateral booking.callable(w.kind) f
            where to_regrole(quote_ident(w.role)) is not null and not has_function_privilege(w.role, f, 'execute')
            order by 1),
        'the roles may call what they are to call',
        'a role misses EXECUTE',
        'select booking.grant_access();');
    return next booking.doctor_finding('public_role',
        array(
            select 'USAGE on schema booking'
            where has_schema_privilege(v_public, 'booking', 'usage')
            union all
            select p.oid::regprocedure::text
            from pg_proc p
            where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
                and has_function_privilege(v_public, p.oid, 'execute')
                and p.oid not in (select f from booking.callable('public') f)
            union all
            select c.oid::regclass::text
            from pg_class c
            where c.relnamespace in ('booking'::regnamespace, 'booking_api'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'f')
                and has_table_privilege(v_public, c.oid, 'select, insert, update, delete, truncate')),
        case when v_public is null then 'there is none' else format('"%s" may call booking_api and nothing else', v_access.public_role) end,
        format('"%s" may more than call booking_api', v_access.public_role),
        format('select booking.revoke_access(%L); select booking.grant_access();', v_access.public_role));
end
$$;
comment on function booking.doctor_grants() is
    'Whether the roles of the site may call what they are to call, and the public role nothing else.';

create function booking.doctor_public()
returns setof booking.finding
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
    with schema as (
        select n.oid, n.nspname, n.nspacl, n.nspowner
        from pg_namespace n
        where n.nspname in ('booking', 'booking_api')),
    -- What has no list of its own has the default one: PUBLIC may call functions and use types.
    granted (object, acl) as (
        select 'schema ' || s.nspname, s.nspacl
        from schema s
        union all
        select c.oid::regclass::text, c.relacl
        from pg_class c
        join schema s on s.oid = c.relnamespace
        union all
        select p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
        from pg_proc p
        join schema s on s.oid = p.pronamespace
        union all
        select 'type ' || t.oid::regtype, coalesce(t.typacl, acldefault('T', t.typowner))
        from pg_type t
        join schema s on s.oid = t.typnamespace
        left join pg_class c on c.oid = t.typrelid
        where t.typelem = 0 and coalesce(c.relkind, 'c') = 'c')
    select *
    from booking.doctor_finding('public',
        array(
            select g.object
            from granted g
            where exists (select from aclexplode(g.acl) a where a.grantee = 0)
            order by g.object),
        'PUBLIC may do nothing in either schema',
        'PUBLIC may use',
        'select booking.grant_public_nothing();');
end;
comment on function booking.doctor_public() is 'Whether PUBLIC may do anything in the schemas of the extension.';

create function booking.doctor_logins()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_access booking.access := booking.doctor_access();
    -- Whoever is a member of these serves the site.
    v_servers oid[] := array_remove(array[
        to_regrole(quote_ident(v_access.member_role))::oid, to_regrole(quote_ident(v_access.service_role))::oid,
        (select n.nspowner from pg_namespace n where n.nspname = 'booking')], null);
    v_logins text[] := array(
        select r.rolname
        from pg_roles r
        where r.rolcanlogin and not r.rolsuper and has_schema_privilege(r.oid, 'booking', 'usage')
            and not exists (select from unnest(v_servers) s where pg_has_role(r.oid, s, 'member'))
            and not exists (select from booking.sql_login l where l.login = r.rolname)
            -- It runs the jobs.
            and not has_function_privilege(r.oid, 'booking.roll_resource(uuid, uuid, int)', 'execute')
        order by r.rolname);
begin
    return next booking.doctor_finding('logins', v_logins,
        'no login is in schema booking without a tenant or a job',
        'logins have USAGE on schema booking, and neither a tenant (bind_login) nor a job (grant_jobs)',
        (select string_agg(format('select booking.revoke_access(%L);', l), ' ') from unnest(v_logins) l));
end
$$;
comment on function booking.doctor_logins() is 'Whether a login can use the schema of the engine that should not.';

create function booking.doctor_timeouts()
returns setof booking.finding
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
    with role as (
        select w.role, w.bound, to_regrole(quote_ident(w.role))::oid as id
        from booking.doctor_access() a
        cross join lateral (
            values (a.public_role, '5s'), (a.member_role, '15s'), (a.service_role, '60s')) w (role, bound)),
    unbound as (
        select r.role, r.bound
        from role r
        where r.id is not null and not exists (
            select
            from pg_db_role_setting s
            cross join unnest(s.setconfig) c
            where s.setrole = r.id and c ~ '^statement_timeout=.*[1-9]'
                and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database())))
        order by r.role)
    select *
    from booking.doctor_finding('timeouts',
        array(select u.role::text from unbound u),
        'every role of the site has a statement_timeout',
        'roles have no statement_timeout',
        (select string_agg(format('alter role %I set statement_timeout = %L;', u.role, u.bound), ' ') from unbound u));
end;
comment on function booking.doctor_timeouts() is 'Whether the calls of the roles of the site are bound in time.';

create function booking.doctor_drift()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- 25 resources take a tenth of a second. Others every day, and the same all day.
    c_sample constant int := 25;
    v_all bigint := (select count(*) from booking.resource);
    v_drift text[] := array(
        select format('resource %s, week %s, unit %s: %s', d.resource_id, d.week, d.unit, d.what)
        from (
            select r.tenant_id, r.resource_id
            from booking.resource r
            order by md5(r.resource_id::text || current_date)
            limit c_sample) s
        cross join lateral booking.verify(s.tenant_id, s.resource_id) d);
begin
    return next booking.doctor_finding('drift', v_drift,
        format('no page of %s of %s resources differs from a computation from scratch', least(c_sample, v_all), v_all),
        format('pages differ from a computation from scratch, of %s of %s resources', least(c_sample, v_all), v_all),
        'call booking.roll();');
end
$$;
comment on function booking.doctor_drift() is 'What booking.verify lists of a sample of the resources, another one each day.';

create function booking.doctor_holds()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_holds text;
    v_left bigint;
    v_pending bigint;
begin
    select format('%s live, %s lapsed',
            count(*) filter (where h.expires_at > v_now), count(*) filter (where h.expires_at <= v_now)),
        count(*) filter (where h.expires_at < v_now - interval '75 minutes')
    into v_holds, v_left
    from booking.hold h;
    select count(*) into v_pending
    from booking.booking b
    where b.status = 'pending' and b.expires_at < v_now - interval '75 minutes';
    return next booking.doctor_finding('holds',
        array_remove(array[
            case when v_left > 0 then format('%s holds that lapsed more than an hour ago', v_left) end,
            case when v_pending > 0 then format('%s bookings that expired more than an hour ago and read as pending in the table', v_pending) end], null),
        v_holds,
        v_holds || '; expire_holds does not run, or not often enough',
        'select booking.expire_holds(10000);');
end
$$;
comment on function booking.doctor_holds() is 'How many holds there are, and whether booking.expire_holds runs.';

create function booking.doctor_claims()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- As booking.prune_resource has it, with two nights more.
    v_before timestamptz := clock_timestamp() - interval '2 days' - greatest(
        interval '30 days', (select make_interval(mins => max(s.buffer_before)) from booking.service s));
    v_over bigint := (select count(*) from booking.claim c where c.booking_id is not null and upper(c.span) < v_before);
    v_size text := format('%s with its indexes', pg_size_pretty(pg_total_relation_size('booking.claim')));
begin
    return next booking.doctor_finding('claims',
        array_remove(array[case when v_over > 0 then format('%s claims ended before %s', v_over, v_before::date) end], null),
        v_size, v_size || '; prune does not run', 'call booking.prune();');
end
$$;
comment on function booking.doctor_claims() is 'How large the claims are, and whether booking.prune takes away what is over.';

create function booking.doctor_pages()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    -- From two nights ago on, last week is kept.
    v_first date := booking.week_of(v_now - interval '2 days') - 7;
    v_size text := format('%s with its index', pg_size_pretty(pg_total_relation_size('booking.availability')));
    v_past bigint := (select count(*) from booking.availability a where a.week < v_first);
    v_all bigint;
    v_until date;
    v_short text[];
begin
    return next booking.doctor_finding('pages',
        array_remove(array[case when v_past > 0 then format('%s of weeks before %s', v_past, v_first) end], null),
        v_size, v_size || '; neither roll nor prune runs', 'call booking.prune();');
    select count(*), min(p.until),
        array_agg(format('resource %s of tenant %s', r.resource_id, r.tenant_id) order by r.resource_id)
            filter (where p.until is null or p.until < v_now::date + 14)
    into v_all, v_until, v_short
    from booking.resource r
    cross join lateral (
        select max(a.week) + 7 as until
        from booking.availability a
        where a.tenant_id = r.tenant_id and a.resource_id = r.resource_id and a.unit = 0) p
    where r.active;
    return next booking.doctor_finding('horizon', v_short,
        coalesce(format('pages of %s active resources reach to ', v_all) || v_until || ' at least', 'there is no active resource'),
        format('pages of %s of %s active resources end within two weeks, so that reads compute them each time', cardinality(v_short), v_all),
        'call booking.roll();');
end
$$;
comment on function booking.doctor_pages() is
    'How large the pages are, whether past ones go, and how far ahead they reach, which is whether booking.roll runs.';

create function booking.doctor_feed()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_first timestamptz := (select c.at from booking.change c order by c.writer, c.change_id limit 1);
    -- What readers have to remember since somebody who began before it still writes.
    v_kept timestamptz := (
        select c.at
        from booking.change c
        where c.writer >= pg_snapshot_xmin(pg_current_snapshot())
        order by c.writer, c.change_id
        limit 1);
    v_writer record;
begin
    return next booking.doctor_finding('feed',
        array_remove(array[case when v_first < v_now - interval '26 hours' then format('the oldest is of %s', v_first) end], null),
        coalesce('changes are kept since ' || v_first, 'there are no changes'),
        'changes older than a day are kept: prune does not run, or a transaction is open for longer',
        'call booking.prune();');
    -- Of others' transactions only who may see them is told more than that there are any.
    select w.*
    into v_writer
    from (
        select format('backend %s of "%s"', a.pid, a.usename) as who, a.xact_start as since, format('select pg_terminate_backend(%s);', a.pid) as remedy
        from pg_stat_activity a
        where a.datname = current_database() and a.backend_xid is not null and a.pid <> pg_backend_pid()
        union all
        select format('prepared transaction %s', p.gid), p.prepared, format('rollback prepared %L;', p.gid)
        from pg_prepared_xacts p
        where p.database = current_database()) w
    order by w.since
    limit 1;
    return next booking.doctor_finding('writers',
        array_remove(array[
            case
                when v_writer.since < v_now - interval '1 hour' then format('%s writes since %s', v_writer.who, v_writer.since)
                when v_kept < v_now - interval '1 hour' then format('changes since %s are read again and again', v_kept)
            end], null),
        coalesce('the oldest of those that write began at ' || v_writer.since, 'nobody else writes'),
        'a transaction is open for longer than an hour',
        coalesce(
            case when v_writer.since < v_now - interval '1 hour' then v_writer.remedy end,
            'select pid, usename, xact_start, query from pg_stat_activity where backend_xid is not null order by xact_start;'));
end
$$;
comment on function booking.doctor_feed() is 'Whether changes go after a day, and who has been writing for so long that readers have to remember.';

create function booking.doctor_clock()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_last timestamptz := (select c.at from booking.change c order by c.writer desc, c.change_id desc limit 1);
    -- They are read from files: once.
    v_known text[] := array(select lower(n.name) from pg_timezone_names n);
    v_unknown text[];
begin
    return next booking.doctor_finding('clock',
        array_remove(array[
            case when v_last > v_now + interval '5 seconds' then format('the last change is of %s, and it is %s', v_last, v_now) end,
            case when pg_postmaster_start_time() > v_now then format('the server started at %s, and it is %s', pg_postmaster_start_time(), v_now) end,
            case when now() < v_now - interval '1 hour' then format('for this transaction it is still %s: commit', now()) end], null),
        format('it is %s', v_now),
        'clocks do not agree: holds lapse too late or too early',
        'Have the clock of the server set by NTP: systemctl enable --now systemd-timesyncd');
    v_unknown := array(
        select z.zone
        from (
            select t.zone from booking.tenant t
            union
            select r.zone from booking.resource r
            union
            select s.zone from booking.service s
            union
            select h.zone from booking.schedule h
            union
            select v.zone from booking.schedule_travel v) z
        where lower(z.zone) <> all (v_known)
        order by z.zone);
    return next booking.doctor_finding('zones', v_unknown,
        format('every zone in use is one of the %s that the server knows', cardinality(v_known)),
        'the server does not know zones that are in use',
        'apt-get install tzdata tzdata-legacy, or a known name: update booking.schedule set zone = ... where zone = ...');
end
$$;
comment on function booking.doctor_clock() is 'Whether the clock went back, and whether the server knows the zones in use.';

create function booking.doctor_standby()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_behind interval;
begin
    if not pg_is_in_recovery() then
        return query values ('standby', true, 'this is the primary', null::text);
        return;
    end if;
    -- Nothing comes from a primary on which nothing happens.
    if pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn() then
        v_behind := clock_timestamp() - pg_last_xact_replay_timestamp();
    end if;
    return next booking.doctor_finding('standby',
        array_remove(array[
            case when v_behind > interval '1 minute' then format('%s behind', date_trunc('second', v_behind)) end,
            case when pg_is_wal_replay_paused() then 'its replay is paused' end], null),
        'this standby has what the primary has',
        'this standby shows slots that are gone',
        case when pg_is_wal_replay_paused() then 'select pg_wal_replay_resume();' else 'Have reads go to the primary until it is back.' end);
end
$$;
comment on function booking.doctor_standby() is 'Of a standby, how far it is behind.';

create function booking.doctor_jobs()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_home text := (select s.setting from pg_settings s where s.name = 'cron.database_name');
    v_wrong text[];
    v_seen bigint;
    v_role text;
    v_last text;
begin
    if not exists (select from pg_extension e where e.extname = 'pg_cron') then
        return query values (
            'jobs', null::boolean, 'no pg_cron in this database: holds, claims, pages and horizon tell whether the upkeep runs',
            case when v_home <> current_database() then format('In database "%s": select * from cron.job_run_details order by runid desc limit 10;', v_home) end);
        return;
    end if;
    execute $query$
        select count(j.jobid), max(j.username), string_agg(format('%s %s', w.job, coalesce(r.start_time::text, 'never')), ', '),
            array_remove(array_agg(case
                when j.jobid is null then format('%s is not scheduled', w.job)
                when not j.active then format('%s is not active', w.job)
                when r.status = 'failed' then format('%s failed at %s: %s', w.job, r.start_time, r.return_message)
                when r.start_time < clock_timestamp() - w.late then format('%s ran last at %s', w.job, r.start_time)
            end), null)
        from (
            values ('roll', interval '50 hours'), ('expire_holds', interval '2 hours'), ('prune', interval '50 hours')) w (job, late)
        left join cron.job j on j.database = current_database() and j.jobname = booking.job_name(w.job)
        left join lateral (
            select d.status, d.return_message, d.start_time
            from cron.job_run_details d
            where d.jobid = j.jobid and d.status in ('succeeded', 'failed')
            order by d.runid desc
            limit 1) r on true
        $query$
    into v_seen, v_role, v_last, v_wrong;
    if v_seen = 0 and not (select r.rolsuper from pg_roles r where r.rolname = current_user) then
        return query values (
            'jobs', null::boolean, format('jobs that run as others are not shown to "%s"', current_user),
            'As a superuser: select * from booking.doctor_jobs();');
    else
        return next booking.doctor_finding('jobs', v_wrong, 'last runs: ' || v_last, 'the upkeep does not run as it should',
            format('select * from booking.install_jobs(%L);', coalesce(v_role, 'booking_jobs')));
    end if;
end
$$;
comment on function booking.doctor_jobs() is 'Whether the jobs of booking.install_jobs are there, ran of late and without an error, as far as the caller sees them.';

create function booking.doctor_guards()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_silent text[] := array(
        select distinct t.tgrelid::regclass::text
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'booking'::regnamespace and t.tgenabled in ('D', 'R')
        order by 1);
    v_open text[] := array(
        select c.oid::regclass::text
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
        order by 1);
begin
    return next booking.doctor_finding('constraint',
        case when not exists (
            select
            from pg_constraint c
            join pg_index i on i.indexrelid = c.conindid
            where c.conrelid = 'booking.claim'::regclass and c.conname = 'claim_no_overlap' and c.contype = 'x' and i.indisvalid)
        then array['claim_no_overlap'] end,
        'no two claims can overlap',
        'a slot can be booked twice, for the constraint is not there',
        'alter table booking.claim add constraint claim_no_overlap exclude using gist '
        '(resource_id with =, span with &&, unit with =, tenant_id with =, (coalesce(sitting_id, id)) with <>);');
    return next booking.doctor_finding('triggers', v_silent,
        'all triggers are enabled',
        'pages and keys are not kept, for triggers are disabled on',
        (select string_agg(format('alter table %s enable trigger all;', t), ' ') from unnest(v_silent) t) || ' call booking.roll();');
    return next booking.doctor_finding('row_security', v_open,
        'every table has row-level security',
        'every tenant sees the rows of all, for row-level security is off on',
        (select string_agg(format('alter table %s enable row level security;', t), ' ') from unnest(v_open) t));
end
$$;
comment on function booking.doctor_guards() is
    'Whether what nothing gets past is in place: the constraint on claims, the triggers, row-level security.';

create function booking.doctor_additions()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- A new index has its name here, else it is taken for one that somebody added. A trigger is ours by its function.
    c_indexes constant text[] := '{
        access_one, booking_customer, booking_customer_key, booking_event_attempt, booking_event_booking, booking_pending,
        booking_resource_resource, booking_series, booking_service, booking_start, busy_window_span, busy_window_start, claim_booking, claim_held,
        claim_hold, hold_booking, hold_client, hold_service, hold_session, idempotency_created, member_user, payment_booking,
        requirement_resource_resource, resource_schedule, schedule_holiday_set, sitting_start, sql_login_login}';
    c_policies constant text[] := '{
        member_read, manager_insert, manager_update, manager_delete, owner_insert, owner_update, owner_delete, customer_read,
        service_all}';
    v_added text[];
    v_again text;
begin
    select array_agg(a.name order by a.name), string_agg(a.statement || ';', ' ' order by a.name)
    into v_added, v_again
    from (
        select 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = 'booking'::regnamespace and c.relname <> all (c_indexes)
            and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
        union all
        select format('trigger %I on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid)
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'booking'::regnamespace and not t.tgisinternal
            and not exists (
                select
                from pg_depend d
                join pg_extension e on e.oid = d.refobjid and e.extname = 'pg_booking'
                where d.classid = 'pg_proc'::regclass and d.objid = t.tgfoid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e')
        union all
        select format('policy %I on %s', p.policyname, format('%I.%I', p.schemaname, p.tablename)),
            format('create policy %I on %I.%I as %s for %s to %s', p.policyname, p.schemaname, p.tablename, p.permissive, p.cmd,
                array_to_string(p.roles, ', ')) || coalesce(' using (' || p.qual || ')', '') || coalesce(' with check (' || p.with_check || ')', '')
        from pg_policies p
        where p.schemaname = 'booking' and p.policyname <> all (c_policies)) a (name, statement);
    -- Nothing is wrong with them; that they are lost by a restore is to be known.
    return query values (
        'additions', true,
        case when v_added is null then 'tables have no index, trigger or policy of yours'
            else 'not dumped, so to be made again after a restore: ' || booking.doctor_list(v_added) end,
        v_again);
end
$$;
comment on function booking.doctor_additions() is
    'Indexes, triggers and policies that were added to the tables of the extension: pg_dump leaves them out, remedy makes them again.';

create function booking.doctor()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_look text;
begin
    foreach v_look in array array[
        'version', 'owner', 'roles', 'grants', 'public', 'logins', 'timeouts', 'guards', 'additions', 'drift', 'holds', 'claims',
        'pages', 'jobs', 'feed', 'clock', 'standby']
    loop
        -- One that fails, on whatever is broken, is a finding, and the others are made.
        begin
            return query execute format('select * from booking.%I()', 'doctor_' || v_look);
        exception
            when insufficient_privilege then
                return query values (
                    v_look, null::boolean, format('"%s" may not look: %s', current_user, sqlerrm),
                    format('As a superuser: select * from booking.%I();', 'doctor_' || v_look));
            when others then
                return query values (
                    v_look, false, format('could not be looked at: %s (%s)', sqlerrm, sqlstate),
                    format('select * from booking.%I();', 'doctor_' || v_look));
        end;
    end loop;
end
$$;
comment on function booking.doctor() is
    'Looks the installation over, and changes nothing: a row for each thing, whether it is well, what was found, and what to run '
    'where it is not. For superusers, the owner of the extension and the service role, also in a transaction that only reads and '
    'on a standby. What the caller may not see has ok null; what cannot be looked at is a finding. Raises nothing but 57014.';

create or replace function booking.callable(kind text)
returns setof regprocedure
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- What runs with its caller's rights is bounded by policies, so members may call all of it. What runs with the owner's is
    -- the public's, or says here whose it is.
    select p.oid::regprocedure
    from pg_proc p
    where p.prorettype <> 'trigger'::regtype
        and case
            when p.pronamespace = 'booking_api'::regnamespace then kind in ('public', 'member', 'service')
            when p.pronamespace <> 'booking'::regnamespace then false
            when p.proname like 'grant\_%' or p.proname in ('revoke_access', 'bind_login', 'install_jobs', 'remove_jobs') then false
            when p.prosecdef and p.proname like 'public\_%' then kind in ('public', 'member', 'service')
            when p.prosecdef and p.proname in ('caller', 'my_tenants') then kind in ('member', 'service')
            -- Asks for the epoch, which is not a member's to know.
            when p.proname = 'changes_of' then kind in ('service', 'owner')
            when p.prosecdef or p.prokind = 'p' or p.proname = 'doctor' or p.proname like 'doctor\_%' then kind = 'service'
            else kind in ('member', 'service', 'owner')
        end;
end;

-- What an owner edits and lists (sql/69, 70, 95 to 97).
create function booking.check_known(
    tenant uuid,
    location uuid default null,
    schedule uuid default null,
    holiday_set uuid default null,
    resources uuid[] default null,
    service uuid default null)
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_unknown text;
begin
    if check_known.tenant is null then
        raise exception 'tenant is needed' using errcode = '22004';
    end if;
    select u.what into v_unknown
    from (
        values
            ('tenant ' || check_known.tenant, exists (
                select from booking.tenant t where t.tenant_id = check_known.tenant)),
            ('location ' || check_known.location, exists (
                select from booking.location l where (l.tenant_id, l.location_id) = (check_known.tenant, check_known.location))),
            ('schedule ' || check_known.schedule, exists (
                select from booking.schedule s where (s.tenant_id, s.schedule_id) = (check_known.tenant, check_known.schedule))),
            ('holiday set ' || check_known.holiday_set, exists (
                select
                from booking.holiday_set h
                where (h.tenant_id, h.holiday_set_id) = (check_known.tenant, check_known.holiday_set))),
            ('service ' || check_known.service, exists (
                select from booking.service s where (s.tenant_id, s.service_id) = (check_known.tenant, check_known.service)))
        union all
        select 'resource ' || u, exists (
            select from booking.resource r where (r.tenant_id, r.resource_id) = (check_known.tenant, u))
        from unnest(check_known.resources) u) u (what, known)
    where u.what is not null and not u.known
    limit 1;
    if found then
        raise exception 'unknown %', v_unknown using errcode = 'P0002';
    end if;
end
$$;
comment on function booking.check_known(uuid, uuid, uuid, uuid, uuid[], uuid) is
    'P0002 for the first of these ids that the caller cannot see in the tenant, whose else it may be; 22004 without a tenant.';

create function booking.put_location(tenant uuid, slug text, name text default null, location uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_location uuid;
begin
    perform booking.check_known(put_location.tenant, location => put_location.location);
    update booking.location l
    set slug = coalesce(put_location.slug, l.slug), name = coalesce(put_location.name, l.name), version = l.version + 1
    where l.tenant_id = put_location.tenant
        and case when put_location.location is null then l.slug = put_location.slug else l.location_id = put_location.location end
    returning l.location_id into v_location;
    if not found then
        insert into booking.location (tenant_id, slug, name)
        values (put_location.tenant, put_location.slug, put_location.name)
        returning location_id into v_location;
    end if;
    return v_location;
end
$$;
comment on function booking.put_location(uuid, text, text, uuid) is
    'Creates a location, or changes the one of that id or slug: null leaves what is there. Returns its id. P0002: unknown tenant '
    'or location; 22004: no tenant; 23502: a new one without slug or name; 23514: not a slug; 23505: the slug is another''s.';

create function booking.put_resource(
    tenant uuid,
    slug text,
    name text default null,
    zone text default null,
    grain int default null,
    capacity int default null,
    schedule uuid default null,
    location uuid default null,
    active boolean default null,
    public boolean default null,
    metadata jsonb default null,
    resource uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_resource uuid;
begin
    perform booking.check_known(
        put_resource.tenant, put_resource.location, put_resource.schedule,
        resources => case when put_resource.resource is not null then array[put_resource.resource] end);
    update booking.resource r
    set slug = coalesce(put_resource.slug, r.slug), name = coalesce(put_resource.name, r.name),
        zone = coalesce(put_resource.zone, r.zone), grain = coalesce(put_resource.grain, r.grain),
        capacity = coalesce(put_resource.capacity, r.capacity), schedule_id = coalesce(put_resource.schedule, r.schedule_id),
        location_id = coalesce(put_resource.location, r.location_id), active = coalesce(put_resource.active, r.active),
        public = coalesce(put_resource.public, r.public), metadata = coalesce(put_resource.metadata, r.metadata),
        version = r.version + 1
    where r.tenant_id = put_resource.tenant
        and case when put_resource.resource is null then r.slug = put_resource.slug else r.resource_id = put_resource.resource end
    returning r.resource_id into v_resource;
    if not found then
        insert into booking.resource
            (tenant_id, slug, name, zone, grain, capacity, schedule_id, location_id, active, public, metadata)
        values (
            put_resource.tenant, put_resource.slug, put_resource.name, put_resource.zone, coalesce(put_resource.grain, 15),
            coalesce(put_resource.capacity, 1), put_resource.schedule, put_resource.location, coalesce(put_resource.active, true),
            coalesce(put_resource.public, true), coalesce(put_resource.metadata, '{}'))
        returning resource_id into v_resource;
    end if;
    return v_resource;
end
$$;
comment on function booking.put_resource(uuid, text, text, text, int, int, uuid, uuid, boolean, boolean, jsonb, uuid) is
    'Creates a resource, or changes the one of that id or slug: null leaves what is there, of a new one it is the default of the '
    'column (to take something away, such as its schedule: booking.patch_resource). Returns its id. P0002: unknown tenant, '
    'resource, schedule or location; 22004: no tenant; 22023: an unknown zone, or another grain than its services can have; '
    '23502: a new one without slug or name; 23514: out of bounds, or a smaller capacity than what is held or booked; 23505: the '
    'slug is another''s.';

create function booking.check_owner_left(tenant uuid, user_id text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_owners text[];
begin
    -- Two owners who put one another out take turns.
    perform
    from booking.member m
    where m.tenant_id = check_owner_left.tenant and m.role = 'owner'
    order by m.user_id
    for update;
    v_owners := array(
        select m.user_id
        from booking.member m
        where m.tenant_id = check_owner_left.tenant and m.role = 'owner');
    if v_owners = array[check_owner_left.user_id] then
        raise exception 'the last owner stays' using errcode = '23001', hint = 'Make another member an owner first.';
    end if;
end
$$;
comment on function booking.check_owner_left(uuid, text) is '23001 where a member is the only owner that the tenant has; locks its owners.';

create function booking.put_member(tenant uuid, user_id text, role text)
returns text
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    perform booking.check_known(put_member.tenant);
    if put_member.user_id = '' then
        raise exception 'user_id cannot be empty' using errcode = '22023', hint = 'Give the sub claim of the JWT.';
    elsif put_member.role <> 'owner' then
        perform booking.check_owner_left(put_member.tenant, put_member.user_id);
    end if;
    insert into booking.member as m (tenant_id, user_id, role)
    values (put_member.tenant, put_member.user_id, put_member.role)
    on conflict on constraint member_pkey do update
    set role = excluded.role, version = m.version + 1;
    return put_member.user_id;
end
$$;
comment on function booking.put_member(uuid, text, text) is
    'Makes the sub of a JWT a member of a tenant (owner, manager or viewer), or gives a member another role. Returns the user_id. '
    'For owners of the tenant: 42501 for others. P0002: unknown tenant; 22004: no tenant; 23514: no such role; 23502: a value is '
    'missing; 23001: the last owner stays one.';

create function booking.put_schedule(
    tenant uuid,
    name text default null,
    zone text default null,
    holiday_set uuid default null,
    schedule uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_schedule uuid := put_schedule.schedule;
begin
    perform booking.check_known(
        put_schedule.tenant, schedule => put_schedule.schedule, holiday_set => put_schedule.holiday_set);
    if v_schedule is not null then
        update booking.schedule s
        set name = coalesce(put_schedule.name, s.name), zone = coalesce(put_schedule.zone, s.zone),
            holiday_set_id = coalesce(put_schedule.holiday_set, s.holiday_set_id), version = s.version + 1
        where s.tenant_id = put_schedule.tenant and s.schedule_id = v_schedule;
    else
        insert into booking.schedule (tenant_id, name, zone, holiday_set_id)
        values (put_schedule.tenant, put_schedule.name, coalesce(put_schedule.zone, (
            select t.zone from booking.tenant t where t.tenant_id = put_schedule.tenant)), put_schedule.holiday_set)
        returning schedule_id into v_schedule;
    end if;
    return v_schedule;
end
$$;
comment on function booking.put_schedule(uuid, text, text, uuid, uuid) is
    'Creates a schedule, never open until it has rules, in the zone of the tenant unless another is given; or changes the one of '
    'that id: null leaves what is there. Returns its id. P0002: unknown tenant, schedule or holiday set; 22004: no tenant; '
    '22023: unknown zone; 23502: a new one without a name.';

create function booking.put_rule(
    tenant uuid,
    schedule uuid,
    weekday int,
    opens time,
    closes time,
    valid daterange default '(,)',
    location uuid default null,
    rule uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rule uuid;
begin
    perform booking.check_known(put_rule.tenant, put_rule.location, put_rule.schedule);
    if put_rule.closes <= put_rule.opens then
        raise exception 'a window ends before it starts' using errcode = '22023', hint = 'Hours across midnight are two windows: until 24:00, and from 00:00 on the next day.';
    end if;
    if put_rule.rule is null then
        insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid, location_id)
        values (
            put_rule.tenant, put_rule.schedule, put_rule.weekday, put_rule.opens, put_rule.closes,
            coalesce(put_rule.valid, '(,)'), put_rule.location)
        returning rule_id into v_rule;
        return v_rule;
    end if;
    update booking.schedule_rule w
    set weekday = put_rule.weekday, opens = put_rule.opens, closes = put_rule.closes, valid = coalesce(put_rule.valid, '(,)'),
        location_id = put_rule.location, version = w.version + 1
    where w.tenant_id = put_rule.tenant and w.schedule_id = put_rule.schedule and w.rule_id = put_rule.rule;
    if not found then
        raise exception 'unknown rule %', put_rule.rule using errcode = 'P0002';
    end if;
    return put_rule.rule;
end
$$;
comment on function booking.put_rule(uuid, uuid, int, time, time, daterange, uuid, uuid) is
    'Adds a weekly window to a schedule (ISO weekday, wall clock of its zone, local dates on which it is valid), or sets the one '
    'of that id anew. Returns its id. P0002: unknown tenant, schedule, location or rule; 22004: no tenant; 22023: it ends before it '
    'starts; 23502: a value is missing; 23514: no such weekday, or no dates.';

create function booking.put_override(
    tenant uuid,
    schedule uuid,
    dates daterange,
    opens time default null,
    closes time default null,
    location uuid default null,
    reason text default null,
    override uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_override uuid;
begin
    perform booking.check_known(put_override.tenant, put_override.location, put_override.schedule);
    if put_override.closes <= put_override.opens then
        raise exception 'a window ends before it starts' using errcode = '22023', hint = 'Hours across midnight are two windows: until 24:00, and from 00:00 on the next day.';
    elsif num_nonnulls(put_override.opens, put_override.closes) = 1 then
        raise exception 'opens and closes come together' using errcode = '22004', hint = 'Without both the dates are closed.';
    end if;
    if put_override.override is null then
        insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id, reason)
        values (
            put_override.tenant, put_override.schedule, put_override.dates, put_override.opens, put_override.closes,
            put_override.location, put_override.reason)
        returning override_id into v_override;
        return v_override;
    end if;
    update booking.schedule_override o
    set dates = put_override.dates, opens = put_override.opens, closes = put_override.closes,
        location_id = put_override.location, reason = put_override.reason, version = o.version + 1
    where o.tenant_id = put_override.tenant and o.schedule_id = put_override.schedule and o.override_id = put_override.override;
    if not found then
        raise exception 'unknown override %', put_override.override using errcode = 'P0002';
    end if;
    return put_override.override;
end
$$;
comment on function booking.put_override(uuid, uuid, daterange, time, time, uuid, text, uuid) is
    'Other hours on some local dates of a schedule: one window, or closed without times; or sets the override of that id anew. '
    'Returns its id. Several windows of the same dates are several overrides. P0002: unknown tenant, schedule, location or '
    'override; 22004: no tenant, or one time of two; 22023: it ends before it starts; 23502: no dates; 23514: dates without bounds.';

create function booking.put_busy_window(
    tenant uuid,
    resource uuid,
    span tstzrange,
    reason text default null,
    connection uuid default null,
    external_id text default null,
    busy_window uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_busy_window uuid;
begin
    perform booking.check_known(put_busy_window.tenant, resources => array[put_busy_window.resource]);
    update booking.busy_window w
    set resource_id = put_busy_window.resource, span = put_busy_window.span, reason = put_busy_window.reason,
        connection_id = put_busy_window.connection, external_id = put_busy_window.external_id, version = w.version + 1
    where w.tenant_id = put_busy_window.tenant
        and case
            when put_busy_window.busy_window is not null then w.busy_window_id = put_busy_window.busy_window
            else w.resource_id = put_busy_window.resource and w.external_id = put_busy_window.external_id
                and w.connection_id is not distinct from put_busy_window.connection
        end
    returning w.busy_window_id into v_busy_window;
    if v_busy_window is null and put_busy_window.busy_window is not null then
        raise exception 'unknown busy window %', put_busy_window.busy_window using errcode = 'P0002';
    elsif v_busy_window is null then
        insert into booking.busy_window (tenant_id, resource_id, connection_id, external_id, span, reason)
        values (
            put_busy_window.tenant, put_busy_window.resource, put_busy_window.connection, put_busy_window.external_id,
            put_busy_window.span, put_busy_window.reason)
        returning busy_window_id into v_busy_window;
    end if;
    return v_busy_window;
end
$$;
comment on function booking.put_busy_window(uuid, uuid, tstzrange, text, uuid, text, uuid) is
    'Makes a resource busy for a span of instants, or sets anew the busy window of that id, or that of the resource which came by '
    'that connection under that external id. Returns its id. What was booked stays: booking.list_bookings flags it. P0002: unknown '
    'tenant, resource or busy window; 22004: no tenant; 23502: no resource or no span; 23514: without bounds, or longer than ten years.';

create function booking.check_changes(relation regclass, changes jsonb, fixed text[])
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_known text[] := array(
        select a.attname::text
        from pg_attribute a
        where a.attrelid = check_changes.relation and a.attnum > 0 and not a.attisdropped and a.attname <> all (check_changes.fixed)
        order by a.attnum);
    v_unknown text;
    v_change record;
begin
    if jsonb_typeof(check_changes.changes) is distinct from 'object' then
        raise exception 'settings are a JSON object' using errcode = '22023', hint = format('It may have %s.', array_to_string(v_known, ', '));
    end if;
    select string_agg(format('"%s"', left(k, 64)), ', ' order by k) into v_unknown
    from (select k from jsonb_object_keys(check_changes.changes) k where k <> all (v_known) limit 10) u;
    if v_unknown is not null then
        raise exception 'no such setting of a %: %', check_changes.relation, v_unknown
            using errcode = '22023', hint = format('There are %s.', array_to_string(v_known, ', '));
    end if;
    for v_change in
        select c.key, c.value, jsonb_typeof(c.value) as given, a.attnotnull, format_type(a.atttypid, a.atttypmod) as type, case
                when a.atttypid = 'jsonb'::regtype then 'object'
                when t.typcategory = 'A' then 'array'
                when t.typcategory = 'N' then 'number'
                when t.typcategory = 'B' then 'boolean'
                else 'string'
            end as wanted
        from jsonb_each(check_changes.changes) c
        join pg_attribute a on a.attrelid = check_changes.relation and a.attname = c.key
        join pg_type t on t.oid = a.atttypid
        order by a.attnum
    loop
        if v_change.given = 'null' then
            if v_change.attnotnull then
                raise exception '% cannot be null', v_change.key using errcode = '22004';
            end if;
        elsif v_change.given <> v_change.wanted then
            raise exception '% has to be a JSON %', v_change.key, v_change.wanted
                using errcode = '22023', hint = format('It is read as %s.', v_change.type);
        else
            begin
                execute format('select jsonb_populate_record(null::%s, $1)', check_changes.relation)
                using jsonb_build_object(v_change.key, v_change.value);
            exception when data_exception then
                raise exception '%: %', v_change.key, left(sqlerrm, 200)
                    using errcode = '22023', hint = format('It is read as %s.', v_change.type);
            end;
        end if;
    end loop;
end
$$;
comment on function booking.check_changes(regclass, jsonb, text[]) is
    'What settings of a row must be: an object whose keys are columns of the table, but not those that are fixed, with values of '
    'their types. 22023: another; 22004: null for what cannot be null.';

create function booking.patch_row(relation regclass, tenant uuid, id uuid, changes jsonb)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key text := (select c.relname || '_id' from pg_class c where c.oid = patch_row.relation);
    v_rows bigint;
begin
    perform booking.check_changes(patch_row.relation, patch_row.changes, array['tenant_id', v_key, 'version']);
    perform booking.check_known(
        patch_row.tenant, location => (patch_row.changes ->> 'location_id')::uuid,
        schedule => (patch_row.changes ->> 'schedule_id')::uuid);
    -- Only what is named, so that no trigger thinks that the rest is new.
    execute (
        select format('update %s t set %sversion = t.version + 1 from jsonb_populate_record(null::%1$s, $1) c where t.tenant_id = $2 and t.%3$I = $3',
            patch_row.relation, string_agg(format('%1$I = c.%1$I, ', k), ''), v_key)
        from jsonb_object_keys(patch_row.changes) k)
    using patch_row.changes, patch_row.tenant, patch_row.id;
    get diagnostics v_rows = row_count;
    if v_rows = 0 then
        raise exception 'unknown % %', patch_row.relation, patch_row.id using errcode = 'P0002';
    end if;
end
$$;
comment on function booking.patch_row(regclass, uuid, uuid, jsonb) is 'Behind booking.patch_service and booking.patch_resource.';

create function booking.patch_resource(tenant uuid, resource uuid, changes jsonb)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
begin
    perform booking.patch_row('booking.resource', tenant, resource, changes);
    return resource;
end
$$;
comment on function booking.patch_resource(uuid, uuid, jsonb) is
    'Changes a resource by the names of its columns, such as {"capacity": 2, "schedule_id": null}; what is not named stays. Returns '
    'its id. 22023: no such setting, or not of its type, or another grain than its services can have; 22004: null for what cannot '
    'be null; 23514: out of bounds, or a smaller capacity than what is held or booked; 23505: the slug is another''s; P0002: unknown '
    'tenant, resource, schedule or location.';

create function booking.patch_service(tenant uuid, service uuid, changes jsonb)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
begin
    perform booking.patch_row('booking.service', tenant, service, changes);
    return service;
end
$$;
comment on function booking.patch_service(uuid, uuid, jsonb) is
    'Changes a service by the names of its columns, such as {"price": 60, "currency": "EUR", "min_notice": "2 hours"}; what is not '
    'named stays. Minutes, intervals and ranges are those of booking.service. Returns its id. 22023: no such setting, or not of its '
    'type, or off the grain of its resources; 22004: null for what cannot be null; 23514: out of bounds, or settings that go not '
    'together; 23505: the slug is another''s; P0002: unknown tenant, service or schedule.';

create function booking.put_requirement(
    tenant uuid,
    service uuid,
    resources uuid[],
    pick int default null,
    strategy text default null,
    weights int[] default null,
    priorities int[] default null,
    requirement uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_requirement uuid := put_requirement.requirement;
    v_elsewhere uuid;
begin
    perform booking.check_known(put_requirement.tenant, service => put_requirement.service, resources => put_requirement.resources);
    if coalesce(cardinality(put_requirement.resources), 0) = 0
        or cardinality(put_requirement.resources) <> (select count(distinct r) from unnest(put_requirement.resources) r)
    then
        raise exception 'a requirement needs different resources, one at least' using errcode = '22023';
    elsif cardinality(put_requirement.weights) <> cardinality(put_requirement.resources)
        or cardinality(put_requirement.priorities) <> cardinality(put_requirement.resources)
    then
        raise exception 'each resource has a weight, and a priority, or none has' using errcode = '22023';
    end if;
    -- Resources before services, as every writer of these tables has it.
    perform booking.lock_resources(put_requirement.tenant, put_requirement.resources);
    if v_requirement is null then
        insert into booking.service_requirement (tenant_id, service_id, pick, strategy)
        values (
            put_requirement.tenant, put_requirement.service, coalesce(put_requirement.pick, 1),
            coalesce(put_requirement.strategy, 'round_robin'))
        returning requirement_id into v_requirement;
    else
        update booking.service_requirement q
        set pick = coalesce(put_requirement.pick, q.pick), strategy = coalesce(put_requirement.strategy, q.strategy),
            version = q.version + 1
        where q.tenant_id = put_requirement.tenant and q.service_id = put_requirement.service and q.requirement_id = v_requirement;
        if not found then
            raise exception 'unknown requirement %', v_requirement using errcode = 'P0002';
        end if;
    end if;
    if exists (
        select
        from booking.service_requirement q
        where q.tenant_id = put_requirement.tenant and q.service_id = put_requirement.service and q.requirement_id = v_requirement
            and q.pick > cardinality(put_requirement.resources))
    then
        raise exception 'a requirement cannot pick more resources than it has' using errcode = '22023';
    end if;
    select m.resource_id into v_elsewhere
    from booking.requirement_resource m
    where m.tenant_id = put_requirement.tenant and m.service_id = put_requirement.service
        and m.resource_id = any (put_requirement.resources) and m.requirement_id <> v_requirement;
    if found then
        raise exception 'resource % stands in another requirement of the service', v_elsewhere
            using errcode = '23505', hint = 'A resource stands in one requirement of a service at most.';
    end if;
    -- Who leaves goes first: those who stay may be of another grain.
    delete from booking.requirement_resource m
    where m.tenant_id = put_requirement.tenant and m.service_id = put_requirement.service
        and m.requirement_id = v_requirement and m.resource_id <> all (put_requirement.resources);
    insert into booking.requirement_resource as m (tenant_id, service_id, requirement_id, resource_id, weight, priority)
    select put_requirement.tenant, put_requirement.service, v_requirement, r.resource_id, coalesce(r.weight, 1), coalesce(r.priority, 0)
    from unnest(put_requirement.resources, put_requirement.weights, put_requirement.priorities) r (resource_id, weight, priority)
    order by r.resource_id
    on conflict on constraint requirement_resource_pkey do update
    set weight = case when put_requirement.weights is null then m.weight else excluded.weight end,
        priority = case when put_requirement.priorities is null then m.priority else excluded.priority end,
        version = m.version + 1;
    return v_requirement;
end
$$;
comment on function booking.put_requirement(uuid, uuid, uuid[], int, text, int[], int[], uuid) is
    'Adds a requirement to a service, of which each booking takes pick of these resources by strategy, or sets the one of that id '
    'anew; null leaves what is there. weights and priorities: one for each resource. Who stays keeps its count of bookings. Returns '
    'its id. P0002: unknown tenant, service, requirement or resource; 22004: no tenant; 22023: no, or the same, or too few '
    'resources, or of another grain; 23505: a resource stands in another requirement of the service; 23514: out of bounds.';

create function booking.create_service(tenant uuid, slug text, settings jsonb, requirements jsonb default '[]')
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_service uuid;
    v_requirement record;
begin
    perform booking.check_changes('booking.service', create_service.settings, '{tenant_id,service_id,slug,version}');
    perform booking.check_known(create_service.tenant, schedule => (create_service.settings ->> 'schedule_id')::uuid);
    if create_service.settings ->> 'name' is null then
        raise exception 'name is needed' using errcode = '22004';
    elsif jsonb_typeof(create_service.requirements) is distinct from 'array' then
        raise exception 'requirements are a JSON array' using errcode = '22023', hint = 'Give [{"resources": [...], "pick": 1, "strategy": "round_robin"}].';
    end if;
    execute (
        select format('insert into booking.service (tenant_id, slug, %s) select $1, $2, %s from jsonb_populate_record(null::booking.service, $3) c returning service_id',
            string_agg(quote_ident(k), ', '), string_agg('c.' || quote_ident(k), ', '))
        from jsonb_object_keys(create_service.settings) k)
    using create_service.tenant, create_service.slug, create_service.settings
    into v_service;
    for v_requirement in
        select q.*
        from jsonb_to_recordset(create_service.requirements) q (resources uuid[], pick int, strategy text, weights int[], priorities int[])
    loop
        perform booking.put_requirement(
            create_service.tenant, v_service, v_requirement.resources, v_requirement.pick, v_requirement.strategy,
            v_requirement.weights, v_requirement.priorities);
    end loop;
    return v_service;
end
$$;
comment on function booking.create_service(uuid, text, jsonb, jsonb) is
    'Creates a service of any kind: settings by the names of its columns, name among them, as booking.patch_service has them, and '
    'requirements as [{"resources": [...], "pick": 1, "strategy": "round_robin"}], as booking.put_requirement has them. Returns its '
    'id. 22023: no such setting, or not of its type; 22004: no name; 23505: the slug is another''s; 23514: out of bounds, or settings '
    'that go not together; P0002: unknown tenant, schedule or resource.';

create function booking.member_tenant(tenant text, least_role text default 'viewer')
returns uuid
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant uuid;
begin
    if (member_tenant.least_role in ('viewer', 'manager', 'owner')) is not true then
        raise exception 'no such role: %', member_tenant.least_role
            using errcode = '22023', hint = 'There are viewer, manager and owner.';
    end if;
    select t.tenant_id into v_tenant
    from booking.tenant t
    where t.tenant_id = booking.uuid_of(member_tenant.tenant) or t.slug = member_tenant.tenant;
    if not found then
        perform booking.raise_unknown();
    elsif v_tenant = any (booking.my_tenants()) and v_tenant <> all (booking.my_tenants(member_tenant.least_role)) then
        raise exception 'only members with the role % or above may do this', member_tenant.least_role
            using errcode = 'PT403', detail = '{"code": "42501"}', hint = 'An owner of the tenant gives roles.';
    end if;
    return v_tenant;
end
$$;
comment on function booking.member_tenant(text, text) is
    'The id of a tenant, by slug or uuid and whether active or not, for who is a member of it, at least as viewer, manager or '
    'owner, or acts for all tenants. PT404: unknown or foreign, which nobody tells apart; PT403: a member with less than that '
    'role; 22023: no such role.';

create function booking.public_tenant_id(tenant text)
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.public_tenant(tenant);
end
$$;
comment on function booking.public_tenant_id(text) is
    'The id of an active tenant by slug or uuid, for whoever is not a member, such as a customer who has signed in; else PT404.';

create function booking.visible_tenant(tenant text)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant uuid;
begin
    select t.tenant_id into v_tenant
    from booking.tenant t
    where t.tenant_id = booking.uuid_of(visible_tenant.tenant) or t.slug = visible_tenant.tenant;
    return coalesce(v_tenant, booking.public_tenant_id(visible_tenant.tenant));
end
$$;
comment on function booking.visible_tenant(text) is
    'The id of a tenant by slug or uuid for whatever policies show of it: to members, also of one that is not active, and to '
    'customers who have signed in; else PT404.';

create function booking.service_of(tenant uuid, service text)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_service uuid;
begin
    select s.service_id into v_service
    from booking.service s
    where s.tenant_id = service_of.tenant and (s.service_id = booking.uuid_of(service_of.service) or s.slug = service_of.service);
    if not found and service_of.service is not null then
        raise exception 'unknown service' using errcode = 'P0002';
    end if;
    return v_service;
end
$$;
comment on function booking.service_of(uuid, text) is 'The id of a service by slug or uuid, whether active and public or not; null for null. P0002: unknown.';

create function booking.resource_of(tenant uuid, resource text)
returns uuid
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_resource uuid;
begin
    select r.resource_id into v_resource
    from booking.resource r
    where r.tenant_id = resource_of.tenant
        and (r.resource_id = booking.uuid_of(resource_of.resource) or r.slug = resource_of.resource);
    if not found and resource_of.resource is not null then
        raise exception 'unknown resource' using errcode = 'P0002';
    end if;
    return v_resource;
end
$$;
comment on function booking.resource_of(uuid, text) is 'The id of a resource by slug or uuid, whether active and public or not; null for null. P0002: unknown.';

create function booking.check_page(max int)
returns int
language plpgsql
immutable
as $$
begin
    if (max between 1 and 1000) is not true then
        raise exception 'a page has 1 to 1000 rows, not %', max using errcode = '22023', hint = 'Give max within, and after for the next page.';
    end if;
    return max;
end
$$;
comment on function booking.check_page(int) is 'How many rows a page has; 22023 unless 1 to 1000.';

create type booking.listed_location as (location_id uuid, slug text, name text, resources uuid[], cursor text);
comment on type booking.listed_location is 'A location and the resources that stand there. cursor: where the next page begins.';

create function booking.list_locations(tenant uuid, after text default null, max int default 100)
returns setof booking.listed_location
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select l.location_id, l.slug, l.name, array(
                select r.resource_id
                from booking.resource r
                where r.tenant_id = l.tenant_id and r.location_id = l.location_id
                order by r.slug),
            l.slug
        from booking.location l
        where l.tenant_id = list_locations.tenant and (list_locations.after is null or l.slug > list_locations.after)
        order by l.slug
        limit booking.check_page(list_locations.max);
end
$$;
comment on function booking.list_locations(uuid, text, int) is
    'The locations of a tenant by slug, at most max (1 to 1000) after a cursor. 22023: no such max.';

create type booking.listed_resource as (
    resource_id uuid,
    slug text,
    name text,
    zone text,
    grain int,
    capacity int,
    schedule_id uuid,
    location_id uuid,
    active boolean,
    public boolean,
    metadata jsonb,
    services uuid[],
    cursor text);
comment on type booking.listed_resource is
    'A resource as its tenant sees it. services: those that take it; cursor: where the next page begins.';

create function booking.list_resources(tenant uuid, after text default null, max int default 100)
returns setof booking.listed_resource
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select r.resource_id, r.slug, r.name, r.zone, r.grain, r.capacity, r.schedule_id, r.location_id, r.active, r.public,
            r.metadata, array(
                select m.service_id
                from booking.requirement_resource m
                where m.tenant_id = r.tenant_id and m.resource_id = r.resource_id
                order by m.service_id),
            r.slug
        from booking.resource r
        where r.tenant_id = list_resources.tenant and (list_resources.after is null or r.slug > list_resources.after)
        order by r.slug
        limit booking.check_page(list_resources.max);
end
$$;
comment on function booking.list_resources(uuid, text, int) is
    'The resources of a tenant by slug, at most max (1 to 1000) after a cursor. 22023: no such max.';

create type booking.listed_service as (
    service_id uuid,
    slug text,
    name text,
    zone text,
    kind text,
    durations int[],
    min_length int,
    max_length int,
    check_in time,
    check_out time,
    arrival_days int[],
    crosses_closed boolean,
    seats int,
    step int,
    buffer_before int,
    buffer_after int,
    min_notice interval,
    horizon interval,
    bookable daterange,
    schedule_id uuid,
    hold_ttl interval,
    max_hold_age interval,
    max_holds int,
    needs_approval boolean,
    approval_ttl interval,
    price numeric,
    currency text,
    payment_ttl interval,
    pending_blocks boolean,
    cancel_notice interval,
    reschedule_notice interval,
    active boolean,
    public boolean,
    metadata jsonb,
    requirements jsonb,
    limits jsonb,
    cursor text);
comment on type booking.listed_service is
    'A service as its tenant sees it, with the columns of booking.service. requirements: [{requirement_id, pick, strategy, '
    'resources: [{resource_id, weight, priority, booked}]}]; limits: [{scope, period, max_count, max_minutes}]; cursor: where the '
    'next page begins.';

create function booking.requirements_of(tenant uuid, service uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return coalesce((
        select jsonb_agg(jsonb_build_object(
            'requirement_id', q.requirement_id, 'pick', q.pick, 'strategy', q.strategy, 'resources', coalesce((
                select jsonb_agg(
                    jsonb_build_object('resource_id', m.resource_id, 'weight', m.weight, 'priority', m.priority, 'booked', m.booked)
                    order by m.resource_id)
                from booking.requirement_resource m
                where m.tenant_id = q.tenant_id and m.service_id = q.service_id and m.requirement_id = q.requirement_id), '[]'))
            order by q.requirement_id)
        from booking.service_requirement q
        where q.tenant_id = requirements_of.tenant and q.service_id = requirements_of.service), '[]');
end
$$;
comment on function booking.requirements_of(uuid, uuid) is 'The requirements of a service with their members, as booking.listed_service has them.';

create function booking.list_services(tenant uuid, after text default null, max int default 100, service uuid default null)
returns setof booking.listed_service
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select s.service_id, s.slug, s.name, s.zone, s.kind, s.durations, s.min_length, s.max_length, s.check_in, s.check_out,
            s.arrival_days, s.crosses_closed, s.seats, s.step, s.buffer_before, s.buffer_after, s.min_notice, s.horizon, s.bookable,
            s.schedule_id, s.hold_ttl, s.max_hold_age, s.max_holds, s.needs_approval, s.approval_ttl, s.price, s.currency,
            s.payment_ttl, s.pending_blocks, s.cancel_notice, s.reschedule_notice, s.active, s.public, s.metadata,
            booking.requirements_of(s.tenant_id, s.service_id), coalesce((
                select jsonb_agg(
                    jsonb_build_object(
                        'scope', l.scope, 'period', l.period, 'max_count', l.max_count, 'max_minutes', l.max_minutes)
                    order by l.scope, l.period)
                from booking.service_limit l
                where l.tenant_id = s.tenant_id and l.service_id = s.service_id), '[]'),
            s.slug
        from booking.service s
        where s.tenant_id = list_services.tenant and (list_services.after is null or s.slug > list_services.after)
            and (list_services.service is null or s.service_id = list_services.service)
        order by s.slug
        limit booking.check_page(list_services.max);
end
$$;
comment on function booking.list_services(uuid, text, int, uuid) is
    'The services of a tenant by slug, at most max (1 to 1000) after a cursor, or one of them. 22023: no such max.';

create type booking.listed_member as (user_id text, role text, cursor text);
comment on type booking.listed_member is 'A member of a tenant, by the sub of its JWT. cursor: where the next page begins.';

create function booking.list_members(tenant uuid, after text default null, max int default 100)
returns setof booking.listed_member
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select m.user_id, m.role, m.user_id
        from booking.member m
        where m.tenant_id = list_members.tenant and (list_members.after is null or m.user_id > list_members.after)
        order by m.user_id
        limit booking.check_page(list_members.max);
end
$$;
comment on function booking.list_members(uuid, text, int) is
    'The members of a tenant by user_id, at most max (1 to 1000) after a cursor. 22023: no such max.';

create type booking.list_cursor as (key text, id uuid);
comment on type booking.list_cursor is 'What a cursor of a list says: after which key, and after which id of those with the same.';

create function booking.read_cursor(after text, key text)
returns booking.list_cursor
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if after !~ ('^' || key || '\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then
        raise exception 'malformed cursor' using errcode = '22023', hint = 'Give what the last row of the page before has as its cursor.';
    end if;
    return (left(after, -37), right(after, 36))::booking.list_cursor;
end
$$;
comment on function booking.read_cursor(text, text) is
    'What a cursor says whose key has the form of a regular expression; nulls for null. 22023: no such cursor.';

create type booking.listed_schedule as (
    schedule_id uuid,
    name text,
    zone text,
    holiday_set_id uuid,
    rules bigint,
    overrides bigint,
    resources uuid[],
    services uuid[],
    cursor text);
comment on type booking.listed_schedule is
    'A schedule, how many rules and overrides it has, and what uses it. cursor: where the next page begins.';

create function booking.list_schedules(tenant uuid, after text default null, max int default 100)
returns setof booking.listed_schedule
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_after booking.list_cursor := booking.read_cursor(list_schedules.after, '.*');
begin
    return query
        select s.schedule_id, s.name, s.zone, s.holiday_set_id, (
                select count(*)
                from booking.schedule_rule w
                where w.tenant_id = s.tenant_id and w.schedule_id = s.schedule_id), (
                select count(*)
                from booking.schedule_override o
                where o.tenant_id = s.tenant_id and o.schedule_id = s.schedule_id),
            array(
                select r.resource_id
                from booking.resource r
                where r.tenant_id = s.tenant_id and r.schedule_id = s.schedule_id
                order by r.slug),
            array(
                select v.service_id
                from booking.service v
                where v.tenant_id = s.tenant_id and v.schedule_id = s.schedule_id
                order by v.slug),
            s.name || '.' || s.schedule_id
        from booking.schedule s
        where s.tenant_id = list_schedules.tenant
            and (list_schedules.after is null or (s.name, s.schedule_id) > (v_after.key, v_after.id))
        order by s.name, s.schedule_id
        limit booking.check_page(list_schedules.max);
end
$$;
comment on function booking.list_schedules(uuid, text, int) is
    'The schedules of a tenant by name, at most max (1 to 1000) after a cursor. 22023: no such max, or a malformed cursor.';

create type booking.listed_rule as (
    rule_id uuid,
    schedule_id uuid,
    weekday int,
    opens time,
    closes time,
    valid daterange,
    location_id uuid);
comment on type booking.listed_rule is 'A weekly window of a schedule.';

create function booking.list_rules(tenant uuid, schedule uuid)
returns setof booking.listed_rule
language plpgsql
stable
rows 20
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select w.rule_id, w.schedule_id, w.weekday::int, w.opens, w.closes, w.valid, w.location_id
        from booking.schedule_rule w
        where w.tenant_id = list_rules.tenant and w.schedule_id = list_rules.schedule
        order by w.valid, w.weekday, w.opens, w.rule_id;
end
$$;
comment on function booking.list_rules(uuid, uuid) is 'All weekly windows of a schedule: by the dates on which they are valid, then by weekday and time.';

create type booking.listed_override as (
    override_id uuid,
    schedule_id uuid,
    dates daterange,
    opens time,
    closes time,
    location_id uuid,
    reason text,
    cursor text);
comment on type booking.listed_override is 'A replacement of hours on some dates; without times: closed. cursor: where the next page begins.';

create function booking.list_overrides(
    tenant uuid,
    schedule uuid,
    from_date date default null,
    to_date date default null,
    after text default null,
    max int default 100)
returns setof booking.listed_override
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_after booking.list_cursor := booking.read_cursor(list_overrides.after, '-?\d{1,8}');
begin
    return query
        select o.override_id, o.schedule_id, o.dates, o.opens, o.closes, o.location_id, o.reason,
            lower(o.dates) - date 'epoch' || '.' || o.override_id
        from booking.schedule_override o
        where o.tenant_id = list_overrides.tenant and o.schedule_id = list_overrides.schedule
            and (list_overrides.from_date is null or upper(o.dates) > list_overrides.from_date)
            and (list_overrides.to_date is null or lower(o.dates) < list_overrides.to_date)
            and (list_overrides.after is null
                or (lower(o.dates) - date 'epoch', o.override_id) > (v_after.key::int, v_after.id))
        order by lower(o.dates), o.override_id
        limit booking.check_page(list_overrides.max);
end
$$;
comment on function booking.list_overrides(uuid, uuid, date, date, text, int) is
    'The overrides of a schedule that touch local dates from from_date to before to_date, by their first date, at most max (1 to '
    '1000) after a cursor. 22023: no such max, or a malformed cursor.';

create index busy_window_start on booking.busy_window (tenant_id, booking.span_start(span), busy_window_id);

create type booking.listed_busy_window as (
    busy_window_id uuid,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    reason text,
    connection_id uuid,
    external_id text,
    cursor text);
comment on type booking.listed_busy_window is 'External busy time of a resource. cursor: where the next page begins.';

create function booking.list_busy_windows(
    tenant uuid,
    from_ts timestamptz default null,
    to_ts timestamptz default null,
    resource uuid default null,
    after text default null,
    max int default 100)
returns setof booking.listed_busy_window
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_after booking.list_cursor := booking.read_cursor(list_busy_windows.after, '-?\d{1,18}');
    v_at timestamptz := coalesce(timestamptz 'epoch' + v_after.key::bigint * interval '1 microsecond', '-infinity');
    v_id uuid := coalesce(v_after.id, '00000000-0000-0000-0000-000000000000');
begin
    return query
        select w.busy_window_id, w.resource_id, lower(w.span), upper(w.span), w.reason, w.connection_id, w.external_id,
            (extract(epoch from lower(w.span)) * 1000000)::bigint || '.' || w.busy_window_id
        from booking.busy_window w
        where w.tenant_id = list_busy_windows.tenant
            and (booking.span_start(w.span), w.busy_window_id) > (v_at, v_id)
            -- None is longer than ten years: so the index finds where to begin.
            and booking.span_start(w.span) >= coalesce(list_busy_windows.from_ts - interval '3701 days', '-infinity')
            and booking.span_start(w.span) < coalesce(list_busy_windows.to_ts, 'infinity')
            and upper(w.span) > coalesce(list_busy_windows.from_ts, '-infinity')
            and (list_busy_windows.resource is null or w.resource_id = list_busy_windows.resource)
        order by booking.span_start(w.span), w.busy_window_id
        limit booking.check_page(list_busy_windows.max);
end
$$;
comment on function booking.list_busy_windows(uuid, timestamptz, timestamptz, uuid, text, int) is
    'The busy windows of a tenant, or of one resource, that overlap a range, by their start, at most max (1 to 1000) after a cursor; '
    'those of no length have no time and are left out. 22023: no such max, or a malformed cursor; 22008: instants out of range.';

create function booking.deleted(rows bigint, what text, id text)
returns void
language plpgsql
immutable
as $$
begin
    if rows = 0 then
        raise exception 'unknown %', what using errcode = 'P0002', detail = format('There is none with %s.', coalesce(id, 'null'));
    end if;
end
$$;
comment on function booking.deleted(bigint, text, text) is 'P0002 where nothing was deleted.';

create function booking.in_use(what text, users text[])
returns void
language plpgsql
immutable
as $$
begin
    if cardinality(users) > 0 then
        raise exception 'the % is in use', what
            using errcode = '23503', detail = format('By %s.', array_to_string(users[:10], ', ')),
            hint = format('Give them another %s first, or none.', what);
    end if;
end
$$;
comment on function booking.in_use(text, text[]) is '23503 where something uses it; the detail names up to ten.';

create function booking.delete_location(tenant uuid, location uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_location.tenant);
    perform booking.in_use('location', array(
        select 'resource ' || r.slug
        from booking.resource r
        where r.tenant_id = delete_location.tenant and r.location_id = delete_location.location
        union all
        select distinct 'schedule ' || s.name
        from booking.schedule s
        where s.tenant_id = delete_location.tenant and s.schedule_id in (
            select w.schedule_id
            from booking.schedule_rule w
            where w.tenant_id = delete_location.tenant and w.location_id = delete_location.location
            union all
            select o.schedule_id
            from booking.schedule_override o
            where o.tenant_id = delete_location.tenant and o.location_id = delete_location.location)));
    delete from booking.location l
    where l.tenant_id = delete_location.tenant and l.location_id = delete_location.location;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'location', delete_location.location::text);
end
$$;
comment on function booking.delete_location(uuid, uuid) is
    'Deletes a location. 23503: resources, rules or overrides are there; P0002: unknown tenant or location; 22004: no tenant.';

create function booking.delete_schedule(tenant uuid, schedule uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_schedule.tenant);
    perform booking.in_use('schedule', array(
        select 'resource ' || r.slug
        from booking.resource r
        where r.tenant_id = delete_schedule.tenant and r.schedule_id = delete_schedule.schedule
        union all
        select 'service ' || s.slug
        from booking.service s
        where s.tenant_id = delete_schedule.tenant and s.schedule_id = delete_schedule.schedule));
    delete from booking.schedule s
    where s.tenant_id = delete_schedule.tenant and s.schedule_id = delete_schedule.schedule;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'schedule', delete_schedule.schedule::text);
end
$$;
comment on function booking.delete_schedule(uuid, uuid) is
    'Deletes a schedule with its rules, overrides and travel. 23503: a resource or a service uses it; P0002: unknown tenant or '
    'schedule; 22004: no tenant.';

create function booking.delete_rule(tenant uuid, schedule uuid, rule uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_rule.tenant);
    delete from booking.schedule_rule w
    where w.tenant_id = delete_rule.tenant and w.schedule_id = delete_rule.schedule and w.rule_id = delete_rule.rule;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'rule', delete_rule.rule::text);
end
$$;
comment on function booking.delete_rule(uuid, uuid, uuid) is
    'Deletes a weekly window of a schedule; bookings in it stay. P0002: unknown tenant, schedule or rule; 22004: no tenant.';

create function booking.delete_override(tenant uuid, schedule uuid, override uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_override.tenant);
    delete from booking.schedule_override o
    where o.tenant_id = delete_override.tenant and o.schedule_id = delete_override.schedule
        and o.override_id = delete_override.override;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'override', delete_override.override::text);
end
$$;
comment on function booking.delete_override(uuid, uuid, uuid) is
    'Deletes an override of a schedule: its weekly windows hold again. P0002: unknown tenant, schedule or override; 22004: no tenant.';

create function booking.delete_busy_window(tenant uuid, busy_window uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_busy_window.tenant);
    delete from booking.busy_window w
    where w.tenant_id = delete_busy_window.tenant and w.busy_window_id = delete_busy_window.busy_window;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'busy window', delete_busy_window.busy_window::text);
end
$$;
comment on function booking.delete_busy_window(uuid, uuid) is
    'Deletes a busy window: its time can be had again. P0002: unknown tenant or busy window; 22004: no tenant.';

create function booking.delete_member(tenant uuid, user_id text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_member.tenant);
    perform booking.check_owner_left(delete_member.tenant, delete_member.user_id);
    delete from booking.member m
    where m.tenant_id = delete_member.tenant and m.user_id = delete_member.user_id;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'member', delete_member.user_id);
end
$$;
comment on function booking.delete_member(uuid, text) is
    'Takes a member from a tenant, for owners of it. 23001: the last owner stays; P0002: unknown tenant or member, also for '
    'members who may not do this; 22004: no tenant.';

create function booking.delete_requirement(tenant uuid, service uuid, requirement uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_requirement.tenant);
    delete from booking.service_requirement q
    where q.tenant_id = delete_requirement.tenant and q.service_id = delete_requirement.service
        and q.requirement_id = delete_requirement.requirement;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'requirement', delete_requirement.requirement::text);
end
$$;
comment on function booking.delete_requirement(uuid, uuid, uuid) is
    'Takes a requirement from a service, with its members: they are not taken any more. Bookings keep theirs. A service without '
    'any is not offered. P0002: unknown tenant, service or requirement; 22004: no tenant.';

create function booking.delete_service(tenant uuid, service uuid)
returns text
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
begin
    perform booking.check_known(delete_service.tenant);
    -- Nothing new from here on: who takes a slot of it reads it, and who books refers to it.
    update booking.service s
    set active = false, version = s.version + 1
    where s.tenant_id = delete_service.tenant and s.service_id = delete_service.service;
    if not found then
        raise exception 'unknown service %', delete_service.service using errcode = 'P0002';
    elsif exists (
        select
        from booking.booking b
        where b.tenant_id = delete_service.tenant and b.service_id = delete_service.service)
        or exists (
            select
            from booking.hold h
            where h.tenant_id = delete_service.tenant and h.service_id = delete_service.service
                and h.expires_at > clock_timestamp())
    then
        return 'deactivated';
    end if;
    -- Claims before the sittings that they are seats of.
    delete from booking.hold h
    where h.tenant_id = delete_service.tenant and h.service_id = delete_service.service;
    delete from booking.service s
    where s.tenant_id = delete_service.tenant and s.service_id = delete_service.service;
    return 'deleted';
end
$$;
comment on function booking.delete_service(uuid, uuid) is
    'Deletes a service that was never booked and is held by nobody: deleted. Else it is switched off: deactivated, unknown to '
    'whoever would hold or book it, while its bookings stay and its live holds can be booked. P0002: unknown tenant or service; '
    '22004: no tenant.';

create function booking.delete_resource(tenant uuid, resource uuid)
returns text
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
begin
    perform booking.check_known(delete_resource.tenant);
    update booking.resource r
    set active = false, version = r.version + 1
    where r.tenant_id = delete_resource.tenant and r.resource_id = delete_resource.resource;
    if not found then
        raise exception 'unknown resource %', delete_resource.resource using errcode = 'P0002';
    end if;
    -- What has lapsed is in nobody's way.
    delete from booking.hold h
    using booking.claim c
    where c.tenant_id = delete_resource.tenant and c.resource_id = delete_resource.resource
        and h.tenant_id = c.tenant_id and h.hold_id = c.hold_id and h.expires_at <= clock_timestamp();
    if exists (
        select
        from booking.booking_resource b
        where b.tenant_id = delete_resource.tenant and b.resource_id = delete_resource.resource)
        or exists (
            select
            from booking.claim c
            where c.tenant_id = delete_resource.tenant and c.resource_id = delete_resource.resource)
    then
        return 'deactivated';
    end if;
    perform booking.in_use('resource', array(
        select 'service ' || s.slug
        from booking.requirement_resource m
        join booking.service s using (tenant_id, service_id)
        where m.tenant_id = delete_resource.tenant and m.resource_id = delete_resource.resource
        order by s.slug));
    -- Sittings without a claim are no sittings.
    delete from booking.sitting s
    where s.tenant_id = delete_resource.tenant and s.resource_id = delete_resource.resource;
    delete from booking.resource r
    where r.tenant_id = delete_resource.tenant and r.resource_id = delete_resource.resource;
    return 'deleted';
end
$$;
comment on function booking.delete_resource(uuid, uuid) is
    'Deletes a resource that was never booked, with its busy windows: deleted. Else, or while it is held, it is switched off: '
    'deactivated, taken for nothing new, while its bookings stay. 23503: services take it; P0002: unknown tenant or resource; 22004: '
    'no tenant.';
-- End of what an owner edits and lists.

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

create type booking.staff_slot as (
    slot_id text,
    starts_at timestamptz,
    ends_at timestamptz,
    minutes int,
    location_id uuid,
    resource_id uuid);
comment on type booking.staff_slot is 'A start with one public resource, of the service that the slot_id says.';

create function booking.public_staff_slots(tenant text, staff uuid, start_date date, end_date date, duration_minutes int)
returns setof booking.staff_slot
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant uuid := booking.public_tenant(public_staff_slots.tenant);
    v_slots bigint;
begin
    if public_staff_slots.start_date is null or public_staff_slots.end_date is null then
        raise exception 'give start_date and end_date' using errcode = '22004';
    elsif not (isfinite(public_staff_slots.start_date) and isfinite(public_staff_slots.end_date)
        and public_staff_slots.start_date >= '0001-01-02' and public_staff_slots.end_date < '9998-12-30')
    then
        raise exception 'dates must lie in the years 1 to 9998' using errcode = '22008';
    elsif public_staff_slots.end_date < public_staff_slots.start_date then
        raise exception 'end_date must not be before start_date' using errcode = '22023';
    elsif public_staff_slots.end_date - public_staff_slots.start_date >= 399 then
        -- Of 400 days, one is left for a zone whose clock goes back meanwhile.
        raise exception 'dates may span at most 399 days' using errcode = '22023', hint = 'Read them in pieces.';
    elsif public_staff_slots.duration_minutes not between 1 and 525600 then
        raise exception 'duration_minutes must be 1 to 525600' using errcode = '22023';
    elsif public_staff_slots.staff is not null and not exists (
        select
        from booking.resource r
        where r.tenant_id = v_tenant and r.resource_id = public_staff_slots.staff and r.active and r.public)
    then
        perform booking.raise_unknown();
    end if;
    return query
        select l.slot_id, l.starts_at, l.ends_at, (extract(epoch from l.duration) / 60)::int, l.location_id, l.resource_id
        from booking.service s
        cross join lateral booking.public_available_slots(
            s.tenant_id::text, s.service_id::text,
            timezone(s.zone, public_staff_slots.start_date::timestamp),
            timezone(s.zone, (public_staff_slots.end_date + 1)::timestamp),
            make_interval(mins => public_staff_slots.duration_minutes), public_staff_slots.staff, null, 'hide', true, null) l
        where s.tenant_id = v_tenant and s.active and s.public
            -- A length that a service has not is no mistake where others are asked, too.
            and (public_staff_slots.duration_minutes is null or booking.has_length(s, public_staff_slots.duration_minutes)
                and (s.kind <> 'stay' or public_staff_slots.duration_minutes % 1440 = 0))
            and exists (
                select
                from booking.requirement_resource m
                where m.tenant_id = s.tenant_id and m.service_id = s.service_id
                    and m.resource_id = coalesce(public_staff_slots.staff, m.resource_id))
        order by l.starts_at, l.resource_id, s.slug
        limit 100001;
    get diagnostics v_slots = row_count;
    -- There are no pages, and whoever asks has to hold it all.
    if v_slots > 100000 then
        raise exception 'there are more than 100000 slots'
            using errcode = '22023', hint = 'Ask for fewer dates, or for one of the staff.';
    end if;
end
$$;
comment on function booking.public_staff_slots(text, uuid, date, date, int) is 'Behind booking_api.staff_slots.';

create function booking_api.staff_slots(
    tenant text,
    start_date date,
    end_date date,
    staff uuid default null,
    duration_minutes int default null)
returns setof booking.staff_slot
language sql
stable
begin atomic
    select * from booking.public_staff_slots(tenant, staff, start_date, end_date, duration_minutes);
end;
comment on function booking_api.staff_slots(text, date, date, uuid, int) is
    'The starts of all public services of a tenant that are available, a row for each public resource, in time order. Dates are '
    'those of the service''s zone, end_date among them, at most 399; staff: only with this resource; duration_minutes: of services '
    'that have this length, without it each its shortest. PT404: unknown tenant or resource; class 22: bad arguments, or more '
    'than 100000 slots.';

create function booking.public_try_reserve(slot_id text, session_id text)
returns booking.hold_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key;
begin
    perform booking.check_owner();
    v_key := booking.public_key(null, null, null, null, null, slot_id);
    return booking.public_try_hold(
        null, null, null, session_id, null, null,
        (
            select least(interval '10 minutes', s.max_hold_age)
            from booking.service s
            where s.tenant_id = v_key.tenant_id and s.service_id = v_key.service_id),
        slot_id, null);
end
$$;
comment on function booking.public_try_reserve(text, text) is 'Behind booking_api.try_reserve.';

create function booking_api.try_reserve(slot_id text, session_id text)
returns booking.hold_result
language sql
begin atomic
    select booking.public_try_reserve(slot_id, session_id);
end;
comment on function booking_api.try_reserve(text, text) is
    'Holds a slot for a session, for ten minutes or as long as the service allows: as booking_api.try_hold, with the slot_id alone. '
    'PT404: unknown names; class 22: bad arguments.';

create function booking.book_reserved(key booking.slot_key, session_id text, customer jsonb)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_session bytea := booking.session_hash(book_reserved.session_id);
    v_hold uuid;
begin
    select (booking.own_hold(
        s, (book_reserved.key).starts_at, booking.whole_minutes((book_reserved.key).duration), v_session,
        (book_reserved.key).resource_id, null)).hold_id
    into v_hold
    from booking.service s
    where s.tenant_id = (book_reserved.key).tenant_id and s.service_id = (book_reserved.key).service_id;
    if v_hold is null then
        perform booking.record_refusal(
            (book_reserved.key).tenant_id, 'BK002', 'book', v_session, (book_reserved.key).service_id,
            (book_reserved.key).starts_at, (book_reserved.key).duration, (book_reserved.key).resource_id);
        return booking.not_booked('BK002');
    end if;
    return booking.book_quietly(
        (book_reserved.key).tenant_id, v_hold, book_reserved.session_id, null, null, null, null, book_reserved.customer);
end
$$;
comment on function booking.book_reserved(booking.slot_key, text, jsonb) is
    'Books the live hold that a session has of a slot; BK002 in code where it has none, whoever has it.';

create function booking.public_try_appointment(slot_id text, session_id text, customer jsonb, idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key;
    v_customer jsonb;
    v_caller bytea;
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    perform booking.check_owner();
    if slot_id is null or session_id is null then
        raise exception 'slot_id and session_id are needed' using errcode = '22004';
    end if;
    v_key := booking.slot_of(slot_id);
    -- What was reserved stays so where its service is hidden since, but not where its tenant is closed.
    v_key.tenant_id := booking.tenant_of(v_key.tenant_id::text);
    v_customer := booking.public_customer(customer);
    if idempotency_key is null then
        return booking.book_reserved(v_key, session_id, v_customer);
    end if;
    v_caller := booking.caller_hash(session_id, false);
    v_earlier := booking.begin_once(
        v_key.tenant_id, 'appointment', v_caller, idempotency_key,
        booking.book_request(null, null, null, null, null, v_customer, false, slot_id, null));
    if v_earlier.replay then
        return booking.replayed(v_earlier, v_key.tenant_id, 'book');
    end if;
    v_result := booking.book_reserved(v_key, session_id, v_customer);
    perform booking.end_once(v_key.tenant_id, 'appointment', v_caller, idempotency_key, v_result);
    return v_result;
end
$$;
comment on function booking.public_try_appointment(text, text, jsonb, text) is 'Behind booking_api.try_appointment.';

create function booking_api.try_appointment(
    slot_id text,
    session_id text,
    customer jsonb default null,
    idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_appointment(slot_id, session_id, customer, idempotency_key);
end;
comment on function booking_api.try_appointment(text, text, jsonb, text) is
    'Books the slot that a session has reserved, and no other: BK002 in code where its reservation has lapsed or is another '
    'session''s. As booking_api.try_book otherwise. PT404: unknown tenant; class 22: bad arguments.';

create function booking.recalculate(tenant text, start_date date, end_date date, staff uuid default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant booking.tenant;
begin
    select t.* into v_tenant
    from booking.tenant t
    where t.tenant_id = booking.uuid_of(recalculate.tenant) or t.slug = recalculate.tenant;
    if not found or recalculate.staff is not null and not exists (
        select
        from booking.resource r
        where r.tenant_id = v_tenant.tenant_id and r.resource_id = recalculate.staff)
    then
        perform booking.raise_unknown();
    elsif recalculate.start_date is null or recalculate.end_date is null then
        raise exception 'give start_date and end_date' using errcode = '22004';
    elsif not (isfinite(recalculate.start_date) and isfinite(recalculate.end_date)
        and recalculate.start_date >= '0001-01-02' and recalculate.end_date < '9998-12-30')
    then
        raise exception 'dates must lie in the years 1 to 9998' using errcode = '22008';
    end if;
    return booking.recompute(
        v_tenant.tenant_id, recalculate.staff, timezone(v_tenant.zone, recalculate.start_date::timestamp),
        timezone(v_tenant.zone, (recalculate.end_date + 1)::timestamp));
end
$$;
comment on function booking.recalculate(text, date, date, uuid) is
    'As booking.recompute, by the dates of the tenant''s zone, end_date among them: of one resource, or of all. Returns how many '
    'pages were stored. PT404: unknown tenant or resource; class 22: bad dates.';

alter table booking.tenant add constraint tenant_cors_origins_form check (
    jsonb_typeof(settings -> 'cors_origins') = 'array'
    and not settings @? 'strict $.cors_origins[*] ? (!(@.type() == "string" && @ like_regex "^([*]|[a-z][a-z0-9+.-]*://[^/ ;,]+)$"))');
comment on column booking.tenant.settings is
    'manage_url: the page on which a customer sees, moves or cancels a booking, with {token} where its token goes. cors_origins: '
    'the sites whose pages may call the facade for this tenant, as an array of origins (https://example.com), ["*"] for any; '
    'none without it.';

create function booking.public_origins(tenant text)
returns text[]
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    perform booking.check_owner();
    if public_origins.tenant is null then
        return array(
            select distinct jsonb_array_elements_text(t.settings -> 'cors_origins') as origin
            from booking.tenant t
            where t.active
            order by origin);
    end if;
    -- An unknown tenant is one that names no origins.
    return array(
        select jsonb_array_elements_text(t.settings -> 'cors_origins')
        from booking.tenant t
        where (t.slug = public_origins.tenant or t.tenant_id = booking.uuid_of(public_origins.tenant)) and t.active);
end
$$;
comment on function booking.public_origins(text) is 'Behind booking_api.origins.';

create function booking_api.origins(tenant text)
returns text[]
language sql
stable
begin atomic
    select booking.public_origins(tenant);
end;
comment on function booking_api.origins(text) is
    'The sites whose pages may call for this tenant: cors_origins of its settings. Empty for none, and for an unknown tenant. A null '
    'tenant is all of them: the sites that any active tenant names.';

-- What is read over HTTP (sql/89, 90, 92).
alter type booking.managed_booking add attribute stay boolean;
alter type booking.managed_booking add attribute sequence int;
comment on type booking.managed_booking is
    'A booking as its customer sees it. service, resources and location are names, of public resources only; zone: the IANA '
    'time zone of the service; expires_at: until when a pending one waits, for its payment, at payment_url, where '
    'payment_required says so. '
    'may_cancel and may_reschedule: by this token, now; the two _until: how long its state and the notice of the service allow '
    'it. code: null, or BK007. stay: it is for nights, from date to date. sequence: grows with every change of it, as SEQUENCE '
    'of RFC 5545.';

create or replace function booking.managed(booking booking.booking, scopes text[], now timestamptz)
returns booking.managed_booking
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_status text := booking.status_at(booking, now);
    v_unpaid boolean := v_status = 'pending' and booking.unpaid(booking);
    v_cancel_until timestamptz;
    v_reschedule_until timestamptz;
    v_managed booking.managed_booking;
begin
    if v_status in ('pending', 'confirmed') then
        v_cancel_until := booking.notice_end(booking, 'cancel');
        v_reschedule_until := booking.notice_end(booking, 'reschedule');
    end if;
    select (booking).booking_id, s.service_id, s.name, v_status, lower((booking).span), upper((booking).span), s.zone,
        (booking).seats, r.names, p.location_id, l.name, (booking).price, (booking).currency,
        v_unpaid, case when v_unpaid then booking.payment_url(booking) end,
        case when v_status = 'pending' then (booking).expires_at end,
        coalesce('cancel' = any (scopes) and v_cancel_until > now, false), v_cancel_until,
        coalesce('reschedule' = any (scopes) and v_reschedule_until > now and s.active, false), v_reschedule_until,
        null, null, s.kind = 'stay', least((booking).version, 2147483647)::int
    into v_managed
    from booking.service s
    cross join lateral (
        select coalesce(array_agg(distinct r.name order by r.name), '{}') as names
        from booking.booking_resource a
        join booking.resource r using (tenant_id, resource_id)
        where a.tenant_id = s.tenant_id and a.booking_id = (booking).booking_id and r.public) r
    left join lateral (
        -- Where its window says, else where the resource stands.
        select coalesce(w.location_id, r.location_id) as location_id
        from booking.booking_resource a
        join booking.resource r using (tenant_id, resource_id)
        left join lateral booking.window_locations(
            r.tenant_id, r.schedule_id, lower((booking).span), lower((booking).span) + interval '1 microsecond') w
            on w.span @> lower((booking).span)
        where a.tenant_id = s.tenant_id and a.booking_id = (booking).booking_id and r.public
            and coalesce(w.location_id, r.location_id) is not null
        order by a.resource_id, a.unit
        limit 1) p on true
    left join booking.location l on l.tenant_id = s.tenant_id and l.location_id = p.location_id
    where s.tenant_id = (booking).tenant_id and s.service_id = (booking).service_id;
    return v_managed;
end
$$;

create type booking.page_slot as (
    slot_id text,
    starts_at timestamptz,
    ends_at timestamptz,
    duration interval,
    resource_id uuid,
    location_id uuid,
    status text,
    remaining int,
    day date,
    starts_offset int,
    ends_offset int);
comment on type booking.page_slot is
    'A slot, as it reads in a zone: the local date of its start, and how many seconds the zone is ahead of UTC at its start and '
    'its end; null without a zone.';

create function booking.public_slot_page(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval,
    zone text,
    after_start timestamptz,
    after_resource uuid,
    max int)
returns setof booking.page_slot
language plpgsql
stable
security definer
rows 500
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_slot_page.tenant, public_slot_page.service, null, null, public_slot_page.resource, null);
    v_question booking.question := booking.question(
        v_key.tenant_id, v_key.service_id, public_slot_page.duration, public_slot_page.step);
    v_from timestamptz := greatest(from_ts, after_start);
    v_to timestamptz;
    v_members bigint := 1;
    v_days int;
    v_left int := max;
    v_found int;
    v_slots booking.listing;
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_zone(zone);
    if max is null or max not between 1 and 10000 then
        raise exception 'cannot list % slots at once', max using errcode = '22023', hint = 'Give 1 to 10000.';
    elsif after_start < from_ts or after_start >= to_ts then
        raise exception 'after_start must lie within the range' using errcode = '22023';
    end if;
    if each_resource and public_slot_page.resource is null then
        select greatest(1, count(*)) into v_members
        from booking.requirement_resource m
        where m.tenant_id = v_key.tenant_id and m.service_id = v_key.service_id;
    end if;
    -- So many days that an eighth of all starts there can be were enough, and four times as many after each time that was not:
    -- a page costs what it shows. 500 of each of 200 resources in 30 days, 50 ms (all of them: 1.3 s); 500 minutes of a year,
    -- 20 ms (4 s).
    v_days := ceil(8.0 * max / (greatest(1, 1440 / coalesce(v_question.step, v_question.grain, 1440)) * v_members));
    loop
        v_to := least(v_from + make_interval(days => v_days), to_ts);
        v_slots := booking.for_public(
            booking.listing_of(v_question, v_from, v_to, v_key.resource_id, session_id, holds, each_resource),
            v_key.tenant_id, v_key.service_id, each_resource);
        return query
            select s.slot_id, s.starts_at, s.ends_at, s.duration, s.resource_id, s.location_id, s.status, s.remaining,
                timezone(zone, s.starts_at)::date,
                date_part('epoch', timezone(zone, s.starts_at) - timezone('UTC', s.starts_at))::int,
                date_part('epoch', timezone(zone, s.ends_at) - timezone('UTC', s.ends_at))::int
            from booking.slots_of(v_key.tenant_id, v_key.service_id, v_slots) s
            -- Times and ids only grow from page to page: what comes and goes in between repeats nothing and skips nothing.
            where after_start is null or s.starts_at > after_start
                or s.starts_at = after_start and s.resource_id > after_resource
            limit v_left;
        get diagnostics v_found = row_count;
        v_left := v_left - v_found;
        exit when v_left = 0 or v_to >= to_ts;
        v_from := v_to;
        v_days := v_days * 4;
    end loop;
end
$$;
comment on function booking.public_slot_page(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, text, timestamptz, uuid, int) is
    'Behind booking_api.slot_page.';

create function booking_api.slot_page(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    each_resource boolean default false,
    step interval default null,
    zone text default null,
    after_start timestamptz default null,
    after_resource uuid default null,
    max int default 500)
returns setof booking.page_slot
language sql
stable
begin atomic
    select *
    from booking.public_slot_page(
        tenant, service, from_ts, to_ts, duration, resource, session_id, holds, each_resource, step, zone, after_start,
        after_resource, max);
end;
comment on function booking_api.slot_page(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, text, timestamptz, uuid, int) is
    'The first max (1 to 10000) slots that booking_api.available_slots lists, or those after the last one of the page before: '
    'after_start and, with each_resource, after_resource are its start and resource. A page costs what it shows, however '
    'long the range is. zone: an IANA name, for the local date and the offsets from UTC of each slot. PT404: unknown names; class 22: bad '
    'arguments.';

-- Inlined, which STRICT would prevent: to call it costs 24 us in every transaction.
create or replace function booking.uuid_of(id text)
returns uuid
language sql
immutable
parallel safe
begin atomic
    select case
        when id ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then id::uuid
    end;
end;
comment on function booking.uuid_of(text) is 'A uuid in its usual form, or null for any other text.';

create or replace function booking.ranked(
    service booking.service,
    candidates booking.candidate[],
    starts_at timestamptz,
    resource uuid,
    attempt int)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    return (
        select array_agg((r.requirement_id, r.pick, r.resource_id, r.unit, r.units, true, true, r.due, r.room)::booking.candidate
            order by r.requirement_id, r.resource_id is distinct from ranked.resource, not r.needed, r.load, r.resource_id)
        from (
            -- A team of several units each: whoever still has a unit for every booking that fits must be in this one, as far as
            -- the others cannot stand in (slack), or fewer than remaining would fit. The rest is the strategy's.
            select r.*, r.pick > 1 and row_number() over (
                    partition by r.requirement_id
                    order by r.spare < r.fits, r.resource_id is distinct from ranked.resource, r.load, r.resource_id)
                <= r.in_all - (r.common - r.fits * r.pick) as needed
            from (
                select r.*, coalesce(r.load < min(r.load) over w + r.ahead, true) as due,
                    count(*) filter (where r.spare >= r.fits) over w as in_all, sum(least(r.spare, r.fits)) over w as common
                from (
                    select r.*,
                        (case
                            when r.pick > 1
                                then booking.slot_fits(array_agg(r.spare) over w, (count(*) over w)::int, r.pick)
                        end)[1] as fits
                    from (
                        select c.requirement_id, c.pick, c.resource_id, c.units, c.spare, c.room,
                            -- Units are alike, so that many who want one at once all begin with the same. Whoever lost it tries any.
                            case
                                when c.units > 1 and attempt > 1 then (
                                    select 1 + floor(random() * b.capacity)::int
                                    from booking.resource b
                                    where b.tenant_id = (service).tenant_id and b.resource_id = c.resource_id)
                                else c.unit
                            end as unit,
                            case q.strategy
                                when 'round_robin' then (m.booked + (
                                    select count(*)
                                    -- One by one, along claim_held and hold_pkey: planned while there were few holds, every
                                    -- candidate read all of the service's, 60 ms for 50 candidates and 1,600 holds.
                                    from (
                                        select x.tenant_id, x.hold_id
                                        from booking.claim x
                                        where x.resource_id = m.resource_id and x.booking_id is null
                                            and x.tenant_id is not distinct from m.tenant_id
                                        offset 0) x
                                    where (
                                        select h.service_id = m.service_id and h.expires_at > clock_timestamp()
                                        from booking.hold h
                                        where h.tenant_id = x.tenant_id and h.hold_id = x.hold_id)))::numeric / m.weight
                                when 'least_busy' then (
                                    select count(*)
                                    from booking.claim x
                                    left join booking.hold h using (tenant_id, hold_id)
                                    where x.tenant_id = m.tenant_id and x.resource_id = m.resource_id and x.span && day.span
                                        and (x.booking_id is not null or h.expires_at > clock_timestamp()))
                                when 'priority' then m.priority
                                else 0
                            end as load,
                            -- By four bookings, or many at once would all wait for one.
                            case q.strategy when 'round_robin' then 4.0 / m.weight end as ahead
                        from (
                            select distinct on (u.requirement_id, u.resource_id) u.*,
                                least(sum(u.units) over (partition by u.requirement_id, u.resource_id)::int, u.room) as spare
                            from unnest(candidates) u
                            where u.free
                            order by u.requirement_id, u.resource_id, case when attempt > 1 then random() else u.unit end) c
                        join booking.requirement_resource m
                            on m.tenant_id = (service).tenant_id and m.service_id = (service).service_id and m.resource_id = c.resource_id
                        join booking.service_requirement q
                            on q.tenant_id = m.tenant_id and q.service_id = m.service_id and q.requirement_id = m.requirement_id
                        cross join lateral (
                            select tstzrange(
                                timezone((service).zone, date_trunc('day', timezone((service).zone, starts_at))),
                                timezone((service).zone, date_trunc('day', timezone((service).zone, starts_at)) + interval '1 day')) as span) day) r
                    window w as (partition by r.requirement_id)) r
                window w as (partition by r.requirement_id)) r) r);
end
$$;
comment on function booking.ranked(booking.service, booking.candidate[], timestamptz, uuid, int) is
    'The free candidates, one unit a resource, in the order in which their requirement takes them; a given resource first, then '
    'those without whom fewer would fit afterwards. free: not ahead of their share, by round robin.';

create function booking.listing_of(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    as_of timestamptz default null)
returns booking.listing
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_session bytea := booking.session_hash(session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_by_resource boolean := coalesce(each_resource, false) or listing_of.resource is not null;
    v_range tstzrange;
    v_answer booking.answer;
    v_limits booking.limit_room[];
    v_classes booking.class[];
begin
    perform booking.check_range(from_ts, to_ts);
    if as_of is not null then
        perform booking.check_range(as_of, as_of);
    end if;
    holds := coalesce(holds, 'hide');
    if holds not in ('hide', 'mark', 'ignore') then
        raise exception 'holds must be hide, mark or ignore, not "%"', holds using errcode = '22023';
    end if;
    if listing_of.resource is not null then
        perform booking.check_member(v_service, listing_of.resource);
    end if;
    v_range := tstzrange(from_ts, to_ts);
    -- Where units, classes or limits have to be told apart, one by one.
    v_answer := booking.answer(
        question, from_ts, to_ts, v_session, v_now,
        case when not (v_by_resource or question.limited or v_service.seats is not null) then holds end,
        v_service.seats is not null);
    if v_answer.starts is null then
        return null;
    elsif v_answer.free is not null then
        -- Named where there is only one.
        return booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] end, v_answer.starts, v_answer.free,
                v_answer.stable)::booking.start_count,
            question.minutes, null, v_range, holds);
    end if;
    if question.limited then
        -- Confirmed bookings only: nobody's holds are one's own.
        v_limits := booking.limits_of(
            question, v_range, case when holds <> 'ignore' then v_session end, v_now);
    end if;
    if v_service.seats is not null then
        v_classes := booking.limited_classes(
            booking.classes(v_service, v_answer.offers, v_range, question.minutes, v_session, v_now), v_limits);
    end if;
    return booking.merged_listing(array(
        select booking.listing(
            v_service, (
                case when cardinality(v_answer.resources) = 1 then v_answer.resources[1] else c.resource_id end, c.starts,
                c.free, c.stable)::booking.start_count,
            question.minutes, v_limits, v_range, holds)
        from booking.counted_starts(
            v_answer.offers, v_limits, v_service.seats, v_classes, listing_of.resource, v_by_resource, holds) c));
end
$$;
comment on function booking.listing_of(
    booking.question, timestamptz, timestamptz, uuid, text, text, boolean, timestamptz) is
    'The slots of a question; null for none.';

create or replace function booking.listed(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval,
    as_of timestamptz)
returns booking.listing
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
begin
    return booking.listing_of(
        booking.question(tenant, service, duration, step), from_ts, to_ts, resource, session_id, holds, each_resource, as_of);
end
$$;
comment on function booking.listed(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'What booking.available_slots returns as rows; null for none.';

-- Inlined, so that each row goes from the arrays to whoever reads them and is put aside by nobody, 0.2 us each time. It needs
-- no search_path: names in a body like this are bound when it is created.
create function booking.slots_of(tenant uuid, service uuid, slots booking.listing)
returns setof booking.slot
language sql
immutable
rows 500
begin atomic
    select booking.slot_id(
            slots_of.tenant, slots_of.service, (slots).minutes, s.starts_at, coalesce(s.resource_id, (slots).resource_id)),
        s.starts_at, coalesce(s.ends_at, s.starts_at + (slots).length), (slots).length,
        coalesce(s.resource_id, (slots).resource_id), coalesce(s.location_id, (slots).location_id),
        case when s.free > 0 then 'available' else 'held' end, s.free
    from (
        select unnest((slots).starts) as starts_at, unnest((slots).ends) as ends_at, unnest((slots).free) as free,
            unnest((slots).stable) as stable, unnest((slots).resources) as resource_id,
            unnest((slots).locations) as location_id) s
    where s.free > 0 or s.stable > 0;
end;
comment on function booking.slots_of(uuid, uuid, booking.listing) is 'A listing of a service''s, row by row.';

create or replace function booking.available_slots(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    each_resource boolean default false,
    step interval default null,
    as_of timestamptz default null)
returns setof booking.slot
language sql
stable
begin atomic
    select s.*
    from booking.listed(
        available_slots.tenant, available_slots.service, from_ts, to_ts, available_slots.duration, available_slots.resource,
        session_id, holds, each_resource, available_slots.step, as_of) l
    cross join lateral booking.slots_of(available_slots.tenant, available_slots.service, l) s;
end;
comment on function booking.available_slots(
    uuid, uuid, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, timestamptz) is
    'The starts that are offered, from_ts <= starts_at < to_ts, in time order. duration: one of the service''s (no other has slots), default its '
    'shortest; step between starts, default the service''s, which alone hold and book know; resource: only with this one; each_resource: a row a resource; '
    'session_id: whose own holds are not in the way; holds: hide foreign live holds (default), mark them as held, or ignore '
    'them; as_of: replaces the clock. P0002: unknown tenant, service or resource. 22023, 22008, 22004: a range that is '
    'reversed, infinite, open or over 400 days, a duration or step off the grain, a short session_id.';

create function booking.for_public(slots booking.listing, tenant uuid, service uuid, each_resource boolean)
returns booking.listing
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_hidden uuid[];
begin
    if slots.resource_id is not null then
        perform
        from booking.resource r
        where r.tenant_id = for_public.tenant and r.resource_id = slots.resource_id and r.public and r.active;
        if not found and each_resource then
            return null;
        elsif not found then
            -- A service with a single hidden member is listed without its name.
            slots.resource_id := null;
            slots.location_id := null;
            slots.locations := null;
        end if;
    elsif slots.resources is not null then
        v_hidden := array(
            select m.resource_id
            from booking.requirement_resource m
            join booking.resource r using (tenant_id, resource_id)
            where m.tenant_id = for_public.tenant and m.service_id = for_public.service and not (r.public and r.active));
        if v_hidden <> '{}' then
            select array_agg(s.starts_at order by s.place), array_agg(s.ends_at order by s.place),
                array_agg(s.free order by s.place), array_agg(s.stable order by s.place),
                array_agg(s.resource_id order by s.place), array_agg(s.location_id order by s.place)
            into slots.starts, slots.ends, slots.free, slots.stable, slots.resources, slots.locations
            from unnest(slots.starts, slots.ends, slots.free, slots.stable, slots.resources, slots.locations)
                with ordinality s (starts_at, ends_at, free, stable, resource_id, location_id, place)
            where s.resource_id <> all (v_hidden);
        end if;
    end if;
    return slots;
end
$$;
comment on function booking.for_public(booking.listing, uuid, uuid, boolean) is
    'A listing, row by row without the members of the service that are not public, and otherwise without their names.';

create or replace function booking.public_available_slots(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval,
    resource uuid,
    session_id text,
    holds text,
    each_resource boolean,
    step interval)
returns setof booking.slot
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_key booking.slot_key := booking.public_key(
        public_available_slots.tenant, public_available_slots.service, null, null, public_available_slots.resource, null);
    v_slots booking.listing := booking.listing_of(
        booking.question(
            v_key.tenant_id, v_key.service_id, public_available_slots.duration, public_available_slots.step),
        from_ts, to_ts, v_key.resource_id, session_id, holds, each_resource);
begin
    v_slots := booking.for_public(v_slots, v_key.tenant_id, v_key.service_id, each_resource);
    return query
        select * from booking.slots_of(v_key.tenant_id, v_key.service_id, v_slots);
end
$$;
comment on function booking.public_available_slots(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval) is
    'Behind booking_api.available_slots.';

-- By the words that its readers use from now on; and that of a hold's key stays the youngest.
drop index booking.claim_held, booking.claim_booking, booking.claim_hold;
create index claim_held on booking.claim (resource_id) where booking_id is null;
create index claim_booking on booking.claim (tenant_id, booking_id) where booking_id is not null;
create index claim_hold on booking.claim (tenant_id, hold_id) where hold_id is not null;

create or replace function booking.answer(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    session_hash bytea,
    now timestamptz,
    holds text,
    with_hours boolean default false)
returns booking.answer
language plpgsql
stable
-- A generic plan takes every service for one of many members, which a small table is quickest read through for.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_from timestamptz := greatest(from_ts, booking.local_plus(now, v_service.min_notice, v_service.zone));
    v_to timestamptz := least(to_ts, booking.local_plus(now, v_service.horizon, v_service.zone));
    v_first date;
    v_last date;
    v_read tstzrange;
begin
    -- Condition 3.
    if v_service.bookable <> '(,)' then
        v_from := greatest(v_from, booking.date_start(lower(v_service.bookable), v_service.zone));
        v_to := least(v_to, booking.date_start(upper(v_service.bookable), v_service.zone));
    end if;
    if v_from >= v_to or question.grain is null or not booking.has_length(v_service, question.minutes) then
        return null;
    end if;
    -- The grid counts from the start of a run or from the midnight of a date that is open throughout. A run that neither
    -- starts on the local date before the first nor crosses its midnight covers it whole: two dates back, and to the end of
    -- the last date, are enough; the longest two dates in a row have 51 hours. A stay may be a day longer than its nights.
    v_first := booking.week_of(v_from - greatest(interval '52 hours', make_interval(mins => v_service.buffer_before)));
    v_last := booking.week_of(v_to + greatest(interval '27 hours', make_interval(
        mins => question.minutes + v_service.buffer_after + case v_service.kind when 'stay' then 26 * 60 else 0 end)));
    v_read := booking.weeks_span(v_first, v_last);
    -- All in one statement, so that a pool, 220 kB of 200 resources, is copied by nobody: eight copies took 0.4 ms.
    return (
        select (
            booking.pool_resources(p.pool), a.starts,
            case
                when answer.holds is not null
                    then booking.pool_counts(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        answer.holds <> 'ignore')
            end,
            case
                when answer.holds = 'mark'
                    then booking.pool_counts(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        false)
            end,
            case
                when answer.holds is null
                    then booking.pool_offers(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        with_hours)
            end)::booking.answer
        from (
            select case
                when booking.pool_weeks(s.pool) > (v_last - v_first) / 7 then s.pool
                else booking.computed_pool(s.pool, v_service.tenant_id, v_first, v_last)
            end as pool
            from (
                select booking.pool_agg(
                    q.requirement_id, q.pick, m.resource_id, m.capacity, u.unit, u.open, u.busy, u.held) as pool
                from booking.service_requirement q
                -- OFFSET 0: one by one along primary keys, whatever the planner thinks of their number.
                left join lateral (
                    select r.resource_id, r.capacity, r.grain
                    from booking.requirement_resource x
                    cross join lateral (
                        select r.resource_id, r.capacity, r.grain
                        from booking.resource r
                        where r.tenant_id = x.tenant_id and r.resource_id = x.resource_id and r.active
                        offset 0) r
                    where x.tenant_id = q.tenant_id and x.service_id = q.service_id and x.requirement_id = q.requirement_id
                    offset 0) m on true
                left join lateral (
                    select a.unit, a.open, a.busy, false as held
                    from booking.availability a
                    where a.tenant_id = v_service.tenant_id and a.resource_id = m.resource_id
                        and a.week between v_first and v_last
                    union all
                    -- Condition 5: foreign live holds.
                    select c.unit, null, booking.slotmap_cover(c.span * v_read, m.grain), true
                    from booking.claim c
                    where c.tenant_id = v_service.tenant_id and c.resource_id = m.resource_id and c.booking_id is null
                        and c.span && v_read
                        and (
                            select h.expires_at > answer.now and (h.session_hash = answer.session_hash) is not true
                            from booking.hold h
                            where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id)
                    offset 0) u on true
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id) s
            offset 0) p
        cross join lateral booking.asked(question, p.pool, v_read, v_from, v_to) a
        where not isempty(a.starts));
end
$$;
comment on function booking.answer(booking.question, timestamptz, timestamptz, bytea, timestamptz, text, boolean) is
    'The rule, for the starts in a range; null where there are none. now is the clock of every comparison; holds of the '
    'session (its sha256) are in nobody''s way. holds: as available_slots takes it, for counts; null, for units one by one.';

create or replace function booking.held_spans(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid default null,
    session_id text default null,
    as_of timestamptz default null)
returns setof booking.held_span
language plpgsql
stable
rows 20
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_service booking.service := booking.the_service(held_spans.tenant, held_spans.service);
    v_session bytea := booking.session_hash(held_spans.session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_resources uuid[];
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_range(v_now, v_now);
    perform booking.check_member(v_service, held_spans.resource);
    select array_agg(m.resource_id) into v_resources
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id and r.active
        and m.resource_id = coalesce(held_spans.resource, m.resource_id);
    -- By the index of held claims, however many bookings there are in the range. Holds of any service count: a resource is
    -- held whoever asks for it.
    return query
        select c.resource_id, c.span, h.expires_at, coalesce(h.session_hash = v_session, false)
        from booking.claim c
        join booking.hold h using (tenant_id, hold_id)
        where c.tenant_id = v_service.tenant_id and c.resource_id = any (v_resources) and c.booking_id is null
            and c.span && tstzrange(from_ts, to_ts) and h.expires_at > v_now
        order by lower(c.span), upper(c.span), c.resource_id, h.expires_at;
end
$$;
comment on function booking.held_spans(uuid, uuid, timestamptz, timestamptz, uuid, text, timestamptz) is
    'What live holds keep of the resources of a service, by whichever service they were taken, in time order: every span that '
    'touches the range, whole, a row a claim (several where a resource has units, one a seat of a class). Spans include the '
    'buffers of their hold; a start t is in their way where [t - buffer_before, t + duration + buffer_after) meets one. '
    'resource: only this one; session_id: whose own are marked; as_of: replaces the clock. P0002, 22023, 22008, 22004: as '
    'available_slots.';

create or replace function booking.is_free(tenant uuid, resource uuid, span tstzrange)
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_resource booking.resource := booking.the_resource(is_free.tenant, is_free.resource);
    v_slots booking.slotmap;
    v_span tstzrange;
begin
    if is_free.span is null then
        raise exception 'a span is needed' using errcode = '22004';
    elsif isempty(is_free.span) then
        raise exception 'an empty span is neither free nor busy' using errcode = '22023';
    end if;
    perform booking.check_range(lower(is_free.span), upper(is_free.span));
    v_slots := booking.slotmap_cover(is_free.span, v_resource.grain);
    v_span := tstzrange(lower(v_slots), upper(v_slots));
    return (
        with page as materialized (
            select p.unit, p.open, p.busy
            from unnest(booking.resource_maps(
                v_resource.tenant_id, v_resource.resource_id,
                booking.week_of(lower(v_span)), booking.week_of(upper(v_span) - interval '1 microsecond'))) p),
        -- Units with anything of their own in the span: one that is free must be so throughout.
        taken as (
            select p.unit
            from page p
            where p.unit between 1 and v_resource.capacity and p.busy && v_slots
            union
            select c.unit
            from booking.claim c
            join booking.hold h using (tenant_id, hold_id)
            where c.tenant_id = v_resource.tenant_id and c.resource_id = v_resource.resource_id and c.booking_id is null
                and c.span && v_span and c.unit <= v_resource.capacity and h.expires_at > statement_timestamp())
        select p.open @> v_slots and not coalesce(p.busy && v_slots, false)
            and (select count(*) from taken) < v_resource.capacity
        from page p
        where p.unit = 0);
end
$$;
comment on function booking.is_free(uuid, uuid, tstzrange) is
    'Is a resource open throughout a span, without busy windows, and one of its units without bookings and live holds? Judged in '
    'whole slots: a span off the grain stands for all slots that it touches. Services, and what they ask for, are not '
    'considered. P0002: unknown resource; 22004: no span, or one without an end; 22023: empty or over 400 days; 22008: infinite.';

select booking.grant_after_update();
