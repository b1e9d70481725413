-- Pages: what is open and busy, a row a UTC week. Derived from schedules, busy windows and claims, never authoritative;
-- a week without its row is computed by the same functions when it is read. Who writes them: 32_page_lock.sql.

create table booking.availability (
    tenant_id uuid not null,
    resource_id uuid not null,
    week date not null,
    unit int not null,
    open booking.slotmap,
    busy booking.slotmap,
    constraint availability_pkey primary key (tenant_id, resource_id, week, unit),
    constraint availability_resource_fkey foreign key (tenant_id, resource_id)
        references booking.resource on delete cascade,
    constraint availability_week_monday check (extract(isodow from week) = 1),
    constraint availability_open_of_resource check ((unit = 0) = (open is not null)),
    constraint availability_busy_of_unit check (unit = 0 or busy is not null)
) with (fillfactor = 70);
comment on table booking.availability is
    'Pages. Unit 0 is the resource: its hours, and its busy windows as busy. Units from 1 on have a row only where '
    'confirmed bookings claim them. A week is stored if its unit 0 is. Not dumped.';
comment on column booking.availability.week is 'Monday of the UTC week.';
comment on column booking.availability.busy is 'Only what cannot expire; live holds are read from hold and claim.';

create function booking.week_of(at timestamptz)
returns date
language sql
immutable
parallel safe
begin atomic
    select date_trunc('week', timezone('UTC', at))::date;
end;
comment on function booking.week_of(timestamptz) is 'Monday of the UTC week of an instant.';

create function booking.weeks_span(first_week date, last_week date)
returns tstzrange
language sql
immutable
parallel safe
begin atomic
    select tstzrange(timezone('UTC', first_week::timestamp), timezone('UTC', (last_week + 7)::timestamp));
end;
comment on function booking.weeks_span(date, date) is 'The instants of the UTC weeks from the first Monday to the last, both included.';

create function booking.busy_maps(tenant uuid, resource uuid, grain int, span tstzrange)
returns table (unit int, busy booking.slotmap)
language sql
stable
parallel safe
rows 2
begin atomic
    select 0, booking.slotmap_agg(booking.slotmap_cover(b.span * busy_maps.span, grain))
    from booking.busy_window b
    where b.tenant_id = tenant and b.resource_id = resource and b.span && busy_maps.span
    having count(*) > 0
    union all
    select c.unit, booking.slotmap_agg(booking.slotmap_cover(c.span * busy_maps.span, grain))
    from booking.claim c
    where c.tenant_id = tenant and c.resource_id = resource and c.span && busy_maps.span and c.booking_id is not null
    group by c.unit;
end;
comment on function booking.busy_maps(uuid, uuid, int, tstzrange) is
    'What is busy for good in a span, from scratch: unit 0 by busy windows, the others by claims of bookings. No row where '
    'nothing is.';

create function booking.computed_busy(tenant uuid, resource uuid, first_week date, last_week date)
returns table (week date, unit int, busy booking.slotmap)
language plpgsql
stable
parallel safe
rows 5
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- One map a unit, which is then cut into weeks: to join the rows to the weeks took 5.5 of 6 ms for a year of 800 claims.
    return query
        with taken as materialized (
            select b.unit, b.busy
            from booking.resource r
            cross join lateral booking.busy_maps(
                r.tenant_id, r.resource_id, r.grain, booking.weeks_span(first_week, last_week)) b
            where r.tenant_id = computed_busy.tenant and r.resource_id = computed_busy.resource)
        select c.week, c.unit, c.busy
        from (
            select w.week::date as week, t.unit,
                t.busy * booking.slotmap_cover(booking.weeks_span(w.week::date, w.week::date), booking.grain(t.busy)) as busy
            from taken t
            cross join generate_series(first_week::timestamp, last_week::timestamp, interval '7 days') w (week)
            offset 0) c
        where not booking.isempty(c.busy);
end
$$;
comment on function booking.computed_busy(uuid, uuid, date, date) is
    'What booking.busy_maps says, a row a week. No row where nothing is busy.';

