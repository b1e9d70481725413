-- Opening hours as people write them: 'Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00; We off', days and times as in the
-- opening_hours notation of OpenStreetMap. Windows add up; off takes away what was said of its days before.
-- put_hours sets those of one resource in one call. Next: 72_heartbeat.sql.

create type booking.hours as (weekday smallint, opens time, closes time);
comment on type booking.hours is 'A weekly window: ISO weekday, wall clock from and to.';

create function booking.parse_hours(hours text)
returns setof booking.hours
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    c_days constant text[] := array['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'];
    v_windows booking.hours[] := '{}';
    v_weekdays int[];
    v_part text;
    v_match text[];
    v_days text;
    v_window text;
    v_opens time;
    v_closes time;
    v_first int;
    v_last int;
begin
    if lower(btrim(hours)) = '24/7' then
        return query select d::smallint, time '00:00', time '24:00' from generate_series(1, 7) d;
        return;
    end if;
    for v_part in select btrim(p) from regexp_split_to_table(lower(hours), ';') p where btrim(p) <> '' loop
        v_match := regexp_match(v_part,
            '^((?:mo|tu|we|th|fr|sa|su)(?:\s*[-,]\s*(?:mo|tu|we|th|fr|sa|su))*)\s+(off|closed|\d\d?:\d\d\s*-\s*\d\d?:\d\d(?:\s*,\s*\d\d?:\d\d\s*-\s*\d\d?:\d\d)*)$');
        if v_match is null then
            raise exception 'invalid opening hours: "%"', v_part
                using errcode = '22023', hint = 'Write them like Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00.';
        end if;
        v_weekdays := '{}';
        foreach v_days in array regexp_split_to_array(v_match[1], '\s*,\s*') loop
            v_first := array_position(c_days, left(v_days, 2));
            v_last := array_position(c_days, right(v_days, 2));
            -- Sa-Mo goes over the week's end.
            v_weekdays := v_weekdays || array(
                select 1 + (v_first - 1 + d) % 7 from generate_series(0, (v_last - v_first + 7) % 7) d);
        end loop;
        if v_match[2] in ('off', 'closed') then
            v_windows := array(select w from unnest(v_windows) w where w.weekday <> all (v_weekdays));
            continue;
        end if;
        foreach v_window in array regexp_split_to_array(v_match[2], '\s*,\s*') loop
            begin
                v_opens := btrim(split_part(v_window, '-', 1))::time;
                v_closes := btrim(split_part(v_window, '-', 2))::time;
            exception when datetime_field_overflow then
                raise exception 'invalid time in opening hours: "%"', v_window using errcode = '22008';
            end;
            if v_closes <= v_opens then
                raise exception 'opening hours end before they start: "%"', v_window
                    using errcode = '22023', hint = 'Hours across midnight are two windows: 22:00-24:00 and, on the next day, 00:00-02:00.';
            end if;
            v_windows := v_windows || array(select (d, v_opens, v_closes)::booking.hours from unnest(v_weekdays) d);
        end loop;
    end loop;
    return query select distinct w.weekday, w.opens, w.closes from unnest(v_windows) w;
end
$$;
comment on function booking.parse_hours(text) is
    'The weekly windows of a text such as ''Mo-Fr 09:00-12:00,13:00-18:00; Sa off'', or ''24/7''. 22023, 22008: not such a text.';

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
