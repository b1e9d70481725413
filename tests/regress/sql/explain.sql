-- explain_slot: which conditions fail, in words and codes. It is silent where a hold would succeed, and its first code is
-- the hold's: tried over many worlds at the end.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
create function pg_temp.id(n int) returns uuid language sql as $$ select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid $$;
create function pg_temp.who(n int) returns text language sql as $$ select 'session-' || lpad(n::text, 16, '0') $$;
insert into booking.tenant (tenant_id, slug, name, zone) values (pg_temp.id(1), 't', 'T', 'Europe/Berlin');
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values (:t, pg_temp.id(9), 'de', 'DE');
insert into booking.holiday (tenant_id, holiday_set_id, holiday_id, dates, name) values (:t, pg_temp.id(9), pg_temp.id(8), '[2100-01-06,2100-01-06]', 'Epiphany');
insert into booking.schedule (tenant_id, schedule_id, name, zone, holiday_set_id)
values (:t, pg_temp.id(21), 'day', 'Europe/Berlin', pg_temp.id(9)), (:t, pg_temp.id(22), 'morning', 'Europe/Berlin', null),
    (:t, pg_temp.id(23), 'house', 'Europe/Berlin', null);
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select :t, pg_temp.id(w.schedule), d, w.opens, w.closes
from generate_series(1, 7) d,
    (values (21, time '09:00', time '12:00'), (21, '13:00', '18:00'), (22, '08:00', '12:00'), (23, '08:00', '17:00')) w (schedule, opens, closes);
insert into booking.schedule_override (tenant_id, schedule_id, override_id, dates, reason) values
    (:t, pg_temp.id(22), pg_temp.id(7), '[2100-01-05,2100-01-05]', 'Fair');
insert into booking.resource (tenant_id, resource_id, slug, name, capacity, schedule_id)
select :t, pg_temp.id(10 + n::int), lower(r.name), r.name, r.capacity, pg_temp.id(r.schedule)
from (values (1, 'Ann', 1, 21), (2, 'Ben', 1, 22), (3, 'Cem', 1, 21), (4, 'Room', 2, 23), (5, 'Desk', 3, null)) r (n, name, capacity, schedule);
insert into booking.service (tenant_id, service_id, slug, name, kind, durations, min_length, max_length, check_in, check_out, arrival_days,
    crosses_closed, seats, step, buffer_before, buffer_after, schedule_id)
select :t, pg_temp.id(30 + s.n), s.slug, s.slug, s.kind, s.durations, s.shortest, s.longest, s.check_in, s.check_out, s.arrival_days,
    s.crosses, s.seats, s.step, s.before, s.after, pg_temp.id(s.schedule)
from (
    values
        (1, 'visit', 'slot', '{60,30}'::int[], null::int, null::int, null::time, null::time, null::int[], false, null::int, 30, 15, 15, null::int),
        (2, 'pool', 'slot', '{60}', null, null, null, null, null, false, null, 30, 0, 0, null),
        (3, 'team', 'slot', '{45}', null, null, null, null, null, false, null, null, 0, 15, null),
        (4, 'treatment', 'slot', '{60}', null, null, null, null, null, false, null, 15, 0, 0, 23),
        (5, 'desk', 'slot', '{60}', null, null, null, null, null, false, null, 60, 0, 0, null),
        (6, 'class', 'slot', '{60,90}', null, null, null, null, null, false, 3, 60, 0, 15, null),
        (7, 'limited', 'slot', '{60}', null, null, null, null, null, false, null, 30, 0, 0, null),
        (8, 'stay', 'stay', '{}', 1, 5, '15:00', '11:00', '{1,2,3,4,6}', false, null, null, 0, 120, 22),
        (9, 'van', 'span', '{}', 60, 2880, null, null, null, true, null, null, 15, 0, null),
        (10, 'hall', 'span', '{}', 60, 240, null, null, null, false, null, 30, 0, 30, null)) s
            (n, slug, kind, durations, shortest, longest, check_in, check_out, arrival_days, crosses, seats, step, before, after, schedule);
