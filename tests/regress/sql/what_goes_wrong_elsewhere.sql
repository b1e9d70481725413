-- Mistakes that others made with holds and series, each by its name, and what happens here.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n
from generate_series(1, 3) n;
\set t '''00000000-0000-0000-0000-000000000001'''
\set a '''session-a-0123456789'''
\set b '''session-b-0123456789'''
select booking.put_service(:t, 'one', 'One', array[60, 120], array['00000000-0000-0000-0000-000000000001']::uuid[]) as one \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array(select resource_id from booking.resource)) as pool \gset

-- Another user's hold ignored at booking.
select hold_id as held from booking.hold(:t, :'one', '2100-01-04 09:00', :a) \gset
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 09:00');
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 09:00', session_id => :b);
select code from booking.try_book(:t, service => :'one', starts_at => '2100-01-04 08:00', duration => '2 hours', session_id => :b);
select code from booking.try_book(:t, :'held', :b);
select code from booking.try_book(:t, service => :'pool', starts_at => '2100-01-04 09:00', resource => '00000000-0000-0000-0000-000000000001', session_id => :b);
select starts_at, code from booking.try_book_series(:t, :'one', '2100-01-03 09:00', 'FREQ=DAILY;COUNT=3', session_id => :b);
select code from booking.try_hold_for(:t, :'one', '2100-01-04 09:00');
select code from booking.try_book(:t, :'held', :a);

-- Going back hides the slot from its own holder.
select hold_id as held from booking.hold(:t, :'one', '2100-01-05 09:00', :a) \gset
select starts_at, status from booking.available_slots(:t, :'one', '2100-01-05 09:00', '2100-01-05 10:00', session_id => :a);
select starts_at, status from booking.available_slots(:t, :'one', '2100-01-05 08:00', '2100-01-05 11:00', '2 hours', session_id => :a, step => '1 hour');
select count(*) from booking.available_slots(:t, :'one', '2100-01-05 09:00', '2100-01-05 10:00', session_id => :b);
-- The other length, then back, the same slot again, then it is let go: always its own.
select code from booking.try_hold(:t, :'one', '2100-01-05 08:00', :a, '2 hours');
select code from booking.try_hold(:t, :'one', '2100-01-05 09:00', :a);
select count(*) as holds from booking.hold where session_hash = sha256(convert_to(:a, 'UTF8'));
select starts_at from booking.hold_many(:t, :'one', array['2100-01-05 09:00', '2100-01-05 11:00']::timestamptz[], :a);
select released from booking.release(:t, session_id => :a);
select count(*) from booking.available_slots(:t, :'one', '2100-01-05 09:00', '2100-01-05 10:00', session_id => :a);

-- One round-robin hold locks every host.
select resources from booking.hold(:t, :'pool', '2100-01-06 09:00', :a) \gset
select starts_at, status, remaining from booking.available_slots(:t, :'pool', '2100-01-06 09:00', '2100-01-06 10:00', session_id => :b);
select count(distinct resource_id) as hosts from booking.claim join booking.hold using (tenant_id, hold_id);
select code from booking.try_hold(:t, :'pool', '2100-01-06 09:00', :b);
select code from booking.try_book(:t, service => :'pool', starts_at => '2100-01-06 09:00');
select code from booking.try_book(:t, service => :'pool', starts_at => '2100-01-06 09:00');

-- Only the first two occurrences of a series checked.
select code from booking.try_hold(:t, :'one', '2100-02-05 09:00', :b);
select starts_at, booking_id, code from booking.try_book_series(:t, :'one', '2100-02-01 09:00', 'FREQ=DAILY;COUNT=5');
select starts_at, booking_id is not null as booked, code from booking.try_book_series(:t, :'one', '2100-02-01 09:00', 'FREQ=DAILY;COUNT=6', 'skip');
