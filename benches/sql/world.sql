-- What the benches run on: a thousand resources in one zone on five schedules with a break, the next sixty days half
-- booked (the first fifty: the next 380 days), and services of 1, 10, 50, 200 and 1,000 of them. Next: peer.sql.

insert into booking.tenant (slug, name, zone) values ('bench', 'Bench', 'Europe/Berlin');

-- What the loading shares. Nothing that is measured reads from this schema.
create schema bench;

create view bench.tenant as
select tenant_id, timezone(zone, date_trunc('day', timezone(zone, now()))) as today
from booking.tenant
where slug = 'bench';

insert into booking.schedule (tenant_id, name, zone)
select tenant_id, 'hours-' || n, 'Europe/Berlin'
from bench.tenant
cross join generate_series(0, 4) n;

insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select s.tenant_id, s.schedule_id, d, w.opens, w.closes
from booking.schedule s
join (
    values ('hours-0', time '08:00', time '12:00'), ('hours-0', '12:30', '16:30'),
        ('hours-1', '09:00', '12:00'), ('hours-1', '13:00', '17:00'),
        ('hours-2', '10:00', '14:00'), ('hours-2', '15:00', '19:00'),
        ('hours-3', '12:00', '16:00'), ('hours-3', '16:30', '20:00'),
        ('hours-4', '09:00', '13:00'), ('hours-4', '13:45', '18:15')) w (name, opens, closes) using (name)
cross join generate_series(1, 5) d;

insert into booking.resource (tenant_id, resource_id, slug, name, schedule_id)
select s.tenant_id, lpad(to_hex(n), 32, '0')::uuid, 'r' || n, 'R' || n, s.schedule_id
from generate_series(1, 1000) n
join booking.schedule s on s.name = 'hours-' || n % 5;

select booking.put_service(tenant_id, 'of-' || n, 'Of ' || n, array[60],
    (array_agg(resource_id order by resource_id))[:n], buffer_after => 15, step => 15)
from booking.resource
cross join unnest(array[1, 10, 50, 200, 1000]) n
group by tenant_id, n;

-- When each resource is open on the dates ahead of it.
create table bench.open as
select r.tenant_id, r.resource_id, o.span
from (
    select t.tenant_id, t.today, s.schedule_id,
        unnest(booking.open_spans(t.tenant_id, s.schedule_id, t.today, t.today + interval '380 days')) as span
    from bench.tenant t
    join booking.schedule s using (tenant_id)) o
join booking.resource r using (tenant_id, schedule_id)
where lower(o.span) < o.today + interval '60 days' or substr(r.slug, 2)::int <= 50;

select setseed(0.5);

-- Every other place for an hour and its buffer is taken.
create table bench.booked as
select gen_random_uuid() as booking_id, o.tenant_id, s.service_id, o.resource_id, tstzrange(t, t + interval '1 hour') as span
from bench.open o
join booking.service s on s.tenant_id = o.tenant_id and s.slug = 'of-1000'
cross join lateral generate_series(lower(o.span), upper(o.span) - interval '75 minutes', interval '75 minutes') t
where random() < 0.5;

-- As a restore does it, without triggers: they would write a page a row.
set session_replication_role = replica;

insert into booking.booking (tenant_id, booking_id, service_id, span, customer, customer_key)
select tenant_id, booking_id, service_id, span, '{"name": "Ada", "email": "ada@example.org"}', 'ada@example.org'
from bench.booked;

insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit)
select tenant_id, booking_id, resource_id, 1
from bench.booked;

insert into booking.claim (tenant_id, resource_id, span, booking_id)
select tenant_id, resource_id, tstzrange(lower(span), upper(span) + interval '15 minutes'), booking_id
from bench.booked;

-- And an absence now and then.
insert into booking.busy_window (tenant_id, resource_id, span)
select tenant_id, resource_id, tstzrange(t, t + interval '3 hours')
from bench.open o
cross join lateral generate_series(lower(o.span), upper(o.span), interval '1 hour') t
where random() < 0.01;

reset session_replication_role;

select booking.recompute(tenant_id) from bench.tenant;

select booking.recompute(t.tenant_id, r.resource_id, t.today, t.today + interval '380 days')
from bench.tenant t
join booking.resource r using (tenant_id)
where substr(r.slug, 2)::int <= 50;
