-- The change feed: what writes a row and what does not, and how it is read: bounded, resumed, from an epoch that is over.
-- That no concurrent writer is missed: tests/suites/feed.rs.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set t '''00000000-0000-0000-0000-000000000001'''
\set room '''00000000-0000-0000-0000-000000000011'''
\set hall '''00000000-0000-0000-0000-000000000012'''
insert into booking.tenant (tenant_id, slug, name) values (:t, 't', 'T');
insert into booking.schedule (tenant_id, schedule_id, name, zone) values (:t, '00000000-0000-0000-0000-000000000021', 'S', 'UTC');
insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select :t, '00000000-0000-0000-0000-000000000021', d, '09:00', '17:00' from generate_series(1, 7) d;
insert into booking.resource (tenant_id, resource_id, slug, name, schedule_id, capacity)
values (:t, :room, 'room', 'Room', '00000000-0000-0000-0000-000000000021', 1), (:t, :hall, 'hall', 'Hall', null, 2);
select booking.put_service(:t, 'visit', 'Visit', array[60], array[:room]::uuid[], buffer_after => 15) as visit \gset
select booking.put_service(:t, 'class', 'Class', array[60], array[:hall]::uuid[]) as class \gset
update booking.service set seats = 10 where service_id = :'class';

-- What is new since the last call, of one reader.
create table reader (after text, seen bigint[]);
insert into reader values (null, null);
create function news(max int default 1000)
returns table (kind text, resource text, service text, span text, owner text)
language plpgsql
as $$
declare
    v booking.feed;
begin
    select f.* into v from reader r, booking.changes(null, r.after, r.seen, news.max) f;
    update reader set after = v.after, seen = v.seen;
    if v.reset then
        kind := 'reset';
        return next;
    end if;
    return query
        select c.kind, r.slug, s.slug, c.span::text, case when c.hold_id is not null then 'hold' when c.booking_id is not null then 'booking' end
        from unnest(v.changes) c
        left join booking.resource r using (resource_id)
        left join booking.service s using (service_id)
        order by r.slug, s.slug, lower(c.span), c.kind;
    if v.more then
        kind := 'more';
        return next;
    end if;
end
$$;
select * from news();
select * from news();

-- Holds and bookings, with their buffers. A renewal says nothing, nor does a lapse; a hold that is booked is not free in between.
select hold_id as h from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789') \gset
select * from news();
select hold_id = :'h' as renewed from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789');
select * from news();
select hold_id as g from booking.hold(:t, :'visit', '2100-01-04 10:00', 'session-a-0123456789', resource => :room) \gset
select hold_id as g from booking.hold(:t, :'visit', '2100-01-04 12:00', 'session-a-0123456789') \gset
select released from booking.release(:t, :'g', 'session-a-0123456789');
select * from news();
select hold_id as h from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789') \gset
select booking_id as b from booking.book(:t, :'h', 'session-a-0123456789') \gset
select * from news();
select status from booking.cancel(:t, :'b');
select * from news();
-- A direct booking; four seats of a class are one change.
select status from booking.book(:t, service => :'visit', starts_at => '2100-01-04 13:00');
select hold_id as c from booking.hold(:t, :'class', '2100-01-04 13:00', 'session-c-0123456789', seats => 4) \gset
select * from news();
-- By hand: another time is two changes, another unit of the resource none.
update booking.claim set span = tstzrange('2100-01-04 15:00', '2100-01-04 16:15') where booking_id is not null;
select * from news();
update booking.claim set unit = unit where booking_id is not null;
select * from news();
-- What lapsed says nothing once it is swept, nor does what is over for a day.
insert into booking.hold (tenant_id, hold_id, service_id, span, expires_at)
values (:t, '00000000-0000-0000-0000-000000000041', :'visit', '[2100-01-05 09:00+00,2100-01-05 10:00+00)', now() - interval '2 hours');
insert into booking.claim (tenant_id, resource_id, span, hold_id)
values (:t, :room, '[2100-01-05 09:00+00,2100-01-05 10:00+00)', '00000000-0000-0000-0000-000000000041');
select kind from news();
select booking.expire_holds();
insert into booking.claim (tenant_id, resource_id, span, hold_id)
values (:t, :room, '[2020-01-05 09:00+00,2020-01-05 10:00+00)', :'c');
delete from booking.claim where upper(span) < now();
select * from news();

-- External busy times; a calendar that is read again as it was says nothing.
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, :room, '[2100-01-06 09:00+00,2100-01-06 10:00+00)'), (:t, :room, '[2100-01-06 11:00+00,2100-01-06 12:00+00)'),
    (:t, :room, 'empty'), (:t, :room, '[2020-01-06 11:00+00,2020-01-06 12:00+00)');
select * from news();
update booking.busy_window set span = span, reason = 'r';
select * from news();
update booking.busy_window set span = '[2100-01-06 14:00+00,2100-01-06 15:00+00)' where lower(span) = '2100-01-06 09:00+00';
select * from news();
delete from booking.busy_window;
select * from news();

