-- Manage tokens: what a booking's bearer may see and do, what nobody else may, and that all who may not hear the same.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, settings)
values ('00000000-0000-0000-0000-000000000001', 'open', 'Open', '{"manage_url": "https://open.example/b?t={token}#top"}'),
    ('00000000-0000-0000-0000-000000000002', 'other', 'Other', '{}');
insert into booking.location (tenant_id, location_id, slug, name)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000001a', 'attic', 'The attic'),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000001b', 'beach', 'The beach');
insert into booking.resource (tenant_id, resource_id, slug, name, public, location_id)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 'ann', 'Ann', true, '00000000-0000-0000-0000-00000000001a'),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 'boiler', 'The boiler', false, '00000000-0000-0000-0000-00000000001b'),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000c', 'c', 'C', true, null);
\set t '''00000000-0000-0000-0000-000000000001'''
\set u '''00000000-0000-0000-0000-000000000002'''
select booking.put_service(:t, 'cut', 'Cut', array[60], array['00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b']::uuid[], pick => 2) as cut \gset
select booking.put_service(:u, 'cut', 'Cut', array[60], array['00000000-0000-0000-0000-00000000000c']::uuid[]) as foreign \gset
create role regress_booking_tokens;
create role regress_booking_tokens_member;
select booking.grant_access('regress_booking_tokens', 'regress_booking_tokens_member');

-- A booking comes with a token, of which only the hash is kept, and the tenant's page for it.
select booking_id as b, manage_token as token, manage_url from booking.book(:t, service => :'cut', starts_at => '2100-01-04 09:00') \gset
select :'token' ~ '^[A-Za-z0-9_-]{43}$' as form, :'manage_url' = 'https://open.example/b?t=' || :'token' || '#top' as url;
select booking_id = :'b' as mine, token_hash = sha256(:'token'), scopes, expires_at, revoked_at from booking.booking_token;
select booking_id as of_other, manage_token as of_other_token, manage_url from booking.book(:u, service => :'foreign', starts_at => '2100-01-04 09:00') \gset
select :{?manage_url} as a_tenant_without_a_page_has_none;
-- 10,000 are all different, none is another's beginning.
select count(distinct t), count(distinct left(t, 20)), min(length(t)), max(length(t))
from (select booking.new_token() as t from generate_series(1, 10000)) s;
\set VERBOSITY sqlstate
update booking.tenant set settings = '{"manage_url": "https://open.example/"}';
update booking.tenant set settings = '{"manage_url": "javascript:alert({token})"}';
update booking.tenant set settings = '{"manage_url": 5}';
\set VERBOSITY default

-- Its bearer sees it: names of what is public, and what may still be done.
set role regress_booking_tokens;
\x on
select booking_id = :'b' as mine, service, status, starts_at, ends_at, zone, seats, resources, location, price, currency, payment_required,
    expires_at, may_cancel, cancel_until, may_reschedule, reschedule_until, code, detail
from booking_api.show('open', :'token');
\x off
-- It only reads, as a GET does.
begin read only;
select service, code from booking_api.show('open', :'token');
select code from booking_api.try_show('open', 'x');
commit;
-- Whoever may not is told the same, whatever is wrong.
select code, booking_id, service, status from booking_api.try_show('open', :'of_other_token');
select code, detail from booking_api.try_cancel('open', :'of_other_token');
select count(*) as told_apart
from (
    select s::text
    from unnest(array[null, '', ' ', 'x', :'token' || 'x', left(:'token', 42), upper(:'token'), :'b', repeat('é', 5000), E'\x01\x02',
        '"; drop table', :'of_other_token', encode(sha256(:'token'), 'hex')]) w, booking_api.try_show('open', w) s
    union
    select s::text from booking_api.try_show('other', :'token') s) a;
\set VERBOSITY sqlstate
select booking_api.show('open', 'x');
select booking_api.cancel('open', 'x');
select booking_api.cancel('open', null);
select booking_api.show('other', :'token');
select booking_api.show('nobody', :'token');
select booking_api.try_cancel(null, null);
-- The engine behind it stays shut.
select booking.issue_token(:t, :'b');
select booking.booking_of_token(:t, :'token', 'show');
select token_hash from booking.booking_token;
\set VERBOSITY default
reset role;

