-- Taking away what is booked: a service, a resource, a requirement. Bookings are for good and keep what they were of: so it is
-- switched off where there are any. Next: 95_finding.sql.

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
