-- The public surface of those who come from a calculator of pre-computed slots: staff, local dates and a slot_id that says it
-- all; a reservation of ten minutes, and an appointment from it. The same engine beneath. Next: 95_edit.sql.

create type booking.staff_slot as (
    slot_id text,
    starts_at timestamptz,
    ends_at timestamptz,
    minutes int,
    location_id uuid,
    resource_id uuid);
comment on type booking.staff_slot is 'A start with one public resource, of the service that the slot_id says.';

create function booking.public_staff_slots(tenant text, staff uuid, start_date date, end_date date, duration_minutes int)
returns setof booking.staff_slot
language plpgsql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant uuid := booking.public_tenant(public_staff_slots.tenant);
    v_slots bigint;
begin
    if public_staff_slots.start_date is null or public_staff_slots.end_date is null then
        raise exception 'give start_date and end_date' using errcode = '22004';
    elsif not (isfinite(public_staff_slots.start_date) and isfinite(public_staff_slots.end_date)
        and public_staff_slots.start_date >= '0001-01-02' and public_staff_slots.end_date < '9998-12-30')
    then
        raise exception 'dates must lie in the years 1 to 9998' using errcode = '22008';
    elsif public_staff_slots.end_date < public_staff_slots.start_date then
        raise exception 'end_date must not be before start_date' using errcode = '22023';
    elsif public_staff_slots.end_date - public_staff_slots.start_date >= 399 then
        -- Of 400 days, one is left for a zone whose clock goes back meanwhile.
        raise exception 'dates may span at most 399 days' using errcode = '22023', hint = 'Read them in pieces.';
    elsif public_staff_slots.duration_minutes not between 1 and 525600 then
        raise exception 'duration_minutes must be 1 to 525600' using errcode = '22023';
    elsif public_staff_slots.staff is not null and not exists (
        select
        from booking.resource r
        where r.tenant_id = v_tenant and r.resource_id = public_staff_slots.staff and r.active and r.public)
    then
        perform booking.raise_unknown();
    end if;
    return query
        select l.slot_id, l.starts_at, l.ends_at, (extract(epoch from l.duration) / 60)::int, l.location_id, l.resource_id
        from booking.service s
        cross join lateral booking.public_available_slots(
            s.tenant_id::text, s.service_id::text,
            timezone(s.zone, public_staff_slots.start_date::timestamp),
            timezone(s.zone, (public_staff_slots.end_date + 1)::timestamp),
            make_interval(mins => public_staff_slots.duration_minutes), public_staff_slots.staff, null, 'hide', true, null) l
        where s.tenant_id = v_tenant and s.active and s.public
            -- A length that a service has not is no mistake where others are asked, too.
            and (public_staff_slots.duration_minutes is null or booking.has_length(s, public_staff_slots.duration_minutes)
                and (s.kind <> 'stay' or public_staff_slots.duration_minutes % 1440 = 0))
            and exists (
                select
                from booking.requirement_resource m
                where m.tenant_id = s.tenant_id and m.service_id = s.service_id
                    and m.resource_id = coalesce(public_staff_slots.staff, m.resource_id))
        order by l.starts_at, l.resource_id, s.slug
        limit 100001;
    get diagnostics v_slots = row_count;
    -- There are no pages, and whoever asks has to hold it all.
    if v_slots > 100000 then
        raise exception 'there are more than 100000 slots'
            using errcode = '22023', hint = 'Ask for fewer dates, or for one of the staff.';
    end if;
end
$$;
comment on function booking.public_staff_slots(text, uuid, date, date, int) is 'Behind booking_api.staff_slots.';

create function booking_api.staff_slots(
    tenant text,
    start_date date,
    end_date date,
    staff uuid default null,
    duration_minutes int default null)
returns setof booking.staff_slot
language sql
stable
begin atomic
    select * from booking.public_staff_slots(tenant, staff, start_date, end_date, duration_minutes);
end;
comment on function booking_api.staff_slots(text, date, date, uuid, int) is
    'The starts of all public services of a tenant that are available, a row for each public resource, in time order. Dates are '
    'those of the service''s zone, end_date among them, at most 399; staff: only with this resource; duration_minutes: of services '
    'that have this length, without it each its shortest. PT404: unknown tenant or resource; class 22: bad arguments, or more '
    'than 100000 slots.';

create function booking.public_try_reserve(slot_id text, session_id text)
returns booking.hold_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key;
begin
    perform booking.check_owner();
    v_key := booking.public_key(null, null, null, null, null, slot_id);
    return booking.public_try_hold(
        null, null, null, session_id, null, null,
        (
            select least(interval '10 minutes', s.max_hold_age)
            from booking.service s
            where s.tenant_id = v_key.tenant_id and s.service_id = v_key.service_id),
        slot_id, null);
end
$$;
comment on function booking.public_try_reserve(text, text) is 'Behind booking_api.try_reserve.';

