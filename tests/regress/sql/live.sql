-- booking_api.feed: what a server with live views reads for whoever looks, by a role that owns nothing. The feed beneath it,
-- and that none is ever left out: feed.sql.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set t '''00000000-0000-0000-0000-000000000001'''
\set seen '''00000000-0000-0000-0000-00000000000a'''
\set hidden '''00000000-0000-0000-0000-00000000000b'''
insert into booking.tenant (tenant_id, slug, name, active)
values (:t, 'open', 'Open', true), ('00000000-0000-0000-0000-000000000002', 'gone', 'Gone', false),
    ('00000000-0000-0000-0000-000000000003', 'other', 'Other', true);
insert into booking.resource (tenant_id, resource_id, slug, name, public)
values (:t, :seen, 'seen', 'Seen', true), (:t, :hidden, 'hidden', 'Hidden', false),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000c', 'c', 'C', true),
    ('00000000-0000-0000-0000-000000000003', :seen, 'd', 'D', true);
select booking.put_service(:t, 'one', 'One', array[60, 90], array[:seen::uuid]) as one,
    booking.put_service(:t, 'pool', 'Pool', array[60], array[:seen, :hidden]::uuid[]) as pool,
    booking.put_service(:t, 'team', 'Team', array[60], array[:seen, :hidden]::uuid[]) as team,
    booking.put_service(:t, 'few', 'Few', array[60], array[:seen::uuid]) as few,
    booking.put_service(:t, 'secret', 'Secret', array[60], array[:seen::uuid]) as secret,
    booking.put_service('00000000-0000-0000-0000-000000000002', 'one', 'One', array[60], array['00000000-0000-0000-0000-00000000000c'::uuid]) as inactive,
    booking.put_service('00000000-0000-0000-0000-000000000003', 'their', 'Their', array[60], array[:seen::uuid]) as their \gset
update booking.service set buffer_before = 15, buffer_after = 30 where service_id = :'one';
update booking.service set public = false where slug = 'secret';
update booking.service_requirement set pick = 2 where service_id = :'team';
insert into booking.service_limit (tenant_id, service_id, scope, period, max_count) values (:t, :'few', 'service', 'week', 3);
create role regress_live_reader;
\set VERBOSITY sqlstate
set role regress_live_reader;
select booking_api.feed('{open}', '{one}');
reset role;
select booking.grant_access(public_role => 'regress_live_reader');

-- A reader, in the role of the public: it looks at these, and remembers where it is.
create table reader (tenants text[], services text[], after text, seen bigint[]);
insert into reader (tenants, services) values ('{open,open,open,open,other}', '{one,pool,team,few,their}');
grant select, update on reader to regress_live_reader;
create function news(forget boolean default false)
returns table (what text, service text, resource text, starts_at timestamptz, ends_at timestamptz, lives text, claims int)
language plpgsql
as $$
declare
    r record;
begin
    set local role regress_live_reader;
    select f.*, d.services into r
    from reader d
    cross join lateral booking_api.feed(d.tenants, d.services, d.after, case when not forget then d.seen end) f;
    update reader set after = r.after, seen = r.seen;
    reset role;
    return query
        select 'reset', null::text, null::text, null::timestamptz, null::timestamptz, null::text, null::int where r.reset
        union all
        select 'more', null, null, null, null, null, null where r.more
        union all
        select 'gone', r.services[g], null, null, null, null, null from unnest(r.gone) g
        union all
        select 'slots', r.services[s.service], right(s.resource_id::text, 1), s.from_ts, s.to_ts, null, null from unnest(r.slots) s
        union all
        select 'held', r.services[h.service], right(h.resource_id::text, 1), h.starts_at, h.ends_at,
            case when h.expires_at > now() + interval '15 min' then 'long' else 'short' end, h.claims
        from unnest(r.held) h;
end
$$;
\set VERBOSITY default
select * from news();
select * from news();

-- A hold: held for all who have its resource, named where that is public; slots of whom it counts for. Another's renewal
-- and lapse are seen without a change.
select hold_id as h from booking.hold(:t, :'one', '2100-01-06 09:00', 'session-a-0123456789') \gset
select * from news();
select hold_id = :'h' as renewed from booking.hold(:t, :'one', '2100-01-06 09:00', 'session-a-0123456789', ttl => '50 min');
select * from news();
update booking.hold set expires_at = clock_timestamp() - interval '1 second';
select * from news();
-- Of a hidden one; both together; and it is released.
select hold_id as h from booking.hold(:t, :'pool', '2100-01-06 12:00', 'session-a-0123456789', resource => :hidden) \gset
select hold_id as i from booking.hold(:t, :'pool', '2100-01-06 12:00', 'session-b-0123456789', resource => :seen) \gset
select * from news();
select released from booking.release(:t, :'h', 'session-a-0123456789');
select released from booking.release(:t, :'i', 'session-b-0123456789');
select * from news();

