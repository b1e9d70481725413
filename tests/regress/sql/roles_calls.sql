-- Who may call what: every role against every function, from the catalog. A function that no rule of the list below covers
-- fails until it is decided on. Tables: roles.sql.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set a '''00000000-0000-0000-0000-00000000000a'''
\set b '''00000000-0000-0000-0000-00000000000b'''
create role regress_calls_public;
create role regress_calls_member;
create role regress_calls_service;
create role regress_calls_owner;

-- The list. First the name decides: whoever adds a definer, or a function that writes, decides who may call it. What only
-- reads, with its caller's rights, shows nobody what they do not see anyway.
create table rule (place serial, class text, name text, callers text);
insert into rule (class, name, callers)
values ('api', '', 'public member service'),
    ('trigger', '', ''),
    ('definer', 'public_.*', 'public member service owner'),
    -- Who am I: policies ask.
    ('definer', 'caller|my_tenants', 'member service owner'),
    -- The upkeep of all tenants.
    ('definer', 'resources_to_(roll|prune)|(roll|prune)_resource|prune_(sittings|changes|events|keys|tokens)|expire_(holds|bookings)|tell_refusals', 'service owner'),
    -- The feed of all tenants.
    ('definer', 'changes|current_epoch', 'service owner'),
    -- What is wrong here, of all tenants.
    ('.*', 'doctor|doctor_.*', 'service'),
    ('procedure', 'roll|prune', 'service'),
    -- What grants, or schedules.
    ('.*', 'grant_.*|revoke_access|bind_login|(install|remove)_jobs', ''),
    ('kernel', '', 'member service owner'),
    ('reads', '', 'member service owner'),
    -- What members write by, under row-level security, and what that is made of. A line a subject.
    ('writes', '(try_)?(hold|heartbeat|release|book|cancel)|(hold|heartbeat|book)_quietly', 'member service owner'),
    ('writes', '(try_)?(hold_many|hold_for|extend_hold|book_series|cancel_series)', 'member service owner'),
    ('writes', '(try_)?(approve|decline|complete|mark_no_show|record_payment|reschedule|reassign|erase_customer)', 'member service owner'),
    ('writes', '(put|patch|delete|issue|revoke|move)_.*|create_service|recompute', 'member service owner'),
    ('writes', '(lock|store|refresh|insert|record|check|own)_.*', 'member service owner'),
    ('writes', '(public_)?refuse|raise_unknown|new_token|with_token|new_session|done', 'member service owner'),
    ('writes', 'take_many|sweep_many|choose_one|without|beyond_limits|hold_many_quietly|quota|over_quota|over_pending|book_each|book_series_quietly', 'member service owner'),
    ('writes', 'take|take_for|overtaken|held|customer_room|ranked|sweep|take_up|beat|release_all|refused|refused_again', 'member service owner'),
    ('writes', 'book_slot|book_hold|book_hold_or_nothing|confirm|settle|move|can_move|free|live_hold|end_booking', 'member service owner'),
    ('writes', '(begin|end)_once|replayed|(cancel|reschedule)_by_token', 'member service owner'),
    ('writes', 'changed_hours|book_reserved|recalculate', 'member service owner'),
    ('writes', 'changes_of', 'service owner');

create view callable as
select p.oid as function, p.oid::regprocedure::text as name, p.proname, p.pronamespace::regnamespace::text as schema, p.prokind, p.proargtypes, c.class,
    (
        select r.callers
        from rule r
        where c.class ~ ('^(' || r.class || ')$') and (r.name = '' or p.proname ~ ('^(' || r.name || ')$'))
        order by r.place
        limit 1) as callers
from pg_proc p
cross join lateral (
    select case
        when p.pronamespace = 'booking_api'::regnamespace then 'api'
        when p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) then 'trigger'
        when p.prosecdef then 'definer'
        when p.prokind = 'p' then 'procedure'
        when p.prokind = 'a' or p.prolang in (select oid from pg_language where lanname in ('c', 'internal')) then 'kernel'
        when p.provolatile = 'v' then 'writes'
        else 'reads'
    end as class) c
