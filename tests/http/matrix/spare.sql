-- One of each thing that an owner edits, which nobody else uses. By its name it stands behind what is private, on later pages.
create function pg_temp.spare(slug text, suffix text)
returns table (resource uuid, another uuid, schedule uuid, rule uuid, override uuid, location uuid, service uuid,
    requirement uuid, busy uuid, hold uuid)
language plpgsql as $$
#variable_conflict use_variable
declare
    v_tenant uuid := (select t.tenant_id from booking.tenant t where t.slug = spare.slug);
begin
    insert into booking.location (tenant_id, slug, name)
    values (v_tenant, 'zz-place-' || suffix, 'Place') returning location_id into location;
    insert into booking.resource (tenant_id, slug, name, zone, grain)
    values (v_tenant, 'zz-one-' || suffix, 'One', 'UTC', 15) returning resource_id into resource;
    insert into booking.resource (tenant_id, slug, name, zone, grain)
    values (v_tenant, 'zz-two-' || suffix, 'Two', 'UTC', 15) returning resource_id into another;
    schedule := booking.put_hours(v_tenant, resource, 'Mo-Su 06:00-22:00');
    service := booking.put_service(v_tenant, 'zz-spare-' || suffix, 'Spare', array[60], array[resource]);
    select r.requirement_id into requirement
    from booking.service_requirement r
    where r.tenant_id = v_tenant and r.service_id = spare.service;
    select r.rule_id into rule
    from booking.schedule_rule r
    where r.tenant_id = v_tenant and r.schedule_id = spare.schedule
    limit 1;
    insert into booking.schedule_override (tenant_id, schedule_id, dates)
    values (v_tenant, schedule, '[2100-01-02,2100-01-02]') returning override_id into override;
    insert into booking.busy_window (tenant_id, resource_id, span)
    values (v_tenant, resource, '[2100-01-04 18:00+00,2100-01-04 19:00+00)') returning busy_window_id into busy;
    insert into booking.member (tenant_id, user_id, role) values (v_tenant, 'zz-spare-' || suffix, 'viewer');
    hold := (booking.hold_for(v_tenant, service, '2100-01-04 10:00+00')).hold_id;
    return next;
end
$$;
