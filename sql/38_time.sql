-- Time as callers give it: ranges, durations, clocks. Some are STABLE though their answers never change: extract is, for a
-- timestamptz, and an immutable function around it would not be inlined (10 us a call). Next: 39_slot_id.sql.

create function booking.check_range(from_ts timestamptz, to_ts timestamptz)
returns void
language plpgsql
immutable
parallel safe
as $$
begin
    -- Nearly always, and all in one: each expression of its own costs 1.5 us in every transaction.
    if from_ts >= '0001-01-01 00:00+00' and to_ts <= '9999-01-01 00:00+00'
        and from_ts <= to_ts and to_ts - from_ts <= interval '400 days'
    then
        return;
    end if;
    if from_ts is null or to_ts is null then
        raise exception 'a range of instants needs both ends'
            using errcode = '22004', hint = 'Give from_ts and to_ts.';
    elsif not isfinite(from_ts) or not isfinite(to_ts) then
        raise exception 'a range of instants cannot be infinite'
            using errcode = '22008', hint = 'Give finite instants, as_of among them.';
    elsif from_ts > to_ts then
        raise exception 'from_ts must not be after to_ts'
            using errcode = '22023', detail = format('from_ts is %s, to_ts is %s.', from_ts, to_ts);
    elsif to_ts - from_ts > interval '400 days' then
        raise exception 'a range may span at most 400 days'
            using errcode = '22023', hint = 'Read it in pieces.';
    elsif from_ts < '0001-01-01 00:00+00' or to_ts > '9999-01-01 00:00+00' then
        raise exception 'a range of instants must lie in the years 1 to 9998'
            using errcode = '22008';
    end if;
end
$$;
comment on function booking.check_range(timestamptz, timestamptz) is
    '22004, 22008 or 22023 unless both ends are finite, in order and at most 400 days apart.';

create function booking.whole_minutes(duration interval)
returns int
language plpgsql
immutable
parallel safe
strict
as $$
declare
    -- Whole years are 12 months to an interval; months have no fixed length, days count 24 hours.
    v_seconds numeric := extract(epoch from duration);
begin
    if extract(year from duration) <> 0 or extract(month from duration) <> 0 then
        raise exception 'a duration cannot be given in months'
            using errcode = '22023', hint = 'Give days, hours and minutes.';
    elsif v_seconds <= 0 or v_seconds > 525600 * 60 then
        raise exception 'duration % is out of range', duration
            using errcode = '22023', hint = 'Give one minute to 365 days.';
    elsif v_seconds % 60 <> 0 then
        raise exception 'duration % is not in whole minutes', duration
            using errcode = '22023', hint = 'Leave the seconds out.';
    end if;
    return v_seconds / 60;
end
$$;
comment on function booking.whole_minutes(interval) is
    'A duration or step in minutes. 22023 where it is not positive, longer than 365 days, in months or off the minute.';

create function booking.calendar_plus(at timestamptz, amount interval, zone text)
returns timestamptz
language plpgsql
stable
parallel safe
strict
as $$
declare
    -- What is left of the interval without its months and days.
    v_clock interval := make_interval(
        hours => extract(hour from amount)::int,
        mins => extract(minute from amount)::int,
        secs => extract(second from amount)::float8);
begin
    -- Days and months by the calendar of the zone, hours and minutes as they pass, whatever the session's TimeZone.
    return timezone(zone, timezone(zone, at) + (amount - v_clock)) + v_clock;
end
$$;
comment on function booking.calendar_plus(timestamptz, interval, text) is
    'As booking.local_plus, for an interval that has days or months.';

-- Inlined.
create function booking.local_plus(at timestamptz, amount interval, zone text)
returns timestamptz
language sql
stable
parallel safe
begin atomic
    -- Only the calendar needs the wall clock: an instant in the hour that an overlap repeats does not survive the way there
    -- and back.
    select case
        when extract(day from amount) = 0 and extract(month from amount) = 0 and extract(year from amount) = 0 then at + amount
        else booking.calendar_plus(at, amount, zone)
    end;
end;
comment on function booking.local_plus(timestamptz, interval, text) is
    'An instant and an interval added up: days and months on the calendar of the zone, the rest as elapsed time.';

create function booking.date_start(day date, zone text)
returns timestamptz
language plpgsql
stable
parallel safe
strict
as $$
begin
    return (
        select min(m)
        from unnest(booking.local_midnights(
            zone, timezone('UTC', day::timestamp) - interval '40 hours', timezone('UTC', day::timestamp) + interval '64 hours')) m
        where timezone(zone, m)::date >= day);
end
$$;
comment on function booking.date_start(date, text) is
    'The first instant of a local date: also where its midnight comes twice or never. Of a date that the zone skipped, that of the next.';

create function booking.slot_ceil(at timestamptz, grain int)
returns timestamptz
language sql
stable
parallel safe
begin atomic
    select to_timestamp(ceil(extract(epoch from at) / (grain * 60)) * (grain * 60));
end;
comment on function booking.slot_ceil(timestamptz, int) is 'The first slot of a grain, in minutes, that starts at or after an instant.';
