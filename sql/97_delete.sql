-- Taking away. What is still in use stays, and the refusal says what uses it. Next: 97_delete_booked.sql.

create function booking.deleted(rows bigint, what text, id text)
returns void
language plpgsql
immutable
as $$
begin
    if rows = 0 then
        raise exception 'unknown %', what using errcode = 'P0002', detail = format('There is none with %s.', coalesce(id, 'null'));
    end if;
end
$$;
comment on function booking.deleted(bigint, text, text) is 'P0002 where nothing was deleted.';

create function booking.in_use(what text, users text[])
returns void
language plpgsql
immutable
as $$
begin
    if cardinality(users) > 0 then
        raise exception 'the % is in use', what
            using errcode = '23503', detail = format('By %s.', array_to_string(users[:10], ', ')),
            hint = format('Give them another %s first, or none.', what);
    end if;
end
$$;
comment on function booking.in_use(text, text[]) is '23503 where something uses it; the detail names up to ten.';

create function booking.delete_location(tenant uuid, location uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_location.tenant);
    perform booking.in_use('location', array(
        select 'resource ' || r.slug
        from booking.resource r
        where r.tenant_id = delete_location.tenant and r.location_id = delete_location.location
        union all
        select distinct 'schedule ' || s.name
        from booking.schedule s
        where s.tenant_id = delete_location.tenant and s.schedule_id in (
            select w.schedule_id
            from booking.schedule_rule w
            where w.tenant_id = delete_location.tenant and w.location_id = delete_location.location
            union all
            select o.schedule_id
            from booking.schedule_override o
            where o.tenant_id = delete_location.tenant and o.location_id = delete_location.location)));
    delete from booking.location l
    where l.tenant_id = delete_location.tenant and l.location_id = delete_location.location;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'location', delete_location.location::text);
end
$$;
comment on function booking.delete_location(uuid, uuid) is
    'Deletes a location. 23503: resources, rules or overrides are there; P0002: unknown tenant or location; 22004: no tenant.';

create function booking.delete_schedule(tenant uuid, schedule uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_schedule.tenant);
    perform booking.in_use('schedule', array(
        select 'resource ' || r.slug
        from booking.resource r
        where r.tenant_id = delete_schedule.tenant and r.schedule_id = delete_schedule.schedule
        union all
        select 'service ' || s.slug
        from booking.service s
        where s.tenant_id = delete_schedule.tenant and s.schedule_id = delete_schedule.schedule));
    delete from booking.schedule s
    where s.tenant_id = delete_schedule.tenant and s.schedule_id = delete_schedule.schedule;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'schedule', delete_schedule.schedule::text);
end
$$;
comment on function booking.delete_schedule(uuid, uuid) is
    'Deletes a schedule with its rules, overrides and travel. 23503: a resource or a service uses it; P0002: unknown tenant or '
    'schedule; 22004: no tenant.';

create function booking.delete_rule(tenant uuid, schedule uuid, rule uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_rule.tenant);
    delete from booking.schedule_rule w
    where w.tenant_id = delete_rule.tenant and w.schedule_id = delete_rule.schedule and w.rule_id = delete_rule.rule;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'rule', delete_rule.rule::text);
end
$$;
comment on function booking.delete_rule(uuid, uuid, uuid) is
    'Deletes a weekly window of a schedule; bookings in it stay. P0002: unknown tenant, schedule or rule; 22004: no tenant.';

create function booking.delete_override(tenant uuid, schedule uuid, override uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_override.tenant);
    delete from booking.schedule_override o
    where o.tenant_id = delete_override.tenant and o.schedule_id = delete_override.schedule
        and o.override_id = delete_override.override;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'override', delete_override.override::text);
end
$$;
comment on function booking.delete_override(uuid, uuid, uuid) is
    'Deletes an override of a schedule: its weekly windows hold again. P0002: unknown tenant, schedule or override; 22004: no tenant.';

create function booking.delete_busy_window(tenant uuid, busy_window uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_busy_window.tenant);
    delete from booking.busy_window w
    where w.tenant_id = delete_busy_window.tenant and w.busy_window_id = delete_busy_window.busy_window;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'busy window', delete_busy_window.busy_window::text);
end
$$;
comment on function booking.delete_busy_window(uuid, uuid) is
    'Deletes a busy window: its time can be had again. P0002: unknown tenant or busy window; 22004: no tenant.';

create function booking.delete_member(tenant uuid, user_id text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_rows bigint;
begin
    perform booking.check_known(delete_member.tenant);
    perform booking.check_owner_left(delete_member.tenant, delete_member.user_id);
    delete from booking.member m
    where m.tenant_id = delete_member.tenant and m.user_id = delete_member.user_id;
    get diagnostics v_rows = row_count;
    perform booking.deleted(v_rows, 'member', delete_member.user_id);
end
$$;
comment on function booking.delete_member(uuid, text) is
    'Takes a member from a tenant, for owners of it. 23001: the last owner stays; P0002: unknown tenant or member, also for '
    'members who may not do this; 22004: no tenant.';
