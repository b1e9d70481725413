-- put_hours: weekly hours of one resource in one call. Next: 72_heartbeat.sql.

create function booking.own_schedule(resource booking.resource)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_schedule uuid;
begin
    if resource.schedule_id is not null
        and not exists (
            select
            from booking.resource r
            where r.tenant_id = resource.tenant_id and r.schedule_id = resource.schedule_id
                and r.resource_id <> resource.resource_id)
        and not exists (
            select
            from booking.service s
            where s.tenant_id = resource.tenant_id and s.schedule_id = resource.schedule_id)
    then
        return resource.schedule_id;
    end if;
    insert into booking.schedule (tenant_id, name, zone, holiday_set_id)
    values (resource.tenant_id, resource.name, resource.zone, (
        select s.holiday_set_id
        from booking.schedule s
        where s.tenant_id = resource.tenant_id and s.schedule_id = resource.schedule_id))
    returning schedule_id into v_schedule;
    insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id, reason)
    select o.tenant_id, v_schedule, o.dates, o.opens, o.closes, o.location_id, o.reason
    from booking.schedule_override o
    where o.tenant_id = resource.tenant_id and o.schedule_id = resource.schedule_id;
    insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
    select t.tenant_id, v_schedule, t.dates, t.zone
    from booking.schedule_travel t
    where t.tenant_id = resource.tenant_id and t.schedule_id = resource.schedule_id;
    update booking.resource r
    set schedule_id = v_schedule, version = r.version + 1
    where r.tenant_id = resource.tenant_id and r.resource_id = resource.resource_id;
    return v_schedule;
end
$$;
comment on function booking.own_schedule(booking.resource) is
    'The schedule of a resource that nothing else uses: the one it has, or a new one in its zone with the same overrides, '
    'holidays and travel.';

create function booking.put_hours(tenant uuid, resource uuid, hours text)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_resource booking.resource;
    v_windows booking.hours[] := array(select h from booking.parse_hours(put_hours.hours) h);
    v_replaced booking.schedule_rule[];
    v_schedule uuid;
begin
    if put_hours.hours is null then
        raise exception 'opening hours cannot be null' using errcode = '22004';
    end if;
    -- Two who set the hours of one resource take turns, and the second replaces what the first wrote. By a lock of their
    -- own: those of the tables come in the order of the triggers, windows, schedule, resources.
    perform pg_advisory_xact_lock(hashtextextended(put_hours.resource::text, 0));
    select r.* into v_resource
    from booking.resource r
    where r.tenant_id = put_hours.tenant and r.resource_id = put_hours.resource;
    if not found then
        raise exception 'unknown tenant or resource' using errcode = 'P0002';
    end if;
    v_replaced := array(
        select w
        from booking.schedule_rule w
        where w.tenant_id = v_resource.tenant_id and w.schedule_id = v_resource.schedule_id);
    v_schedule := booking.own_schedule(v_resource);
    delete from booking.schedule_rule w
    where w.tenant_id = v_resource.tenant_id and w.schedule_id = v_schedule;
    -- After its windows: whoever changes one of them has it before the schedule, too.
    update booking.schedule s
    set zone = v_resource.zone, version = s.version + 1
    where s.tenant_id = v_resource.tenant_id and s.schedule_id = v_schedule and s.zone <> v_resource.zone;
    insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, location_id)
    select v_resource.tenant_id, v_schedule, h.weekday, h.opens, h.closes, coalesce(
        (
            select (array_agg(w.location_id))[1]
            from unnest(v_replaced) w
            having count(distinct w.location_id) = 1 and bool_and(w.location_id is not null)),
        (
            select w.location_id
            from unnest(v_replaced) w
            where (w.weekday, w.opens, w.closes) = (h.weekday, h.opens, h.closes)
            order by w.location_id
            limit 1))
    from unnest(v_windows) h;
    perform booking.recompute(v_resource.tenant_id, v_resource.resource_id);
    return v_schedule;
end
$$;
comment on function booking.put_hours(uuid, uuid, text) is
    'Sets the weekly hours of a resource in its own zone, such as ''Mo-Fr 09:00-12:00,13:00-18:00'', stores the pages of the '
    'next 60 days and returns the schedule: its own, with the overrides, holidays and travel that it had. A window of the same '
    'weekday and times keeps its location; where all windows so far had the same one, new ones get it, too. 22023, 22008: not '
    'such a text; P0002: unknown tenant or resource.';
