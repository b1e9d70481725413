-- Plain INSERT, UPDATE and DELETE keep pages right: a trigger takes the lock of 32_page_lock.sql and writes the pages.
-- Statement-level where the statement can name what changed (transition tables exclude column lists), row-level where a
-- mere version bump must not fire it. Each also tells the feed (83_change.sql). Here: busy windows and claims.
-- Next: 34_hours_triggers.sql.

-- Busy windows. The locks come after the rows: a BEFORE ROW trigger would come after the first row and before the second,
-- and two statements that share the second would wait for one another. Whoever gets the lock first is seen by the other.

create function booking.tg_busy_window__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_old booking.touched[] := '{}';
    v_new booking.touched[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_old := array(select (o.tenant_id, o.resource_id, o.span)::booking.touched from old_rows o);
    end if;
    if tg_op <> 'DELETE' then
        v_new := array(select (n.tenant_id, n.resource_id, n.span)::booking.touched from new_rows n);
    end if;
    perform booking.lock_resources(t.tenant_id, array_agg(t.resource_id))
    from unnest(v_old || v_new) t
    group by t.tenant_id
    order by t.tenant_id;
    perform booking.refresh_busy(v_old || v_new);
    -- A calendar that is read anew writes its events as they were.
    insert into booking.change (tenant_id, kind, resource_id, span)
    select t.tenant_id, 'busy', t.resource_id, t.span
    from (
        select o.*, -1 as windows from unnest(v_old) o
        union all
        select n.*, 1 from unnest(v_new) n) t
    where upper(t.span) > clock_timestamp() - interval '1 day'
    group by t.tenant_id, t.resource_id, t.span
    having sum(t.windows) <> 0;
    return null;
end
$$;
comment on function booking.tg_busy_window__pages() is
    'AFTER STATEMENT: locks the resources of the changed windows, writes the pages that they touch, and tells the feed.';

create trigger _500_pages_insert
after insert on booking.busy_window
referencing new table as new_rows
for each statement
execute function booking.tg_busy_window__pages();

create trigger _500_pages_update
after update on booking.busy_window
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_busy_window__pages();

create trigger _500_pages_delete
after delete on booking.busy_window
referencing old table as old_rows
for each statement
execute function booking.tg_busy_window__pages();

-- Claims. Those of holds touch no page and take no lock.

create function booking.tg_claim__lock()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if tg_op <> 'INSERT' and old.booking_id is not null then
        perform booking.lock_resources(old.tenant_id, array[old.resource_id]);
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    if new.booking_id is not null then
        perform booking.lock_resources(new.tenant_id, array[new.resource_id]);
    end if;
    -- The exclusion constraint guards a unit; that there is such a unit is guarded here, against a capacity that shrinks at
    -- this moment, too: that waits for this lock, or this for it. Unit 1 always exists, and what is over may have been on
    -- one that is gone since: a dump must restore.
    if new.unit > 1 and upper(new.span) > clock_timestamp()
        and (tg_op = 'INSERT' or (new.resource_id, new.unit) is distinct from (old.resource_id, old.unit))
    then
        perform
        from booking.resource r
        where r.tenant_id = new.tenant_id and r.resource_id = new.resource_id and new.unit <= r.capacity
        for key share;
        if not found then
            raise exception 'resource % has no unit %', new.resource_id, new.unit
                using errcode = '23514', constraint = 'claim_unit_within_capacity', schema = 'booking', table = 'claim';
        end if;
    end if;
    return new;
end
$$;
comment on function booking.tg_claim__lock() is
    'BEFORE ROW: locks the resource of a booked claim; 23514 where the resource has no such unit.';

create trigger _100_lock
before insert or update or delete on booking.claim
for each row
execute function booking.tg_claim__lock();

create function booking.tg_claim__pages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_touched booking.touched[] := '{}';
begin
    if tg_op <> 'INSERT' then
        v_touched := v_touched || array(
            select (o.tenant_id, o.resource_id, o.span)::booking.touched from old_rows o where o.booking_id is not null);
    end if;
    if tg_op <> 'DELETE' then
        v_touched := v_touched || array(
            select (n.tenant_id, n.resource_id, n.span)::booking.touched from new_rows n where n.booking_id is not null);
    end if;
    if cardinality(v_touched) > 0 then
        perform booking.refresh_busy(v_touched);
    end if;
    -- The seats of a class, the units of a resource: one change.
    case tg_op
        when 'INSERT' then
            insert into booking.change (tenant_id, kind, resource_id, span, hold_id, booking_id)
            select distinct n.tenant_id, case when n.hold_id is null then 'booked' else 'held' end, n.resource_id, n.span,
                n.hold_id, n.booking_id
            from new_rows n
            where upper(n.span) > clock_timestamp() - interval '1 day';
        when 'UPDATE' then
            insert into booking.change (tenant_id, kind, resource_id, span, hold_id, booking_id)
            select distinct c.tenant_id, c.kind, c.resource_id, c.span, c.hold_id, c.booking_id
            from (
                -- Kept for another owner it is not free in between.
                select o.tenant_id, case when o.hold_id is null then 'freed' else 'released' end as kind, o.resource_id, o.span,
                    o.hold_id, o.booking_id
                from old_rows o
                left join new_rows n on n.tenant_id = o.tenant_id and n.id = o.id
                where (n.resource_id, n.span) is distinct from (o.resource_id, o.span)
                union all
                select n.tenant_id, case when n.hold_id is null then 'booked' else 'held' end, n.resource_id, n.span,
                    n.hold_id, n.booking_id
                from new_rows n
                left join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
                where (n.resource_id, n.span, n.hold_id, n.booking_id)
                    is distinct from (o.resource_id, o.span, o.hold_id, o.booking_id)) c
            where upper(c.span) > clock_timestamp() - interval '1 day';
        when 'DELETE' then
            -- booking.expire_holds deletes what lapsed an hour ago, and whoever watched knows since then.
            insert into booking.change (tenant_id, kind, resource_id, span, hold_id, booking_id)
            select distinct o.tenant_id, case when o.hold_id is null then 'freed' else 'released' end, o.resource_id, o.span,
                o.hold_id, o.booking_id
            from old_rows o
            where upper(o.span) > clock_timestamp() - interval '1 day'
                and (o.hold_id is null or current_setting('booking.sweeping', true) is distinct from 'on');
    end case;
    return null;
end
$$;
comment on function booking.tg_claim__pages() is
    'AFTER STATEMENT: writes the pages that the changed booked claims touch, and tells the feed of all.';

create trigger _500_pages_insert
after insert on booking.claim
referencing new table as new_rows
for each statement
execute function booking.tg_claim__pages();

create trigger _500_pages_update
after update on booking.claim
referencing old table as old_rows new table as new_rows
for each statement
execute function booking.tg_claim__pages();

create trigger _500_pages_delete
after delete on booking.claim
referencing old table as old_rows
for each statement
execute function booking.tg_claim__pages();