-- Several, each for what it is for; revoked one by one or together; sooner expired than the booking.
select token_id as seen_id, manage_token as seen, manage_url is not null as url from booking.issue_token(:t, :'b', '{show}') \gset
select manage_token as once from booking.issue_token(:t, :'b', '{cancel}') \gset
select manage_token as soon from booking.issue_token(:t, :'b', expires_at => '2100-01-01') \gset
select manage_token as over from booking.issue_token(:t, :'b', expires_at => '2000-01-01') \gset
select may_cancel, may_reschedule, cancel_until, code from booking_api.try_show('open', :'seen');
select code from booking_api.try_cancel('open', :'seen');
select code from booking_api.try_show('open', :'once');
select code from booking_api.try_show('open', :'soon');
select code from booking_api.try_show('open', :'over');
select code from booking_api.try_cancel('open', :'over');
select booking.revoke_tokens(:t, :'b', :'seen_id'), booking.revoke_tokens(:t, :'b', :'seen_id'), booking.revoke_tokens(:u, :'b');
select code from booking_api.try_show('open', :'seen');
select code from booking_api.try_show('open', :'token');
\set VERBOSITY sqlstate
select booking.issue_token(:t, :'b', '{}');
select booking.issue_token(:t, :'b', '{show,pay}');
select booking.issue_token(:t, :'b', array['show', null]);
select booking.issue_token(:u, :'b');
\set VERBOSITY default

-- Notice: a customer may cancel in time only, whoever runs the tenant always may.
update booking.service set cancel_notice = '3 hours', reschedule_notice = '1 hour' where service_id = :'cut';
update booking.booking set span = tstzrange(now() + interval '2 hours', now() + interval '3 hours') where booking_id = :'b';
select may_cancel, cancel_until = starts_at - interval '3 hours' as cancel_until, may_reschedule,
    reschedule_until = starts_at - interval '1 hour' as reschedule_until
from booking_api.show('open', :'token');
select code, detail ->> 'reason' as reason, (detail ->> 'until')::timestamptz < now() as passed from booking_api.try_cancel('open', :'once');
do $$
declare
    v_detail text;
begin
    perform booking_api.cancel('open', (booking.issue_token(tenant_id, booking_id)).manage_token)
    from booking.booking where tenant_id = '00000000-0000-0000-0000-000000000001';
exception when others then
    get stacked diagnostics v_detail = pg_exception_detail;
    raise warning '% % %', sqlstate, sqlerrm, v_detail::jsonb - 'until';
end
$$;
select status from booking.booking where booking_id = :'b';
update booking.service set cancel_notice = '1 hour' where service_id = :'cut';
set role regress_booking_tokens;
select booking_id = :'b' as mine, status, manage_token, code from booking_api.cancel('open', :'once', E'cannot come\x01');
select code, detail from booking_api.try_cancel('open', :'once');
select status, may_cancel, cancel_until, may_reschedule from booking_api.show('open', :'token');
reset role;
select kind, detail ->> 'reason' as reason from booking.booking_event where booking_id = :'b' order by at;
select booking.revoke_tokens(:t, :'b');
select code from booking_api.try_show('open', :'token');

-- The owner after the notice.
select booking_id as c, manage_token as token_c from booking.book(:t, service => :'cut', starts_at => '2100-01-05 09:00') \gset
update booking.booking set span = tstzrange(now() + interval '2 hours', now() + interval '3 hours') where booking_id = :'c';
update booking.service set cancel_notice = '3 hours' where service_id = :'cut';
select code from booking_api.try_cancel('open', :'token_c');
select status from booking.cancel(:t, :'c');
update booking.service set cancel_notice = '0' where service_id = :'cut';

-- A token follows its booking: it ends 30 days after it, wherever that is moved.
select booking_id as d, manage_token as token_d from booking.book(:t, service => :'cut', starts_at => '2100-01-06 09:00') \gset
update booking.booking set span = tstzrange(now() - interval '29 days 1 hour', now() - interval '29 days') where booking_id = :'d';
select status, may_cancel, code from booking_api.try_show('open', :'token_d');
select code, detail ->> 'reason' as reason from booking_api.try_cancel('open', :'token_d');
update booking.booking set span = tstzrange(now() - interval '30 days 1 hour', now() - interval '30 days') where booking_id = :'d';
select status, code from booking_api.try_show('open', :'token_d');
-- By then nothing is left of it to be kept.
begin;
select booking.prune_tokens(10);
select count(*) as left, count(*) filter (where booking_id = :'d') as of_this from booking.booking_token;
rollback;
update booking.booking set span = '[2100-01-06 09:00,2100-01-06 10:00)' where booking_id = :'d';

