-- Idempotency keys: a repeat is told what came of the first and does nothing, another request is refused, refusals leave no
-- key, and whose key it is decides.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, settings)
values ('00000000-0000-0000-0000-000000000001', 'open', 'Open', '{"manage_url": "https://open.example/{token}"}'),
    ('00000000-0000-0000-0000-000000000002', 'other', 'Other', '{}');
insert into booking.resource (tenant_id, resource_id, slug, name)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 'a', 'A'),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000b', 'b', 'B');
\set t '''00000000-0000-0000-0000-000000000001'''
\set u '''00000000-0000-0000-0000-000000000002'''
select booking.put_service(:t, 'cut', 'Cut', array[60], array['00000000-0000-0000-0000-00000000000a']::uuid[]) as cut \gset
select booking.put_service(:u, 'cut', 'Cut', array[60], array['00000000-0000-0000-0000-00000000000b']::uuid[]) as other \gset
create role regress_booking_once;
create role regress_booking_once_member;
select booking.grant_access('regress_booking_once', 'regress_booking_once_member');
insert into booking.member (tenant_id, user_id, role) values ('00000000-0000-0000-0000-000000000001', 'm-1', 'manager'), ('00000000-0000-0000-0000-000000000001', 'm-2', 'manager');
create view kept as
select operation, response - 'booking_id' as response, response ->> 'booking_id' = (select max(booking_id::text) from booking.booking) as of_booking
from booking.idempotency;

-- Twice is once. The repeat gets a token of its own; neither is kept.
select booking_id as b, manage_token as one from booking.book(:t, service => :'cut', starts_at => '2100-01-04 09:00', customer => '{"name": "Ada"}', idempotency_key => 'k1') \gset
select booking_id = :'b' as same, status, starts_at, ends_at, manage_token as two, manage_url = 'https://open.example/' || manage_token as url, payment_required, code
from booking.book(:t, service => :'cut', starts_at => '2100-01-04 09:00', customer => '{"name": "Ada"}', idempotency_key => 'k1') \gset
select :'same' as same, :'status' as status, :'starts_at' as starts_at, :'ends_at' as ends_at, :'url' as url, :'one' <> :'two' as another;
select (select count(*) from booking.booking) as bookings, (select count(*) from booking.booking_token) as tokens,
    (select count(*) from booking.booking_event where kind = 'booked') as events;
select * from kept;
select count(*) as secrets from booking.idempotency i where i::text like '%' || :'one' || '%' or i::text like '%k1%' or i::text like '%Ada%';
-- Both tokens work.
select count(*) from unnest(array[:'one', :'two']) k, booking_api.show('open', k) s where s.booking_id = :'b';
-- The same request, however it is written.
set timezone to 'Asia/Tokyo';
set datestyle to 'German';
set intervalstyle to 'iso_8601';
select booking_id = :'b' as same, starts_at = '2100-01-04 09:00Z' as instant
from booking.book(:t, service => :'cut', starts_at => '2100-01-04 18:00', customer => '{ "name" : "Ada" }', idempotency_key => 'k1');
reset datestyle;
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set timezone to 'UTC';
-- Another request.
select code, booking_id from booking.try_book(:t, service => :'cut', starts_at => '2100-01-04 10:00', customer => '{"name": "Ada"}', idempotency_key => 'k1');
select code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-04 09:00', customer => '{"name": "Eve"}', idempotency_key => 'k1');
select code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-04 09:00', duration => '1 hour', customer => '{"name": "Ada"}', idempotency_key => 'k1');
\set VERBOSITY sqlstate
select booking.book(:t, service => :'cut', starts_at => '2100-01-04 10:00', idempotency_key => 'k1');
select booking_api.book('open', service => 'cut', starts_at => '2100-01-04 10:00', idempotency_key => 'k1');
\set VERBOSITY default

