-- What is left at each start, where units, classes or limits have to be told apart: lists of integers along the starts, a
-- list a resource, not row by row. All other services are counted by booking.pool_counts alone. Next: 47_slots.sql.

create type booking.start_count as (resource_id uuid, starts booking.slotmap, free int[], stable int[]);
comment on type booking.start_count is
    'How many more bookings fit at each start, along the starts; stable: had foreign holds not been (null unless asked for). '
    'resource_id: those that use this one; null: of the service as a whole.';

create function booking.with_seats(
    counts int[],
    starts booking.slotmap,
    seats int,
    classes booking.class[],
    resource uuid,
    stable boolean)
returns int[]
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    if counts is null then
        return null;
    end if;
    return array(
        select s.count * with_seats.seats + booking.seats_left(classes, s.at, with_seats.resource, with_seats.stable)
        from unnest(booking.slot_instants(starts), counts) with ordinality s (at, count, place)
        order by s.place);
end
$$;
comment on function booking.with_seats(int[], booking.slotmap, int, booking.class[], uuid, boolean) is
    'The seats along the starts: all of the classes that could be opened, and what is left in those that are.';

create function booking.counted_starts(
    offers booking.offer[],
    limits booking.limit_room[],
    seats int,
    classes booking.class[],
    resource uuid,
    by_resource boolean,
    holds text)
returns setof booking.start_count
language plpgsql
stable
rows 5
as $$
#variable_conflict use_column
declare
    v_mark boolean := holds = 'mark';
    v_ignore boolean := holds = 'ignore';
    -- A limit of a resource admits so many bookings, that is seats, of all its classes together.
    v_seats_first boolean := classes is not null and limits is not null and 1 = all (select o.pick from unnest(offers) o);
    -- Of a team it cannot be told which classes they are: no more than all of them together.
    v_bound boolean := classes is not null and limits is not null and not v_seats_first;
begin
    return query
        with room as (
            select l.resource_id, array_agg(l.span) as spans,
                array_agg(case when v_ignore then l.stable_room else l.room end) as free, array_agg(l.stable_room) as stable
            from unnest(limits) l
            where l.resource_id is not null
            group by l.resource_id),
        -- Free units: of a resource, where it matters whose they are, else of all that a requirement picks one of.
        unit as (
            select o.starts, o.requirement_id, o.pick, o.resource_id,
                booking.slot_counts(o.starts, booking.slotmap_tally_agg(case when v_ignore then o.stable else o.free end, o.units)) as free,
                booking.slot_counts(o.starts, booking.slotmap_tally_agg(o.stable, o.units) filter (where v_mark)) as stable
            from (
                select o.starts, o.requirement_id, o.pick, o.units, o.free, o.stable,
                    case when by_resource or o.pick > 1 or limits is not null then o.resource_id end as resource_id
                from unnest(offers) o) o
            group by o.starts, o.requirement_id, o.pick, o.resource_id),
        fit as (
            select u.starts, u.requirement_id, u.pick, u.resource_id,
                case
                    when v_seats_first then booking.with_seats(u.free, u.starts, seats, classes, u.resource_id, v_ignore)
                    else u.free
                end as free,
                case
                    when v_seats_first then booking.with_seats(u.stable, u.starts, seats, classes, u.resource_id, true)
                    else u.stable
                end as stable
            from unit u),
        part as materialized (
            select f.starts, f.requirement_id, f.pick, f.resource_id,
                case
                    when r.spans is null then f.free
                    else booking.slot_least(f.free, booking.slot_caps(f.starts, r.spans, r.free))
                end as free,
                case
                    when r.spans is null then f.stable
                    else booking.slot_least(f.stable, booking.slot_caps(f.starts, r.spans, r.stable))
                end as stable,
                -- A million is any number, and 200 of them are still an integer.
                case
                    when v_bound
                        then booking.slot_caps(
                            f.starts, r.spans || tstzrange '(,)', r.free || 1000000)
                end as room
            from fit f
            left join room r on r.resource_id = f.resource_id),
        count (resource_id, starts, free, stable, room) as (
            select null::uuid, q.starts, booking.slot_least_agg(q.free), booking.slot_least_agg(q.stable),
                booking.slot_least_agg(q.room)
            from (
                select p.starts, p.requirement_id, booking.slot_fits(array_agg(p.free), count(*)::int, p.pick) as free,
                    booking.slot_fits(array_agg(p.stable) filter (where v_mark), count(*)::int, p.pick) as stable,
                    booking.slot_fits(array_agg(p.room) filter (where v_bound), count(*)::int, p.pick) as room
                from part p
                group by p.starts, p.requirement_id, p.pick) q
            where not by_resource
            group by q.starts
            union all
            -- A row of a resource counts the bookings that use it: no more than it has units, and each needs the others that
            -- its requirement picks beside it, and all of every other requirement.
            select m.resource_id, m.starts, booking.slot_least(m.free, coalesce(o.free, m.free)),
                booking.slot_least(m.stable, coalesce(o.stable, m.stable)), m.room
            from part m
            cross join lateral (
                select booking.slot_least_agg(q.free) as free, booking.slot_least_agg(q.stable) as stable
                from (
                    select booking.slot_fits(
                            array_agg(p.free), count(*)::int, p.pick - (p.requirement_id = m.requirement_id)::int) as free,
                        booking.slot_fits(
                            array_agg(p.stable) filter (where v_mark), count(*)::int,
                            p.pick - (p.requirement_id = m.requirement_id)::int) as stable
                    from part p
                    where p.requirement_id <> m.requirement_id or p.pick > 1 and p.resource_id <> m.resource_id
                    group by p.requirement_id, p.pick) q) o
            where by_resource and m.resource_id = coalesce(counted_starts.resource, m.resource_id))
        select c.resource_id, c.starts,
            case
                when classes is null or v_seats_first then c.free
                else (
                    select coalesce(booking.slot_least(w.free, c.room), w.free)
                    from (select booking.with_seats(c.free, c.starts, seats, classes, c.resource_id, v_ignore) as free) w)
            end,
            case
                when classes is null or v_seats_first then c.stable
                else booking.with_seats(c.stable, c.starts, seats, classes, c.resource_id, true)
            end
        from count c;
end
$$;
comment on function booking.counted_starts(
    booking.offer[], booking.limit_room[], int, booking.class[], uuid, boolean, text) is
    'What the offers add up to: how many bookings fit at each start, of the service or of each of its resources; with '
    'classes (null: no seats) the seats of those that are open and of those that could be opened.';

create function booking.capped(count booking.start_count, limits booking.limit_room[], stable boolean)
returns booking.start_count
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    return (
        select (
            count.resource_id, count.starts,
            coalesce(booking.slot_least(count.free, booking.slot_caps(count.starts, l.spans, l.free)), count.free),
            coalesce(
                booking.slot_least(count.stable, booking.slot_caps(count.starts, l.spans, l.stable)),
                count.stable))::booking.start_count
        from (
            select array_agg(l.span) as spans,
                array_agg(case when capped.stable then l.stable_room else l.room end) as free,
                array_agg(l.stable_room) as stable
            from unnest(limits) l
            where l.resource_id is null or l.resource_id = count.resource_id) l);
end
$$;
comment on function booking.capped(booking.start_count, booking.limit_room[], boolean) is
    'A count with no more than limits leave, those of the service and of the resource that was counted.';