where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace);

-- Undecided: none.
select class, name from callable where callers is null order by name collate "C";

-- Before anything is granted nobody may anything; then each what the list says. Differences: none.
select count(*) from pg_proc p
where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
    and has_function_privilege('regress_calls_public', p.oid, 'execute');
select booking.grant_access(
    'regress_calls_public', 'regress_calls_member', service_role => 'regress_calls_service', owner_role => 'regress_calls_owner');
select r.caller, c.name, has_function_privilege('regress_calls_' || r.caller, c.function, 'execute') as may, c.callers
from callable c
cross join unnest('{public,member,service,owner}'::text[]) r (caller)
where has_function_privilege('regress_calls_' || r.caller, c.function, 'execute')
    -- To own something is to be allowed to call it.
    <> (r.caller = any (string_to_array(c.callers, ' ')) or r.caller = 'owner' and c.class = 'definer'
        or r.caller = 'owner' and c.class = 'trigger' and (select p.prosecdef from pg_proc p where p.oid = c.function))
order by 1, 2;

-- Called for real, with nulls: the same. Who has no USAGE on the schema of the engine gets at nothing in it.
create function pg_temp.call(role text, function oid, kind "char", types oidvector)
returns text
language plpgsql
as $$
declare
    v_call text := format(
        case kind when 'p' then 'call %s(%s)' else 'select %s(%s)' end, function::regproc,
        (select string_agg(format('null::%s', t::regtype), ', ' order by n) from unnest(types::oid[]) with ordinality u (t, n)));
begin
    perform set_config('role', role, true);
    execute v_call;
    raise exception using errcode = 'RB000';
exception when others then
    return case when sqlstate = '42501' and sqlerrm ~ '^permission denied for (function|procedure|schema)' then 'refused' else 'called' end;
end
$$;
select r.caller, c.name, d.done, c.callers
from callable c
cross join unnest('{public,member,service}'::text[]) r (caller)
cross join lateral (select pg_temp.call('regress_calls_' || r.caller, c.function, c.prokind, c.proargtypes) as done) d
where c.class <> 'trigger' and c.prokind in ('f', 'p')
    -- What only the server itself can call.
    and not exists (
        select from unnest(c.proargtypes::oid[]) t
        where t in ('internal'::regtype, 'cstring'::regtype))
    and d.done <> case
        when r.caller = 'public' and c.schema = 'booking' then 'refused'
        when r.caller = any (string_to_array(c.callers, ' ')) then 'called'
        else 'refused'
    end
order by 1, 2;

-- Two tenants and one that is not active, with a service and a resource each that the public may see, and a hidden one.
insert into booking.tenant (tenant_id, slug, name, active)
values (:a, 'a', 'A', true), (:b, 'b', 'B', true), ('00000000-0000-0000-0000-00000000000c', 'c', 'C', false);
insert into booking.member (tenant_id, user_id, role)
values (:a, 'viewer', 'viewer'), (:a, 'manager', 'manager'), (:b, 'of b', 'owner');
insert into booking.resource (tenant_id, resource_id, slug, name, public)
select tenant_id, (left(tenant_id::text, 34) || n || right(slug, 1))::uuid, 'r' || n, 'R' || n, n = 1
from booking.tenant
cross join generate_series(1, 2) n;
create table known as
select t.tenant_id, t.slug, booking.put_service(t.tenant_id, 'seen', 'Seen', array[60], array_agg(r.resource_id)) as service,
    booking.put_service(t.tenant_id, 'back', 'Back', array[60], array_agg(r.resource_id)) as back
from booking.tenant t
join booking.resource r using (tenant_id)
group by t.tenant_id;
update booking.service set public = false where slug = 'back';
update booking.service s set slug = 'seen-' || t.slug from booking.tenant t where t.tenant_id = s.tenant_id and s.slug = 'seen';

