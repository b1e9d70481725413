-- Presence: what visitors who look at the same calendar see of one another. One room, open from 09:00 to 19:00, for 1, 2 or 5
-- hours on an hourly grid; a second one beside it.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
\set t '''00000000-0000-0000-0000-000000000001'''
\set a '''00000000-0000-0000-0000-00000000000a'''
\set b '''00000000-0000-0000-0000-00000000000b'''
insert into booking.resource (tenant_id, resource_id, slug, name) values (:t, :a, 'a', 'A'), (:t, :b, 'b', 'B');
select booking.put_hours(:t, :a, 'Mo-Su 09:00-19:00') is not null as a, booking.put_hours(:t, :b, 'Mo-Su 09:00-19:00') is not null as b;
select booking.put_service(:t, 'room', 'Room', array[60, 120, 300], array[:a]::uuid[]) as room \gset
select booking.put_service(:t, 'rooms', 'Rooms', array[60, 120, 300], array[:a, :b]::uuid[]) as rooms \gset

-- With 13:00-14:00 held, 5 h starts 09:00-13:00 are reserved and 14:00 is free.
select hold_id as held
from booking.hold(:t, :'room', '2100-01-04 13:00', 'session-of-a-visitor', duration => '1 hour') \gset
select to_char(starts_at, 'HH24:MI') as starts, to_char(ends_at, 'HH24:MI') as ends, status
from booking.available_slots(:t, :'room', '2100-01-04', '2100-01-05', duration => '5 hours', holds => 'mark');
select span, own from booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05');
-- The visitor's own hold reserves nothing against the visitor.
select string_agg(distinct status, ' ')
from booking.available_slots(:t, :'room', '2100-01-04', '2100-01-05', '5 hours', session_id => 'session-of-a-visitor', holds => 'mark');
select own from booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05', session_id => 'session-of-a-visitor');

-- A hold on A leaves B free.
select r.name, count(*) filter (where s.status = 'held') as held, count(*) filter (where s.status = 'available') as available
from booking.available_slots(:t, :'rooms', '2100-01-04', '2100-01-05', '5 hours', holds => 'mark', each_resource => true) s
join booking.resource r using (resource_id)
group by r.name
order by r.name;
select r.name, (select count(*) from booking.held_spans(:t, :'rooms', '2100-01-04', '2100-01-05', resource => r.resource_id)) as held,
    booking.is_free(:t, r.resource_id, '[2100-01-04 13:00,2100-01-04 14:00)')
from booking.resource r
order by r.name;

-- Order is by time: what is held stays in its place.
select string_agg(to_char(starts_at, 'HH24') || case status when 'held' then '*' else '' end, ' ')
from booking.available_slots(:t, :'room', '2100-01-04', '2100-01-05', '2 hours', holds => 'mark');
select bool_and(in_order) as in_order
from (
    select starts_at > lag(starts_at, 1, '-infinity') over () as in_order
    from booking.available_slots(:t, :'room', '2100-01-01', '2100-02-01', '2 hours', holds => 'mark')) s;

-- A release brings starts back without reload: the next read has them.
create temp table seen as
select * from booking.available_slots(:t, :'room', '2100-01-04', '2100-01-05', duration => '5 hours');
select count(*) from seen;
select released from booking.release(:t, :'held', 'session-of-a-visitor');
select to_char(starts_at, 'HH24:MI') as back
from booking.available_slots(:t, :'room', '2100-01-04', '2100-01-05', duration => '5 hours')
where slot_id not in (select slot_id from seen);
select count(*) as held from booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05');
-- So does a lapse, at its instant and with nothing that runs.
select hold_id as lapsing, expires_at from booking.hold(:t, :'room', '2100-01-04 13:00', 'session-of-a-visitor', duration => '1 hour') \gset
select count(*) filter (where not l.late) as before, count(*) filter (where l.late) as after
from (values (false, timestamptz :'expires_at' - interval '1 microsecond'), (true, timestamptz :'expires_at')) l (late, as_of)
cross join lateral booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05', as_of => l.as_of);
select released from booking.release(:t, :'lapsing', 'session-of-a-visitor');

