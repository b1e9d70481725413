-- When a stay may start, before anybody is asked who is free: the arrivals. For slots and free spans service_starts says it.
-- Next: 44_offer.sql.

create type booking.arrival as (minutes int, starts booking.slotmap);
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
        select array_agg((l.minutes, l.starts)::booking.arrival)
        from (
            select (extract(epoch from e.ends_at - d.starts_at) / 60)::int as minutes,
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
