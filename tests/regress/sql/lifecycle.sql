-- The life of a booking: pending, approved, paid, confirmed, and its ends; every step that there is, and none besides.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.tenant (tenant_id, slug, name, zone, settings)
values (:t, 't', 'T', 'Europe/Berlin', '{"payment_url": "https://pay.example/{booking_id}"}');
insert into booking.resource (tenant_id, resource_id, slug, name)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n from generate_series(1, 3) n;
\set r1 '''00000000-0000-0000-0000-000000000001'''
\set r2 '''00000000-0000-0000-0000-000000000002'''
\set r3 '''00000000-0000-0000-0000-000000000003'''
select booking.put_service(:t, 'plain', 'Plain', array[60], array[:r1]::uuid[], step => 30) as plain \gset
select booking.put_service(:t, 'asked', 'Asked', array[60], array[:r1]::uuid[], step => 30) as asked \gset
select booking.put_service(:t, 'loose', 'Loose', array[60], array[:r1, :r2]::uuid[], step => 30, strategy => 'any') as loose \gset
select booking.put_service(:t, 'sold', 'Sold', array[60], array[:r1]::uuid[], step => 30) as sold \gset
select booking.put_service(:t, 'both', 'Both', array[60], array[:r3]::uuid[], step => 30) as both \gset
update booking.service set needs_approval = true where slug in ('asked', 'loose', 'both');
update booking.service set pending_blocks = false where slug = 'loose';
update booking.service set price = 12.50, currency = 'EUR' where slug in ('sold', 'both');
create view free as
select s.slug, l.starts_at, l.status
from booking.service s, lateral booking.available_slots(
    s.tenant_id, s.service_id, '2100-01-04 09:00', '2100-01-04 09:01', holds => 'mark') l;
create function at(hour int) returns timestamptz language sql immutable return timestamptz '2100-01-04' + make_interval(hours => hour);

-- Without approval or price a booking is confirmed at once.
select booking_id as b, status, payment_required, payment_url from booking.book(:t, service => :'plain', starts_at => at(7)) \gset plain_
\echo :plain_status :plain_payment_required

-- Approval: pending, in everybody's way, and confirmed with the claims that its hold has kept all along.
select booking_id as b, status, payment_required from booking.book(:t, service => :'asked', starts_at => at(9), customer => '{"email": "A@x.org"}') \gset
\echo :status :payment_required
select slug, status from free where slug in ('plain', 'asked') order by slug;
select code from booking.try_book(:t, service => :'plain', starts_at => at(9));
select session_hash is null as nobodys, booking_id = :'b' as its_own, expires_at = (select expires_at from booking.booking where booking_id = :'b') as as_long
from booking.hold;
select id as claim from booking.claim where hold_id is not null \gset
select status, code from booking.try_approve(:t, :'b');
select booking_id = :'b' as same_claim from booking.claim where id = :'claim';
select slug, status from free where slug in ('plain', 'asked') order by slug;
select status, code, detail from booking.try_approve(:t, :'b');
select status, code, detail from booking.try_decline(:t, :'b');

-- A pending booking that lapsed has expired, whoever looks, and whether or not anybody wrote it down.
select booking_id as b from booking.book(:t, service => :'asked', starts_at => at(11)) \gset
update booking.booking set expires_at = clock_timestamp() where booking_id = :'b';
update booking.hold set expires_at = clock_timestamp() where booking_id = :'b';
select code from booking.try_hold(:t, :'plain', at(11), 'session-of-another-1');
select code, detail from booking.try_approve(:t, :'b');
select code, detail from booking.try_cancel(:t, :'b');
update booking.booking set status = 'cancelled' where booking_id = :'b';
update booking.booking set status = 'expired' where booking_id = :'b';
select code, detail from booking.try_decline(:t, :'b');

-- Declined: free at once.
select booking_id as b from booking.book(:t, service => :'asked', starts_at => at(13)) \gset
select status from booking.decline(:t, :'b', 'closed that day');
select code from booking.try_hold(:t, :'plain', at(13), 'session-of-another-2');
select kind, detail ->> 'reason' as reason from booking.booking_event where booking_id = :'b' order by at;

-- Two pending requests for one slot: both may ask, one is confirmed; the other has whoever else is free, then nobody.
select booking_id as first, status from booking.book(:t, service => :'loose', starts_at => at(15)) \gset
select booking_id as second from booking.book(:t, service => :'loose', starts_at => at(15)) \gset
select booking_id as third from booking.book(:t, service => :'loose', starts_at => at(15)) \gset
select count(*) as claims from booking.claim c join booking.booking b using (booking_id) where b.service_id = :'loose';
select status from booking.approve(:t, :'first');
select status from booking.approve(:t, :'second');
select status, code from booking.try_approve(:t, :'third');
select right(r.resource_id::text, 1) as resource, b.status
from booking.booking b
join booking.booking_resource r using (tenant_id, booking_id)
where b.service_id = :'loose' order by b.created_at;
select booking_id, sum(booked) from (select null as booking_id, booked from booking.requirement_resource where service_id = :'loose') x group by 1;
select status from booking.decline(:t, :'third');

