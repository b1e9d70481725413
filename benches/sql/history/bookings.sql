set session_replication_role = replica;

insert into booking.booking (tenant_id, booking_id, service_id, status, span, customer, customer_key)
select p.tenant_id, p.booking_id, s.service_id, 'completed', tstzrange(p.at, p.at + interval '1 hour'),
    '{"name": "Ada", "email": "ada@example.org"}', 'ada@example.org'
from booking.service s
cross join bench.past p
where s.slug = 'of-200';

analyze booking.booking;
