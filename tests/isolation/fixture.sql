-- What every spec of this folder finds in its database: a small world with fixed ids, and one-word helpers, so that a step
-- reads as what a visitor does and prints a code instead of a random uuid. Races and faults have the same world, by
-- tests/src/fixture.rs.
-- All times are UTC on Monday 2100-01-04, everything is open from 08:00 to 20:00, and the pages of two weeks are stored.
create schema test;

create function test.id(n int)
returns uuid
language sql
immutable
return ('a0000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid;

create function test.at(clock text)
returns timestamptz
language sql
immutable
return timezone('UTC', timestamp '2100-01-04' + clock::interval);

create function test.resource(called text)
returns uuid
language sql
stable
return (select r.resource_id from booking.resource r where r.slug = called);

create function test.service(called text)
returns uuid
language sql
stable
return (select s.service_id from booking.service s where s.slug = called);

create function test.session(who text)
returns text
language sql
immutable
return 'session-of-' || who || '-0123456789';

-- Resources: a room, three people, two desks. Services: the room; anyone of the pool; Ann in person; all three at once;
-- Ann in the room; a desk; Ann with a quarter of an hour to tidy up.
create procedure test.world()
language plpgsql
as $$
declare
    v_table regclass;
begin
    -- Without triggers: ten times faster than to truncate all tables with their indexes.
    set local session_replication_role = replica;
    for v_table in
        select a.attrelid
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id'
    loop
        execute format('delete from %s', v_table);
    end loop;
    set local session_replication_role = origin;
    insert into booking.tenant (tenant_id, slug, name) values (test.id(1), 'acme', 'Acme');
    insert into booking.schedule (tenant_id, schedule_id, name, zone)
    values (test.id(1), test.id(21), 'day', 'UTC'), (test.id(1), test.id(22), 'night', 'UTC');
    insert into booking.schedule_rule (tenant_id, schedule_id, rule_id, weekday, opens, closes)
    select test.id(1), test.id(21), test.id(200 + d), d, time '08:00', time '20:00'
    from generate_series(1, 7) d
    union all
    select test.id(1), test.id(22), test.id(210 + d), d, time '18:00', time '24:00'
    from generate_series(1, 7) d;
    insert into booking.resource (tenant_id, resource_id, slug, name, capacity, schedule_id)
    values
        (test.id(1), test.id(11), 'ann', 'Ann', 1, test.id(21)),
        (test.id(1), test.id(12), 'ben', 'Ben', 1, test.id(21)),
        (test.id(1), test.id(13), 'cem', 'Cem', 1, test.id(21)),
        (test.id(1), test.id(14), 'room', 'Room', 1, test.id(21)),
        (test.id(1), test.id(15), 'desk', 'Desk', 2, test.id(21));
    insert into booking.service (tenant_id, service_id, slug, name, durations, step, buffer_after)
    values
        (test.id(1), test.id(31), 'room', 'Room', '{60,30,90,120}', 30, 0),
        (test.id(1), test.id(32), 'pool', 'Anyone', '{60}', 30, 0),
        (test.id(1), test.id(33), 'ann', 'Ann', '{60,30}', 30, 0),
        (test.id(1), test.id(34), 'all', 'All three', '{60}', 30, 0),
        (test.id(1), test.id(35), 'visit', 'Ann in the room', '{60}', 30, 0),
        (test.id(1), test.id(36), 'desk', 'Desk', '{60}', 30, 0),
        (test.id(1), test.id(37), 'tidy', 'Ann and a break', '{60}', 15, 15);
    insert into booking.service_requirement (tenant_id, service_id, requirement_id, pick)
    select test.id(1), test.id(30 + n), test.id(40 + n), case n when 4 then 3 else 1 end
    from generate_series(1, 7) n
    union all
    select test.id(1), test.id(35), test.id(48), 1;
    insert into booking.requirement_resource (tenant_id, service_id, requirement_id, resource_id)
    select test.id(1), test.id(m.service), test.id(m.requirement), test.id(m.resource)
    from (
        values
            (31, 41, 14), (32, 42, 11), (32, 42, 12), (32, 42, 13), (33, 43, 11), (34, 44, 11), (34, 44, 12), (34, 44, 13),
            (35, 45, 11), (35, 48, 14), (36, 46, 15), (37, 47, 11)) m (service, requirement, resource);
    perform booking.recompute(test.id(1), null, test.at('00:00'), test.at('00:00') + interval '10 days');
end
$$;

-- What a visitor does. Each returns what came of it: a word, with whom, or the code of the refusal.

create function test.hold(
    who text, clock text, service text default 'room', minutes int default 60, resource text default null,
    ttl interval default null)
returns text
language plpgsql
as $$
declare
    v_result booking.hold_result;
begin
    v_result := booking.try_hold(
        test.id(1), test.service(service), test.at(clock), test.session(who), make_interval(mins => minutes),
        test.resource(resource), ttl);
    return coalesce(v_result.code, 'held ' || test.names(v_result.resources));
end
$$;

create function test.names(resources uuid[])
returns text
language sql
stable
return (select string_agg(r.slug, '+' order by r.slug) from booking.resource r where r.resource_id = any (resources));

-- The hold that a visitor has, or had, at a time: a client remembers its id.
create function test.hold_of(who text, clock text)
returns uuid
language sql
volatile
return coalesce(
    (
        select h.hold_id
        from booking.hold h
        where h.session_hash = booking.session_hash(test.session(who)) and lower(h.span) = test.at(clock)),
    test.id(0));

create function test.book_hold(who text, clock text, if_still_free boolean default false, service text default 'room')
returns text
language plpgsql
as $$
declare
    v_hold uuid := test.hold_of(who, clock);
    v_result booking.booking_result;
begin
    if if_still_free then
        v_result := booking.try_book(
            test.id(1), v_hold, test.session(who), test.service(service), test.at(clock), interval '60 minutes',
            customer => jsonb_build_object('name', who), if_still_free => true);
    else
        v_result := booking.try_book(
            test.id(1), v_hold, test.session(who), customer => jsonb_build_object('name', who));
    end if;
    return test.outcome(v_result);
end
$$;

create function test.book(
    who text, clock text, service text default 'room', minutes int default 60, resource text default null)
returns text
language plpgsql
as $$
begin
    return test.outcome(booking.try_book(
        test.id(1), session_id => test.session(who), service => test.service(service), starts_at => test.at(clock),
        duration => make_interval(mins => minutes), resource => test.resource(resource),
        customer => jsonb_build_object('name', who)));
end
$$;

create function test.outcome(result booking.booking_result)
returns text
language sql
return coalesce(
    result.code,
    result.status || ' ' || (
        select test.names(array_agg(r.resource_id)) from booking.booking_resource r where r.booking_id = result.booking_id));

create function test.release(who text, clock text)
returns text
language sql
return coalesce(
    (booking.try_release(test.id(1), test.hold_of(who, clock), test.session(who))).code, 'released');

-- Several starts of one hour, as in '09:00 11:00'.
create function test.hold_many(who text, clocks text, service text default 'room')
returns text
language sql
return (
    select string_agg(
        to_char(timezone('UTC', h.starts_at), 'HH24:MI ') || coalesce(h.code, test.names(h.resources)), ', ' order by h.starts_at)
    from booking.try_hold_many(
        test.id(1), test.service(service),
        array(select test.at(c) from unnest(string_to_array(clocks, ' ')) c), test.session(who), '1 hour') h);

-- Hourly from a start on, so many of an hour each.
create function test.series(who text, clock text, many int, service text default 'room', mode text default 'all', step int default 2,
    session text default null)
returns text
language sql
return (
    select string_agg(
        to_char(timezone('UTC', b.starts_at), 'HH24:MI ') || coalesce(b.code, b.status), ', ' order by b.starts_at)
    from booking.try_book_series(
        test.id(1), test.service(service), test.at(clock), format('FREQ=HOURLY;INTERVAL=%s;COUNT=%s', step, many), mode,
        duration => '1 hour', session_id => test.session(session), customer => jsonb_build_object('name', who)) b);

create function test.cancel_series(who text)
returns text
language sql
return (
    select coalesce(string_agg(to_char(timezone('UTC', c.starts_at), 'HH24:MI ') || c.status, ', ' order by c.starts_at), 'none')
    from booking.cancel_series(test.id(1), (
        select b.booking_id
        from booking.booking b
        where b.customer ->> 'name' = who and b.status = 'confirmed'
        order by b.span
        limit 1)) c);

create function test.beat(who text)
returns text
language sql
return (
    select coalesce(string_agg(
        coalesce(to_char(timezone('UTC', b.starts_at), 'HH24:MI '), '') || b.status || coalesce(' ' || b.code, ''), ', '
        order by b.starts_at), 'nothing')
    from booking.try_heartbeat(test.id(1), test.session(who)) b);

create function test.leave(who text)
returns text
language sql
return coalesce((booking.try_release(test.id(1), session_id => test.session(who))).code, 'left');

create function test.cancel(who text, clock text)
returns text
language sql
return (
    select coalesce((booking.try_cancel(test.id(1), b.booking_id)).code, 'cancelled')
    from booking.booking b
    where b.customer ->> 'name' = who and lower(b.span) = test.at(clock));

-- What becomes of a booking; its tenant and its customer know it by its time.
create function test.booking(who text, clock text)
returns uuid
language sql
return (
    select b.booking_id
    from booking.booking b
    where b.customer ->> 'name' = who and lower(b.span) = test.at(clock));

create function test.move(who text, clock text, until text, resource text default null)
returns text
language plpgsql
as $$
begin
    return test.outcome(booking.try_reschedule(
        test.id(1), test.booking(who, clock), test.at(until), resource => test.resource(resource)));
end
$$;

create function test.reassign(who text, clock text, resource text, substitute text default null)
returns text
language plpgsql
as $$
begin
    return test.outcome(booking.try_reassign(
        test.id(1), test.booking(who, clock), test.resource(resource), test.resource(substitute)));
end
$$;

create function test.approve(who text, clock text)
returns text
language sql
return test.outcome(booking.try_approve(test.id(1), test.booking(who, clock)));

create function test.decline(who text, clock text)
returns text
language sql
return test.outcome(booking.try_decline(test.id(1), test.booking(who, clock)));

create function test.pay(who text, clock text, reference text)
returns text
language plpgsql
as $$
declare
    v_result booking.booking_result := booking.try_record_payment(test.id(1), test.booking(who, clock), reference);
begin
    return test.outcome(v_result) || coalesce(' ' || v_result.detail::text, '');
end
$$;

-- As if its time had run out, of a booking that waits.
create procedure test.expire(who text, clock text)
language sql
as $$
    with expired as (
        update booking.booking b
        set expires_at = clock_timestamp() - interval '1 second'
        where b.booking_id = test.booking(who, clock)
        returning b.booking_id, b.expires_at)
    update booking.hold h
    set expires_at = e.expires_at
    from expired e
    where h.booking_id = e.booking_id
$$;

-- As if its time had run out.
create procedure test.lapse(who text, clock text)
language sql
as $$
    update booking.hold h
    set expires_at = clock_timestamp() - interval '1 second'
    where h.hold_id = test.hold_of(who, clock)
$$;

create procedure test.busy(resource text, clock text, until text)
language sql
as $$
    insert into booking.busy_window (tenant_id, resource_id, span)
    values (test.id(1), test.resource(resource), tstzrange(test.at(clock), test.at(until)))
$$;

-- What must never be, in whatever order things happened; one row each.
create view test.wrong as
select format('page of %s in week %s, unit %s: %s', r.slug, v.week, v.unit, v.what) as what
from booking.verify() v
join booking.resource r using (tenant_id, resource_id)
union all
select format('%s taken twice', r.slug)
from booking.claim c
join booking.claim d
    on d.tenant_id = c.tenant_id and d.resource_id = c.resource_id and d.unit = c.unit and d.span && c.span and d.id > c.id
    and (c.sitting_id is null or d.sitting_id is distinct from c.sitting_id)
join booking.resource r on r.tenant_id = c.tenant_id and r.resource_id = c.resource_id
union all
select format('%s booked %s times by %s, counted %s', r.slug, n.live, s.slug, m.booked)
from booking.requirement_resource m
join booking.resource r using (tenant_id, resource_id)
join booking.service s using (tenant_id, service_id)
cross join lateral (
    select count(*) as live
    from booking.booking b
    join booking.booking_resource a using (tenant_id, booking_id)
    where b.tenant_id = m.tenant_id and b.service_id = m.service_id and a.resource_id = m.resource_id
        and b.status = 'confirmed') n
where m.booked <> n.live
union all
select format('hold without %s', 'claims')
from booking.hold h
where not exists (select from booking.claim c where c.tenant_id = h.tenant_id and c.hold_id = h.hold_id)
union all
select format('%s booking of %s with %s claims and %s resources', b.status, b.customer ->> 'name', n.claims, n.assigned)
from booking.booking b
cross join lateral (
    select
        (select count(*) from booking.claim c where c.tenant_id = b.tenant_id and c.booking_id = b.booking_id) as claims,
        (select count(*) from booking.booking_resource a where a.tenant_id = b.tenant_id and a.booking_id = b.booking_id)
            as assigned) n
where (b.status, n.claims) not in (
        ('confirmed', n.assigned), ('cancelled', 0), ('pending', 0), ('declined', 0), ('expired', 0))
    or n.assigned = 0;

-- Everything that is taken, and everything that is wrong.
create function test.look()
returns setof text
language sql
as $$
    select format('%s %s-%s %s %s', r.slug || case when r.capacity > 1 then '/' || c.unit else '' end,
        to_char(timezone('UTC', lower(c.span)), 'HH24:MI'), to_char(timezone('UTC', upper(c.span)), 'HH24:MI'),
        case when c.booking_id is not null then 'booked by' when h.expires_at > clock_timestamp() then 'held by' else 'lapsed of' end,
        coalesce(b.customer ->> 'name', w.customer ->> 'name', (
            select p
            from unnest(string_to_array('a b c d', ' ')) p
            where booking.session_hash(test.session(p)) = h.session_hash)))
    from booking.claim c
    join booking.resource r using (tenant_id, resource_id)
    left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
    left join booking.booking b on b.tenant_id = c.tenant_id and b.booking_id = c.booking_id
    left join booking.booking w on w.tenant_id = h.tenant_id and w.booking_id = h.booking_id
    union all
    select 'WRONG: ' || w.what from test.wrong w
    order by 1
$$;

-- When a resource is open on that Monday, by its page.
create function test.open(called text)
returns text
language sql
as $$
    select string_agg(
        to_char(timezone('UTC', lower(u)), 'HH24:MI-') || to_char(timezone('UTC', upper(u)), 'HH24:MI'), ' ' order by u)
    from booking.availability a,
        unnest(a.open::tstzmultirange * tstzmultirange(tstzrange(test.at('00:00'), test.at('24:00')))) u
    where a.resource_id = test.resource(called) and a.unit = 0 and a.week = '2100-01-04'
$$;
