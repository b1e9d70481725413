-- staff_slots, try_reserve, try_appointment, recalculate: what those ask who come from a calculator of pre-computed slots.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set t '''00000000-0000-0000-0000-000000000001'''
\set ann '''00000000-0000-0000-0000-00000000000a'''
\set ben '''00000000-0000-0000-0000-00000000000b'''
\set hid '''00000000-0000-0000-0000-00000000000c'''
insert into booking.tenant (tenant_id, slug, name, zone)
values (:t, 'clinic', 'Clinic', 'Europe/Berlin'), ('00000000-0000-0000-0000-000000000002', 'other', 'Other', 'UTC');
insert into booking.resource (tenant_id, resource_id, slug, name, public)
values (:t, :ann, 'ann', 'Ann', true), (:t, :ben, 'ben', 'Ben', true), (:t, :hid, 'hid', 'Hid', false),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000d', 'd', 'D', true);
select count(booking.put_hours(tenant_id, resource_id, 'Mo-Fr 09:00-11:00')) from booking.resource;
select booking.put_service(:t, 'visit', 'Visit', array[60, 30], array[:ann, :ben, :hid]::uuid[]) as visit,
    booking.put_service(:t, 'scan', 'Scan', array[120], array[:ben]::uuid[]) as scan,
    booking.put_service(:t, 'secret', 'Secret', array[60], array[:ann]::uuid[]) as secret,
    booking.put_service('00000000-0000-0000-0000-000000000002', 'their', 'Their', array[60], array['00000000-0000-0000-0000-00000000000d']::uuid[]) as their \gset
update booking.service set public = false where slug = 'secret';
create role regress_reserved_public;
create role regress_reserved_member;
create role regress_reserved_service;
select booking.grant_access('regress_reserved_public', 'regress_reserved_member', 'regress_reserved_service');

-- Local dates, the last one among them; a row a public resource and start, of every service that has the length.
set role regress_reserved_public;
select starts_at, minutes, right(resource_id::text, 1) as staff from booking_api.staff_slots('clinic', '2100-01-04', '2100-01-04') order by starts_at, minutes, staff;
select starts_at, ends_at, minutes, right(resource_id::text, 1) as staff from booking_api.staff_slots(:t, '2100-01-04', '2100-01-05', :ben, 120);
select minutes, count(*) from booking_api.staff_slots('clinic', '2100-01-02', '2100-01-08') group by 1 order by 1;
select count(*) from booking_api.staff_slots('clinic', '2100-01-04', '2100-01-04', duration_minutes => 45);
select count(*) from booking_api.staff_slots('clinic', '2100-01-02', '2100-01-03');
\set VERBOSITY sqlstate
select booking_api.staff_slots('nobody', '2100-01-04', '2100-01-04');
select booking_api.staff_slots('clinic', '2100-01-04', '2100-01-04', :hid);
select booking_api.staff_slots('clinic', '2100-01-04', '2100-01-04', '00000000-0000-0000-0000-00000000000d');
select booking_api.staff_slots('clinic', '2100-01-04', '2100-01-03');
select booking_api.staff_slots('clinic', '2100-01-04', '2101-02-08');
select booking_api.staff_slots('clinic', null, '2100-01-04');
select booking_api.staff_slots('clinic', '2100-01-04', 'infinity');
select booking_api.staff_slots('clinic', '2100-01-04', '5874897-12-31');
select booking_api.staff_slots('clinic', '2100-01-04', '2100-01-04', duration_minutes => 0);
\set VERBOSITY default
-- As many dates as may be, over a change of the clock.
select count(*) > 1000 as many from booking_api.staff_slots('clinic', '2100-01-04', '2101-02-06');

