-- When a booking may start, before anybody is asked who is free: the grid of slots and free spans, the arrivals of stays.
-- Next: 44_offer.sql.

create function booking.grid_starts(
    service booking.service,
    open booking.slotmap,
    length interval,
    step interval,
    grain int,
    read tstzrange)
returns booking.slotmap
language plpgsql
stable
as $$
declare
    v_none booking.slotmap := booking.slotmap_inside('empty', grain);
    v_starts booking.slotmap;
begin
    if service.crosses_closed then
        v_starts := open * booking.slot_ahead(open, length - make_interval(mins => grain));
    else
        v_starts := booking.slot_starts(open, v_none, length, '0', '0');
    end if;
    if step is null then
        return v_starts;
    end if;
    return v_starts * booking.slot_grid(open, step, case
        -- Midnights matter to a date that is open throughout; since 1957 the shortest one anywhere has had 16 hours. To work
        -- out those of a month costs 0.1 ms.
        when not isempty(booking.slot_starts(open, v_none, '14:00', '0', '0'))
            then booking.local_midnights(service.zone, lower(read), upper(read))
    end);
end
$$;
comment on function booking.grid_starts(booking.service, booking.slotmap, interval, interval, int, tstzrange) is
    'Condition 1 on the service''s map, for slots and free spans: on the grid of step (null: every slot), with the length in '
    'one run, or with both ends open where the service crosses closed hours.';

create type booking.arrival as (length interval, starts booking.slotmap);
comment on type booking.arrival is 'Starts of stays that are equally long: a change of the clock makes a night longer or shorter.';

create function booking.arrivals(service booking.service, minutes int, grain int, starts tstzrange)
returns booking.arrival[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_nights int := minutes / 1440;
    v_first date := timezone(service.zone, lower(starts))::date - 1;
    v_last date := timezone(service.zone, upper(starts))::date;
    v_closed datemultirange := booking.closed_nights(service.tenant_id, service.schedule_id, v_first, v_last + v_nights - 1);
begin
    return (
        select array_agg((l.length, l.starts)::booking.arrival)
        from (
            select e.ends_at - d.starts_at as length,
                booking.slotmap_agg(booking.slotmap_cover(tstzrange(d.starts_at, d.starts_at, '[]'), grain)) as starts
            from (
                select v_first + n as day, timezone(service.zone, v_first + n + service.check_in) as starts_at
                from generate_series(0, v_last - v_first) n) d
            cross join lateral (
                select timezone(service.zone, d.day + v_nights + service.check_out) as ends_at) e
            where starts @> d.starts_at
                and (service.arrival_days is null or extract(isodow from d.day) = any (service.arrival_days))
                and not v_closed && daterange(d.day, d.day + v_nights)
            group by 1) l);
end
$$;
comment on function booking.arrivals(booking.service, int, int, tstzrange) is
    'Condition 1 for stays: check-in on the dates of a range that the service allows and does not close.';

create function booking.closed_arrivals(
    service booking.service,
    schedule uuid,
    minutes int,
    starts booking.slotmap)
returns booking.slotmap
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_nights int := minutes / 1440;
    v_closed datemultirange := booking.closed_nights(
        service.tenant_id, schedule, timezone(service.zone, lower(starts))::date,
        timezone(service.zone, upper(starts))::date + v_nights - 1);
begin
    if isempty(v_closed) then
        return starts - starts;
    end if;
    return (
        select coalesce(booking.slotmap_agg(booking.slotmap_cover(tstzrange(s.at, s.at, '[]'), booking.grain(starts))), starts - starts)
        from booking.slot_series(starts) s (at)
        cross join lateral (select timezone(service.zone, s.at)::date as day) d
        where v_closed && daterange(d.day, d.day + v_nights));
end
$$;
comment on function booking.closed_arrivals(booking.service, uuid, int, booking.slotmap) is
    'Those starts of stays that have a night on a date which an override of a schedule closes.';
