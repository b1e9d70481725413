-- Worlds that contradict themselves, or change under what is held and booked: refused, or with a result that is written in
-- the comments. Whatever happens, pages stay right.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
create function pg_temp.id(n int) returns uuid language sql as $$ select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
create function pg_temp.who(n int) returns text language sql as $$ select 'session-' || lpad(n::text, 16, '0') $$;
insert into booking.tenant (tenant_id, slug, name, zone) values (pg_temp.id(1), 't', 'T', 'UTC'), (pg_temp.id(2), 'u', 'U', 'UTC');
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, pg_temp.id(21), 'day', 'UTC');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select :t, pg_temp.id(21), d, '09:00', '17:00' from generate_series(1, 7) d;
insert into booking.resource (tenant_id, resource_id, slug, name, capacity, schedule_id)
values (:t, pg_temp.id(11), 'ann', 'Ann', 1, pg_temp.id(21)), (:t, pg_temp.id(12), 'ben', 'Ben', 1, pg_temp.id(21)),
    (:t, pg_temp.id(13), 'desk', 'Desk', 2, pg_temp.id(21)), (pg_temp.id(2), pg_temp.id(14), 'eve', 'Eve', 1, null);
select booking.put_service(:t, 'ann', 'Ann', array[60], array[pg_temp.id(11)]) as ann,
    booking.put_service(:t, 'team', 'Team', array[60], array[pg_temp.id(11), pg_temp.id(12)], pick => 2) as team,
    booking.put_service(:t, 'desk', 'Desk', array[60], array[pg_temp.id(13)]) as desk \gset
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;
create view offered as
select s.slug, to_char(a.starts_at, 'DD HH24:MI') as at, a.remaining
from booking.service s
cross join lateral booking.available_slots(s.tenant_id, s.service_id, '2100-01-04', '2100-01-08') a
where s.active;
create view wrong as select week, unit, what from booking.verify();

-- Requirements that nobody can meet: more than there are.
\set VERBOSITY sqlstate
select booking.put_service(:t, 'team', 'Team', array[60], array[pg_temp.id(11), pg_temp.id(12)], pick => 3);
select booking.put_service(:t, 'none', 'None', array[60], '{}');
update booking.service_requirement set pick = 3 where service_id = :'team';
select count(*) as offered from offered where slug = 'team';
select code from booking.try_hold(:t, :'team', '2100-01-04 09:00', pg_temp.who(1));
select code, reason, words from booking.explain_slot(:t, :'team', '2100-01-04 09:00');
update booking.service_requirement set pick = 2 where service_id = :'team';
select count(*) > 0 as offered from offered where slug = 'team';
-- Members of another tenant, of nothing, of two requirements at once.
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
select tenant_id, service_id, requirement_id, pg_temp.id(14) from booking.service_requirement where service_id = :'ann';
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
values (:t, :'ann', pg_temp.id(99), pg_temp.id(12));
insert into booking.service_requirement (tenant_id, service_id, requirement_id) values (:t, :'ann', pg_temp.id(51));
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
values (:t, :'ann', pg_temp.id(51), pg_temp.id(11));
-- A requirement without members is one that is never met.
select count(*) as offered from offered where slug = 'ann';
select code, reason from booking.explain_slot(:t, :'ann', '2100-01-04 09:00');
delete from booking.service_requirement where requirement_id = pg_temp.id(51);
-- Schedules that are in use stay.
update booking.service set schedule_id = pg_temp.id(21) where service_id = :'desk';
delete from booking.schedule where schedule_id = pg_temp.id(21);
update booking.resource set schedule_id = null;
delete from booking.schedule where schedule_id = pg_temp.id(21);
update booking.service set schedule_id = null;
begin;
delete from booking.schedule where schedule_id = pg_temp.id(21);
rollback;
update booking.resource set schedule_id = pg_temp.id(21) where tenant_id = :t;
select * from wrong;

