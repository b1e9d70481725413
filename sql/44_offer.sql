-- The rule: when is a slot offered? One function answers, for a list of a year and for a hold of one start alike: what
-- is shown can be had, what can be had is shown. Its callers force generic plans: they depend on no argument, and making
-- custom ones took 0.9 of the 2.9 ms of a list of one resource. Next: 45_class.sql; 47_slots.sql, which lists; 56_take.sql, which takes.

create type booking.asked as (starts booking.slotmap, lengths int[], arrivals booking.slotmap[], allowed booking.slotmap[]);
comment on type booking.asked is
    'What the resources of a service are asked for: starts of bookings of so many minutes. arrivals, allowed: null, or the '
    'starts of each of the lengths and of each resource, where hours on the way do not count.';

create function booking.asked(
    question booking.question,
    pool booking.pool,
    read tstzrange,
    from_ts timestamptz,
    to_ts timestamptz)
returns booking.asked
language plpgsql
stable
-- booking.answer turns it off. Below here a scan that cannot be helped would then count for 10,000,000,000, and the query
-- around it be compiled, which takes half a second.
set enable_seqscan = on
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_open booking.slotmap := booking.pool_open(pool);
    v_asked booking.asked;
begin
    if v_service.kind = 'stay' then
        if v_open is not null then
            v_asked := booking.asked_stay(question, pool, from_ts, to_ts);
        end if;
        return v_asked;
    elsif v_service.schedule_id is not null then
        v_open := v_open * booking.open_map(
            v_service.tenant_id, v_service.schedule_id, question.grain, lower(read), upper(read));
    end if;
    v_asked.starts := booking.service_starts(
        v_open, from_ts, to_ts, question.minutes, question.step, v_service.crosses_closed, case
            -- Midnights matter to a date that is open throughout; since 1957 the shortest one anywhere has had 16 hours.
            -- To work out those of a month costs 0.1 ms.
            when booking.has_run(v_open, 14 * 60) then booking.local_midnights(v_service.zone, lower(read), upper(read))
        end);
    v_asked.lengths := array[question.minutes];
    if v_service.crosses_closed then
        v_asked.arrivals := array[v_asked.starts];
        v_asked.allowed := array(
            select m.open * booking.slot_ahead(m.open, make_interval(mins => question.minutes - question.grain))
            from unnest(booking.pool_opens(pool)) with ordinality m (open, place)
            order by m.place);
    end if;
    return v_asked;
end
$$;
comment on function booking.asked(booking.question, booking.pool, tstzrange, timestamptz, timestamptz) is
    'Condition 1: the starts in a range at which a booking may begin, whoever is free. read: the weeks of the pool.';

create function booking.asked_stay(question booking.question, pool booking.pool, from_ts timestamptz, to_ts timestamptz)
returns booking.asked
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_asked booking.asked;
begin
    select booking.slotmap_agg(a.starts), array_agg(a.minutes), array_agg(a.starts)
    into v_asked.starts, v_asked.lengths, v_asked.arrivals
    from unnest(booking.arrivals(v_service, question.minutes, question.grain, tstzrange(from_ts, to_ts))) a;
    if v_asked.starts is null then
        return v_asked;
    end if;
    v_asked.allowed := array(
        select case
            when r.schedule_id is null then v_asked.starts
            else v_asked.starts - booking.closed_arrivals(v_service, r.schedule_id, question.minutes, v_asked.starts)
        end
        from unnest(booking.pool_resources(pool)) with ordinality m (resource_id, place)
        join booking.resource r on r.tenant_id = v_service.tenant_id and r.resource_id = m.resource_id
        order by m.place);
    return v_asked;
end
$$;
comment on function booking.asked_stay(booking.question, booking.pool, timestamptz, timestamptz) is
    'Condition 1 for stays: the arrivals in a range.';

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
    'A unit of a resource, or the lowest of so many, alike, that nobody has in the range. starts: the grid of the '
    'service, the same in every row, which the others are to be read on; hours, where only opening hours of the resource '
    'count (null unless asked for); stable, where nothing that cannot expire is in the way; free, where no foreign live hold '
    'is either.';

create function booking.pool_offers(
    pool booking.pool,
    starts booking.slotmap,
    lengths integer[],
    before integer,
    after integer,
    arrivals booking.slotmap[],
    allowed booking.slotmap[],
    with_hours boolean)
returns booking.offer[]
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'pool_offers_wrapper';
comment on function booking.pool_offers(
    booking.pool, booking.slotmap, integer[], integer, integer, booking.slotmap[], booking.slotmap[], boolean) is
    'Condition 2, unit by unit, of what pool_counts counts. Errors as there';

create type booking.answer as (
    resources uuid[],
    starts booking.slotmap,
    free int[],
    stable int[],
    offers booking.offer[]);
comment on type booking.answer is
    'The starts that a service has by conditions 1 and 3, and the resources that were asked: either how many bookings fit at '
    'each start, and how many had foreign holds not been, or every unit by itself.';

