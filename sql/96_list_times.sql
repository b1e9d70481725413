-- The hours of a tenant, as its console shows them: schedules, their windows and overrides, and busy windows. As
-- 96_list_things.sql; where many rows come at one time a cursor is time and id. Next: 97_delete.sql.

create type booking.list_cursor as (key text, id uuid);
comment on type booking.list_cursor is 'What a cursor of a list says: after which key, and after which id of those with the same.';

create function booking.read_cursor(after text, key text)
returns booking.list_cursor
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if after !~ ('^' || key || '\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') then
        raise exception 'malformed cursor' using errcode = '22023', hint = 'Give what the last row of the page before has as its cursor.';
    end if;
    return (left(after, -37), right(after, 36))::booking.list_cursor;
end
$$;
comment on function booking.read_cursor(text, text) is
    'What a cursor says whose key has the form of a regular expression; nulls for null. 22023: no such cursor.';

create type booking.listed_schedule as (
    schedule_id uuid,
    name text,
    zone text,
    holiday_set_id uuid,
    rules bigint,
    overrides bigint,
    resources uuid[],
    services uuid[],
    cursor text);
comment on type booking.listed_schedule is
    'A schedule, how many rules and overrides it has, and what uses it. cursor: where the next page begins.';

create function booking.list_schedules(tenant uuid, after text default null, max int default 100)
returns setof booking.listed_schedule
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_after booking.list_cursor := booking.read_cursor(list_schedules.after, '.*');
begin
    return query
        select s.schedule_id, s.name, s.zone, s.holiday_set_id, (
                select count(*)
                from booking.schedule_rule w
                where w.tenant_id = s.tenant_id and w.schedule_id = s.schedule_id), (
                select count(*)
                from booking.schedule_override o
                where o.tenant_id = s.tenant_id and o.schedule_id = s.schedule_id),
            array(
                select r.resource_id
                from booking.resource r
                where r.tenant_id = s.tenant_id and r.schedule_id = s.schedule_id
                order by r.slug),
            array(
                select v.service_id
                from booking.service v
                where v.tenant_id = s.tenant_id and v.schedule_id = s.schedule_id
                order by v.slug),
            s.name || '.' || s.schedule_id
        from booking.schedule s
        where s.tenant_id = list_schedules.tenant
            and (list_schedules.after is null or (s.name, s.schedule_id) > (v_after.key, v_after.id))
        order by s.name, s.schedule_id
        limit booking.check_page(list_schedules.max);
end
$$;
comment on function booking.list_schedules(uuid, text, int) is
    'The schedules of a tenant by name, at most max (1 to 1000) after a cursor. 22023: no such max, or a malformed cursor.';

create type booking.listed_rule as (
    rule_id uuid,
    schedule_id uuid,
    weekday int,
    opens time,
    closes time,
    valid daterange,
    location_id uuid);
comment on type booking.listed_rule is 'A weekly window of a schedule.';

create function booking.list_rules(tenant uuid, schedule uuid)
returns setof booking.listed_rule
language plpgsql
stable
rows 20
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select w.rule_id, w.schedule_id, w.weekday::int, w.opens, w.closes, w.valid, w.location_id
        from booking.schedule_rule w
        where w.tenant_id = list_rules.tenant and w.schedule_id = list_rules.schedule
        order by w.valid, w.weekday, w.opens, w.rule_id;
end
$$;
comment on function booking.list_rules(uuid, uuid) is 'All weekly windows of a schedule: by the dates on which they are valid, then by weekday and time.';

create type booking.listed_override as (
    override_id uuid,
    schedule_id uuid,
    dates daterange,
    opens time,
    closes time,
    location_id uuid,
    reason text,
    cursor text);
comment on type booking.listed_override is 'A replacement of hours on some dates; without times: closed. cursor: where the next page begins.';

create function booking.list_overrides(
    tenant uuid,
    schedule uuid,
    from_date date default null,
    to_date date default null,
    after text default null,
    max int default 100)
returns setof booking.listed_override
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_after booking.list_cursor := booking.read_cursor(list_overrides.after, '-?\d{1,8}');
begin
    return query
        select o.override_id, o.schedule_id, o.dates, o.opens, o.closes, o.location_id, o.reason,
            lower(o.dates) - date 'epoch' || '.' || o.override_id
        from booking.schedule_override o
        where o.tenant_id = list_overrides.tenant and o.schedule_id = list_overrides.schedule
            and (list_overrides.from_date is null or upper(o.dates) > list_overrides.from_date)
            and (list_overrides.to_date is null or lower(o.dates) < list_overrides.to_date)
            and (list_overrides.after is null
                or (lower(o.dates) - date 'epoch', o.override_id) > (v_after.key::int, v_after.id))
        order by lower(o.dates), o.override_id
        limit booking.check_page(list_overrides.max);
end
$$;
comment on function booking.list_overrides(uuid, uuid, date, date, text, int) is
    'The overrides of a schedule that touch local dates from from_date to before to_date, by their first date, at most max (1 to '
    '1000) after a cursor. 22023: no such max, or a malformed cursor.';

create index busy_window_start on booking.busy_window (tenant_id, booking.span_start(span), busy_window_id);

create type booking.listed_busy_window as (
    busy_window_id uuid,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    reason text,
    connection_id uuid,
    external_id text,
    cursor text);
comment on type booking.listed_busy_window is 'External busy time of a resource. cursor: where the next page begins.';

create function booking.list_busy_windows(
    tenant uuid,
    from_ts timestamptz default null,
    to_ts timestamptz default null,
    resource uuid default null,
    after text default null,
    max int default 100)
returns setof booking.listed_busy_window
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_after booking.list_cursor := booking.read_cursor(list_busy_windows.after, '-?\d{1,18}');
    v_at timestamptz := coalesce(timestamptz 'epoch' + v_after.key::bigint * interval '1 microsecond', '-infinity');
    v_id uuid := coalesce(v_after.id, '00000000-0000-0000-0000-000000000000');
begin
    return query
        select w.busy_window_id, w.resource_id, lower(w.span), upper(w.span), w.reason, w.connection_id, w.external_id,
            (extract(epoch from lower(w.span)) * 1000000)::bigint || '.' || w.busy_window_id
        from booking.busy_window w
        where w.tenant_id = list_busy_windows.tenant
            and (booking.span_start(w.span), w.busy_window_id) > (v_at, v_id)
            -- None is longer than ten years: so the index finds where to begin.
            and booking.span_start(w.span) >= coalesce(list_busy_windows.from_ts - interval '3701 days', '-infinity')
            and booking.span_start(w.span) < coalesce(list_busy_windows.to_ts, 'infinity')
            and upper(w.span) > coalesce(list_busy_windows.from_ts, '-infinity')
            and (list_busy_windows.resource is null or w.resource_id = list_busy_windows.resource)
        order by booking.span_start(w.span), w.busy_window_id
        limit booking.check_page(list_busy_windows.max);
end
$$;
comment on function booking.list_busy_windows(uuid, timestamptz, timestamptz, uuid, text, int) is
    'The busy windows of a tenant, or of one resource, that overlap a range, by their start, at most max (1 to 1000) after a cursor; '
    'those of no length have no time and are left out. 22023: no such max, or a malformed cursor; 22008: instants out of range.';
