-- Whoever changes what pages are derived from takes the lock first, then writes the pages in a statement of its own:
-- one that had to wait would still see what was there before. Locks are updates of a version, never a mere SELECT FOR
-- UPDATE: only an update is seen (as 40001) by a transaction with an older snapshot. Who calls this: 33_busy_triggers.sql.

create function booking.lock_resources(tenant uuid, resources uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_resource uuid;
begin
    -- One by one, since a single UPDATE promises no order. A row that this transaction wrote is locked already.
    for v_resource in select distinct r from unnest(resources) r where r is not null order by r loop
        update booking.resource r
        set version = r.version + 1
        where r.tenant_id = lock_resources.tenant and r.resource_id = v_resource
            and r.xmin <> pg_current_xact_id()::xid;
    end loop;
end
$$;
comment on function booking.lock_resources(uuid, uuid[]) is
    'Locks resources in the order of their ids until the transaction ends. Whatever changes pages calls it first.';

create function booking.lock_users(tenant uuid, schedules uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform booking.lock_resources(lock_users.tenant, array(
        select r.resource_id
        from booking.resource r
        where r.tenant_id = lock_users.tenant and r.schedule_id = any (schedules)));
end
$$;
comment on function booking.lock_users(uuid, uuid[]) is 'Locks every resource that uses one of some schedules, in the order of their ids.';

create function booking.lock_schedules(tenant uuid, schedules uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_schedule uuid;
begin
    -- Schedules before their resources, as an update of schedule.zone has it: the row first. A resource that is being
    -- given one is not among those yet: it waits here, or commits before this lock comes, and is then seen.
    -- (It has its own row already. So a statement on several schedules, and a move from one to another of them, may end as
    -- a deadlock: 40P01 for one of the two.)
    for v_schedule in select distinct s from unnest(schedules) s order by s loop
        update booking.schedule s
        set version = s.version + 1
        where s.tenant_id = lock_schedules.tenant and s.schedule_id = v_schedule
            and s.xmin <> pg_current_xact_id()::xid;
    end loop;
    perform booking.lock_users(lock_schedules.tenant, schedules);
end
$$;
comment on function booking.lock_schedules(uuid, uuid[]) is
    'Locks schedules, then every resource that uses one of them, each in the order of their ids.';

create function booking.lock_holiday_sets(tenant uuid, holiday_sets uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_set uuid;
begin
    -- A writer of holidays locks the set, then the resources that keep it, and no schedule: those are many, and a resource
    -- that moves from one to another of the same set would wait for the one while it is waited for itself. Who comes to
    -- keep a set otherwise, a schedule or a resource, locks the set, too, after its own rows.
    for v_set in select distinct s from unnest(holiday_sets) s where s is not null order by s loop
        update booking.holiday_set h
        set version = h.version + 1
        where h.tenant_id = lock_holiday_sets.tenant and h.holiday_set_id = v_set
            and h.xmin <> pg_current_xact_id()::xid;
    end loop;
end
$$;
comment on function booking.lock_holiday_sets(uuid, uuid[]) is
    'Locks holiday sets in the order of their ids until the transaction ends.';

create function booking.same_map(a booking.slotmap, b booking.slotmap)
returns boolean
language sql
immutable
parallel safe
begin atomic
    -- Maps of different grain do not compare; a page is compared with what it was before its resource got another.
    select case
        when a is null or b is null then a is null and b is null
        when booking.grain(a) <> booking.grain(b) then false
        else a = b
    end;
end;
comment on function booking.same_map(booking.slotmap, booking.slotmap) is
    'True for equal maps and for two nulls; maps of different grain differ.';

create function booking.store_pages(tenant uuid, resource uuid, first_week date, last_week date)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_pages bigint;
begin
    with page as materialized (
        select c.week, c.unit, c.open, c.busy
        from booking.computed_pages(store_pages.tenant, store_pages.resource, first_week, last_week) c),
    gone as (
        delete from booking.availability a
        where a.tenant_id = store_pages.tenant and a.resource_id = store_pages.resource
            and a.week between first_week and last_week
            and (a.week, a.unit) not in (select p.week, p.unit from page p)),
    stored as (
        insert into booking.availability as a (tenant_id, resource_id, week, unit, open, busy)
        select store_pages.tenant, store_pages.resource, p.week, p.unit, p.open, p.busy
        from page p
        on conflict on constraint availability_pkey do update
        set open = excluded.open, busy = excluded.busy
        where not (booking.same_map(a.open, excluded.open) and booking.same_map(a.busy, excluded.busy)))
    select count(*) into v_pages from page;
    return v_pages;
end
$$;
comment on function booking.store_pages(uuid, uuid, date, date) is
    'Writes the pages of a resource anew; the caller holds its lock. The number of pages that now stand.';

create function booking.page_runs(
    tenant uuid,
    resource uuid,
    first_week date default null,
    last_week date default null)
returns table (starts date, ends date)
language plpgsql
stable
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- A year at most: stored weeks may lie decades apart, and a map has an end. A week that lost its unit 0 counts: it is
    -- to be mended, not overlooked.
    return query
        with week as (
            select a.week
            from booking.availability a
            where a.tenant_id = page_runs.tenant and a.resource_id = page_runs.resource
            union
            select w::date
            from generate_series(page_runs.first_week::timestamp, page_runs.last_week::timestamp, interval '7 days') w),
        numbered as (
            select w.week, row_number() over (order by w.week)::int as number
            from week w)
        select min(n.week), max(n.week)
        from numbered n
        group by n.week - 7 * n.number, n.number / 53;
end
$$;
comment on function booking.page_runs(uuid, uuid, date, date) is
    'The weeks of which a resource has any page, and those of a range if one is given, as runs of consecutive weeks.';

create function booking.refresh_pages(
    tenant uuid,
    resource uuid,
    first_week date default null,
    last_week date default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(sum(booking.store_pages(refresh_pages.tenant, refresh_pages.resource, r.starts, r.ends)), 0)::bigint
        from booking.page_runs(refresh_pages.tenant, refresh_pages.resource, refresh_pages.first_week, refresh_pages.last_week) r);
end
$$;
comment on function booking.refresh_pages(uuid, uuid, date, date) is
    'Writes the stored weeks of a resource anew, and those of a range if one is given; the caller holds its lock.';

create type booking.touched as (tenant_id uuid, resource_id uuid, span tstzrange);
comment on type booking.touched is 'A stretch of a resource whose busy maps may have changed.';

create function booking.refresh_busy(touched booking.touched[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    with week as (
        select distinct t.tenant_id, t.resource_id, a.week
        from unnest(touched) t
        join booking.availability a
            on a.tenant_id = t.tenant_id and a.resource_id = t.resource_id and a.unit = 0
            and a.week between booking.week_of(lower(t.span)) and booking.week_of(upper(t.span))
        where not isempty(t.span)),
    page as materialized (
        select w.tenant_id, w.resource_id, w.week, c.unit, c.busy
        from week w
        cross join lateral booking.computed_busy(w.tenant_id, w.resource_id, w.week, w.week) c),
    gone as (
        delete from booking.availability a
        using week w
        where (a.tenant_id, a.resource_id, a.week) = (w.tenant_id, w.resource_id, w.week) and a.unit > 0
            and not exists (
                select
                from page p
                where (p.tenant_id, p.resource_id, p.week, p.unit) = (a.tenant_id, a.resource_id, a.week, a.unit))),
    outside as (
        update booking.availability a
        set busy = p.busy
        from week w
        left join page p on (p.tenant_id, p.resource_id, p.week) = (w.tenant_id, w.resource_id, w.week) and p.unit = 0
        where (a.tenant_id, a.resource_id, a.week) = (w.tenant_id, w.resource_id, w.week) and a.unit = 0
            and not booking.same_map(a.busy, p.busy))
    insert into booking.availability as a (tenant_id, resource_id, week, unit, busy)
    select p.tenant_id, p.resource_id, p.week, p.unit, p.busy
    from page p
    where p.unit > 0
    on conflict on constraint availability_pkey do update
    set busy = excluded.busy
    where not booking.same_map(a.busy, excluded.busy);
end
$$;
comment on function booking.refresh_busy(booking.touched[]) is
    'Writes the busy maps of the stored weeks of some stretches anew; the caller holds the locks of their resources.';
