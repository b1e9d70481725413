-- Taking several slots of a service at once, all or none, as 56_take.sql takes one: everything is chosen first (74_choices.sql),
-- then all claims go in by one statement, sorted, so that two who want the same in another order never wait for one another.
-- hold_many and series are this. Next: 75_hold_many.sql.

create function booking.sweep_many(tenant uuid, session_hash bytea, chosen booking.choice[], spans tstzrange[], kept uuid[])
returns void
language plpgsql
as $$
#variable_conflict use_column
begin
    -- As booking.sweep: all in one go, in the order of ids, and before any claim. With them those that stay, which may be in
    -- another's hands, too.
    with seen as materialized (
        select h.hold_id
        from unnest(chosen) u
        join booking.claim c
            on c.tenant_id = sweep_many.tenant and c.resource_id = u.resource_id and c.unit = u.unit and c.span && u.span
        join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
        where h.expires_at <= clock_timestamp() or h.session_hash = sweep_many.session_hash
        union
        select h.hold_id
        from booking.hold h
        where h.tenant_id = sweep_many.tenant and h.session_hash = sweep_many.session_hash and h.span && any (spans)
        union
        select k
        from unnest(kept) k),
    gone as (
        select h.tenant_id, h.hold_id, h.expires_at
        from booking.hold h
        where h.tenant_id = sweep_many.tenant and h.hold_id in (select s.hold_id from seen s)
            and (h.expires_at <= clock_timestamp() or h.session_hash = sweep_many.session_hash)
        order by h.hold_id
        for update)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id
        and (g.hold_id <> all (kept) or g.expires_at <= clock_timestamp());
end
$$;
comment on function booking.sweep_many(uuid, bytea, booking.choice[], tstzrange[], uuid[]) is
    'Deletes what does not count against several new holds: lapsed ones in their way, and the session''s own that are in the '
    'way or overlap them, but for those kept; these are locked.';