-- The public surface, by whoever may call it: the same for all.
create table call (place serial, name text, arguments text);
insert into call (name, arguments)
values ('services', $$'a'$$), ('resources', $$'a'$$), ('origins', $$'a'$$),
    ('available_slots', $$'a', 'seen-a', '2100-01-04', '2100-01-05'$$),
    ('slot_page', $$'a', 'seen-a', '2100-01-04', '2100-01-05'$$),
    ('available_days', $$'a', 'seen-a', '2100-01-04', '2100-01-05'$$),
    ('try_hold', $$'a', 'seen-a', '2100-01-04 09:00', 'session-0123456789'$$),
    ('hold', $$'a', 'seen-a', '2100-01-04 10:00', 'session-0123456789'$$),
    ('try_hold_many', $$'a', 'seen-a', array['2100-01-04 14:00', '2100-01-04 15:00']::timestamptz[], 'session-0123456789'$$),
    ('hold_many', $$'a', 'seen-a', array['2100-01-04 14:00', '2100-01-04 15:00']::timestamptz[], 'session-0123456789'$$),
    ('held_spans', $$'a', 'seen-a', '2100-01-04', '2100-01-05'$$),
    ('try_heartbeat', $$'a', 'session-0123456789'$$), ('heartbeat', $$'a', 'session-0123456789'$$),
    ('try_release', $$'a', gen_random_uuid(), 'session-0123456789'$$), ('release', $$'a', gen_random_uuid(), 'session-0123456789'$$),
    ('try_book', $$'a', service => 'seen-a', starts_at => '2100-01-04 12:00'$$),
    ('book', $$'a', service => 'seen-a', starts_at => '2100-01-04 13:00'$$),
    ('try_show', $$'a', 'no-token'$$), ('show', $$'a', 'no-token'$$),
    ('try_cancel', $$'a', 'no-token'$$), ('cancel', $$'a', 'no-token'$$),
    ('try_reschedule', $$'a', 'no-token', '2100-01-04 16:00'$$), ('reschedule', $$'a', 'no-token', '2100-01-04 16:00'$$),
    ('feed', $$'{a}', '{seen-a}'$$), ('staff_slots', $$'a', '2100-01-04', '2100-01-05'$$),
    ('try_reserve', $$'no-slot', 'session-0123456789'$$), ('try_appointment', $$'no-slot', 'session-0123456789'$$);
-- Without a call here: none.
select p.proname from pg_proc p
where p.pronamespace = 'booking_api'::regnamespace and p.proname not in (select name from call)
order by 1;

create function pg_temp.try(role text, claims text, statement text)
returns text
language plpgsql
as $$
declare
    v_rows bigint;
    v_detail text;
    v_hint text;
begin
    perform set_config('request.jwt.claims', claims, true);
    perform set_config('role', role, true);
    execute statement;
    get diagnostics v_rows = row_count;
    raise exception using errcode = 'RB000', message = v_rows::text;
exception when others then
    get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
    return case sqlstate when 'RB000' then sqlerrm else concat_ws(' | ', sqlstate, sqlerrm, nullif(v_detail, ''), nullif(v_hint, '')) end;
end
$$;
create view outcome as
select c.place, c.name, r.who, pg_temp.try('regress_calls_' || r.role, r.claims, format('select * from booking_api.%s(%s)', c.name, c.arguments)) as done
from call c
cross join (
    values ('public', 'public', ''), ('customer', 'member', '{"sub": "customer"}'), ('viewer', 'member', '{"sub": "viewer"}'),
        ('of b', 'member', '{"sub": "of b"}'), ('service', 'service', '')) r (who, role, claims)
where c.name in (select p.proname from pg_proc p where p.pronamespace = 'booking_api'::regnamespace);
select name, split_part(min(done), ' | ', 1) as done, count(distinct done) as answers, count(*) as callers
from outcome
group by place, name
order by place;