create function booking.computed_pages(tenant uuid, resource uuid, first_week date, last_week date)
returns table (week date, unit int, open booking.slotmap, busy booking.slotmap)
language plpgsql
stable
parallel safe
rows 10
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        -- Materialized: else the hours of the whole range would be worked out for each of its weeks.
        with hours as materialized (
            select r.grain,
                booking.open_map(r.tenant_id, r.schedule_id, r.grain,
                    lower(booking.weeks_span(first_week, last_week)), upper(booking.weeks_span(first_week, last_week))) as open
            from booking.resource r
            where r.tenant_id = computed_pages.tenant and r.resource_id = computed_pages.resource),
        taken as materialized (
            select *
            from booking.computed_busy(computed_pages.tenant, computed_pages.resource, first_week, last_week))
        select w.week::date, 0, h.open * booking.slotmap_cover(booking.weeks_span(w.week::date, w.week::date), h.grain), t.busy
        from hours h
        cross join generate_series(first_week::timestamp, last_week::timestamp, interval '7 days') w (week)
        left join taken t on t.week = w.week::date and t.unit = 0
        union all
        select t.week, t.unit, null, t.busy
        from taken t
        where t.unit > 0;
end
$$;
comment on function booking.computed_pages(uuid, uuid, date, date) is
    'The pages of a resource from scratch: recompute stores its rows, verify compares with them. Both parts, open_map and '
    'computed_busy, are what reads use for weeks that are not stored.';

create type booking.resource_map as (
    resource_id uuid,
    unit int,
    open booking.slotmap,
    busy booking.slotmap,
    weeks int);
comment on type booking.resource_map is
    'What the pages of a unit say of a range, joined to one map each; weeks: how many of them are stored.';

create function booking.resource_maps(tenant uuid, resource uuid, first_week date, last_week date)
returns booking.resource_map[]
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
declare
    v_maps booking.resource_map[] := array(
        select (a.resource_id, a.unit, booking.slotmap_agg(a.open), booking.slotmap_agg(a.busy), count(*))::booking.resource_map
        from booking.availability a
        where a.tenant_id = resource_maps.tenant and a.resource_id = resource_maps.resource
            and a.week between first_week and last_week
        group by a.resource_id, a.unit);
begin
    if exists (select from unnest(v_maps) m where m.unit = 0 and m.weeks > (last_week - first_week) / 7) then
        return v_maps;
    end if;
    return booking.computed_maps(tenant, array[resource], first_week, last_week);
end
$$;
comment on function booking.resource_maps(uuid, uuid, date, date) is
    'The pages of a resource over a range of weeks, joined to one map a unit: stored weeks as stored, others computed.';

create function booking.computed_maps(tenant uuid, resources uuid[], first_week date, last_week date)
returns booking.resource_map[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return array(
        with stored as materialized (
            select a.resource_id, a.week, a.unit, a.open, a.busy
            from booking.availability a
            where a.tenant_id = tenant and a.resource_id = any (resources) and a.week between first_week and last_week),
        -- Runs of weeks that are not stored, each computed in one go.
        run as materialized (
            select r.resource_id, r.schedule_id, r.grain, booking.weeks_span(lower(m.weeks), upper(m.weeks) - 7) as span
            from (
                select p.resource_id, datemultirange(daterange(first_week, last_week + 7)) - range_agg(p.weeks) as weeks
                from (
                    select resource_id, 'empty'::daterange as weeks
                    from unnest(resources) u (resource_id)
                    union all
                    select resource_id, daterange(week, week + 7)
                    from stored
                    where unit = 0) p
                group by p.resource_id) u
            join booking.resource r
                on r.tenant_id = tenant and r.resource_id = u.resource_id and r.resource_id = any (resources)
            cross join lateral unnest(u.weeks) m (weeks)),
        -- Many resources may share one schedule: its hours are worked out once.
        hours as (
            select array_agg(r.resource_id) as resources,
                booking.open_map(tenant, r.schedule_id, r.grain, lower(r.span), upper(r.span)) as open
            from run r
            group by r.schedule_id, r.grain, r.span),
        page as (
            select s.resource_id, s.unit, s.open, s.busy, 1 as weeks
            from stored s
            union all
            select u.resource_id, 0, h.open, null, 0
            from hours h
            cross join lateral unnest(h.resources) u (resource_id)
            union all
            select r.resource_id, b.unit, null, b.busy, 0
            from run r
            cross join lateral booking.busy_maps(tenant, r.resource_id, r.grain, r.span) b)
        select (p.resource_id, p.unit, booking.slotmap_agg(p.open), booking.slotmap_agg(p.busy), sum(p.weeks))::booking.resource_map
        from page p
        group by p.resource_id, p.unit);
end
$$;
comment on function booking.computed_maps(uuid, uuid[], date, date) is
    'The same of several resources, where some weeks may not be stored.';
