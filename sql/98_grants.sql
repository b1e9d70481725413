-- Who may call what. Nothing is PUBLIC's; the site's own roles are granted by kind. Next: 99_dump.sql.

create function booking.callable(kind text)
returns setof regprocedure
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- What runs with its caller's rights is bounded by policies, so members may call all of it. What runs with the owner's is
    -- the public's, or says here whose it is.
    select p.oid::regprocedure
    from pg_proc p
    where p.prorettype <> 'trigger'::regtype
        and case
            when p.pronamespace = 'booking_api'::regnamespace then kind in ('public', 'member', 'service')
            when p.pronamespace <> 'booking'::regnamespace then false
            when p.proname like 'grant\_%' or p.proname in ('revoke_access', 'bind_login', 'install_jobs', 'remove_jobs') then false
            when p.prosecdef and p.proname like 'public\_%' then kind in ('public', 'member', 'service')
            when p.prosecdef and p.proname in ('caller', 'my_tenants') then kind in ('member', 'service')
            -- Asks for the epoch, which is not a member's to know.
            when p.proname = 'changes_of' then kind in ('service', 'owner')
            when p.prosecdef or p.prokind = 'p' or p.proname = 'doctor' or p.proname like 'doctor\_%' then kind = 'service'
            else kind in ('member', 'service', 'owner')
        end;
end;
comment on function booking.callable(text) is
    'What roles of a kind may call: public, member, service, or the owner of the definers beside what it owns.';

create function booking.grant_member(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_grant record;
begin
    execute format('grant usage on schema booking, booking_api to %I', role);
    execute (
        select format('grant execute on function %s to %I', string_agg(f::text, ', '), role)
        from booking.callable('member') f);
    -- Grants follow policies, the one place that says who may do what with a table.
    for v_grant in
        select p.polrelid::regclass as relation, string_agg(distinct v.verb, ', ') as verbs
        from pg_policy p
        join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) v (cmd, verb) on v.cmd = p.polcmd::text
        join pg_class c on c.oid = p.polrelid
        where c.relnamespace = 'booking'::regnamespace
        group by p.polrelid
    loop
        execute format('grant %s on table %s to %I', v_grant.verbs, v_grant.relation, role);
    end loop;
end
$$;
comment on function booking.grant_member(name) is
    'Lets a role call what members may call and use the tables that they have policies for.';

