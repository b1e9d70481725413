-- Opening hours: an instant is open iff its wall clock in the zone lies in a window of that local date.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');

-- One schedule a zone, always under the same id; windows as 'weekday opens closes'.
create function hours(zone text, windows text[], from_ts timestamptz, to_ts timestamptz)
returns tstzmultirange
language plpgsql
as $$
declare
    c_tenant constant uuid := '00000000-0000-0000-0000-000000000001';
    c_schedule constant uuid := '00000000-0000-0000-0000-00000000000a';
begin
    delete from booking.schedule where schedule_id = c_schedule;
    insert into booking.schedule (tenant_id, schedule_id, name, zone) values (c_tenant, c_schedule, 's', zone);
    insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
    select c_tenant, c_schedule, split_part(w, ' ', 1)::int, split_part(w, ' ', 2)::time, split_part(w, ' ', 3)::time
    from unnest(windows) w;
    return booking.open_spans(c_tenant, c_schedule, from_ts, to_ts);
end
$$;

-- Berlin, gap on 2025-03-30 at 02:00: a window from 02:30 opens at 03:00, one across loses an hour.
select hours('Europe/Berlin', '{7 02:30 05:00}', '2025-03-29 22:00', '2025-03-30 22:00');
select hours('Europe/Berlin', '{7 01:00 04:00}', '2025-03-29 22:00', '2025-03-30 22:00');
-- A window that lies in the gap is not there at all.
select hours('Europe/Berlin', '{7 02:00 03:00}', '2025-03-29 22:00', '2025-03-30 22:00');
-- Berlin, overlap on 2025-10-26 at 03:00: 02:00-03:00 comes twice.
select hours('Europe/Berlin', '{7 02:30 05:00}', '2025-10-25 22:00', '2025-10-26 23:00');
select hours('Europe/Berlin', '{7 00:00 02:30}', '2025-10-25 22:00', '2025-10-26 23:00');
select hours('Europe/Berlin', '{7 02:15 02:45}', '2025-10-25 22:00', '2025-10-26 23:00');
-- Lord Howe shifts by half an hour.
select hours('Australia/Lord_Howe', '{7 01:00 03:00}', '2025-04-05 00:00', '2025-04-06 12:00');
select hours('Australia/Lord_Howe', '{7 01:00 03:00}', '2025-10-04 00:00', '2025-10-05 12:00');
-- Apia had no 30 December 2011: a Friday's hours are nowhere in that week, and Thursday meets Saturday.
select hours('Pacific/Apia', '{5 09:00 12:00}', '2011-12-26', '2012-01-02');
select hours('Pacific/Apia', '{4 20:00 24:00,6 00:00 02:00}', '2011-12-26', '2012-01-02');
-- St John's left its gap at 00:01: the first minute of the day, and nothing until 01:01.
select hours('America/St_Johns', '{7 00:00 02:00}', '2010-03-13 12:00', '2010-03-14 12:00');
-- and went back from 00:01 to 23:01 of the day before, so that Saturday's last hour came twice.
select hours('America/St_Johns', '{6 23:00 24:00}', '2010-11-06 12:00', '2010-11-07 12:00');
-- Sao Paulo skipped midnight itself; Kathmandu keeps its quarter; Kiritimati is 14 hours ahead.
select hours('America/Sao_Paulo', '{7 00:00 02:00}', '2018-11-03 12:00', '2018-11-05');
select hours('Asia/Kathmandu', '{1 09:00 17:00}', '2025-05-11', '2025-05-13');
select hours('Pacific/Kiritimati', '{1 09:00 17:00}', '2025-05-11', '2025-05-13');
-- Windows that meet at midnight, touch, overlap or repeat are one run.
select hours('Europe/Berlin', '{1 22:00 24:00,2 00:00 03:00}', '2025-06-16', '2025-06-18');
select hours('Europe/Berlin', '{1 09:00 11:00,1 11:00 12:00,1 10:00 11:30,1 09:00 11:00}', '2025-06-16', '2025-06-17');
-- A schedule without rules is never open; a resource without a schedule always.
select hours('Europe/Berlin', '{}', '2025-06-16', '2025-06-18');
select booking.open_map('00000000-0000-0000-0000-000000000001', null, 15, '2025-06-16', '2025-06-18');
-- Off the grain, windows merge before they are rounded inward.
select hours('UTC', '{1 09:00 09:40,1 09:40 10:50}', '2025-06-16', '2025-06-17');
select booking.open_map(
    '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 15, '2025-06-16', '2025-06-17');

-- Every minute of the year, in zones of all kinds, against the sentence itself.
create function differing_minutes(zone text, year int)
returns bigint
language plpgsql
as $$
declare
    v_from timestamptz := make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC');
    v_open tstzmultirange := hours(
        zone, '{1 00:00 24:00,2 01:15 03:45,3 00:00 00:30,3 23:30 24:00,7 00:00 06:00,6 22:00 24:00}',
        v_from, v_from + interval '366 days');
begin
    return (
        select count(*)
        from generate_series(v_from, v_from + interval '366 days' - interval '1 minute', interval '1 minute') t
        cross join lateral (select timezone(zone, t) as clock) c
        where v_open @> t <> exists (
            select
            from booking.schedule_rule r
            where r.schedule_id = '00000000-0000-0000-0000-00000000000a' and r.weekday = extract(isodow from c.clock)
                and r.opens <= c.clock::time and (c.clock::time < r.closes or r.closes = '24:00')));
end
$$;
select zone, year, differing_minutes(zone, year)
from (
    values
        ('Europe/Berlin', 2025), ('Australia/Lord_Howe', 2025), ('America/St_Johns', 2010), ('Pacific/Apia', 2011),
        ('Africa/Casablanca', 2025), ('America/Havana', 2025), ('Asia/Kathmandu', 1986), ('America/Caracas', 2016))
    z (zone, year);

-- No stretch is too short to be found: an hourly look disagrees nowhere, in the years in which a zone changed its mind the
-- quickest. Recife had a week of summer time, Tucuman twelve days without, Cairo and Casablanca go back for Ramadan.
select zone, year, count(distinct o.starts_at) as stretches,
    count(*) filter (where booking.utc_offset(zone, t) <> o.utc_offset) as wrong_hours,
    count(*) filter (where t = o.starts_at and year = extract(year from t - interval '1 second')
        and booking.utc_offset(zone, t - interval '1 second') = o.utc_offset) as late_changes
from (
    values
        ('America/Recife', 2000), ('America/Argentina/Tucuman', 2004), ('Africa/Cairo', 2010), ('Africa/Cairo', 2014),
        ('Africa/Casablanca', 2017), ('Africa/El_Aaiun', 1976)) z (zone, year)
cross join lateral booking.zone_offsets(zone, make_timestamptz(year, 1, 1, 0, 0, 0), make_timestamptz(year + 1, 1, 1, 0, 0, 0)) o
cross join lateral generate_series(o.starts_at, o.ends_at - interval '1 second', interval '1 hour') t
group by zone, year
order by year, zone;
-- The shortest of all is Freetown's of September 1939, where the database has it.
select count(*) as wrong_hours
from unnest(array['Africa/Freetown', 'Africa/Tunis', 'Europe/Vienna', 'Europe/Riga', 'Europe/Simferopol']) zone
cross join lateral booking.zone_offsets(zone, '1939-01-01', '1946-01-01') o
cross join lateral generate_series(o.starts_at, o.ends_at - interval '1 second', interval '1 hour') t
where booking.utc_offset(zone, t) <> o.utc_offset;