-- Hours, of every resource and service that keeps them.
update booking.service set schedule_id = '00000000-0000-0000-0000-000000000021' where service_id = :'class';
select * from news();
update booking.schedule_rule set closes = '18:00';
select * from news();
insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values (:t, '00000000-0000-0000-0000-000000000031', 'h', 'H');
update booking.schedule set holiday_set_id = '00000000-0000-0000-0000-000000000031';
select * from news();
insert into booking.holiday (tenant_id, holiday_set_id, dates, name) values (:t, '00000000-0000-0000-0000-000000000031', '[2100-01-06,2100-01-06]', 'N');
select * from news();
truncate booking.schedule_override;
select * from news();

-- What is edited, once a transaction; a lock, a count and the same value again are no edits.
update booking.resource set name = 'Studio', capacity = 3 where resource_id = :hall;
update booking.service set price = 10, currency = 'EUR' where service_id = :'visit';
update booking.tenant set name = 'Tea';
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'visit', 'service', 'day', 9);
delete from booking.service_limit;
select * from news();
begin;
update booking.requirement_resource set weight = 2, priority = 3;
update booking.service_requirement set strategy = 'priority';
update booking.requirement_resource set priority = 4;
commit;
select * from news();
update booking.service set version = version + 1;
update booking.service set name = name;
update booking.resource set version = version + 1;
update booking.requirement_resource set booked = booked + 1, version = version + 1;
select * from news();
-- Every column of what is edited is watched, but for those two.
select c.relname, a.attname
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'booking'::regnamespace
    and c.oid in (select t.tgrelid from pg_trigger t where t.tgname = '_600_change')
    and not exists (
        select
        from pg_trigger t
        where t.tgrelid = c.oid and t.tgname = '_600_change_update' and a.attnum = any (t.tgattr))
order by 1, 2;

-- At most so many a call, never one too few: within a transaction, and from one to the next.
select released from booking.release(:t, :'c', 'session-c-0123456789');
insert into booking.busy_window (tenant_id, resource_id, span)
select :t, :room, tstzrange(d, d + interval '1 hour') from generate_series(timestamptz '2100-02-01', '2100-02-05', '1 day') d;
update booking.tenant set name = 'Time';
create temp table resumed as select after from reader;
create temp table sent (kind text, span text);
with n as (insert into sent select kind, span from news(2) returning kind)
select kind, count(*) from n group by 1 order by 1;
with n as (insert into sent select kind, span from news(3) returning kind)
select kind, count(*) from n group by 1 order by 1;
with n as (insert into sent select kind, span from news(1) returning kind)
select kind, count(*) from n group by 1 order by 1;
with n as (insert into sent select kind, span from news(1) returning kind)
select kind, count(*) from n group by 1 order by 1;
select * from news(1);
select kind, lower(span::tstzrange), count(*) from sent where kind <> 'more' group by 1, 2 order by 1, 2;
-- With the id alone the same again, and as a tenant: only its own.
-- (More where a transaction of another database still runs.)
select reset, cardinality(changes) >= 7 as all from resumed, booking.changes(after => after);
select reset, cardinality(changes) >= 7 as all from resumed, booking.changes(:t, after);
select reset, cardinality(changes) from resumed, booking.changes('00000000-0000-0000-0000-000000000002', after);
-- Not an id, or one of another epoch, or of what never was: from the beginning.
select a, reset, cardinality(changes)
from unnest(array['', 'x', repeat('0', 32) || '-1', repeat('0', 32) || '-99999999999999999999', null]) a, booking.changes(after => a);
select reset from reader, booking.changes(after => left(after, 33) || '9999999999999999999');
\set VERBOSITY sqlstate
select booking.changes(max => 0);
select booking.changes(max => null);
\set VERBOSITY default
-- An epoch is chosen anew by who may write.
delete from booking.feed_epoch;
begin read only;
select reset, after from booking.changes(after => (select after from resumed));
commit;
select reset, after is not null as goes_on from booking.changes(after => (select after from resumed));
select count(*) from booking.feed_epoch;
select * from news();

-- What is older than a day goes, and whoever has not had it begins again.
update booking.tenant set name = 'Tide';
select booking.prune_changes(10) as gone;
update booking.change set at = at - interval '25 hours';
insert into booking.change (tenant_id, kind) values (:t, 'tenant');
create temp table old as select after from reader;
select kind from news();
select count(*) as left_over from booking.change where at > now() - interval '1 day';
do $$
begin
    -- Other databases of the server have transactions, too.
    while pg_snapshot_xmin(pg_current_snapshot()) <= (select writer from booking.change order by writer desc limit 1) loop
        perform pg_sleep(0.01);
    end loop;
end
$$;
select * from news();
call booking.prune(10);
select kind, at > now() - interval '1 day' as young from booking.change;
select reset from old, booking.changes(after => after);
select * from news();
