-- cancel. Next: 67_put.sql.

create function booking.try_cancel(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_resources uuid[];
begin
    select b.* into v_booking
    from booking.booking b
    where b.tenant_id = try_cancel.tenant and b.booking_id = try_cancel.booking_id;
    if not found then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    -- What a limit counts becomes one less.
    perform booking.lock_limits(s)
    from booking.service s
    where s.tenant_id = v_booking.tenant_id and s.service_id = v_booking.service_id;
    v_resources := array(
        select r.resource_id
        from booking.booking_resource r
        where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id);
    perform booking.lock_resources(v_booking.tenant_id, v_resources);
    perform booking.lock_members(v_booking.tenant_id, v_booking.service_id, v_resources);
    update booking.booking b
    set status = 'cancelled', expires_at = null, version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
        and b.status in ('pending', 'confirmed') and coalesce(b.expires_at > clock_timestamp(), true)
    returning b.* into v_booking;
    if not found then
        return booking.not_booked('BK005', jsonb_build_object('status', (
            select case when b.expires_at <= clock_timestamp() then 'expired' else b.status end
            from booking.booking b
            where b.tenant_id = try_cancel.tenant and b.booking_id = try_cancel.booking_id)));
    end if;
    update booking.requirement_resource m
    set booked = greatest(m.booked - 1, 0)
    where m.tenant_id = v_booking.tenant_id and m.service_id = v_booking.service_id and m.resource_id = any (v_resources);
    perform booking.record_event(
        v_booking.tenant_id, 'cancelled', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_strip_nulls(jsonb_build_object('reason', left(reason, 1000))));
    return booking.booked(v_booking);
end
$$;
comment on function booking.try_cancel(uuid, uuid, text) is 'As booking.cancel, but a refusal is returned in code.';

create function booking.cancel(tenant uuid, booking_id uuid, reason text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_result booking.booking_result := booking.try_cancel(tenant, booking_id, reason);
begin
    if v_result.code is not null then
        perform booking.refuse(v_result.code, v_result.detail);
    end if;
    return v_result;
end
$$;
comment on function booking.cancel(uuid, uuid, text) is
    'Cancels a pending or confirmed booking; its time is free at once, its row and what was assigned stay. '
    'BK005: cancelled already, or in another state that ends it. P0002: unknown booking.';