-- Unknown, inactive, hidden and foreign, by name and by id: one answer. Different ones: none.
create table stranger (kind text, tenant text, service text, resource uuid);
insert into stranger (kind, tenant, service, resource)
select 'unknown tenant', 'nobody', 'seen-a', null::uuid
union all select 'unknown tenant id', '00000000-0000-0000-0000-0000000000ff', 'seen-a', null
union all select 'inactive tenant', 'c', 'seen-c', null
union all select 'inactive tenant id', '00000000-0000-0000-0000-00000000000c', 'seen-c', null
union all select 'unknown service', 'a', 'nothing', null
union all select 'unknown service id', 'a', '00000000-0000-0000-0000-0000000000ff', null
union all select 'hidden service', 'a', 'back', null
union all select 'foreign service', 'a', 'seen-b', null
union all select 'foreign service id', 'a', service::text, null from known where slug = 'b'
union all select 'unknown resource', 'a', 'seen-a', '00000000-0000-0000-0000-0000000000ff'
union all select 'hidden resource', 'a', 'seen-a', '00000000-0000-0000-0000-00000000002a'
union all select 'foreign resource', 'a', 'seen-a', '00000000-0000-0000-0000-00000000001b';
create function pg_temp.strange(place int, kind text, tenant text, service text, resource uuid)
returns text
language sql
begin atomic
    select pg_temp.try('regress_calls_public', '', replace(replace(format('select * from booking_api.%s(%s%s)', c.name,
            c.arguments, case when strange.resource is not null then format(', resource => %L', strange.resource) end),
        '''a''', quote_literal(strange.tenant)), '''seen-a''', quote_literal(strange.service)))
    from call c
    where c.place = strange.place;
end;
select s.done, count(*) > 50 as often, count(distinct s.name) > 10 as functions
from (
    select c.name, x.kind, pg_temp.strange(c.place, x.kind, x.tenant, x.service, x.resource) as done
    from call c
    -- feed is asked of many, and counts strangers as gone: live.sql. By a slot_id alone: reserved.sql. origins has none of them.
    join stranger x on (x.kind ~ 'tenant' or c.arguments ~ 'seen-a') and c.name not in ('feed', 'origins', 'try_reserve', 'try_appointment')
    where c.name in (select p.proname from pg_proc p where p.pronamespace = 'booking_api'::regnamespace)
        and (x.resource is null or c.name in (
            select p.proname from pg_proc p
            where p.pronamespace = 'booking_api'::regnamespace and 'resource' = any (p.proargnames)))) s
group by s.done;

-- What members call of the engine, with a member's rights: each their tenant, as far as they may.
create table member_call (place serial, statement text);
insert into member_call (statement)
values ($$booking.available_slots('a', 'service', '2100-01-04', '2100-01-05')$$),
    ($$booking.available_days('a', 'service', '2100-01-04', '2100-01-05')$$),
    ($$booking.held_spans('a', 'service', '2100-01-04', '2100-01-05')$$),
    ($$booking.is_free('a', 'resource', '[2100-01-04 09:00+00,2100-01-04 10:00+00)')$$),
    ($$booking.day_slots('a', 'resource', '2100-01-04')$$),
    ($$booking.explain_slot('a', 'service', '2100-01-04 09:00')$$),
    ($$booking.verify('a')$$), ($$booking.doctor()$$),
    ($$booking.hold('a', 'service', '2100-01-04 09:00', 'session-0123456789')$$),
    ($$booking.try_hold('a', 'service', '2100-01-04 09:00', 'session-0123456789')$$),
    ($$booking.book('a', service => 'service', starts_at => '2100-01-04 11:00')$$),
    ($$booking.try_book('a', service => 'service', starts_at => '2100-01-04 11:00')$$),
    ($$booking.cancel('a', 'booking')$$),
    ($$booking.issue_token('a', 'booking')$$),
    ($$booking.revoke_tokens('a', 'booking')$$),
    ($$booking.try_reschedule('a', 'booking', '2100-01-04 15:00')$$),
    ($$booking.try_reassign('a', 'booking', 'resource', 'resource')$$),
    ($$booking.try_approve('a', 'booking')$$),
    ($$booking.try_complete('a', 'booking')$$),
    ($$booking.try_record_payment('a', 'booking', 'pi_1', 1, 'EUR')$$),
    ($$booking.erase_customer('a', 'customer')$$),
    ($$booking.put_hours('a', 'resource', 'Mo-Fr 09:00-17:00')$$),
    ($$booking.put_service('a', 'new', 'New', array[60], array['resource']::uuid[])$$),
    ($$booking.put_resource('a', 'new', 'New')$$),
    ($$booking.patch_service('a', 'service', '{"name": "Other"}')$$),
    ($$booking.put_member('a', 'new', 'viewer')$$),
    ($$booking.delete_service('a', 'service')$$),
    ($$booking.list_services('a')$$),
    ($$booking.recompute('a')$$),
    ($$booking.expire_holds()$$),
    ($$booking.grant_access()$$);