-- A price: pending until it is paid, each payment counted once.
select booking_id as b, status, payment_required, payment_url = 'https://pay.example/' || booking_id as url
from booking.book(:t, service => :'sold', starts_at => at(17)) \gset
\echo :status :payment_required :url
select status, payment_required, code, detail from booking.record_payment(:t, :'b', 'pi_1', 2.5);
select status, payment_required, code, detail from booking.record_payment(:t, :'b', 'pi_1', 2.5);
select code from booking.try_record_payment(:t, :'b', 'pi_1', 3);
select status, code from booking.record_payment(:t, :'b', 'pi_2', currency => 'USD');
select status, payment_required, payment_url, code, detail from booking.record_payment(:t, :'b', 'pi_2');
select reference, amount, currency from booking.payment order by reference;
select status, detail from booking.record_payment(:t, :'b', 'pi_3', 5);
select booking_id as other from booking.book(:t, service => :'sold', starts_at => at(19)) \gset
select code from booking.try_record_payment(:t, :'other', 'pi_2');
select booking.record_payment(:t, :'plain_b', 'pi_9');
-- Money that nobody asked for is known as well.
select status, code, detail from booking.record_payment(:t, :'plain_b', 'pi_9', 7, 'CHF');
select status, code, detail from booking.record_payment(:t, :'plain_b', 'pi_9', 7, 'CHF');
select booking.record_payment(:t, :'plain_b', 'pi_10', 7, 'EUR');
select booking.record_payment(:t, :'other', null);

-- Paid too late, and still free: confirmed. Paid too late, and gone: it is known all the same, and is to be refunded.
update booking.booking set expires_at = clock_timestamp() where booking_id = :'other';
update booking.hold set expires_at = clock_timestamp() where booking_id = :'other';
select status, code, detail from booking.record_payment(:t, :'other', 'late_1');
select booking_id as gone from booking.book(:t, service => :'sold', starts_at => at(21)) \gset
update booking.booking set expires_at = clock_timestamp() where booking_id = :'gone';
update booking.hold set expires_at = clock_timestamp() where booking_id = :'gone';
select status from booking.book(:t, service => :'plain', starts_at => at(21));
select status, code, detail from booking.record_payment(:t, :'gone', 'late_2');
select status, code, detail from booking.record_payment(:t, :'gone', 'late_2');
select count(*) from booking.payment where booking_id = :'gone';
select status, detail from booking.cancel(:t, :'b');
select status, detail from booking.record_payment(:t, :'b', 'late_3', 1);

-- Both: approved first, then as long for its payment as that may take.
select booking_id as b, status, payment_required from booking.book(:t, service => :'both', starts_at => at(9)) \gset
\echo :status :payment_required
select status, payment_required from booking.record_payment(:t, :'b', 'early', 10);
select status, payment_required from booking.approve(:t, :'b');
select h.expires_at = b.expires_at as as_long, b.expires_at < clock_timestamp() + interval '31 minutes' as soon
from booking.booking b join booking.hold h using (booking_id) where b.booking_id = :'b';
select status, payment_required from booking.record_payment(:t, :'b', 'rest');
select booking_id as b from booking.book(:t, service => :'both', starts_at => at(11)) \gset
select status from booking.record_payment(:t, :'b', 'ahead');
select status from booking.approve(:t, :'b');
-- No money stands in for an approval that never came.
select booking_id as b from booking.book(:t, service => :'both', starts_at => at(13)) \gset
select status from booking.record_payment(:t, :'b', 'hopeful');
update booking.booking set expires_at = clock_timestamp() where booking_id = :'b';
update booking.hold set expires_at = clock_timestamp() where booking_id = :'b';
select status, detail from booking.record_payment(:t, :'b', 'hopeful');
select code, detail from booking.try_approve(:t, :'b');

-- Nothing waits longer than it would last.
update booking.service set approval_ttl = '90 days' where service_id = :'both';
select booking_id as b from booking.book(:t, service => :'both', starts_at => date_trunc('hour', now()) + interval '20 hours') \gset
select expires_at = upper(span) as at_its_end from booking.booking where booking_id = :'b';
update booking.service set payment_ttl = '90 days' where service_id = :'both';
select status from booking.approve(:t, :'b');
select expires_at = upper(span) as at_its_end from booking.booking where booking_id = :'b';

-- A busy window that came meanwhile: approval is refused, a payment is known.
select booking_id as b from booking.book(:t, service => :'asked', starts_at => timestamptz '2100-01-05 09:00') \gset
select booking_id as p from booking.book(:t, service => :'sold', starts_at => timestamptz '2100-01-05 11:00') \gset
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :r1, '[2100-01-05 08:00,2100-01-05 12:00)');
select code from booking.try_approve(:t, :'b');
select status, code, detail from booking.record_payment(:t, :'p', 'busy_1');
delete from booking.busy_window;
select status, code, detail from booking.record_payment(:t, :'p', 'busy_1');
select count(*) as told_once from booking.booking_event where booking_id = :'p' and kind = 'paid';

