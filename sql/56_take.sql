-- Taking a slot: a hold with its claims, or nothing. Losing a race is a normal result that leaves no row behind.
-- Next: 57_hold.sql, which visitors call; 60_book.sql, which books directly through here.

create type booking.hold_result as (
    hold_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    expires_at timestamptz,
    resources uuid[],
    code text,
    detail jsonb);
comment on type booking.hold_result is
    'A hold: its id, start, end, when it lapses, what it took. code: null, or why there is none (BK001, BK003, BK004), with details.';

create function booking.held(hold booking.hold)
returns booking.hold_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select ((hold).hold_id, lower((hold).span), upper((hold).span), (hold).expires_at,
            array_agg(distinct c.resource_id order by c.resource_id), null, null)::booking.hold_result
        from booking.claim c
        where c.tenant_id = (hold).tenant_id and c.hold_id = (hold).hold_id);
end
$$;
comment on function booking.held(booking.hold) is 'The result that tells of a hold.';

create function booking.sweep(hold booking.hold, chosen booking.candidate[], span tstzrange)
returns boolean
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_seen uuid[] := array(
        select h.hold_id
        from unnest(chosen) u
        join booking.claim c
            on c.tenant_id = hold.tenant_id and c.resource_id = u.resource_id and c.unit = u.unit and c.span && sweep.span
        join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
        where h.expires_at <= clock_timestamp() or h.session_hash = hold.session_hash
        union
        select h.hold_id
        from booking.hold h
        where h.tenant_id = hold.tenant_id and h.session_hash = hold.session_hash and h.span && hold.span);
begin
    if cardinality(v_seen) = 0 then
        return false;
    end if;
    -- The hold goes, its claims cascade: deleting claims by a join would lose against a renewal in flight, which this
    -- waits for and then spares. All in one go and in the order of ids, or two sweepers could wait for one another: two
    -- visitors, say, who come back to lapsed holds that touch, or to the same time of a pool.
    with gone as (
        select h.tenant_id, h.hold_id
        from booking.hold h
        where h.tenant_id = hold.tenant_id and h.hold_id = any (v_seen)
            and (h.expires_at <= clock_timestamp() or h.session_hash = hold.session_hash)
        order by h.hold_id
        for update)
    delete from booking.hold h
    using gone g
    where h.tenant_id = g.tenant_id and h.hold_id = g.hold_id;
    return true;
end
$$;
comment on function booking.sweep(booking.hold, booking.candidate[], tstzrange) is
    'Deletes what does not count against a new hold: lapsed holds in the way of its claims, and its session''s own that are in '
    'the way or overlap it. False where there were none; who waited for another''s sweep gets true.';

