-- Teams of several units: as many bookings can be had as remaining says, whatever the strategy would rather have.
set timezone to 'UTC';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, c
from unnest(array[2, 1, 1]) with ordinality x (c, n);
\set t '''00000000-0000-0000-0000-000000000001'''
create function pg_temp.who(n int) returns text language sql as $$ select 'session-' || lpad(n::text, 16, '0') $$;
select booking.put_service(:t, 'two', 'Two', array[60], array(select resource_id from booking.resource), pick => 2, strategy => 'priority') as two \gset
-- The first has two units and comes last; without it in both teams there is only one.
update booking.requirement_resource set priority = 1 where resource_id = '00000000-0000-0000-0000-000000000001';
select remaining from booking.available_slots(:t, :'two', '2100-01-04 09:00', '2100-01-04 09:01');
select n, code, array(select right(r::text, 1) from unnest(resources) r) as team
from generate_series(1, 3) n, booking.try_hold(:t, :'two', '2100-01-04 09:00', pg_temp.who(n));
-- With a unit more there is room for what the strategy says: the third and the second, then whoever can.
update booking.resource set capacity = 2 where slug = 'r3';
select remaining from booking.available_slots(:t, :'two', '2100-01-05 09:00', '2100-01-05 09:01');
select n, code, array(select right(r::text, 1) from unnest(resources) r) as team
from generate_series(11, 13) n, booking.try_hold(:t, :'two', '2100-01-05 09:00', pg_temp.who(n));
