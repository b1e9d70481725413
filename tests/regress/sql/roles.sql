-- Who sees and writes what: every role against every table, from the catalog. A new table has a line here or fails; what a
-- line says is its decision. Functions: roles_calls.sql.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set a '''00000000-0000-0000-0000-00000000000a'''
\set b '''00000000-0000-0000-0000-00000000000b'''
create role regress_roles_public;
create role regress_roles_member;
create role regress_roles_service;
create role regress_roles_owner;
create role regress_roles_login login;
create role regress_roles_jobs login;

-- Two tenants with a row of each kind, before anybody owns anything.
create function pg_temp.fill(tenant uuid, slug text)
returns void
language plpgsql
as $$
declare
    v_location uuid := gen_random_uuid();
    v_holidays uuid := gen_random_uuid();
    v_resource uuid := gen_random_uuid();
    v_service uuid;
    v_schedule uuid;
    v_booking uuid;
begin
    insert into booking.tenant (tenant_id, slug, name) values (tenant, slug, slug);
    insert into booking.member (tenant_id, user_id, role)
    select tenant, slug || '-' || r, r from unnest('{viewer,manager,owner}'::text[]) r;
    insert into booking.location (tenant_id, location_id, slug, name) values (tenant, v_location, 'here', 'Here');
    insert into booking.resource (tenant_id, resource_id, slug, name, location_id)
    values (tenant, v_resource, 'room', 'Room', v_location);
    v_schedule := booking.put_hours(tenant, v_resource, 'Mo-Su 08:00-20:00');
    insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values (tenant, v_holidays, 'days', 'Days');
    insert into booking.holiday (tenant_id, holiday_set_id, dates) values (tenant, v_holidays, '[2100-01-01,2100-01-01]');
    insert into booking.schedule_override (tenant_id, schedule_id, dates) values (tenant, v_schedule, '[2100-01-02,2100-01-02]');
    insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
    values (tenant, v_schedule, '[2100-01-03,2100-01-03]', 'Europe/Berlin');
    v_service := booking.put_service(tenant, 'class', 'Class', array[60], array[v_resource]);
    update booking.service s set seats = 5 where s.tenant_id = fill.tenant;
    insert into booking.service_limit (tenant_id, service_id, period, max_count) values (tenant, v_service, 'day', 5);
    insert into booking.busy_window (tenant_id, resource_id, span)
    values (tenant, v_resource, '[2100-01-04 18:00+00,2100-01-04 19:00+00)');
    v_booking := (booking.book(
        tenant, service => v_service, starts_at => '2100-01-04 09:00', customer => '{"sub": "customer", "name": "C"}')).booking_id;
    perform booking.book(tenant, service => v_service, starts_at => '2100-01-04 11:00', customer => '{"sub": "another"}', idempotency_key => 'k');
    insert into booking.payment (tenant_id, reference, booking_id, amount, currency) values (tenant, 'pi_1', v_booking, 5, 'EUR');
    perform booking.hold(tenant, v_service, '2100-01-04 10:00', 'session-0123456789');
    perform booking.try_hold(tenant, v_service, '2100-01-04 10:10', 'session-0123456789');
    insert into booking.availability (tenant_id, resource_id, week, unit, open)
    values (tenant, v_resource, '2100-01-04', 0, '{}')
    on conflict do nothing;
    insert into booking.sql_login (tenant_id, login, role) values (tenant, slug || '_nobody', 'owner');
end
$$;
select pg_temp.fill(:a, 'a'), pg_temp.fill(:b, 'b');
select booking.grant_access(
    'regress_roles_public', 'regress_roles_member', service_role => 'regress_roles_service', owner_role => 'regress_roles_owner');
select booking.bind_login(:a, 'regress_roles_login', 'manager');
-- Whoever may write a setting may write this one: it is not believed.
alter role regress_roles_login set request.jwt.claims = '{"sub": "b-owner"}';

create table actor (place serial, actor text, role text, login boolean, claims text);
insert into actor (actor, role, login, claims)
values ('public', 'regress_roles_public', false, ''),
    ('customer', 'regress_roles_member', false, '{"sub": "customer"}'),
    ('viewer', 'regress_roles_member', false, '{"sub": "a-viewer"}'),
    ('manager', 'regress_roles_member', false, '{"sub": "a-manager"}'),
    ('owner', 'regress_roles_member', false, '{"sub": "a-owner"}'),
    ('of b', 'regress_roles_member', false, '{"sub": "b-owner"}'),
    ('login', 'regress_roles_login', true, '{"sub": "b-owner"}'),
    ('service', 'regress_roles_service', false, '');

