-- heartbeat: keeps what a session holds, takes up again what lapsed, and says what is gone. Release of all on leaving.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name) values ('00000000-0000-0000-0000-000000000001', 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name)
select '00000000-0000-0000-0000-000000000001', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n
from generate_series(1, 3) n;
\set t '''00000000-0000-0000-0000-000000000001'''
\set s '''session-a-0123456789'''
select booking.put_service(:t, 'one', 'One', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[], buffer_after => 15) as one \gset
select booking.put_service(:t, 'two', 'Two', array[60], array['00000000-0000-0000-0000-000000000002']::uuid[]) as two \gset
select booking.put_service(:t, 'three', 'Three', array[60], array['00000000-0000-0000-0000-000000000003']::uuid[]) as three \gset
select booking.recompute(:t, null, '2100-01-01', '2100-02-01') > 0 as stored;
-- Holds by the name of their service; how long they live yet, in seconds, to the nearest five.
create view beat as
select null::text as service, null::text as status, null::int as lives, null::text as code;
create function beat(session_id text, holds uuid[] default null)
returns setof beat
language sql
as $$
    select s.slug, b.status, case b.status when 'live' then round(extract(epoch from b.expires_at - clock_timestamp()) / 5)::int * 5 end, b.code
    from booking.try_heartbeat('00000000-0000-0000-0000-000000000001', session_id, holds) b
    left join booking.hold h using (hold_id)
    left join booking.service s using (tenant_id, service_id)
    order by s.slug
$$;
-- As if so much time had passed over all holds.
create procedure later(amount interval)
language sql
as $$
    update booking.hold set created_at = created_at - amount, expires_at = expires_at - amount
$$;

-- One call renews all that a session holds, each for the time that it was taken with.
select hold_id as a from booking.hold(:t, :'one', '2100-01-04 09:00', :s) \gset
select hold_id as b from booking.hold(:t, :'two', '2100-01-04 10:00', :s, ttl => '10 seconds') \gset
select hold_id as other from booking.hold(:t, :'two', '2100-01-04 11:00', 'session-b-0123456789') \gset
call later('9 seconds');
select * from beat(:s);
select count(*) from booking.hold where expires_at - clock_timestamp() < interval '592 seconds' and hold_id = :'other';
-- The same slot again says anew how long.
select hold_id = :'b' as same from booking.hold(:t, :'two', '2100-01-04 10:00', :s, ttl => '20 seconds');
call later('9 seconds');
select * from beat(:s);
-- It never shortens what is longer.
update booking.hold set expires_at = clock_timestamp() + interval '30 min' where hold_id = :'a';
select * from beat(:s);

-- Each is a HOT update: no index is touched. Nor by taking up. And no page, no claim, no history is written.
create view written as
select relname, n_tup_ins as inserted, n_tup_upd as updated, n_tup_hot_upd as hot, n_tup_del as deleted
from pg_stat_xact_all_tables
where schemaname = 'booking' and n_tup_ins + n_tup_upd + n_tup_del > 0;
begin;
create temp table before as select * from written;
select count(*) from booking.heartbeat(:t, :s);
select w.relname, w.inserted - b.inserted as inserted, w.updated - b.updated as updated, w.hot - b.hot as hot, w.deleted - b.deleted as deleted
from written w
left join before b using (relname)
where w is distinct from b
order by w.relname;
rollback;
begin;
call later('50 min');
create temp table before as select * from written;
select count(*) from booking.heartbeat(:t, :s);
select w.relname, w.inserted - b.inserted as inserted, w.updated - b.updated as updated, w.hot - b.hot as hot, w.deleted - b.deleted as deleted
from written w
left join before b using (relname)
where w is distinct from b
order by w.relname;
rollback;

-- What lapsed is taken up again where nobody came in between; the others go on meanwhile.
update booking.hold set expires_at = clock_timestamp() - interval '1 min' where hold_id = :'b';
select starts_at from booking.available_slots(:t, :'two', '2100-01-04 10:00', '2100-01-04 10:01');
select * from beat(:s);
select starts_at from booking.available_slots(:t, :'two', '2100-01-04 10:00', '2100-01-04 10:01');
select kind, detail ->> 'again' as again from booking.booking_event where hold_id = :'b' order by at;
-- Somebody came: gone, and told to whom asks for it by its id; a foreign one is as unknown as any.
update booking.hold set expires_at = clock_timestamp() - interval '1 min' where hold_id = :'b';
select code from booking.hold(:t, :'two', '2100-01-04 10:00', 'session-c-0123456789');
select * from beat(:s);
select * from beat(:s, array[:'a', :'b', :'other', null]::uuid[]);
select status, code from booking.heartbeat(:t, :s, array[:'b']::uuid[]) order by status;

-- expire_holds leaves it alone for an hour, from then on it is gone.
select hold_id as c from booking.hold(:t, :'three', '2100-01-04 10:00', :s, ttl => '10 s') \gset
update booking.hold set expires_at = clock_timestamp() - interval '59 min' where hold_id = :'c';
update booking.service set max_hold_age = '2 hours';
select booking.expire_holds();
select * from beat(:s);
update booking.hold set expires_at = clock_timestamp() - interval '61 min' where hold_id = :'c';
select booking.expire_holds();
select * from beat(:s, array[:'c']::uuid[]);

-- max_hold_age ends it however often it beats: cut at first, then gone.
update booking.service set max_hold_age = '1 hour';
update booking.hold set created_at = clock_timestamp() - interval '59 min 50 s', expires_at = clock_timestamp() + interval '1 s' where hold_id = :'a';
select * from beat(:s);
select * from beat(:s);
update booking.hold set expires_at = clock_timestamp(), created_at = clock_timestamp() - interval '1 hour' where hold_id = :'a';
select * from beat(:s);
\set VERBOSITY sqlstate
select * from booking.heartbeat(:t, :s);
\set VERBOSITY default
-- Its claims stand and guard nothing: the slot is everybody's, and its own visitor's, too.
select hold_id <> :'a' as anew, code from booking.hold(:t, :'one', '2100-01-04 09:00', :s);
select * from beat(:s);

