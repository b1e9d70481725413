-- hold_many: several starts, all or none.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, case n when 4 then 2 else 1 end
from generate_series(1, 4) n;
\set t '''00000000-0000-0000-0000-000000000001'''
\set s '''session-a-0123456789'''
\set x '''session-b-0123456789'''
select booking.put_service(:t, 'one', 'One', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[]) as one \gset
select booking.put_service(:t, 'tidy', 'Tidy', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[], buffer_after => 15) as tidy \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array(select resource_id from booking.resource where slug < 'r4'), buffer_after => 15) as pool \gset
select booking.put_service(:t, 'pair', 'Pair', array[60], array(select resource_id from booking.resource where slug < 'r4'), pick => 2) as pair \gset
select booking.put_service(:t, 'desk', 'Desk', array[60], array['00000000-0000-0000-0000-000000000004']::uuid[], buffer_after => 15) as desk \gset
select booking.put_service(:t, 'class', 'Class', array[60], array(select resource_id from booking.resource where slug < 'r3')) as class \gset
update booking.service set seats = 3 where slug = 'class';
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;
create view taken as
select s.slug as service, to_char(lower(c.span), 'DD HH24:MI') as starts, to_char(upper(c.span), 'HH24:MI') as ends,
    'r' || right(c.resource_id::text, 1) as resource, c.unit, c.seat,
    case h.session_hash when sha256('session-a-0123456789') then 'a' else 'b' end as who
from booking.claim c
join booking.hold h using (tenant_id, hold_id)
join booking.service s using (tenant_id, service_id)
order by 1, 2, 3, 4, 5, 6;

-- In time order, whatever the order asked for; each a hold of its own.
select starts_at, ends_at, resources, code, expires_at > now() + interval '9 min' as lives
from booking.hold_many(:t, :'one', array['2100-01-04 14:00', '2100-01-04 09:00', '2100-01-05 09:00']::timestamptz[], :s);
select * from taken;
select count(*), count(distinct hold_id), count(distinct ttl) from booking.hold;
select kind, detail ->> 'starts_at' as starts_at from booking.booking_event order by 2;
-- All or none: only what stands in the way is told.
select hold_id, starts_at, code
from booking.try_hold_many(:t, :'one', array['2100-01-04 13:00', '2100-01-04 14:00', '2100-01-05 09:00', '2100-01-05 10:00']::timestamptz[], :x);
select starts_at, code, detail ? 'reasons' as reasons
from booking.try_hold_many(:t, :'one', array['2100-01-04 13:00', '2100-01-04 14:20']::timestamptz[], :x);
select count(*) from taken where who = 'b';
-- Again is renewed, with the same ids; what overlaps is let go, what doesn't stays.
create temp table before as select hold_id, span from booking.hold;
update booking.hold set expires_at = now() + interval '1 min';
select h.starts_at, h.hold_id = b.hold_id as same, h.expires_at > now() + interval '9 min' as renewed
from booking.hold_many(:t, :'one', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :s) h
left join before b on lower(b.span) = h.starts_at;
update booking.service set step = 30 where slug = 'one';
select starts_at from booking.hold_many(:t, :'one', array['2100-01-04 09:30', '2100-01-04 10:30']::timestamptz[], :s);
select * from taken;
-- If it fails, the old ones stay, and are not renewed.
select code from booking.try_hold(:t, :'one', '2100-01-04 12:00', :x);
update booking.hold set expires_at = '2200-01-01';
create temp table old as select * from booking.hold;
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 09:00', '2100-01-04 10:30', '2100-01-04 12:00']::timestamptz[], :s);
select count(*) as differ from (table old except table booking.hold) o;

-- Buffers keep own ones apart, too: on another resource, another unit, or not at all.
delete from booking.hold;
select starts_at, code from booking.try_hold_many(:t, :'tidy', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'pool', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-04 11:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'desk', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-04 11:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'desk', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :x);
select starts_at, code from booking.try_hold_many(:t, :'desk', array['2100-01-04 13:00', '2100-01-04 14:00']::timestamptz[], :x);
select service, starts, ends, count(*) as units, count(distinct (resource, unit)) as different from taken group by 1, 2, 3 order by 1, 2;
-- One that is held already keeps its resource, the next has another.
delete from booking.hold;
select code from booking.hold(:t, :'tidy', '2100-01-04 09:00', :s);
select code from booking.try_hold_many(:t, :'tidy', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :s);
select starts, who from taken;

