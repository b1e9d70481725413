-- What runs at night: it deletes what is over and guards nothing, stores what is to come, and changes no answer.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
values
    (:t, '00000000-0000-0000-0000-000000000011', 'room', 'Room', 2),
    (:t, '00000000-0000-0000-0000-000000000012', 'ship', 'Ship', 1),
    (:t, '00000000-0000-0000-0000-000000000013', 'idle', 'Idle', 1);
select booking.put_service(:t, 'visit', 'Visit', array[60], array['00000000-0000-0000-0000-000000000011']::uuid[]) as visit \gset
-- What sails had 45 days in the yard before.
select booking.put_service(:t, 'cruise', 'Cruise', array[1440], array['00000000-0000-0000-0000-000000000012']::uuid[],
    buffer_before => 45 * 1440) as cruise \gset

-- Bookings of so many days ago, by hand; every second of the room on its unit 2.
create function past(resource text, days int)
returns void
language plpgsql
as $$
declare
    v_resource uuid := (select resource_id from booking.resource where slug = past.resource);
    v_start timestamptz := date_trunc('hour', now()) + interval '12 hours' - make_interval(days => past.days);
    v_unit int := case when past.resource = 'room' then 1 + abs(past.days) % 2 else 1 end;
    v_booking uuid;
begin
    insert into booking.booking (tenant_id, service_id, span)
    select tenant_id, service_id, tstzrange(v_start, v_start + interval '1 hour') from booking.service
    order by (slug = 'visit') = (past.resource = 'room') desc limit 1
    returning booking_id into v_booking;
    insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit)
    values ('00000000-0000-0000-0000-000000000001', v_booking, v_resource, v_unit);
    insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
    values ('00000000-0000-0000-0000-000000000001', v_resource, v_unit, tstzrange(v_start, v_start + interval '1 hour'), v_booking);
end
$$;
select count(past('room', d)) as of_room from generate_series(-3, 70) d;
select count(past('ship', d)) as of_ship from unnest(array[40, 50, 60]) d;
-- Seats: of last week, of 40 days ago, of a date without a booking any more, and of one to come that has none yet.
insert into booking.sitting (tenant_id, sitting_id, service_id, resource_id, unit, span)
select :t, ('00000000-0000-0000-0000-0000000000' || 21 + n)::uuid, :'visit', '00000000-0000-0000-0000-000000000013', 1,
    tstzrange(s, s + interval '1 hour')
from (values (0, now() - interval '7 days'), (1, now() - interval '40 days'), (2, now() - interval '8 days'),
    (3, now() + interval '8 days'), (4, now() - interval '3 hours')) v (n, s);
insert into booking.claim (tenant_id, resource_id, span, booking_id, sitting_id, seat)
select s.tenant_id, s.resource_id, s.span, b.booking_id, s.sitting_id, n
from booking.sitting s
cross join generate_series(1, 2) n
cross join (select booking_id from booking.booking limit 1) b
where right(s.sitting_id::text, 2) in ('21', '22');
-- Holds that lapsed a while ago; the claim of one is all that the last sitting has.
insert into booking.hold (tenant_id, hold_id, service_id, session_hash, span, expires_at)
select :t, ('00000000-0000-0000-0000-0000000000' || m)::uuid, :'visit', sha256('x'), tstzrange(now(), now() + interval '1 hour'),
    now() - make_interval(mins => m)
from unnest(array[59, 61, 62, 63, 64]) m;
insert into booking.claim (tenant_id, resource_id, span, hold_id, sitting_id, seat)
select s.tenant_id, s.resource_id, s.span, h.hold_id, s.sitting_id, 1
from booking.sitting s
join booking.hold h using (tenant_id)
where right(s.sitting_id::text, 2) = '25' and right(h.hold_id::text, 2) = '61';
-- Pages of all that, and one far ahead.
select booking.recompute(:t, null, now() - interval '80 days', now() + interval '30 days') > 0 as stored;
select booking.recompute(:t, null, now() + interval '300 days', now() + interval '301 days') > 0 as ahead;
select * from booking.verify();

select now() + interval '1 hour' as soon, now() + interval '40 days' as later \gset
create temp view offered as
select s.slug, a.* from booking.service s
cross join lateral booking.available_slots(s.tenant_id, s.service_id, :'soon', :'later', each_resource => true, holds => 'mark') a;
create temp table answer as table offered;
select count(*) > 500 as many from answer where slug = 'visit';
select min(starts_at) > now() + interval '5 days' as back_in_the_yard, count(*) > 20 as many from answer where slug = 'cruise';
create temp table before as
select resource_id, version from booking.resource;

