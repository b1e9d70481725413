-- Payments: each is recorded once, by its reference, and whatever has become of its booking: the money is there. Who takes it is
-- not our business. Next: 66_move.sql.

create table booking.payment (
    tenant_id uuid not null,
    reference text not null,
    booking_id uuid not null,
    amount numeric(12, 2) not null,
    currency text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    constraint payment_pkey primary key (tenant_id, reference),
    constraint payment_booking_fkey foreign key (tenant_id, booking_id) references booking.booking on delete cascade,
    constraint payment_reference_some check (length(reference) between 1 and 255),
    constraint payment_amount_positive check (amount >= 0 and amount <> 'NaN'),
    constraint payment_currency_iso check (currency ~ '^[A-Z]{3}$')
);
comment on table booking.payment is 'What was paid for a booking.';
comment on column booking.payment.reference is 'What the payment is called by whom it came from; the same one is recorded once.';
comment on column booking.payment.amount is 'In its currency.';

create index payment_booking on booking.payment (tenant_id, booking_id);

create function booking.paid(booking booking.booking)
returns numeric
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(sum(p.amount), 0)
        from booking.payment p
        where p.tenant_id = paid.booking.tenant_id and p.booking_id = paid.booking.booking_id);
end
$$;
comment on function booking.paid(booking.booking) is 'What has been paid for a booking so far.';

create function booking.currency_of(booking booking.booking)
returns text
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return coalesce(booking.currency, (
        select p.currency
        from booking.payment p
        where p.tenant_id = currency_of.booking.tenant_id and p.booking_id = currency_of.booking.booking_id
        limit 1));
end
$$;
comment on function booking.currency_of(booking.booking) is
    'What a booking is paid for in: the currency of its price; of one without, that of the first payment; null where there is neither.';

create function booking.try_record_payment(
    tenant uuid,
    booking_id uuid,
    reference text,
    amount numeric default null,
    currency text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking := booking.lock_to_confirm(try_record_payment.tenant, try_record_payment.booking_id);
    v_status text := booking.status_at(v_booking, clock_timestamp());
    v_currency text := coalesce(try_record_payment.currency, booking.currency_of(v_booking));
    -- Who pays when nothing is left to pay has paid once more.
    v_amount numeric := round(coalesce(
        try_record_payment.amount, nullif(greatest(v_booking.price - booking.paid(v_booking), 0), 0), v_booking.price), 2);
    v_before booking.payment;
    v_code text;
    v_result booking.booking_result;
begin
    if reference is null then
        raise exception 'reference is needed' using errcode = '22004', hint = 'Give what the payment is called by whom it came from.';
    end if;
    insert into booking.payment (tenant_id, reference, booking_id, amount, currency)
    select v_booking.tenant_id, try_record_payment.reference, v_booking.booking_id, v_amount, v_currency
    where v_currency = coalesce(booking.currency_of(v_booking), v_currency) and v_amount is not null
    on conflict on constraint payment_pkey do nothing;
    if not found then
        select p.* into v_before
        from booking.payment p
        where p.tenant_id = v_booking.tenant_id and p.reference = try_record_payment.reference;
        if v_before.reference is null then
            raise exception 'this booking is not paid for in %', coalesce(v_currency, 'money')
                using errcode = '22023', hint = coalesce(
                    'Its currency is ' || booking.currency_of(v_booking) || '.', 'It has no price: say how much was paid, in which currency.');
        elsif v_before.booking_id <> v_booking.booking_id or v_before.currency <> v_currency
            or v_before.amount <> coalesce(round(try_record_payment.amount, 2), v_before.amount)
        then
            return booking.refused(v_booking.tenant_id, v_booking, 'record_payment', booking.not_booked('BK006'));
        end if;
    end if;
    -- Also when it is told again: what was in the way may be gone.
    if booking.paid(v_booking) >= v_booking.price and v_status in ('pending', 'expired') and not v_booking.needs_approval then
        v_result := booking.confirm(v_booking);
    end if;
    if v_result.booking_id is null then
        -- It stays what it is, and the payment is known all the same.
        v_code := v_result.code;
        v_result := booking.booked(v_booking);
        v_result.detail := coalesce(booking.to_refund(v_booking), jsonb_build_object('code', v_code));
        v_result.detail := nullif(jsonb_strip_nulls(v_result.detail), '{}');
    end if;
    if v_before.reference is null then
        perform booking.record_event(
            v_booking.tenant_id, 'paid', booking_id => v_booking.booking_id, service => v_booking.service_id,
            detail => jsonb_build_object('amount', v_amount, 'currency', v_currency, 'status', v_result.status));
    end if;
    return v_result;
end
$$;
comment on function booking.try_record_payment(uuid, uuid, text, numeric, text) is
    'As booking.record_payment, but a refusal is returned in code.';

create function booking.to_refund(booking booking.booking)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_paid numeric := booking.paid(booking);
    v_due numeric := case
        when booking.status_at(booking, clock_timestamp()) in ('cancelled', 'declined', 'expired') then 0 else coalesce(booking.price, 0)
    end;
begin
    if v_paid > v_due then
        return jsonb_build_object('to_refund', v_paid - v_due, 'currency', booking.currency_of(booking));
    end if;
    return null;
end
$$;
comment on function booking.to_refund(booking.booking) is
    'What was paid for a booking beyond what it costs (of one that is off: all of it), as {to_refund, currency}; else null.';

create function booking.record_payment(
    tenant uuid,
    booking_id uuid,
    reference text,
    amount numeric default null,
    currency text default null)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
begin
    return booking.done(booking.try_record_payment(tenant, booking_id, reference, amount, currency));
end
$$;
comment on function booking.record_payment(uuid, uuid, text, numeric, text) is
    'Records a payment for a booking (default: what is still to be paid, or all of it once more), once for each reference, and confirms the booking when '
    'all is paid and nothing else is missing. It is recorded whatever has become of the booking: one that expired unpaid takes its '
    'slot again if that is still free, and is confirmed; else it stays what it is, and detail has {to_refund, currency}, or the '
    'code of why it is not confirmed though all is paid: to record it again tries again. '
    'BK006: that reference was another payment. 22023: another currency, or no amount where there is no price; 22004: no reference; '
    'P0002: unknown booking.';
