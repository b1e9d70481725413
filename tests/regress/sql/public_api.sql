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
