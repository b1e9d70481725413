-- For the nightly roll beside live bookings: a service of each resource, and calls for the one that is being rolled, or for
-- one that is bench.apart later.

select booking.put_service(tenant_id, 'one-' || slug, name, array[60], array[resource_id], buffer_after => 15, step => 15)
from booking.resource;

-- The roll goes by id and changes the version of each: the first that has none is in its hands at this moment, or comes next.
update booking.resource set version = 0;

create view bench.rolling as
select r.tenant_id, r.resource_id, s.service_id
from booking.resource r
join booking.service s on s.tenant_id = r.tenant_id and s.slug = 'one-' || r.slug
where r.version = 0
order by r.tenant_id, r.resource_id
offset current_setting('bench.apart')::int
limit 1;

-- All schedules are open at three on working days, which half of the time is free.
create view bench.some_start as
select timezone('Europe/Berlin',
    date_trunc('week', now()::timestamp) + floor(1 + random() * 7) * interval '7 days' + floor(random() * 5) * interval '1 day'
    + interval '15 hours') as starts_at;

create function bench.book()
returns text
language sql
begin atomic
    select coalesce(b.code, 'booked')
    from bench.rolling r
    cross join bench.some_start s
    cross join lateral booking.try_book(r.tenant_id, service => r.service_id, starts_at => s.starts_at, customer => '{}') b;
end;

create function bench.hold(session_id text)
returns booking.hold_result
language sql
begin atomic
    select h
    from bench.rolling r
    cross join bench.some_start s
    cross join lateral booking.try_hold(r.tenant_id, r.service_id, s.starts_at, session_id) h;
end;
