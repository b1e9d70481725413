-- The lists of an owner's console: everything that is there, pages that neither repeat nor leave out, bad input.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set t '''00000000-0000-0000-0000-000000000001'''
\set u '''00000000-0000-0000-0000-000000000002'''
insert into booking.tenant (tenant_id, slug, name, zone) values (:t, 't', 'T', 'Europe/Berlin'), (:u, 'u', 'U', 'UTC');
insert into booking.location (tenant_id, location_id, slug, name) select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'l' || n, 'L' || n from generate_series(1, 3) n;
insert into booking.resource (tenant_id, resource_id, slug, name, active, public, location_id)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, n <> 2, n <> 3, case when n < 3 then '00000000-0000-0000-0000-000000000001'::uuid end from generate_series(1, 4) n;
\set r1 '''00000000-0000-0000-0000-000000000001'''
\set r2 '''00000000-0000-0000-0000-000000000002'''
select booking.put_hours(:t, :r1, 'Mo-We 09:00-12:00; Tu 14:00-18:00') as hours \gset
select booking.put_service(:t, 'one', 'One', array[60], array[:r1]::uuid[]) as one \gset
select booking.create_service(:t, 'two', '{"name": "Two", "kind": "span", "min_length": 60, "max_length": 600, "price": 20, "currency": "EUR", "active": false, "public": false, "cancel_notice": "1 day"}',
    jsonb_build_array(jsonb_build_object('resources', array[:r1, :r2], 'strategy', 'priority', 'priorities', array[2, 1]))) as two \gset
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'one', 'service', 'day', 3), (:t, :'one', 'customer', 'week', 1);
select status from booking.book(:t, service => :'one', starts_at => '2100-01-04 09:00');
select count(booking.put_schedule(:t, 'Other')) from generate_series(1, 2);
select count(booking.put_member(:t, u, 'viewer')) from unnest('{zoe,a.b,ada}'::text[]) u;

select slug, name, cardinality(resources) as resources, cursor from booking.list_locations(:t);
select slug, name, zone, grain, capacity, schedule_id = :'hours' as hours, right(location_id::text, 1) as location, active, public, metadata, cardinality(services) as services
from booking.list_resources(:t);
\x on
select slug, name, zone, kind, durations, min_length, max_length, check_in, check_out, arrival_days, crosses_closed, seats, step, buffer_before, buffer_after, min_notice, horizon, bookable,
    schedule_id, hold_ttl, max_hold_age, max_holds, needs_approval, approval_ttl, price, currency, payment_ttl, pending_blocks, cancel_notice, reschedule_notice, active, public, metadata,
    regexp_replace(requirements::text, '"requirement_id": "[^"]*"', '"requirement_id": "..."') as requirements, limits
from booking.list_services(:t);
\x off
select slug from booking.list_services(:t, service => :'two');
select user_id, role from booking.list_members(:t);
select name, zone, holiday_set_id, rules, overrides, cardinality(resources) as resources, cardinality(services) as services from booking.list_schedules(:t);
select weekday, opens, closes, valid, location_id from booking.list_rules(:t, :'hours');
select count(booking.put_override(:t, :'hours', daterange('2100-01-01'::date + n, '2100-01-01'::date + n + 1 + n % 2), case n when 3 then time '09:00' end, case n when 3 then time '10:00' end, reason => 'n' || n))
from generate_series(0, 5) n;
select count(booking.put_override(:t, :'hours', '[2100-01-02,2100-01-03)', reason => 'twin'));
select dates, opens, closes, reason from booking.list_overrides(:t, :'hours') order by dates, reason;
select count(booking.put_busy_window(:t, case n % 2 when 0 then :r1 else :r2 end::uuid, tstzrange(timestamptz '2100-01-04' + n * interval '1 hour', timestamptz '2100-01-04' + (n + 2) * interval '1 hour'), 'n' || n))
from generate_series(0, 5) n;
select count(booking.put_busy_window(:t, :r1, s, r)) from (values (tstzrange '[2100-01-04 00:00,2100-01-20 00:00)', 'long'), ('empty', 'no time')) w (s, r);
select right(resource_id::text, 1) as resource, starts_at, ends_at, reason from booking.list_busy_windows(:t) order by starts_at, reason;
-- What touches a range.
select reason from booking.list_overrides(:t, :'hours', '2100-01-03', '2100-01-05') order by 1;
select reason from booking.list_busy_windows(:t, '2100-01-04 03:00', '2100-01-04 04:00') order by 1;
select reason from booking.list_busy_windows(:t, '2100-01-05', resource => :r1);
select count(*) from booking.list_busy_windows(:t, resource => :r2);

-- Two a page: all of it, in the same order, each once.
create function pg_temp.pages(list text)
returns table (lists text, rows bigint, pages int, same boolean)
language plpgsql
as $$
declare
    v_all text[];
    v_paged text[] := '{}';
    v_page text[];
    v_after text;
begin
    pages := 0;
    execute format('select array_agg(l.cursor) from booking.%s) l', list) into v_all;
    loop
        execute format('select array_agg(l.cursor) from booking.%s, after => $1, max => 2) l', list) into v_page using v_after;
        exit when v_page is null or pages > 9;
        pages := pages + 1;
        v_paged := v_paged || v_page;
        v_after := v_page[cardinality(v_page)];
    end loop;
    lists := substring(list from '^\w+');
    rows := cardinality(v_all);
    same := v_all = v_paged and cardinality(v_all) = (select count(distinct c) from unnest(v_all) c);
    return next;
end
$$;
select p.*
from unnest(array['list_locations(%L', 'list_resources(%L', 'list_services(%L', 'list_members(%L', 'list_schedules(%L', 'list_overrides(%L, %L', 'list_busy_windows(%L']) l
cross join lateral pg_temp.pages(format(l, :t, :'hours')) p;
-- A list of somebody else, or of nobody.
select (select count(*) from booking.list_resources(:u)) as u, (select count(*) from booking.list_resources(null)) as nobody, (select count(*) from booking.list_rules(:u, :'hours')) as foreign_rules;

-- Bad input.
select booking.list_locations(:t, max => 0);
select booking.list_resources(:t, max => 1001);
select booking.list_services(:t, max => null);
select booking.list_members(:t, max => -1);
select booking.list_schedules(:t, after => 'x');
select booking.list_schedules(:t, after => 'x.00000000-0000-0000-0000-00000000000G');
select booking.list_overrides(:t, :'hours', after => '1.5');
select booking.list_overrides(:t, :'hours', after => '999999999.00000000-0000-0000-0000-000000000000');
select booking.list_busy_windows(:t, after => E'1.00000000-0000-0000-0000-000000000000\n');
select booking.list_busy_windows(:t, after => '999999999999999999.00000000-0000-0000-0000-000000000000');
select count(*) from booking.list_busy_windows(:t, '-infinity', 'infinity');