-- Capacity below what is held or booked.
select code from generate_series(1, 2) n cross join lateral booking.try_hold(:t, :'desk', '2100-01-04 09:00', pg_temp.who(n)) h;
update booking.resource set capacity = 1 where slug = 'desk';
update booking.hold set expires_at = now() - interval '1 s';
update booking.resource set capacity = 1 where slug = 'desk';
select at, remaining from offered where slug = 'desk' and at = '04 09:00';
update booking.resource set capacity = 2 where slug = 'desk';
select code from generate_series(1, 2) n cross join lateral booking.try_book(:t, service => :'desk', starts_at => '2100-01-04 09:00', customer => jsonb_build_object('n', n)) h;
update booking.resource set capacity = 1 where slug = 'desk';
update booking.resource set capacity = 3 where slug = 'desk';
select at, remaining from offered where slug = 'desk' and at = '04 09:00';
select * from wrong;

-- A limit below what is booked keeps it and admits no more.
select code from generate_series(1, 2) n cross join lateral booking.try_book(:t, service => :'desk', starts_at => '2100-01-05 09:00', customer => jsonb_build_object('n', n)) h;
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'desk', 'day', 1);
select count(*) as offered from offered where slug = 'desk' and at < '06';
select code, reason, detail from booking.explain_slot(:t, :'desk', '2100-01-05 11:00');
select code from booking.try_book(:t, service => :'desk', starts_at => '2100-01-05 11:00');
select count(*) as kept from booking.booking where status = 'confirmed' and lower(span) = '2100-01-05 09:00';
delete from booking.service_limit;

-- The zone of the hours: they move, bookings do not. Then that of the service.
select code from booking.try_book(:t, service => :'ann', starts_at => '2100-01-04 09:00');
update booking.schedule set zone = 'Asia/Kathmandu';
select min(at), max(at) from offered where slug = 'ann' and at < '05';
select code, reason, words from booking.explain_slot(:t, :'ann', '2100-01-04 12:00');
update booking.service set zone = 'Asia/Kathmandu' where service_id = :'ann';
select min(at), max(at) from offered where slug = 'ann' and at < '05';
update booking.schedule set zone = 'UTC';
update booking.service set zone = 'UTC' where service_id = :'ann';
select min(at) from offered where slug = 'ann';
select * from wrong;

-- The grain: what no longer lies on it is kept, and busy in every slot that it touches.
update booking.resource set grain = 30 where slug = 'ann';
update booking.service set step = 15 where service_id = :'desk';
select code from booking.try_book(:t, service => :'desk', starts_at => '2100-01-06 09:15');
select code from booking.try_book(:t, service => :'desk', starts_at => '2100-01-06 09:15');
select code from booking.try_book(:t, service => :'desk', starts_at => '2100-01-06 09:15');
update booking.resource set grain = 60 where slug = 'desk';
update booking.service set step = 60 where service_id = :'desk';
select hold_id as off_grid, code from booking.try_hold(:t, :'desk', '2100-01-06 12:00', pg_temp.who(3)) \gset
update booking.resource set grain = 60 where slug = 'desk';
select at, remaining from offered where slug = 'desk' and at between '06' and '06 13';
select code, reason, unit, detail ->> 'span' as span from booking.explain_slot(:t, :'desk', '2100-01-06 10:00');
select code from booking.try_hold(:t, :'desk', '2100-01-06 10:00', pg_temp.who(4));
select status from booking.booking b where lower(span) = '2100-01-06 09:15' limit 1;
select (booking.cancel(:t, booking_id)).code from booking.booking where lower(span) = '2100-01-06 09:15';
select at, remaining from offered where slug = 'desk' and at between '06' and '06 13';
select * from wrong;

