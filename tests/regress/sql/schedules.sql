-- Schedules that people have: holidays that many schedules share, dates in another zone, places by window, dates that are
-- closed, and what is refused. All instants are UTC and worked out by hand.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set t '''00000000-0000-0000-0000-000000000001'''
\set berlin '''00000000-0000-0000-0000-00000000000a'''
\set kathmandu '''00000000-0000-0000-0000-00000000000b'''
\set set1 '''00000000-0000-0000-0000-0000000000c1'''
\set set2 '''00000000-0000-0000-0000-0000000000c2'''
insert into booking.tenant (tenant_id, slug, name, zone) values (:t, 't', 'T', 'Europe/Berlin');
insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values (:t, :set1, 'one', 'One'), (:t, :set2, 'two', 'Two');
insert into booking.schedule (tenant_id, schedule_id, name, zone, holiday_set_id)
values (:t, :berlin, 'Berlin', 'Europe/Berlin', :set1), (:t, :kathmandu, 'Kathmandu', 'Asia/Kathmandu', :set1);
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select :t, s.schedule_id, d, '09:00', '17:00' from booking.schedule s, generate_series(1, 5) d;

-- The hours of a schedule on some dates in UTC.
create function hours(schedule text, first_day date, last_day date)
returns setof text
language sql
as $$
    select to_char(lower(u), 'Dy DD.MM. HH24:MI - ') || case
        when upper(u) - lower(u) < interval '24 hours' then to_char(upper(u), 'HH24:MI') else to_char(upper(u), 'Dy DD.MM. HH24:MI') end
    from booking.schedule s, unnest(booking.open_spans(s.tenant_id, s.schedule_id, first_day, last_day + 1)) u
    where s.name = schedule
    order by u
$$;

-- Holidays. The 24th to the 26th are closed and Saturday the 27th is open, though no rule says so; on New Year's Eve there is a
-- morning. Berlin (+1): 09:00 is 08:00; Kathmandu (+5:45): 09:00 is 03:15, 12:00 is 06:15.
insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes, name)
values
    (:t, :set1, '[2025-12-24,2025-12-26]', null, null, 'Christmas'),
    (:t, :set1, '[2025-12-27,2025-12-27]', '10:00', '12:00', 'Sale'),
    (:t, :set1, '[2025-12-31,2025-12-31]', '09:00', '12:00', 'New Year''s Eve');
select hours('Berlin', '2025-12-23', '2026-01-01');
select hours('Kathmandu', '2025-12-23', '2026-01-01');
-- The narrowest wins: one date of the three days has hours. Equals merge: also 13:00 to 14:00, and a closed row adds nothing.
insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes)
values
    (:t, :set1, '[2025-12-25,2025-12-25]', '11:00', '13:00'), (:t, :set1, '[2025-12-25,2025-12-25]', '13:00', '14:00'),
    (:t, :set1, '[2025-12-25,2025-12-25]', null, null);
select hours('Berlin', '2025-12-24', '2025-12-26');
-- An override wins over a holiday, be it as wide as the month: in Berlin 24 to 26 December are 10:00 to 11:00, as is any other day.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values (:t, :berlin, '[2025-12-01,2025-12-31]', '10:00', '11:00');
select hours('Berlin', '2025-12-23', '2026-01-01');
select hours('Kathmandu', '2025-12-24', '2025-12-25');
-- A closed override closes what a holiday opens.
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, :berlin, '[2025-12-25,2025-12-25]');
select hours('Berlin', '2025-12-24', '2025-12-26');
delete from booking.schedule_override;
-- Another set, or none: the rules are back.
update booking.schedule set holiday_set_id = :set2 where schedule_id = :berlin;
select hours('Berlin', '2025-12-24', '2025-12-25');
update booking.schedule set holiday_set_id = null where schedule_id = :berlin;
select hours('Berlin', '2025-12-24', '2025-12-25');
update booking.schedule set holiday_set_id = :set1 where schedule_id = :berlin;