create function booking_api.try_reserve(slot_id text, session_id text)
returns booking.hold_result
language sql
begin atomic
    select booking.public_try_reserve(slot_id, session_id);
end;
comment on function booking_api.try_reserve(text, text) is
    'Holds a slot for a session, for ten minutes or as long as the service allows: as booking_api.try_hold, with the slot_id alone. '
    'PT404: unknown names; class 22: bad arguments.';

create function booking.book_reserved(key booking.slot_key, session_id text, customer jsonb)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_session bytea := booking.session_hash(book_reserved.session_id);
    v_hold uuid;
begin
    select (booking.own_hold(
        s, (book_reserved.key).starts_at, booking.whole_minutes((book_reserved.key).duration), v_session,
        (book_reserved.key).resource_id, null)).hold_id
    into v_hold
    from booking.service s
    where s.tenant_id = (book_reserved.key).tenant_id and s.service_id = (book_reserved.key).service_id;
    if v_hold is null then
        perform booking.record_refusal(
            (book_reserved.key).tenant_id, 'BK002', 'book', v_session, (book_reserved.key).service_id,
            (book_reserved.key).starts_at, (book_reserved.key).duration, (book_reserved.key).resource_id);
        return booking.not_booked('BK002');
    end if;
    return booking.book_quietly(
        (book_reserved.key).tenant_id, v_hold, book_reserved.session_id, null, null, null, null, book_reserved.customer);
end
$$;
comment on function booking.book_reserved(booking.slot_key, text, jsonb) is
    'Books the live hold that a session has of a slot; BK002 in code where it has none, whoever has it.';

create function booking.public_try_appointment(slot_id text, session_id text, customer jsonb, idempotency_key text)
returns booking.booking_result
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_key booking.slot_key;
    v_customer jsonb;
    v_caller bytea;
    v_earlier booking.earlier;
    v_result booking.booking_result;
begin
    perform booking.check_owner();
    if slot_id is null or session_id is null then
        raise exception 'slot_id and session_id are needed' using errcode = '22004';
    end if;
    v_key := booking.slot_of(slot_id);
    -- What was reserved stays so where its service is hidden since, but not where its tenant is closed.
    v_key.tenant_id := booking.tenant_of(v_key.tenant_id::text);
    v_customer := booking.public_customer(customer);
    if idempotency_key is null then
        return booking.book_reserved(v_key, session_id, v_customer);
    end if;
    v_caller := booking.caller_hash(session_id, false);
    v_earlier := booking.begin_once(
        v_key.tenant_id, 'appointment', v_caller, idempotency_key,
        booking.book_request(null, null, null, null, null, v_customer, false, slot_id, null));
    if v_earlier.replay then
        return booking.replayed(v_earlier, v_key.tenant_id, 'book');
    end if;
    v_result := booking.book_reserved(v_key, session_id, v_customer);
    perform booking.end_once(v_key.tenant_id, 'appointment', v_caller, idempotency_key, v_result);
    return v_result;
end
$$;
comment on function booking.public_try_appointment(text, text, jsonb, text) is 'Behind booking_api.try_appointment.';

create function booking_api.try_appointment(
    slot_id text,
    session_id text,
    customer jsonb default null,
    idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_appointment(slot_id, session_id, customer, idempotency_key);
end;
comment on function booking_api.try_appointment(text, text, jsonb, text) is
    'Books the slot that a session has reserved, and no other: BK002 in code where its reservation has lapsed or is another '
    'session''s. As booking_api.try_book otherwise. PT404: unknown tenant; class 22: bad arguments.';

create function booking.recalculate(tenant text, start_date date, end_date date, staff uuid default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_tenant booking.tenant;
begin
    select t.* into v_tenant
    from booking.tenant t
    where t.tenant_id = booking.uuid_of(recalculate.tenant) or t.slug = recalculate.tenant;
    if not found or recalculate.staff is not null and not exists (
        select
        from booking.resource r
        where r.tenant_id = v_tenant.tenant_id and r.resource_id = recalculate.staff)
    then
        perform booking.raise_unknown();
    elsif recalculate.start_date is null or recalculate.end_date is null then
        raise exception 'give start_date and end_date' using errcode = '22004';
    elsif not (isfinite(recalculate.start_date) and isfinite(recalculate.end_date)
        and recalculate.start_date >= '0001-01-02' and recalculate.end_date < '9998-12-30')
    then
        raise exception 'dates must lie in the years 1 to 9998' using errcode = '22008';
    end if;
    return booking.recompute(
        v_tenant.tenant_id, recalculate.staff, timezone(v_tenant.zone, recalculate.start_date::timestamp),
        timezone(v_tenant.zone, (recalculate.end_date + 1)::timestamp));
end
$$;
comment on function booking.recalculate(text, date, date, uuid) is
    'As booking.recompute, by the dates of the tenant''s zone, end_date among them: of one resource, or of all. Returns how many '
    'pages were stored. PT404: unknown tenant or resource; class 22: bad dates.';