-- Kind and durations change, resources and services leave: a live hold books, a booking can be cancelled, nothing new begins.
select hold_id as h1 from booking.hold(:t, :'desk', '2100-01-07 09:00', pg_temp.who(5)) \gset
update booking.service set durations = '{120}', step = null where service_id = :'desk';
select status, ends_at - starts_at as length from booking.book(:t, :'h1', pg_temp.who(5));
select hold_id as h1 from booking.hold(:t, :'desk', '2100-01-07 09:00', pg_temp.who(5)) \gset
update booking.service set kind = 'stay', durations = '{1}', check_in = '15:00', check_out = '11:00' where service_id = :'desk';
select status, ends_at - starts_at as length from booking.book(:t, :'h1', pg_temp.who(5));
select at from offered where slug = 'desk' and at > '06';
update booking.service set kind = 'slot', durations = '{60}', check_in = null, check_out = null where service_id = :'desk';
select hold_id as h1 from booking.hold(:t, :'desk', '2100-01-07 15:00', pg_temp.who(5)) \gset
update booking.resource set active = false where slug = 'desk';
select count(*) as offered from offered where slug = 'desk';
select code, reason from booking.explain_slot(:t, :'desk', '2100-01-07 16:00');
select booking_id as b, status from booking.book(:t, :'h1', pg_temp.who(5)) \gset
select :'status' as status, (booking.cancel(:t, :'b')).status as then;
update booking.resource set active = true where slug = 'desk';
select at, remaining from offered where slug = 'desk' and at = '07 15:00';
select hold_id as h1 from booking.hold(:t, :'desk', '2100-01-07 15:00', pg_temp.who(5)) \gset
update booking.service set active = false where service_id = :'desk';
select booking.available_slots(:t, :'desk', '2100-01-07', '2100-01-08');
select booking.explain_slot(:t, :'desk', '2100-01-07 16:00');
select booking.try_hold(:t, :'desk', '2100-01-07 16:00', pg_temp.who(6));
select booking.try_book(:t, service => :'desk', starts_at => '2100-01-07 16:00');
select booking_id as b, status from booking.book(:t, :'h1', pg_temp.who(5)) \gset
select :'status' as status, (booking.cancel(:t, :'b')).status as then;
update booking.service set active = true where service_id = :'desk';
select * from wrong;

-- Fewer seats than are taken: nothing more is sold, nothing is lost. More again: the rest. None at all: it is no class.
select booking.put_service(:t, 'yoga', 'Yoga', array[60], array[pg_temp.id(12)]) as yoga \gset
update booking.service set seats = 4 where service_id = :'yoga';
select code from booking.try_book(:t, service => :'yoga', starts_at => '2100-01-07 09:00');
select hold_id as h2, code from booking.try_hold(:t, :'yoga', '2100-01-07 09:00', pg_temp.who(7), seats => 2) \gset
update booking.service set seats = 2 where service_id = :'yoga';
select count(*) as offered from offered where slug = 'yoga' and at = '07 09:00';
select code, reason, detail from booking.explain_slot(:t, :'yoga', '2100-01-07 09:00');
select code from booking.try_hold(:t, :'yoga', '2100-01-07 09:00', pg_temp.who(8));
select status from booking.book(:t, :'h2', pg_temp.who(7));
select count(*) as seats from booking.claim c join booking.sitting s using (tenant_id, sitting_id);
update booking.service set seats = 4 where service_id = :'yoga';
select remaining from offered where slug = 'yoga' and at = '07 09:00';
update booking.service set seats = null where service_id = :'yoga';
select count(*) as offered from offered where slug = 'yoga' and at = '07 09:00';
select code, reason from booking.explain_slot(:t, :'yoga', '2100-01-07 09:00');
select * from wrong;

-- Ten years of leave in one row.
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, pg_temp.id(21), '[2100-01-08,2110-01-08)');
select count(*) from booking.available_slots(:t, :'ann', '2100-01-07', '2101-01-07');
select count(*) from booking.available_slots(:t, :'ann', '2110-01-07', '2110-01-09');
select code, reason, words from booking.explain_slot(:t, :'ann', '2105-01-07 09:00');
select booking.recompute(:t, pg_temp.id(11), '2105-01-01', '2106-01-01') > 0 as stored;
delete from booking.schedule_override;
select count(*) from booking.available_slots(:t, :'ann', '2105-01-07', '2105-01-08');
select * from wrong;