-- Teams and classes.
delete from booking.hold;
select starts_at, resources from booking.hold_many(:t, :'pair', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :x);
select starts_at, code from booking.try_hold_many(:t, :'pair', array['2100-01-04 08:00', '2100-01-04 10:00', '2100-01-04 11:00']::timestamptz[], :s);
delete from booking.hold;
select code from booking.hold(:t, :'class', '2100-01-04 09:00', :x, seats => 2);
select starts_at, code from booking.try_hold_many(:t, :'class', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :s, seats => 2);
select * from taken;
select starts_at, code from booking.try_hold_many(:t, :'class', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-04 11:00']::timestamptz[], :x, seats => 3);
select starts_at, code from booking.try_hold_many(:t, :'class', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-04 12:00']::timestamptz[], 'session-c-0123456789', seats => 2);
select count(*) as sittings, count(*) filter (where not exists (select from booking.claim c where c.sitting_id = s.sitting_id)) as empty from booking.sitting s;
-- A given resource, for all of them.
delete from booking.hold;
select starts_at, resources from booking.hold_many(
    :t, :'pool', array['2100-01-04 09:00', '2100-01-04 12:00']::timestamptz[], :s, resource => '00000000-0000-0000-0000-000000000002');
select starts_at, code from booking.try_hold_many(
    :t, :'pool', array['2100-01-04 09:00', '2100-01-04 10:00']::timestamptz[], :s, resource => '00000000-0000-0000-0000-000000000002');

-- Limits count them together: of the service, by count and by minutes, and of each resource.
delete from booking.hold;
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'day', 2);
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-04 11:00', '2100-01-05 11:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-05 11:00']::timestamptz[], :s);
-- Those that are let go, by any of them, don't count; those that stay do.
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 09:30', '2100-01-04 12:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 10:00', '2100-01-04 14:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 09:30', '2100-01-04 10:30', '2100-01-04 15:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 14:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 14:00', '2100-01-04 15:00', '2100-01-04 16:00']::timestamptz[], :x);
delete from booking.hold;
update booking.service_limit set max_count = null, max_minutes = 150;
select starts_at, code from booking.try_hold_many(:t, :'one', array['2100-01-04 09:00', '2100-01-04 10:00', '2100-01-04 11:00', '2100-01-04 12:00']::timestamptz[], :s);
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'pool', 'resource', 'week', 1);
select starts_at, code, resources from booking.try_hold_many(:t, :'pool', array['2100-01-04 09:00', '2100-01-05 10:00', '2100-01-06 11:00']::timestamptz[], :s);
select starts_at, code from booking.try_hold_many(:t, :'pool', array['2100-01-06 20:00', '2100-01-11 10:00']::timestamptz[], :x);
delete from booking.hold;
select starts_at, code from booking.try_hold_many(
    :t, :'pool', array['2100-01-04 09:00', '2100-01-05 10:00', '2100-01-06 11:00', '2100-01-07 11:00', '2100-01-08 11:00']::timestamptz[], :s);

-- Nights: one after the other, and over one another.
insert into booking.service (tenant_id, service_id, slug, name, zone, kind, min_length, max_length, check_in, check_out)
values (:t, '00000000-0000-0000-0000-000000000051', 'stay', 'Stay', 'Europe/Berlin', 'stay', 1, 14, '15:00', '11:00');
insert into booking.service_requirement (tenant_id, service_id, requirement_id)
values (:t, '00000000-0000-0000-0000-000000000051', '00000000-0000-0000-0000-000000000061');
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
values (:t, '00000000-0000-0000-0000-000000000051', '00000000-0000-0000-0000-000000000061', '00000000-0000-0000-0000-000000000002');
select starts_at, ends_at, code
from booking.try_hold_many(:t, '00000000-0000-0000-0000-000000000051', array['2100-03-27 14:00', '2100-03-29 13:00']::timestamptz[], :s, '2 days');

-- The public: names, and no reasons.
select starts_at, code, detail from booking_api.try_hold_many('t', 'one', array['2100-01-06 09:00', '2100-01-06 10:20']::timestamptz[], :s);
select starts_at, code from booking_api.hold_many('t', 'one', array['2100-01-06 09:00', '2100-01-06 10:30']::timestamptz[], :s);
update booking.resource set public = false where slug = 'r3';
select starts_at, cardinality(resources) from booking_api.hold_many('t', 'pool', array['2100-01-20 09:00']::timestamptz[], :s);
-- Bad input.
\set VERBOSITY sqlstate
select booking.hold_many(:t, :'one', array['2100-01-06 09:00', '2100-01-06 09:30']::timestamptz[], :s);
select booking.hold_many(:t, :'one', array['2100-01-06 09:00', '2100-01-06 09:00']::timestamptz[], :s);
select booking.hold_many(:t, '00000000-0000-0000-0000-000000000051', array['2100-03-27 14:00', '2100-03-28 13:00']::timestamptz[], :s, '2 days');
select booking.hold_many(:t, :'one', '{}', :s);
select booking.hold_many(:t, :'one', null, :s);
select booking.hold_many(:t, :'one', array['2100-01-06 09:00', null]::timestamptz[], :s);
select booking.hold_many(:t, :'one', array['2100-01-06 09:00', 'infinity']::timestamptz[], :s);
select booking.hold_many(:t, :'one', array[['2100-01-06 09:00'], [null]]::timestamptz[], :s);
select booking.hold_many(:t, :'one', array(select timestamptz '2100-01-06' + n * interval '1 hour' from generate_series(1, 101) n), :s);
select booking.hold_many(:t, :'one', array['2100-01-06 09:00']::timestamptz[], null);
select booking.hold_many(:t, :'one', array['2100-01-06 09:00']::timestamptz[], 'short');
select booking.hold_many(:t, :'one', array['2100-01-06 09:00']::timestamptz[], :s, ttl => '3 years');
select booking.hold_many(:t, :'one', array['2100-01-06 09:00']::timestamptz[], :s, seats => 2);
select booking.hold_many(:t, :'one', array['2100-01-06 09:00']::timestamptz[], :s, resource => '00000000-0000-0000-0000-000000000002');
select booking.hold_many(:t, :t, array['2100-01-06 09:00']::timestamptz[], :s);
select booking.hold_many(:t, :'one', array['2000-01-06 09:00', '2100-01-04 10:20']::timestamptz[], :s);
select booking_api.hold_many('t', 'one', array['2000-01-06 09:00']::timestamptz[], :s);
select booking_api.hold_many('t', 'none', array['2100-01-06 09:00']::timestamptz[], :s);
