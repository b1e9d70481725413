-- What is over and guards nothing any more, deleted in batches beside traffic: each batch is a transaction of its own that
-- waits for no lock of anybody else's and leaves what it finds locked for the next night. Bookings and their history stay.
-- Next: 37_jobs.sql.

create function booking.resources_to_prune()
returns table (tenant_id uuid, resource_id uuid)
language sql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- Each table is read once; looking for every resource would be as many look-ups as there are resources.
    select c.tenant_id, c.resource_id
    from booking.claim c
    where c.booking_id is not null and upper(c.span) <= now() - interval '30 days'
    union
    select a.tenant_id, a.resource_id
    from booking.availability a
    where a.week < booking.week_of(now()) - 7
    order by 1, 2;
end;
comment on function booking.resources_to_prune() is 'The resources that have claims or pages for booking.prune, in the order in which it comes to them.';

create function booking.prune_resource(tenant uuid, resource uuid, batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_before timestamptz;
    v_claims bigint;
    v_pages bigint := 0;
begin
    perform booking.check_batch(batch);
    perform
    from booking.resource r
    where r.tenant_id = prune_resource.tenant and r.resource_id = prune_resource.resource
    for no key update skip locked;
    if not found then
        return 0;
    end if;
    perform booking.lock_resources(prune_resource.tenant, array[prune_resource.resource]);
    -- The claim of a new booking reaches back by the buffer before it, and must meet what it would have met.
    select clock_timestamp() - greatest(interval '30 days', make_interval(mins => max(s.buffer_before))) into v_before
    from booking.requirement_resource m
    join booking.service s using (tenant_id, service_id)
    where m.tenant_id = prune_resource.tenant and m.resource_id = prune_resource.resource;
    -- A plain DELETE has the claim before its trigger gets the resource. It waits for this, so this must not wait for it.
    with gone as materialized (
        select c.tenant_id, c.id
        from booking.claim c
        where c.tenant_id = prune_resource.tenant and c.resource_id = prune_resource.resource
            and c.booking_id is not null and c.span << tstzrange(v_before, null)
        limit batch
        for update skip locked)
    delete from booking.claim c
    using gone g
    where c.tenant_id = g.tenant_id and c.id = g.id;
    get diagnostics v_claims = row_count;
    if v_claims < batch then
        -- Whole weeks: half of one is wrong, whichever half.
        with past as (
            select a.week, sum(count(*)) over (order by a.week) - count(*) as rows_before
            from booking.availability a
            where a.tenant_id = prune_resource.tenant and a.resource_id = prune_resource.resource
                and a.week < booking.week_of(clock_timestamp()) - 7
            group by a.week)
        delete from booking.availability a
        using past p
        where a.tenant_id = prune_resource.tenant and a.resource_id = prune_resource.resource
            and a.week = p.week and p.rows_before < batch - v_claims;
        get diagnostics v_pages = row_count;
    end if;
    return v_claims + v_pages;
end
$$;
comment on function booking.prune_resource(uuid, uuid, int) is
    'Deletes at most a batch of what is over of one resource: claims of bookings 30 days after their end (or after as long a '
    'buffer as a service has before its bookings), and pages of weeks before the last one, whole weeks at a time. Returns how '
    'many; 0 where the resource is locked. 22023: not a batch.';

create function booking.prune_sittings(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- A sitting without a claim is no sitting. An hour after its end: by then no booking of it is still under way.
    with gone as materialized (
        select s.tenant_id, s.sitting_id
        from booking.sitting s
        where upper(s.span) < clock_timestamp() - interval '1 hour'
            and not exists (
                select
                from booking.claim c
                where c.tenant_id = s.tenant_id and c.sitting_id = s.sitting_id)
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.sitting s
    using gone g
    where s.tenant_id = g.tenant_id and s.sitting_id = g.sitting_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_sittings(int) is
    'Deletes at most a batch of sittings that ended more than an hour ago and have no claim; returns how many. 22023: not a batch.';

create function booking.prune_events(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    with gone as materialized (
        select e.tenant_id, e.at, e.event_id
        from booking.booking_event e
        where e.booking_id is null and e.at < clock_timestamp() - interval '90 days'
        order by e.at
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.booking_event e
    using gone g
    where (e.tenant_id, e.at, e.event_id) = (g.tenant_id, g.at, g.event_id);
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_events(int) is
    'Deletes at most a batch of events of no booking, holds and refusals, after 90 days; returns how many. What happened to a '
    'booking stays as long as it does. 22023: not a batch.';

create procedure booking.prune(batch int default 1000)
language plpgsql
as $$
-- As booking.roll: it commits, so it has no SET clause and qualifies every name. What a function of a batch deletes less than
-- was asked for was all there is, or is locked.
declare
    v_sweep text;
    v_tenant uuid;
    v_resource uuid;
    v_gone bigint;
begin
    perform booking.check_batch(batch);
    foreach v_sweep in array array[
        'expire_holds', 'expire_bookings', 'tell_refusals', 'prune_tokens', 'prune_keys', 'prune_events', 'prune_changes']
    loop
        loop
            execute pg_catalog.format('select booking.%I($1)', v_sweep) into v_gone using batch;
            commit;
            exit when v_gone operator(pg_catalog.<) batch;
        end loop;
    end loop;
    for v_tenant, v_resource in select r.tenant_id, r.resource_id from booking.resources_to_prune() r loop
        loop
            v_gone := booking.prune_resource(v_tenant, v_resource, batch);
            commit;
            exit when v_gone operator(pg_catalog.<) batch;
        end loop;
    end loop;
    -- After their claims.
    loop
        v_gone := booking.prune_sittings(batch);
        commit;
        exit when v_gone operator(pg_catalog.<) batch;
    end loop;
end
$$;
comment on procedure booking.prune(int) is
    'Nightly: deletes what is over and guards nothing: holds that lapsed more than an hour ago, claims and tokens of bookings 30 days '
    'after their end, pages of weeks before the last one, sittings that are over and have no claim, '
    'changes and idempotency keys older than a day, events of no booking after 90 days. At most so many rows of one '
    'resource in one transaction; passes by what is locked. Commits, so it cannot run inside a transaction block. Changes no '
    'answer about a time to come. 22023: not a batch.';