-- Pending: what is still to be paid, until when; lapsed, it reads as expired and can't be cancelled.
set session_replication_role = replica;
update booking.booking set status = 'pending', price = 20, currency = 'EUR', expires_at = '2100-01-01' where booking_id = :'d';
set session_replication_role = origin;
select status, expires_at, price, currency, payment_required, may_cancel from booking_api.show('open', :'token_d');
update booking.booking set expires_at = now() - interval '1 second' where booking_id = :'d';
select status, expires_at, payment_required, may_cancel from booking_api.show('open', :'token_d');
select code, detail from booking_api.try_cancel('open', :'token_d');
-- An inactive tenant shows nothing; a service that is no longer sold shows its bookings.
update booking.service set active = false, public = false where service_id = :'cut';
select service, status from booking_api.show('open', :'token_d');
update booking.tenant set active = false where slug = 'open';
\set VERBOSITY sqlstate
select booking_api.show('open', :'token_d');
\set VERBOSITY default
update booking.tenant set active = true where slug = 'open';
-- Moved: the token stays good, notice counts from where it was.
update booking.service set active = true, public = true, reschedule_notice = '3 hours' where service_id = :'cut';
select booking_id as e, manage_token as token_e from booking.book(:t, service => :'cut', starts_at => '2100-01-08 09:00') \gset
select manage_token as show_e from booking.issue_token(:t, :'e', '{show,cancel}') \gset
set role regress_booking_tokens;
select booking_id = :'e' as mine, status, starts_at, ends_at, manage_token, code from booking_api.reschedule('open', :'token_e', '2100-01-08 10:00');
select starts_at, may_reschedule from booking_api.show('open', :'token_e');
-- To where it is already: nothing happens.
select starts_at, code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 10:00');
select code from booking_api.try_reschedule('open', :'show_e', '2100-01-08 11:00');
select code from booking_api.try_reschedule('other', :'token_e', '2100-01-08 11:00');
select slot_id from booking_api.available_slots('open', 'cut', '2100-01-08 12:00', '2100-01-08 12:01') \gset
select starts_at, code from booking_api.try_reschedule('open', :'token_e', slot_id => :'slot_id');
select slot_id as foreign_slot from booking_api.available_slots('other', 'cut', '2100-01-08 13:00', '2100-01-08 13:01') \gset
\set VERBOSITY sqlstate
select booking_api.reschedule('open', 'x', '2100-01-08 11:00');
select booking_api.reschedule('open', :'token_e', slot_id => :'foreign_slot');
select booking_api.reschedule('open', :'token_e', slot_id => 'x');
select booking_api.reschedule('open', :'token_e', '2100-01-08 11:00', resource => '00000000-0000-0000-0000-00000000000b');
select booking_api.reschedule('open', :'token_e', '2100-01-08 11:00', resource => '00000000-0000-0000-0000-00000000000c');
select booking_api.reschedule('open', :'token_e');
select booking_api.reschedule('open', :'token_e', '2100-01-08 11:10');
select booking_api.reschedule('open', :'token_e', 'infinity');
select booking_api.reschedule('open', :'token_e', '2100-01-08 11:00', duration => '5 hours');
\set VERBOSITY default
reset role;
-- Once under one key.
select starts_at, code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 14:00', idempotency_key => 'k');
select starts_at, code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 15:00', idempotency_key => 'l');
select starts_at, code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 14:00', idempotency_key => 'k');
select starts_at, code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 16:00', idempotency_key => 'k');
select lower(span) as stays from booking.booking where booking_id = :'e';
select kind, detail ->> 'from' as from, detail ->> 'starts_at' as starts_at from booking.booking_event where booking_id = :'e' order by at;
-- Too late, or of a service that is no longer sold.
update booking.booking set span = tstzrange(now() + interval '2 hours', now() + interval '3 hours') where booking_id = :'e';
select may_reschedule, may_cancel from booking_api.show('open', :'token_e');
select code, detail ->> 'reason' as reason from booking_api.try_reschedule('open', :'token_e', '2100-01-08 16:00');
update booking.service set reschedule_notice = '0', active = false where service_id = :'cut';
select may_reschedule, may_cancel, reschedule_until is not null as in_time from booking_api.show('open', :'token_e');
select code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 16:00');
update booking.service set active = true where service_id = :'cut';
select starts_at, code from booking_api.try_reschedule('open', :'token_e', '2100-01-08 16:00');
select status from booking_api.cancel('open', :'token_e');
select code, detail from booking_api.try_reschedule('open', :'token_e', '2100-01-08 17:00');

