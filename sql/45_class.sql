-- Classes: services with seats. The claims of one booking meet those of others in the sittings of its resources, one a
-- resource; the sittings that are booked together are a class, and who joins takes a seat in each of them. So a teacher
-- gives one class in one room, however many teachers and rooms there are to choose from. Next: 46_count.sql.

create type booking.class as (
    starts_at timestamptz,
    sittings uuid[],
    resources uuid[],
    units int[],
    free int,
    stable int);
comment on type booking.class is
    'One date of a class that somebody has a seat in: its sittings with their resources and units, in one order; seats left; '
    'stable: seats left had foreign holds not been.';

create function booking.classes(
    service booking.service,
    offers booking.offer[],
    starts tstzrange,
    minutes int,
    session_hash bytea,
    now timestamptz)
returns booking.class[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_before interval := make_interval(mins => service.buffer_before);
    v_claimed interval := make_interval(mins => service.buffer_before + minutes + service.buffer_after);
begin
    return array(
        with seat as materialized (
            select s.sitting_id, s.resource_id, s.unit, s.span, coalesce(c.booking_id, c.hold_id) as owner_id,
                c.booking_id is not null as booked, coalesce(h.session_hash = classes.session_hash, false) as own
            from booking.sitting s
            join booking.claim c on c.tenant_id = s.tenant_id and c.sitting_id = s.sitting_id
            left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
            where s.tenant_id = service.tenant_id and s.service_id = service.service_id
                and booking.span_start(s.span) >= lower(starts) - v_before and booking.span_start(s.span) < upper(starts) - v_before
                and upper(s.span) = lower(s.span) + v_claimed
                and (c.booking_id is not null or h.expires_at > now)),
        sitting as (
            select s.sitting_id, s.resource_id, s.unit, s.span,
                service.seats - count(*) filter (where not s.own) as free,
                service.seats - count(*) filter (where s.booked) as stable
            from seat s
            group by s.sitting_id, s.resource_id, s.unit, s.span),
        class as (
            select o.sittings, bool_or(o.booked or not o.own) as meets, bool_or(o.booked) as meets_for_good
            from (
                select s.owner_id, s.booked, s.own, array_agg(distinct s.sitting_id order by s.sitting_id) as sittings
                from seat s
                group by s.owner_id, s.booked, s.own) o
            group by o.sittings)
        select (
            min(lower(s.span)) + v_before, array_agg(s.sitting_id order by s.resource_id, s.unit),
            array_agg(s.resource_id order by s.resource_id, s.unit), array_agg(s.unit order by s.resource_id, s.unit),
            -- A member that closed, left or is busy since admits no more.
            case when c.meets and bool_and(j.joinable) then greatest(min(s.free), 0) else 0 end,
            case when c.meets_for_good and bool_and(j.joinable) then greatest(min(s.stable), 0) else 0 end)::booking.class
        from class c
        join sitting s on s.sitting_id = any (c.sittings)
        cross join lateral (
            select exists (
                    select
                    from unnest(offers) o
                    where o.resource_id = s.resource_id and o.hours @> lower(s.span) + v_before
                        and o.starts @> lower(s.span) + v_before)
                and not exists (
                    select
                    from booking.busy_window b
                    where b.tenant_id = service.tenant_id and b.resource_id = s.resource_id and b.span && s.span) as joinable) j
        group by c.sittings, c.meets, c.meets_for_good);
end
$$;
comment on function booking.classes(booking.service, booking.offer[], tstzrange, int, bytea, timestamptz) is
    'The classes of a service that begin in a range and last so many minutes. The session''s own holds take no seat.';

create function booking.limited_classes(classes booking.class[], limits booking.limit_room[])
returns booking.class[]
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    if limits is null then
        return classes;
    end if;
    return array(
        select (
            c.starts_at, c.sittings, c.resources, c.units, least(c.free, r.room), least(c.stable, r.stable_room))::booking.class
        from unnest(classes) c
        cross join lateral (
            select min(l.room) as room, min(l.stable_room) as stable_room
            from unnest(limits) l
            where l.resource_id = any (c.resources) and l.span @> c.starts_at) r);
end
$$;
comment on function booking.limited_classes(booking.class[], booking.limit_room[]) is
    'Classes with no more seats left than the limits of their resources admit bookings.';

create function booking.seats_left(classes booking.class[], at timestamptz, resource uuid, stable boolean)
returns int
language plpgsql
immutable
as $$
begin
    return (
        select coalesce(sum(case when seats_left.stable then c.stable else c.free end), 0)
        from unnest(classes) c
        where c.starts_at = at and (resource is null or resource = any (c.resources)));
end
$$;
comment on function booking.seats_left(booking.class[], timestamptz, uuid, boolean) is
    'The seats left in the classes that begin at an instant, of those with a resource where one is given.';