-- Dates on which clocks change. On 30 March 02:00 to 03:00 is not there: 01:00 to 04:00 has two hours. On 26 October it comes
-- twice: 02:15 to 02:45 is 00:15 to 00:45 in summer time and 01:15 to 01:45 after it. A holiday reads as an override does.
insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes)
values (:t, :set1, '[2025-03-30,2025-03-30]', '01:00', '04:00'), (:t, :set1, '[2025-10-26,2025-10-26]', '02:15', '02:45');
select hours('Berlin', '2025-03-30', '2025-03-30');
select hours('Berlin', '2025-10-26', '2025-10-26');
-- Around them the clock on the wall keeps its hours: 09:00 is 08:00 until the 28th and 07:00 from the 31st on.
select hours('Berlin', '2025-03-28', '2025-03-31');

-- Travel. Tokyo (+9) from Tuesday to Thursday: 09:00 is 00:00; in Berlin (+2) it is 07:00.
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2025-06-17,2025-06-19]', 'Asia/Tokyo');
select hours('Berlin', '2025-06-16', '2025-06-20');
-- Overrides and holidays count on the other clock as well: on Wednesday 20:00 to 22:00 in Tokyo is 11:00 to 13:00.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes) values (:t, :berlin, '[2025-06-18,2025-06-18]', '20:00', '22:00');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '[2025-06-19,2025-06-19]');
select hours('Berlin', '2025-06-16', '2025-06-20');
-- To Kathmandu (+5:45): 09:00 to 17:00 is 03:15 to 11:15.
update booking.schedule_travel set zone = 'Asia/Kathmandu', dates = '[2025-06-17,2025-06-17]';
select hours('Berlin', '2025-06-16', '2025-06-17');
delete from booking.schedule_travel;
delete from booking.schedule_override;

-- Over the date line. Auckland (+12), on Tuesday Honolulu (-10). Monday is 21:00 to 05:00; Tuesday is 19:00 to 03:00, on
-- Wednesday's date in Auckland, where Wednesday is 21:00 to 05:00: the two are one.
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-00000000000d', 'Auckland', 'Pacific/Auckland');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select :t, '00000000-0000-0000-0000-00000000000d', d, '09:00', '17:00' from generate_series(1, 3) d;
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
values (:t, '00000000-0000-0000-0000-00000000000d', '[2025-06-17,2025-06-17]', 'Pacific/Honolulu');
select hours('Auckland', '2025-06-15', '2025-06-19');
-- Open around the clock it is closed between Monday's end in Auckland, 12:00, and Tuesday's start in Honolulu, 10:00 the next
-- day: no date has these instants. Tuesday in Honolulu and Wednesday in Auckland have 12:00 to 10:00 both.
update booking.schedule_rule set opens = '00:00', closes = '24:00' where schedule_id = '00000000-0000-0000-0000-00000000000d';
select hours('Auckland', '2025-06-15', '2025-06-19');
-- The other way: from Honolulu, with Tuesday in Auckland. Monday is from 10:00 to 10:00, Tuesday in Auckland from 12:00 on
-- Monday to 12:00 on Tuesday, and Wednesday begins at 10:00: before it 22 hours are nobody's.
update booking.schedule set zone = 'Pacific/Honolulu' where name = 'Auckland';
update booking.schedule_travel set zone = 'Pacific/Auckland';
select hours('Auckland', '2025-06-16', '2025-06-20');
-- Apia had no 30 December 2011: who travels there on that date is nowhere. The 29th in Honolulu ends at 10:00 on the 30th, the
-- 31st begins at 10:00 on the 31st.
update booking.schedule_travel set zone = 'Pacific/Apia', dates = '[2011-12-30,2011-12-30]';
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values (:t, '00000000-0000-0000-0000-00000000000d', '[2011-12-29,2011-12-31]', '00:00', '24:00');
select hours('Auckland', '2011-12-30', '2012-01-01');
-- On a date on which the other zone changes its clock: St John's on 2 November, 02:00 summer time becomes 01:00. From -2:30 to
-- -3:30: 01:15 to 01:45 is 03:45 to 04:15 and again 04:45 to 05:15.
update booking.schedule_travel set zone = 'America/St_Johns', dates = '[2025-11-02,2025-11-02]';
update booking.schedule_override set dates = '[2025-11-02,2025-11-02]', opens = '01:15', closes = '01:45';
select hours('Auckland', '2025-11-02', '2025-11-02');
delete from booking.schedule where name = 'Auckland';

