-- available_slots: grid, notice, horizon, busy time, holds, pools.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone)
values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n
from generate_series(1, 3) n;
select zone from booking.resource group by zone;
do $$
begin
    perform booking.put_hours(tenant_id, resource_id, 'Mo-Fr 09:00-12:00') from booking.resource where slug <> 'r3';
    perform booking.put_hours(tenant_id, resource_id, 'Mo-Fr 10:30-13:00') from booking.resource where slug = 'r3';
end
$$;
select booking.put_service('00000000-0000-0000-0000-000000000001', 'one', 'One', array[60, 30],
    array['00000000-0000-0000-0000-000000000001']::uuid[], buffer_after => 15, min_notice => '2 days', horizon => '10 days')
    as one \gset
select booking.put_service('00000000-0000-0000-0000-000000000001', 'pool', 'Pool', array[60],
    array(select resource_id from booking.resource)) as pool \gset
select booking.put_service('00000000-0000-0000-0000-000000000001', 'pair', 'Pair', array[60],
    array(select resource_id from booking.resource), pick => 2) as pair \gset
\set t '''00000000-0000-0000-0000-000000000001'''

-- Defaults: the shortest duration, which is also the step. resource_id is there since there is only one.
select starts_at, ends_at, duration, resource_id, status, remaining
from booking.available_slots(:t, :'one', '2100-01-04', '2100-01-05', as_of => '2100-01-01');
-- Only this far: from now + 2 days on, before now + 10 days.
select min(starts_at), max(starts_at), count(*)
from booking.available_slots(:t, :'one', '2100-01-01', '2100-02-01', as_of => '2100-01-04 08:15');
-- Fixed dates.
update booking.service set bookable = '[2100-01-07,2100-01-08)' where slug = 'one';
select min(starts_at), max(starts_at), count(*)
from booking.available_slots(:t, :'one', '2100-01-01', '2100-02-01', as_of => '2100-01-04 08:15');
update booking.service set bookable = '(,)' where slug = 'one';
-- A duration that the service does not have is not offered; a step may be given.
select count(*) from booking.available_slots(:t, :'one', '2100-01-04', '2100-01-05', duration => '45 min', as_of => '2100-01-01');
select array_agg(to_char(starts_at, 'HH24:MI'))
from booking.available_slots(:t, :'one', '2100-01-04', '2100-01-05', duration => '1 hour', step => '15 min', as_of => '2100-01-01');

-- The pool's grid counts on the map of all: one run from 09:00 to 13:00.
select to_char(starts_at, 'HH24:MI') as starts, resource_id, remaining
from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', as_of => '2100-01-01');
select to_char(starts_at, 'HH24:MI') as starts, right(resource_id::text, 1) as resource, remaining
from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', each_resource => true, as_of => '2100-01-01');
select to_char(starts_at, 'HH24:MI') as starts, right(resource_id::text, 1) as resource, remaining
from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-000000000003',
    as_of => '2100-01-01');
-- Two of three: where two are open.
select to_char(starts_at, 'HH24:MI') as starts, remaining
from booking.available_slots(:t, :'pair', '2100-01-04', '2100-01-05', step => '30 min', as_of => '2100-01-01');

-- A busy window is rounded outward and needs no buffer of its own.
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, '00000000-0000-0000-0000-000000000001', '[2100-01-04 09:20:01, 2100-01-04 09:40:59)');
select array_agg(to_char(starts_at, 'HH24:MI'))
from booking.available_slots(:t, :'one', '2100-01-04', '2100-01-05', step => '15 min', as_of => '2100-01-01');
-- One of no length blocks nothing.
update booking.busy_window set span = '[2100-01-04 09:30, 2100-01-04 09:30)';
select count(*) from booking.available_slots(:t, :'one', '2100-01-04', '2100-01-05', as_of => '2100-01-01');
delete from booking.busy_window;

-- A hold, seen by others in three ways and by its own session not at all.
select code from booking.try_hold(:t, :'pool', '2100-01-04 09:00+01', 'session-of-the-first', resource => '00000000-0000-0000-0000-000000000001');
select code from booking.try_hold(:t, :'pool', '2100-01-04 09:00+01', 'session-of-another-1', resource => '00000000-0000-0000-0000-000000000002');
select holds, session_id, array_agg(format('%s %s %s', to_char(starts_at, 'HH24:MI'), status, remaining) order by starts_at)
from (values ('hide'), ('mark'), ('ignore')) h (holds)
cross join (values (null), ('session-of-the-first')) s (session_id)
cross join lateral booking.available_slots(
    :t, :'pool', '2100-01-04', '2100-01-04 10:00', holds => h.holds, session_id => s.session_id) a