insert into booking.service_requirement (tenant_id, service_id, requirement_id, pick)
select :t::uuid, pg_temp.id(30 + n), pg_temp.id(50 + n), case n when 3 then 2 else 1 end from generate_series(1, 10) n
union all
select :t, pg_temp.id(30 + n), pg_temp.id(70 + n), 1 from unnest(array[4, 6]) n;
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
select :t, pg_temp.id(30 + m.s), pg_temp.id(m.q + m.s), pg_temp.id(10 + u)
from (
    values (1, 50, '{1}'::int[]), (2, 50, '{1,2,3}'), (3, 50, '{1,2,3}'), (4, 50, '{1,2}'), (4, 70, '{4}'), (5, 50, '{5}'),
        (6, 50, '{1,3}'), (6, 70, '{4}'), (7, 50, '{2,3}'), (8, 50, '{2,5}'), (9, 50, '{1,2}'), (10, 50, '{3}')) m (s, q, r)
cross join lateral unnest(m.r) u;
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count, max_minutes)
values (:t, pg_temp.id(37), 'service', 'day', 3, null), (:t, pg_temp.id(37), 'resource', 'day', 2, 110), (:t, pg_temp.id(37), 'service', 'week', null, 400);
select booking.recompute(:t, null, '2100-01-01', '2100-01-20') > 0 as stored;

create function pg_temp.why(
    slug text, at timestamptz, duration interval default null, resource int default null, session_id text default null,
    seats int default null, as_of timestamptz default null)
returns table (code text, reason text, of text, unit int, words text)
language sql
as $$
    select e.code, e.reason, r.name, e.unit, e.words
    from booking.service s
    cross join lateral booking.explain_slot(s.tenant_id, s.service_id, at, duration, pg_temp.id(10 + resource), session_id, why.seats, as_of) e
    left join booking.resource r on r.resource_id = e.resource_id
    where s.slug = why.slug
    order by array_position('{BK003,BK004,BK001}', e.code), r.name nulls first, e.unit nulls first, e.reason, e.words
$$;

