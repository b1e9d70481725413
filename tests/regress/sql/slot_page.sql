-- booking_api.slot_page: the pages of a list add up to the list, however they are cut.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 'open', 'Open');
insert into booking.resource (tenant_id, resource_id, slug, name, zone, grain, public)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n,
    'Europe/Berlin', 15, n <> 2
from generate_series(1, 5) n;
select count(booking.put_hours(tenant_id, resource_id, 'Mo-Fr 09:00-17:00')) from booking.resource;
select booking.put_service(
    '00000000-0000-0000-0000-000000000001', 'team', 'Team', array[60], array_agg(resource_id)) is not null as put
from booking.resource;
update booking.service set zone = 'Europe/Berlin', step = 15;
select count(booking.hold(tenant_id, service_id, '2100-01-04 09:00', 'session-0123456789', resource => '00000000-0000-0000-0000-000000000003'))
from booking.service;

-- Pages of a size, as one list: who was where, and how many pages there were.
create function pg_temp.walk(size int, each_resource boolean, from_ts timestamptz, to_ts timestamptz, out slots booking.slot[], out pages int)
language plpgsql
as $$
declare
    v_page booking.page_slot[];
    v_last booking.page_slot;
begin
    slots := '{}';
    pages := 0;
    loop
        v_page := array(
            select p
            from booking_api.slot_page(
                'open', 'team', from_ts, to_ts, holds => 'mark', each_resource => each_resource, max => size,
                after_start => v_last.starts_at, after_resource => case when each_resource then v_last.resource_id end) p);
        slots := slots || array(
            select (p.slot_id, p.starts_at, p.ends_at, p.duration, p.resource_id, p.location_id, p.status, p.remaining)::booking.slot
            from unnest(v_page) p);
        pages := pages + 1;
        exit when cardinality(v_page) < size;
        v_last := v_page[size];
    end loop;
end
$$;
select w.pages, cardinality(w.slots) as slots, w.slots = array(
        select s from booking_api.available_slots('open', 'team', from_ts, to_ts, holds => 'mark', each_resource => e) s) as same
from (values
    (7, false, '2100-01-04'::timestamptz, '2100-01-11'::timestamptz), (7, true, '2100-01-04', '2100-01-11'),
    (1, true, '2100-01-04', '2100-01-05'), (116, true, '2100-01-04', '2100-01-05'), (10000, true, '2100-01-01', '2100-06-01'),
    (100, false, '2100-01-01', '2101-02-05'), (9, true, '2100-01-04 09:07', '2100-01-04 12:01'),
    (5, true, '2100-01-09', '2100-01-10'), (5, true, '2100-01-04', '2100-01-04')) q (size, e, from_ts, to_ts)
cross join lateral pg_temp.walk(q.size, q.e, q.from_ts, q.to_ts) w;

-- As it reads in a zone, over a change of its clocks: the first Mondays around the 28th of March.
select starts_at, day, starts_offset, ends_offset
from booking_api.slot_page('open', 'team', '2100-03-26 15:00', '2100-03-29 07:30', zone => 'Europe/Berlin');
select starts_at, day, starts_offset from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', zone => 'Pacific/Kiritimati', max => 2);
select day, starts_offset from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', max => 1);

\set VERBOSITY sqlstate
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', zone => 'Mars/Olympus');
select * from booking_api.slot_page('open', 'team', '2100-01-09', '2100-01-10', zone => 'XYZ-3');
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', max => 0);
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', max => 10001);
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', max => null);
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', after_start => '2100-01-05');
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', after_start => '2100-01-03');
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2101-04-05');
select * from booking_api.slot_page('open', 'team', '2100-01-04', null);
select * from booking_api.slot_page('open', 'team', '2100-01-04', '2100-01-05', step => '7 minutes');
select * from booking_api.slot_page('open', 'nothing', '2100-01-04', '2100-01-05');