-- What a statement does to so many rows, or its SQLSTATE; nothing of it stays.
create function pg_temp.try(actor actor, statement text)
returns text
language plpgsql
as $$
declare
    v_rows bigint;
begin
    perform set_config('request.jwt.claims', actor.claims, true);
    perform set_config(case when actor.login then 'session_authorization' else 'role' end, actor.role, true);
    execute statement;
    get diagnostics v_rows = row_count;
    raise exception using errcode = 'RB000', message = v_rows::text;
exception when others then
    return case sqlstate when 'RB000' then sqlerrm else sqlstate end;
end
$$;

-- r, i, u, d: done, to the rows of a tenant; dot: there is nothing to do it to; dash: refused (42501). A constraint that is
-- in the way comes after permission.
create function pg_temp.verbs(actor actor, relation regclass, tenant uuid)
returns text
language plpgsql
as $$
declare
    -- Of a table that is nobody's, all rows.
    v_column text := (
        select attname from pg_attribute
        where attrelid = relation and attnum > 0 and not attisdropped
        order by attname <> 'tenant_id', attnum
        limit 1);
    v_where text := case when v_column = 'tenant_id' then format('tenant_id = %L', tenant) else 'true' end;
    v_row jsonb;
    v_done text[];
begin
    execute format('select to_jsonb(t) from %s t where %s limit 1', relation, v_where) into v_row;
    v_done := array[
        pg_temp.try(actor, format('select from %s where %s', relation, v_where)),
        pg_temp.try(actor, format('insert into %1$s overriding system value select (jsonb_populate_record(null::%1$s, %2$L)).* on conflict do nothing', relation, v_row)),
        pg_temp.try(actor, format('update %s set %2$I = %2$I where %3$s', relation, v_column, v_where)),
        pg_temp.try(actor, format('delete from %s where %s', relation, v_where))];
    return (
        select string_agg(
            case
                when d.done = '42501' then '-'
                -- Nothing was inserted since it is there already.
                when d.done = '0' and d.verb <> 'i' then '.'
                when d.done ~ '^([0-9]+|23...)$' then d.verb
                else d.verb || '(' || d.done || ')'
            end, '' order by d.place)
        from unnest(v_done, '{r,i,u,d}'::text[]) with ordinality d (done, verb, place));
end
$$;

-- Rows of tenant a. The customer's is the one booking.
select c.relname as table,
    max(v.verbs) filter (where v.actor = 'public') as public, max(v.verbs) filter (where v.actor = 'customer') as customer,
    max(v.verbs) filter (where v.actor = 'viewer') as viewer, max(v.verbs) filter (where v.actor = 'manager') as manager,
    max(v.verbs) filter (where v.actor = 'owner') as owner, max(v.verbs) filter (where v.actor = 'of b') as "of b",
    max(v.verbs) filter (where v.actor = 'login') as login, max(v.verbs) filter (where v.actor = 'service') as service
from pg_class c
cross join lateral (select a.actor, pg_temp.verbs(a, c.oid, :a) as verbs from actor a) v
where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
group by c.relname
order by c.relname collate "C";

-- Rows of tenant b: what those of a see and do there. Nothing.
create view shared as
select c.oid::regclass as relation
from pg_class c
join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id'
where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p');
select s.relation, a.actor, v.verbs
from shared s
cross join actor a
cross join lateral pg_temp.verbs(a, s.relation, :b) v (verbs)
where a.actor in ('viewer', 'manager', 'owner', 'login') and v.verbs !~ '^[-.]+$';

-- A table of which there is nothing to see here: none. Nor can rows be given away.
create table filled (relation regclass, rows bigint);
do $$
declare
    v_table regclass;
    v_rows bigint;
begin
    for v_table in select c.oid from pg_class c where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') loop
        execute format('select count(*) from %s', v_table) into v_rows;
        insert into filled values (v_table, v_rows);
    end loop;
end
$$;
select relation from filled where rows = 0 order by relation::text;
select s.relation, g.given
from shared s
cross join actor a
cross join lateral pg_temp.try(a, format('update %s set tenant_id = %L where tenant_id = %L', s.relation, :b, :a)) g (given)
where a.actor = 'owner' and g.given <> '42501';

-- A customer has bookings with both, and sees them, and no other.
create table seen (who text, bookings bigint, others bigint, tenants bigint);
grant insert on seen to public;
create function pg_temp.look(who text, role text, claims text)
returns void
language plpgsql
as $$
begin
    perform set_config('request.jwt.claims', claims, true);
    perform set_config('role', role, true);
    insert into seen
    select who, count(*) filter (where customer_key = 'customer'), count(*) filter (where customer_key <> 'customer'), (
        select count(*) from booking.tenant)
    from booking.booking;
    perform set_config('role', 'none', true);
