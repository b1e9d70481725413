-- The states of a booking: one table of what leads where, one guard that nothing gets past, and one place where claims follow
-- the status, whoever changes it. Next: 62_follow.sql.

create type booking.transition as (from_status text, to_status text, by text);
comment on type booking.transition is 'A step in the life of a booking, and what takes it.';

create function booking.transitions()
returns setof booking.transition
language sql
immutable
parallel safe
rows 10
begin atomic
    values
        ('pending', 'confirmed', 'approve, record_payment'),
        ('pending', 'declined', 'decline'),
        ('pending', 'cancelled', 'cancel'),
        ('pending', 'expired', 'time'),
        -- Paid for too late, and still free.
        ('expired', 'confirmed', 'record_payment'),
        ('confirmed', 'cancelled', 'cancel'),
        ('confirmed', 'completed', 'complete'),
        ('confirmed', 'no_show', 'mark_no_show'),
        -- Who marked the wrong one.
        ('completed', 'no_show', 'mark_no_show'),
        ('no_show', 'completed', 'complete');
end;
comment on function booking.transitions() is
    'Every step that a booking can take from one status to another. Declined and cancelled are the end.';

create function booking.may_become(booking booking.booking, status text, now timestamptz)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return exists (
        select
        from booking.transitions() t
        where t.from_status = booking.status_at(may_become.booking, now) and t.to_status = may_become.status);
end
$$;
comment on function booking.may_become(booking.booking, text, timestamptz) is
    'True where a booking may take the step to a status; a pending one past its expires_at has expired.';

create function booking.wrong_state(booking booking.booking)
returns booking.booking_result
language sql
stable
begin atomic
    select booking.not_booked('BK005', jsonb_strip_nulls(jsonb_build_object(
        'status', booking.status_at(booking, clock_timestamp()),
        'ended_at', case when upper((booking).span) <= clock_timestamp() then upper((booking).span) end)));
end;
comment on function booking.wrong_state(booking.booking) is 'The refusal BK005, with the status that a booking is in, and when it ended.';

create function booking.tg_booking__status()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
begin
    -- To write down that it has expired is no step.
    if not booking.may_become(old, new.status, v_now) and booking.status_at(old, v_now) <> new.status then
        perform booking.done(booking.wrong_state(old));
    end if;
    if new.status not in ('pending', 'expired') then
        new.expires_at := null;
        new.needs_approval := false;
    end if;
    return new;
end
$$;
comment on function booking.tg_booking__status() is
    'BEFORE ROW, the guard: BK005 for a step that booking.transitions() does not have.';

create trigger _100_status
before update of status on booking.booking
for each row when (new.status <> old.status)
execute function booking.tg_booking__status();

