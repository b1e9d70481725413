-- The public surface, called by a role that owns nothing: what it may, what it may not, what it is told.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, active)
values ('00000000-0000-0000-0000-000000000001', 'open', 'Open', true), ('00000000-0000-0000-0000-000000000002', 'gone', 'Gone', false),
    ('00000000-0000-0000-0000-000000000003', 'other', 'Other', true);
insert into booking.resource (tenant_id, resource_id, slug, name, public)
select t, r::uuid, s, s, p
from (
    values ('00000000-0000-0000-0000-000000000001'::uuid, '00000000-0000-0000-0000-00000000000a', 'seen', true),
        ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 'hidden', false),
        ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000c', 'c', true),
        ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-00000000000d', 'd', true)) v (t, r, s, p);
do $$
begin
    perform booking.put_service(tenant_id, 'cut', 'Cut', array[60], array_agg(resource_id)) from booking.resource group by tenant_id;
    perform booking.put_service('00000000-0000-0000-0000-000000000001', 'secret', 'Secret', array[60],
        array['00000000-0000-0000-0000-00000000000a']::uuid[]);
    perform booking.put_service('00000000-0000-0000-0000-000000000001', 'back', 'Back room', array[60],
        array['00000000-0000-0000-0000-00000000000b']::uuid[]);
end
$$;
update booking.service set public = false where slug = 'secret';
create role regress_booking_web;
-- Before it is granted anything it may nothing.
set role regress_booking_web;
\set VERBOSITY sqlstate
select * from booking_api.services('open');
reset role;
select booking.grant_access(public_role => 'regress_booking_web');
set role regress_booking_web;

-- The schema of the engine stays shut, its functions too.
select * from booking.tenant;
select booking.public_tenant('open');
select * from booking.booking;
\set VERBOSITY default