group by holds, session_id
order by holds, session_id nulls first;
-- Past its time it is in nobody's way, by as_of as by the clock.
select starts_at, remaining
from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-04 08:30', as_of => now() + interval '11 minutes');

-- slot_id says what a slot is, and nothing but that.
select slot.starts_at, slot.duration, slot.service_id = :'pool' as service, slot.tenant_id = :t as tenant, slot.resource_id
from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-000000000003') a
cross join lateral booking.slot_of(a.slot_id) slot
limit 1;

-- Null is what a driver sends for an option that was not given.
select count(*) > 0 as some, count(*) = (select count(*) from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05')) as same
from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', each_resource => null, holds => null);

-- Weeks that are not stored give the same answers.
create temp table stored as
select * from booking.available_slots(:t, :'pool', '2100-01-04', '2100-03-04', each_resource => true, as_of => '2100-01-01');
select count(*) > 0 as stored, bool_or(week >= date '2100-01-01') as these from booking.availability;
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;
select count(*) as differing
from (
    (table stored except select * from booking.available_slots(:t, :'pool', '2100-01-04', '2100-03-04', each_resource => true, as_of => '2100-01-01'))
    union all
    (select * from booking.available_slots(:t, :'pool', '2100-01-04', '2100-03-04', each_resource => true, as_of => '2100-01-01') except table stored)) d;

-- A service with hours of its own; one whose resources are all gone offers nothing.
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-00000000000a', 'own', 'UTC');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
values (:t, '00000000-0000-0000-0000-00000000000a', 1, '10:00', '11:00');
update booking.service set schedule_id = '00000000-0000-0000-0000-00000000000a' where slug = 'pool';
select starts_at, remaining from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', as_of => '2100-01-01');
update booking.resource set active = false;
select count(*) from booking.available_slots(:t, :'pool', '2100-01-04', '2100-01-05', as_of => '2100-01-01');

-- remaining, by the rule: the largest m with, for every requirement, sum over its resources of min(free units, m) >= m * pick;
-- a row of a resource counts the bookings that use it.
create function remaining(capacities int[], pick int)
returns table (whole int, by_resource int[])
language plpgsql
as $$
declare
    c_tenant constant uuid := '00000000-0000-0000-0000-000000000001';
    v_service uuid;
begin
    delete from booking.service;
    update booking.resource r
    set capacity = capacities[right(r.slug, 1)::int], active = true, schedule_id = null
    where right(r.slug, 1)::int <= cardinality(capacities);
    v_service := booking.put_service(c_tenant, 'left', 'Left', array[60],
        array(select r.resource_id from booking.resource r where right(r.slug, 1)::int <= cardinality(capacities)), remaining.pick);
    return query
        select (select a.remaining from booking.available_slots(c_tenant, v_service, '2100-01-04', '2100-01-04 00:01') a),
            array(select a.remaining from booking.available_slots(
                c_tenant, v_service, '2100-01-04', '2100-01-04 00:01', each_resource => true) a);
end
$$;
delete from booking.hold;
select c.capacities, c.pick, r.*
from (values ('{1}'::int[], 1), ('{3,1}', 1), ('{2,2}', 2), ('{3,3}', 2), ('{2,2,2}', 2), ('{3,1}', 2), ('{3,1,1}', 2), ('{1,1,1}', 2), ('{4,1,1}', 3))
    c (capacities, pick)
cross join lateral remaining(c.capacities, c.pick) r;

-- Notice and horizon in the hour that an overlap repeats, whichever of the two it is.
update booking.resource set zone = 'Europe/Berlin', capacity = 1;
select booking.put_service(:t, 'overlap', 'Overlap', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[], horizon => '1 hour') as overlap \gset
select a.as_of, array_agg(to_char(s.starts_at, 'HH24:MI'))
from (values (timestamptz '2025-10-26 00:00'), ('2025-10-26 01:00')) a (as_of)
cross join lateral booking.available_slots(:t, :'overlap', '2025-10-25 22:00', '2025-10-26 04:00', step => '30 min', as_of => a.as_of) s
group by a.as_of
order by a.as_of;
-- Fixed dates where midnight comes twice.
update booking.service set zone = 'America/Havana', horizon = null, bookable = '[2025-11-02,2025-11-03)' where slug = 'overlap';
select min(starts_at), max(starts_at)
from booking.available_slots(:t, :'overlap', '2025-11-01 00:00', '2025-11-05 00:00', as_of => '2025-01-01');