create function booking.answer(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    session_hash bytea,
    now timestamptz,
    holds text,
    with_hours boolean default false)
returns booking.answer
language plpgsql
stable
-- A generic plan takes every service for one of many members, which a small table is quickest read through for.
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_from timestamptz := greatest(from_ts, booking.local_plus(now, v_service.min_notice, v_service.zone));
    v_to timestamptz := least(to_ts, booking.local_plus(now, v_service.horizon, v_service.zone));
    v_first date;
    v_last date;
    v_read tstzrange;
begin
    -- Condition 3.
    if v_service.bookable <> '(,)' then
        v_from := greatest(v_from, booking.date_start(lower(v_service.bookable), v_service.zone));
        v_to := least(v_to, booking.date_start(upper(v_service.bookable), v_service.zone));
    end if;
    if v_from >= v_to or question.grain is null or not booking.has_length(v_service, question.minutes) then
        return null;
    end if;
    -- The grid counts from the start of a run or from the midnight of a date that is open throughout. A run that neither
    -- starts on the local date before the first nor crosses its midnight covers it whole: two dates back, and to the end of
    -- the last date, are enough; the longest two dates in a row have 51 hours. A stay may be a day longer than its nights.
    v_first := booking.week_of(v_from - greatest(interval '52 hours', make_interval(mins => v_service.buffer_before)));
    v_last := booking.week_of(v_to + greatest(interval '27 hours', make_interval(
        mins => question.minutes + v_service.buffer_after + case v_service.kind when 'stay' then 26 * 60 else 0 end)));
    v_read := booking.weeks_span(v_first, v_last);
    -- All in one statement, so that a pool, 220 kB of 200 resources, is copied by nobody: eight copies took 0.4 ms.
    return (
        select (
            booking.pool_resources(p.pool), a.starts,
            case
                when answer.holds is not null
                    then booking.pool_counts(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        answer.holds <> 'ignore')
            end,
            case
                when answer.holds = 'mark'
                    then booking.pool_counts(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        false)
            end,
            case
                when answer.holds is null
                    then booking.pool_offers(
                        p.pool, a.starts, a.lengths, v_service.buffer_before, v_service.buffer_after, a.arrivals, a.allowed,
                        with_hours)
            end)::booking.answer
        from (
            select case
                when booking.pool_weeks(s.pool) > (v_last - v_first) / 7 then s.pool
                else booking.computed_pool(s.pool, v_service.tenant_id, v_first, v_last)
            end as pool
            from (
                select booking.pool_agg(
                    q.requirement_id, q.pick, m.resource_id, m.capacity, u.unit, u.open, u.busy, u.held) as pool
                from booking.service_requirement q
                -- OFFSET 0: one by one along primary keys, whatever the planner thinks of their number.
                left join lateral (
                    select r.resource_id, r.capacity, r.grain
                    from booking.requirement_resource x
                    cross join lateral (
                        select r.resource_id, r.capacity, r.grain
                        from booking.resource r
                        where r.tenant_id = x.tenant_id and r.resource_id = x.resource_id and r.active
                        offset 0) r
                    where x.tenant_id = q.tenant_id and x.service_id = q.service_id and x.requirement_id = q.requirement_id
                    offset 0) m on true
                left join lateral (
                    select a.unit, a.open, a.busy, false as held
                    from booking.availability a
                    where a.tenant_id = v_service.tenant_id and a.resource_id = m.resource_id
                        and a.week between v_first and v_last
                    union all
                    -- Condition 5: foreign live holds.
                    select c.unit, null, booking.slotmap_cover(c.span * v_read, m.grain), true
                    from booking.claim c
                    where c.tenant_id = v_service.tenant_id and c.resource_id = m.resource_id and c.booking_id is null
                        and c.span && v_read
                        and (
                            select h.expires_at > answer.now and (h.session_hash = answer.session_hash) is not true
                            from booking.hold h
                            where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id)
                    offset 0) u on true
                where q.tenant_id = v_service.tenant_id and q.service_id = v_service.service_id) s
            offset 0) p
        cross join lateral booking.asked(question, p.pool, v_read, v_from, v_to) a
        where not isempty(a.starts));
end
$$;
comment on function booking.answer(booking.question, timestamptz, timestamptz, bytea, timestamptz, text, boolean) is
    'The rule, for the starts in a range; null where there are none. now is the clock of every comparison; holds of the '
    'session (its sha256) are in nobody''s way. holds: as available_slots takes it, for counts; null, for units one by one.';

create function booking.offers(
    question booking.question,
    from_ts timestamptz,
    to_ts timestamptz,
    session_hash bytea,
    with_hours boolean,
    now timestamptz)
returns booking.offer[]
language plpgsql
stable
as $$
begin
    return (booking.answer(question, from_ts, to_ts, session_hash, now, null, with_hours)).offers;
end
$$;
comment on function booking.offers(booking.question, timestamptz, timestamptz, bytea, boolean, timestamptz) is
    'The starts in a range, unit by unit, at which a booking may begin; null where there are none.';
