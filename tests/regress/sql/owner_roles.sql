-- The owner's functions by who asks: members by role, a member of another tenant, a customer, a login, the service. A route of
-- the facade asks booking.member_tenant first; policies stand behind it.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set a '''00000000-0000-0000-0000-00000000000a'''
\set b '''00000000-0000-0000-0000-00000000000b'''
create role regress_owner_public;
create role regress_owner_member;
create role regress_owner_service;
create role regress_owner_owner;
create function pg_temp.fill(tenant uuid, tenant_slug text)
returns void
language plpgsql
as $$
declare
    v_resource uuid;
    v_service uuid;
begin
    insert into booking.tenant (tenant_id, slug, name) values (tenant, tenant_slug, tenant_slug);
    insert into booking.member (tenant_id, user_id, role)
    select tenant, tenant_slug || '-' || r, r from unnest('{viewer,manager,owner}'::text[]) r;
    v_resource := booking.put_resource(tenant, 'room', 'Room', location => booking.put_location(tenant, 'here', 'Here'), public => false);
    perform booking.put_override(tenant, booking.put_hours(tenant, v_resource, 'Mo-Su 08:00-20:00'), '[2100-01-02,2100-01-03)');
    v_service := booking.put_service(tenant, 'talk', 'Talk', array[60], array[v_resource]);
    perform booking.put_busy_window(tenant, v_resource, '[2100-01-04 18:00+00,2100-01-04 19:00+00)');
    perform booking.book(tenant, service => v_service, starts_at => '2100-01-04 09:00', customer => '{"sub": "customer", "name": "C"}');
end
$$;
select pg_temp.fill(:a, 'a'), pg_temp.fill(:b, 'b'), pg_temp.fill('00000000-0000-0000-0000-00000000000c', 'idle');
update booking.tenant set active = false where slug = 'idle';
select booking.grant_access('regress_owner_public', 'regress_owner_member', 'regress_owner_service', 'regress_owner_owner');

create table actor (place serial, who text, role text, claims text);
insert into actor (who, role, claims)
values ('public', 'regress_owner_public', ''), ('customer', 'regress_owner_member', '{"sub": "customer"}'),
    ('viewer', 'regress_owner_member', '{"sub": "a-viewer"}'), ('manager', 'regress_owner_member', '{"sub": "a-manager"}'),
    ('owner', 'regress_owner_member', '{"sub": "a-owner"}'), ('of b', 'regress_owner_member', '{"sub": "b-owner"}'),
    ('narrowed', 'regress_owner_member', '{"sub": "a-owner", "tenant_id": "00000000-0000-0000-0000-00000000000b"}'),
    ('service', 'regress_owner_service', '{"sub": "b-owner"}'), ('superuser', 'postgres', '');
create function pg_temp.try(actor actor, statement text)
returns text
language plpgsql
as $$
declare
    v_result text;
begin
    perform set_config('request.jwt.claims', actor.claims, true);
    perform set_config('role', actor.role, true);
    execute statement into v_result;
    raise exception using errcode = 'RB000', message = coalesce(v_result, 'null');
exception when others then
    return case sqlstate when 'RB000' then case when sqlerrm ~ '^[0-9a-f-]{36}$' and sqlerrm !~ '^0{8}' then 'an id' else sqlerrm end
        else sqlstate || case when sqlstate ~ '^(PT|P0|22)' then ' ' || sqlerrm else '' end end;
end
$$;

-- Whose tenant it is: by slug or id, active or not.
select a.who, n.name, coalesce(nullif(n.least, 'viewer'), '') as least, right(pg_temp.try(a, format('select booking.member_tenant(%L, %L)', n.name, n.least)), 60) as tenant
from actor a
cross join (values ('a', 'viewer'), ('00000000-0000-0000-0000-00000000000a', 'viewer'), ('a', 'manager'), ('a', 'owner'), ('idle', 'viewer'), ('none', 'viewer'), (null, 'viewer')) n (name, least)
where a.who <> 'public'
order by a.place, n.name, n.least;
select distinct pg_temp.try(a, format('select booking.member_tenant(%L, %L)', 'a', r)) from actor a cross join (values ('king'), (null)) l (r) where a.who = 'owner';
-- Without a role of a member nobody gets near it; what customers see they find by the public name.
select who, right(pg_temp.try(a, 'select booking.member_tenant(''a'')'), 40) as member, right(pg_temp.try(a, 'select booking.visible_tenant(''a'')'), 40) as visible,
    right(pg_temp.try(a, 'select booking.visible_tenant(''idle'')'), 40) as idle, right(pg_temp.try(a, 'select booking.public_tenant_id(''a'')'), 40) as public_name
