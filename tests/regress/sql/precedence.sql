-- For a local date: the narrowest override wins, equals merge, else the rules valid on that date.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.schedule (tenant_id, schedule_id, name, zone)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 's', 'UTC');
create view open_day as
select d.day::date, booking.open_spans(
    '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', d.day, d.day + interval '1 day') as open
from generate_series(timestamptz '2025-06-16', timestamptz '2025-06-22', interval '1 day') d (day);

-- Seasons: until Wednesday winter hours, from Thursday summer hours; both hold on no day.
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid)
select '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', d, s.opens, s.closes, s.valid
from generate_series(1, 5) d
cross join (
    values (time '10:00', time '12:00', daterange(null, '2025-06-19')),
        (time '08:00', time '20:00', daterange('2025-06-19', null))) s (opens, closes, valid);
table open_day;

-- A closed range, a wider one with hours around it, a single date within.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', '[2025-06-16,2025-06-22]', '06:00', '07:00'),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', '[2025-06-17,2025-06-19]', null, null),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', '[2025-06-18,2025-06-18]', '14:00', '15:00');
table open_day;

-- Equally narrow ones merge, whether or not they are the same range; a closed one adds nothing to them.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', '[2025-06-18,2025-06-18]', '15:00', '16:00'),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', '[2025-06-18,2025-06-18]', null, null),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', '[2025-06-19,2025-06-21]', '22:00', '24:00');
table open_day;

-- Without them the rules are back.
delete from booking.schedule_override;
table open_day;
