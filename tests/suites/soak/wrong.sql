-- What must never be, whatever happened; a row each. By plain joins over the rows: no constraint, no function of the engine
-- but verify.
create view soak.wrong as
select format('page of %s in week %s, unit %s: %s', r.slug, v.week, v.unit, v.what) as what
from booking.verify() v
join booking.resource r using (tenant_id, resource_id)
union all
select format('%s, unit %s, taken twice: %s and %s', r.slug, c.unit, c.span, d.span)
from booking.claim c
join booking.claim d
    on d.resource_id = c.resource_id and d.unit = c.unit and d.id > c.id
    and lower(d.span) < upper(c.span) and lower(c.span) < upper(d.span)
    and (c.sitting_id is null or d.sitting_id is distinct from c.sitting_id)
join booking.resource r on r.resource_id = c.resource_id
union all
select format('seat %s of %s at %s taken twice', c.seat, r.slug, c.span)
from booking.claim c
join booking.resource r using (tenant_id, resource_id)
where c.sitting_id is not null
group by c.sitting_id, c.seat, r.slug, c.span
having count(*) > 1
union all
select format('%s taken %s times at once by %s bookings of %s units', r.slug, n.taken, 'different', r.capacity)
from booking.resource r
cross join lateral (
    select max(o.others) as taken
    from booking.booking b
    join booking.booking_resource a on a.booking_id = b.booking_id and a.resource_id = r.resource_id
    join booking.service s on s.service_id = b.service_id and s.seats is null
    cross join lateral (
        select count(*) as others
        from booking.booking o
        join booking.booking_resource x on x.booking_id = o.booking_id and x.resource_id = r.resource_id
        where o.status = 'confirmed' and o.span @> lower(b.span)) o
    where b.status = 'confirmed') n
where n.taken > r.capacity
union all
select format('%s booked %s times by %s, counted %s', r.slug, n.live, s.slug, m.booked)
from booking.requirement_resource m
join booking.resource r using (tenant_id, resource_id)
join booking.service s using (tenant_id, service_id)
cross join lateral (
    select count(*) as live
    from booking.booking b
    join booking.booking_resource a using (tenant_id, booking_id)
    where b.service_id = m.service_id and a.resource_id = m.resource_id and b.status = 'confirmed') n
where m.booked <> n.live
union all
select format('hold %s without claims', h.hold_id)
from booking.hold h
where not exists (select from booking.claim c where c.hold_id = h.hold_id)
union all
select format('%s booking %s with %s claims and %s resources', b.status, b.booking_id, n.claims, n.assigned)
from booking.booking b
cross join lateral (
    select
        (select count(*) from booking.claim c where c.booking_id = b.booking_id) as claims,
        (select count(*) from booking.booking_resource a where a.booking_id = b.booking_id) as assigned) n
where b.status in ('confirmed', 'cancelled', 'declined')
    and n.claims <> case b.status when 'confirmed' then n.assigned * b.seats else 0 end or n.assigned = 0
union all
select format('limit of %s a %s on %s: %s', l.max_count, l.period, s.slug, n.booked)
from booking.service_limit l
join booking.service s using (tenant_id, service_id)
cross join lateral (
    select count(*) as booked
    from booking.booking b
    left join booking.booking_resource a on a.booking_id = b.booking_id and l.scope = 'resource'
    where b.service_id = l.service_id and b.status = 'confirmed'
    group by date_trunc(l.period, timezone(s.zone, lower(b.span))), a.resource_id) n
where l.scope <> 'customer' and n.booked > l.max_count;