create function booking.insert_claims(hold booking.hold, chosen booking.candidate[], span tstzrange, sweep_first boolean)
returns booking.candidate[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_lost booking.candidate[];
begin
    -- Whoever holds a claim must not wait for a hold, so with several claims those that have to go are swept first. With
    -- one there is nothing to hold while waiting, and the common case saves the look.
    if sweep_first then
        perform booking.sweep(hold, chosen, span);
    end if;
    for v_try in 1..2 loop
        with taken as (
            insert into booking.claim (tenant_id, resource_id, unit, span, hold_id)
            select hold.tenant_id, u.resource_id, u.unit, insert_claims.span, hold.hold_id
            from unnest(chosen) u
            order by u.resource_id, u.unit
            on conflict do nothing
            returning resource_id),
        owner as (
            insert into booking.hold
            select hold.*
            where exists (select from taken))
        select array_agg(u) filter (where u.resource_id not in (select t.resource_id from taken t)) into v_lost
        from unnest(chosen) u;
        exit when v_lost is null or sweep_first or v_try = 2 or not booking.sweep(hold, chosen, span);
    end loop;
    return v_lost;
end
$$;
comment on function booking.insert_claims(booking.hold, booking.candidate[], tstzrange, boolean) is
    'Inserts a hold and its claims; returns those that somebody else has (null: none). Of several claims some may be in '
    'place then: the caller undoes them. sweep_first: also undone is what had to go; needed where there is more than one '
    'claim, or an own hold to let go.';

create function booking.lock_choice(
    service booking.service,
    ranked booking.candidate[],
    lock_pages boolean,
    patient boolean default false)
returns booking.candidate[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_pool boolean := (
        select count(distinct u.requirement_id) = 1 and min(u.pick) = 1 and count(*) > 1 from unnest(ranked) u);
    v_many boolean := (select count(distinct u.requirement_id) > 1 or max(u.pick) > 1 from unnest(ranked) u);
    -- Who is ahead of his share may wait, or those who are behind would stay there: with 32 clients at weights of 1, 1, 2
    -- and 4, the last got 37 % and not 50.
    v_members uuid[] := array(select u.resource_id from unnest(ranked) u where u.free or not patient);
    v_first uuid := v_members[1];
    v_wait text;
    v_chosen booking.candidate[];
begin
    if v_pool then
        -- The best that nobody is waiting on, else the best.
        if lock_pages then
            select r.resource_id into v_first
            from booking.resource r
            where r.tenant_id = service.tenant_id and r.resource_id = any (v_members)
            order by array_position(v_members, r.resource_id)
            limit 1
            for no key update skip locked;
        else
            select m.resource_id into v_first
            from booking.requirement_resource m
            where m.tenant_id = service.tenant_id and m.service_id = service.service_id and m.resource_id = any (v_members)
            order by array_position(v_members, m.resource_id)
            limit 1
            for no key update skip locked;
        end if;
        if v_first is null then
            v_first := v_members[1];
            if cardinality(v_members) < cardinality(ranked) then
                -- But not for somebody who is busy with something else.
                v_wait := current_setting('lock_timeout');
                perform set_config('lock_timeout', '300ms', true);
            end if;
        end if;
        v_chosen := array(select u from unnest(ranked) u where u.resource_id = v_first);
    else
        v_chosen := array(
            select (u.requirement_id, u.pick, u.resource_id, u.unit, u.units, u.offered, u.allowed, u.free, u.room)::booking.candidate
            from (
                select r.*, row_number() over (partition by r.requirement_id order by r.place) as rank
                from unnest(ranked) with ordinality
                    r (requirement_id, pick, resource_id, unit, units, offered, allowed, free, room, place)) u
            where u.rank <= u.pick);
    end if;
    -- The order of every writer: resources, then members, then claims.
    if lock_pages then
        perform booking.lock_resources(service.tenant_id, array(select u.resource_id from unnest(v_chosen) u));
    end if;
    if v_many then
        perform
        from booking.service_requirement q
        where q.tenant_id = service.tenant_id and q.service_id = service.service_id
        order by q.requirement_id
        for no key update;
    end if;
    if lock_pages or v_pool then
        perform booking.lock_members(
            service.tenant_id, service.service_id, array(select u.resource_id from unnest(v_chosen) u));
    end if;
    if v_wait is not null then
        perform set_config('lock_timeout', v_wait, true);
    end if;
    return v_chosen;
end
$$;
comment on function booking.lock_choice(booking.service, booking.candidate[], boolean, boolean) is
    'Chooses among ranked candidates and locks what the choice needs; with lock_pages also what a booking writes. patient: '
    'none of those ahead of their share; 55P03 where those who are not are locked for longer than a moment.';

create function booking.lock_members(tenant uuid, service uuid, resources uuid[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    perform
    from booking.requirement_resource m
    where m.tenant_id = lock_members.tenant and m.service_id = lock_members.service
        and m.resource_id = any (resources)
    order by m.resource_id
    for no key update;
end
$$;
comment on function booking.lock_members(uuid, uuid, uuid[]) is
    'Locks members of a service in the order of their ids. Their counts are updated later, so 40001 is not missed.';

create function booking.overtaken(tenant uuid, chosen booking.candidate[], span tstzrange)
returns booking.candidate[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return (
        select array_agg(u)
        from unnest(chosen) u
        where exists (
            select
            from booking.busy_window b
            where b.tenant_id = overtaken.tenant and b.resource_id = u.resource_id and b.span && overtaken.span));
end
$$;
comment on function booking.overtaken(uuid, booking.candidate[], tstzrange) is
    'Those over whose span a busy window lies: asked under the lock, of what was judged free before it. Null: none.';

create function booking.take(
    question booking.question,
    starts_at timestamptz,
    session_hash bytea,
    resource uuid,
    seats int,
    ttl interval,
    lock_pages boolean)
returns booking.hold_result
language plpgsql
as $$
declare
    v_service booking.service := question.service;
    v_hold booking.hold;
    v_claimed tstzrange;
    v_candidates booking.candidate[];
    v_chosen booking.candidate[];
    v_lost booking.candidate[];
    v_class booking.class;
    v_own boolean;
    v_locked boolean;
    v_attempt int := 1;
    v_patient boolean := true;
    v_choosing boolean;
    v_constraint text;
    v_code text;
begin
    v_hold.tenant_id := v_service.tenant_id;
    v_hold.hold_id := gen_random_uuid();
    v_hold.service_id := v_service.service_id;
    v_hold.session_hash := session_hash;
    v_hold.span := tstzrange(starts_at, booking.slot_end(v_service, starts_at, question.minutes));
    v_hold.seats := seats;
    v_hold.client := booking.client(v_service.tenant_id);
    v_hold.ttl := ttl;
    v_hold.version := 0;
    v_claimed := tstzrange(
        lower(v_hold.span) - make_interval(mins => v_service.buffer_before),
        upper(v_hold.span) + make_interval(mins => v_service.buffer_after));
    v_locked := booking.lock_limits(v_service);
    question.limited := v_locked;
    v_candidates := booking.candidates(question, starts_at, resource, session_hash);
    -- Own holds that overlap, or that touch with their buffers. Most sessions have none, which is to be known whatever plan the
    -- rest has: one made while both tables were empty reads them through for each other.
    v_own := exists (
        select
        from booking.hold h
        where h.tenant_id = v_service.tenant_id and h.session_hash = take.session_hash)
    and exists (
        select
        from booking.hold h
        where h.tenant_id = v_service.tenant_id and h.session_hash = take.session_hash
            and (h.span && v_hold.span or exists (
                select
                from booking.claim c
                where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id and c.span && v_claimed)));
    loop
        v_lost := null;
        v_code := booking.verdict(v_candidates, resource);
        if v_service.seats is not null and coalesce(v_code, 'BK001') = 'BK001' then
            v_class := booking.class_with_seats(question, starts_at, resource, session_hash, seats);
            if v_class.sittings is not null then
                v_code := null;
            elsif v_code is null and not v_locked then
                -- Whoever opens a class is alone: two first bookers of a pool would open one each.
                perform booking.lock_service(v_service);
                v_locked := true;
                v_candidates := booking.candidates(question, starts_at, resource, session_hash);
                continue;
            end if;
        end if;
        if v_code is not null then
            return (null, null, null, null, null, v_code, null)::booking.hold_result;
        end if;
        v_hold.created_at := clock_timestamp();
        v_hold.expires_at := v_hold.created_at + ttl;
        if cardinality(v_candidates) = 1 and v_candidates[1].units = 1 and not v_own and v_service.seats is null then
            -- Nothing to choose and nothing to undo: no subtransaction.
            if lock_pages then
                perform booking.lock_choice(v_service, v_candidates, true);
                v_lost := booking.overtaken(v_service.tenant_id, v_candidates, v_claimed);
            end if;
            if v_lost is null then
                v_lost := booking.insert_claims(v_hold, v_candidates, v_claimed, false);
            end if;
            exit when v_lost is null;
        else
            begin
                v_choosing := true;
                if v_class.sittings is not null then
                    v_chosen := booking.lock_class(v_service, v_class, lock_pages);
                else
                    v_chosen := booking.lock_choice(
                        v_service, booking.ranked(v_service, v_candidates, starts_at, resource, v_attempt), lock_pages,
                        v_patient);
                end if;
                v_choosing := false;
                v_lost := case when lock_pages then booking.overtaken(v_service.tenant_id, v_chosen, v_claimed) end;
                if v_lost is null and v_service.seats is not null then
                    v_lost := booking.insert_seats(v_service, v_hold, v_chosen, v_claimed);
                elsif v_lost is null then
                    v_lost := booking.insert_claims(v_hold, v_chosen, v_claimed, v_own or cardinality(v_chosen) > 1);
                end if;
                exit when v_lost is null;
                raise exception using errcode = 'BK001';
            exception
                when sqlstate 'BK001' then
                    -- Back to where no lock was held, and on without the unit that was lost.
                when lock_not_available then
                    -- Or with whoever can be had.
                    if not (v_patient and v_choosing) then
                        raise;
                    end if;
                    v_patient := false;
                when check_violation then
                    -- Or without those that are gone: the capacity shrank meanwhile.
                    get stacked diagnostics v_constraint = constraint_name;
                    if v_constraint <> 'claim_unit_within_capacity' then
                        raise;
                    end if;
            end;
        end if;
        v_attempt := v_attempt + 1;
        if v_attempt > 100 then
            -- Nobody is outrun so often: pages say free what claims do not. booking.verify() knows.
            return (null, null, null, null, null, 'BK001', null)::booking.hold_result;
        end if;
        if v_service.seats is not null or v_constraint is not null or exists (select from unnest(v_lost) l where l.units > 1) then
            v_candidates := booking.candidates(question, starts_at, resource, session_hash);
        else
            v_candidates := array(
                select (c.requirement_id, c.pick, c.resource_id, c.unit, c.units, c.offered, c.allowed, c.free
                    and not exists (
                        select from unnest(v_lost) l where l.resource_id = c.resource_id and l.unit = c.unit), c.room)::booking.candidate
                from unnest(v_candidates) c);
        end if;
    end loop;
    return booking.held(v_hold);
end
$$;
comment on function booking.take(booking.question, timestamptz, bytea, uuid, int, interval, boolean) is
    'A new hold of so many seats in place of the session''s own that overlap it, or the code why not, with everything as it was before.';