exception when others then
    insert into seen (who) values (who || ': ' || sqlstate);
end
$$;
do $$
begin
    perform pg_temp.look(c.what, 'regress_roles_member', c.claims)
    from (
        values ('customer', '{"sub": "customer"}'),
            ('customer, at a', '{"sub": "customer", "tenant_id": "00000000-0000-0000-0000-00000000000a"}'),
            ('owner of a', '{"sub": "a-owner"}'),
            ('owner of a, at a', '{"sub": "a-owner", "tenant_id": "00000000-0000-0000-0000-00000000000a"}'),
            -- A claim only narrows.
            ('owner of a, at b', '{"sub": "a-owner", "tenant_id": "00000000-0000-0000-0000-00000000000b"}'),
            ('owner of a, at a slug', '{"sub": "a-owner", "tenant_id": "a"}'),
            ('owner of a, at a number', '{"sub": "a-owner", "tenant_id": 1}'),
            ('owner of a, at a list', '{"sub": "a-owner", "tenant_id": ["00000000-0000-0000-0000-00000000000a"]}'),
            ('owner of a, at null', '{"sub": "a-owner", "tenant_id": null}'),
            ('not set', ''), ('null', 'null'), ('no sub', '{"role": "authenticated"}'), ('a list', '["a-owner"]'),
            ('a string', '"a-owner"'), ('sub is null', '{"sub": null}'), ('sub is a list', '{"sub": ["a-owner"]}'),
            ('sub is empty', '{"sub": ""}'), ('nobody', '{"sub": "nobody"}'), ('half', '{"sub": "a-owner"'),
            ('not JSON', 'a-owner'), ('a zero byte', '{"sub": "\u0000"}'), ('twice', '{"sub": "nobody", "sub": "a-owner"}')) c (what, claims);
    -- Only in the role of the members is a setting believed.
    perform pg_temp.look('as service', 'regress_roles_service', '{"sub": "nobody"}');
end
$$;
select * from seen;
-- What was booked by an e-mail address or a phone that reads as the sub of somebody is not theirs; nor is what is theirs for
-- them to change here.
begin;
select count(booking.book(:a, service => s.service_id, starts_at => '2100-03-01 09:00', customer => c.customer)) as booked
from booking.service s
cross join (values ('{"email": "Customer"}'::jsonb), ('{"phone": "customer", "sub": ["customer"]}')) c (customer)
where s.tenant_id = :a;
select count(*) as of_the_key from booking.booking where tenant_id = :a and customer_key = 'customer';
set local role regress_roles_member;
set local request.jwt.claims = '{"sub": "customer", "tenant_id": "00000000-0000-0000-0000-00000000000a"}';
select count(*) as seen from booking.booking;
\set VERBOSITY sqlstate
select booking.cancel(:a, (select booking_id from booking.booking));
\set VERBOSITY default
rollback;
-- A login that was granted what members are granted, but is not bound to a tenant, is nobody; bound, what it sets counts for nothing.
create role regress_roles_stray login;
select booking.grant_member('regress_roles_stray');
set session authorization regress_roles_stray;
set request.jwt.claims to '{"sub": "a-owner"}';
select count(*) as tenants from booking.tenant;
set session authorization regress_roles_login;
set request.jwt.claims to '{"sub": "b-owner"}';
select slug from booking.tenant;
reset session authorization;
grant regress_roles_member to regress_roles_login;
set session authorization regress_roles_login;
set role regress_roles_member;
select slug from booking.tenant;
reset role;
reset session authorization;
delete from booking.sql_login where login = 'regress_roles_login';
revoke regress_roles_member from regress_roles_login;
set session authorization regress_roles_login;
select count(*) as tenants from booking.tenant;
reset session authorization;
reset request.jwt.claims;

-- From the catalog: a table without row-level security, a policy that calls a function for every row, a policy on a column
-- that no index begins with: none, but for what is asked of the few rows that a customer's key finds.
select c.oid::regclass
from pg_class c
where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity;
select p.polrelid::regclass, p.polname
from pg_policy p
where regexp_replace(
    concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)),
    '\( SELECT \(?booking\.\w+\([^()]*\)\)?(\.\w+)? AS \w+\)', '', 'g') ~ 'booking\.';
select distinct p.polrelid::regclass, a.attname
from pg_policy p
join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refobjid = p.polrelid and d.refobjsubid > 0
join pg_attribute a on a.attrelid = p.polrelid and a.attnum = d.refobjsubid
where not exists (select from pg_index i where i.indrelid = p.polrelid and i.indkey[0] = a.attnum)
    and (p.polname, a.attname) <> ('customer_read', 'customer');
