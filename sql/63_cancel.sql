-- What ends a booking: cancel, decline, complete, mark_no_show. Next: 64_confirm.sql.

create function booking.end_booking(tenant uuid, booking_id uuid, status text, reason text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.lock_booking(end_booking.tenant, end_booking.booking_id);
    v_asked text := case end_booking.status
        when 'cancelled' then 'cancel' when 'declined' then 'decline' when 'completed' then 'complete' else 'mark_no_show'
    end;
    v_now timestamptz := clock_timestamp();
    v_result booking.booking_result;
begin
    if not booking.may_become(v_booking, end_booking.status, v_now) then
        return booking.refused(v_booking.tenant_id, v_booking, v_asked, booking.wrong_state(v_booking));
    elsif end_booking.status in ('completed', 'no_show') and lower(v_booking.span) > v_now then
        return booking.refused(v_booking.tenant_id, v_booking, v_asked, booking.not_booked(
            'BK005', jsonb_build_object('status', v_booking.status, 'starts_at', lower(v_booking.span))));
    end if;
    update booking.booking b
    set status = end_booking.status, version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    returning b.* into v_booking;
    perform booking.record_event(
        v_booking.tenant_id, v_booking.status, booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_strip_nulls(jsonb_build_object('reason', left(reason, 1000))));
    v_result := booking.booked(v_booking);
    if v_booking.price > 0 then
        v_result.detail := booking.to_refund(v_booking);
    end if;
    return v_result;
end
$$;
comment on function booking.end_booking(uuid, uuid, text, text) is
    'Gives a booking a status that ends it; BK005 in code where it may not have it, or, of completed and no_show, where it has '
    'not begun. P0002: unknown booking.';

create function booking.try_cancel(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'cancelled', reason);
end
$$;
comment on function booking.try_cancel(uuid, uuid, text) is 'As booking.cancel, but a refusal is returned in code.';

create function booking.cancel(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_cancel(tenant, booking_id, reason));
end
$$;
comment on function booking.cancel(uuid, uuid, text) is
    'Cancels a pending or confirmed booking; its time is free at once, its row and what was assigned stay. detail: what was '
    'paid for it, as {to_refund, currency}. '
    'BK005: cancelled already, or in another state that ends it. P0002: unknown booking.';

create function booking.try_decline(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'declined', reason);
end
$$;
comment on function booking.try_decline(uuid, uuid, text) is 'As booking.decline, but a refusal is returned in code.';

create function booking.decline(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_decline(tenant, booking_id, reason));
end
$$;
comment on function booking.decline(uuid, uuid, text) is
    'Says no to a pending booking; its time is free at once. detail: as cancel. BK005: not pending any more. P0002: unknown booking.';

create function booking.try_complete(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'completed', null);
end
$$;
comment on function booking.try_complete(uuid, uuid) is 'As booking.complete, but a refusal is returned in code.';

create function booking.complete(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_complete(tenant, booking_id));
end
$$;
comment on function booking.complete(uuid, uuid) is
    'Says that a confirmed booking took place, or that one that was marked as no_show did after all; its time stays taken. '
    'BK005: in another state, or it has not begun. P0002: unknown booking.';

create function booking.try_mark_no_show(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.end_booking(tenant, booking_id, 'no_show', null);
end
$$;
comment on function booking.try_mark_no_show(uuid, uuid) is 'As booking.mark_no_show, but a refusal is returned in code.';

create function booking.mark_no_show(tenant uuid, booking_id uuid)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_mark_no_show(tenant, booking_id));
end
$$;
comment on function booking.mark_no_show(uuid, uuid) is
    'Says that nobody came to a confirmed booking; its time stays taken, and limits count it. BK005: in another state, or it '
    'has not begun. P0002: unknown booking.';
