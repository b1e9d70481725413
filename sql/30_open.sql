-- Opening hours: from wall-clock windows to instants. An instant is open iff its wall clock, in the zone of a local date,
-- lies in a window of that date. date_windows says which windows a date has; all others read them there. The SQL functions
-- are inlined, so that each of the others is one query. open_spans forces a generic plan on its own: custom ones depend on
-- nothing here and took 0.4 of its 0.6 ms; the rest are called by reads that do so themselves. Next: 31_page.sql.

create function booking.date_windows(tenant uuid, schedule uuid, from_day date, to_day date)
returns table (day date, by_override boolean, opens time, closes time, location_id uuid)
language sql
stable
parallel safe
rows 100
begin atomic
    -- What replaces rules is ranked, and that is a few rows: to rank those of the rules with them took half of all the time.
    with special as materialized (
        select s.day, s.source, s.opens, s.closes, s.location_id,
            rank() over (partition by s.day order by s.source, s.width) as place
        from (
            select greatest(lower(o.dates), from_day) + n.n as day, 1 as source, upper(o.dates) - lower(o.dates) as width,
                o.opens, o.closes, o.location_id
            from booking.schedule_override o
            cross join lateral generate_series(
                0, least(upper(o.dates), to_day) - greatest(lower(o.dates), from_day) - 1) n (n)
            where o.tenant_id = tenant and o.schedule_id = schedule and o.dates && daterange(from_day, to_day)
            union all
            select greatest(lower(h.dates), from_day) + n.n, 2, upper(h.dates) - lower(h.dates), h.opens, h.closes, null
            from booking.schedule c
            join booking.holiday h on h.tenant_id = c.tenant_id and h.holiday_set_id = c.holiday_set_id
            cross join lateral generate_series(
                0, least(upper(h.dates), to_day) - greatest(lower(h.dates), from_day) - 1) n (n)
            where c.tenant_id = tenant and c.schedule_id = schedule and h.dates && daterange(from_day, to_day)) s)
    select s.day, s.source = 1, s.opens, s.closes, s.location_id
    from special s
    where s.place = 1
    union all
    select d.day, false, r.opens, r.closes, r.location_id
    from booking.schedule_rule r
    cross join lateral generate_series(
        (r.weekday + 7 - extract(isodow from greatest(lower(r.valid), from_day))::int) % 7,
        least(upper(r.valid), to_day) - greatest(lower(r.valid), from_day) - 1, 7) n (n)
    cross join lateral (select greatest(lower(r.valid), from_day) + n.n as day) d
    where r.tenant_id = tenant and r.schedule_id = schedule and r.valid && daterange(from_day, to_day)
        and not exists (select from special s where s.day = d.day);
end;
comment on function booking.date_windows(uuid, uuid, date, date) is
    'The windows of each local date of a schedule, from_day <= day < to_day: those of its narrowest override (equals merge), '
    'else of the narrowest holiday, else of the rules valid on that date. A row without times adds nothing; a date that has '
    'only such rows is closed on purpose.';