-- A refusal leaves no key: the next attempt is judged anew.
select code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-04 09:00', idempotency_key => 'k2');
select count(*) as keys from booking.idempotency;
select status, code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-04 11:00', idempotency_key => 'k2');
-- So does what is rolled back, to a savepoint, too.
begin;
savepoint s;
select status from booking.book(:t, service => :'cut', starts_at => '2100-01-04 12:00', idempotency_key => 'k3');
rollback to s;
select status from booking.book(:t, service => :'cut', starts_at => '2100-01-04 13:00', idempotency_key => 'k3');
select code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-04 12:00', idempotency_key => 'k3');
commit;
-- The answer is that of then: the booking is cancelled meanwhile, or gone; then there is nothing that a token could be for.
select status from booking.cancel(:t, :'b');
select status, manage_token is not null as token from booking.book(:t, service => :'cut', starts_at => '2100-01-04 09:00', customer => '{"name": "Ada"}', idempotency_key => 'k1');
delete from booking.booking where booking_id = :'b';
select status, manage_token, manage_url from booking.book(:t, service => :'cut', starts_at => '2100-01-04 09:00', customer => '{"name": "Ada"}', idempotency_key => 'k1');
-- After a day a key is new, whether or not anything has cleaned up.
update booking.idempotency set created_at = now() - interval '1 day' where response ->> 'booking_id' = :'b';
select booking_id <> :'b' as anew, code from booking.book(:t, service => :'cut', starts_at => '2100-01-04 09:00', customer => '{"name": "Ada"}', idempotency_key => 'k1');
update booking.idempotency set created_at = now() - interval '1 day';
select booking.prune_keys(2), booking.prune_keys(2), booking.prune_keys(2);
select count(*) as keys from booking.idempotency;

-- Whose key it is: of another session, another login, another tenant, another who is signed in, it is another key.
select booking_id as s1 from booking.book(:t, session_id => 'session-1-0123456789', service => :'cut', starts_at => '2100-01-05 09:00', idempotency_key => 'k') \gset
select code from booking.try_book(:t, session_id => 'session-2-0123456789', service => :'cut', starts_at => '2100-01-05 09:00', idempotency_key => 'k');
select code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-05 09:00', idempotency_key => 'k');
select booking_id = :'s1' as same from booking.book(:t, session_id => 'session-1-0123456789', service => :'cut', starts_at => '2100-01-05 09:00', idempotency_key => 'k');
select status from booking.book(:u, session_id => 'session-1-0123456789', service => :'other', starts_at => '2100-01-05 09:00', idempotency_key => 'k');
set role regress_booking_once_member;
set request.jwt.claims = '{"sub": "m-1"}';
select booking_id as m from booking.book(:t, service => :'cut', starts_at => '2100-01-05 10:00', idempotency_key => 'k') \gset
select booking_id = :'m' as same, manage_token is not null as token from booking.book(:t, service => :'cut', starts_at => '2100-01-05 10:00', idempotency_key => 'k');
set request.jwt.claims = '{"sub": "m-2"}';
select code from booking.try_book(:t, service => :'cut', starts_at => '2100-01-05 10:00', idempotency_key => 'k');
reset role;
set request.jwt.claims = '';

