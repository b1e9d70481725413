-- Pages stay what a computation from scratch says, whatever is written; verify finds what is not.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.schedule (tenant_id, schedule_id, name, zone)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 's', z
from (values ('a', 'Europe/Berlin'), ('b', 'Australia/Lord_Howe')) s (n, z);
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select :t, schedule_id, d, '09:00', '17:30' from booking.schedule, generate_series(1, 5) d;
insert into booking.resource (tenant_id, resource_id, slug, name, grain, capacity, schedule_id)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, g, c, s::uuid
from (
    values (1, 15, 1, '00000000-0000-0000-0000-00000000000a'), (2, 15, 2, '00000000-0000-0000-0000-00000000000a'),
        (3, 15, 1, '00000000-0000-0000-0000-00000000000b'), (4, 15, 1, null)) r (n, g, c, s);
select booking.put_service(:t, 'any', 'Any', array[30, 60], array(select resource_id from booking.resource), step => 15, buffer_after => 15) as any \gset
select booking.put_service(:t, 'solo', 'Solo', array[45], array['00000000-0000-0000-0000-000000000002']::uuid[], step => 15) as solo \gset
select booking.recompute(:t, null, '2100-01-01', '2100-01-31') as pages;
-- Stored in part: the next three weeks stay without a page.
delete from booking.availability where resource_id = '00000000-0000-0000-0000-000000000003' and week = '2100-01-11';

-- Six hundred random writes, as functions and as plain statements.
create function random_writes(n int)
returns table (what text, times bigint)
language plpgsql
as $$
declare
    c_tenant constant uuid := '00000000-0000-0000-0000-000000000001';
    v_resource uuid;
    v_service uuid;
    v_start timestamptz;
    v_key uuid;
    v_what int;
    v_done text[] := '{}';
    v_code text;
begin
    for i in 1..n loop
        v_resource := ('00000000-0000-0000-0000-00000000000' || 1 + floor(random() * 4)::int)::uuid;
        select service_id into v_service from booking.service order by slug offset floor(random() * 2) limit 1;
        v_start := timestamptz '2100-01-01' + floor(random() * 45) * interval '1 day' + floor(random() * 40) * interval '15 min' + interval '7 hours';
        v_what := floor(random() * 20);
        v_code := '';
        case v_what
            when 0, 1, 2, 14, 15, 16, 17 then
                v_code := (booking.try_book(c_tenant, service => v_service, starts_at => v_start)).code;
            when 3, 4, 18, 19 then
                v_code := (booking.try_hold(c_tenant, v_service, v_start, 'session-' || lpad((i % 20)::text, 12, '0'))).code;
            when 5, 6 then
                select h.hold_id into v_key from booking.hold h order by random() limit 1;
                if found then
                    v_code := (booking.try_book(c_tenant, v_key, (
                        select s.id
                        from generate_series(0, 19) k
                        cross join lateral (select 'session-' || lpad(k::text, 12, '0')) s (id)
                        join booking.hold h on h.hold_id = v_key and h.session_hash = sha256(convert_to(s.id, 'UTF8'))))).code;
                end if;
            when 7 then
                select b.booking_id into v_key from booking.booking b where b.status = 'confirmed' order by random() limit 1;
                if found then
                    v_code := (booking.try_cancel(c_tenant, v_key)).code;
                end if;
            when 8 then
                insert into booking.busy_window (tenant_id, resource_id, span)
                values (c_tenant, v_resource, tstzrange(v_start, v_start + random() * interval '8 hours'));
            when 9 then
                delete from booking.busy_window
                where busy_window_id in (select busy_window_id from booking.busy_window order by random() limit 2);
                update booking.busy_window set resource_id = v_resource, span = tstzrange(lower(span), upper(span) + interval '1 min')
                where busy_window_id = (select busy_window_id from booking.busy_window order by random() limit 1);
            when 10 then
                insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
                select c_tenant, s.schedule_id, daterange(v_start::date, v_start::date + 1 + floor(random() * 9)::int), o, o + interval '4 hours'
                from (select schedule_id from booking.schedule order by random() limit 1) s,
                    (values (time '06:00'), (null)) w (o) order by random() limit 1;
                delete from booking.schedule_override
                where override_id = (select override_id from booking.schedule_override order by random() limit 1);
                delete from booking.schedule_override where random() < 0.2;
            when 11 then
                update booking.schedule_rule set closes = make_time(10 + floor(random() * 13)::int, 30, 0), weekday = 1 + floor(random() * 7)
                where rule_id = (select rule_id from booking.schedule_rule order by random() limit 1);
            when 12 then
                if random() < 0.5 then
                    update booking.schedule set zone = (array['Europe/Berlin', 'Asia/Kathmandu', 'America/New_York'])[1 + floor(random() * 3)::int]
                    where schedule_id = (select schedule_id from booking.schedule order by random() limit 1);
                else
                    update booking.resource
                    set schedule_id = (select schedule_id from booking.schedule order by random() limit 1)
                    where resource_id = v_resource;
                end if;
            else
                if random() < 0.5 then
                    perform booking.recompute(c_tenant, v_resource, v_start, v_start + interval '3 days');
                else
                    update booking.claim c set unit = 3 - c.unit
                    where c.id = (
                        select k.id from booking.claim k
                        where k.resource_id = '00000000-0000-0000-0000-000000000002' and k.booking_id is not null
                            and not exists (select from booking.claim o where o.resource_id = k.resource_id and o.span && k.span and o.id <> k.id)
                        order by random() limit 1);
                end if;
        end case;
        v_done := v_done || (v_what || coalesce(' ' || v_code, ''));
    end loop;
    return query select d, count(*) from unnest(v_done) d group by d;
