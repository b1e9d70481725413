-- Checks that table constraints share. Those in SQL are not STRICT, which would keep them from being inlined: to call one
-- costs a row that comes alone 18 us, inlined 10. So each says itself what it makes of null. That of spans, on the way of
-- every booking, is written out where it is needed, for 5 us. Next: 21_tenant.sql.

create function booking.check_zone(zone text)
returns boolean
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- No name is that long, and the list below is compared line by line.
    if length(zone) > 64 then
        raise exception 'time zone "%..." not recognized', left(zone, 64)
            using errcode = '22023', hint = 'Use an IANA name such as Europe/Berlin.';
    end if;
    -- Without digits and with a slash nothing but a file of the IANA database can match; anything else may be an
    -- abbreviation or a POSIX rule ("XYZ-3"), which have no daylight-saving history and are looked up in the list.
    if zone ~ '^[A-Za-z_-]+(/[A-Za-z_-]+)+$' or zone in ('UTC', 'GMT') then
        return timezone(zone, 'epoch'::timestamptz) is not null;
    end if;
    perform from pg_timezone_names n where lower(n.name) = lower(check_zone.zone);
    if not found then
        raise exception 'time zone "%" not recognized', zone
            using errcode = '22023', hint = 'Use an IANA name such as Europe/Berlin.';
    end if;
    return true;
end
$$;
comment on function booking.check_zone(text) is
    'True for the name of an IANA time zone; any other text raises 22023. For CHECK constraints.';

create function booking.check_slug(slug text)
returns boolean
language sql
immutable
parallel safe
begin atomic
    -- A slug that reads as a uuid could not be told from an id in a URL.
    select slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' and slug !~ '^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$';
end;
comment on function booking.check_slug(text) is
    'True for 1 to 63 lower-case letters, digits and inner hyphens that are not the form of a uuid. For CHECK constraints.';

create function booking.check_durations(durations int[])
returns boolean
language sql
immutable
parallel safe
begin atomic
    select case
        when durations is null then null
        when array_ndims(durations) = 1 and cardinality(durations) <= 100
            then array_position(durations, null) is null and 0 < all (durations) and 525600 >= all (durations)
        else false
    end;
end;
comment on function booking.check_durations(int[]) is
    'True for 1 to 100 durations, each of 1 minute to 365 days. For CHECK constraints.';

create function booking.check_weekdays(weekdays int[])
returns boolean
language sql
immutable
parallel safe
begin atomic
    select weekdays is null
        or coalesce(
            array_ndims(weekdays) = 1 and weekdays <@ array[1, 2, 3, 4, 5, 6, 7] and array_position(weekdays, null) is null, false);
end;
comment on function booking.check_weekdays(int[]) is 'True for one or more ISO weekdays, 1 to 7. For CHECK constraints.';

create function booking.check_tenant(tenant uuid)
returns void
language plpgsql
immutable
parallel safe
as $$
begin
    if tenant is null then
        raise exception 'tenant is needed' using errcode = '22004';
    end if;
end
$$;
comment on function booking.check_tenant(uuid) is
    '22004 for null. Called where nothing else would tell a tenant that was forgotten from one that has nothing.';

-- What indexes of bookings order by. lower() is not LEAKPROOF, so under row-level security a member's query can't look for it
-- before the policy has seen the row: a day's bookings among 40,000 were a scan of all of them. It gives nothing away, nor
-- does it raise.
create function booking.span_start(span tstzrange)
returns timestamptz
language internal
immutable
parallel safe
strict
leakproof
as 'range_lower';
comment on function booking.span_start(tstzrange) is 'As lower(span), for indexes that are used under row-level security, too.';
