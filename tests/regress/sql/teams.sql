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
-- A limit leaves less than there are units: who may be taken once more only is no help in every team.
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
select :t, ('00000000-0000-0000-0000-0000000000a' || n)::uuid, 'a' || n, 'A' || n, c
from unnest(array[1, 3, 3]) with ordinality x (c, n);
select booking.put_service(
    :t, 'few', 'Few', array[60], array(select resource_id from booking.resource where slug like 'a%'), pick => 2, strategy => 'any') as few \gset
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'few', 'resource', 'day', 3);
insert into booking.hold (tenant_id, hold_id, service_id, session_hash, span, expires_at)
values (:t, '00000000-0000-0000-0000-0000000000f1', :'few', sha256('one'), '[2100-01-06 12:00,2100-01-06 13:00)', '2100-02-01');
insert into booking.claim (tenant_id, hold_id, resource_id, span)
values (:t, '00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000a2', '[2100-01-06 12:00,2100-01-06 13:00)');
select remaining from booking.available_slots(:t, :'few', '2100-01-06 09:00', '2100-01-06 09:01');
select n, code, array(select right(r::text, 2) from unnest(resources) r) as team
from generate_series(21, 24) n, booking.try_hold(:t, :'few', '2100-01-06 09:00', pg_temp.who(n));