-- In public: by session or by who is signed in; without either a stranger's guess would do.
set role regress_booking_once;
\set VERBOSITY sqlstate
select booking_api.try_book('open', service => 'cut', starts_at => '2100-01-06 09:00', idempotency_key => 'k');
\set VERBOSITY default
select booking_id as p, manage_token is not null as token
from booking_api.book('open', service => 'cut', starts_at => '2100-01-06 09:00', session_id => 'session-1-0123456789', idempotency_key => 'p') \gset
select booking_id = :'p' as same, manage_token is not null as token
from booking_api.book('open', service => 'cut', starts_at => '2100-01-06 09:00', session_id => 'session-1-0123456789', idempotency_key => 'p');
select code, manage_token from booking_api.try_book('open', service => 'cut', starts_at => '2100-01-06 09:00', session_id => 'session-2-0123456789', idempotency_key => 'p');
select code from booking_api.try_book('open', service => 'cut', starts_at => '2100-01-06 10:00', session_id => 'session-1-0123456789', idempotency_key => 'p');
\set VERBOSITY sqlstate
select booking_api.book('open', service => 'cut', starts_at => '2100-01-06 10:00', session_id => 'session-1-0123456789', idempotency_key => 'p');
\set VERBOSITY default
-- By hold: the repeat finds no hold any more, and need not.
select hold_id as h from booking_api.hold('open', 'cut', '2100-01-06 11:00', 'session-1-0123456789') \gset
select booking_id as q from booking_api.book('open', :'h', 'session-1-0123456789', idempotency_key => 'q') \gset
select booking_id = :'q' as same from booking_api.book('open', :'h', 'session-1-0123456789', idempotency_key => 'q');
select code from booking_api.try_book('open', :'h', 'session-1-0123456789');
-- By slot_id, and told again when the service is gone; an inactive tenant tells nothing.
select slot_id from booking_api.available_slots('open', 'cut', '2100-01-06 12:00', '2100-01-06 12:01') \gset
select booking_id as r from booking_api.book(slot_id => :'slot_id', session_id => 'session-1-0123456789', idempotency_key => 'r') \gset
set role regress_booking_once_member;
set request.jwt.claims = '{"sub": "u-1"}';
select booking_id as w from booking_api.book('open', service => 'cut', starts_at => '2100-01-06 13:00', idempotency_key => 'w') \gset
select booking_id = :'w' as same from booking_api.book('open', service => 'cut', starts_at => '2100-01-06 13:00', idempotency_key => 'w');
-- Whoever may only say so is not who signed in.
set role regress_booking_once;
\set VERBOSITY sqlstate
select booking_api.try_book('open', service => 'cut', starts_at => '2100-01-06 13:00', idempotency_key => 'w');
set request.jwt.claims = '';
-- A session that is spelt like who is signed in is somebody else, and gets no token by their key.
reset role;
insert into booking.member (tenant_id, user_id, role) values (:t, 'at-the-front-desk', 'manager');
set role regress_booking_once_member;
set request.jwt.claims = '{"sub": "at-the-front-desk"}';
select booking_id as v from booking.book(:t, service => :'cut', starts_at => '2100-01-06 15:00', idempotency_key => 'v') \gset
set request.jwt.claims = '';
set role regress_booking_once;
select code, manage_token
from booking_api.try_book('open', service => :'cut', starts_at => '2100-01-06 15:00', session_id => 'sub:at-the-front-desk', idempotency_key => 'v');
-- A name that is not known leaves no key either.
select booking_api.try_book('open', service => 'nothing', starts_at => '2100-01-06 14:00', session_id => 'session-1-0123456789', idempotency_key => 'n');
select booking_api.try_book('nobody', service => 'cut', starts_at => '2100-01-06 14:00', session_id => 'session-1-0123456789', idempotency_key => 'n');
\set VERBOSITY default
reset role;
update booking.service set public = false, active = false where service_id = :'cut';
select booking_id = :'r' as same from booking_api.book(slot_id => :'slot_id', session_id => 'session-1-0123456789', idempotency_key => 'r');
update booking.service set public = true, active = true where service_id = :'cut';
update booking.tenant set active = false where slug = 'open';
\set VERBOSITY sqlstate
select booking_api.try_book(slot_id => :'slot_id', session_id => 'session-1-0123456789', idempotency_key => 'r');
\set VERBOSITY default
update booking.tenant set active = true where slug = 'open';

-- Cancelling by token: the key is the token's.
select manage_token as token from booking.issue_token(:t, :'p') \gset
select status, code from booking_api.try_cancel('open', :'token', 'ill', 'c');
select status, code, manage_token from booking_api.try_cancel('open', :'token', 'ill', 'c');
select code from booking_api.try_cancel('open', :'token', 'well', 'c');
select code from booking_api.try_cancel('open', :'token', 'ill', 'd');
select code from booking_api.try_cancel('open', 'x', 'ill', 'c');
select booking.revoke_tokens(:t, :'p') > 0 as revoked;
select code from booking_api.try_cancel('open', :'token', 'ill', 'c');
select operation, count(*) from booking.idempotency group by 1 order by 1;

-- Written down as refused, whose key it was.
select code, detail ->> 'asked' as asked, count(*) from booking.booking_event where code in ('BK006', 'BK007') group by 1, 2 order by 1, 2;

-- Bad keys.
\set VERBOSITY sqlstate
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-08 09:00', idempotency_key => '');
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-08 09:00', idempotency_key => repeat('x', 256));
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-08 09:00', idempotency_key => repeat('x', 10000000));
select booking.try_book('00000000-0000-0000-0000-000000000003', service => :'cut', starts_at => '2100-01-08 09:00', idempotency_key => 'k');
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-08 09:00', session_id => 'short', idempotency_key => 'k');
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-08 09:00', customer => '[]', idempotency_key => 'k9');
\set VERBOSITY default
select status from booking.book(:t, service => :'cut', starts_at => '2100-01-08 09:00', idempotency_key => repeat('é', 255));
select status from booking.book(:t, service => :'cut', starts_at => '2100-01-08 10:00', idempotency_key => E'\x01 ''"%\\');
-- With the tenant go its keys.
begin;
set constraints all deferred;
delete from booking.booking;
delete from booking.tenant;
select count(*) as keys from booking.idempotency;
rollback;

drop owned by regress_booking_once;
drop role regress_booking_once;
drop owned by regress_booking_once_member;
drop role regress_booking_once_member;
