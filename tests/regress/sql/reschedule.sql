-- A booking that moves, in time or to other people: what it keeps, what it may overlap, and what refuses it.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set t '''00000000-0000-0000-0000-000000000001'''
insert into booking.tenant (tenant_id, slug, name, zone) values (:t, 't', 'T', 'UTC');
insert into booking.resource (tenant_id, resource_id, slug, name)
select :t, ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'r' || n, 'R' || n from generate_series(1, 4) n;
\set r1 '''00000000-0000-0000-0000-000000000001'''
\set r2 '''00000000-0000-0000-0000-000000000002'''
\set r3 '''00000000-0000-0000-0000-000000000003'''
\set r4 '''00000000-0000-0000-0000-000000000004'''
select booking.put_service(:t, 'one', 'One', array[60, 120], array[:r1]::uuid[], step => 30, buffer_after => 15) as one \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array[:r1, :r2, :r3]::uuid[], step => 30) as pool \gset
select booking.put_service(:t, 'pair', 'Pair', array[60], array[:r2, :r3, :r4]::uuid[], pick => 2, step => 30) as pair \gset
select booking.recompute(:t, from_ts => '2100-01-01', to_ts => '2100-02-01') > 0 as stored;
create function at(hours numeric) returns timestamptz language sql immutable return timestamptz '2100-01-04' + hours * interval '1 hour';
create function of(b uuid) returns text language sql return
    (select format('%s %s %s', to_char(lower(span), 'DD HH24:MI'), status, (
            select string_agg(right(resource_id::text, 1), ',' order by resource_id) from booking.booking_resource r where r.booking_id = b.booking_id))
     from booking.booking b where b.booking_id = of.b);

-- It overlaps itself, and keeps its id; what it left is free, what it has is taken.
select booking_id as b from booking.book(:t, service => :'one', starts_at => at(9)) \gset
select booking_id = :'b' as same, starts_at, ends_at, status, code from booking.reschedule(:t, :'b', at(9.5));
select span from booking.claim;
select to_char(starts_at, 'HH24:MI') as free from booking.available_slots(:t, :'one', at(7), at(12));
select code from booking.try_book(:t, service => :'one', starts_at => at(10));
select kind, detail ->> 'from' as "from", detail ->> 'starts_at' as starts_at from booking.booking_event where booking_id = :'b' order by at;
-- Longer; and to where it is: nothing happens.
select starts_at, ends_at, code from booking.reschedule(:t, :'b', at(9.5), '2 hours');
select starts_at, ends_at, code from booking.reschedule(:t, :'b', at(9.5));
select count(*) as events from booking.booking_event where booking_id = :'b';
select version from booking.booking where booking_id = :'b';

-- Refused, it stays where it was, whole.
select booking_id as wall from booking.book(:t, service => :'one', starts_at => at(14)) \gset
select code from booking.try_reschedule(:t, :'b', at(13));
select code from booking.try_reschedule(:t, :'b', at(13.1));
select code from booking.try_reschedule(:t, :'b', '2020-01-06 09:00');
select code from booking.try_reschedule(:t, :'b', at(16), '45 minutes');
select booking.reschedule(:t, :'b', at(13));
select of(:'b'), (select span from booking.claim where booking_id = :'b') as claimed;
select booking.reschedule(:t, :'b', null);
select booking.reschedule(:t, :'b', 'infinity');
select booking.reschedule(:t, '00000000-0000-0000-0000-00000000000f', at(9));
select booking.reschedule(:t, :'b', at(9), resource => :r4);

-- In a pool: the same member where that is free, another where it is not, a given one where it is.
select booking_id as p, of(booking_id) from booking.book(:t, service => :'pool', starts_at => at(33), resource => :r1) \gset
select booking_id as q from booking.book(:t, service => :'pool', starts_at => at(35), resource => :r1) \gset
select (booking.reschedule(:t, :'p', at(34))).status as moved, of(:'p');
select (booking.reschedule(:t, :'p', at(35))).status as moved, of(:'p');
select (booking.reschedule(:t, :'p', at(35), resource => :r3)).status as moved, of(:'p');
select code from booking.try_reschedule(:t, :'p', at(35), resource => :r1);
select right(resource_id::text, 1) as resource, booked from booking.requirement_resource where service_id = :'pool' order by 1;

