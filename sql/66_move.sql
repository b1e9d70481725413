-- reschedule and reassign: a booking gets another time or other resources, and keeps its id, its history and its tokens. Its
-- old claims go first and the new ones come, in one transaction: nobody slips in, since nobody sees the first without the
-- second; and where the second is refused, a savepoint undoes the first. Next: 67_erase.sql.

create function booking.move(booking booking.booking, question booking.question, starts_at timestamptz, resource uuid)
returns text
language plpgsql
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking;
    v_taken booking.hold_result;
begin
    perform booking.free(v_booking);
    v_taken := booking.take_for(v_booking, question, starts_at, resource);
    if v_taken.code is not null then
        return v_taken.code;
    end if;
    delete from booking.booking_resource r
    where r.tenant_id = v_booking.tenant_id and r.booking_id = v_booking.booking_id;
    update booking.booking b
    set span = tstzrange(v_taken.starts_at, v_taken.ends_at), version = b.version + 1
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id
    returning b.* into v_booking;
    perform booking.settle(v_booking, v_taken.hold_id, (question.service).pending_blocks);
    return null;
end
$$;
comment on function booking.move(booking.booking, booking.question, timestamptz, uuid) is
    'Moves a booking that is locked with all that it may move to; or the code why not, which the caller undoes.';

create function booking.can_move(booking booking.booking)
returns boolean
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.status_at(booking, clock_timestamp()) in ('pending', 'confirmed') and upper(booking.span) > clock_timestamp();
end
$$;
comment on function booking.can_move(booking.booking) is 'True where a booking is still to come or under way: pending or confirmed, and not over.';

create function booking.length_of(booking booking.booking, service booking.service)
returns interval
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if service.kind = 'stay' then
        return make_interval(days => timezone(service.zone, upper(booking.span))::date - timezone(service.zone, lower(booking.span))::date);
    end if;
    return upper(booking.span) - lower(booking.span);
end
$$;
comment on function booking.length_of(booking.booking, booking.service) is 'How long a booking is, as booking.question takes it: of a stay its nights.';

