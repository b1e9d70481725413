-- Opening hours: from wall-clock windows to instants. An instant is open iff its wall clock, in the zone of the
-- schedule, lies in a window of that local date. AT TIME ZONE alone cannot say so: it has one answer for the hour that
-- an overlap repeats. So time is cut where the offset of the zone changes, and within a cut the clock is plain arithmetic.
-- Next: 31_page.sql.

create function booking.utc_offset(zone text, at timestamptz)
returns interval
language sql
immutable
parallel safe
begin atomic
    select timezone(zone, at) - timezone('UTC', at);
end;
comment on function booking.utc_offset(text, timestamptz) is 'What the clocks of a zone are ahead of UTC at an instant.';

create function booking.zone_offsets(zone text, from_ts timestamptz, to_ts timestamptz)
returns table (starts_at timestamptz, ends_at timestamptz, utc_offset interval)
language plpgsql
immutable
parallel safe
rows 2
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_change record;
    v_same timestamptz;
    v_other timestamptz;
    v_middle timestamptz;
begin
    if not isfinite(from_ts) or not isfinite(to_ts) then
        raise exception 'a range of instants cannot be infinite' using errcode = '22008';
    end if;
    starts_at := from_ts;
    -- Sampled once a day: the database has no zone that changes there and back within 24 hours.
    for v_change in
        select s.at, s.next_at, s.ahead, s.next_ahead
        from (
            select d.at, lead(d.at) over w as next_at, d.ahead, lead(d.ahead) over w as next_ahead
            from (
                select t.at, booking.utc_offset(zone, t.at) as ahead
                from (
                    select generate_series(from_ts, to_ts, interval '24 hours') as at
                    union
                    select to_ts) t) d
            window w as (order by d.at)) s
        where s.ahead <> s.next_ahead
        order by s.at
    loop
        v_same := v_change.at;
        v_other := v_change.next_at;
        while v_other - v_same > interval '1 second' loop
            v_middle := to_timestamp(floor(extract(epoch from v_same) / 2 + extract(epoch from v_other) / 2));
            if v_middle <= v_same then
                v_middle := v_same + interval '1 second';
            end if;
            if booking.utc_offset(zone, v_middle) = v_change.ahead then
                v_same := v_middle;
            else
                v_other := v_middle;
            end if;
        end loop;
        ends_at := date_trunc('second', v_other);
        utc_offset := v_change.ahead;
        return next;
        starts_at := ends_at;
    end loop;
    ends_at := to_ts;
    utc_offset := booking.utc_offset(zone, starts_at);
    return next;
end
$$;
comment on function booking.zone_offsets(text, timestamptz, timestamptz) is
    'The stretches of a range, in order, in which a zone keeps one offset to UTC.';

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

create function booking.local_midnights(zone text, from_ts timestamptz, to_ts timestamptz)
returns timestamptz[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- The first instant of each local date that has one: 01:00 where midnight falls into a gap, no row for a date that
    -- the zone skipped.
    return (
        select array_agg(m.at order by m.at)
        from (
            select min(greatest(timezone('UTC', d.day - o.utc_offset), o.starts_at)) as at
            from booking.zone_offsets(zone, from_ts, to_ts) o
            cross join lateral generate_series(
                date_trunc('day', timezone('UTC', o.starts_at) + o.utc_offset),
                timezone('UTC', o.ends_at) + o.utc_offset,
                interval '1 day') d (day)
            where greatest(timezone('UTC', d.day - o.utc_offset), o.starts_at)
                < least(timezone('UTC', d.day + interval '1 day' - o.utc_offset), o.ends_at)
            group by d.day) m
        where m.at > from_ts);
end
$$;
comment on function booking.local_midnights(text, timestamptz, timestamptz) is
    'The first instants of the local dates that begin inside a range, in order.';