-- Booked from a hold: no longer held; which starts it may touch, by the lengths and buffers of each service, in whole hours.
select hold_id as h from booking.hold(:t, :'pool', '2100-01-06 12:00', 'session-a-0123456789', resource => :seen) \gset
select booking_id as b from booking.book(:t, :'h', 'session-a-0123456789', customer => '{"email": "ann@example.org"}') \gset
select * from news();
select status from booking.cancel(:t, :'b');
select * from news();
-- By one whom nobody sees, of a resource that all have.
select status from booking.book(:t, service => :'secret', starts_at => '2100-01-06 15:00');
select * from news();
-- Of another tenant that has a resource of the same id; of one whom nobody watches.
select status from booking.book('00000000-0000-0000-0000-000000000003', service => :'their', starts_at => '2100-01-06 17:00');
insert into booking.change (tenant_id, kind) values ('00000000-0000-0000-0000-000000000002', 'tenant');
select * from news();

-- Busy, hours, edits: any start where no span is known. Neighbours are one.
insert into booking.busy_window (tenant_id, resource_id, span)
values (:t, :hidden, '[2100-02-06 09:10+00,2100-02-06 09:20+00)'), (:t, :hidden, '[2100-02-06 10:00+00,2100-02-06 11:00+00)');
select * from news();
select booking.put_hours(:t, :seen, 'Mo-Su 08:00-20:00') is not null as put;
select distinct what, service, resource, starts_at from news();
update booking.service set name = 'Single' where service_id = :'one';
select * from news();
update booking.tenant set name = 'Opened' where tenant_id = :t;
select * from news();
-- Long ones: a stay of up to a week may have begun a week before.
update booking.service set durations = '{30,1440}' where service_id = :'one';
select distinct what, service from news();
insert into booking.busy_window (tenant_id, resource_id, span) values (:t, :seen, '[2100-03-06 09:00+00,2100-03-06 10:00+00)');
select * from news() where service in ('one', 'few');

-- Seats: one span, however many claims.
update booking.service set seats = 5 where service_id = :'pool';
select distinct what from news();
select code from booking.try_hold(:t, :'pool', '2100-01-07 12:00', 'session-a-0123456789', seats => 2, resource => :seen);
select code from booking.try_hold(:t, :'pool', '2100-01-07 12:00', 'session-b-0123456789', seats => 2, resource => :seen, ttl => '40 min');
select * from news() where service = 'pool';

-- With the id alone the same again; of another epoch, or none: from the beginning.
insert into booking.change (tenant_id, kind) values (:t, 'tenant');
create table resumed as select after from reader;
select count(*) from news() where what = 'slots';
update reader set after = (select after from resumed);
-- (More where a transaction of another database still runs.)
select count(*) >= 4 as all from news(forget => true) where what = 'slots';
update reader set after = repeat('0', 32) || '-5';
select what, count(*) from news() group by 1 order by 1;

-- Unknown, inactive, hidden and foreign ones are gone, by name and by id, and whatever they are called. A known one beside
-- them is told all the same.
set role regress_live_reader;
select f.gone, f.slots, array(select distinct h.service from unnest(f.held) h) as held
from booking_api.feed(
    array['nobody', 'gone', '00000000-0000-0000-0000-000000000002', 'open', 'open', 'open', 'open', 'other', '', null, 'open', 'open', :t],
    array['one', 'one', 'one', 'nothing', 'secret', 'their', :'secret', :'one', '', 'one', null, :'pool', 'pool']) f;
select cardinality(gone), reset from booking_api.feed('{}', '{}');
-- What makes no sense is told.
\set VERBOSITY sqlstate
select booking_api.feed('{open}', '{}');
select booking_api.feed(null, '{}');
select booking_api.feed('{open}', null);
select booking_api.feed('{open}', '{one}', max => 0);
select booking_api.feed('{open}', '{one}', seen => array_fill(1::bigint, array[20001]));
select booking_api.feed(array_fill('open'::text, array[10001]), array_fill('one'::text, array[10001]));
-- The engine stays shut.
select booking.changes();
select booking.public_feed('{open}', '{one}', null, null, 1000);
reset role;
\set VERBOSITY default
-- One that is hidden, deleted or inactive while somebody looks.
select count(*) from news() where what = 'gone';
update booking.service set public = false where service_id = :'one';
update booking.service set active = false where service_id = :'team';
select * from news() where what in ('gone', 'reset');
update booking.tenant set active = false where slug = 'open';
select * from news() where what <> 'slots';
-- At most so many at once, and then at once again.
update booking.tenant set active = true where slug = 'open';
select what from news() where what = 'more';
insert into booking.change (tenant_id, kind) select :t, 'tenant' from generate_series(1, 3);
set role regress_live_reader;
select f.more, cardinality(f.seen) >= 2 as two from reader r, booking_api.feed('{open}', '{pool}', r.after, r.seen, 2) f;
reset role;
drop table reader, resumed;
drop extension pg_booking;
drop owned by regress_live_reader;
drop role regress_live_reader;