end
$$;
select setseed(0.42);
select count(*) >= 14 as of_all_kinds from random_writes(600);
select * from booking.verify();
select count(*) > 60 as bookings, bool_or(unit = 2) as on_both_units from booking.claim where booking_id is not null;
select count(*) as overlapping
from booking.claim a
join booking.claim b on a.resource_id = b.resource_id and a.unit = b.unit and a.span && b.span and a.id < b.id;
select bool_and(m.booked = (
    select count(*) from booking.booking_resource r join booking.booking b using (tenant_id, booking_id)
    where r.resource_id = m.resource_id and b.service_id = m.service_id and b.status = 'confirmed')) as counts_right
from booking.requirement_resource m;
select (booking.try_hold(:t, service_id, starts_at, 'session-last-000000')).code is null as one_more
from booking.service, lateral (
    select a.starts_at from booking.available_slots(:t, service_id, '2100-01-01', '2100-02-15') a limit 1) a
where slug = 'any';
-- Stored pages and weeks on demand give the same answers.
create temp table answer as
select s.slug, a.* from booking.service s
cross join lateral booking.available_slots(:t, s.service_id, '2100-01-01', '2100-02-15', each_resource => true, holds => 'mark') a;
select count(*) > 1000 as many, bool_or(status = 'held') as some_held from answer;
delete from booking.availability;
select count(*) as differing
from (
    select s.slug, a.* from booking.service s
    cross join lateral booking.available_slots(:t, s.service_id, '2100-01-01', '2100-02-15', each_resource => true, holds => 'mark') a
    except table answer) d;
select count(*) = (select count(*) from answer) as as_many
from booking.service s
cross join lateral booking.available_slots(:t, s.service_id, '2100-01-01', '2100-02-15', each_resource => true, holds => 'mark') a;
select booking.recompute(:t, null, '2100-01-01', '2100-02-15') > 0 as again;
select * from booking.verify();

-- What is corrupted is found: hours, busy time, a page too many, one too few.
with page as (
    select week, unit, row_number() over (order by week) as n
    from booking.availability
    where resource_id = '00000000-0000-0000-0000-000000000002' and unit = 1)
update booking.availability a set busy = a.busy operator(booking.-) a.busy
from page p where a.resource_id = '00000000-0000-0000-0000-000000000002' and (a.week, a.unit) = (p.week, p.unit) and p.n = 1;
update booking.availability set open = open operator(booking.-) open
where resource_id = '00000000-0000-0000-0000-000000000004' and unit = 0 and week = '2100-01-04';
insert into booking.availability (tenant_id, resource_id, week, unit, busy)
select :t, resource_id, week, 7, open from booking.availability
where resource_id = '00000000-0000-0000-0000-000000000004' and unit = 0 and week = '2100-01-11';
select right(resource_id::text, 1) as resource, unit, what from booking.verify() order by 1, 2;
select right(resource_id::text, 1) as resource, unit, what
from booking.verify(resource => '00000000-0000-0000-0000-000000000004') order by 1, 2;
select booking.recompute(:t, null, '2100-01-01', '2100-02-15') > 0 as mended;
select * from booking.verify();
-- A grain that changes takes its pages along.
delete from booking.requirement_resource;
update booking.resource set grain = 30 where resource_id = '00000000-0000-0000-0000-000000000004';
select distinct booking.grain(open) from booking.availability where resource_id = '00000000-0000-0000-0000-000000000004' and unit = 0;
select * from booking.verify();

-- The nightly roll stores from last week to its horizon, drops what is older, and leaves nothing wrong.
update booking.availability set week = week - 7 * 7800 where week = '2100-01-04';
call booking.roll(30);
select min(week) = date_trunc('week', now())::date - 7 as from_last_week,
    count(*) filter (where week < '2099-01-01' and unit = 0) >= 4 * 6 as rolled
from booking.availability;
select * from booking.verify();
