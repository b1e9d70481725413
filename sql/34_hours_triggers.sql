-- The same as 33_busy_triggers.sql for hours: the windows of a schedule and its travel, its zone, the holidays that it
-- keeps, and which schedule and grain a resource has. Next: 35_upkeep.sql.

create type booking.schedule_key as (tenant_id uuid, schedule_id uuid);
comment on type booking.schedule_key is 'A schedule whose hours changed.';

create function booking.tg_schedule_window__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.schedule_key[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_touched := v_touched || array(select distinct (o.tenant_id, o.schedule_id)::booking.schedule_key from old_rows o);
    end if;
    if tg_op <> 'DELETE' then
        v_touched := v_touched || array(select distinct (n.tenant_id, n.schedule_id)::booking.schedule_key from new_rows n);
    end if;
    perform booking.lock_schedules(t.tenant_id, array_agg(t.schedule_id))
    from unnest(v_touched) t
    group by t.tenant_id
    order by t.tenant_id;
    perform booking.refresh_pages(r.tenant_id, r.resource_id)
    from booking.resource r
    where (r.tenant_id, r.schedule_id) in (select t.tenant_id, t.schedule_id from unnest(v_touched) t);
    perform booking.changed_hours(v_touched);
    return null;
end
$$;
comment on function booking.tg_schedule_window__pages() is
    'AFTER STATEMENT on schedule_rule, schedule_override and schedule_travel: locks the schedules of the changed rows with '
    'the resources that use them, and writes their pages.';

create trigger _500_pages_insert
after insert on booking.schedule_rule
referencing new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_update
after update on booking.schedule_rule
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_delete
after delete on booking.schedule_rule
referencing old table as old_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_insert
after insert on booking.schedule_override
referencing new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_update
after update on booking.schedule_override
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_delete
after delete on booking.schedule_override
referencing old table as old_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_insert
after insert on booking.schedule_travel
referencing new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_update
after update on booking.schedule_travel
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule_window__pages();

create trigger _500_pages_delete
after delete on booking.schedule_travel
referencing old table as old_rows
for each statement
execute function booking.tg_schedule_window__pages();

create type booking.holiday_set_key as (tenant_id uuid, holiday_set_id uuid);
comment on type booking.holiday_set_key is 'A holiday set whose holidays changed.';

create function booking.tg_holiday__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.holiday_set_key[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_touched := v_touched || array(
            select distinct (o.tenant_id, o.holiday_set_id)::booking.holiday_set_key from old_rows o);
    end if;
    if tg_op <> 'DELETE' then
        v_touched := v_touched || array(
            select distinct (n.tenant_id, n.holiday_set_id)::booking.holiday_set_key from new_rows n);
    end if;
    perform booking.lock_holiday_sets(t.tenant_id, array_agg(t.holiday_set_id))
    from unnest(v_touched) t
    group by t.tenant_id
    order by t.tenant_id;
    -- In a statement after that lock: who came to keep one of the sets meanwhile is seen now.
    perform booking.lock_resources(s.tenant_id, array_agg(r.resource_id))
    from booking.schedule s
    join booking.resource r using (tenant_id, schedule_id)
    where (s.tenant_id, s.holiday_set_id) in (select t.tenant_id, t.holiday_set_id from unnest(v_touched) t)
    group by s.tenant_id
    order by s.tenant_id;
    perform booking.refresh_pages(r.tenant_id, r.resource_id)
    from booking.schedule s
    join booking.resource r using (tenant_id, schedule_id)
    where (s.tenant_id, s.holiday_set_id) in (select t.tenant_id, t.holiday_set_id from unnest(v_touched) t);
    perform booking.changed_hours(array(
        select (s.tenant_id, s.schedule_id)::booking.schedule_key
        from booking.schedule s
        where (s.tenant_id, s.holiday_set_id) in (select t.tenant_id, t.holiday_set_id from unnest(v_touched) t)));
    return null;
end
$$;
comment on function booking.tg_holiday__pages() is
    'AFTER STATEMENT: locks the sets of the changed holidays, then the resources whose schedules keep them, and writes their '
    'pages.';

create trigger _500_pages_insert
after insert on booking.holiday
referencing new table as new_rows
for each statement
execute function booking.tg_holiday__pages();

create trigger _500_pages_update
after update on booking.holiday
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_holiday__pages();

create trigger _500_pages_delete
after delete on booking.holiday
referencing old table as old_rows
for each statement
execute function booking.tg_holiday__pages();

create function booking.tg_schedule__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.schedule_key[];
begin
    if tg_op = 'INSERT' then
        -- Nothing uses it yet; but it, and who is going to, must not pass a writer of its holidays unseen.
        perform booking.lock_holiday_sets(n.tenant_id, array_agg(n.holiday_set_id))
        from new_rows n
        group by n.tenant_id
        order by n.tenant_id;
        return null;
    end if;
    v_touched := array(
        select (n.tenant_id, n.schedule_id)::booking.schedule_key
        from new_rows n
        join old_rows o using (tenant_id, schedule_id)
        where n.zone <> o.zone or n.holiday_set_id is distinct from o.holiday_set_id);
    -- Mostly its version, which is its lock.
    if cardinality(v_touched) = 0 then
        return null;
    end if;
    perform booking.lock_users(t.tenant_id, array_agg(t.schedule_id))
    from unnest(v_touched) t
    group by t.tenant_id
    order by t.tenant_id;
    -- After the resources: a writer of those holidays waits for none of them yet.
    perform booking.lock_holiday_sets(n.tenant_id, array_agg(n.holiday_set_id))
    from new_rows n
    join old_rows o using (tenant_id, schedule_id)
    where n.holiday_set_id is distinct from o.holiday_set_id
    group by n.tenant_id
    order by n.tenant_id;
    perform booking.refresh_pages(r.tenant_id, r.resource_id)
    from booking.resource r
    where (r.tenant_id, r.schedule_id) in (select t.tenant_id, t.schedule_id from unnest(v_touched) t);
    perform booking.changed_hours(v_touched);
    return null;
end
$$;
comment on function booking.tg_schedule__pages() is
    'AFTER STATEMENT: locks the resources that use a schedule with another zone or other holidays, then the holiday sets that '
    'schedules are given, and writes the pages.';

create trigger _500_pages_insert
after insert on booking.schedule
referencing new table as new_rows
for each statement
execute function booking.tg_schedule__pages();

create trigger _500_pages_update
after update on booking.schedule
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_schedule__pages();

create function booking.tg_resource__lock()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- The row itself is locked by its update. A writer of the new schedule's windows must not pass unseen.
    update booking.schedule s
    set version = s.version + 1
    where s.tenant_id = new.tenant_id and s.schedule_id = new.schedule_id and s.xmin <> pg_current_xact_id()::xid;
    -- Nor one of its holidays; who kept the same ones before is waited for anyway.
    perform booking.lock_holiday_sets(new.tenant_id, array[s.holiday_set_id])
    from booking.schedule s
    where s.tenant_id = new.tenant_id and s.schedule_id = new.schedule_id and (tg_op = 'INSERT' or not exists (
        select
        from booking.schedule o
        where o.tenant_id = old.tenant_id and o.schedule_id = old.schedule_id and o.holiday_set_id = s.holiday_set_id));
    return new;
end
$$;
comment on function booking.tg_resource__lock() is
    'BEFORE ROW, on another schedule: locks that schedule, and its holidays where they are others.';

create trigger _100_lock_insert
before insert on booking.resource
for each row when (new.schedule_id is not null)
execute function booking.tg_resource__lock();

create trigger _100_lock_update
before update of schedule_id on booking.resource
for each row when (new.schedule_id is distinct from old.schedule_id)
execute function booking.tg_resource__lock();

create function booking.tg_resource__capacity()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- FOR UPDATE, which the claim of a unit above the first waits for: an update of this column would pass it by.
    perform
    from booking.resource r
    where r.tenant_id = new.tenant_id and r.resource_id = new.resource_id
    for update;
    -- What somebody else is sweeping at this moment is not waited for: it may be for the sake of such a claim.
    with gone as (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.tenant_id = new.tenant_id and h.expires_at <= clock_timestamp()
            and h.hold_id in (
                select c.hold_id
                from booking.claim c
                where c.tenant_id = new.tenant_id and c.resource_id = new.resource_id and c.unit > new.capacity
                    and c.hold_id is not null)
        for update skip locked)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id;
    perform
    from booking.claim c
    left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
    where c.tenant_id = new.tenant_id and c.resource_id = new.resource_id and c.unit > new.capacity
        and upper(c.span) > clock_timestamp() and (c.booking_id is not null or h.expires_at > clock_timestamp());
    if found then
        raise exception 'a unit above % of resource "%" is held or booked', new.capacity, new.slug
            using errcode = '23514', constraint = 'resource_capacity_claimed', schema = 'booking', table = 'resource',
            hint = 'Cancel or move what is on it first.';
    end if;
    -- An older snapshot does not show a hold that was committed since, and the lock of a claim leaves nothing that would
    -- raise 40001. An insert that conflicts with what the snapshot does not show does; without conflict its owner is missing.
    if current_setting('transaction_isolation') <> 'read committed' then
        begin
            insert into booking.claim (tenant_id, resource_id, unit, span, hold_id)
            select new.tenant_id, new.resource_id, u, tstzrange(clock_timestamp(), '9999-01-01 00:00+00'), gen_random_uuid()
            from generate_series(new.capacity + 1, old.capacity) u
            on conflict do nothing;
        exception when foreign_key_violation then
            -- Nobody was there, and nothing is left of the attempt.
        end;
    end if;
    return new;
end
$$;
comment on function booking.tg_resource__capacity() is
    'BEFORE ROW, on a smaller capacity: 23514 while a unit that would go is held or booked; 40001 where that happened after '
    'the snapshot of its transaction.';

create trigger _200_capacity
before update of capacity on booking.resource
for each row when (new.capacity < old.capacity)
execute function booking.tg_resource__capacity();

create function booking.tg_resource__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform booking.refresh_pages(new.tenant_id, new.resource_id);
    return null;
end
$$;
comment on function booking.tg_resource__pages() is 'AFTER ROW, on another grain or schedule: writes all stored pages of the resource.';

create trigger _500_pages
after update of grain, schedule_id on booking.resource
for each row when (old.grain <> new.grain or old.schedule_id is distinct from new.schedule_id)
execute function booking.tg_resource__pages();

-- TRUNCATE names no rows: all pages go with it. Until the next roll they are computed when read.

create function booking.tg_forget_pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    delete from booking.availability;
    insert into booking.change (tenant_id, kind)
    select t.tenant_id, 'tenant'
    from booking.tenant t;
    return null;
end
$$;
comment on function booking.tg_forget_pages() is 'AFTER TRUNCATE of what pages are derived from: deletes all pages, and tells the feed of each tenant.';

create trigger _500_forget_pages
after truncate on booking.schedule_rule
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.schedule_override
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.schedule_travel
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.holiday
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.busy_window
for each statement
execute function booking.tg_forget_pages();

create trigger _500_forget_pages
after truncate on booking.claim
for each statement
execute function booking.tg_forget_pages();
