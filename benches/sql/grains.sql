-- The first fifty resources again, with all that is theirs, at a grain of 5 and of 1 minutes; and services of them.

create table bench.twin as
select r.tenant_id, g as grain, r.resource_id,
    overlay(r.resource_id::text placing lpad(g::text, 8, '0') from 1)::uuid as twin_id
from booking.resource r
cross join unnest(array[1, 5]) g
where substr(r.slug, 2)::int <= 50;

insert into booking.resource (tenant_id, resource_id, slug, name, schedule_id, grain)
select w.tenant_id, w.twin_id, r.slug || '-' || w.grain, r.name, r.schedule_id, w.grain
from bench.twin w
join booking.resource r using (tenant_id, resource_id);

select booking.put_service(tenant_id, 'grain-' || grain, 'At a grain of ' || grain, array[60], array_agg(twin_id),
    buffer_after => 15, step => 15)
from bench.twin
group by tenant_id, grain;

set session_replication_role = replica;

insert into booking.claim (tenant_id, resource_id, span, booking_id)
select w.tenant_id, w.twin_id, c.span, c.booking_id
from bench.twin w
join booking.claim c using (tenant_id, resource_id);

insert into booking.busy_window (tenant_id, resource_id, span)
select w.tenant_id, w.twin_id, b.span
from bench.twin w
join booking.busy_window b using (tenant_id, resource_id);

reset session_replication_role;

select booking.recompute(tenant_id, twin_id) from bench.twin;

insert into peer.open (resource_id, span)
select w.twin_id, o.span
from bench.twin w
join peer.open o using (resource_id);

insert into peer.busy (resource_id, span)
select w.twin_id, b.span
from bench.twin w
join peer.busy b using (resource_id);