-- Offered: nothing to say.
select count(*) from pg_temp.why('visit', '2100-01-04 09:00+01');
-- Length, grid, hours, overrides, holidays.
select * from pg_temp.why('visit', '2100-01-04 09:00+01', '45 min');
select * from pg_temp.why('visit', '2100-01-04 09:15+01');
select * from pg_temp.why('visit', '2100-01-04 09:07+01');
select * from pg_temp.why('visit', '2100-01-04 11:30+01', '1 hour');
select * from pg_temp.why('visit', '2100-01-06 09:00+01');
select * from pg_temp.why('pool', '2100-01-05 10:00+01', resource => 2);
select * from pg_temp.why('treatment', '2100-01-04 17:00+01');
select * from pg_temp.why('pool', '2100-01-04 19:00+01');
-- On travel the dates are those of the other clock, of which the words tell: in Honolulu the 12th ends at 11:00 on the 13th.
begin;
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, pg_temp.id(21), '[2100-01-12,2100-01-12]', 'Pacific/Honolulu');
select count(*) from pg_temp.why('visit', '2100-01-12 20:00+01');
select * from pg_temp.why('visit', '2100-01-12 09:00+01');
select * from pg_temp.why('visit', '2100-01-13 06:00+01');
insert into booking.schedule_override (tenant_id, schedule_id, dates, reason) values (:t, pg_temp.id(21), '[2100-01-12,2100-01-12]', 'Beach');
select * from pg_temp.why('visit', '2100-01-13 02:00+01');
select detail ->> 'zone' as zone from booking.explain_slot(:t, pg_temp.id(31), '2100-01-13 02:00+01');
update booking.holiday set dates = '[2100-01-12,2100-01-12]';
delete from booking.schedule_override where reason = 'Beach';
select * from pg_temp.why('visit', '2100-01-13 02:00+01');
select * from pg_temp.why('visit', '2100-01-13 18:00+01');
rollback;
-- The clock: the past, notice, horizon, fixed dates.
select * from pg_temp.why('visit', '2000-01-04 09:00+01');
begin;
update booking.service set min_notice = '2 days', horizon = '10 days', bookable = '[2100-01-03,2100-01-20)' where slug = 'visit';
select * from pg_temp.why('visit', '2100-01-04 09:00+01', as_of => '2100-01-03 08:30+01');
select * from pg_temp.why('visit', '2100-01-04 09:00+01', as_of => '2099-12-25 09:00+01');
select * from pg_temp.why('visit', '2100-01-02 09:00+01', '45 min', as_of => '2099-12-30 09:00+01');
rollback;
-- Stays: arrival, check-in, nights.
select * from pg_temp.why('stay', '2100-01-08 15:00+01');
select * from pg_temp.why('stay', '2100-01-07 14:00+01', '9 days');
select * from pg_temp.why('stay', '2100-01-04 15:00+01', '3 days');
-- Members that are not there.
begin;
update booking.resource set active = false where slug in ('ann', 'ben');
select * from pg_temp.why('team', '2100-01-04 09:00+01');
select * from pg_temp.why('pool', '2100-01-04 09:00+01', resource => 1);
delete from booking.service_requirement where service_id = pg_temp.id(32);
select * from pg_temp.why('pool', '2100-01-04 09:00+01');
rollback;
-- What is in the way: a hold, a booking, its buffer, a calendar.
select code from booking.hold(:t, pg_temp.id(31), '2100-01-04 10:00+01', pg_temp.who(1));
update booking.hold set expires_at = '2100-01-04 10:10+01';
select * from pg_temp.why('visit', '2100-01-04 10:30+01');
select count(*) as own from pg_temp.why('visit', '2100-01-04 10:30+01', session_id => pg_temp.who(1));
select count(*) as lapsed_by_then from pg_temp.why('visit', '2100-01-04 10:30+01', as_of => '2100-01-04 10:15+01');
select booking_id as b from booking.book(:t, (select hold_id from booking.hold), pg_temp.who(1)) \gset
select * from pg_temp.why('visit', '2100-01-04 10:30+01');
select code, reason, words, detail ->> 'booking_id' = :'b' as booking from booking.explain_slot(:t, pg_temp.id(31), '2100-01-04 11:00+01');
insert into booking.busy_window (tenant_id, resource_id, connection_id, external_id, span) values (:t, pg_temp.id(11), pg_temp.id(99), 'x1', '[2100-01-04 16:00+01,2100-01-04 17:20+01)');
select code, reason, words, detail - 'busy_window_id' as detail from booking.explain_slot(:t, pg_temp.id(31), '2100-01-04 17:00+01');
-- Of a pool nothing is said while one member is free; then every one has its reason.
select count(*) from pg_temp.why('pool', '2100-01-04 10:00+01');
select code from booking.book(:t, service => pg_temp.id(32), starts_at => '2100-01-04 14:00+01', resource => pg_temp.id(11));
select code from booking.book(:t, service => pg_temp.id(32), starts_at => '2100-01-04 14:00+01', resource => pg_temp.id(13));
select * from pg_temp.why('pool', '2100-01-04 14:00+01');
select * from pg_temp.why('pool', '2100-01-04 14:00+01', resource => 1);
select * from pg_temp.why('team', '2100-01-04 13:45+01');
-- Units.
select code from generate_series(1, 3) n, booking.try_book(:t, service => pg_temp.id(35), starts_at => '2100-01-04 09:00+01', customer => jsonb_build_object('name', n));
select * from pg_temp.why('desk', '2100-01-04 09:00+01');
-- Seats.
select code from booking.book(:t, service => pg_temp.id(36), starts_at => '2100-01-05 09:00+01', resource => pg_temp.id(11));
select code from booking.book(:t, service => pg_temp.id(31), starts_at => '2100-01-05 14:00+01');
select code from booking.hold(:t, pg_temp.id(36), '2100-01-05 09:00+01', pg_temp.who(2), seats => 2);
select code from booking.hold(:t, pg_temp.id(36), '2100-01-05 09:00+01', pg_temp.who(3), seats => 3);
update booking.hold set expires_at = '2100-01-05 08:00+01';
select * from pg_temp.why('class', '2100-01-05 09:00+01');
select * from pg_temp.why('class', '2100-01-05 10:00+01', seats => 2);
-- Limits.
select code from booking.book(:t, service => pg_temp.id(37), starts_at => '2100-01-07 09:00+01', resource => pg_temp.id(13));
select * from pg_temp.why('limited', '2100-01-07 14:00+01', resource => 3);
select * from pg_temp.why('limited', '2100-01-07 14:00+01');
select code from unnest(array[timestamptz '2100-01-07 08:00+01', '2100-01-07 09:30+01']) at, booking.try_book(:t, service => pg_temp.id(37), starts_at => at, resource => pg_temp.id(12));
update booking.service_limit set max_count = 2 where scope = 'service' and period = 'day';
select * from pg_temp.why('limited', '2100-01-07 10:00+01');
update booking.service_limit set max_count = 3 where scope = 'service' and period = 'day';
-- Pages that have drifted are blamed, not passed over.
begin;
update booking.availability set open = open operator(booking.*) booking.slotmap_inside('empty', 15) where resource_id = pg_temp.id(11) and unit = 0;
select * from pg_temp.why('visit', '2100-01-04 09:00+01');
rollback;

