-- approve, and what it shares with a payment: a pending booking becomes one for good. Next: 65_payment.sql.

create function booking.moving(booking booking.booking)
returns booking.question
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_question booking.question;
    v_service booking.service;
    v_nights boolean;
begin
    select s.* into strict v_service
    from booking.service s
    where s.tenant_id = moving.booking.tenant_id and s.service_id = moving.booking.service_id;
    v_nights := v_service.kind = 'stay';
    v_question.minutes := case
        when v_nights
            then 1440 * (timezone(v_service.zone, upper(booking.span))::date - timezone(v_service.zone, lower(booking.span))::date)
        else extract(epoch from upper(booking.span) - lower(booking.span)) / 60
    end;
    -- It was agreed upon: what the service offers to others, and how long before, is of no account.
    v_service.durations := v_service.durations || v_question.minutes / case when v_nights then 1440 else 1 end;
    v_service.min_notice := '0';
    v_service.horizon := null;
    v_service.bookable := '(,)';
    if v_nights then
        v_service.arrival_days := null;
        v_service.check_in := timezone(v_service.zone, lower(booking.span))::time;
        v_service.check_out := timezone(v_service.zone, upper(booking.span))::time;
    end if;
    v_question.service := v_service;
    v_question.limited := true;
    v_question.moved := booking.booking_id;
    select r.grain into v_question.grain
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id
    limit 1;
    return v_question;
end
$$;
comment on function booking.moving(booking.booking) is
    'The question for a booking that has been agreed upon: of its own length, at any start, whatever notice or horizon others need.';

create function booking.resources_of(booking booking.booking)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return array(
        select distinct r.resource_id
        from booking.booking_resource r
        where r.tenant_id = resources_of.booking.tenant_id and r.booking_id = resources_of.booking.booking_id
        order by r.resource_id);
end
$$;
comment on function booking.resources_of(booking.booking) is 'What is assigned to a booking, in the order of ids.';