-- Staff falls ill: another of the same requirement, the least busy one, or the one that is named.
select of(:'q');
select (booking.reassign(:t, :'q', :r1)).status as moved, of(:'q');
select code from booking.try_reassign(:t, :'q', :r2, :r3);
select (booking.reassign(:t, :'q', :r2, :r1)).status as moved, of(:'q');
select booking.reassign(:t, :'q', :r2);
select booking.reassign(:t, :'q', :r1, :r4);
select of(:'b');
select code from booking.try_reassign(:t, :'b', :r1);
-- Of a team only the one who is missing.
select booking_id as team from booking.book(:t, service => :'pair', starts_at => at(60)) \gset
select of(:'team') as was \gset
select (booking.reassign(:t, :'team', (select resource_id from booking.booking_resource where booking_id = :'team' order by 1 limit 1))).status as moved,
    of(:'team') <> :'was' as other, array_length(string_to_array(split_part(of(:'team'), ' ', 4), ','), 1) as people;
select code from booking.try_reassign(:t, :'team', (select resource_id from booking.booking_resource where booking_id = :'team' order by 1 limit 1),
    (select resource_id from booking.booking_resource where booking_id = :'team' order by 1 desc limit 1));
select kind from booking.booking_event where booking_id = :'team' order by at;
-- With one of a team the rest of it moves along, whoever has fewer bookings: the one who was asked for, or one of those it had.
select booking_id as duo from booking.book(:t, service => :'pair', starts_at => at(62), resource => :r2) \gset
update booking.requirement_resource m set booked = 100
where m.service_id = :'pair' and exists (select from booking.booking_resource r where r.booking_id = :'duo' and r.resource_id = m.resource_id);
select of(:'duo') as was \gset
select split_part(of(:'duo'), ' ', 4) = split_part(:'was', ' ', 4) as same, status from booking.reschedule(:t, :'duo', at(64), resource => :r2);
select (booking.reschedule(:t, :'duo', at(66), resource => m.resource_id)).status as moved
from booking.requirement_resource m
where m.service_id = :'pair' and m.booked < 50;
select count(*) as one_of_those_it_had from booking.booking_resource r join booking.requirement_resource m using (tenant_id, resource_id)
where r.booking_id = :'duo' and m.service_id = :'pair' and m.booked > 50;
select status from booking.cancel(:t, :'duo');
update booking.requirement_resource m set booked = (
    select count(*) from booking.booking_resource r join booking.booking b using (tenant_id, booking_id)
    where r.resource_id = m.resource_id and b.service_id = m.service_id and b.status = 'confirmed')
where m.service_id = :'pair';
-- No notice is too short for that, and no horizon; but nobody else may have them at that time.
update booking.service set min_notice = '9 years', horizon = '1 day' where slug = 'pool';
select (booking.reassign(:t, :'q', :r1)).status as moved, of(:'q');
select code from booking.try_reschedule(:t, :'q', at(40));
update booking.service set min_notice = '0', horizon = null where slug = 'pool';

-- Its own place in a limit is not counted against it, another period's is.
insert into booking.service_limit (tenant_id, service_id, period, max_count) values (:t, :'one', 'day', 2);
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'one', 'customer', 'week', 1);
update booking.booking set customer_key = 'a@x.org' where booking_id = :'b';
select code from booking.try_reschedule(:t, :'b', at(17));
select code from booking.try_book(:t, service => :'one', starts_at => at(24 + 9), customer => '{"email": "b@x.org"}');
select booking_id as o from booking.book(:t, service => :'one', starts_at => at(24 + 11), customer => '{"email": "c@x.org"}') \gset
select code from booking.try_reschedule(:t, :'b', at(24 + 15));
select code from booking.try_reschedule(:t, :'b', at(48 + 15));
select booking_id as next_week from booking.book(:t, service => :'one', starts_at => at(7 * 24 + 9), customer => '{"email": "a@x.org"}') \gset
select code from booking.try_reschedule(:t, :'next_week', at(72 + 15));
delete from booking.service_limit;