select booking_id from booking.book(
    :a, service => (select service from known where slug = 'a'), starts_at => '2100-01-04 13:00', customer => '{"sub": "customer"}') \gset
create view member_outcome as
select c.place, substring(c.statement, '\.(\w+)') as name, r.who,
    split_part(pg_temp.try('regress_calls_' || r.role, r.claims, 'select * from ' || replace(replace(replace(replace(c.statement,
        '''a''', '''00000000-0000-0000-0000-00000000000a'''), '''service''', quote_literal(k.service)),
        '''resource''', '''00000000-0000-0000-0000-00000000001a'''),
        '''booking''', (select quote_literal(b.booking_id) from booking.booking b limit 1))), ' | ', 1) as done
from member_call c
join known k on k.slug = 'a'
cross join (
    values ('public', 'public', ''), ('customer', 'member', '{"sub": "customer"}'), ('viewer', 'member', '{"sub": "viewer"}'),
        ('manager', 'member', '{"sub": "manager"}'), ('of b', 'member', '{"sub": "of b"}'), ('service', 'service', '')) r (who, role, claims);
select name, max(done) filter (where who = 'public') as public, max(done) filter (where who = 'customer') as customer,
    max(done) filter (where who = 'viewer') as viewer, max(done) filter (where who = 'manager') as manager,
    max(done) filter (where who = 'of b') as "of b", max(done) filter (where who = 'service') as service
from member_outcome
group by place, name
order by place;

-- After a restore the tables and definers are somebody else's: the surface is shut to all, first of all its callers, whatever
-- they ask. Open to any: none.
do $$
declare
    v_function regprocedure;
begin
    for v_function in select p.oid from pg_proc p where p.pronamespace = 'booking'::regnamespace and p.prosecdef loop
        execute format('alter function %s owner to current_user', v_function);
    end loop;
end
$$;
select name, who, done from outcome where done not like '42501 | the public surface is shut |%';
select p.oid::regprocedure, pg_temp.call('postgres', p.oid, p.prokind, p.proargtypes)
from pg_proc p
where p.pronamespace = 'booking'::regnamespace and p.prosecdef and p.proname like 'public\_%'
    and pg_temp.try('postgres', '', format('select %s(%s)', p.oid::regproc, (
        select string_agg(format('null::%s', t::regtype), ', ' order by n)
        from unnest(p.proargtypes::oid[]) with ordinality u (t, n)))) not like '42501 | the public surface is shut%';
\set VERBOSITY terse
select booking_api.services('a');
select booking.grant_access();
select slug from booking_api.services('a');
-- Nor does it answer anybody but its owner before it is granted, by hand for one.
delete from booking.access;
select slug from booking_api.services('a');
select name, who, done from outcome where done not like '42501 | the public surface is shut |%';
drop table rule, known, call, stranger, member_call cascade;
drop extension pg_booking;
drop owned by regress_calls_public, regress_calls_member, regress_calls_service, regress_calls_owner;
drop role regress_calls_public, regress_calls_member, regress_calls_service, regress_calls_owner;
