-- Quotas: how many live holds the public may have, by session, client and service.
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
select booking.put_service(:t, 'one', 'One', array[60], array['00000000-0000-0000-0000-000000000001']::uuid[]) as one \gset
select booking.put_service(:t, 'two', 'Two', array[60], array['00000000-0000-0000-0000-000000000002']::uuid[]) as two \gset
create function session(n int) returns text language sql return 'session-' || lpad(n::text, 12, '0');
create function hold(session int, hour int, service text default 'one', day int default 4)
returns text
language sql
return coalesce((booking_api.try_hold('t', service, timestamptz '2100-01-01' + make_interval(days => day - 1, hours => hour), session(session))).code, 'held');
create procedure lapse(session int)
language sql
as $$ update booking.hold set expires_at = clock_timestamp() - interval '1 s' where session_hash = booking.session_hash(session($1)) $$;

-- By session: ten, of all services together.
select max_session_holds, max_client_holds, max_holds from booking.tenant, booking.service where service.slug = 'one';
select hold(1, h, case when h % 2 = 0 then 'one' else 'two' end) as code, count(*) from generate_series(0, 11) h group by 1 order by 1;
select code, detail ->> 'quota' as quota, detail ->> 'most' as most, (detail ->> 'retry_after')::int between 590 and 600 as retry_after
from booking_api.try_hold('t', 'one', '2100-01-04 20:00', session(1));
-- Renewing one, and moving on from one, are no more.
select hold(1, 0), hold(1, 1, 'one');
select count(*) from booking.hold;
-- One that is let go, booked or lapsed makes room.
select code from booking_api.try_release('t', (select hold_id from booking.hold where lower(span) = '2100-01-04 02:00'), session(1));
select hold(1, 20), hold(1, 21);
select code from booking_api.try_book('t', (select hold_id from booking.hold where lower(span) = '2100-01-04 03:00'), session(1));
select hold(1, 21), hold(1, 22);
update booking.hold set expires_at = clock_timestamp() where lower(span) = '2100-01-04 04:00';
select hold(1, 22), hold(1, 23);
-- Another session is another.
select hold(2, 23);
-- What lapsed comes back as far as there is room, the first held first.
call lapse(1);
select hold(1, h, 'two', 5) as code, count(*) from generate_series(0, 7) h group by 1;
select status, code, count(*) from booking_api.try_heartbeat('t', session(1)) group by 1, 2 order by 1, 2;
-- Several at once count as several; those that it has already, once.
select hold(3, 0, day => 6);
select starts_at, code, detail ->> 'quota' as quota
from booking_api.try_hold_many('t', 'one', array(select timestamptz '2100-01-06' + make_interval(hours => h) from generate_series(0, 10) h), session(3));
select count(*), max(code) as code
from booking_api.try_hold_many('t', 'one', array(select timestamptz '2100-01-06' + make_interval(hours => h) from generate_series(0, 9) h), session(3));
-- The engine itself asks nobody; so an application's own code may hold for its users.
select code from booking.try_hold(:t, :'one', '2100-01-07 10:00', session(3));
select count(*) from booking.try_heartbeat(:t, session(3)) where code is null;
\set VERBOSITY sqlstate
select booking_api.hold('t', 'one', '2100-01-07 11:00', session(3));
select booking_api.hold_many('t', 'one', array['2100-01-07 11:00']::timestamptz[], session(3));
\set VERBOSITY default

