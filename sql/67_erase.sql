-- Forgetting a customer, and keeping the books. Next: 68_bookings.sql.

create type booking.erase_result as (bookings bigint, code text, detail jsonb);
comment on type booking.erase_result is 'How many bookings forgot their customer. code: always null.';

create function booking.try_erase_customer(tenant uuid, customer_key text)
returns booking.erase_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_bookings uuid[];
begin
    perform booking.check_tenant(try_erase_customer.tenant);
    if customer_key is null then
        raise exception 'customer_key is needed' using errcode = '22004', hint = 'Give the e-mail address, phone or sub that bookings know them by.';
    end if;
    with erased as (
        update booking.booking b
        set customer = '{}', customer_key = null, links = '{}', version = b.version + 1
        where b.tenant_id = try_erase_customer.tenant
            and b.customer_key in (try_erase_customer.customer_key, lower(btrim(try_erase_customer.customer_key)))
        returning b.booking_id)
    select array_agg(e.booking_id) into v_bookings
    from erased e;
    -- What somebody wrote as a reason may name them, and so does the sub of their JWT, also where nothing came of it.
    update booking.booking_event e
    set detail = e.detail - 'reason', actor = nullif(e.actor, try_erase_customer.customer_key)
    where e.tenant_id = try_erase_customer.tenant
        and (e.booking_id = any (v_bookings) and e.detail ? 'reason' or e.actor = try_erase_customer.customer_key);
    delete from booking.refusal_tally t
    where t.tenant_id = try_erase_customer.tenant and t.counted_by = try_erase_customer.customer_key;
    perform booking.record_event(try_erase_customer.tenant, 'erased', booking_id => b)
    from unnest(v_bookings) b;
    return (coalesce(cardinality(v_bookings), 0), null, null)::booking.erase_result;
end
$$;
comment on function booking.try_erase_customer(uuid, text) is 'As booking.erase_customer.';

create function booking.erase_customer(tenant uuid, customer_key text)
returns booking.erase_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.try_erase_customer(tenant, customer_key);
end
$$;
comment on function booking.erase_customer(uuid, text) is
    'Forgets a customer: all that bookings know of whoever has this customer_key, and in the history the reasons and who they signed in as. The bookings '
    'stay, with their times and payments: cancel those to come first, if they are not wanted. 22004: no tenant or key.';