-- Everything that may go, and the bookings, which may not.
create function everything()
returns table (what text, rows bigint, oldest int)
language sql
as $$
    select slug || '''s claims of bookings', count(*), max(extract(day from now() - upper(span))::int)
    from booking.claim join booking.resource using (resource_id) where booking_id is not null group by slug
    union all
    select slug || '''s past pages', count(*), null
    from booking.availability join booking.resource using (resource_id) where week < booking.week_of(now()) - 7 group by slug
    union all
    select 'hold ' || right(hold_id::text, 2), count(*), null from booking.hold group by hold_id
    union all
    select 'sitting ' || right(sitting_id::text, 2), count(*), null from booking.sitting group by sitting_id
    union all
    select 'bookings with what was assigned', count(*), null from booking.booking join booking.booking_resource using (booking_id)
    order by 1
$$;
select what, rows from everything() where what not like '%pages';
-- Batch by batch, and no page is wrong in between.
select slug from booking.resources_to_prune() join booking.resource using (tenant_id, resource_id);
select booking.prune_resource(:t, '00000000-0000-0000-0000-000000000011', 1) as claim,
    booking.prune_resource(:t, '00000000-0000-0000-0000-000000000011', 38) as claims,
    booking.prune_resource(:t, '00000000-0000-0000-0000-000000000011', 5) as last_claim_and_pages;
do $$
begin
    while booking.prune_resource('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000011', 1) > 0 loop
        assert not exists (select from booking.verify()), (select string_agg(v::text, '; ') from booking.verify() v);
    end loop;
end
$$;
call booking.prune(1);
select * from everything();
select * from booking.verify();
-- No answer is another.
select count(*) as differing from ((table offered except table answer) union all (table answer except table offered)) d;
-- Once more finds nothing, and touches nothing but what has a claim that another buffer keeps.
create temp table after as
select resource_id, version from booking.resource;
select r.slug, a.version > b.version as touched from before b join after a using (resource_id) join booking.resource r using (resource_id) order by 1;
call booking.prune();
select r.slug from booking.resource r join after a using (resource_id) where r.version <> a.version;

-- One resource cannot be rolled: its zone is none any more. All others are, and the night ends with an error.
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-00000000000a', 's', 'UTC');
update booking.resource set schedule_id = '00000000-0000-0000-0000-00000000000a' where slug = 'idle';
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes) values (:t, '00000000-0000-0000-0000-00000000000a', 1, '09:00', '10:00');
alter table booking.schedule drop constraint schedule_zone_known;
alter table booking.schedule disable trigger user;
update booking.schedule set zone = 'Atlantis/Capital';
delete from booking.availability;
\set VERBOSITY sqlstate
call booking.roll(20);
\set VERBOSITY default
select slug, min(week) = booking.week_of(now()) - 7 as from_last_week, max(week) = booking.week_of(now() + interval '20 days') as until_then
from booking.availability join booking.resource using (resource_id) where unit = 0 group by slug order by slug;
update booking.schedule set zone = 'UTC';
alter table booking.schedule enable trigger user;
call booking.roll(20);
select count(distinct resource_id) from booking.availability;
select * from booking.verify();

-- Bad arguments, and a transaction around what commits.
\set VERBOSITY sqlstate
call booking.prune(0);
call booking.prune(-1);
call booking.prune(null);
call booking.prune(2000000000);
call booking.roll(null);
select booking.prune_resource(:t, '00000000-0000-0000-0000-000000000011', 0);
select booking.prune_resource(:t, :t, 1);
select booking.prune_sittings(null);
select booking.expire_holds(0);
select booking.expire_holds(null);
begin;
call booking.prune();
rollback;

-- A role of its own runs the jobs; it can read nothing.
create role regress_booking_upkeep;
set role regress_booking_upkeep;
call booking.roll(20);
reset role;
select booking.grant_jobs('regress_booking_upkeep');
delete from booking.availability;
set role regress_booking_upkeep;
call booking.roll(20);
call booking.prune();
select booking.expire_holds();
table booking.hold;
select * from booking.verify();
select booking.lock_resources(:t, null);
reset role;
select count(distinct resource_id) from booking.availability;
select booking.grant_jobs('regress_booking_nobody');
drop owned by regress_booking_upkeep;
drop role regress_booking_upkeep;

-- Without pg_cron there are no jobs, and the hint says what else to do.
select booking.install_jobs();
select booking.remove_jobs();
select booking.install_jobs(days => 0);
select booking.install_jobs(days => null);
select booking.install_jobs(batch => 0);
select booking.install_jobs('regress_booking_nobody');
select booking.install_jobs('pg_monitor');
\set VERBOSITY default
create function hint(call text)
returns text
language plpgsql
as $$
declare
    v_hint text;
begin
    execute call;
exception when sqlstate '55000' then
    get stacked diagnostics v_hint = pg_exception_hint;
    return replace(v_hint, current_database(), 'the_database');
end
$$;
select hint('select booking.install_jobs()');
select hint($$select booking.install_jobs('postgres', '1 1 * * *', null, '2 2 * * *', days => 100, batch => 10)$$);
select hint('select booking.remove_jobs()');
select replace(booking.job_name('roll'), current_database(), 'the_database') as job_name;