create function booking.schedule_clocks(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns table (days datemultirange, starts_at timestamptz, ends_at timestamptz, utc_offset interval)
language sql
stable
parallel safe
rows 2
begin atomic
    with travel as (
        select t.dates, t.zone
        from booking.schedule_travel t
        where t.tenant_id = tenant and t.schedule_id = schedule
            and t.dates && daterange(timezone('UTC', from_ts)::date - 1, timezone('UTC', to_ts)::date + 2)),
    clock as (
        select s.zone, datemultirange(daterange(null, null)) - coalesce((select range_agg(t.dates) from travel t), '{}') as days
        from booking.schedule s
        where s.tenant_id = tenant and s.schedule_id = schedule
        union all
        select t.zone, datemultirange(t.dates)
        from travel t)
    select c.days, o.starts_at, o.ends_at, o.utc_offset
    from clock c
    -- A local date lies within a day of the same date in UTC.
    cross join lateral booking.zone_offsets(
        c.zone,
        greatest(from_ts, timezone('UTC', lower(c.days) - interval '24 hours')),
        least(to_ts, timezone('UTC', upper(c.days) + interval '24 hours'))) o;
end;
comment on function booking.schedule_clocks(uuid, uuid, timestamptz, timestamptz) is
    'The clocks that hang over a schedule in a range: on which local dates, and in which stretch, what they are ahead of UTC. '
    'Its zone on all dates but those on which it travels.';

create function booking.window_spans(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns table (opened_at timestamptz, span tstzrange, location_id uuid)
language sql
stable
parallel safe
rows 100
begin atomic
    -- On the wall clock, by dates first; only what is left becomes instants, by adding its offset: to look a zone up, UTC among
    -- them, costs more than all the rest.
    with clock as materialized (
        select c.days, c.utc_offset, l.starts_at, l.ends_at, l.starts_at::date as first_day, l.ends_at::date as last_day
        from booking.schedule_clocks(tenant, schedule, from_ts, to_ts) c
        cross join lateral (
            select timezone('UTC', c.starts_at) + c.utc_offset as starts_at,
                timezone('UTC', c.ends_at) + c.utc_offset as ends_at
            offset 0) l
        where c.starts_at < c.ends_at)
    select timezone(c.utc_offset, w.day + w.opens),
        tstzrange(
            timezone(c.utc_offset, greatest(w.day + w.opens, c.starts_at)),
            timezone(c.utc_offset, least(w.day + w.closes, c.ends_at))),
        w.location_id
    from clock c
    join booking.date_windows(
        tenant, schedule, timezone('UTC', from_ts)::date - 1, timezone('UTC', to_ts)::date + 2) w
        on w.day between c.first_day and c.last_day and w.day + w.opens < c.ends_at and w.day + w.closes > c.starts_at
            and c.days @> w.day;
end;
comment on function booking.window_spans(uuid, uuid, timestamptz, timestamptz) is
    'The windows of a schedule as spans, cut to a range and where an offset changes; opened_at is not cut.';

create function booking.open_spans(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns tstzmultirange
language plpgsql
stable
parallel safe
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(range_agg(w.span), '{}')
        from booking.window_spans(open_spans.tenant, open_spans.schedule, from_ts, to_ts) w);
end
$$;
comment on function booking.open_spans(uuid, uuid, timestamptz, timestamptz) is
    'The instants of a range at which a schedule is open, exact to the second, not yet on any grain. '
    'For a local date: the narrowest override wins (equals merge), else the holidays, else the rules valid on that date; on '
    'dates of travel by the clock of the other zone. 22008: a range without an end.';

create function booking.window_locations(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns table (span tstzrange, location_id uuid)
language plpgsql
stable
parallel safe
rows 100
as $$
#variable_conflict use_column
begin
    -- Each window without what those before it in that order cover. Windows that overlap, also by way of others, form an
    -- island, so that each is compared with a few.
    return query
        with beginning as (
            select w.opened_at, w.span, w.location_id,
                lower(w.span) >= max(upper(w.span)) over (
                    order by lower(w.span) rows between unbounded preceding and 1 preceding) as begins_island
            from booking.window_spans(window_locations.tenant, window_locations.schedule, from_ts, to_ts) w),
        island as (
            select b.opened_at, b.span, b.location_id, count(*) filter (where b.begins_island) over (order by lower(b.span)) as island
            from beginning b),
        covered as (
            select i.span, i.location_id,
                range_agg(i.span) over (
                    partition by i.island
                    order by i.opened_at desc, i.location_id
                    rows between unbounded preceding and 1 preceding) as spans
            from island i)
        select u.span, c.location_id
        from covered c
        cross join lateral unnest(tstzmultirange(c.span) - coalesce(c.spans, '{}')) u (span)
        where c.location_id is not null
        order by u.span;
end
$$;
comment on function booking.window_locations(uuid, uuid, timestamptz, timestamptz) is
    'Where the windows of a schedule say that it is, in time order; the spans do not overlap. Of windows that overlap the one '
    'that opened last decides, of those that opened together one with a location, the lowest id first. No row where the '
    'deciding window has none.';

create function booking.closed_dates(tenant uuid, schedule uuid, from_day date, to_day date)
returns setof date
language plpgsql
stable
parallel safe
rows 10
as $$
begin
    -- Mostly nothing is closed, and a list of stays asks for every room.
    if from_day > to_day or not exists (
        select
        from booking.schedule_override o
        where o.tenant_id = closed_dates.tenant and o.schedule_id = closed_dates.schedule and o.opens is null
            and o.dates && daterange(from_day, to_day, '[]'))
    then
        return;
    end if;
    return query
        select w.day
        from booking.date_windows(closed_dates.tenant, closed_dates.schedule, from_day, to_day + 1) w
        where w.by_override
        group by w.day
        having bool_and(w.opens is null)
        order by w.day;
end
$$;
comment on function booking.closed_dates(uuid, uuid, date, date) is
    'The local dates, from_day to to_day inclusive, that overrides of a schedule close: its narrowest ones of that date are '
    'all without times. Holidays close no date here, nor do weekdays without a window.';

create function booking.closed_nights(tenant uuid, schedule uuid, from_day date, to_day date)
returns datemultirange
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(range_agg(daterange(d.day, d.day + 1)), '{}')
        from booking.closed_dates(closed_nights.tenant, closed_nights.schedule, from_day, to_day) d (day));
end
$$;
comment on function booking.closed_nights(uuid, uuid, date, date) is
    'What booking.closed_dates says as one value, for all arrivals of a range at once.';

create function booking.open_map(tenant uuid, schedule uuid, grain int, from_ts timestamptz, to_ts timestamptz)
returns booking.slotmap
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- Windows merge before they are rounded: two that meet off the grain lose nothing where they meet.
    return (
        select coalesce(booking.slotmap_agg(booking.slotmap_inside(s.span, grain)), booking.slotmap_inside('empty', grain))
        from unnest(
            case
                when open_map.schedule is null then tstzmultirange(tstzrange(from_ts, to_ts))
                else booking.open_spans(open_map.tenant, open_map.schedule, from_ts, to_ts)
            end) s (span));
end
$$;
comment on function booking.open_map(uuid, uuid, int, timestamptz, timestamptz) is
    'The whole slots of a range in which a schedule is open; a null schedule is always open.';
