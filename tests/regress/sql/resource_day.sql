-- is_free and day_slots: one resource, asked directly.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, zone, active)
values ('00000000-0000-0000-0000-000000000001', 't', 'T', 'Europe/Berlin', true),
    ('00000000-0000-0000-0000-000000000002', 'gone', 'Gone', 'UTC', false);
\set t '''00000000-0000-0000-0000-000000000001'''
\set a '''00000000-0000-0000-0000-00000000000a'''
\set b '''00000000-0000-0000-0000-00000000000b'''
\set c '''00000000-0000-0000-0000-00000000000c'''
\set d '''00000000-0000-0000-0000-00000000000d'''
-- a: two units, open on weekdays; b: always open; c and d: other grains.
insert into booking.resource (tenant_id, resource_id, slug, name, capacity, grain)
values (:t, :a, 'a', 'A', 2, 15), (:t, :b, 'b', 'B', 1, 15), (:t, :c, 'c', 'C', 1, 5), (:t, :d, 'd', 'D', 1, 60);
insert into booking.resource (tenant_id, resource_id, slug, name) values ('00000000-0000-0000-0000-000000000002', :a, 'a', 'A');
select booking.put_hours(:t, :a, 'Mo-Fr 09:00-17:00') is not null as hours;
select booking.put_service(:t, 's', 'S', array[60], array[:a]::uuid[], buffer_after => 15) as s \gset
insert into booking.booking (tenant_id, booking_id, service_id, span) values (:t, :a, :'s', '[2100-01-04 08:00,2100-01-04 09:00)');
create function claim(resource text, unit int, span tstzrange)
returns void
begin atomic
    insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
    values ('00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || resource)::uuid, unit, span,
        '00000000-0000-0000-0000-00000000000a');
end;
create function free(resource text, variadic spans tstzrange[])
returns boolean[]
begin atomic
    select array_agg(booking.is_free('00000000-0000-0000-0000-000000000001',
        ('00000000-0000-0000-0000-00000000000' || resource)::uuid, s) order by n)
    from unnest(spans) with ordinality s (s, n);
end;

-- Hours: 09:00 to 17:00 in Berlin is 08:00 to 16:00 here. Inside, to both ends, over one, over a night.
select free('a', '[2100-01-04 10:00,2100-01-04 11:00)', '[2100-01-04 08:00,2100-01-04 16:00)', '[2100-01-04 07:45,2100-01-04 09:00)',
    '[2100-01-04 15:00,2100-01-04 16:15)', '[2100-01-04 15:00,2100-01-05 09:00)', '[2100-01-02 10:00,2100-01-02 11:00)');
-- In whole slots: what reaches past 16:00 is shut, by a microsecond; an end that belongs to the span is one more instant.
select free('a', '[2100-01-04 15:50,2100-01-04 15:55)', '[2100-01-04 15:50,2100-01-04 16:00:00.000001)', '[2100-01-04 15:00,2100-01-04 16:00]',
    '(2100-01-04 15:00,2100-01-04 16:00)', '[2100-01-04 16:00,2100-01-04 16:00]');
-- Always open: over weeks, over the end of a week.
select free('b', '[2100-01-01,2101-02-05)', '[2100-01-10 12:00,2100-01-11 12:00)', '[2100-01-10 12:00,2100-01-11 00:00)');

-- Units are never swapped: the first is taken 10 to 11, the second 11 to 12.
select claim('a', 1, '[2100-01-04 10:00,2100-01-04 11:00)'), claim('a', 2, '[2100-01-04 11:00,2100-01-04 12:00)');
select free('a', '[2100-01-04 10:00,2100-01-04 11:00)', '[2100-01-04 11:00,2100-01-04 12:00)', '[2100-01-04 10:00,2100-01-04 12:00)',
    '[2100-01-04 10:45,2100-01-04 11:15)', '[2100-01-04 09:00,2100-01-04 11:00)');
