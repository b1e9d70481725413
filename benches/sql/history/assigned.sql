set session_replication_role = replica;

insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit)
select p.tenant_id, p.booking_id, p.resource_id, 1
from bench.past p;

insert into booking.claim (tenant_id, resource_id, span, booking_id)
select p.tenant_id, p.resource_id, tstzrange(p.at, p.at + interval '75 minutes'), p.booking_id
from bench.past p
where p.at > p.today - interval '30 days';

reset session_replication_role;

-- The pages of last week and this one have a past, too.
select booking.recompute(r.tenant_id, r.resource_id)
from booking.resource r
where substr(r.slug, 2)::int <= 200;

analyze booking.booking_resource, booking.claim;
