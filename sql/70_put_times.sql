-- When: schedules, their weekly windows and their overrides, and busy times from outside. A window, an override or a busy
-- window is set as a whole; pages follow by the triggers of the tables. Next: 71_put_hours.sql.

create function booking.put_schedule(
    tenant uuid,
    name text default null,
    zone text default null,
    holiday_set uuid default null,
    schedule uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_schedule uuid := put_schedule.schedule;
begin
    perform booking.check_known(
        put_schedule.tenant, schedule => put_schedule.schedule, holiday_set => put_schedule.holiday_set);
    if v_schedule is not null then
        update booking.schedule s
        set name = coalesce(put_schedule.name, s.name), zone = coalesce(put_schedule.zone, s.zone),
            holiday_set_id = coalesce(put_schedule.holiday_set, s.holiday_set_id), version = s.version + 1
        where s.tenant_id = put_schedule.tenant and s.schedule_id = v_schedule;
    else
        insert into booking.schedule (tenant_id, name, zone, holiday_set_id)
        values (put_schedule.tenant, put_schedule.name, coalesce(put_schedule.zone, (
            select t.zone from booking.tenant t where t.tenant_id = put_schedule.tenant)), put_schedule.holiday_set)
        returning schedule_id into v_schedule;
    end if;
    return v_schedule;
end
$$;
comment on function booking.put_schedule(uuid, text, text, uuid, uuid) is
    'Creates a schedule, never open until it has rules, in the zone of the tenant unless another is given; or changes the one of '
    'that id: null leaves what is there. Returns its id. P0002: unknown tenant, schedule or holiday set; 22004: no tenant; '
    '22023: unknown zone; 23502: a new one without a name.';

create function booking.put_rule(
    tenant uuid,
    schedule uuid,
    weekday int,
    opens time,
    closes time,
    valid daterange default '(,)',
    location uuid default null,
    rule uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rule uuid;
begin
    perform booking.check_known(put_rule.tenant, put_rule.location, put_rule.schedule);
    if put_rule.closes <= put_rule.opens then
        raise exception 'a window ends before it starts' using errcode = '22023', hint = 'Hours across midnight are two windows: until 24:00, and from 00:00 on the next day.';
    end if;
    if put_rule.rule is null then
        insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid, location_id)
        values (
            put_rule.tenant, put_rule.schedule, put_rule.weekday, put_rule.opens, put_rule.closes,
            coalesce(put_rule.valid, '(,)'), put_rule.location)
        returning rule_id into v_rule;
        return v_rule;
    end if;
    update booking.schedule_rule w
    set weekday = put_rule.weekday, opens = put_rule.opens, closes = put_rule.closes, valid = coalesce(put_rule.valid, '(,)'),
        location_id = put_rule.location, version = w.version + 1
    where w.tenant_id = put_rule.tenant and w.schedule_id = put_rule.schedule and w.rule_id = put_rule.rule;
    if not found then
        raise exception 'unknown rule %', put_rule.rule using errcode = 'P0002';
    end if;
    return put_rule.rule;
end
$$;
comment on function booking.put_rule(uuid, uuid, int, time, time, daterange, uuid, uuid) is
    'Adds a weekly window to a schedule (ISO weekday, wall clock of its zone, local dates on which it is valid), or sets the one '
    'of that id anew. Returns its id. P0002: unknown tenant, schedule, location or rule; 22004: no tenant; 22023: it ends before it '
    'starts; 23502: a value is missing; 23514: no such weekday, or no dates.';

create function booking.put_override(
    tenant uuid,
    schedule uuid,
    dates daterange,
    opens time default null,
    closes time default null,
    location uuid default null,
    reason text default null,
    override uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_override uuid;
begin
    perform booking.check_known(put_override.tenant, put_override.location, put_override.schedule);
    if put_override.closes <= put_override.opens then
        raise exception 'a window ends before it starts' using errcode = '22023', hint = 'Hours across midnight are two windows: until 24:00, and from 00:00 on the next day.';
    elsif num_nonnulls(put_override.opens, put_override.closes) = 1 then
        raise exception 'opens and closes come together' using errcode = '22004', hint = 'Without both the dates are closed.';
    end if;
    if put_override.override is null then
        insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id, reason)
        values (
            put_override.tenant, put_override.schedule, put_override.dates, put_override.opens, put_override.closes,
            put_override.location, put_override.reason)
        returning override_id into v_override;
        return v_override;
    end if;
    update booking.schedule_override o
    set dates = put_override.dates, opens = put_override.opens, closes = put_override.closes,
        location_id = put_override.location, reason = put_override.reason, version = o.version + 1
    where o.tenant_id = put_override.tenant and o.schedule_id = put_override.schedule and o.override_id = put_override.override;
    if not found then
        raise exception 'unknown override %', put_override.override using errcode = 'P0002';
    end if;
    return put_override.override;
end
$$;
comment on function booking.put_override(uuid, uuid, daterange, time, time, uuid, text, uuid) is
    'Other hours on some local dates of a schedule: one window, or closed without times; or sets the override of that id anew. '
    'Returns its id. Several windows of the same dates are several overrides. P0002: unknown tenant, schedule, location or '
    'override; 22004: no tenant, or one time of two; 22023: it ends before it starts; 23502: no dates; 23514: dates without bounds.';

create function booking.put_busy_window(
    tenant uuid,
    resource uuid,
    span tstzrange,
    reason text default null,
    connection uuid default null,
    external_id text default null,
    busy_window uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_busy_window uuid;
begin
    perform booking.check_known(put_busy_window.tenant, resources => array[put_busy_window.resource]);
    update booking.busy_window w
    set resource_id = put_busy_window.resource, span = put_busy_window.span, reason = put_busy_window.reason,
        connection_id = put_busy_window.connection, external_id = put_busy_window.external_id, version = w.version + 1
    where w.tenant_id = put_busy_window.tenant
        and case
            when put_busy_window.busy_window is not null then w.busy_window_id = put_busy_window.busy_window
            else w.resource_id = put_busy_window.resource and w.external_id = put_busy_window.external_id
                and w.connection_id is not distinct from put_busy_window.connection
        end
    returning w.busy_window_id into v_busy_window;
    if v_busy_window is null and put_busy_window.busy_window is not null then
        raise exception 'unknown busy window %', put_busy_window.busy_window using errcode = 'P0002';
    elsif v_busy_window is null then
        insert into booking.busy_window (tenant_id, resource_id, connection_id, external_id, span, reason)
        values (
            put_busy_window.tenant, put_busy_window.resource, put_busy_window.connection, put_busy_window.external_id,
            put_busy_window.span, put_busy_window.reason)
        returning busy_window_id into v_busy_window;
    end if;
    return v_busy_window;
end
$$;
comment on function booking.put_busy_window(uuid, uuid, tstzrange, text, uuid, text, uuid) is
    'Makes a resource busy for a span of instants, or sets anew the busy window of that id, or that of the resource which came by '
    'that connection under that external id. Returns its id. What was booked stays: booking.list_bookings flags it. P0002: unknown '
    'tenant, resource or busy window; 22004: no tenant; 23502: no resource or no span; 23514: without bounds, or longer than ten years.';