create function booking.insert_many(service booking.service, holds booking.hold[], chosen booking.choice[])
returns booking.choice[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_lost booking.choice[];
begin
    insert into booking.hold
    select h.*
    from unnest(holds) h;
    if service.seats is null then
        with taken as (
            insert into booking.claim (tenant_id, resource_id, unit, span, hold_id)
            select service.tenant_id, u.resource_id, u.unit, u.span, u.hold_id
            from unnest(chosen) u
            order by u.resource_id, u.unit, u.span
            on conflict do nothing
            returning resource_id, unit, span)
        select array_agg(u) into v_lost
        from unnest(chosen) u
        where (u.resource_id, u.unit, u.span) not in (select t.resource_id, t.unit, t.span from taken t);
        return v_lost;
    end if;
    -- As booking.insert_seats, for several starts: each of its steps for all of them, in one order.
    insert into booking.sitting (tenant_id, service_id, resource_id, unit, span)
    select service.tenant_id, service.service_id, u.resource_id, u.unit, u.span
    from unnest(chosen) u
    order by u.resource_id, u.unit, u.span
    on conflict on constraint sitting_key do nothing;
    perform
    from booking.sitting s
    join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit and u.span = s.span
    where s.tenant_id = service.tenant_id and s.service_id = service.service_id
    order by s.resource_id, s.unit, s.span
    for no key update of s;
    with sitting as (
        select s.sitting_id, s.resource_id, s.unit, s.span, u.hold_id
        from booking.sitting s
        join unnest(chosen) u on u.resource_id = s.resource_id and u.unit = s.unit and u.span = s.span
        where s.tenant_id = service.tenant_id and s.service_id = service.service_id),
    seat as (
        select h.hold_id, n.seat
        from unnest(holds) h
        cross join lateral (
            select n.seat
            from generate_series(1, service.seats) n (seat)
            where n.seat not in (
                select c.seat
                from booking.claim c
                join sitting s on s.sitting_id = c.sitting_id
                where c.tenant_id = service.tenant_id and s.hold_id = h.hold_id)
            order by n.seat
            limit h.seats) n),
    taken as (
        insert into booking.claim (tenant_id, resource_id, unit, span, hold_id, sitting_id, seat)
        select service.tenant_id, s.resource_id, s.unit, s.span, s.hold_id, s.sitting_id, n.seat
        from sitting s
        join seat n using (hold_id)
        order by s.resource_id, s.unit, s.span, n.seat
        on conflict do nothing
        returning resource_id, unit, span)
    select array_agg(u) into v_lost
    from unnest(chosen) u
    join unnest(holds) h using (hold_id)
    where h.seats > (
        select count(*)
        from taken t
        where t.resource_id = u.resource_id and t.unit = u.unit and t.span = u.span);
    return v_lost;
end
$$;
comment on function booking.insert_many(booking.service, booking.hold[], booking.choice[]) is
    'Inserts holds with what was chosen for them, and returns what somebody else has (null: '
    'nothing): the caller undoes it then.';

create function booking.lock_choices(service booking.service, chosen booking.choice[], kept uuid[], lock_pages boolean)
returns booking.choice[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_resources uuid[] := array(
        select c.resource_id
        from unnest(chosen) c
        union
        select c.resource_id
        from booking.claim c
        where c.tenant_id = service.tenant_id and c.hold_id = any (kept));
begin
    -- The order of every writer: resources, requirements, members, then claims.
    if lock_pages then
        perform booking.lock_resources(service.tenant_id, v_resources);
    end if;
    perform
    from booking.service_requirement q
    where q.tenant_id = service.tenant_id and q.service_id = service.service_id
    order by q.requirement_id
    for no key update;
    if not lock_pages then
        return null;
    end if;
    perform booking.lock_members(service.tenant_id, service.service_id, v_resources);
    return (
        select array_agg(c)
        from unnest(chosen) c
        where exists (
            select
            from booking.busy_window b
            where b.tenant_id = service.tenant_id and b.resource_id = c.resource_id and b.span && c.span));
end
$$;
comment on function booking.lock_choices(booking.service, booking.choice[], uuid[], boolean) is
    'Locks what several holds, those kept among them, need, with lock_pages also what bookings of them write; returns those over which a busy window '
    'lies by then. Null: none.';

create function booking.take_many(
    question booking.question,
    starts timestamptz[],
    session_hash bytea,
    resource uuid,
    seats int,
    ttl interval,
    lock_pages boolean)
returns booking.hold_result[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_start timestamptz;
    v_hold booking.hold;
    v_claimed tstzrange;
    v_holds booking.hold[];
    v_kept uuid[];
    v_renewed int;
    v_chosen booking.choice[];
    v_one record;
    v_lost booking.choice[] := '{}';
    v_more booking.choice[];
    v_beyond booking.choice[] := '{}';
    v_refused booking.hold_result[];
    v_limited boolean;
    v_constraint text;
begin
    v_limited := booking.lock_limits(v_service);
    question.limited := v_limited;
    if v_service.seats is not null then
        -- Whoever opens a class is alone, and among several there is mostly one to open.
        perform booking.lock_service(v_service);
    end if;
    for v_attempt in 1..100 loop
        v_holds := '{}';
        v_kept := '{}';
        v_chosen := '{}';
        v_refused := '{}';
        v_more := null;
        for v_start in select t from unnest(starts) t order by t loop
            v_hold := booking.own_hold(v_service, v_start, question.minutes, session_hash, resource, seats);
            if v_hold.hold_id is not null then
                v_kept := v_kept || v_hold.hold_id;
            else
                v_hold.tenant_id := v_service.tenant_id;
                v_hold.hold_id := gen_random_uuid();
                v_hold.service_id := v_service.service_id;
                v_hold.session_hash := session_hash;
                v_hold.client := booking.client(v_service.tenant_id);
                v_hold.span := tstzrange(v_start, booking.slot_end(v_service, v_start, question.minutes));
                v_hold.seats := seats;
                v_hold.ttl := ttl;
                v_hold.created_at := clock_timestamp();
                v_hold.expires_at := v_hold.created_at + ttl;
                v_hold.version := 0;
                v_holds := v_holds || v_hold;
            end if;
        end loop;
        foreach v_hold in array v_holds loop
            v_claimed := tstzrange(
                lower(v_hold.span) - make_interval(mins => v_service.buffer_before),
                upper(v_hold.span) + make_interval(mins => v_service.buffer_after));
            v_one := booking.choose_one(
                question, v_hold, v_claimed, resource,
                array(
                    select u
                    from unnest(v_chosen || v_lost) u
                    where u.span && v_claimed
                    union all
                    -- What was held before stays with it: no other of them may have its buffers.
                    select (c.hold_id, c.resource_id, c.unit, c.span)::booking.choice
                    from booking.claim c
                    where c.tenant_id = v_service.tenant_id and c.hold_id = any (v_kept) and c.span && v_claimed),
                array(select b.resource_id from unnest(v_beyond) b where b.span && v_claimed));
            if v_one.code is not null then
                v_refused := v_refused || (null, lower(v_hold.span), upper(v_hold.span), null, null, v_one.code, null)::booking.hold_result;
            else
                v_chosen := v_chosen || v_one.chosen;
            end if;
        end loop;
        if question.limited and exists (select from unnest(v_refused) r where r.code = 'BK004') and exists (
            select
            from booking.hold h
            join unnest(v_holds) n on h.span && n.span
            where h.tenant_id = v_service.tenant_id and h.session_hash = take_many.session_hash)
        then
            -- What one start lets go of makes room for another: then limits are judged when all are in place.
            question.limited := false;
            continue;
        elsif cardinality(v_refused) > 0 then
            return v_refused;
        end if;
        begin
            v_more := booking.lock_choices(v_service, v_chosen, v_kept, lock_pages);
            if v_more is null then
                perform booking.sweep_many(
                    v_service.tenant_id, session_hash, v_chosen, array(select h.span from unnest(v_holds) h), v_kept);
                v_more := booking.insert_many(v_service, v_holds, v_chosen);
            end if;
            if v_more is not null then
                raise exception using errcode = 'BK001';
            end if;
            if v_limited then
                v_more := booking.beyond_limits(question, v_holds, v_chosen);
                if v_more is not null then
                    raise exception using errcode = 'BK004';
                end if;
            end if;
            update booking.hold h
            set expires_at = least(clock_timestamp() + take_many.ttl, h.created_at + v_service.max_hold_age), ttl = take_many.ttl
            where h.tenant_id = v_service.tenant_id and h.hold_id = any (v_kept) and h.expires_at > clock_timestamp();
            get diagnostics v_renewed = row_count;
            if v_renewed < cardinality(v_kept) then
                -- Lapsed at this moment, or booked in another tab: taken anew.
                raise exception using errcode = 'BK001';
            end if;
            return array(
                select booking.held(h)
                from booking.hold h
                where h.tenant_id = v_service.tenant_id and h.hold_id = any (v_kept || array(select n.hold_id from unnest(v_holds) n))
                order by h.span);
        exception
            when sqlstate 'BK001' then
                v_lost := v_lost || v_more;
            when sqlstate 'BK004' then
                v_refused := array(
                    select (null, lower(h.span), upper(h.span), null, null, 'BK004', null)::booking.hold_result
                    from unnest(v_holds) h
                    where h.hold_id in (select m.hold_id from unnest(v_more) m where m.resource_id is null)
                    order by h.span);
                if cardinality(v_refused) > 0 then
                    return v_refused;
                end if;
                v_beyond := v_beyond || array(
                    select (h.hold_id, m.resource_id, null, h.span)::booking.choice
                    from unnest(v_more) m
                    join unnest(v_holds) h using (hold_id));
            when check_violation then
                get stacked diagnostics v_constraint = constraint_name;
                if v_constraint <> 'claim_unit_within_capacity' then
                    raise;
                end if;
        end;
    end loop;
    return array(
        select (null, t, null, null, null, 'BK001', null)::booking.hold_result
        from unnest(starts) t);
end
$$;
comment on function booking.take_many(booking.question, timestamptz[], bytea, uuid, int, interval, boolean) is
    'New holds of several starts that do not overlap, in place of the session''s own that overlap them; one that it has already '
    'is renewed. Or those that cannot be had, with the code why not, and everything as it was before.';