-- So no slot of the day is busy, until both are taken, at 13:30 (54) and from 22:30 (90) on over midnight, when it is closed.
select booking.day_slots(:t, :a, '2100-01-04');
select claim('a', 1, '[2100-01-04 13:00,2100-01-04 14:00)'), claim('a', 2, '[2100-01-04 13:30,2100-01-04 14:30)');
select claim('a', 1, '[2100-01-04 22:30,2100-01-05 00:30)'), claim('a', 2, '[2100-01-04 22:30,2100-01-05 00:15)');
select booking.day_slots(:t, :a, '2100-01-04'), booking.day_slots(:t, :a, '2100-01-05'), booking.day_slots(:t, :a, '2100-01-06');
select free('a', '[2100-01-04 13:00,2100-01-04 13:30)', '[2100-01-04 13:30,2100-01-04 14:00)', '[2100-01-04 14:00,2100-01-04 14:30)');

-- Live holds take a unit, with their buffers, and no slot of the stable view. At 15:00 both units go.
select code from booking.try_hold(:t, :'s', '2100-01-05 14:00', 'session-1-0123456789');
select free('a', '[2100-01-05 15:00,2100-01-05 15:15)');
select code from booking.try_hold(:t, :'s', '2100-01-05 14:00', 'session-2-0123456789');
select free('a', '[2100-01-05 13:00,2100-01-05 14:00)', '[2100-01-05 15:00,2100-01-05 15:15)', '[2100-01-05 15:15,2100-01-05 16:00)'),
    booking.day_slots(:t, :a, '2100-01-05');
update booking.hold set expires_at = now() - interval '1 second' where session_hash = sha256('session-1-0123456789');
select free('a', '[2100-01-05 15:00,2100-01-05 15:15)');

-- Busy windows take all units, rounded outward; one of no length takes nothing.
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, :a, '[2100-01-06 10:20,2100-01-06 10:31)'), (:t, :a, '[2100-01-06 12:00,2100-01-06 12:00)');
select free('a', '[2100-01-06 10:00,2100-01-06 10:15)', '[2100-01-06 10:15,2100-01-06 10:20)', '[2100-01-06 10:31,2100-01-06 10:45)',
    '[2100-01-06 10:45,2100-01-06 12:30)'), booking.day_slots(:t, :a, '2100-01-06');

-- What was booked on a unit that the resource no longer has counts for nothing.
update booking.resource set capacity = 2 where tenant_id = :t and resource_id = :d;
select claim('d', 1, '[2020-01-06 09:00,2020-01-06 11:00)'), claim('d', 2, '[2020-01-06 10:00,2020-01-06 12:00)');
select free('d', '[2020-01-06 09:00,2020-01-06 10:00)', '[2020-01-06 10:00,2020-01-06 11:00)', '[2020-01-06 11:00,2020-01-06 12:00)'),
    booking.day_slots(:t, :d, '2020-01-06');
update booking.resource set capacity = 1 where tenant_id = :t and resource_id = :d;
select free('d', '[2020-01-06 09:00,2020-01-06 10:00)', '[2020-01-06 10:00,2020-01-06 11:00)', '[2020-01-06 11:00,2020-01-06 12:00)'),
    booking.day_slots(:t, :d, '2020-01-06');

-- The numbers follow the grain: 288 slots of a day, or 24. The day is UTC's, wherever the session or the resource is.
select claim('c', 1, '[2100-01-04 00:00,2100-01-04 00:10)'), claim('c', 1, '[2100-01-04 23:55,2100-01-05 00:05)'),
    claim('d', 1, '[2100-01-04 22:00,2100-01-06 01:00)');
set timezone to 'America/New_York';
select booking.day_slots(:t, :c, '2100-01-04') as c, booking.day_slots(:t, :c, '2100-01-05') as next,
    booking.day_slots(:t, :d, '2100-01-04') as d, cardinality(booking.day_slots(:t, :d, '2100-01-05')) as full;
set timezone to 'UTC';
-- And back: what was claimed.
select booking.slotmap_of_slots('2100-01-04', booking.day_slots(:t, :c, '2100-01-04'), 5);

-- Stored or not, the answers are the same.
create temp table answer as
select d.day, r.resource_id, booking.day_slots(:t, r.resource_id, d.day::date) as slots,
    array(select booking.is_free(:t, r.resource_id, tstzrange(s, s + interval '75 minutes'))
        from generate_series(d.day, d.day + interval '23 hours', '1 hour') s) as free
