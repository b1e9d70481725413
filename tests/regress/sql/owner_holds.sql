-- Holds of the tenant itself: no session, no heartbeat, no quota; hours to weeks; changed, let go and booked by their id.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n
from generate_series(1, 2) n;
\set t '''00000000-0000-0000-0000-000000000001'''
\set s '''session-a-0123456789'''
select booking.put_hours(:t, '00000000-0000-0000-0000-000000000001', 'Mo-Fr 09:00-17:00') is not null as hours;
select booking.put_service(:t, 'one', 'One', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[]) as one \gset
update booking.service set min_notice = '1 day', horizon = '30 days', max_hold_age = '1 hour', max_holds = 0;
update booking.tenant set max_session_holds = 0;
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;

-- For weeks, at any start and for any length on the grain, whatever notice, horizon, step and quotas say of visitors.
select hold_id as a, starts_at, ends_at, expires_at > now() + interval '20 days' as for_weeks, resources, code
from booking.hold_for(:t, :'one', '2100-01-04 09:15', '90 min', ttl => '21 days', note => 'Ms Byron, wedding') \gset
select session_hash, booking_id, client, ttl, note, expires_at - created_at > interval '20 days' as long from booking.hold;
select actor, kind from booking.booking_event;
-- By default as long as the tenant says.
update booking.tenant set own_hold_ttl = '3 days';
select round(extract(epoch from expires_at - now()) / 86400) as days from booking.hold_for(:t, :'one', '2100-01-04 11:00');
select expires_at from booking.hold_for(:t, :'one', '2100-01-04 13:00', expires_at => date_trunc('day', now() + interval '2 days')) \gset
select :'expires_at'::timestamptz = date_trunc('day', now() + interval '2 days') as then;
-- Hours, limits and what is taken count.
select code from booking.try_hold_for(:t, :'one', '2100-01-04 16:30');
select code from booking.try_hold_for(:t, :'one', '2100-01-04 10:00');
select code from booking.try_hold_for(:t, :'one', '2100-01-04 08:00');
begin;
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'day', 3);
select code from booking.try_hold_for(:t, :'one', '2100-01-04 15:00');
rollback;
-- It is in a visitor's way as any other, is shown as held, and is nobody's own.
update booking.service set horizon = null, max_holds = null;
select count(*) filter (where status = 'held') as held, count(*) filter (where status = 'available') as available
from booking.available_slots(:t, :'one', '2100-01-04', '2100-01-05', holds => 'mark', session_id => :s);
select span, own from booking.held_spans(:t, :'one', '2100-01-04', '2100-01-05', session_id => :s);
select code from booking.try_hold(:t, :'one', '2100-01-04 09:00', :s);
-- No heartbeat renews it, no other session has it.
select count(*) from booking.try_heartbeat(:t, :s, array[:'a']::uuid[]) where status <> 'gone';
select released, code from booking.try_release(:t, :'a', :s);
select code from booking.try_book(:t, :'a', :s);

-- Longer and shorter while it runs.
select round(extract(epoch from expires_at - now()) / 86400) as days, code from booking.extend_hold(:t, :'a', '40 days');
select round(extract(epoch from expires_at - now()) / 3600) as hours, code from booking.extend_hold(:t, :'a', '5 hours');
select round(extract(epoch from expires_at - now()) / 86400) as days, code from booking.extend_hold(:t, :'a');
select starts_at, code from booking.extend_hold(:t, :'a', expires_at => now() + interval '1 day');
select code from booking.try_extend_hold(:t, :t);
-- Not a visitor's, nor one that has lapsed.
update booking.tenant set max_session_holds = 10;
select hold_id as v from booking.hold(:t, :'one', '2100-01-05 09:00', :s) \gset
select code from booking.try_extend_hold(:t, :'v', '1 day');
select released, code from booking.try_release(:t, :'v');
select code from booking.try_book(:t, :'v');
update booking.hold set expires_at = now() - interval '1 s' where hold_id = :'a';
select code from booking.try_extend_hold(:t, :'a', '1 day');
select code from booking.try_book(:t, :'a');
select code from booking.hold(:t, :'one', '2100-01-04 09:00', :s);

-- Booked in place, by its id alone.
select hold_id as b from booking.hold_for(:t, :'one', '2100-01-06 09:00') \gset
select id as claim from booking.claim where hold_id = :'b' \gset
select status, starts_at, code from booking.book(:t, :'b', customer => '{"name": "Ada"}');
select booking_id is not null as booked, hold_id from booking.claim where id = :'claim';
select * from booking.verify();
-- Let go.
select hold_id as c from booking.hold_for(:t, :'one', '2100-01-07 09:00') \gset
select released from booking.release(:t, :'c');
select released, code from booking.try_release(:t, :'c');
-- What a pending booking keeps is the booking's.
update booking.service set needs_approval = true;
select status from booking.book(:t, service => :'one', starts_at => '2100-01-07 13:00');
select hold_id as p from booking.hold where booking_id is not null \gset
select released, code from booking.try_release(:t, :'p');
select code from booking.try_extend_hold(:t, :'p', '1 day');
select code from booking.try_book(:t, :'p');
update booking.service set needs_approval = false;
-- One that has begun, or is over.
select code, starts_at < now() as past from booking.hold_for(:t, :'one', date_trunc('week', now()) - interval '5 days' + interval '10 hours');

-- The public gets at none of it.
select hold_id as d from booking.hold_for(:t, :'one', '2100-01-08 09:00') \gset
\set VERBOSITY sqlstate
select booking_api.book('t', :'d');
select booking_api.try_book('t', :'d');
select booking_api.release('t', :'d');
select booking_api.try_release('t', :'d');
-- Bad input.
select booking.hold_for(:t, :'one', '2100-01-08 12:00', ttl => '3 years');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', ttl => '0');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', ttl => '-1 day');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', expires_at => '2000-01-01');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', expires_at => 'infinity');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', ttl => '1 day', expires_at => now());
select booking.hold_for(:t, :'one', null);
select booking.hold_for(:t, :'one', 'infinity');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', '50 min');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', seats => 2);
select booking.hold_for(:t, :'one', '2100-01-08 12:00', resource => '00000000-0000-0000-0000-000000000002');
select booking.hold_for(:t, :'one', '2100-01-08 12:00', note => repeat('x', 1001));
select booking.hold_for(:t, :t, '2100-01-08 12:00');
select booking.hold_for(:t, :'one', '2100-01-08 12:05');
select booking.hold_for(:t, :'one', '2100-01-08 09:00');
-- Over before it is written: what is asked for, not an error of a table.
select code from booking.hold_for(:t, :'one', '2100-01-08 14:00', ttl => '1 microsecond');
select booking.extend_hold(:t, :t);
select booking.extend_hold(:t, :'d', '401 days');
select booking.extend_hold(:t, :'d', '-1 day');
update booking.tenant set own_hold_ttl = '0';
