-- The rule: when is a slot offered? One function answers, for a list of a year and for a hold of one start alike: what
-- is shown can be had, what can be had is shown. Its callers force generic plans: they depend on no argument, and making
-- custom ones took 0.9 of the 2.9 ms of a list of one resource. Next: 45_class.sql; 46_slots.sql, which lists; 55_take.sql, which takes.

create type booking.asked as (
    pool booking.pool,
    starts booking.slotmap,
    lengths interval[],
    before interval,
    after interval,
    arrivals booking.slotmap[],
    allowed booking.slotmap[]);
comment on type booking.asked is
    'What is asked of whom: the resources of a service, and the starts to ask them for. before, after: the buffers. arrivals, '
    'allowed: null, or the starts of each of the lengths and of each resource, where hours on the way do not count.';

create function booking.asked(
    service booking.service,
    from_ts timestamptz,
    to_ts timestamptz,
    minutes int,
    step int,
    grain int,
    session_hash bytea,
    now timestamptz)
returns booking.asked
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_length interval := make_interval(mins => minutes);
    v_asked booking.asked;
    v_window tstzrange;
    v_first date;
    v_last date;
    v_open booking.slotmap;
    v_arrivals booking.arrival[];
begin
    if grain is null or not booking.has_length(service, minutes) then
        return null;
    end if;
    -- Condition 3.
    v_window := booking.start_window(service, grain, from_ts, to_ts, now);
    if isempty(v_window) then
        return null;
    end if;
    v_asked.before := make_interval(mins => service.buffer_before);
    v_asked.after := make_interval(mins => service.buffer_after);
    -- The grid counts from the start of a run or from the midnight of a date that is open throughout. A run that neither
    -- starts on the local date before the first nor crosses its midnight covers it whole: two dates back, and to the end of
    -- the last date, are enough; the longest two dates in a row have 51 hours. A stay may be a day longer than its nights.
    v_first := booking.week_of(lower(v_window) - greatest(interval '52 hours', v_asked.before));
    v_last := booking.week_of(upper(v_window) + greatest(
        interval '27 hours',
        v_length + v_asked.after + case service.kind when 'stay' then interval '26 hours' else '0' end));
    v_asked.pool := booking.service_pool(service, v_first, v_last, session_hash, now);
    v_open := booking.pool_open(v_asked.pool);
    -- Condition 1.
    if v_open is null then
        return null;
    elsif service.kind = 'stay' then
        v_arrivals := booking.arrivals(service, minutes, grain, v_window);
        select booking.slotmap_agg(a.starts), array_agg(a.length), array_agg(a.starts)
        into v_asked.starts, v_asked.lengths, v_asked.arrivals
        from unnest(v_arrivals) a;
    else
        if service.schedule_id is not null then
            v_open := v_open * booking.open_map(
                service.tenant_id, service.schedule_id, grain,
                lower(booking.weeks_span(v_first, v_last)), upper(booking.weeks_span(v_first, v_last)));
        end if;
        v_asked.starts := booking.slotmap_cover(v_window, grain) * booking.grid_starts(
            service, v_open, v_length, make_interval(mins => step), grain, booking.weeks_span(v_first, v_last));
        v_asked.lengths := array[v_length];
    end if;
    if v_asked.starts is null or isempty(v_asked.starts) then
        return null;
    end if;
    if service.kind = 'stay' then
        v_asked.allowed := array(
            select case
                when r.schedule_id is null then v_asked.starts
                else v_asked.starts - booking.closed_arrivals(service, r.schedule_id, minutes, v_asked.starts)
            end
            from unnest(booking.pool_resources(v_asked.pool)) with ordinality m (resource_id, place)
            join booking.resource r on r.tenant_id = service.tenant_id and r.resource_id = m.resource_id
            order by m.place);
    elsif service.crosses_closed then
        v_asked.arrivals := array[v_asked.starts];
        v_asked.allowed := array(
            select m.open * booking.slot_ahead(m.open, v_length - make_interval(mins => grain))
            from unnest(booking.pool_opens(v_asked.pool)) with ordinality m (open, place)
            order by m.place);
    end if;
    return v_asked;
end
$$;
comment on function booking.asked(
    booking.service, timestamptz, timestamptz, int, int, int, bytea, timestamptz) is
    'The starts in a range at which a booking of so many minutes may begin by conditions 1 and 3, and who is to be asked for '
    'it; null where there are none. now is the clock of every comparison; holds of the session (its sha256) are in nobody''s way.';

create type booking.offer as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    unit int,
    units int,
    starts booking.slotmap,
    hours booking.slotmap,
    stable booking.slotmap,
    free booking.slotmap);
comment on type booking.offer is
    'A unit of a resource, or so many units from it on that nobody has ever taken in the range. starts: the grid of the '
    'service, the same in every row, which the others are to be read on; hours, where only opening hours of the resource '
    'count (null unless asked for); stable, where nothing that cannot expire is in the way; free, where no foreign live hold '
    'is either.';

create function booking.pool_offers(
    pool booking.pool,
    starts booking.slotmap,
    lengths interval[],
    before interval,
    after interval,
    arrivals booking.slotmap[],
    allowed booking.slotmap[],
    with_hours boolean)
returns booking.offer[]
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_offers_wrapper';
comment on function booking.pool_offers(
    booking.pool, booking.slotmap, interval[], interval, interval, booking.slotmap[], booking.slotmap[], boolean) is
    'Condition 2, unit by unit, of what pool_counts counts. Errors as there';

create function booking.offers(
    service booking.service,
    from_ts timestamptz,
    to_ts timestamptz,
    minutes int,
    step int,
    grain int,
    session_hash bytea,
    with_hours boolean,
    now timestamptz)
returns booking.offer[]
language plpgsql
stable
as $$
declare
    v_asked booking.asked := booking.asked(service, from_ts, to_ts, minutes, step, grain, session_hash, now);
begin
    return booking.pool_offers(
        v_asked.pool, v_asked.starts, v_asked.lengths, v_asked.before, v_asked.after, v_asked.arrivals, v_asked.allowed,
        with_hours);
end
$$;
comment on function booking.offers(
    booking.service, timestamptz, timestamptz, int, int, int, bytea, boolean, timestamptz) is
    'The starts in a range, unit by unit, at which a booking of so many minutes may begin; null where there are none.';