-- Its ends: nothing completes before it began, nothing is cancelled after it ended.
select code, detail from booking.try_complete(:t, :'plain_b');
update booking.booking set span = '[2020-01-01 09:00,2020-01-01 10:00)' where booking_id = :'plain_b';
select status from booking.mark_no_show(:t, :'plain_b');
select status from booking.complete(:t, :'plain_b');
select booking.cancel(:t, :'plain_b');
select booking.complete(:t, :'plain_b');
select booking.approve(:t, '00000000-0000-0000-0000-00000000000f');
select booking_id as b from booking.book(:t, service => :'plain', starts_at => timestamptz '2100-01-06 09:00') \gset
select status from booking.cancel(:t, :'b');
select booking.cancel(:t, :'b');

-- The guard stands before every writer: what the table of steps does not have is refused, by whatever statement.
create temp table step as
select f.status as from_status, t.status as to_status, null::text as code
from unnest(array['pending', 'confirmed', 'cancelled', 'declined', 'completed', 'no_show', 'expired']) f (status),
    unnest(array['pending', 'confirmed', 'cancelled', 'declined', 'completed', 'no_show', 'expired']) t (status)
where f.status <> t.status;
do $$
declare
    v_step step;
    v_booking uuid;
begin
    for v_step in select * from step loop
        insert into booking.booking (tenant_id, service_id, status, span)
        select s.tenant_id, s.service_id, v_step.from_status, '[2100-03-01 09:00,2100-03-01 10:00)' from booking.service s where s.slug = 'plain'
        returning booking_id into v_booking;
        begin
            update booking.booking set status = v_step.to_status where booking_id = v_booking;
            update step set code = 'done' where (from_status, to_status) = (v_step.from_status, v_step.to_status);
        exception when others then
            update step set code = sqlstate || ' ' || sqlerrm where (from_status, to_status) = (v_step.from_status, v_step.to_status);
        end;
        delete from booking.booking where booking_id = v_booking;
    end loop;
end
$$;
select from_status, to_status, code from step
where (from_status, to_status) in (select from_status, to_status from booking.transitions())
order by 1, 2;
select count(*) as refused from step where code = 'BK005 not possible in this state'
    and (from_status, to_status) not in (select from_status, to_status from booking.transitions());

-- A pending one that is set to confirmed by hand gets what its hold kept.
select booking_id as b from booking.book(:t, service => :'asked', starts_at => timestamptz '2100-01-07 09:00') \gset
update booking.booking set status = 'confirmed' where booking_id = :'b';
select count(*) as claims from booking.claim where booking_id = :'b';
select b.expires_at, b.needs_approval from booking.booking b where booking_id = :'b';

-- What lived when its approval began is approved, however long that takes.
create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(1.3); return new; end $$;
create trigger _050_slow before update of status on booking.booking for each row execute function slow();
select booking_id as b from booking.book(:t, service => :'asked', starts_at => timestamptz '2100-01-07 11:00') \gset
with pending as (
    update booking.booking set expires_at = clock_timestamp() + interval '1 second' where booking_id = :'b' returning expires_at)
update booking.hold set expires_at = pending.expires_at from pending where booking_id = :'b';
select status, code from booking.try_approve(:t, :'b');
drop trigger _050_slow on booking.booking;

-- Limits count a pending booking once, not its hold besides.
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'asked', 'day', 2);
select code from booking.try_book(:t, service => :'asked', starts_at => timestamptz '2100-01-08 09:00');
select code from booking.try_book(:t, service => :'asked', starts_at => timestamptz '2100-01-08 11:00');
select code from booking.try_book(:t, service => :'asked', starts_at => timestamptz '2100-01-08 13:00');

-- A customer who is to be forgotten: what was booked stays, who booked it does not.
delete from booking.booking_event where kind = 'refused';
select booking.record_event(:t, 'refused', service => :'asked', code => 'BK001');
update booking.booking_event set actor = 'a@x.org', detail = '{"reason": "Ada is ill", "starts_at": "then"}' where kind = 'refused';
select bookings from booking.erase_customer(:t, ' a@X.org');
select bookings from booking.erase_customer(:t, 'a@x.org');
select actor, detail ->> 'starts_at' as starts_at from booking.booking_event where kind = 'refused' and actor is null;
select customer, customer_key, status from booking.booking b join booking.booking_event e using (tenant_id, booking_id) where e.kind = 'erased';
select bookings from booking.erase_customer(:t, 'a@x.org');
select booking.erase_customer(:t, null);

-- Nothing drifted, and the shares are those of what is confirmed.
select * from booking.verify(:t);
select s.slug, right(m.resource_id::text, 1) as resource, m.booked, count(b.booking_id) filter (where b.status in ('confirmed', 'completed', 'no_show')) as confirmed
from booking.requirement_resource m
join booking.service s using (tenant_id, service_id)
left join booking.booking_resource r using (tenant_id, resource_id)
left join booking.booking b on b.tenant_id = r.tenant_id and b.booking_id = r.booking_id and b.service_id = m.service_id
group by s.slug, m.resource_id, m.booked order by 1, 2;