select slug, name, zone, durations, step from booking_api.services('open');
\set VERBOSITY sqlstate
-- Unknown, inactive and foreign: one answer.
select * from booking_api.services('nobody');
select * from booking_api.services('gone');
select * from booking_api.services(null);
select * from booking_api.available_slots('open', 'nothing', '2100-01-04', '2100-01-05');
select * from booking_api.available_slots('open', 'secret', '2100-01-04', '2100-01-05');
select * from booking_api.available_slots('gone', 'cut', '2100-01-04', '2100-01-05');
select * from booking_api.available_slots('open', 'cut', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-00000000000b');
select * from booking_api.available_slots('open', 'cut', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-00000000000d');
select * from booking_api.try_hold('open', 'secret', '2100-01-04', 'session-0123456789');
\set VERBOSITY default

-- Names or ids; hidden resources count, but are not named.
select count(*), min(remaining) from booking_api.available_slots('open', 'cut', '2100-01-04', '2100-01-05');
select count(*) from booking_api.available_slots('00000000-0000-0000-0000-000000000001', 'cut', '2100-01-04', '2100-01-05');
select distinct resource_id from booking_api.available_slots('open', 'cut', '2100-01-04', '2100-01-05', each_resource => true);
select distinct resource_id, remaining from booking_api.available_slots('open', 'back', '2100-01-04', '2100-01-05');

-- Row by row where each start takes place: the window decides, not where its resource stands. Of a hidden one nothing is said.
reset role;
insert into booking.location (tenant_id, location_id, slug, name)
select '00000000-0000-0000-0000-000000000001', l::uuid, n, n
from (values ('00000000-0000-0000-0000-0000000000e1', 'east'), ('00000000-0000-0000-0000-0000000000e2', 'west')) v (l, n);
insert into booking.schedule (tenant_id, schedule_id, name, zone)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000f1', 'Two places', 'UTC');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, location_id)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000f1', 1, '09:00', '11:00', null),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-0000000000f1', 1, '14:00', '15:00', '00000000-0000-0000-0000-0000000000e2');
insert into booking.resource (tenant_id, resource_id, slug, name, public, schedule_id, location_id)
select '00000000-0000-0000-0000-000000000001', r::uuid, n, n, p, '00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-0000000000e1'
from (values ('00000000-0000-0000-0000-0000000000a1', 'doctor', true), ('00000000-0000-0000-0000-0000000000a2', 'locum', false)) v (r, n, p);
select from booking.put_service('00000000-0000-0000-0000-000000000001', 'visit', 'Visit', array[60],
    array['00000000-0000-0000-0000-0000000000a1', '00000000-0000-0000-0000-0000000000a2']::uuid[]);
select from booking.put_service('00000000-0000-0000-0000-000000000001', 'doctor', 'Doctor', array[60],
    array['00000000-0000-0000-0000-0000000000a1']::uuid[]);
select from booking.put_service('00000000-0000-0000-0000-000000000001', 'locum', 'Locum', array[60],
    array['00000000-0000-0000-0000-0000000000a2']::uuid[]);
set role regress_booking_web;
select service, each_resource, to_char(s.starts_at, 'HH24:MI') as starts, right(s.resource_id::text, 2) as resource,
    right(s.location_id::text, 2) as place, s.remaining, length(s.slot_id) as digits, p as in_page
from unnest('{visit,doctor,locum}'::text[]) service
cross join unnest('{f,t}'::boolean[]) each_resource
cross join lateral booking_api.available_slots('open', service, '2100-01-04', '2100-01-05', each_resource => each_resource) s
left join lateral (
    select (p.starts_at, p.resource_id, p.location_id, p.slot_id) is not distinct from (s.starts_at, s.resource_id, s.location_id, s.slot_id)
    from booking_api.slot_page('open', service, '2100-01-04', '2100-01-05', each_resource => each_resource) p
    where p.starts_at = s.starts_at) p (p) on true
order by service, each_resource, s.starts_at, s.resource_id;

-- By slot_id, in the outcome form and in the raising one.
select slot_id from booking_api.available_slots('open', 'cut', '2100-01-04', '2100-01-05') limit 1 \gset
select hold_id, starts_at from booking_api.try_hold(slot_id => :'slot_id', session_id => 'session-0123456789') \gset
select :'starts_at' as starts_at;
-- The second member of the pool is the hidden one: held, and not named.
select code, cardinality(resources) as named
from booking_api.try_hold('open', slot_id => :'slot_id', session_id => 'session-1123456789');
select code, detail from booking_api.try_hold('open', slot_id => :'slot_id', session_id => 'session-2123456789');
-- The BK code is in the DETAIL.
do $$
declare
    v_detail text;
begin
    perform booking_api.hold('open', 'cut', '2100-01-04', session_id => 'session-2123456789');
exception when others then
    get stacked diagnostics v_detail = pg_exception_detail;
    raise warning '% % %', sqlstate, sqlerrm, v_detail;
end
$$;
\set VERBOSITY sqlstate
select booking_api.hold('open', 'cut', '2100-01-04 00:10', session_id => 'session-2123456789');
select booking_api.book('open', :'hold_id', 'session-9999999999');
select booking_api.release('open', :'hold_id', 'session-9999999999');
select booking_api.try_hold(session_id => 'session-2123456789');
select booking_api.try_hold('open', 'cut', session_id => 'session-2123456789');
-- A slot of one tenant is no slot of another's.
select booking_api.try_hold('other', slot_id => :'slot_id', session_id => 'session-2123456789');
select booking_api.try_book('other', slot_id => :'slot_id');
\set VERBOSITY default
select status, starts_at, code from booking_api.book('open', :'hold_id', 'session-0123456789', customer => '{"name": "Ada"}');
select released, code from booking_api.try_release('open', :'hold_id', 'session-0123456789');
select status, code from booking_api.try_book('open', service => 'back', starts_at => '2100-01-04 09:00');
select code from booking_api.try_book(slot_id => :'slot_id');
reset role;
select status, count(*) from booking.booking group by status;
drop owned by regress_booking_web;
drop role regress_booking_web;
