-- Services with seats: the first booking opens a class, others join it until it is full, everybody else finds it taken.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, r.slug, r.slug
from unnest(array['ann', 'bob', 'hall', 'loft']) with ordinality r (slug, n);
\set t '''00000000-0000-0000-0000-000000000001'''
\set ann '''00000000-0000-0000-0000-000000000001'''
\set bob '''00000000-0000-0000-0000-000000000002'''
\set hall '''00000000-0000-0000-0000-000000000003'''
\set loft '''00000000-0000-0000-0000-000000000004'''
create function pg_temp.who(n int) returns text language sql as $$ select 'session-' || lpad(n::text, 16, '0') $$;
create view seen as
select to_char(starts_at, 'HH24:MI') as at, right(s.resource_id::text, 1) as resource, status, remaining
from booking.service v, booking.available_slots(v.tenant_id, v.service_id, '2100-01-04 09:00', '2100-01-04 12:00', holds => 'mark') s
where v.slug = 'yoga'
order by 1;
select booking.put_service(:t, 'yoga', 'Yoga', array[60], array[:ann, :bob]::uuid[], buffer_after => 15, step => 60) as yoga \gset
update booking.service set seats = 3 where service_id = :'yoga';
select booking.put_service(:t, 'lesson', 'Lesson', array[60], array[:ann]::uuid[]) as lesson \gset
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;

-- Two teachers, three seats each.
select * from seen;
-- The first hold opens a class: its teacher is gone for everybody else, its seats are not.
select right(resources[1]::text, 1) as teacher, code from booking.hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(1), resource => :ann);
select * from seen;
select code from booking.try_hold(:t, :'lesson', '2100-01-04 09:00', pg_temp.who(9));
select code from booking.try_hold(:t, :'lesson', '2100-01-04 10:00', pg_temp.who(9)) as buffer;
-- Others join it before another class opens.
select right(resources[1]::text, 1) as teacher, code from booking.hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(2));
select resource_id = :ann as ann, unit, seat, span from booking.claim order by seat;
select count(*) as sittings from booking.sitting;
-- Two together do not fit beside them: they open the other teacher's.
select right(resources[1]::text, 1) as teacher, code from booking.hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(3), seats => 2);
select * from seen;
select each.status, right(each.resource_id::text, 1) as teacher, each.remaining
from booking.available_slots(:t, :'yoga', '2100-01-04 09:00', '2100-01-04 09:01', each_resource => true) each;
select code from booking.try_hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(4), seats => 2);
-- The last two seats, then none.
select code from booking.try_book(:t, service => :'yoga', starts_at => '2100-01-04 09:00', resource => :ann);
select code from booking.try_book(:t, service => :'yoga', starts_at => '2100-01-04 09:00');
select code from booking.try_book(:t, service => :'yoga', starts_at => '2100-01-04 09:00');
select * from seen;
-- Holds become bookings of their seats; what cannot expire is told apart.
select status, code from booking.try_book(:t, (select hold_id from booking.hold where seats = 2), pg_temp.who(3), customer => '{"name": "Two"}');
select seats, right(r.resource_id::text, 1) as teacher from booking.booking b join booking.booking_resource r using (tenant_id, booking_id) order by 1, 2;
select booked, right(resource_id::text, 1) as teacher from booking.requirement_resource where service_id = :'yoga' order by 2;
select remaining from booking.available_slots(:t, :'yoga', '2100-01-04 09:00', '2100-01-04 09:01', holds => 'ignore');
-- A seat that is given back can be had again, by the same number of people.
select (booking.cancel(:t, booking_id)).code from booking.booking where seats = 2;
select * from seen where at = '09:00';
-- Another length begins at the same time: the span differs, so it is another date, and the teachers are taken.
update booking.service set durations = '{60,120}' where service_id = :'yoga';
select count(*) from booking.available_slots(:t, :'yoga', '2100-01-04 09:00', '2100-01-04 09:01', duration => '2 hours');
-- Seats of a hold that lapsed are free, those of one's own are no obstacle.
update booking.hold set expires_at = now() - interval '1 s' where session_hash = sha256(pg_temp.who(1)::bytea);
select * from seen where at = '09:00';
select remaining as own from booking.available_slots(:t, :'yoga', '2100-01-04 09:00', '2100-01-04 09:01', session_id => pg_temp.who(2));
select code from booking.hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(2), seats => 2);
select seat, resource_id = :ann as ann from booking.claim where hold_id is not null and lower(span) = '2100-01-04 09:00' order by 1;
-- A teacher who is ill takes nobody more; who is in already stays.
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :ann, '[2100-01-04 09:30, 2100-01-04 09:45)');
select each.status, right(each.resource_id::text, 1) as teacher, each.remaining
from booking.available_slots(:t, :'yoga', '2100-01-04 09:00', '2100-01-04 09:01', each_resource => true, holds => 'mark') each;
select code from booking.try_hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(7), resource => :ann);