create function booking.live_hold(booking booking.booking)
returns booking.hold
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_hold booking.hold;
begin
    select h.* into v_hold
    from booking.hold h
    where h.tenant_id = live_hold.booking.tenant_id and h.booking_id = live_hold.booking.booking_id
    for update;
    if v_hold.expires_at > clock_timestamp() and exists (
        select
        from booking.claim c
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return v_hold;
    end if;
    return null;
end
$$;
comment on function booking.live_hold(booking.booking) is 'Locks the hold that a pending booking keeps; nulls where there is none that lives.';

create function booking.free(booking booking.booking)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if booking.status = 'confirmed' then
        update booking.requirement_resource m
        set booked = greatest(m.booked - 1, 0)
        where m.tenant_id = free.booking.tenant_id and m.service_id = free.booking.service_id and m.resource_id = any (array(
            select r.resource_id
            from booking.booking_resource r
            where r.tenant_id = free.booking.tenant_id and r.booking_id = free.booking.booking_id));
    end if;
    delete from booking.claim c
    where c.tenant_id = free.booking.tenant_id and c.booking_id = free.booking.booking_id;
    delete from booking.hold h
    where h.tenant_id = free.booking.tenant_id and h.booking_id = free.booking.booking_id;
end
$$;
comment on function booking.free(booking.booking) is 'Gives back what a booking, as it was, has taken: claims or hold, and its share under round_robin.';

create function booking.tg_booking__claims()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_hold booking.hold;
begin
    if new.status in ('cancelled', 'declined', 'expired') then
        perform booking.free(old);
    elsif new.status = 'confirmed' then
        v_hold := booking.live_hold(new);
        if v_hold.hold_id is null then
            raise exception 'a booking that keeps no slot has nothing to be confirmed'
                using errcode = 'BK005', hint = 'Call booking.approve or booking.record_payment, which take its time again.';
        end if;
        delete from booking.booking_resource r
        where r.tenant_id = new.tenant_id and r.booking_id = new.booking_id;
        perform booking.settle(new, v_hold.hold_id, true);
    end if;
    return null;
end
$$;
comment on function booking.tg_booking__claims() is
    'AFTER ROW: a status that ends a booking frees its time, and one that is confirmed gets for good what its hold kept.';

create trigger _400_claims
after update of status on booking.booking
for each row when (old.status <> new.status)
execute function booking.tg_booking__claims();

create function booking.lock_booking_once(tenant uuid, booking_id uuid, among uuid[])
returns booking.booking
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_service booking.service;
    v_resources uuid[];
begin
    select b.* into v_booking
    from booking.booking b
    where b.tenant_id = lock_booking_once.tenant and b.booking_id = lock_booking_once.booking_id;
    if not found then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    select s.* into v_service
    from booking.service s
    where s.tenant_id = v_booking.tenant_id and s.service_id = v_booking.service_id;
    if not found then
        -- A customer reads the booking, not what it is of.
        raise exception 'only whoever runs the tenant changes a booking here'
            using errcode = '42501', hint = 'Customers do by its token: booking_api.cancel, booking_api.reschedule.';
    end if;
    v_resources := array(
        select r.resource_id
        from booking.booking_resource r
        where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id);
    -- What a limit counts changes. Who moves takes a slot anew, and may find a first limit then, or open a class: the lock for
    -- that would come after those of resources, where calls locked each other up.
    if among is not null then
        perform booking.lock_service(v_service);
    else
        perform booking.lock_limits(v_service);
    end if;
    perform booking.lock_resources(v_booking.tenant_id, v_resources || among);
    if among is not null then
        -- What booking.take locks besides must be had before claims are let go: who waits for those may have it.
        perform
        from booking.service_requirement q
        where q.tenant_id = v_booking.tenant_id and q.service_id = v_booking.service_id
        order by q.requirement_id
        for no key update;
    end if;
    perform booking.lock_members(v_booking.tenant_id, v_booking.service_id, v_resources || among);
    select b.* into strict v_booking
    from booking.booking b
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    for no key update;
    if exists (
        select
        from booking.booking_resource r
        where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id and r.resource_id <> all (v_resources))
    then
        return null;
    end if;
    return v_booking;
end
$$;
comment on function booking.lock_booking_once(uuid, uuid, uuid[]) is
    'As booking.lock_booking, but nulls where the booking moved meanwhile: the caller undoes to a savepoint and starts over. For '
    'callers that give up all locks later, too: not with a savepoint of its own inside, since whoever waits for a lock of one '
    'that was released waits for the end of the transaction then, whatever is undone.';

create function booking.lock_booking(tenant uuid, booking_id uuid, among uuid[] default null)
returns booking.booking
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_booking booking.booking;
begin
    loop
        begin
            v_booking := booking.lock_booking_once(tenant, booking_id, among);
            if v_booking.booking_id is not null then
                return v_booking;
            end if;
            raise exception using errcode = 'BK001';
        exception when sqlstate 'BK001' then
            -- Locks are taken anew, in their order.
        end;
    end loop;
end
$$;
comment on function booking.lock_booking(uuid, uuid, uuid[]) is
    'Locks a booking with all that a change of it writes, in the order of every writer: its service if that has limits, its '
    'resources and members, and itself. among: the resources that it may move to. P0002: unknown booking; 42501: for a customer, who may only see it.';
