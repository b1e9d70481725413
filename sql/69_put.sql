-- What a tenant has: services, locations, resources, members, each in one call. Everything they do, plain INSERTs do as well.
-- All of it runs with its caller's rights. Next: 70_put_times.sql.

create function booking.put_service(
    tenant uuid,
    slug text,
    name text,
    durations int[],
    resources uuid[],
    pick int default 1,
    strategy text default 'round_robin',
    step int default null,
    buffer_before int default 0,
    buffer_after int default 0,
    min_notice interval default '0',
    horizon interval default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_service uuid;
    v_requirement uuid;
    v_unknown uuid;
begin
    if cardinality(resources) is distinct from (select count(distinct r)::int from unnest(resources) r)
        or coalesce(cardinality(resources), 0) < put_service.pick
    then
        raise exception 'a service that picks % needs as many different resources', put_service.pick using errcode = '22023';
    end if;
    select u into v_unknown
    from unnest(resources) u
    where not exists (
        select from booking.resource r where r.tenant_id = put_service.tenant and r.resource_id = u);
    if found then
        raise exception 'unknown resource %', v_unknown using errcode = 'P0002';
    end if;
    perform booking.lock_resources(put_service.tenant, resources);
    -- Who leaves goes first: those who stay may be of another grain.
    delete from booking.requirement_resource m
    using booking.service s
    where s.tenant_id = put_service.tenant and s.slug = put_service.slug and m.tenant_id = s.tenant_id
        and m.service_id = s.service_id and m.resource_id <> all (resources);
    insert into booking.service as s
        (tenant_id, slug, name, durations, step, buffer_before, buffer_after, min_notice, horizon)
    values (
        put_service.tenant, put_service.slug, put_service.name, put_service.durations, put_service.step,
        put_service.buffer_before, put_service.buffer_after, put_service.min_notice, put_service.horizon)
    on conflict on constraint service_slug_key do update
    set name = excluded.name, durations = excluded.durations, step = excluded.step,
        buffer_before = excluded.buffer_before, buffer_after = excluded.buffer_after,
        min_notice = excluded.min_notice, horizon = excluded.horizon, version = s.version + 1
    returning service_id into v_service;
    -- One requirement: the first is kept, and the counts of its members with it.
    select q.requirement_id into v_requirement
    from booking.service_requirement q
    where q.tenant_id = put_service.tenant and q.service_id = v_service
    order by q.requirement_id
    limit 1;
    delete from booking.service_requirement q
    where q.tenant_id = put_service.tenant and q.service_id = v_service and q.requirement_id <> v_requirement;
    insert into booking.service_requirement as q (tenant_id, service_id, requirement_id, pick, strategy)
    values (
        put_service.tenant, v_service, coalesce(v_requirement, gen_random_uuid()), put_service.pick, put_service.strategy)
    on conflict on constraint service_requirement_pkey do update
    set pick = excluded.pick, strategy = excluded.strategy, version = q.version + 1
    returning requirement_id into v_requirement;
    insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
    select put_service.tenant, v_service, v_requirement, r
    from unnest(resources) r
    order by r
    on conflict on constraint requirement_resource_pkey do nothing;
    return v_service;
end
$$;
comment on function booking.put_service(uuid, text, text, int[], uuid[], int, text, int, int, int, interval, interval) is
    'Creates a service with one requirement, or sets the one of that slug anew, and returns its id. durations, step and '
    'buffers in minutes; pick of the resources by strategy. 22023: off the grain of the resources, or too few of them; '
    'P0002: unknown resource; 23503: unknown tenant; 23502: a value is missing; 23514: a value out of its bounds.';

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
