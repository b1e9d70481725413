-- A booking as its callers hear of it, and its customer. Next: 59_book_hold.sql.

create type booking.booking_result as (
    booking_id uuid,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    manage_token text,
    manage_url text,
    payment_required boolean,
    payment_url text,
    code text,
    detail jsonb);
comment on type booking.booking_result is
    'A booking: its id, status, start and end. manage_token: lets its customer see, move or cancel it; told once, to whom '
    'booked, and kept nowhere; manage_url: the tenant''s page for it. payment_required: it is pending until it is paid for, at '
    'payment_url. code: null, or why there is none (BK001 to BK006), with details.';

create function booking.not_booked(code text, detail jsonb default null)
returns booking.booking_result
language sql
immutable
parallel safe
begin atomic
    select (null, null, null, null, null, null, null, null, code, detail)::booking.booking_result;
end;
comment on function booking.not_booked(text, jsonb) is 'The result that tells of a refusal.';

create function booking.done(result booking.booking_result)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if result.code is not null then
        perform booking.refuse(result.code, result.detail);
    end if;
    return result;
end
$$;
comment on function booking.done(booking.booking_result) is 'What a try_* function returned, raised where it is a refusal.';

create function booking.status_at(booking booking.booking, now timestamptz)
returns text
language sql
immutable
parallel safe
begin atomic
    select case when (booking).status = 'pending' and (booking).expires_at <= now then 'expired' else (booking).status end;
end;
comment on function booking.status_at(booking.booking, timestamptz) is
    'The status of a booking as it reads at an instant: one that is pending past its expires_at has expired, whether or not '
    'anybody wrote it down.';

-- Inlined.
create function booking.waits(service booking.service)
returns boolean
language sql
immutable
parallel safe
begin atomic
    select (service).needs_approval or coalesce((service).price, 0) > 0;
end;
comment on function booking.waits(booking.service) is 'True where a booking of a service is pending at first: to be approved, or paid for.';

create function booking.unpaid(booking booking.booking)
returns boolean
language sql
immutable
parallel safe
begin atomic
    select (booking).status = 'pending' and not (booking).needs_approval and coalesce((booking).price, 0) > 0;
end;
comment on function booking.unpaid(booking.booking) is 'True where nothing but a payment is missing.';

create function booking.payment_url(booking booking.booking)
returns text
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return (
        select replace(t.settings ->> 'payment_url', '{booking_id}', booking.booking_id::text)
        from booking.tenant t
        where t.tenant_id = booking.tenant_id);
end
$$;
comment on function booking.payment_url(booking.booking) is
    'Where a booking is paid for: the setting payment_url of its tenant, with {booking_id} filled in; null where there is none.';

create function booking.booked(booking booking.booking)
returns booking.booking_result
language plpgsql
stable
as $$
declare
    v_unpaid boolean := booking.unpaid(booking);
begin
    return (
        booking.booking_id, booking.status_at(booking, clock_timestamp()), lower(booking.span), upper(booking.span),
        null, null, v_unpaid, case when v_unpaid then booking.payment_url(booking) end, null, null)
        ::booking.booking_result;
end
$$;
comment on function booking.booked(booking.booking) is 'The result that tells of a booking.';

create function booking.check_customer(customer jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if customer is null then
        return '{}';
    elsif jsonb_typeof(customer) <> 'object' then
        raise exception 'customer must be a JSON object' using errcode = '22023';
    elsif octet_length(customer::text) > 65536 then
        raise exception 'customer is larger than 64 kB' using errcode = '54000';
    elsif length(booking.customer_key(customer)) > 320 then
        raise exception 'e-mail, phone or sub of the customer is longer than 320 characters' using errcode = '54000';
    end if;
    return customer;
end
$$;
comment on function booking.check_customer(jsonb) is
    'The customer of a booking, an empty object for null. 22023 where it is no object, 54000 where it is larger than 64 kB, or '
    'the customer is known by more than 320 characters.';

create function booking.customer_key(customer jsonb)
returns text
language sql
immutable
parallel safe
begin atomic
    select coalesce(
        case when jsonb_typeof(customer -> 'sub') = 'string' then nullif(customer ->> 'sub', '') end,
        case when jsonb_typeof(customer -> 'email') = 'string' then nullif(lower(btrim(customer ->> 'email', E' \t\n\r\f\x0B')), '') end,
        case when jsonb_typeof(customer -> 'phone') = 'string' then nullif(btrim(customer ->> 'phone', E' \t\n\r\f\x0B'), '') end);
end;
comment on function booking.customer_key(jsonb) is 'By what a customer is known again: the sub of a JWT, else lower-cased e-mail, else phone, else null.';
