-- Who did what: an event for what was held, booked and cancelled; whom it names; what goes with a tenant.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set t '''00000000-0000-0000-0000-000000000001'''
\set room '00000000-0000-0000-0000-000000000011'
insert into booking.tenant (tenant_id, slug, name, settings) values (:t, 't', 'T', '{"client_header": "X-Forwarded-For"}');
insert into booking.resource (tenant_id, resource_id, slug, name) values (:t, :'room', 'room', 'Room');
select booking.put_service(:t, 'visit', 'Visit', array[60], array[:'room']::uuid[]) as visit \gset
create view told as
select kind, code, booking_id is not null as booking, hold_id is not null as hold, service_id is not null as service, detail
from booking.booking_event
order by at;

-- A hold, renewed without a word, booked, cancelled.
select hold_id as h from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789') \gset
select hold_id = :'h' as renewed from booking.hold(:t, :'visit', '2100-01-04 09:00', 'session-a-0123456789');
select booking_id as b from booking.book(:t, :'h', 'session-a-0123456789', customer => '{"name": "Ada"}') \gset
select status from booking.cancel(:t, :'b', 'ill');
select * from told;
select count(*) from booking.booking_event where hold_id = :'h';
select kind, actor = 'session:' || encode(sha256('session-a-0123456789'), 'hex') as session, actor = 'role:' || session_user as role
from booking.booking_event order by at;
-- Neither the session nor the customer is in there.
select count(*) from booking.booking_event e where e::text ~ 'session-a|Ada';

-- Whom it names: the sub of the JWT of who came in by the role of members, the session, the client, the role. The client: the
-- facade's setting, else of the header that the tenant names what the nearest proxy saw.
select booking.actor(:t) = 'role:' || session_user as role, booking.client(:t) as client;
set request.headers to '{"x-real-ip": "8.8.8.8", "x-forwarded-for": "I am 1.2.3.4, 10.0.0.1, 198.51.100.7"}';
select booking.actor(:t), booking.client(:t);
set booking.client to '203.0.113.5';
select booking.actor(:t), booking.client(:t);
select booking.actor(:t, '\x00');
set request.jwt.claims to '{"role": "anon"}';
select booking.actor(:t, '\x00');
set request.jwt.claims to '{"sub": "user-1", "role": "authenticated"}';
select booking.actor(:t, '\x00') as not_believed;
create role regress_events_member;
select booking.grant_access(member_role => 'regress_events_member');
set role regress_events_member;
select booking.actor(:t, '\x00');
set request.jwt.claims to '';
set booking.client to '';
set request.headers to '';
select booking.actor(:t);
reset role;
set booking.client to '';
set request.headers to '';
set request.jwt.claims to '';
select booking.actor(:t) = 'role:' || session_user as role, booking.client(:t) as client;
select length(booking.client(:t)), length(set_config('booking.client', repeat('x', 1000), false)), length(booking.client(:t));
reset booking.client;
update booking.tenant set settings = '{}';
set request.headers to '{"x-forwarded-for": "198.51.100.7"}';
select booking.client(:t);

-- What it says by itself is checked; a code is a refusal's.
\set VERBOSITY sqlstate
select booking.record_event(:t, 'rumoured');
select booking.record_event(:t, 'refused');
select booking.record_event(:t, 'booked', code => 'BK001');
select booking.record_event(:t, 'booked', detail => '[]');
select booking.record_event(:t, 'booked', booking_id => :'h');
\set VERBOSITY default

-- What is refused is told, with what was in the way; a renewal, a release and what only reads tell nothing.
create view refused as
select e.code, e.detail ->> 'asked' as asked, e.detail ->> 'starts_at' as starts_at, e.booking_id is not null as booking,
    e.hold_id is not null as hold, k.key as in_the_way
from booking.booking_event e
left join lateral jsonb_object_keys(e.detail -> 'in_the_way') k (key) on true
where e.kind = 'refused'
order by e.at;
set request.headers to '';
select hold_id as g from booking.hold(:t, :'visit', '2100-01-05 09:00', 'session-a-0123456789') \gset
select code from booking.try_hold(:t, :'visit', '2100-01-05 09:00', 'session-b-0123456789');
select code from booking.try_hold(:t, :'visit', '2100-01-05 09:07', 'session-b-0123456789');
select code from booking.try_book(:t, :'g', 'session-b-0123456789');
select status from booking.try_book(:t, :'g', 'session-a-0123456789');
select code from booking.try_book(:t, service => :'visit', starts_at => '2100-01-05 09:00');
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :'room', '[2100-01-05 12:00+00,2100-01-05 13:00+00)');
select code from booking.try_book(:t, service => :'visit', starts_at => '2100-01-05 12:00');
select code from booking.try_hold_many(:t, :'visit', array['2100-01-05 12:00', '2100-01-05 14:00']::timestamptz[], 'session-b-0123456789');
select code from booking.try_cancel(:t, :'b');
select code from booking.try_complete(:t, (select booking_id from booking.booking where status = 'confirmed'));
select code from booking.try_reschedule(:t, (select booking_id from booking.booking where status = 'confirmed'), '2100-01-05 12:00');
select code from booking.try_reschedule(:t, :'b', '2100-01-05 12:00');
select code from booking.try_approve(:t, :'b');
select code from booking.try_release(:t, :'g', 'session-b-0123456789');
begin read only;
select code from booking.try_hold(:t, :'visit', '2100-01-05 09:00', 'session-b-0123456789');
commit;
select * from refused;
select actor = 'role:' || session_user as role from booking.booking_event where detail ->> 'asked' = 'book' and code = 'BK001' limit 1;
-- A raising form leaves no event, also where its error is caught; none of them tries.
truncate booking.booking_event;
do $$
begin
    perform booking.cancel('00000000-0000-0000-0000-000000000001', booking_id) from booking.booking where status = 'cancelled';