-- What an owner's refusal carries, and the public's does not.
select code, jsonb_path_query_array(detail, '$.reasons[*].reason') as reasons, detail #>> '{reasons,0,words}' as words
from booking.try_hold(:t, pg_temp.id(31), '2100-01-04 12:00+01', pg_temp.who(4));
select code, jsonb_path_query_array(detail, '$.reasons[*].reason') as reasons
from booking.try_book(:t, service => pg_temp.id(31), starts_at => '2100-01-04 09:15+01');
select code, detail from booking.try_hold(:t, pg_temp.id(31), '2100-01-04 10:00+01', pg_temp.who(4));
select code, detail from booking_api.try_hold('t', 'visit', '2100-01-04 12:00+01', pg_temp.who(4));
select code, detail from booking_api.try_book('t', service => 'visit', starts_at => '2100-01-04 12:00+01');
select booking.hold(:t, pg_temp.id(31), '2100-01-04 09:15+01', pg_temp.who(4));
select booking_api.hold('t', 'visit', '2100-01-04 09:15+01', pg_temp.who(4));
select booking_api.book('t', service => 'visit', starts_at => '2100-01-04 09:15+01');

-- Bad input.
\set VERBOSITY sqlstate
select booking.explain_slot(:t, pg_temp.id(31), null);
select booking.explain_slot(:t, pg_temp.id(31), 'infinity');
select booking.explain_slot(:t, pg_temp.id(31), '2100-01-04 09:00+01', '65 s');
select booking.explain_slot(:t, pg_temp.id(31), '2100-01-04 09:00+01', resource => pg_temp.id(14));
select booking.explain_slot(:t, pg_temp.id(31), '2100-01-04 09:00+01', seats => 2);
select booking.explain_slot(:t, pg_temp.id(99), '2100-01-04 09:00+01');
\set VERBOSITY default

-- The promise. Many starts of every service, between holds, bookings and busy windows put there at random, as a stranger and
-- as somebody with holds, with a given resource and with several seats: explained, and held for a moment.
select setseed(0.42);
select count(*) > 0 as taken
from generate_series(1, 120) n
cross join lateral (select 1 + floor(random() * 10 + n - n)::int as s, '2100-01-04 08:00+01'::timestamptz + floor(random() * 60 + n - n) * interval '30 min' as at) p
cross join lateral (
    select case
        when n % 3 = 0 then (booking.try_book(:t, service => pg_temp.id(30 + s), starts_at => at)).code
        else (booking.try_hold(:t, pg_temp.id(30 + s), at, pg_temp.who(1000 + n % 20))).code
    end as code) r
