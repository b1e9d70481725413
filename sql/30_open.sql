-- Opening hours: from wall-clock windows to instants. An instant is open iff its wall clock, in the zone of the
-- schedule, lies in a window of that local date. Next: 31_page.sql.

create function booking.open_spans(tenant uuid, schedule uuid, from_ts timestamptz, to_ts timestamptz)
returns tstzmultirange
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        with stretch as (
            select o.starts_at, o.ends_at, o.utc_offset, d.day::date as day
            from booking.schedule s
            cross join lateral booking.zone_offsets(s.zone, from_ts, to_ts) o
            cross join lateral generate_series(
                date_trunc('day', timezone('UTC', o.starts_at) + o.utc_offset),
                timezone('UTC', o.ends_at) + o.utc_offset,
                interval '1 day') d (day)
            where s.tenant_id = open_spans.tenant and s.schedule_id = open_spans.schedule),
        ranked as (
            select d.day, v.opens, v.closes,
                rank() over (partition by d.day order by upper(v.dates) - lower(v.dates)) as width
            from (select distinct day from stretch) d
            join booking.schedule_override v
                on v.tenant_id = open_spans.tenant and v.schedule_id = open_spans.schedule and v.dates @> d.day),
        hours as (
            select s.starts_at, s.ends_at, s.utc_offset, s.day, r.opens, r.closes
            from stretch s
            join ranked r on r.day = s.day and r.width = 1 and r.opens is not null
            union all
            select s.starts_at, s.ends_at, s.utc_offset, s.day, w.opens, w.closes
            from stretch s
            join booking.schedule_rule w
                on w.tenant_id = open_spans.tenant and w.schedule_id = open_spans.schedule
                and w.weekday = extract(isodow from s.day) and w.valid @> s.day
            where s.day not in (select r.day from ranked r)),
        instants as (
            select greatest(timezone('UTC', h.day + h.opens - h.utc_offset), h.starts_at) as opens_at,
                least(timezone('UTC', h.day + h.closes - h.utc_offset), h.ends_at) as closes_at
            from hours h)
        select coalesce(range_agg(tstzrange(i.opens_at, i.closes_at)), '{}')
        from instants i
        where i.opens_at < i.closes_at);
end
$$;
comment on function booking.open_spans(uuid, uuid, timestamptz, timestamptz) is
    'The instants of a range at which a schedule is open, exact to the second, not yet on any grain. '
    'For a local date: the narrowest override wins (equals merge), else the rules valid on that date.';

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