from actor a
order by place;
select who, pg_temp.try(a, 'select count(*) from booking.list_bookings(booking.visible_tenant(''a''))') as bookings from actor a order by place;

-- What tenant a has, by a letter.
create table thing (letter text, id uuid);
insert into thing (letter, id)
select 't', :a::uuid
union all select 'l', location_id from booking.location where tenant_id = :a
union all select 's', schedule_id from booking.schedule where tenant_id = :a
union all select 'o', override_id from booking.schedule_override where tenant_id = :a
union all select 'r', resource_id from booking.resource where tenant_id = :a
union all select 'v', service_id from booking.service where tenant_id = :a
union all select 'q', requirement_id from booking.service_requirement where tenant_id = :a
union all select 'w', busy_window_id from booking.busy_window where tenant_id = :a;
create table call (place serial, what text, call text);
create function pg_temp.of_a(call text)
returns text
language plpgsql
as $$
declare
    v_call text := call;
    v_thing thing;
begin
    for v_thing in select * from thing loop
        v_call := replace(v_call, '@' || v_thing.letter, quote_literal(v_thing.id));
    end loop;
    return v_call;
end
$$;
-- Made before anybody takes on a role.
create table outcome (place int, who text, done text);
create function pg_temp.ask()
returns void
language sql
as $$
    insert into outcome (place, who, done)
    select c.place, a.who, left(pg_temp.try(a, 'select ' || case c.what when 'list' then 'count(*) from' else '' end || ' booking.' || pg_temp.of_a(c.call)), 40)
    from call c
    cross join actor a;
$$;

-- Lists: each sees the own tenant's rows, also what the public does not.
insert into call (what, call)
select 'list', c
from unnest('{list_locations(@t),list_resources(@t),list_services(@t),list_members(@t),list_schedules(@t),"list_rules(@t, @s)","list_overrides(@t, @s)",list_busy_windows(@t)}'::text[]) c;
insert into call (what, call)
select 'write', c
from unnest(array[$$put_location(@t, 'new', 'New')$$, $$put_location(@t, 'here', 'There')$$, $$put_resource(@t, 'new', 'New')$$, $$put_resource(@t, 'room', capacity => 2)$$,
    $$patch_resource(@t, @r, '{"name": "X"}')$$, $$patch_service(@t, @v, '{"name": "X"}')$$, $$create_service(@t, 'new', '{"name": "New", "durations": [60]}')$$,
    $$put_requirement(@t, @v, array[@r]::uuid[], requirement => @q)$$, $$put_schedule(@t, 'New')$$, $$put_schedule(@t, zone => 'UTC', schedule => @s)$$,
    $$put_rule(@t, @s, 1, '09:00', '10:00')$$, $$put_override(@t, @s, '[2100-02-01,2100-02-02)')$$, $$put_busy_window(@t, @r, '[2100-01-05,2100-01-06)')$$,
    $$put_member(@t, 'new', 'viewer')$$, $$put_member(@t, 'a-viewer', 'manager')$$, $$put_member(@t, 'a-owner', 'viewer')$$, $$delete_member(@t, 'a-viewer')$$, $$delete_member(@t, 'a-owner')$$,
    $$delete_location(@t, @l)$$, $$delete_schedule(@t, @s)$$, $$delete_override(@t, @s, @o)$$, $$delete_busy_window(@t, @w)$$, $$delete_requirement(@t, @v, @q)$$, $$delete_service(@t, @v)$$, $$delete_resource(@t, @r)$$]) c;
select pg_temp.ask();
select what, call, max(done) filter (where who = 'public') as public, max(done) filter (where who = 'customer') as customer, max(done) filter (where who = 'viewer') as viewer,
    max(done) filter (where who = 'manager') as manager, max(done) filter (where who = 'owner') as owner, max(done) filter (where who = 'of b') as "of b",
    max(done) filter (where who = 'narrowed') as narrowed, max(done) filter (where who = 'service') as service
from call
join outcome using (place)
group by place, what, call
order by place;
drop table actor, thing, call, outcome cascade;
drop extension pg_booking;
drop owned by regress_owner_public, regress_owner_member, regress_owner_service, regress_owner_owner;
drop role regress_owner_public, regress_owner_member, regress_owner_service, regress_owner_owner;
