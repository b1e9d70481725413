-- Taking seats: which class to join, and a hold with its seats in it. The reading side: 45_class.sql. Next: 56_take.sql.

create function booking.class_with_seats(
    question booking.question,
    starts_at timestamptz,
    resource uuid,
    session_hash bytea,
    seats int,
    now timestamptz default clock_timestamp())
returns booking.class
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    v_starts tstzrange := tstzrange(starts_at, starts_at + interval '1 microsecond');
    v_offers booking.offer[] := booking.offers(
        question, lower(v_starts), upper(v_starts), session_hash, true, now);
    v_limits booking.limit_room[];
    v_class booking.class;
begin
    if question.limited then
        v_limits := booking.limits_of(question, v_starts, session_hash, now);
    end if;
    -- The fullest first: a class that is nearly empty may yet be empty again.
    select c.* into v_class
    from unnest(booking.classes(question.service, v_offers, v_starts, question.minutes, session_hash, now)) c
    where c.free >= class_with_seats.seats
        and (class_with_seats.resource is null or class_with_seats.resource = any (c.resources))
        and (question.among is null or c.resources <@ question.among)
        and not exists (
            select
            from unnest(v_limits) l
            where l.room <= 0 and l.resource_id = any (c.resources) and l.span @> c.starts_at)
    order by c.free, c.resources, c.units
    limit 1;
    return v_class;
end
$$;
comment on function booking.class_with_seats(booking.question, timestamptz, uuid, bytea, int, timestamptz) is
    'The class at a start that has so many seats left, with a given resource, and whose resources no limit shuts; nulls where '
    'there is none.';

create function booking.lock_class(service booking.service, class booking.class, lock_pages boolean)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    if lock_pages then
        perform booking.lock_resources(service.tenant_id, class.resources);
        perform booking.lock_members(service.tenant_id, service.service_id, class.resources);
    end if;
    return array(
        select (null, 1, u.resource_id, u.unit, 1, true, true, true, null)::booking.candidate
        from unnest(class.resources, class.units) u (resource_id, unit));
end
$$;
comment on function booking.lock_class(booking.service, booking.class, boolean) is
    'The units of a class, and with lock_pages the locks that a booking of them needs.';

create function booking.insert_seats(
    service booking.service,
    hold booking.hold,
    chosen booking.candidate[],
    span tstzrange)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_claims int;
begin
    perform booking.sweep(hold, chosen, insert_seats.span);
    insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
    select hold.tenant_id, hold.service_id, u.resource_id, u.unit, insert_seats.span
    from unnest(chosen) u
    order by u.resource_id, u.unit
    on conflict on constraint sitting_key do nothing;
    -- One at a time takes seats of a sitting, or all who come at once would want the same number.
    perform
    from booking.sitting s
    join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit
    where s.tenant_id = hold.tenant_id and s.service_id = hold.service_id and s.span = insert_seats.span
    order by s.resource_id, s.unit
    for no key update of s;
    insert into booking.hold select hold.*;
    with sitting as (
        select s.sitting_id, s.resource_id, s.unit
        from booking.sitting s
        join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit
        where s.tenant_id = hold.tenant_id and s.service_id = hold.service_id and s.span = insert_seats.span),
    seat as (
        select n.seat
        from generate_series(1, service.seats) n (seat)
        where n.seat not in (
            select c.seat
            from booking.claim c
            join sitting s on s.sitting_id = c.sitting_id
            where c.tenant_id = hold.tenant_id)
        order by n.seat
        limit hold.seats),
    taken as (
        insert into booking.claim (tenant_id, resource_id, unit, span, hold_id, sitting_id, seat)
        select hold.tenant_id, s.resource_id, s.unit, insert_seats.span, hold.hold_id, s.sitting_id, n.seat
        from sitting s
        cross join seat n
        order by s.resource_id, s.unit, n.seat
        on conflict do nothing
        returning 1)
    select count(*) into v_claims from taken;
    return case when v_claims < cardinality(chosen) * hold.seats then chosen end;
end
$$;
comment on function booking.insert_seats(booking.service, booking.hold, booking.candidate[], tstzrange) is
    'Inserts a hold with its seats in the sittings of some units, the same numbers in each; null, or the units where somebody '
    'else was faster: the caller undoes it then.';
