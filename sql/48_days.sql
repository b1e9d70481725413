-- available_days: which dates have anything, for the calendar that comes before the list. Next: 49_held_spans.sql.

create type booking.available_day as (day date, available boolean, slots int);
comment on type booking.available_day is 'A local date: is any start offered on it, and how many are.';

create function booking.available_days(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    zone text default null,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    step interval default null,
    as_of timestamptz default null)
returns setof booking.available_day
language plpgsql
stable
rows 40
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_service booking.service := booking.the_service(tenant, service);
    v_zone text := coalesce(zone, v_service.zone);
    v_listing booking.listing;
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_zone(v_zone);
    -- The rule is asked here and nowhere else: what is counted is what is listed.
    v_listing := booking.listed(
        tenant, service, from_ts, to_ts, available_days.duration, available_days.resource, available_days.session_id,
        available_days.holds, false, available_days.step, available_days.as_of);

    -- A date is what the wall says, not a stretch of 24 hours: it may be cut in two by an overlap, or be skipped.
    return query
        select d.day, count(s.day) > 0, count(s.day)::int
        from (
            select distinct timezone(v_zone, m.at)::date as day
            from unnest(from_ts || booking.local_midnights(v_zone, from_ts, to_ts)) m (at)
            where from_ts < to_ts) d
        left join (
            select timezone(v_zone, u.at)::date as day
            from unnest(v_listing.starts, v_listing.free) u (at, free)
            where u.free > 0) s using (day)
        group by d.day
        order by d.day;
end
$$;
comment on function booking.available_days(
    uuid, uuid, timestamptz, timestamptz, text, interval, uuid, text, text, interval, timestamptz) is
    'The local dates that a range touches, in order, each with the number of starts that available_slots, asked the same, lists '
    'on it as available: from_ts <= starts_at < to_ts, so a first or last date may count in part. zone: the viewer''s, an '
    'IANA name, default the service''s. holds: hide and mark count alike; all else, and the errors, as in available_slots. '
    '22023 also for an unknown zone.';