create function booking.try_reschedule(
    tenant uuid,
    booking_id uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_from tstzrange;
    v_question booking.question;
    v_among uuid[];
    v_members uuid[];
    v_anybody boolean := false;
    v_code text;
begin
    if try_reschedule.starts_at is null then
        raise exception 'starts_at is needed' using errcode = '22004', hint = 'Give the new start.';
    end if;
    perform booking.check_range(try_reschedule.starts_at, try_reschedule.starts_at);
    -- With whom it had, if they can; else with anybody. The second begins with no lock of the first: all come in order.
    loop
        begin
            select b.* into v_booking
            from booking.booking b
            where b.tenant_id = try_reschedule.tenant and b.booking_id = try_reschedule.booking_id;
            v_among := array_remove(booking.resources_of(v_booking) || try_reschedule.resource, null);
            v_members := case when v_anybody then booking.members_of(v_booking.tenant_id, v_booking.service_id) end;
            v_booking := booking.lock_booking_once(
                try_reschedule.tenant, try_reschedule.booking_id, coalesce(v_members, v_among));
            if v_booking.booking_id is null then
                raise exception using errcode = 'BK001';
            elsif not booking.can_move(v_booking) then
                return booking.refused(
                    v_booking.tenant_id, v_booking, 'reschedule', booking.wrong_state(v_booking), try_reschedule.starts_at);
            end if;
            v_question := booking.question(v_booking.tenant_id, v_booking.service_id, try_reschedule.duration);
            if try_reschedule.duration is null then
                v_question := booking.question(
                    v_booking.tenant_id, v_booking.service_id, booking.length_of(v_booking, v_question.service));
            end if;
            perform booking.check_member(v_question.service, try_reschedule.resource);
            v_from := v_booking.span;
            if v_from = tstzrange(try_reschedule.starts_at, booking.slot_end(
                    v_question.service, try_reschedule.starts_at, v_question.minutes))
                and (try_reschedule.resource is null or try_reschedule.resource = any (booking.resources_of(v_booking)))
            then
                return booking.booked(v_booking);
            end if;
            v_question.moved := v_booking.booking_id;
            v_question.among := case when not v_anybody then v_among end;
            v_code := booking.move(v_booking, v_question, try_reschedule.starts_at, try_reschedule.resource);
            exit when v_code is null;
            raise exception using errcode = 'BK001';
        exception when sqlstate 'BK001' then
            -- It had moved before it was locked, and is looked at again; or cannot go there like this.
            if v_booking.booking_id is not null then
                exit when v_anybody or booking.members_of(v_booking.tenant_id, v_booking.service_id) <@ v_among;
                v_anybody := true;
            end if;
        end;
    end loop;
    if v_code is not null then
        return booking.refused(
            v_booking.tenant_id, v_booking, 'reschedule', booking.not_booked(v_code), try_reschedule.starts_at);
    end if;
    select b.* into strict v_booking
    from booking.booking b
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id;
    perform booking.record_event(
        v_booking.tenant_id, 'rescheduled', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_build_object(
            'from', lower(v_from), 'starts_at', lower(v_booking.span), 'resources', booking.resources_of(v_booking)));
    return booking.booked(v_booking);
end
$$;
comment on function booking.try_reschedule(uuid, uuid, timestamptz, interval, uuid) is
    'As booking.reschedule, but a refusal is returned in code, and nothing is changed.';

create function booking.reschedule(
    tenant uuid,
    booking_id uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_reschedule(tenant, booking_id, starts_at, duration, resource));
end
$$;
comment on function booking.reschedule(uuid, uuid, timestamptz, interval, uuid) is
    'Moves a pending or confirmed booking to another start, which has to be offered as to anybody, but for the booking itself, '
    'which is in nobody''s way: it may overlap itself. With the resources that it has, where they can, else with others; '
    'resource: with this one. duration: default as long as it is. It keeps its id, history and tokens; to where it is already, '
    'nothing happens. BK001, BK003, BK004: as booking.book; BK005: over, or in a state that ended it. P0002: unknown booking, '
    'resource, or a service that is not active; 22023, 22004, 22008: bad arguments.';

create function booking.try_reassign(tenant uuid, booking_id uuid, from_resource uuid, to_resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_question booking.question;
    v_substitutes uuid[];
    v_substitute uuid;
    v_kept uuid[];
    v_code text;
begin
    select array_agg(m.resource_id order by m.booked::numeric / m.weight, m.resource_id) into v_substitutes
    from booking.booking_resource r
    join booking.booking b using (tenant_id, booking_id)
    join booking.requirement_resource m
        on m.tenant_id = r.tenant_id and m.service_id = b.service_id and m.requirement_id = r.requirement_id
    where r.tenant_id = try_reassign.tenant and r.booking_id = try_reassign.booking_id
        and r.resource_id = try_reassign.from_resource
        and case when try_reassign.to_resource is null then m.resource_id <> r.resource_id else m.resource_id = try_reassign.to_resource end;
    if v_substitutes is null then
        v_booking := booking.lock_booking(try_reassign.tenant, try_reassign.booking_id);
        if try_reassign.to_resource is null and exists (
            select
            from booking.booking_resource r
            where r.tenant_id = try_reassign.tenant and r.booking_id = try_reassign.booking_id
                and r.resource_id = try_reassign.from_resource)
        then
            return booking.refused(v_booking.tenant_id, v_booking, 'reassign', booking.not_booked('BK001'));
        end if;
        raise exception 'unknown resource of this booking' using errcode = 'P0002',
            hint = 'from_resource is assigned to it, and to_resource can stand in: both are members of one requirement.';
    end if;
    v_booking := booking.lock_booking(try_reassign.tenant, try_reassign.booking_id, v_substitutes);
    v_kept := array(
        select r
        from unnest(booking.resources_of(v_booking)) r
        where r <> try_reassign.from_resource);
    if not booking.can_move(v_booking) then
        return booking.refused(v_booking.tenant_id, v_booking, 'reassign', booking.wrong_state(v_booking));
    elsif try_reassign.to_resource = any (v_kept || try_reassign.from_resource) then
        return booking.booked(v_booking);
    end if;
    v_question := booking.moving(v_booking);
    foreach v_substitute in array v_substitutes loop
        continue when v_substitute = any (v_kept);
        v_question.among := v_kept || v_substitute;
        begin
            v_code := booking.move(v_booking, v_question, lower(v_booking.span), v_substitute);
            exit when v_code is null;
            raise exception using errcode = 'BK001';
        exception when sqlstate 'BK001' then
            -- Not this one.
        end;
    end loop;
    if v_code is not null then
        return booking.refused(v_booking.tenant_id, v_booking, 'reassign', booking.not_booked(v_code));
    end if;
    select b.* into strict v_booking
    from booking.booking b
    where b.tenant_id = v_booking.tenant_id and b.booking_id = v_booking.booking_id;
    perform booking.record_event(
        v_booking.tenant_id, 'reassigned', booking_id => v_booking.booking_id, service => v_booking.service_id,
        detail => jsonb_build_object('from', try_reassign.from_resource, 'resources', booking.resources_of(v_booking)));
    return booking.booked(v_booking);
end
$$;
comment on function booking.try_reassign(uuid, uuid, uuid, uuid) is 'As booking.reassign, but a refusal is returned in code, and nothing is changed.';

create function booking.reassign(tenant uuid, booking_id uuid, from_resource uuid, to_resource uuid default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_reassign(tenant, booking_id, from_resource, to_resource));
end
$$;
comment on function booking.reassign(uuid, uuid, uuid, uuid) is
    'Puts another member of the same requirement in the place of one that is assigned to a booking, at the same time: to_resource, '
    'or whoever is free and has fewest bookings by weight. Notice, horizon and durations are of no account, hours are. BK001: '
    'nobody is free; BK003: closed at that time, or it has begun; BK004: a limit; BK005: over, or in a state that ended it. '
    'P0002: unknown booking, or not its resources.';