-- A sitting that nobody sits in is none: what was taken by it is free for others.
select released from booking.hold h, booking.release(:t, h.hold_id, pg_temp.who(2)) where session_hash = sha256(pg_temp.who(2)::bytea);
delete from booking.hold;
select (booking.cancel(:t, booking_id)).code from booking.booking where status = 'confirmed';
delete from booking.busy_window;
select count(*) as sittings, (select count(*) from booking.claim) as claims from booking.sitting;
select code from booking.try_hold(:t, :'lesson', '2100-01-04 09:00', pg_temp.who(9));

-- A class of teacher and room has two sittings, and one seat number in both. A teacher gives one class in one room.
delete from booking.hold;
insert into booking.service (tenant_id, service_id, slug, name, durations, seats) values (:t, '00000000-0000-0000-0000-0000000000c1', 'class', 'Class', '{60}', 2);
insert into booking.service_requirement (tenant_id, service_id, requirement_id) values
    (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1'),
    (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a2');
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id) values
    (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', :ann),
    (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1', :bob),
    (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a2', :hall),
    (:t, '00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a2', :loft);
\set class '''00000000-0000-0000-0000-0000000000c1'''
select remaining from booking.available_slots(:t, :class, '2100-01-05 09:00', '2100-01-05 09:01');
select n, code, array(select right(r::text, 1) from unnest(resources) r) as takes
from generate_series(1, 5) n, booking.try_hold(:t, :class, '2100-01-05 09:00', pg_temp.who(n), resource => case n when 2 then :loft::uuid end) h;
select array_agg(distinct right(c.resource_id::text, 1)) as takes, array_agg(distinct c.seat) as seat
from booking.claim c group by c.hold_id order by 1, 2;
select each.remaining, right(each.resource_id::text, 1) as resource from booking.available_slots(:t, :class, '2100-01-05 09:00', '2100-01-05 09:01', each_resource => true, holds => 'ignore') each;

-- Bad input.
\set VERBOSITY sqlstate
select booking.hold(:t, :'yoga', '2100-01-06 09:00', pg_temp.who(1), seats => 4);
select booking.hold(:t, :'yoga', '2100-01-06 09:00', pg_temp.who(1), seats => 0);
select booking.hold(:t, :'lesson', '2100-01-06 09:00', pg_temp.who(1), seats => 2);
update booking.service set seats = 0 where slug = 'yoga';
update booking.service set seats = 2 where slug = 'yoga' returning seats;
-- A superuser who puts somebody on a seat by hand is stopped like anybody.
insert into booking.claim (tenant_id, resource_id, span, hold_id, sitting_id, seat)
select c.tenant_id, c.resource_id, c.span, c.hold_id, c.sitting_id, c.seat from booking.claim c where c.sitting_id is not null limit 1;
update booking.claim set span = span * '[2100-01-05 09:15,)' where sitting_id is not null;
select * from booking.verify();

-- Two bookings a day for each teacher, however many classes and seats they have: the third of a class goes to the other one.
delete from booking.hold;
delete from booking.booking;
update booking.service set seats = 3 where service_id = :'yoga';
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'yoga', 'resource', 'day', 2);
select * from seen;
select n, right(b.resources[1]::text, 1) as teacher, b.code
from generate_series(41, 45) n
cross join lateral booking.try_hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(n)) b;
select * from seen;
-- Both teachers in each class: two bookings, not the three seats of it.
select booking.put_service(:t, 'duo', 'Duo', array[60], array[:hall, :loft]::uuid[], pick => 2) as duo \gset
update booking.service set seats = 3 where service_id = :'duo';
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'duo', 'resource', 'day', 2);
select remaining from booking.available_slots(:t, :'duo', '2100-01-11 09:00', '2100-01-11 09:01');
select n, code from generate_series(61, 63) n, booking.try_hold(:t, :'duo', '2100-01-11 09:00', pg_temp.who(n));
-- Two seats in one booking count once.
delete from booking.hold;
select right(resources[1]::text, 1) as teacher, code from booking.try_hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(51), seats => 1);
select right(resources[1]::text, 1) as teacher, code from booking.try_hold(:t, :'yoga', '2100-01-04 09:00', pg_temp.who(52), seats => 2);
select * from booking.verify();

-- Booked directly, for several at once, and never for more than there are.
select booking.put_service(:t, 'pilates', 'Pilates', array[60], array[:bob]::uuid[]) as pilates \gset
update booking.service set seats = 3, price = 10, currency = 'EUR' where service_id = :'pilates';
select status, payment_required, code from booking.book(:t, service => :'pilates', starts_at => '2100-01-11 09:00', seats => 2);
select seats, price from booking.booking where service_id = :'pilates';
select code from booking.try_book(:t, service => :'pilates', starts_at => '2100-01-11 09:00', seats => 2);
select code from booking.try_book(:t, service => :'pilates', starts_at => '2100-01-11 09:00', seats => 1);
select booking.book(:t, service => :'pilates', starts_at => '2100-01-11 10:00', seats => 4);
select booking.book(:t, service => :'pilates', starts_at => '2100-01-11 10:00', seats => 0);
select booking.book(:t, service => :'lesson', starts_at => '2100-01-11 10:00', seats => 2);
