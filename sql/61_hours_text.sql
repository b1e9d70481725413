-- Opening hours as people write them: 'Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00', the days and times of the
-- opening_hours notation of OpenStreetMap. Next: 70_public.sql.

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
        continue when v_match[2] in ('off', 'closed');
        foreach v_days in array regexp_split_to_array(v_match[1], '\s*,\s*') loop
            v_first := array_position(c_days, left(v_days, 2));
            v_last := array_position(c_days, right(v_days, 2));
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
                -- Sa-Mo goes over the week's end.
                return query
                    select (1 + (v_first - 1 + d) % 7)::smallint, v_opens, v_closes
                    from generate_series(0, (v_last - v_first + 7) % 7) d;
            end loop;
        end loop;
    end loop;
end
$$;
comment on function booking.parse_hours(text) is
    'The weekly windows of a text such as ''Mo-Fr 09:00-12:00,13:00-18:00; Sa off'', or ''24/7''. 22023, 22008: not such a text.';

create function booking.put_hours(tenant uuid, resource uuid, hours text)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_resource booking.resource;
    v_windows booking.hours[] := array(select h from booking.parse_hours(put_hours.hours) h);
begin
    if put_hours.hours is null then
        raise exception 'opening hours cannot be null' using errcode = '22004';
    end if;
    select r.* into v_resource
    from booking.resource r
    where r.tenant_id = put_hours.tenant and r.resource_id = put_hours.resource;
    if not found then
        raise exception 'unknown tenant or resource' using errcode = 'P0002';
    end if;
    -- A schedule that others share is theirs too: this resource gets one of its own.
    if v_resource.schedule_id is null or exists (
        select
        from booking.resource r
        where r.tenant_id = v_resource.tenant_id and r.schedule_id = v_resource.schedule_id
            and r.resource_id <> v_resource.resource_id)
    then
        insert into booking.schedule (tenant_id, name, zone)
        values (v_resource.tenant_id, v_resource.name, v_resource.zone)
        returning schedule_id into v_resource.schedule_id;
        update booking.resource r
        set schedule_id = v_resource.schedule_id, version = r.version + 1
        where r.tenant_id = v_resource.tenant_id and r.resource_id = v_resource.resource_id;
    end if;
    delete from booking.schedule_rule w
    where w.tenant_id = v_resource.tenant_id and w.schedule_id = v_resource.schedule_id;
    insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
    select distinct v_resource.tenant_id, v_resource.schedule_id, h.weekday, h.opens, h.closes
    from unnest(v_windows) h;
    perform booking.recompute(v_resource.tenant_id, v_resource.resource_id);
    return v_resource.schedule_id;
end
$$;
comment on function booking.put_hours(uuid, uuid, text) is
    'Sets the weekly hours of a resource in its own zone, such as ''Mo-Fr 09:00-12:00,13:00-18:00'', stores the pages of the '
    'next 60 days and returns the schedule. Overrides stay. 22023, 22008: not such a text; P0002: unknown tenant or resource.';
