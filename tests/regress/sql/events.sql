-- Who did what: an event for what was held, booked and cancelled; whom it names; what goes with a tenant.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set t '''00000000-0000-0000-0000-000000000001'''
\set room '00000000-0000-0000-0000-000000000011'
insert into booking.tenant (tenant_id, slug, name, settings) values (:t, 't', 'T', '{"client_header": "X-Forwarded-For"}');
insert into booking.resource (tenant_id, resource_id, slug, name) values (:t, :'room', 'room', 'Room');
select booking.put_service(:t, 'visit', 'Visit', array[60], array[:'room']::uuid[]) as visit \gset
create view told as
select kind, code, booking_id is not null as booking, hold_id is not null as hold, service_id is not null as service, detail
from booking.booking_event
order by at;

-- A hold, renewed without a word, booked, cancelled.
select hold_id as h from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789') \gset
select hold_id = :'h' as renewed from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789');
select booking_id as b from booking.book(:t, :'h', 'session-a-0123456789', customer => '{"name": "Ada"}') \gset
select status from booking.cancel(:t, :'b', 'ill');
select * from told;
select count(*) from booking.booking_event where hold_id = :'h';
select kind, actor = 'session:' || encode(sha256('session-a-0123456789'), 'hex') as session, actor = 'role:' || session_user as role
from booking.booking_event order by at;
-- Neither the session nor the customer is in there.
select count(*) from booking.booking_event e where e::text ~ 'session-a|Ada';

-- Whom it names: the sub of the JWT of who came in by the role of members, the session, the client, the role. The client: the
-- facade's setting, else of the header that the tenant names what the nearest proxy saw.
select booking.actor(:t) = 'role:' || session_user as role, booking.client(:t) as client;
set request.headers to '{"x-real-ip": "8.8.8.8", "x-forwarded-for": "I am 1.2.3.4, 10.0.0.1, 198.51.100.7"}';
select booking.actor(:t), booking.client(:t);
set booking.client to '203.0.113.5';
select booking.actor(:t), booking.client(:t);
select booking.actor(:t, '\x00');
set request.jwt.claims to '{"role": "anon"}';
select booking.actor(:t, '\x00');
set request.jwt.claims to '{"sub": "user-1", "role": "authenticated"}';
select booking.actor(:t, '\x00') as not_believed;
create role regress_events_member;
select booking.grant_access(member_role => 'regress_events_member');
set role regress_events_member;
select booking.actor(:t, '\x00');
set request.jwt.claims to '';
set booking.client to '';
set request.headers to '';
select booking.actor(:t);
reset role;
set booking.client to '';
set request.headers to '';
set request.jwt.claims to '';
select booking.actor(:t) = 'role:' || session_user as role, booking.client(:t) as client;
select length(booking.client(:t)), length(set_config('booking.client', repeat('x', 1000), false)), length(booking.client(:t));
reset booking.client;
update booking.tenant set settings = '{}';
set request.headers to '{"x-forwarded-for": "198.51.100.7"}';
select booking.client(:t);

-- What it says by itself is checked; a code is a refusal's.
\set VERBOSITY sqlstate
select booking.record_event(:t, 'rumoured');
select booking.record_event(:t, 'refused');
select booking.record_event(:t, 'booked', code => 'BK001');
select booking.record_event(:t, 'booked', detail => '[]');
select booking.record_event(:t, 'booked', booking_id => :'h');
\set VERBOSITY default

-- A booking takes its history along, a tenant all of it.
delete from booking.booking where booking_id = :'b';
select kind from booking.booking_event;
begin;
set constraints all deferred;
delete from booking.tenant where tenant_id = :t;
commit;
select count(*) from booking.booking_event;
drop owned by regress_events_member;
drop role regress_events_member;
