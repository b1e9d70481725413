-- The list of bookings: filters, pages that neither repeat nor leave out, the status as it reads, conflicts.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.tenant (tenant_id, slug, name, zone) values (:t, 't', 'T', 'UTC'), ('00000000-0000-0000-0000-000000000002', 'u', 'U', 'UTC');
insert into booking.resource (tenant_id, resource_id, slug, name)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n from generate_series(1, 2) n;
\set r1 '''00000000-0000-0000-0000-000000000001'''
\set r2 '''00000000-0000-0000-0000-000000000002'''
select booking.put_service(:t, 'one', 'One', array[60], array[:r1]::uuid[]) as one \gset
select booking.put_service(:t, 'two', 'Two', array[60], array[:r1, :r2]::uuid[], pick => 2) as two \gset
select count(booking.book(:t, service => :'one', starts_at => timestamptz '2100-01-04' + n * interval '2 hours', customer => jsonb_build_object('email', 'c' || n % 2 || '@x.org')))
from generate_series(0, 11) n;
update booking.service set price = 10, currency = 'EUR', needs_approval = true where slug = 'two';
select booking_id as p from booking.book(:t, service => :'two', starts_at => '2100-01-05 09:00') \gset
select booking_id as lapsed from booking.book(:t, service => :'two', starts_at => '2100-01-05 11:00') \gset
update booking.booking set expires_at = clock_timestamp() where booking_id = :'lapsed';
select status from booking.cancel(:t, (select booking_id from booking.booking where lower(span) = '2100-01-04 04:00'));
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, :r1, '[2100-01-04 04:30,2100-01-04 06:30)'), (:t, :r2, '[2100-01-05 09:30,2100-01-05 09:40)');

select to_char(starts_at, 'DD HH24:MI') as at, status, right(array_to_string(resources, ' '), 1) as resource, cardinality(resources) as n, customer_key, price, paid, conflict
from booking.list_bookings(:t);
-- Five at a time: each once, in order, and an end.
with recursive page as (
    select 1 as number, array(select l from booking.list_bookings(:t, max => 5) l) as rows
    union all
    select p.number + 1, array(select l from booking.list_bookings(:t, max => 5, after => p.rows[cardinality(p.rows)].cursor) l)
    from page p where cardinality(p.rows) > 0)
select p.number, cardinality(p.rows) as rows, count(*) over () as pages from page p order by 1;
-- Two at one instant.
insert into booking.booking (tenant_id, service_id, span) select :t, :'one', '[2100-02-01 09:00,2100-02-01 10:00)' from generate_series(1, 3);
select count(distinct b.booking_id) as seen
from (select * from booking.list_bookings(:t, '2100-02-01', max => 1)) a,
    lateral (select * from booking.list_bookings(:t, '2100-02-01', max => 1, after => a.cursor)) b0,
    lateral (select a.booking_id union select b0.booking_id union select booking_id from booking.list_bookings(:t, '2100-02-01', max => 1, after => b0.cursor)) b;
-- Filters.
select count(*) from booking.list_bookings(:t, '2100-01-04 06:00', '2100-01-04 10:00');
select count(*) from booking.list_bookings(:t, status => '{cancelled,expired}');
select count(*) from booking.list_bookings(:t, status => '{pending}', service => :'two');
select count(*) from booking.list_bookings(:t, resource => :r2);
select count(*) from booking.list_bookings(:t, customer_key => 'c1@x.org');
select count(*) from booking.list_bookings(:t, status => '{}');
select count(*) from booking.list_bookings('00000000-0000-0000-0000-000000000002');
select count(*) from booking.list_bookings(null);
-- Bad input.
select booking.list_bookings(:t, max => 0);
select booking.list_bookings(:t, max => 1001);
select booking.list_bookings(:t, max => null);
select booking.list_bookings(:t, after => 'x');
select booking.list_bookings(:t, after => '999999999999999999.00000000-0000-0000-0000-000000000000');
select booking.list_bookings(:t, after => E'1.00000000-0000-0000-0000-000000000000\n');
-- Whoever is looked for among many, a resource or all who wait, is found without reading the rest.
begin;
set local session_replication_role = replica;
insert into booking.booking (tenant_id, booking_id, service_id, status, span)
select :t, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, :'one', 'completed',
    tstzrange(timestamptz '2000-01-01' + n * interval '1 hour', timestamptz '2000-01-01' + (n + 1) * interval '1 hour')
from generate_series(1, 5000) n;
insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit)
select tenant_id, booking_id, :r1, 1 from booking.booking where status = 'completed';
set local session_replication_role = origin;
analyze booking.booking, booking.booking_resource;
create function fetched() returns bigint language sql volatile as $$
    select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables
    where schemaname = 'booking' and relname in ('booking', 'booking_resource') $$;
select fetched() as before \gset
select count(*) from booking.list_bookings(:t, resource => :r2);
select fetched() - :before < 500 as few, fetched() as before \gset
\echo :few
select count(*) from booking.list_bookings(:t, status => '{pending}');
select fetched() - :before < 500 as few, fetched() as before \gset
\echo :few
select count(*) from booking.list_bookings(:t, max => 50);
select fetched() - :before < 500 as few \gset
\echo :few
rollback;