-- With the booking go its tokens.
delete from booking.booking where booking_id = :'d';
select code from booking_api.try_show('open', :'token_d');

-- Where its window is, else where the resource stands.
update booking.service set active = true, public = true where service_id = :'cut';
select booking.put_hours(:t, '00000000-0000-0000-0000-00000000000a', 'Mo-Su 08:00-20:00') as hours \gset
update booking.schedule_rule set location_id = '00000000-0000-0000-0000-00000000001b' where schedule_id = :'hours' and weekday = 4;
select manage_token as wednesday from booking.book(:t, service => :'cut', starts_at => '2100-01-06 09:00') \gset
select manage_token as thursday from booking.book(:t, service => :'cut', starts_at => '2100-01-07 09:00') \gset
select s.location, s.location_id, s.starts_at from unnest(array[:'wednesday', :'thursday']) a, booking_api.show('open', a) s;

-- Who a customer is: the sub of who is signed in, which nobody may say about oneself in public; the e-mail; the phone.
set role regress_booking_tokens_member;
do $$
declare
    v record;
begin
    for v in
        select *
        from (
            values (1, '{"sub": "u-1", "role": "authenticated"}', '{"sub": "u-2", "email": "Ada@Example.org"}'::jsonb),
                (2, '{"role": "anon"}', '{"sub": "u-2", "email": "Ada@Example.org"}'),
                (3, '', '{"sub": "u-2", "phone": " 555 "}'), (4, null, '{"sub": "u-2"}'), (5, '{"sub": 5}', null), (6, '{"sub": ""}', null),
                (7, '[1]', null), (8, '"sub"', null), (9, '{"sub": "u-1"}', null)) v (n, claims, customer)
    loop
        perform set_config('request.jwt.claims', v.claims, true);
        perform booking_api.book(
            'open', service => 'cut', starts_at => timestamptz '2100-01-10 07:00' + v.n * interval '1 hour',
            customer => v.customer);
    end loop;
end
$$;
reset role;
select extract(hour from lower(span)) - 7 as n, customer_key, customer from booking.booking
where span && '[2100-01-10,2100-01-11)' order by span;
-- Claims are believed of who took on the role of members; of anybody else they are no claims, whatever they are.
set request.jwt.claims = '{"sub": "u-1"}';
set role regress_booking_tokens;
select code from booking_api.book('open', service => 'cut', starts_at => '2100-01-11 09:00', customer => '{"phone": "5"}');
set request.jwt.claims = 'not json';
select code from booking_api.book('open', service => 'cut', starts_at => '2100-01-11 10:00', customer => '{"phone": "6"}');
\set VERBOSITY sqlstate
set role regress_booking_tokens_member;
select booking_api.book('open', service => 'cut', starts_at => '2100-01-11 11:00', customer => '{"phone": "7"}');
\set VERBOSITY default
reset role;
reset request.jwt.claims;
select customer_key from booking.booking where span && '[2100-01-11,2100-01-12)' order by span;
-- Direct calls are the application's: it says who it is.
select code from booking.book(:t, service => :'cut', starts_at => '2100-01-12 09:00', customer => '{"sub": "u-2", "email": "a@b"}');
select customer_key from booking.booking where span @> timestamptz '2100-01-12 09:00';
\set VERBOSITY sqlstate
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-12 10:00', customer => jsonb_build_object('email', repeat('x', 321)));
select booking.try_book(:t, service => :'cut', starts_at => '2100-01-12 10:00', customer => jsonb_build_object('name', repeat('x', 10000000)));
select booking_api.try_book('open', service => 'cut', starts_at => '2100-01-12 10:00', customer => jsonb_build_object('name', repeat('x', 10000000)));
select booking_api.try_book('open', service => 'cut', starts_at => '2100-01-12 10:00', customer => '[]');
select booking_api.try_book('open', service => 'cut', starts_at => '2100-01-12 10:00', customer => '{"name": "\ud800"}');
select booking_api.try_book('open', service => 'cut', starts_at => '2100-01-12 10:00', customer => '{"name": "\u0000"}');
\set VERBOSITY default
-- Deep, but small: kept as it is.
select code
from booking_api.book('open', service => 'cut', starts_at => '2100-01-12 10:00',
    customer => (repeat('{"a":', 1000) || '1' || repeat('}', 1000))::jsonb);
select length(customer::text) from booking.booking where span @> timestamptz '2100-01-12 10:00';

drop owned by regress_booking_tokens;
drop role regress_booking_tokens;
drop owned by regress_booking_tokens_member;
drop role regress_booking_tokens_member;
