-- Row-level security, on every table. A table that is not named here has no policy: it shows nothing to anybody but its owner
-- and the service role, and grant_access gives to members exactly what there are policies for.
--
--                            viewer   manager  owner    customer
--   tenant                   r        r        ru
--   member                   r        r        riud
--   what an owner edits      r        riud     riud
--   what functions write     r        riud     riud     own bookings: r
--   tokens                   r        riu      riu
--   payments                 r        ri       ri
--   history                  r        ri       riu     whoever erases a customer erases what it says of them
--   the feed, bindings of logins, what grant_access keeps: nobody but the service role
--
-- A member's calls run with a member's rights, so whoever may cancel may write what cancel writes: constraints and triggers
-- guard what the functions rely on. An update finds what its caller can read and is then refused (42501): the lock of a
-- row, which is an update, must not pass by what it cannot write. Next: 87_public.sql.

do $$
declare
    v_table regclass;
begin
    for v_table in
        select c.oid::regclass
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p')
    loop
        execute format('alter table %s enable row level security', v_table);
    end loop;
end
$$;

do $$
declare
    c_read constant text := '(tenant_id = any ((select booking.my_tenants())::uuid[]))';
    c_manage constant text := '(tenant_id = any ((select booking.my_tenants(''manager''))::uuid[]))';
    c_own constant text := '(tenant_id = any ((select booking.my_tenants(''owner''))::uuid[]))';
    c_edited constant text[] := array[
        'location', 'holiday_set', 'holiday', 'schedule', 'schedule_rule', 'schedule_override', 'schedule_travel', 'resource',
        'service', 'service_requirement', 'requirement_resource', 'service_limit', 'busy_window'];
    c_written constant text[] := array['hold', 'booking', 'booking_resource', 'sitting', 'claim', 'availability', 'idempotency', 'refusal_tally'];
    v_table text;
begin
    foreach v_table in array c_edited || c_written || array['tenant', 'member', 'booking_token', 'booking_event', 'payment'] loop
        execute format('create policy member_read on booking.%I for select using %s', v_table, c_read);
    end loop;
    foreach v_table in array c_edited || c_written || array['booking_token', 'booking_event', 'payment'] loop
        execute format('create policy manager_insert on booking.%I for insert with check %s', v_table, c_manage);
    end loop;
    foreach v_table in array c_edited || c_written || array['booking_token'] loop
        execute format('create policy manager_update on booking.%I for update using %s with check %s', v_table, c_read, c_manage);
    end loop;
    foreach v_table in array c_edited || c_written loop
        execute format('create policy manager_delete on booking.%I for delete using %s', v_table, c_manage);
    end loop;
    execute format('create policy owner_update on booking.tenant for update using %s with check %s', c_read, c_own);
    execute format('create policy owner_update on booking.booking_event for update using %s with check %s', c_read, c_own);
    execute format('create policy owner_insert on booking.member for insert with check %s', c_own);
    execute format('create policy owner_update on booking.member for update using %s with check %s', c_read, c_own);
    execute format('create policy owner_delete on booking.member for delete using %s', c_own);
end
$$;

-- By the sub that it was made with, found by the key: an e-mail address or a phone may read the same and is what anybody says.
create policy customer_read on booking.booking
for select
using (
    customer_key = (select (booking.caller()).user_id)
    and customer ->> 'sub' = (select (booking.caller()).user_id)
    and tenant_id = coalesce((select (booking.caller()).tenant_id), tenant_id));

-- Who has signed in comes without a tenant.
create index booking_customer_key on booking.booking (customer_key) where customer_key is not null;