-- Places. A slot's place comes from its window: on Monday the clinic (e1), over noon the ward (e2), in the evening nowhere in
-- particular. Of windows that overlap the one that opened last decides until it closes.
\set e1 '''00000000-0000-0000-0000-0000000000e1'''
\set e2 '''00000000-0000-0000-0000-0000000000e2'''
insert into booking.location (tenant_id, location_id, slug, name) values (:t, :e1, 'clinic', 'Clinic'), (:t, :e2, 'ward', 'Ward');
create function places(schedule text, first_day date, last_day date)
returns setof text
language sql
as $$
    select to_char(lower(w.span), 'Dy DD.MM. HH24:MI-') || to_char(upper(w.span), 'HH24:MI ') || l.slug
    from booking.schedule s, booking.window_locations(s.tenant_id, s.schedule_id, first_day, last_day + 1) w
    left join booking.location l using (location_id)
    where s.name = schedule
    order by w.span
$$;
select places('Berlin', '2025-06-23', '2025-06-29');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, location_id)
values
    (:t, :berlin, 1, '09:00', '18:00', :e1), (:t, :berlin, 1, '12:00', '13:00', :e2), (:t, :berlin, 1, '16:00', '16:30', null),
    -- They touch: at noon the second has it. They open together: a place before none, e1 before e2, for as long as it is open.
    (:t, :berlin, 2, '10:00', '12:00', :e1), (:t, :berlin, 2, '12:00', '14:00', :e2),
    (:t, :berlin, 3, '10:00', '12:00', :e2), (:t, :berlin, 3, '10:00', '11:00', :e1), (:t, :berlin, 3, '10:00', '13:00', null);
-- Berlin (+2). The windows of 09:00 to 17:00 without a place are there as well: on Monday they opened with the clinic's.
select places('Berlin', '2025-06-23', '2025-06-29');
-- In part of that range: what opened before it still decides.
select w.span, right(w.location_id::text, 2) from booking.window_locations(:t, :berlin, '2025-06-23 10:30', '2025-06-23 10:45') w;
-- An override brings its own: the clinic from 00:00 to 06:00 on 26 October, 22:00 (+2) to 05:00 (+1), the ward from 01:30 to
-- 02:30. The clock passes 02:00 to 02:30 twice, at 00:00 and at 01:00, and both times it is the ward's.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, location_id)
values (:t, :berlin, '[2025-10-26,2025-10-26]', '00:00', '06:00', :e1), (:t, :berlin, '[2025-10-26,2025-10-26]', '01:30', '02:30', :e2);
select w.span, right(w.location_id::text, 2) from booking.window_locations(:t, :berlin, '2025-10-25 12:00', '2025-10-26 12:00') w;
-- On travel two dates may have an instant: Monday in Honolulu (-10) is 19:00 to 03:00, Tuesday in Auckland (+12) 21:00 to 05:00.
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-00000000000d', 'Auckland', 'Pacific/Auckland');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, location_id)
values (:t, '00000000-0000-0000-0000-00000000000d', 1, '09:00', '17:00', :e1), (:t, '00000000-0000-0000-0000-00000000000d', 2, '09:00', '17:00', :e2);
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
values (:t, '00000000-0000-0000-0000-00000000000d', '[2025-06-16,2025-06-16]', 'Pacific/Honolulu');
select w.span, right(w.location_id::text, 2)
from booking.window_locations(:t, '00000000-0000-0000-0000-00000000000d', '2025-06-15', '2025-06-19') w;
delete from booking.schedule where name = 'Auckland';
delete from booking.schedule_override;
delete from booking.schedule_rule where schedule_id = :berlin and (weekday = 1 and opens <> '09:00' or location_id is not null or weekday = 3 and opens = '10:00');

