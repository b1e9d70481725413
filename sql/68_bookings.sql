-- list_bookings: the owner's list, page by page. With the rights of whoever asks: a member sees the bookings of the tenant, a
-- customer who has signed in the own ones. Next: 69_put.sql.

create index booking_start on booking.booking (tenant_id, booking.span_start(span), booking_id);

create type booking.listed_booking as (
    booking_id uuid,
    service_id uuid,
    status text,
    starts_at timestamptz,
    ends_at timestamptz,
    seats int,
    resources uuid[],
    source text,
    customer jsonb,
    customer_key text,
    expires_at timestamptz,
    needs_approval boolean,
    price numeric,
    currency text,
    paid numeric,
    series_id uuid,
    conflict boolean,
    created_at timestamptz,
    cursor text);
comment on type booking.listed_booking is
    'A booking as its tenant sees it. status: as it reads now; resources: what is assigned, in the order of ids; paid: so far, '
    'in its currency; conflict: a busy window lies over it, so that somebody has to be asked; cursor: where the next page begins.';

create function booking.list_bookings(
    tenant uuid,
    from_ts timestamptz default null,
    to_ts timestamptz default null,
    status text[] default null,
    service uuid default null,
    resource uuid default null,
    customer_key text default null,
    after text default null,
    max int default 100)
returns setof booking.listed_booking
language plpgsql
stable
rows 100
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    v_now timestamptz := statement_timestamp();
    v_at timestamptz := '-infinity';
    v_id uuid := '00000000-0000-0000-0000-000000000000';
    -- One that reads as expired may still be written as pending: of those there is an index.
    v_written text[] := list_bookings.status || case when 'expired' = any (list_bookings.status) then 'pending' end;
    v_few uuid[];
begin
    perform booking.check_tenant(list_bookings.tenant);
    if coalesce(list_bookings.max, 0) not between 1 and 1000 then
        raise exception 'a page has 1 to 1000 bookings, not %', list_bookings.max using errcode = '22023', hint = 'Give max within, and after for the next page.';
    elsif list_bookings.after !~ '^-?\d{1,18}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
        raise exception 'malformed cursor' using errcode = '22023', hint = 'Give what the last row of the page before has as its cursor.';
    elsif list_bookings.after is not null then
        v_at := timestamptz 'epoch' + split_part(list_bookings.after, '.', 1)::bigint * interval '1 microsecond';
        v_id := split_part(list_bookings.after, '.', 2)::uuid;
    end if;
    if list_bookings.resource is not null then
        -- Few are looked up by their ids. Of many a page is soon full in time order, which took 1.3 s of 100,000 where there
        -- was none.
        v_few := array(
            select a.booking_id
            from booking.booking_resource a
            where a.tenant_id = list_bookings.tenant and a.resource_id = list_bookings.resource
            limit 1001);
        if cardinality(v_few) > 1000 then
            v_few := null;
        end if;
    end if;
    return query
        select b.booking_id, b.service_id, booking.status_at(b, v_now), lower(b.span), upper(b.span), b.seats, r.resources, b.source,
            b.customer, b.customer_key, b.expires_at, b.needs_approval, b.price, b.currency,
            case
                when b.price is not null
                    then (
                        select coalesce(sum(p.amount), 0)
                        from booking.payment p
                        where p.tenant_id = b.tenant_id and p.booking_id = b.booking_id)
            end,
            b.series_id,
            booking.status_at(b, v_now) in ('pending', 'confirmed') and exists (
                select
                from booking.busy_window w
                where w.tenant_id = b.tenant_id and w.resource_id = any (r.resources) and w.span && b.span),
            b.created_at,
            (extract(epoch from lower(b.span)) * 1000000)::bigint || '.' || b.booking_id
        from booking.booking b
        cross join lateral (
            select array_agg(distinct a.resource_id order by a.resource_id) as resources
            from booking.booking_resource a
            where a.tenant_id = b.tenant_id and a.booking_id = b.booking_id) r
        where b.tenant_id = list_bookings.tenant
            and (booking.span_start(b.span), b.booking_id) > (v_at, v_id)
            and booking.span_start(b.span) >= coalesce(list_bookings.from_ts, '-infinity')
            and booking.span_start(b.span) < coalesce(list_bookings.to_ts, 'infinity')
            and (list_bookings.status is null or b.status = any (v_written) and booking.status_at(b, v_now) = any (list_bookings.status))
            and (list_bookings.service is null or b.service_id = list_bookings.service)
            and (v_few is null or b.booking_id = any (v_few))
            and (list_bookings.resource is null or list_bookings.resource = any (r.resources))
            and (list_bookings.customer_key is null or b.customer_key = list_bookings.customer_key)
        order by booking.span_start(b.span), b.booking_id
        limit list_bookings.max;
end
$$;
comment on function booking.list_bookings(
    uuid, timestamptz, timestamptz, text[], uuid, uuid, text, text, int) is
    'The bookings of a tenant that start in a range, in time order, at most max of them (1 to 1000); after: the cursor of the '
    'last one of the page before. status: as they read now, one of several; service, resource (is or was assigned), '
    'customer_key: only theirs. 22023: a malformed cursor, or no such max; 22004: no tenant.';
