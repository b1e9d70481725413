-- Where the soak happens: few hot resources that everybody wants, and cold ones that hardly anybody does. Everything is open
-- from 06:00 to 22:00 UTC; the pages of four weeks are stored. What must never be: wrong.sql.
create schema soak;

insert into booking.tenant (slug, name) values ('soak', 'Soak');

create function soak.tenant()
returns uuid
language sql
stable
return (select t.tenant_id from booking.tenant t where t.slug = 'soak');

create function soak.service(called text)
returns uuid
language sql
stable
return (select s.service_id from booking.service s where s.slug = called);

create function soak.resource(called text)
returns uuid
language sql
stable
return (select r.resource_id from booking.resource r where r.slug = called);

create function soak.resources(variadic called text[])
returns uuid[]
language sql
stable
return (select array_agg(r.resource_id) from booking.resource r where r.slug = any (called));

insert into booking.schedule (tenant_id, name, zone)
values (soak.tenant(), 'hot', 'UTC'), (soak.tenant(), 'cold', 'UTC');

insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select s.tenant_id, s.schedule_id, d, '06:00', '22:00'
from booking.schedule s
cross join generate_series(1, 7) d;

insert into booking.resource (tenant_id, slug, name, capacity, schedule_id)
select s.tenant_id, r.slug, r.slug, r.capacity, s.schedule_id
from (
    values ('room', 1, 'hot'), ('ann', 1, 'hot'), ('ben', 1, 'hot'), ('cem', 1, 'hot'), ('dot', 1, 'hot'), ('desk', 3, 'hot')
    union all
    select 'cold-' || n, 1, 'cold'
    from generate_series(1, 20) n) r (slug, capacity, schedule)
join booking.schedule s on s.name = r.schedule;

select booking.put_service(soak.tenant(), 'room', 'Room', '{60,30}', soak.resources('room'), step => 30);
select booking.put_service(soak.tenant(), 'pool', 'Anyone', '{60}', soak.resources('ann', 'ben', 'cem', 'dot'), step => 30);
select booking.put_service(soak.tenant(), 'tidy', 'Ann, and a break', '{60}', soak.resources('ann'), step => 15, buffer_after => 15);
select booking.put_service(soak.tenant(), 'pair', 'Two of three', '{60}', soak.resources('ben', 'cem', 'dot'), pick => 2, step => 30);
select booking.put_service(soak.tenant(), 'desk', 'Desk', '{60}', soak.resources('desk'), step => 30);
select booking.put_service(soak.tenant(), 'visit', 'Ann in the room', '{60}', soak.resources('ann'), step => 30);
select booking.put_service(soak.tenant(), 'class', 'Class', '{60}', soak.resources('cem', 'dot'), step => 60);
select booking.put_service(soak.tenant(), 'rare', 'So many a day', '{60}', soak.resources('ann', 'ben'), step => 30);
select booking.put_service(soak.tenant(), 'cold-' || n, 'Cold', '{60}', soak.resources('cold-' || n), step => 30)
from generate_series(1, 20) n;

-- Approved or lapsed; approved if nobody has it by then; paid for in time, or too late.
select booking.put_service(soak.tenant(), 'asked', 'On request', '{60}', soak.resources('desk'), step => 30);
select booking.put_service(soak.tenant(), 'wished', 'On request, anybody', '{60}', soak.resources('room'), step => 30);
select booking.put_service(soak.tenant(), 'paid', 'Paid', '{60}', soak.resources('ann', 'ben', 'cem'), step => 30);

update booking.service set needs_approval = true, approval_ttl = '2 seconds' where slug = 'asked';
update booking.service set needs_approval = true, pending_blocks = false where slug = 'wished';
update booking.service set price = 10, currency = 'EUR', payment_ttl = '2 seconds' where slug = 'paid';
update booking.service set seats = 6 where slug = 'class';

-- Ann in the room: a second requirement.
with requirement as (
    insert into booking.service_requirement (tenant_id, service_id)
    values (soak.tenant(), soak.service('visit'))
    returning *)
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
select tenant_id, service_id, requirement_id, soak.resource('room')
from requirement;

insert into booking.service_limit (tenant_id, service_id, scope, period, max_count)
values
    (soak.tenant(), soak.service('rare'), 'service', 'day', 5),
    (soak.tenant(), soak.service('rare'), 'resource', 'day', 3);

select booking.recompute(soak.tenant(), null, now(), now() + interval '28 days');