-- What would not be given to it now is not taken up again: closed, an hour that is over, a limit that is used up, a busy window.
select hold_id as d from booking.hold(:t, :'three', '2100-01-04 14:00', :s) \gset
create procedure lapse() language sql as $$ update booking.hold set expires_at = clock_timestamp() - interval '1 s' where session_hash = sha256('session-a-0123456789') $$;
begin;
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, '00000000-0000-0000-0000-000000000003', '[2100-01-04 14:30, 2100-01-04 14:40)');
call lapse();
select * from beat(:s);
delete from booking.busy_window;
select * from beat(:s);
rollback;
begin;
select booking.put_hours(:t, '00000000-0000-0000-0000-000000000003', 'Sa 09:00-10:00') is not null as closed;
-- One that lives needs no rule.
select * from beat(:s);
call lapse();
select * from beat(:s);
rollback;
begin;
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'three', 'day', 1);
call lapse();
select code from booking.hold(:t, :'three', '2100-01-04 16:00', 'session-c-0123456789');
select * from beat(:s);
rollback;
begin;
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'three', 'day', 1);
select hold_id as e from booking.hold(:t, :'three', '2100-01-05 14:00', :s) \gset
update booking.hold set span = tstzrange('2100-01-04 16:00', '2100-01-04 17:00') where hold_id = :'e';
call lapse();
-- Two that used to be on two days: the first held is the first taken up.
select count(*) filter (where code is null) as live, min(code) as code from booking.try_heartbeat(:t, :s) where starts_at > '2100-01-04 12:00';
rollback;
begin;
update booking.service set active = false where service_id = :'three';
select * from beat(:s);
call lapse();
select * from beat(:s);
rollback;
-- A class, a stay, and a pair of resources are taken up, too.
begin;
update booking.service set seats = 3 where service_id = :'three';
update booking.hold set expires_at = clock_timestamp() where hold_id = :'d';
select code from booking.hold(:t, :'three', '2100-01-04 14:00', 'session-c-0123456789', seats => 3);
select code from booking.hold(:t, :'three', '2100-01-04 18:00', :s, seats => 2);
call lapse();
select code from booking.hold(:t, :'three', '2100-01-04 18:00', 'session-c-0123456789', seats => 1);
select * from beat(:s);
rollback;
begin;
update booking.service set seats = 3 where service_id = :'three';
select code from booking.hold(:t, :'three', '2100-01-04 18:00', 'session-d-0123456789', seats => 1);
select hold_id as d from booking.hold(:t, :'three', '2100-01-04 18:00', :s, seats => 2) \gset
call lapse();
select * from beat(:s);
rollback;
begin;
insert into booking.service (tenant_id, service_id, slug, name, zone, kind, min_length, max_length, check_in, check_out)
values (:t, '00000000-0000-0000-0000-000000000051', 'stay', 'Stay', 'Europe/Berlin', 'stay', 1, 14, '15:00', '11:00');
insert into booking.service_requirement (tenant_id, service_id, requirement_id)
values (:t, '00000000-0000-0000-0000-000000000051', '00000000-0000-0000-0000-000000000061');
insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
values (:t, '00000000-0000-0000-0000-000000000051', '00000000-0000-0000-0000-000000000061', '00000000-0000-0000-0000-000000000002');
-- Over the night that has an hour less.
select starts_at, ends_at, code from booking.hold(:t, '00000000-0000-0000-0000-000000000051', '2100-03-27 15:00 Europe/Berlin', :s, '3 days');
call lapse();
select * from beat(:s);
rollback;

-- Holds that are no visitor's are none of its business.
insert into booking.hold (tenant_id, service_id, span, expires_at)
values (:t, :'two', '[2100-01-05 09:00, 2100-01-05 10:00)', clock_timestamp() + interval '1 min');
select count(*) from beat(:s);
select round(extract(epoch from expires_at - clock_timestamp())) <= 60 as as_it_was from booking.hold where session_hash is null;
delete from booking.hold where session_hash is null;
-- Nor is another tenant.
select count(*) from booking.try_heartbeat('00000000-0000-0000-0000-000000000002', :s);

-- Leaving: all goes at once, lapsed ones with it, and nobody else's.
update booking.hold set expires_at = clock_timestamp() where hold_id = :'d';
select count(*) from booking.hold where session_hash = sha256(convert_to(:s, 'UTF8'));
select * from booking.release(:t, session_id => :s);
select count(*) from booking.hold where session_hash = sha256(convert_to(:s, 'UTF8'));
select * from booking.try_release(:t, session_id => :s);
select count(*) > 0 as others from booking.hold;
select * from beat(:s);

-- The public: the same by slug.
select code from booking_api.try_hold('t', 'one', '2100-01-06 09:00', :s);
select status, code from booking_api.heartbeat('t', :s);
select released from booking_api.release('t', session_id => :s);
select count(*) from booking_api.try_heartbeat('t', :s);
\set VERBOSITY sqlstate
select * from booking_api.heartbeat('t', :s);
select * from booking_api.heartbeat('u', :s);
select * from booking_api.release('t', session_id => :s);
select * from booking_api.release('t');
select * from booking.release(:t);
select * from booking.heartbeat(:t, null);
select * from booking.heartbeat(:t, 'short');
select * from booking.heartbeat(:t, :s, array_fill(:t::uuid, array[1001]));
select * from booking.heartbeat(:t, :s);
