-- held_spans: live holds as others may see them, and what it costs to ask.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name)
values ('00000000-0000-0000-0000-000000000001', 't', 'T'), ('00000000-0000-0000-0000-000000000002', 'u', 'U');
\set t '''00000000-0000-0000-0000-000000000001'''
\set a '''00000000-0000-0000-0000-00000000000a'''
\set b '''00000000-0000-0000-0000-00000000000b'''
\set c '''00000000-0000-0000-0000-00000000000c'''
insert into booking.resource (tenant_id, resource_id, slug, name, capacity)
values (:t, :a, 'a', 'A', 1), (:t, :b, 'b', 'B', 2), (:t, :c, 'c', 'C', 1);
select booking.put_service(:t, 'cut', 'Cut', array[60], array[:a]::uuid[], buffer_before => 15, buffer_after => 30) as cut \gset
select booking.put_service(:t, 'pool', 'Pool', array[60], array[:a, :b]::uuid[]) as pool \gset
select booking.put_service(:t, 'apart', 'Apart', array[60], array[:c]::uuid[]) as apart \gset
-- The same resource as another tenant has.
insert into booking.resource (tenant_id, resource_id, slug, name) values ('00000000-0000-0000-0000-000000000002', :a, 'a', 'A');
select booking.put_service('00000000-0000-0000-0000-000000000002', 'cut', 'Cut', array[60], array[:a]::uuid[]) as foreign \gset

select code from booking.try_hold(:t, :'cut', '2100-01-04 09:00', 'session-1-0123456789', ttl => '10 min');
select code from booking.try_hold(:t, :'pool', '2100-01-04 09:00', 'session-2-0123456789', resource => :b, ttl => '20 min');
select code from booking.try_hold(:t, :'pool', '2100-01-04 09:00', 'session-3-0123456789', resource => :b, ttl => '30 min');
select code from booking.try_hold(:t, :'pool', '2100-02-01 12:00', 'session-3-0123456789', resource => :b, ttl => '40 min');
select code from booking.try_hold(:t, :'apart', '2100-01-04 09:00', 'session-5-0123456789');
select code from booking.try_hold('00000000-0000-0000-0000-000000000002', :'foreign', '2100-01-04 09:00', 'session-1-0123456789');
-- Without its ids and instants of today.
create function held(service uuid, from_ts timestamptz, to_ts timestamptz, resource uuid default null, session_id text default null, as_of timestamptz default null)
returns table (resource text, span tstzrange, minutes numeric, own boolean)
begin atomic
    select right(h.resource_id::text, 1), h.span, round(extract(epoch from h.expires_at - now()) / 60), h.own
    from booking.held_spans('00000000-0000-0000-0000-000000000001', service, from_ts, to_ts, resource, session_id, as_of) h;
end;

-- Many dates in one call, in time order, a row a claim, with buffers, by whichever service the hold is.
select * from held(:'pool', '2100-01-01', '2100-03-01');
select * from held(:'cut', '2100-01-01', '2100-03-01');
select * from held(:'apart', '2100-01-01', '2100-03-01');
select * from held(:'pool', '2100-01-01', '2100-03-01', resource => :a);
-- All that is said of them.
select string_agg(attname, ' ' order by attnum) from pg_attribute
where attrelid = (select typrelid from pg_type where oid = 'booking.held_span'::regtype);
-- Whoever asks knows the own ones.
select * from held(:'pool', '2100-01-01', '2100-03-01', session_id => 'session-3-0123456789');
-- What touches the range, whole: to the buffer's end and not beyond.
select * from held(:'cut', '2100-01-04 10:29:59', '2100-01-05');
select count(*) from held(:'cut', '2100-01-04 10:30', '2100-01-05');
select count(*) from held(:'cut', '2100-01-01', '2100-01-04 08:45');
select count(*) from held(:'cut', '2100-01-01', '2100-01-04 08:45:00.000001');
select count(*) from held(:'cut', '2100-01-04 09:00', '2100-01-04 09:00');
-- Past their time they are gone, by as_of as by the clock, and whether or not anybody has swept.
select * from held(:'pool', '2100-01-01', '2100-03-01', as_of => now() + interval '25 minutes');
update booking.hold set expires_at = now() - interval '1 second' where session_hash = sha256('session-2-0123456789');
select count(*), count(*) filter (where minutes < 0) as lapsed from held(:'pool', '2100-01-01', '2100-03-01');
select count(*) from booking.hold where session_hash = sha256('session-2-0123456789');
-- A renewal shows, a booking ends it, a release too.
select code from booking.try_hold(:t, :'pool', '2100-02-01 12:00', 'session-3-0123456789', resource => :b, ttl => '50 min');
select * from held(:'pool', '2100-02-01', '2100-02-02');
select code from booking.try_book(:t, (select hold_id from booking.hold where span @> timestamptz '2100-02-01 12:00'), 'session-3-0123456789');
select count(*) from held(:'pool', '2100-02-01', '2100-02-02');
select code from booking.try_release(:t, (select hold_id from booking.hold where service_id = :'cut'), 'session-1-0123456789');
select * from held(:'pool', '2100-01-01', '2100-03-01');
-- A resource that is out of use, though it is asked for.
update booking.resource set active = false where resource_id = :b;
select count(*) from held(:'pool', '2100-01-01', '2100-03-01');
select count(*) from held(:'pool', '2100-01-01', '2100-03-01', resource => :b);
update booking.resource set active = true;