-- Presence is a hold of ten seconds that beats every five, here as if time had passed: gone ten seconds after the last, taken
-- again if free, and let go of when its visitor leaves.
select hold_id as here from booking.hold(:t, :'room', '2100-01-04 13:00', 'session-of-a-visitor', ttl => '10 seconds') \gset
update booking.hold set expires_at = expires_at - interval '5 seconds';
select status, round(extract(epoch from expires_at - clock_timestamp())) as lives from booking.heartbeat(:t, 'session-of-a-visitor');
select l.after, (select count(*) from booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05', as_of => clock_timestamp() + l.after)) as held
from (values (interval '9 seconds'), ('10 seconds')) l (after);
update booking.hold set expires_at = expires_at - interval '30 seconds';
select status, code from booking.heartbeat(:t, 'session-of-a-visitor');
select count(*) as held from booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05');
update booking.hold set expires_at = expires_at - interval '30 seconds';
select code from booking.try_hold(:t, :'room', '2100-01-04 13:00', 'session-of-another', ttl => '10 seconds');
select hold_id = :'here' as it, status, code from booking.try_heartbeat(:t, 'session-of-a-visitor', array[:'here']::uuid[]);
select released from booking.release(:t, session_id => 'session-of-another');
select count(*) as held from booking.held_spans(:t, :'room', '2100-01-04', '2100-01-05');

-- 10 viewers of 3 durations cost 3 slot queries and 1 presence query, and a heartbeat touches only the latter. The answers
-- do not depend on who asks, so that one serves all; those that hold slots do not depend on what is held.
create function viewed(out stable text, out volatile text)
language plpgsql
stable
as $$
begin
    select string_agg(distinct md5(v.answer), ' ') || ' of ' || count(*) || ' viewers and ' || count(distinct md5(v.answer)) || ' queries' into stable
    from (
        select (
            select string_agg(s::text, E'\n' order by s.starts_at)
            from booking.available_slots('00000000-0000-0000-0000-000000000001', (select service_id from booking.service where slug = 'room'),
                '2100-01-04', '2100-01-05', duration => (array[interval '1 hour', '2 hours', '5 hours'])[1 + viewer % 3],
                session_id => 'session-of-viewer-' || viewer, holds => 'ignore') s) as answer
        from generate_series(1, 10) viewer) v;
    select string_agg(distinct v.answer, ' ') || ' from ' || count(distinct v.answer) || ' query' into volatile
    from (
        select (
            select coalesce(string_agg(h::text, E'\n'), 'nothing')
            from booking.held_spans('00000000-0000-0000-0000-000000000001', (select service_id from booking.service where slug = 'room'),
                '2100-01-04', '2100-01-05') h) as answer
        from generate_series(1, 10) viewer) v;
end
$$;
create temp table step (number int, what text, stable text, volatile text);
insert into step select 1, 'at first', * from viewed();
select hold_id as held from booking.hold(:t, :'room', '2100-01-04 13:00', 'session-of-viewer-1', ttl => '10 seconds') \gset
insert into step select 2, 'held', * from viewed();
select status, code from booking.heartbeat(:t, 'session-of-viewer-1');
insert into step select 3, 'beaten', * from viewed();
select released from booking.release(:t, session_id => 'session-of-viewer-1');
insert into step select 4, 'released', * from viewed();
select code from booking.try_book(:t, service => :'room', starts_at => '2100-01-04 13:00');
insert into step select 5, 'booked', * from viewed();
select what, right(stable, 27) as slots, stable = lag(stable) over w as same, right(volatile, 12) as presence,
    volatile = lag(volatile) over w as same
from step
window w as (order by number)
order by number;
