-- Random schedules, with everything that a schedule can have, against the sentences that say what it means.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
-- The oracle has no estimates to go by, and seems worth compiling.
set jit to off;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000c', 'h', 'H');
insert into booking.location (tenant_id, location_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-0000000000e' || n)::uuid, 'l' || n, 'L'
from generate_series(1, 3) n;

-- The windows of a local date: of the narrowest overrides, else of the narrowest holidays, else of the rules.
create function right_windows(d date, out opens time, out closes time, out location_id uuid)
returns setof record
language plpgsql
as $$
declare
    v_width int;
begin
    select min(upper(o.dates) - lower(o.dates)) into v_width from booking.schedule_override o where o.dates @> d;
    if v_width is not null then
        return query select o.opens, o.closes, o.location_id from booking.schedule_override o
            where o.dates @> d and upper(o.dates) - lower(o.dates) = v_width and o.opens is not null;
        return;
    end if;
    select min(upper(h.dates) - lower(h.dates)) into v_width from booking.holiday h where h.dates @> d;
    if v_width is not null then
        return query select h.opens, h.closes, null::uuid from booking.holiday h
            where h.dates @> d and upper(h.dates) - lower(h.dates) = v_width and h.opens is not null;
        return;
    end if;
    return query select r.opens, r.closes, r.location_id from booking.schedule_rule r
        where r.weekday = extract(isodow from d) and r.valid @> d;
end
$$;

-- Whether an instant is open, and where: by the clock of each date on the calendar around it.
create function right_answer(t timestamptz, out open boolean, out location_id uuid)
language plpgsql
as $$
begin
    select count(*) > 0, (array_agg(w.location_id order by t - (timezone(c.zone, t) - (c.d + w.opens)) desc, w.location_id))[1]
    into open, location_id
    from (
        select n.d, coalesce((select v.zone from booking.schedule_travel v where v.dates @> n.d), s.zone) as zone
        from booking.schedule s
        cross join (select timezone('UTC', t)::date + n as d from generate_series(-1, 1) n) n) c
    cross join lateral right_windows(c.d) w
    where timezone(c.zone, t)::date = c.d and timezone(c.zone, t)::time >= w.opens
        and (timezone(c.zone, t)::time < w.closes or w.closes = '24:00');
end
$$;

-- Three weeks around the changes of the clocks in Europe and on Lord Howe, and the end of Ramadan.
create function random_schedule()
returns void
language plpgsql
as $$
declare
    c_tenant constant uuid := '00000000-0000-0000-0000-000000000001';
    c_schedule constant uuid := '00000000-0000-0000-0000-00000000000a';
    c_set constant uuid := '00000000-0000-0000-0000-00000000000c';
    c_zones constant text[] := array[
        'Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'Pacific/Honolulu', 'Asia/Kathmandu', 'America/St_Johns',
        'Australia/Lord_Howe', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Africa/Casablanca'];
begin
    delete from booking.schedule;
    delete from booking.holiday;
    insert into booking.schedule (tenant_id, schedule_id, name, zone, holiday_set_id)
    values (c_tenant, c_schedule, 's', c_zones[1 + floor(random() * 10)::int], c_set);
    -- n in the laterals keeps random() from being called once for all rows.
    create temporary table random_window as
    select n, f.day, daterange(f.day, f.day + 1 + floor(random() * 6)::int) as dates, o.opens,
        least(o.opens + make_interval(mins => 15 + 15 * floor(random() * 40)::int), interval '24 hours')::text::time as closes,
        case when random() < 0.6 then ('00000000-0000-0000-0000-0000000000e' || 1 + floor(random() * 3)::int)::uuid end as location_id,
        random() as dice
    from generate_series(1, 24) n
    cross join lateral (select date '2025-03-20' + floor(random() * 25 + 0 * n)::int as day) f
    cross join lateral (select make_interval(mins => 15 * floor(random() * 94 + 0 * n)::int) as opens) o;
    insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, location_id, valid)
    select c_tenant, c_schedule, extract(isodow from w.day), w.opens::time, w.closes, w.location_id,
        case when w.dice < 0.3 then daterange(w.day, null) when w.dice < 0.5 then w.dates else '(,)' end
    from random_window w
    where w.n <= 14;
    insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id)
    select c_tenant, c_schedule, w.dates, case when w.dice > 0.3 then w.opens::time end, case when w.dice > 0.3 then w.closes end, w.location_id
    from random_window w
    where w.n between 15 and 19;
    insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes)
    select c_tenant, c_set, w.dates, case when w.dice > 0.3 then w.opens::time end, case when w.dice > 0.3 then w.closes end
    from random_window w
    where w.n between 20 and 24;
    insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
    select c_tenant, c_schedule, daterange(d::date, d::date + 1 + floor(random() * 4)::int), c_zones[1 + floor(random() * 10)::int]
    from generate_series(timestamp '2025-03-20', '2025-04-14', '5 days') d
    where random() < 0.6;
    drop table random_window;
end
$$;

create procedure compare(rounds int, inout instants int, inout wrong_open int, inout wrong_place int, inout wrong_dates int, inout overlapping int)
language plpgsql
as $$
declare
    c_key constant uuid[] := array['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a'];
    c_from constant timestamptz := '2025-03-21 07:10';
    c_to constant timestamptz := '2025-04-13 16:50';
    v_open tstzmultirange;
    v_round int[];
begin
    for i in 1..rounds loop
        perform random_schedule();
        v_open := booking.open_spans(c_key[1], c_key[2], c_from, c_to);
        with place as materialized (
            select * from booking.window_locations(c_key[1], c_key[2], c_from, c_to))
        select array[count(*), count(*) filter (where a.open <> v_open @> t),
            count(*) filter (where a.location_id is distinct from (select p.location_id from place p where p.span @> t))]
        into v_round
        from generate_series(c_from + random() * interval '2 hours', c_to - interval '1 second', interval '127 minutes') t
        cross join lateral right_answer(t) a;
        instants := instants + v_round[1];
        wrong_open := wrong_open + v_round[2];
        wrong_place := wrong_place + v_round[3];
        overlapping := overlapping + (
            select count(*)
            from booking.window_locations(c_key[1], c_key[2], c_from, c_to) with ordinality a (span, location_id, n)
            join booking.window_locations(c_key[1], c_key[2], c_from, c_to) with ordinality b (span, location_id, n)
                on a.span && b.span and a.n < b.n);
        wrong_dates := wrong_dates + (
            select count(*)
            from generate_series(timestamp '2025-03-21', '2025-04-14', '1 day') d
            where (d::date in (select booking.closed_dates(c_key[1], c_key[2], '2025-03-21', '2025-04-14'))) <> (
                exists (select from booking.schedule_override o where o.dates @> d::date)
                and not exists (select from right_windows(d::date))));
    end loop;
end
$$;
select setseed(0.42);
call compare(40, 0, 0, 0, 0, 0);
