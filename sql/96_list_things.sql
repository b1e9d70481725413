-- What a tenant has, as its console shows it: locations, resources, services, members, also those that are switched off or
-- not public. With the rights of whoever asks: foreign tenants have no rows. Next: 96_list_times.sql.

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