exception when sqlstate 'BK005' then
end
$$;
select count(*) from booking.booking_event;
select p.proname as neither_refuses_nor_records
from pg_proc p
where p.pronamespace = 'booking'::regnamespace and p.proconfig::text !~ 'booking.raising=on'
    and exists (
        select
        from pg_proc t
        where t.pronamespace = p.pronamespace and t.proname in ('try_' || p.proname, regexp_replace(p.proname, '^public_', 'public_try_')) and t.oid <> p.oid)
order by p.proname;

-- Twenty a client and minute, whatever its sessions; the rest is counted, and told when the minute is over. It tells
-- apart: clients, and what they were told.
create function pg_temp.again(client text, session text, minute text, times int)
returns table (code text, count bigint)
language plpgsql
as $$
begin
    perform set_config('booking.client', client, false);
    return query
        select h.code, count(*)
        from generate_series(1, times) n
        cross join lateral booking.try_hold(
            '00000000-0000-0000-0000-000000000001', (select service_id from booking.service), ('2100-01-05 09:' || minute)::timestamptz,
            session || n) h
        group by 1;
end
$$;
delete from booking.refusal_tally;
-- All of it within one minute.
do $$
begin
    if extract(second from clock_timestamp()) > 45 then
        perform pg_sleep(60 - extract(second from clock_timestamp()));
    end if;
end
$$;
select * from pg_temp.again('203.0.113.5', 'session-of-one-0123456789-', '00', 15);
select * from pg_temp.again('203.0.113.5', 'session-of-two-0123456789-', '07', 15);
select * from pg_temp.again('203.0.113.6', 'session-of-two-0123456789-', '00', 1);
select code, count(*) from booking.booking_event group by 1 order by 1;
select counted_by, code, recorded, counted from booking.refusal_tally order by 1, 2;
select booking.tell_refusals() as over;
update booking.refusal_tally set minute = minute - interval '3 minutes';
select booking.tell_refusals() as over, booking.tell_refusals() as again;
select code, actor, detail from booking.booking_event where detail ? 'more' order by 1;
select count(*) from booking.refusal_tally;
-- A prepared transaction keeps nobody waiting.
set lock_timeout = '1s';
begin;
select * from pg_temp.again('203.0.113.7', 'session-of-one-0123456789-', '00', 1);
prepare transaction 'events_refused';
select * from pg_temp.again('203.0.113.7', 'session-of-two-0123456789-', '00', 2);
select recorded from booking.refusal_tally order by 1;
rollback prepared 'events_refused';
reset lock_timeout;
set booking.client to '';

-- A pending booking past its time reads as expired; the upkeep writes it down, once, with all that it kept.
update booking.service set needs_approval = true;
select booking_id as p, status from booking.book(:t, service => :'visit', starts_at => '2100-01-06 09:00') \gset
select booking_id as q, status from booking.book(:t, service => :'visit', starts_at => '2100-01-06 11:00') \gset
select booking.expire_bookings();
update booking.booking set expires_at = now() - interval '1 second' where booking_id in (:'p', :'q');
update booking.hold set expires_at = now() - interval '1 second' where booking_id in (:'p', :'q');
select booking.expire_bookings(1), booking.expire_bookings(1), booking.expire_bookings(1);
select status, expires_at < now() as past from booking.booking where booking_id in (:'p', :'q');
select kind, actor = 'role:' || session_user as role, detail ? 'expires_at' as when from booking.booking_event where kind = 'expired';
select count(*) from booking.hold where booking_id in (:'p', :'q');
select count(*) from booking.booking_event where kind = 'expired';

-- What came to nothing is forgotten after 90 days; what happened to a booking is not.
update booking.booking_event set at = at - interval '91 days';
select count(*) > 0 as of_bookings from booking.booking_event where booking_id is not null;
select count(*) as of_bookings from booking.booking_event where booking_id is not null \gset
insert into booking.booking_event (tenant_id, kind) select tenant_id, 'held' from booking.tenant limit 1;
select booking.prune_events(1) as one;
select count(*) > 0 as the_rest from booking.booking_event where booking_id is null and at < now() - interval '90 days';
call booking.prune();
select count(*) filter (where booking_id is not null) = :of_bookings as all_of_bookings, count(*) filter (where booking_id is null) as young
from booking.booking_event;

-- A booking takes its history along, a tenant all of it.
delete from booking.booking where booking_id = :'b';
select count(*) > 0 as left_over from booking.booking_event;
begin;
set constraints all deferred;
delete from booking.booking;
delete from booking.tenant where tenant_id = :t;
commit;
select count(*) from booking.booking_event;
drop owned by regress_events_member;
drop role regress_events_member;