-- The cost, while 2,000 bookings lie in the range, with and without statistics: the claims that are held of these resources,
-- also those that lapsed or are elsewhere, and no page.
select code from booking.try_hold(:t, :'cut', '2100-01-04 09:00', 'session-1-0123456789');
select code from booking.try_hold(:t, :'cut', '2101-01-04 09:00', 'session-4-0123456789');
with made as (
    insert into booking.booking (tenant_id, service_id, span)
    select :t, :'pool', tstzrange(s, s + interval '1 hour')
    from generate_series(timestamptz '2100-01-05', '2100-03-29', '1 hour') s
    returning booking_id, span)
insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
select :t, :a, 1, span, booking_id from made;
create function reads(relation regclass)
returns bigint
begin atomic
    select t.seq_tup_read + t.idx_tup_fetch from pg_stat_xact_user_tables t where t.relid = relation;
end;
create procedure cost(service uuid)
language plpgsql
as $$
declare
    v_claims bigint := reads('booking.claim');
    v_pages bigint := reads('booking.availability');
    v_rows bigint := (
        select count(*)
        from booking.held_spans('00000000-0000-0000-0000-000000000001', service, '2100-01-01', '2100-05-01'));
begin
    raise warning 'held: %, claims read: %, pages read: %', v_rows, reads('booking.claim') - v_claims, reads('booking.availability') - v_pages;
end
$$;
call cost(:'pool');
analyze booking.claim;
analyze booking.hold;
call cost(:'pool');
call cost(:'cut');

-- Of a class every held seat is a row, though other seats may be left: what is left is for available_slots to say.
insert into booking.resource (tenant_id, resource_id, slug, name) values (:t, '00000000-0000-0000-0000-00000000000d', 'd', 'D');
select booking.put_service(:t, 'class', 'Class', array[60], array['00000000-0000-0000-0000-00000000000d']::uuid[]) as class \gset
update booking.service set seats = 3 where slug = 'class';
select code from booking.try_hold(:t, :'class', '2100-01-04 09:00', 'session-6-0123456789');
select code from booking.try_hold(:t, :'class', '2100-01-04 09:00', 'session-7-0123456789');
select * from held(:'class', '2100-01-04', '2100-01-05', session_id => 'session-7-0123456789');
select status, remaining from booking.available_slots(:t, :'class', '2100-01-04 09:00', '2100-01-04 09:01', holds => 'mark');

begin transaction read only;
select count(*) from held(:'pool', '2100-01-01', '2101-02-05');
commit;
\set VERBOSITY sqlstate
select * from booking.held_spans(:t, :'cut', '2100-01-05', '2100-01-04');
select * from booking.held_spans(:t, :'cut', '2100-01-01', '2101-02-06');
select * from booking.held_spans(:t, :'cut', null, '2100-01-04');
select * from booking.held_spans(:t, :'cut', '2100-01-04', null);
select * from booking.held_spans(:t, :'cut', '-infinity', 'infinity');
select * from booking.held_spans(:t, :'cut', '20000-01-01', '20000-01-02');
select * from booking.held_spans(:t, :'cut', '2100-01-04', '2100-01-05', as_of => '-infinity');
select * from booking.held_spans(:t, :'cut', '2100-01-04', '2100-01-05', session_id => 'short');
select * from booking.held_spans(:t, :'cut', '2100-01-04', '2100-01-05', resource => :b);
select * from booking.held_spans(:t, :t, '2100-01-04', '2100-01-05');
select * from booking.held_spans(:t, :'foreign', '2100-01-04', '2100-01-05');
select * from booking.held_spans(null, null, '2100-01-04', '2100-01-05');