-- By client, whatever its sessions.
delete from booking.hold;
update booking.tenant set max_client_holds = 3;
begin;
set local booking.client = '192.0.2.1';
select hold(10 + h, h, day => 8) from generate_series(1, 4) h;
select client, count(*) from booking.hold group by client;
-- Moving on and renewing are no more; another client is another, and one of whom nothing is known is asked by session only.
select hold(11, 1, day => 8);
update booking.service set step = 30 where slug = 'one';
select code from booking_api.try_hold('t', 'one', '2100-01-08 00:30', session(11));
set local booking.client = '192.0.2.2';
select hold(20, 10, day => 8);
set local booking.client = '';
select hold(21 + h, 11 + h, day => 8) from generate_series(1, 4) h;
-- Direct bookings are no holds.
set local booking.client = '192.0.2.1';
select code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-08 11:00', session_id => session(14));
-- What lapsed comes back only where its client has room.
update booking.hold set expires_at = clock_timestamp() - interval '1 s' where client = '192.0.2.1';
select hold(30 + h, 20 + h, 'two', 8) from generate_series(1, 2) h;
select s, b.status, b.code from generate_series(12, 13) s, booking_api.try_heartbeat('t', session(s)) b;
rollback;
-- A pending booking that blocks keeps its slot as a hold does, and longer: its client has one the less, however it came about.
begin;
update booking.service set price = 10, currency = 'EUR' where slug = 'two';
set local booking.client = '192.0.2.3';
select hold(47, 1, 'two', 9);
select code from booking_api.try_book('t', (select hold_id from booking.hold where client = '192.0.2.3'), session(47));
select booking_id, code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 02:00') \gset pending_
select hold(47, 3, 'two', 9);
select code, detail ->> 'quota' as quota
from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 04:00', session_id => session(47), idempotency_key => 'k');
select code from booking_api.try_book('t', gen_random_uuid(), session(47), 'two', '2100-01-09 04:00', if_still_free => true);
select hold(48, 5, 'two', 9);
-- The slot that it holds is no more, and what does not wait is no hold; paid for, it is none either.
select code from booking_api.try_book('t', service => 'one', starts_at => '2100-01-09 04:00');
select code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 03:00', session_id => session(47));
select status from booking.record_payment(:t, :'pending_booking_id', 'paid');
select code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 04:00', session_id => session(47), idempotency_key => 'k');
-- Somebody else, or nobody that anything is known of; and where it does not block.
set local booking.client = '192.0.2.4';
select code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 06:00');
set local booking.client = '';
select code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 07:00');
set local booking.client = '192.0.2.3';
update booking.service set pending_blocks = false where slug = 'two';
select code from booking_api.try_book('t', service => 'two', starts_at => '2100-01-09 08:00');
rollback;

-- By service, whoever they are; what the tenant keeps for itself does not count.
update booking.service set max_holds = 2 where slug = 'one';
insert into booking.hold (tenant_id, service_id, span, expires_at)
values (:t, :'one', '[2100-01-09 09:00, 2100-01-09 10:00)', clock_timestamp() + interval '1 day');
select hold(40 + h, h, day => 10) from generate_series(1, 3) h;
select hold(44, 4, 'two', day => 10);
select detail ->> 'quota' as quota from booking_api.try_hold('t', 'one', '2100-01-10 20:00', session(45));
-- Moving on is no more.
select hold(42, 5, day => 10);
update booking.service set step = 30 where slug = 'one';
select code from booking_api.try_hold('t', 'one', '2100-01-10 00:30', session(41));
update booking.service set max_holds = null where slug = 'one';
select hold(43, 3, day => 10);
-- How many there are, for whoever watches over the site; it stops where it was told to.
select booking.count_live_holds() = (select count(*) from booking.hold where expires_at > now()) as all_that_live,
    booking.count_live_holds() > 3 as more_than_three, booking.count_live_holds(at_most => 3) as three;
begin;
update booking.hold set expires_at = now() - interval '1 s' where booking_id is null;
select booking.count_live_holds() as none;
rollback;

-- None at all: the public books directly, or not.
update booking.tenant set max_session_holds = 0;
select hold(46, 6, day => 10);
select code from booking_api.try_book('t', service => 'one', starts_at => '2100-01-10 06:00');
\set VERBOSITY sqlstate
update booking.tenant set max_session_holds = -1;
update booking.service set max_holds = -1;
