-- Keeping pages and holds in shape: what a night job calls, what an operator asks. Nothing here changes an answer: weeks
-- without a page are computed when read, and a lapsed hold is invisible whether or not its row is gone.
-- Next: 36_prune.sql.

create function booking.recompute(
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
comment on function booking.recompute(uuid, uuid, timestamptz, timestamptz) is
    'Stores the pages of a resource, or of all of a tenant, for the weeks that a range touches (default: the next 60 days) '
    'and the week on either side, '
    'anew from schedules, busy windows and bookings. In one transaction; the nightly form is booking.roll. Returns the '
    'number of pages. 22004: no tenant; 22008, 22023: not a range of finite instants of at most 400 days.';

-- The jobs. Each is a procedure or a function that touches no table itself and qualifies every name: what it calls has its
-- own search_path and the owner's rights, so that the role it runs as needs EXECUTE on a few functions and can read nothing.
-- 37_jobs.sql grants them.

create function booking.check_days(days int)
returns int
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if days is null or days not between 1 and 400 then
        raise exception 'cannot roll pages % days ahead', days
            using errcode = '22023', hint = 'Give 1 to 400 days.';
    end if;
    return days;
end
$$;
comment on function booking.check_days(int) is 'How far ahead pages are stored: the argument; 22023 unless 1 to 400 days.';

create function booking.check_batch(batch int)
returns int
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if batch is null or batch not between 1 and 1000000 then
        raise exception 'cannot delete % rows at once', batch
            using errcode = '22023', hint = 'Give 1 to 1000000.';
    end if;
    return batch;
end
$$;
comment on function booking.check_batch(int) is 'How many rows go in one transaction: the argument; 22023 unless 1 to 1000000.';

create function booking.resources_to_roll()
returns table (tenant_id uuid, resource_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
begin atomic
    select r.tenant_id, r.resource_id
    from booking.resource r
    order by r.tenant_id, r.resource_id;
end;
comment on function booking.resources_to_roll() is 'Every resource, in the order in which booking.roll comes to it.';

create function booking.roll_resource(tenant uuid, resource uuid, days int)
returns void
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_first date := booking.week_of(clock_timestamp()) - 7;
    v_last date := booking.week_of(clock_timestamp() + make_interval(days => booking.check_days(days)));
begin
    perform booking.lock_resources(roll_resource.tenant, array[roll_resource.resource]);
    -- All stored weeks, also those beyond the horizon: an update of the zone database moves their hours.
    perform booking.refresh_pages(roll_resource.tenant, roll_resource.resource, v_first, v_last);
    -- Weeks before the last one are history: their bookings stay, their pages go. Last, since a page is the last that
    -- anybody locks: a TRUNCATE has its table before it deletes pages.
    delete from booking.availability a
    where a.tenant_id = roll_resource.tenant and a.resource_id = roll_resource.resource and a.week < v_first;
end
$$;
comment on function booking.roll_resource(uuid, uuid, int) is
    'Stores the pages of a resource from last week to so many days ahead, writes those stored beyond it anew, and drops older '
    'ones. 22023: days out of range; 55P03: locked for longer than three seconds.';

create procedure booking.roll(days int default 60)
language plpgsql
as $$
-- Commits resource by resource, so that no booking waits for longer than one of them takes. A procedure that commits can
-- have no SET clause: every name is qualified.
declare
    v_tenant uuid;
    v_resource uuid;
    v_error text;
begin
    perform booking.check_days(days);
    for v_tenant, v_resource in select r.tenant_id, r.resource_id from booking.resources_to_roll() r loop
        begin
            perform booking.roll_resource(v_tenant, v_resource, days);
        exception
            when lock_not_available then
                -- Tomorrow is another night; until then its weeks are computed when read.
                raise warning 'pages of resource % were left as they are: it is locked', v_resource;
            when others then
                -- The trouble of one resource, a zone that is no longer known, say, is not that of those behind it.
                raise warning 'pages of resource % were left as they are: %', v_resource, sqlerrm;
                v_error := sqlstate;
        end;
        commit;
    end loop;
    if v_error is not null then
        raise exception 'pages of some resources could not be written'
            using errcode = v_error, hint = 'The warnings before this say which; all others are done.';
    end if;
end
$$;
comment on procedure booking.roll(int) is
    'Nightly: stores the pages of all resources from last week to so many days ahead, drops older ones, and writes '
    'every stored week anew. Commits after each resource, so it cannot run inside a transaction block. Passes by a resource '
    'that stays locked, with a warning, and by one that fails: its error is raised in the end. 22023: days out of range.';

create function booking.expire_bookings(batch int default 1000)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- With the hold that it has kept, which its trigger deletes: locked with it or not at all, since who takes the place of
    -- lapsed holds locks those in another order.
    with lapsed as materialized (
        select b.tenant_id, b.booking_id
        from booking.booking b
        where b.status = 'pending' and b.expires_at <= clock_timestamp()
        order by b.expires_at
        limit booking.check_batch(batch)
        for update skip locked),
    kept as materialized (
        select h.tenant_id, h.hold_id
        from booking.hold h
        join lapsed l using (tenant_id, booking_id)
        for update of h skip locked),
    expired as (
        update booking.booking b
        set status = 'expired', version = b.version + 1
        from lapsed l
        where b.tenant_id = l.tenant_id and b.booking_id = l.booking_id
            and not exists (
                select
                from booking.hold h
                where h.tenant_id = l.tenant_id and h.booking_id = l.booking_id
                    and (h.tenant_id, h.hold_id) not in (select k.tenant_id, k.hold_id from kept k))
        returning b.tenant_id, b.booking_id, b.service_id, b.expires_at),
    told as (
        insert into booking.booking_event (tenant_id, kind, booking_id, service_id, actor, detail)
        select e.tenant_id, 'expired', e.booking_id, e.service_id, booking.actor(e.tenant_id),
            jsonb_build_object('expires_at', e.expires_at)
        from expired e)
    select count(*) into v_gone from expired;
    return v_gone;
end
$$;
comment on function booking.expire_bookings(int) is
    'Writes down that pending bookings have expired, at most a batch, with an event each; returns how many. They read as expired '
    'without it. 22023: not a batch.';

create function booking.expire_holds(batch int default 1000)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set booking.sweeping = 'on'
as $$
declare
    v_gone bigint;
begin
    -- An hour after their lapse: until then a heartbeat may take a hold up again. A hold that somebody works with is left
    -- for the next time. Materialized, or a plan might look for another batch for every row.
    with gone as materialized (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.expires_at < clock_timestamp() - interval '1 hour'
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id;
    get diagnostics v_gone = row_count;
    -- What else becomes due every few minutes.
    perform booking.expire_bookings(batch);
    perform booking.tell_refusals(batch);
    return v_gone;
end
$$;
comment on function booking.expire_holds(int) is
    'Deletes at most a batch of holds that lapsed more than an hour ago; returns how many. Also calls booking.expire_bookings and '
    'booking.tell_refusals with this batch. Tidies, decides nothing. 22023: not a batch.';

create type booking.drift as (
    tenant_id uuid,
    resource_id uuid,
    week date,
    unit int,
    what text);
comment on type booking.drift is
    'A page that is not what it should be: missing, extra, open (its hours differ) or busy (its busy map differs).';

create function booking.verify(tenant uuid default null, resource uuid default null)
returns setof booking.drift
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    with stored as (
        select a.tenant_id, a.resource_id
        from booking.availability a
        where (verify.tenant is null or a.tenant_id = verify.tenant)
            and (verify.resource is null or a.resource_id = verify.resource)
        group by a.tenant_id, a.resource_id),
    right_page as (
        select s.tenant_id, s.resource_id, c.week, c.unit, c.open, c.busy
        from stored s
        cross join lateral booking.page_runs(s.tenant_id, s.resource_id) r
        cross join lateral booking.computed_pages(s.tenant_id, s.resource_id, r.starts, r.ends) c),
    stored_page as (
        select a.tenant_id, a.resource_id, a.week, a.unit, a.open, a.busy
        from booking.availability a
        join stored s using (tenant_id, resource_id))
    select tenant_id, resource_id, week, unit,
        case
            when p.here is null then 'missing'
            when r.here is null then 'extra'
            when not booking.same_map(p.open, r.open) then 'open'
            else 'busy'
        end
    from (select *, true as here from right_page) r
    full join (select *, true as here from stored_page) p using (tenant_id, resource_id, week, unit)
    where r.here is null or p.here is null
        or not (booking.same_map(p.open, r.open) and booking.same_map(p.busy, r.busy));
end;
comment on function booking.verify(uuid, uuid) is
    'The stored pages that differ from a computation from scratch. A healthy database has none, ever.';