-- A member's day is found by an index, whatever the policy has to say of its rows; lower() is not.
create function pg_temp.by_index(statement text)
returns boolean
language plpgsql
as $$
declare
    v_line text;
begin
    for v_line in execute 'explain ' || statement loop
        if v_line ~ 'Index Cond: .*2100-01-04' then
            return true;
        end if;
    end loop;
    return false;
end
$$;
set enable_seqscan to off;
set request.jwt.claims to '{"sub": "a-viewer"}';
set role regress_roles_member;
select start, pg_temp.by_index(format(
    'select from booking.booking where tenant_id = %L and %s(span) >= %L', :a, start, '2100-01-04')) as by_index
from unnest('{booking.span_start,lower}'::text[]) start;
reset role;
reset request.jwt.claims;
reset enable_seqscan;

-- Nobody but the owner and the roles that were granted has anything; the owner owns all tables and definers, and can create nothing.
select distinct x.grantee::regrole
from (
    select relacl as acl from pg_class where relnamespace = 'booking'::regnamespace
    union all
    select proacl from pg_proc where pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
    union all
    select nspacl from pg_namespace where nspname in ('booking', 'booking_api')) s
cross join lateral aclexplode(s.acl) x
order by 1;
select c.oid::regclass from pg_class c
where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and c.relowner <> 'regress_roles_owner'::regrole;
select p.oid::regprocedure from pg_proc p
where p.pronamespace = 'booking'::regnamespace and p.prosecdef and p.proowner <> 'regress_roles_owner'::regrole;
select has_schema_privilege('regress_roles_owner', 'booking', 'create') as creates,
    has_schema_privilege('regress_roles_public', 'booking', 'usage') as public_usage;

-- Foreign keys, triggers and upkeep work for an owner that is nobody, whoever runs them.
select booking.grant_jobs('regress_roles_jobs');
set role regress_roles_jobs;
call booking.roll(10);
select booking.expire_holds();
call booking.prune();
reset role;
set role regress_roles_service;
select booking.put_hours(tenant_id, resource_id, 'Mo-Su 09:00-17:00') is not null as put from booking.resource order by tenant_id;
insert into booking.location (tenant_id, slug, name) values ('00000000-0000-0000-0000-0000000000ff', 'x', 'X');
call booking.roll(10);
select booking.expire_holds();
call booking.prune();
select count(*) as drift from booking.verify();
delete from booking.booking where tenant_id = :b;
begin;
set constraints all deferred;
delete from booking.tenant where tenant_id = :b;
commit;
select slug from booking.tenant;
reset role;

-- What the roles must be, and what a call leaves of the one before.
\set VERBOSITY sqlstate
select booking.grant_access('regress_roles_nobody');
select booking.grant_access(member_role => 'regress_roles_login');
select booking.grant_access(public_role => 'postgres');
select booking.grant_access(member_role => 'regress_roles_public');
select booking.grant_access(owner_role => 'regress_roles_login');
grant regress_roles_owner to regress_roles_public;
select booking.grant_access();
revoke regress_roles_owner from regress_roles_public;
select booking.bind_login(:a, 'postgres');
select booking.bind_login(:a, 'regress_roles_nobody');
select booking.bind_login(:a, 'regress_roles_login', 'king');
set role regress_roles_service;
select booking.grant_access();
select booking.bind_login(:a, 'regress_roles_login');
insert into booking.access (owner) values ('regress_roles_service');
reset role;
\set VERBOSITY default
select booking.revoke_access('regress_roles_stray');
select booking.grant_access(public_role => 'regress_roles_stray');
select public_role, member_role, service_role, owner_role, owner from booking.access;
select has_schema_privilege('regress_roles_public', 'booking_api', 'usage') as before,
    has_schema_privilege('regress_roles_stray', 'booking_api', 'usage') as now,
    has_schema_privilege('regress_roles_stray', 'booking', 'usage') as more,
    has_schema_privilege('regress_roles_member', 'booking', 'usage') as member;
select r.rolname, s.setconfig
from pg_db_role_setting s
join pg_roles r on r.oid = s.setrole
where r.rolname like 'regress\_roles\_%'
order by 1;
drop view shared;
drop extension pg_booking;
drop owned by regress_roles_public, regress_roles_member, regress_roles_service, regress_roles_owner, regress_roles_login, regress_roles_stray, regress_roles_jobs;
drop role regress_roles_public, regress_roles_member, regress_roles_service, regress_roles_owner, regress_roles_login, regress_roles_stray, regress_roles_jobs;
