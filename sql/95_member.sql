-- For whom: the tenant of an owner's request by its name, so that a route is one call. With the rights of whoever asks: the
-- policy of booking.tenant is what decides. Next: 96_list_things.sql.

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