-- Dates that overrides close: the 2nd to the 5th without the 4th, which a narrower one opens; the 6th has a closed row and one
-- with hours, equally narrow. Holidays close no night, nor does a Sunday (the 8th) without rules. The last date is meant.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values
    (:t, :berlin, '[2025-06-02,2025-06-06)', null, null), (:t, :berlin, '[2025-06-04,2025-06-04]', '10:00', '12:00'),
    (:t, :berlin, '[2025-06-06,2025-06-06]', null, null), (:t, :berlin, '[2025-06-06,2025-06-06]', '10:00', '12:00');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '[2025-06-07,2025-06-08]');
select booking.closed_dates(:t, :berlin, '2025-06-01', '2025-06-09');
select booking.closed_dates(:t, :berlin, '2025-06-01', '2025-06-02');
select booking.closed_dates(:t, :berlin, '2025-06-04', '2025-06-04');
select count(*) as turned_round from booking.closed_dates(:t, :berlin, '2025-06-03', '2025-06-02');
select count(*) as without_a_schedule from booking.closed_dates(:t, null, '2025-06-01', '2025-06-09');
delete from booking.schedule_override;

-- Out of office is a busy window of whom it concerns: hours stay, slots go, whoever shares the schedule is not away.
insert into booking.resource (tenant_id, resource_id, slug, name, schedule_id)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n, :berlin from generate_series(1, 2) n;
\set r1 '''00000000-0000-0000-0000-000000000001'''
select booking.put_service(:t, 'any', 'Any', array[60], array(select resource_id from booking.resource)) as any \gset
insert into booking.busy_window (tenant_id, resource_id, span, reason)
values (:t, :r1, '[2100-01-04 23:00,2100-01-05 23:00)', 'out of office');
select d::date, (
        select array_agg(distinct a.remaining)
        from booking.available_slots(:t, :'any', d, d + interval '1 day') a)
from generate_series(timestamptz '2100-01-04', '2100-01-06', '1 day') d;
delete from booking.busy_window;

-- Pages follow in the same transaction, whatever changes. Monday 4 January 2100 in UTC, stored beforehand: 09:00 to 17:00 in
-- Berlin (+1).
create view page as
select r.slug, a.open::tstzmultirange * '{[2100-01-04 00:00+00,2100-01-05 00:00+00)}' as open, (select count(*) from booking.verify()) as drift
from booking.availability a
join booking.resource r using (tenant_id, resource_id)
where a.week = '2100-01-04' and a.unit = 0 and r.resource_id = '00000000-0000-0000-0000-000000000001';
select booking.recompute(:t, null, '2100-01-01', '2100-01-20') as pages;
table page;
insert into booking.holiday (tenant_id, holiday_set_id, holiday_id, dates) values (:t, :set1, :set1, '[2100-01-04,2100-01-04]');
table page;
update booking.holiday set opens = '10:00', closes = '11:00' where holiday_id = :set1;
table page;
update booking.holiday set holiday_set_id = :set2 where holiday_id = :set1;
table page;
update booking.schedule set holiday_set_id = :set2;
table page;
update booking.schedule set holiday_set_id = null;
table page;
update booking.schedule set holiday_set_id = :set2, zone = 'Asia/Kathmandu' where schedule_id = :berlin;
table page;
update booking.schedule set zone = 'Europe/Berlin' where schedule_id = :berlin;
delete from booking.holiday where holiday_id = :set1;
table page;
insert into booking.schedule_travel (tenant_id, schedule_id, travel_id, dates, zone)
values (:t, :berlin, :set1, '[2100-01-04,2100-01-04]', 'Asia/Kathmandu');
table page;
update booking.schedule_travel set zone = 'America/New_York' where travel_id = :set1;
table page;
update booking.schedule_travel set schedule_id = :kathmandu where travel_id = :set1;
table page;
update booking.schedule_travel set schedule_id = :berlin where travel_id = :set1;
table page;
delete from booking.schedule_travel;
table page;
-- A set goes with its holidays; within a transaction that defers its constraints even before those who use it let it go.
update booking.schedule set holiday_set_id = null;
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set2, '[2100-01-04,2100-01-04]');
begin;
set constraints all deferred;
update booking.schedule set holiday_set_id = :set2 where schedule_id = :berlin;
table page;
delete from booking.holiday_set where holiday_set_id = :set2;
table page;
update booking.schedule set holiday_set_id = null where holiday_set_id = :set2;
commit;
select count(*) as holidays from booking.holiday where holiday_set_id = :set2;
-- TRUNCATE names no rows; no page is wrong after it.
truncate booking.holiday;
select count(*) as pages from booking.availability;
select booking.recompute(:t, null, '2100-01-01', '2100-01-20') as pages;
truncate booking.schedule_travel;
select count(*) as pages from booking.availability;