create function booking.grant_service(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set client_min_messages = warning
as $$
declare
    v_table regclass;
begin
    execute format('grant usage on schema booking, booking_api to %I', role);
    execute (
        select format('grant execute on routine %s to %I', string_agg(f::text, ', '), role)
        from booking.callable('service') f);
    for v_table in
        select c.oid::regclass
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and c.oid <> 'booking.access'::regclass
        order by c.relname
    loop
        execute format('grant select, insert, update, delete on table %s to %I', v_table, role);
        execute format('drop policy if exists service_all on %s', v_table);
        execute format('create policy service_all on %s to %I using (true) with check (true)', v_table, role);
    end loop;
end
$$;
comment on function booking.grant_service(name) is 'Lets a role act for all tenants: every table but booking.access, and every function but those that grant.';

create function booking.grant_owner(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_table regclass;
    v_function regprocedure;
begin
    -- Foreign keys are checked as the owner of a table: without USAGE every one of them fails.
    execute format('grant usage, create on schema booking to %I', role);
    execute (
        select format('grant execute on function %s to %I', string_agg(f::text, ', '), role)
        from booking.callable('owner') f);
    for v_table in
        select c.oid::regclass
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p')
            and c.relowner <> to_regrole(quote_ident(role))
    loop
        execute format('alter table %s owner to %I', v_table, role);
    end loop;
    for v_function in
        select p.oid::regprocedure
        from pg_proc p
        where p.pronamespace = 'booking'::regnamespace and p.prosecdef and p.proowner <> to_regrole(quote_ident(role))
    loop
        execute format('alter function %s owner to %I', v_function, role);
    end loop;
    -- Only needed to be given something.
    execute format('revoke create on schema booking from %I', role);
end
$$;
comment on function booking.grant_owner(name) is 'Gives the tables and the definers to a role, with what they call.';

create function booking.grant_timeout(role name, bound text)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if not exists (
        select
        from pg_db_role_setting s
        cross join unnest(s.setconfig) c
        where s.setrole = to_regrole(quote_ident(role)) and c like 'statement\_timeout=%')
    then
        execute format('alter role %I set statement_timeout = %L', role, bound);
    end if;
exception when insufficient_privilege then
    raise warning 'role "%" has no statement_timeout', role
        using hint = format('Whoever may: alter role %I set statement_timeout = %L', role, bound);
end
$$;
comment on function booking.grant_timeout(name, text) is
    'The bound of every call of a role, where it has none yet. PostgREST applies it for the role that it takes on.';

create function booking.check_access(access booking.access)
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_names name[] := array_remove(array[access.public_role, access.member_role, access.service_role, access.owner_role], null);
    v_role name;
begin
    if coalesce(access.public_role, access.member_role, access.service_role, access.owner_role) is null then
        raise exception 'no role is given, and none is known from before'
            using errcode = '22004', hint = 'Name the roles of the site: public_role, member_role, service_role, owner_role.';
    end if;
    foreach v_role in array v_names loop
        if to_regrole(quote_ident(v_role)) is null then
            raise exception 'role "%" does not exist', v_role using errcode = '42704';
        elsif cardinality(array_positions(v_names, v_role)) > 1 then
            raise exception 'role "%" cannot be two of them', v_role using errcode = '22023';
        elsif access.owner_role is not null and v_role <> access.owner_role and pg_has_role(v_role, access.owner_role, 'member') then
            raise exception 'role "%" must not be a member of the owner', v_role
                using errcode = '22023', hint = 'Policies do not hold for whoever may act as the owner of a table.';
        elsif v_role is distinct from access.service_role and (
            select r.rolsuper or r.rolbypassrls or r.rolcanlogin and v_role is distinct from access.public_role
            from pg_roles r
            where r.rolname = v_role)
        then
            raise exception 'role "%" may log in, or policies do not hold for it', v_role
                using errcode = '22023', hint = 'A login of one tenant is for booking.bind_login.';
        end if;
    end loop;
end
$$;
comment on function booking.check_access(booking.access) is
    'What the roles of a site must be: 42704 where one does not exist, 22023 where one cannot be what it is to be, 22004 for none.';

create function booking.revoke_access(role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_table regclass;
begin
    if to_regrole(quote_ident(role)) is null then
        return;
    end if;
    execute format('revoke all on all tables in schema booking from %I', role);
    execute format('revoke all on all routines in schema booking, booking_api from %I', role);
    execute format('revoke all on schema booking, booking_api from %I', role);
    for v_table in
        select p.polrelid::regclass
        from pg_policy p
        where p.polname = 'service_all' and p.polroles = array[to_regrole(quote_ident(role))::oid]
    loop
        execute format('drop policy service_all on %s', v_table);
    end loop;
end
$$;
comment on function booking.revoke_access(name) is 'Takes from a role all that grant_access and bind_login give. Nothing for an unknown one.';

create function booking.grant_access(
    public_role name default null,
    member_role name default null,
    service_role name default null,
    owner_role name default null)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_before booking.access;
    v_access booking.access;
    v_role name;
begin
    -- One at a time: two that grant on one object fail.
    lock table booking.access in share row exclusive mode;
    select a.* into v_before from booking.access a;
    v_access := (
        coalesce(grant_access.public_role, v_before.public_role),
        coalesce(grant_access.member_role, v_before.member_role),
        coalesce(grant_access.service_role, v_before.service_role),
        coalesce(grant_access.owner_role, v_before.owner_role), null)::booking.access;
    perform booking.check_access(v_access);
    perform booking.grant_public_nothing();
    foreach v_role in array array[v_before.public_role, v_before.member_role, v_before.service_role] loop
        if v_role is not null and (v_access.public_role, v_access.member_role, v_access.service_role)
            is distinct from (v_before.public_role, v_before.member_role, v_before.service_role)
        then
            perform booking.revoke_access(v_role);
        end if;
    end loop;
    if v_access.owner_role is not null then
        perform booking.grant_owner(v_access.owner_role);
    end if;
    if v_access.public_role is not null then
        execute format('grant usage on schema booking_api to %I', v_access.public_role);
        execute (
            select format('grant execute on function %s to %I', string_agg(f::text, ', '), v_access.public_role)
            from booking.callable('public') f);
        perform booking.grant_timeout(v_access.public_role, '5s');
    end if;
    if v_access.member_role is not null then
        perform booking.grant_member(v_access.member_role);
        perform booking.grant_timeout(v_access.member_role, '15s');
    end if;
    if v_access.service_role is not null then
        perform booking.grant_service(v_access.service_role);
        perform booking.grant_timeout(v_access.service_role, '60s');
    end if;
    for v_role in select distinct l.login from booking.sql_login l where to_regrole(quote_ident(l.login)) is not null loop
        perform booking.grant_member(v_role);
    end loop;
    v_access.owner := (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = 'booking.access'::regclass);
    delete from booking.access;
    insert into booking.access select v_access.*;
end
$$;
comment on function booking.grant_access(name, name, name, name) is
    'Wires the roles of the site, which it does not create (Supabase: anon, authenticated, service_role). public_role calls '
    'booking_api and nothing else. member_role, which cannot log in, is what signed-in requests run as: members use the tables '
    'and functions of their tenants under row-level security, customers see their own bookings. service_role acts for all '
    'tenants. owner_role, which cannot log in either, gets the tables and the definers, so that these run as nobody with more '
    'rights than they need; without one they run as whoever installed the extension. A null argument: as in the call before, so '
    'grant_access() repeats it, as must be done after a restore. A role that is replaced loses what it had. Sets '
    'statement_timeout of roles that have none (5, 15, 60 s). 42704: unknown role; 22023: a role that cannot be that; 22004: none '
    'given, ever; 42501: the caller may not grant.';

create function booking.bind_login(tenant uuid, login name, role text default 'viewer')
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if to_regrole(quote_ident(bind_login.login)) is null then
        raise exception 'role "%" does not exist', bind_login.login using errcode = '42704';
    elsif (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = bind_login.login) then
        raise exception 'policies do not hold for role "%"', bind_login.login using errcode = '22023';
    end if;
    insert into booking.sql_login as l (tenant_id, login, role)
    values (bind_login.tenant, bind_login.login, bind_login.role)
    on conflict on constraint sql_login_pkey do update
    set role = excluded.role;
    perform booking.grant_member(bind_login.login);
end
$$;
comment on function booking.bind_login(uuid, name, text) is
    'Lets a login speak SQL for a tenant, as viewer (default), manager or owner: whatever it sets, it is this tenant''s, and '
    'that of other calls for it. Deleting its rows of booking.sql_login shuts it out. 42704: unknown role; 22023: a role that '
    'policies do not hold for; 23503: unknown tenant; 23514: unknown kind of member; 42501: the caller may not grant.';

create function booking.grant_public_nothing()
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_type regtype;
begin
    revoke all on all tables in schema booking from public;
    revoke all on all routines in schema booking, booking_api from public;
    revoke all on schema booking, booking_api from public;
    -- There is no ALL TYPES. Arrays and row types of tables follow their elements and tables.
    for v_type in
        select t.oid::regtype
        from pg_type t
        left join pg_class c on c.oid = t.typrelid
        where t.typnamespace = 'booking'::regnamespace and t.typelem = 0 and coalesce(c.relkind, 'c') = 'c'
    loop
        execute format('revoke all on type %s from public', v_type);
    end loop;
end
$$;
comment on function booking.grant_public_nothing() is 'Takes from PUBLIC what new functions and types give it. Ends the install script.';

create function booking.grant_after_update()
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- A grant or a revoke in a script of an extension makes all that is granted on the object a part of the extension: pg_dump
    -- would leave it out, and name a role that is dropped later by its number. The roles are the site's, so what was recorded
    -- before is put back; of what is new stays what it has when PUBLIC has nothing.
    v_before pg_init_privs[] := array(select p from pg_init_privs p where p.privtype = 'e');
begin
    perform booking.grant_public_nothing();
    v_before := v_before || array(
        select p
        from pg_init_privs p
        where p.privtype = 'e'
            and not exists (
                select
                from unnest(v_before) b
                where (b.objoid, b.classoid, b.objsubid) = (p.objoid, p.classoid, p.objsubid)));
    if exists (select from booking.access) then
        perform booking.grant_access();
    end if;
    delete from pg_init_privs p
    where p.privtype = 'e'
        and not exists (
            select
            from unnest(v_before) b
            where (b.objoid, b.classoid, b.objsubid) = (p.objoid, p.classoid, p.objsubid));
    update pg_init_privs p
    set initprivs = b.initprivs
    from unnest(v_before) b
    where (b.objoid, b.classoid, b.objsubid) = (p.objoid, p.classoid, p.objsubid)
        and b.initprivs::text <> p.initprivs::text;
end
$$;
comment on function booking.grant_after_update() is
    'The end of every upgrade script: nothing of what is new is PUBLIC''s, and the roles of the site get what is theirs of it.';

select booking.grant_public_nothing();