from generate_series(timestamptz '2100-01-03', '2100-01-12', '1 day') d (day)
cross join booking.resource r
where r.tenant_id = :t;
select count(*) as stored from booking.availability;
select booking.recompute(:t, null, '2100-01-04', '2100-01-11') > 0 as stored;
select count(*) as compared, sum(cardinality(array_positions(a.free, true))) as free, count(*) filter (where
    a.slots <> booking.day_slots(:t, a.resource_id, a.day::date)
    or a.free <> array(select booking.is_free(:t, a.resource_id, tstzrange(s, s + interval '75 minutes'))
        from generate_series(a.day, a.day + interval '23 hours', '1 hour') s)) as differing
from answer a;

-- The cost is the week's, not the history's: rows read of claims, busy windows and pages before and after 2,000 more
-- bookings, in a stored week (of the 4th) and in one that is not (in February). By index, as of larger tables.
set enable_seqscan to off;
create function rows_read()
returns bigint
begin atomic
    select sum(t.seq_tup_read + t.idx_tup_fetch)::bigint
    from pg_stat_xact_user_tables t
    where t.relid in ('booking.claim'::regclass, 'booking.availability'::regclass, 'booking.busy_window'::regclass);
end;
create temp table cost (asked text, day date, reads bigint);
create procedure ask(day date)
language plpgsql
as $$
declare
    v_before bigint := rows_read();
begin
    perform booking.is_free('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b',
        tstzrange(day + time '10:00', day + time '11:00'));
    insert into cost values ('is_free', day, rows_read() - v_before);
    v_before := rows_read();
    perform booking.day_slots('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', day);
    insert into cost values ('day_slots', day, rows_read() - v_before);
end
$$;
select claim('b', 1, '[2100-01-04 10:00,2100-01-04 11:00)'), claim('b', 1, '[2100-02-04 10:00,2100-02-04 11:00)');
call ask('2100-01-04');
call ask('2100-02-04');
insert into booking.claim (tenant_id, resource_id, span, booking_id)
select :t, :b, tstzrange(s, s + interval '1 hour'), :a
from generate_series(timestamptz '2099-10-01', '2099-12-23 07:00', '1 hour') s;
analyze booking.claim;
analyze booking.availability;
call ask('2100-01-04');
call ask('2100-02-04');
select asked, day, min(reads) > 0 as counted, max(reads) - min(reads) < 5 as same
from cost
group by asked, day
order by asked, day;

begin transaction read only;
select booking.is_free(:t, :b, '[2100-01-04 10:00,2100-01-04 11:00)'), booking.day_slots(:t, :b, '2100-01-04');
commit;
\set VERBOSITY sqlstate
select booking.is_free(:t, :a, null);
select booking.is_free(:t, :a, 'empty');
select booking.is_free(:t, :a, '[2100-01-04,2100-01-04)');
select booking.is_free(:t, :a, '[2100-01-04,)');
select booking.is_free(:t, :a, '(,)');
select booking.is_free(:t, :a, '[2100-01-04,infinity)');
select booking.is_free(:t, :a, '[2100-01-01,2101-02-06)');
select booking.is_free(:t, :a, '[20000-01-01,20000-01-02)');
select booking.is_free(:t, :a, '[4000-01-01 BC,4000-01-02 BC)');
select booking.is_free(:t, :t, '[2100-01-04,2100-01-05)');
select booking.is_free(null, null, '[2100-01-04,2100-01-05)');
select booking.is_free('00000000-0000-0000-0000-000000000002', :a, '[2100-01-04,2100-01-05)');
select booking.day_slots(:t, :a, null);
select booking.day_slots(:t, :a, 'infinity');
select booking.day_slots(:t, :a, '-infinity');
select booking.day_slots(:t, :a, '5874897-12-31');
select booking.day_slots(:t, :a, '4000-01-01 BC');
select booking.day_slots(:t, :a, '9999-01-01');
select booking.day_slots(:t, :t, '2100-01-04');
select booking.day_slots('00000000-0000-0000-0000-000000000002', :a, '2100-01-04');
update booking.resource set active = false where resource_id = :b;
select booking.is_free(:t, :b, '[2100-01-04,2100-01-05)');
select booking.day_slots(:t, :b, '2100-01-04');
\set VERBOSITY default
select booking.day_slots(:t, :a, '0001-01-01'), booking.day_slots(:t, :a, '9998-12-31'),
    booking.is_free(:t, :c, '[0001-01-01,0001-01-01 01:00)'), booking.is_free(:t, :c, '[9998-12-31 23:00,9999-01-01)');
