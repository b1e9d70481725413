-- Where a slot is: its window says so, else its resource.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone) values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin');
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.location (tenant_id, location_id, slug, name)
select :t, ('00000000-0000-0000-0000-0000000000b' || n)::uuid, l, l from unnest(array['home', 'north', 'south']) with ordinality x (l, n);
insert into booking.resource (tenant_id, resource_id, slug, name, location_id)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, r, r, '00000000-0000-0000-0000-0000000000b1' from unnest(array['ann', 'bob']) with ordinality x (r, n);
\set ann '''00000000-0000-0000-0000-000000000001'''
\set bob '''00000000-0000-0000-0000-000000000002'''
select booking.put_hours(:t, r.resource_id, 'Mo 09:00-12:00,13:00-15:00; Tu 09:00-11:00') is not null as set from booking.resource r;
update booking.schedule_rule set location_id = case opens when '09:00' then '00000000-0000-0000-0000-0000000000b2' else '00000000-0000-0000-0000-0000000000b3' end::uuid
where weekday = 1 and schedule_id = (select schedule_id from booking.resource where resource_id = :ann);
select booking.put_service(:t, 'one', 'One', array[60], array[:ann]::uuid[]) as one \gset
select booking.put_service(:t, 'any', 'Any', array[60], array[:ann, :bob]::uuid[]) as any \gset
create function pg_temp.places(service uuid, each boolean default false)
returns table (at text, resource text, place text, remaining int)
language sql as $$
    select to_char(timezone('Europe/Berlin', s.starts_at), 'Dy HH24:MI'), r.slug, l.slug, s.remaining
    from booking.available_slots('00000000-0000-0000-0000-000000000001', service, '2100-01-04 00:00+01', '2100-01-06 00:00+01', each_resource => each) s
    left join booking.resource r using (resource_id)
    left join booking.location l on l.location_id = s.location_id
    order by s.starts_at, r.slug
$$;
-- Ann works north on Monday morning, south in the afternoon, and at home on Tuesday, where her windows say nothing.
select * from pg_temp.places(:'one');
-- Of a pool it is known only by resource.
select * from pg_temp.places(:'any') where place is not null;
select * from pg_temp.places(:'any', true) where at like '%9:00' or at like '%14:00';
-- An override says anew where.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id)
select :t, schedule_id, '[2100-01-04,2100-01-05)', '09:00', '11:00', '00000000-0000-0000-0000-0000000000b3' from booking.resource where resource_id = :ann;
select * from pg_temp.places(:'one');
-- put_hours: windows that stay keep their place, and where all had the same one it is that of new ones; also of who leaves a
-- shared schedule.
create function pg_temp.windows(resource uuid)
returns text
language sql as $$
    select string_agg(concat_ws(' ', w.weekday, to_char(w.opens, 'HH24:MI'), l.slug), ', ' order by w.weekday, w.opens)
    from booking.resource r
    join booking.schedule_rule w using (tenant_id, schedule_id)
    left join booking.location l on l.location_id = w.location_id
    where r.resource_id = resource
$$;
update booking.resource set schedule_id = (select schedule_id from booking.resource where resource_id = :ann) where resource_id = :bob;
select booking.put_hours(:t, :ann, 'Mo-Tu 09:00-12:00; Mo 13:00-15:00') is not null as set;
select pg_temp.windows(:ann), pg_temp.windows(:bob);
update booking.schedule_rule set location_id = '00000000-0000-0000-0000-0000000000b3'
where schedule_id = (select schedule_id from booking.resource where resource_id = :ann);
select booking.put_hours(:t, :ann, 'Mo 09:00-12:00; We 10:00-11:00') is not null as set;
select pg_temp.windows(:ann);
select booking.put_hours(:t, :ann, 'Mo off') is not null as set;
select booking.put_hours(:t, :ann, 'Mo 09:00-12:00') is not null as set;
select pg_temp.windows(:ann);