-- put_hours: who leaves a shared schedule keeps its holidays, its travel and its overrides.
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '[2100-01-04,2100-01-04]');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2100-01-05,2100-01-05]', 'Asia/Kathmandu');
update booking.schedule set holiday_set_id = :set1;
select booking.put_hours(:t, :r1, 'Mo-We 10:00-11:00') <> :berlin as own;
select hours('R1', '2100-01-04', '2100-01-06');
-- The shared one stays what it was; holidays that are added later reach both.
select hours('Berlin', '2100-01-04', '2100-01-06');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '[2100-01-06,2100-01-06]');
select hours('R1', '2100-01-06', '2100-01-06') union all select hours('Berlin', '2100-01-06', '2100-01-06');
select * from booking.verify();
delete from booking.holiday where dates @> '2100-01-06'::date;

-- Zones change under bookings: hours move, bookings keep their instants, pages follow. Where a resource stands is its schedule's
-- matter: its own zone moves nothing.
select booking.recompute(:t, null, '2100-01-01', '2100-01-20') as pages;
select status, starts_at from booking.book(:t, service => :'any', starts_at => '2100-01-11 09:00', resource => :r1);
select array_agg(starts_at::time) from booking.available_slots(:t, :'any', '2100-01-13', '2100-01-14', resource => :r1);
update booking.schedule set zone = 'Asia/Kathmandu' where name = 'R1';
update booking.resource set zone = 'Asia/Tokyo' where resource_id = :r1;
select span from booking.booking;
select array_agg(starts_at::time) from booking.available_slots(:t, :'any', '2100-01-13', '2100-01-14', resource => :r1);
select * from booking.verify();

-- Ten years of closed days are one row, and no more pages than there were; so is travel.
insert into booking.schedule_override (tenant_id, schedule_id, dates) values (:t, :berlin, '[2095-01-01,2105-01-01)');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '[2095-01-01,2105-01-01)');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :kathmandu, '[2095-01-01,2105-01-01)', 'Europe/Berlin');
select count(*) as pages, (select count(*) from booking.verify()) as drift from booking.availability where unit = 0;
select hours('Berlin', '2100-01-11', '2100-01-13') union all select hours('Kathmandu', '2100-01-11', '2100-01-13');
-- The widest range that is a range of dates at all.
update booking.schedule_override set dates = '[4713-01-01 BC,5874897-01-01]' where schedule_id = :berlin;
select hours('Berlin', '2100-01-11', '2100-01-13');
delete from booking.schedule_override;

