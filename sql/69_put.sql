-- The first hour: a service and its hours in one call each. Everything they do, plain INSERTs do as well.
-- Next: 70_hours_text.sql.

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