-- Ten minutes, or what the service allows; taken for all others, renewed for oneself.
select slot_id as slot from booking_api.staff_slots('clinic', '2100-01-04', '2100-01-04', :ann) limit 1 \gset
select starts_at, round(extract(epoch from expires_at - now()) / 60) as minutes, resources, code from booking_api.try_reserve(:'slot', 'session-a-0123456789');
select code from booking_api.try_reserve(:'slot', 'session-b-0123456789');
select code from booking_api.try_reserve(:'slot', 'session-a-0123456789');
\set VERBOSITY sqlstate
select booking_api.try_reserve('x', 'session-a-0123456789');
select booking_api.try_reserve(:'slot', 'short');
select booking_api.try_reserve(:'slot', null);
select booking_api.try_reserve(null, 'session-a-0123456789');
\set VERBOSITY default
-- An appointment: of the session that has it, not of another, once, and with a key as often as one likes.
select code from booking_api.try_appointment(:'slot', 'session-b-0123456789', '{"name": "B"}');
select status, starts_at, payment_required, code from booking_api.try_appointment(:'slot', 'session-a-0123456789', '{"name": "A", "sub": "x"}', 'key-1');
select status, code from booking_api.try_appointment(:'slot', 'session-a-0123456789', '{"name": "A", "sub": "x"}', 'key-1');
select code from booking_api.try_appointment(:'slot', 'session-a-0123456789', '{"name": "other"}', 'key-1');
select code from booking_api.try_appointment(:'slot', 'session-a-0123456789', '{"name": "A"}');
\set VERBOSITY sqlstate
select booking_api.try_appointment('x', 'session-a-0123456789');
select booking_api.try_appointment(:'slot', null);
select booking_api.try_appointment(:'slot', 'session-a-0123456789', '[]');
\set VERBOSITY default
reset role;
select status, customer, lower(span) from booking.booking;
-- A reservation that lapsed; one whose service is hidden meanwhile, and whose tenant is closed.
select slot_id as slot from booking_api.staff_slots('clinic', '2100-01-05', '2100-01-05', :ann) limit 1 \gset
select code from booking_api.try_reserve(:'slot', 'session-a-0123456789');
update booking.hold set expires_at = clock_timestamp() - interval '1 second';
select code from booking_api.try_appointment(:'slot', 'session-a-0123456789');
select code from booking_api.try_reserve(:'slot', 'session-a-0123456789');
update booking.service set public = false, max_hold_age = '2 minutes', hold_ttl = '1 minute' where service_id = :'visit';
select status, code from booking_api.try_appointment(:'slot', 'session-a-0123456789');
update booking.service set public = true where service_id = :'visit';
select slot_id as slot from booking_api.staff_slots('clinic', '2100-01-05', '2100-01-05', :ann) limit 1 \gset
select round(extract(epoch from expires_at - now()) / 60) as minutes from booking_api.try_reserve(:'slot', 'session-a-0123456789');
update booking.tenant set active = false where slug = 'clinic';
\set VERBOSITY sqlstate
select booking_api.try_appointment(:'slot', 'session-a-0123456789');
update booking.tenant set active = true where slug = 'clinic';
select code, count(*) from booking.booking_event where kind = 'refused' group by 1 order by 1;

-- Computed anew: of all, of one, by the service alone.
select booking.recompute(:t, from_ts => '2100-01-04', to_ts => '2100-01-10') > 0 as some;
delete from booking.availability where tenant_id = :t and week = '2100-01-04';
set role regress_reserved_service;
select booking.recalculate('clinic', '2100-01-04', '2100-01-10') > 0 as some;
select booking.recalculate(:t, '2100-01-04', '2100-01-04', :ann) > 0 as some;
select booking.recalculate('nobody', '2100-01-04', '2100-01-10');
select booking.recalculate('clinic', '2100-01-04', '2100-01-10', '00000000-0000-0000-0000-00000000000d');
select booking.recalculate('clinic', '2100-01-10', '2100-01-04');
select booking.recalculate('clinic', null, '2100-01-04');
select booking.recalculate('clinic', '-infinity', '2100-01-04');
reset role;
set role regress_reserved_public;
select booking.recalculate('clinic', '2100-01-04', '2100-01-10');
reset role;
select count(*) > 0 as stored from booking.availability where tenant_id = :t and week = '2100-01-04';
select what, count(*) from booking.verify(:t) where week between '2100-01-04' and '2100-01-10' group by 1;
drop extension pg_booking;
drop owned by regress_reserved_public, regress_reserved_member, regress_reserved_service;
drop role regress_reserved_public, regress_reserved_member, regress_reserved_service;