where r.code is null;
select count(*) > 0 as taken
from generate_series(1, 30) n
cross join lateral (select '2100-01-04 09:00+01'::timestamptz + floor(random() * 30 + n - n) * interval '1 hour' as at) p
cross join lateral booking.try_hold(:t, pg_temp.id(36), at, pg_temp.who(1000 + n % 20), seats => 1 + n % 2) r
where r.code is null;
update booking.service_limit set max_count = 1 where scope = 'resource';
select count(*) > 0 as taken
from generate_series(0, 34) n
cross join lateral booking.try_book(:t, service => pg_temp.id(37), starts_at => '2100-01-04 08:00+01'::timestamptz + n * interval '1 hour') r
where r.code is null;
insert into booking.busy_window (tenant_id, resource_id, span)
select :t, pg_temp.id(10 + n % 5 + 1), tstzrange(at, at + interval '40 min')
from generate_series(1, 6) n, lateral (select '2100-01-04 08:00+01'::timestamptz + floor(random() * 300 + n - n) * interval '10 min' as at) p;
insert into booking.service (tenant_id, service_id, slug, name, durations, step, min_notice, horizon)
values (:t, pg_temp.id(41), 'soon', 'soon', '{60}', 60, '1 day', '2 days');
insert into booking.service_requirement (tenant_id, service_id, requirement_id) values (:t, pg_temp.id(41), pg_temp.id(61));
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id) values (:t, pg_temp.id(41), pg_temp.id(61), pg_temp.id(15));
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, pg_temp.id(15), tstzrange(date_trunc('hour', now() + interval '30 hours'), date_trunc('hour', now() + interval '33 hours')));
-- The code of a hold that is let go at once; its session's other holds stay as they are.
create function pg_temp.held(service uuid, at timestamptz, duration interval, resource uuid, session_id text, seats int)
returns text
language plpgsql
as $$
declare
    v_code text;
begin
    begin
        v_code := (booking.hold_quietly(pg_temp.id(1), service, at, session_id, duration, resource, seats => seats)).code;
        raise exception using errcode = 'UNDO1';
    exception when sqlstate 'UNDO1' then
        return v_code;
    end;
end
$$;
create temp table tried as
with start as (
    select s.service_id, s.slug, s.seats, n, at
    from booking.service s
    cross join lateral (
        select n, timestamptz '2100-01-04 08:00+01' + n * interval '30 min' + case when n % 26 = 0 then interval '7 min' when n % 10 = 0 then '15 min' else '0' end as at
        from generate_series(0, 75, 2) n
        where s.kind <> 'stay' and s.slug <> 'soon'
        union all
        select n, timestamptz '2100-01-03 15:00+01' + n * interval '6 hours'
        from generate_series(0, 40, 2) n
        where s.kind = 'stay'
        union all
        select n, date_trunc('hour', now()) + (n - 3) * interval '1 hour'
        from generate_series(0, 54) n
        where s.slug = 'soon') at
    -- Not where the clock may pass a bound between the two answers.
    where not exists (
        select from generate_series(0, 48, 24) h where at - now() - h * interval '1 hour' between '-5 min' and '5 min')),
question as materialized (
    select t.*, q.way, q.duration, q.places,
        pg_temp.who(q.who + case q.way when 'own' then t.n % 20 else 0 end) as who,
        case q.way
            when 'given' then (
                select m.resource_id
                from booking.requirement_resource m
                where m.service_id = t.service_id
                order by m.resource_id
                offset t.n / 4 % 2
                limit 1)
        end as resource
    from start t
    join (
        values ('plain', null::interval, 50000, null::int), ('own', null, 1000, null), ('given', null, 50001, null),
            ('seats', null, 50002, 2), ('long', '90 min', 50003, null)) q (way, duration, who, places)
        on case q.way
            when 'seats' then t.seats is not null
            when 'long' then t.slug in ('class', 'van', 'visit')
            when 'plain' then true
            else t.n % 4 = 0
        end)
select q.slug, q.way, q.at, q.resource, pg_temp.held(q.service_id, q.at, q.duration, q.resource, q.who, q.places) as held,
    e.codes[1] as explained, e.reasons
from question q
cross join lateral (
    select array_agg(e.code order by e.place) as codes, array_agg(e.reason order by e.place) as reasons
    from booking.explain_slot(:t, q.service_id, q.at, q.duration, q.resource, q.who, q.places) with ordinality
        e (code, reason, resource_id, unit, words, detail, place)) e;
select count(*) > 600 as many, count(distinct (slug, coalesce(held, 'offered'))) > 25 as kinds from tried;
-- Nothing here renews a hold: that would not be judged.
select * from tried where held is distinct from explained order by slug, at, way limit 20;
select reason, count(*) > 1 as often from tried, unnest(reasons) reason group by reason order by reason;
select held, count(*) > 10 as often from tried group by held order by held;
select * from booking.verify();