-- A pending one moves with the hold that it keeps, and stays as long as it had.
update booking.service set needs_approval = true where slug = 'one';
select booking_id as w from booking.book(:t, service => :'one', starts_at => at(96 + 9)) \gset
select expires_at as until from booking.booking where booking_id = :'w' \gset
select status from booking.reschedule(:t, :'w', at(96 + 9.5));
select b.expires_at = :'until' as as_long, h.expires_at = b.expires_at as its_hold_too, h.span = b.span as same_span
from booking.booking b join booking.hold h using (booking_id) where b.booking_id = :'w';
select code from booking.try_book(:t, service => :'one', starts_at => at(96 + 10));
select status from booking.approve(:t, :'w');
update booking.service set needs_approval = false, pending_blocks = false where slug = 'one';

-- A class: seats go along.
update booking.service set seats = 3 where slug = 'pair';
select booking_id as s from booking.book(:t, service => :'pair', starts_at => at(120 + 9)) \gset
select code from booking.try_book(:t, service => :'pair', starts_at => at(120 + 9));
select code from booking.try_book(:t, service => :'pair', starts_at => at(120 + 11));
select status from booking.reschedule(:t, :'s', at(120 + 11));
select to_char(lower(s.span), 'HH24:MI') as at, count(distinct c.booking_id) as bookings, count(*) as seats
from booking.sitting s join booking.claim c using (tenant_id, sitting_id) where lower(s.span) > at(120) group by 1 order by 1;

-- More seats than the class has by now are not offered anywhere.
select hold_id as h from booking.hold(:t, :'pair', at(120 + 13), 'session-of-a-family-1', seats => 3) \gset
select booking_id as family from booking.book(:t, :'h', 'session-of-a-family-1') \gset
update booking.service set seats = 2 where slug = 'pair';
select code from booking.try_reschedule(:t, :'family', at(120 + 15));
update booking.service set seats = 3 where slug = 'pair';
select code, status from booking.try_reschedule(:t, :'family', at(120 + 15));

-- A stay that was agreed upon goes to another room whatever arrivals others may have by now, and on a night that is longer, too.
select booking.put_service(:t, 'stay', 'Stay', array[60], array[:r1, :r2]::uuid[]) as stay \gset
update booking.service set kind = 'stay', durations = '{2, 3}', step = null, zone = 'Europe/Berlin', check_in = '15:00', check_out = '10:00' where slug = 'stay';
select booking_id as guest, starts_at, ends_at from booking.book(:t, service => :'stay', starts_at => '2100-10-30 14:00+01', duration => '2 days', resource => :r1) \gset guest_
\echo :guest_starts_at :guest_ends_at
update booking.service set check_in = '16:00', check_out = '09:00', arrival_days = '{1}', durations = '{7}' where slug = 'stay';
select code, starts_at, ends_at, of(:'guest_guest') from booking.try_reassign(:t, :'guest_guest', :r1);
-- When it moves in time it is as for anybody.
select code from booking.try_reschedule(:t, :'guest_guest', '2100-11-01 15:00+00');
select code, starts_at, ends_at from booking.try_reschedule(:t, :'guest_guest', '2100-11-01 15:00+00', '7 days');

-- Over, or off: it stays.
update booking.booking set span = '[2020-01-01 09:00,2020-01-01 10:00)' where booking_id = :'wall';
select code, detail from booking.try_reschedule(:t, :'wall', at(200));
select status from booking.cancel(:t, :'q');
select code, detail from booking.try_reschedule(:t, :'q', at(200));
select code, detail from booking.try_reassign(:t, :'q', (select resource_id from booking.booking_resource where booking_id = :'q'));
select * from booking.verify(:t);
select right(m.resource_id::text, 1) as resource, s.slug, m.booked, (
    select count(*) from booking.booking_resource r join booking.booking b using (tenant_id, booking_id)
    where r.resource_id = m.resource_id and b.service_id = m.service_id and b.status = 'confirmed') as confirmed
from booking.requirement_resource m join booking.service s using (tenant_id, service_id) order by 2, 1;
