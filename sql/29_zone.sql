-- Zones as arithmetic. AT TIME ZONE alone has one answer for the hour that an overlap repeats, and none for what a gap
-- skips; so time is cut where the offset of a zone changes, and within a cut the clock is plain addition.
-- Next: 30_open.sql, which reads opening hours so.

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
    v_same timestamptz := from_ts;
    v_other timestamptz;
    v_low int;
    v_high int;
    v_middle int;
begin
    if not isfinite(from_ts) or not isfinite(to_ts) then
        raise exception 'a range of instants cannot be infinite' using errcode = '22008';
    end if;
    starts_at := from_ts;
    utc_offset := booking.utc_offset(zone, from_ts);
    while v_same < to_ts loop
        -- The shortest stretch that the database knows is Freetown's in September 1939, 4 days less 20 minutes; since 1970
        -- Recife's in October 2000, 7 days less an hour. No step ends in the offset that it began with and misses one between.
        v_other := least(v_same + interval '72 hours', to_ts);
        if booking.utc_offset(zone, v_other) = utc_offset then
            v_same := v_other;
            continue;
        end if;
        v_low := 0;
        v_high := ceil(extract(epoch from v_other) - extract(epoch from v_same));
        while v_high - v_low > 1 loop
            v_middle := (v_low + v_high) / 2;
            if booking.utc_offset(zone, v_same + v_middle * interval '1 second') = utc_offset then
                v_low := v_middle;
            else
                v_high := v_middle;
            end if;
        end loop;
        ends_at := date_trunc('second', v_same + v_high * interval '1 second');
        return next;
        starts_at := ends_at;
        utc_offset := booking.utc_offset(zone, ends_at);
        v_same := ends_at;
    end loop;
    ends_at := to_ts;
    return next;
end
$$;
comment on function booking.zone_offsets(text, timestamptz, timestamptz) is
    'The stretches of a range, in order, in which a zone keeps one offset to UTC.';

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