create function booking.members_of(tenant uuid, service uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return array(
        select m.resource_id
        from booking.requirement_resource m
        where m.tenant_id = members_of.tenant and m.service_id = members_of.service
        order by m.resource_id);
end
$$;
comment on function booking.members_of(uuid, uuid) is 'Everybody whom a service may take, in the order of ids.';

create function booking.new_session()
returns bytea
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return sha256(uuid_send(gen_random_uuid()));
end
$$;
comment on function booking.new_session() is 'A session hash that is nobody''s: for a hold that lives no longer than a call.';

create function booking.take_for(booking booking.booking, question booking.question, starts_at timestamptz, resource uuid)
returns booking.hold_result
language plpgsql
as $$
#variable_conflict use_column
declare
    v_hold booking.hold_result;
begin
    -- So many are not had any more, wherever one looks.
    if booking.seats > (question.service).seats then
        v_hold.code := 'BK003';
        return v_hold;
    end if;
    if not booking.customer_room(
        question.service, starts_at, booking.slot_end(question.service, starts_at, question.minutes), booking.customer_key,
        booking.booking_id)
    then
        -- Judged when it is booked, after what is offered and before what is taken.
        v_hold.code := case booking.verdict(booking.candidates(question, starts_at, resource, null), resource)
            when 'BK003' then 'BK003'
            else 'BK004'
        end;
        return v_hold;
    end if;
    v_hold := booking.take(
        question, starts_at, booking.new_session(), resource, booking.seats, '1 hour', booking.status <> 'pending');
    if v_hold.code is null then
        update booking.hold h
        set session_hash = null, booking_id = take_for.booking.booking_id
        where h.tenant_id = take_for.booking.tenant_id and h.hold_id = v_hold.hold_id;
    end if;
    return v_hold;
end
$$;
comment on function booking.take_for(booking.booking, booking.question, timestamptz, uuid) is
    'Takes a slot for a booking, as a hold of its own for the rest of this call; or the code why not, which the caller undoes.';

create function booking.confirm(booking booking.booking)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking;
    v_hold booking.hold := booking.live_hold(booking);
    v_question booking.question;
    v_taken booking.hold_result;
begin
    if v_hold.hold_id is null then
        -- It kept no slot, or not for so long: taken again from whom it had, else from anybody.
        delete from booking.hold h
        where h.tenant_id = v_booking.tenant_id and h.booking_id = v_booking.booking_id;
        v_question := booking.moving(v_booking);
        v_question.among := booking.resources_of(v_booking);
        v_booking.status := 'confirmed';
        begin
            v_taken := booking.take_for(v_booking, v_question, lower(v_booking.span), null);
            if v_taken.code is not null then
                v_question.among := null;
                v_taken := booking.take_for(v_booking, v_question, lower(v_booking.span), null);
            end if;
            if v_taken.code is not null then
                raise exception using errcode = 'BK001';
            end if;
        exception when sqlstate 'BK001' then
            return booking.not_booked(v_taken.code);
        end;
    elsif exists (
        -- The outside world did not wait.
        select
        from booking.claim c
        join booking.busy_window b
            on b.tenant_id = c.tenant_id and b.resource_id = c.resource_id and b.span && c.span
        where c.tenant_id = v_hold.tenant_id and c.hold_id = v_hold.hold_id)
    then
        return booking.not_booked('BK001');
    else
        -- It lived when it was locked, and so it does until this call is done.
        update booking.hold h
        set expires_at = clock_timestamp() + interval '1 hour'
        where h.tenant_id = v_hold.tenant_id and h.hold_id = v_hold.hold_id;
    end if;
    update booking.booking b
    set status = 'confirmed', version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    returning b.* into v_booking;
    perform booking.record_event(
        v_booking.tenant_id, 'confirmed', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_build_object('resources', booking.resources_of(v_booking)));
    return booking.booked(v_booking);
end
$$;
comment on function booking.confirm(booking.booking) is
    'Confirms a booking that is locked: with the slot that it has kept, else with one taken again at its start. BK001 or '
    'another code of booking.hold, with nothing written, where that is gone.';

create function booking.lock_to_confirm(tenant uuid, booking_id uuid)
returns booking.booking
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_members uuid[];
begin
    -- Who may have to take a slot again locks all whom it could be, before anything is let go: also where what is kept may
    -- lapse before the last lock is had.
    select booking.members_of(b.tenant_id, b.service_id) into v_members
    from booking.booking b
    where b.tenant_id = lock_to_confirm.tenant and b.booking_id = lock_to_confirm.booking_id
        and not exists (
            select
            from booking.hold h
            where h.tenant_id = b.tenant_id and h.booking_id = b.booking_id
                and h.expires_at > clock_timestamp() + interval '30 seconds');
    return booking.lock_booking(lock_to_confirm.tenant, lock_to_confirm.booking_id, v_members);
end
$$;
comment on function booking.lock_to_confirm(uuid, uuid) is
    'Locks a booking with all that confirming it may write, as booking.lock_booking does. P0002: unknown booking.';

create function booking.try_approve(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.lock_to_confirm(try_approve.tenant, try_approve.booking_id);
    v_result booking.booking_result;
begin
    if booking.status_at(v_booking, clock_timestamp()) <> 'pending' or not v_booking.needs_approval then
        return booking.refused(v_booking.tenant_id, v_booking, 'approve', booking.wrong_state(v_booking));
    elsif booking.paid(v_booking) >= coalesce(v_booking.price, 0) then
        v_result := booking.confirm(v_booking);
        if v_result.code is not null then
            return booking.refused(v_booking.tenant_id, v_booking, 'approve', v_result);
        end if;
    else
        -- Now the customer has as long as a payment may take.
        update booking.booking b
        set needs_approval = false, version = b.version + 1, expires_at = (
            select least(upper(b.span), clock_timestamp() + s.payment_ttl)
            from booking.service s
            where s.tenant_id = b.tenant_id and s.service_id = b.service_id)
        where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
        returning b.* into v_booking;
        v_result := booking.booked(v_booking);
    end if;
    perform booking.record_event(
        v_booking.tenant_id, 'approved', booking_id => v_booking.booking_id, service => v_booking.service_id);
    return v_result;
end
$$;
comment on function booking.try_approve(uuid, uuid) is 'As booking.approve, but a refusal is returned in code.';

create function booking.approve(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_approve(tenant, booking_id));
end
$$;
comment on function booking.approve(uuid, uuid) is
    'Says yes to a pending booking: it is confirmed, or, where it has to be paid for, waits as long for its payment as its '
    'service has it. One that kept no slot takes it now, from the resources that were meant or else from others: BK001 where '
    'somebody was confirmed before. BK005: not waiting for approval any more. P0002: unknown booking.';