-- A night is two windows, of any kind, and they merge; a window that crosses midnight is refused below.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes)
values (:t, :kathmandu, '[2100-01-11,2100-01-11]', '22:00', '24:00');
update booking.holiday set dates = '[2100-01-12,2100-01-12]', opens = '00:00', closes = '02:00' where dates @> '2100-01-12'::date;
select hours('Kathmandu', '2100-01-11', '2100-01-12');
delete from booking.schedule_override;

-- What is refused. In use: a schedule (by a resource, by a service) and a holiday set, 23503; all stays as it was.
\set VERBOSITY sqlstate
delete from booking.schedule where schedule_id = :berlin;
update booking.service set schedule_id = :kathmandu;
delete from booking.schedule where schedule_id = :kathmandu;
delete from booking.holiday_set where holiday_set_id = :set1;
select count(*) as schedules, (select count(*) from booking.schedule_rule where schedule_id in (:berlin, :kathmandu)) as rules,
    (select count(*) from booking.verify()) as drift
from booking.schedule;
-- A holiday set, or a place, of another tenant: 23503.
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000002', 'u', 'U');
insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-0000000000c9', 'one', 'One');
update booking.schedule set holiday_set_id = '00000000-0000-0000-0000-0000000000c9';
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, '00000000-0000-0000-0000-0000000000c9', '[2100-01-04,2100-01-04]');
insert into booking.schedule_override (tenant_id, schedule_id, dates, location_id) values (:t, :berlin, '[2100-01-04,2100-01-04]', '00000000-0000-0000-0000-0000000000e9');
-- Zones that are none: 22023.
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2100-01-04,2100-01-04]', 'Mars/Olympus');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2100-01-04,2100-01-04]', 'XYZ-3');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2100-01-04,2100-01-04]', '');
update booking.schedule set zone = 'Berlin';
-- Travel that overlaps: 23P01; that is refused without a trace. Next to one another, and of another schedule, it is none.
select count(*) as travels from booking.schedule_travel;
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2100-01-04,2100-01-05]', 'Asia/Tokyo');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2100-01-06,2100-01-07]', 'Asia/Tokyo');
update booking.schedule_travel set dates = '[2100-01-03,2100-01-09]' where zone = 'Asia/Tokyo';
select count(*) as travels from booking.schedule_travel;
-- Dates that are none, or without an end; hours by half, turned round, across midnight: 23514.
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, 'empty', 'Asia/Tokyo');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2101-01-01,)', 'Asia/Tokyo');
insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone) values (:t, :berlin, '[2101-01-01,infinity)', 'Asia/Tokyo');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, 'empty');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '(,2101-01-01)');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, '[-infinity,2101-01-01)');
insert into booking.holiday (tenant_id, holiday_set_id, dates, opens) values (:t, :set1, '[2100-01-04,2100-01-04]', '09:00');
insert into booking.holiday (tenant_id, holiday_set_id, dates, opens, closes) values (:t, :set1, '[2100-01-04,2100-01-04]', '22:00', '02:00');
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes) values (:t, :berlin, '[2100-01-04,2100-01-04]', '22:00', '00:00');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes) values (:t, :berlin, 1, '22:00', '02:00');
-- A set without a proper slug (23514), or with one that is taken (23505); null dates (23502).
insert into booking.holiday_set (tenant_id, slug, name) values (:t, 'No Slug', 'One');
insert into booking.holiday_set (tenant_id, slug, name) values (:t, 'one', 'One');
insert into booking.holiday (tenant_id, holiday_set_id, dates) values (:t, :set1, null);
-- A range without an end: 22008.
select booking.open_spans(:t, :berlin, '2100-01-01', 'infinity');
\set VERBOSITY default
select * from booking.verify();

-- A tenant goes with all that is its.
update booking.service set schedule_id = null;
delete from booking.booking;
begin;
set constraints all deferred;
delete from booking.tenant where tenant_id = :t;
commit;
select (select count(*) from booking.holiday_set) as sets, (select count(*) from booking.holiday) as holidays,
    (select count(*) from booking.schedule_travel) as travels, (select count(*) from booking.schedule) as schedules;
