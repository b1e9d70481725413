-- Who owns what and who may call what, as far as it differs from what booking.grant_access left. What lists objects has no
-- schema in its path, so that they are named in full and remedies can be run anywhere. Next: 96_doctor_state.sql.

create function booking.doctor_owner()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_owner name := (booking.doctor_access()).owner;
begin
    if v_owner is null then
        return query values
            ('owner', true, 'grant_access was never called: what there is belongs to whoever installed it', null::text),
            ('surface', true, 'nobody was let in: booking_api answers its owner alone', null);
        return;
    end if;
    return next booking.doctor_finding('owner',
        array(
            select c.oid::regclass::text
            from pg_class c
            where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and pg_get_userbyid(c.relowner) <> v_owner
            order by c.relname),
        format('all tables belong to "%s"', v_owner),
        format('tables do not belong to "%s"', v_owner),
        'select booking.grant_access();');
    return next booking.doctor_finding('surface',
        array(
            select p.oid::regprocedure::text
            from pg_proc p
            where p.pronamespace = 'booking'::regnamespace and p.prosecdef and pg_get_userbyid(p.proowner) <> v_owner
            order by p.oid::regprocedure::text),
        format('the public surface is open, and runs as "%s"', v_owner),
        format('the public surface is shut (42501), for its functions do not run as "%s"', v_owner),
        'select booking.grant_access();');
end
$$;
comment on function booking.doctor_owner() is
    'Whether tables and definers belong to whom grant_access left them with: after a restore they do not, and the public surface is shut.';

create function booking.doctor_roles()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_access booking.access := booking.doctor_access();
    v_role name;
begin
    if v_access.owner is not null then
        perform booking.check_access(v_access);
    end if;
    return query values ('roles', true, case
        when v_access.owner is null then 'no roles are wired'
        else format('public "%s", member "%s", service "%s", owner "%s"', v_access.public_role, v_access.member_role,
            v_access.service_role, v_access.owner_role) end, null::text);
exception when undefined_object or invalid_parameter_value then
    v_role := substring(sqlerrm from 'role "(.*)"');
    return query values ('roles', false, sqlerrm, case
        when sqlstate = '42704' then format('create role %I nologin; select booking.grant_access();', v_role)
        when sqlerrm like '%member of the owner' then format('revoke %I from %I;', v_access.owner_role, v_role)
        else format('alter role %I nosuperuser nobypassrls%s;', v_role, case when v_role is distinct from v_access.public_role then ' nologin' end) end);
end
$$;
comment on function booking.doctor_roles() is 'Whether the roles of the site are still what booking.check_access asks of them.';

create function booking.doctor_grants()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_access booking.access := booking.doctor_access();
    v_public oid := to_regrole(quote_ident(v_access.public_role));
begin
    return next booking.doctor_finding('grants',
        array(
            select format('%I on %s', w.role, f)
            from (values ('public', v_access.public_role), ('member', v_access.member_role), ('service', v_access.service_role)) w (kind, role)
            cross join lateral booking.callable(w.kind) f
            where to_regrole(quote_ident(w.role)) is not null and not has_function_privilege(w.role, f, 'execute')
            order by 1),
        'the roles may call what they are to call',
        'a role misses EXECUTE',
        'select booking.grant_access();');
    return next booking.doctor_finding('public_role',
        array(
            select 'USAGE on schema booking'
            where has_schema_privilege(v_public, 'booking', 'usage')
            union all
            select p.oid::regprocedure::text
            from pg_proc p
            where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
                and has_function_privilege(v_public, p.oid, 'execute')
                and p.oid not in (select f from booking.callable('public') f)
            union all
            select c.oid::regclass::text
            from pg_class c
            where c.relnamespace in ('booking'::regnamespace, 'booking_api'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'f')
                and has_table_privilege(v_public, c.oid, 'select, insert, update, delete, truncate')),
        case when v_public is null then 'there is none' else format('"%s" may call booking_api and nothing else', v_access.public_role) end,
        format('"%s" may more than call booking_api', v_access.public_role),
        format('select booking.revoke_access(%L); select booking.grant_access();', v_access.public_role));
end
$$;
comment on function booking.doctor_grants() is
    'Whether the roles of the site may call what they are to call, and the public role nothing else.';

create function booking.doctor_public()
returns setof booking.finding
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
    with schema as (
        select n.oid, n.nspname, n.nspacl, n.nspowner
        from pg_namespace n
        where n.nspname in ('booking', 'booking_api')),
    -- What has no list of its own has the default one: PUBLIC may call functions and use types.
    granted (object, acl) as (
        select 'schema ' || s.nspname, s.nspacl
        from schema s
        union all
        select c.oid::regclass::text, c.relacl
        from pg_class c
        join schema s on s.oid = c.relnamespace
        union all
        select p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
        from pg_proc p
        join schema s on s.oid = p.pronamespace
        union all
        select 'type ' || t.oid::regtype, coalesce(t.typacl, acldefault('T', t.typowner))
        from pg_type t
        join schema s on s.oid = t.typnamespace
        left join pg_class c on c.oid = t.typrelid
        where t.typelem = 0 and coalesce(c.relkind, 'c') = 'c')
    select *
    from booking.doctor_finding('public',
        array(
            select g.object
            from granted g
            where exists (select from aclexplode(g.acl) a where a.grantee = 0)
            order by g.object),
        'PUBLIC may do nothing in either schema',
        'PUBLIC may use',
        'select booking.grant_public_nothing();');
end;
comment on function booking.doctor_public() is 'Whether PUBLIC may do anything in the schemas of the extension.';

create function booking.doctor_logins()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_access booking.access := booking.doctor_access();
    -- Whoever is a member of these serves the site.
    v_servers oid[] := array_remove(array[
        to_regrole(quote_ident(v_access.member_role))::oid, to_regrole(quote_ident(v_access.service_role))::oid,
        (select n.nspowner from pg_namespace n where n.nspname = 'booking')], null);
    v_logins text[] := array(
        select r.rolname
        from pg_roles r
        where r.rolcanlogin and not r.rolsuper and has_schema_privilege(r.oid, 'booking', 'usage')
            and not exists (select from unnest(v_servers) s where pg_has_role(r.oid, s, 'member'))
            and not exists (select from booking.sql_login l where l.login = r.rolname)
            -- It runs the jobs.
            and not has_function_privilege(r.oid, 'booking.roll_resource(uuid, uuid, int)', 'execute')
        order by r.rolname);
begin
    return next booking.doctor_finding('logins', v_logins,
        'no login is in schema booking without a tenant or a job',
        'logins have USAGE on schema booking, and neither a tenant (bind_login) nor a job (grant_jobs)',
        (select string_agg(format('select booking.revoke_access(%L);', l), ' ') from unnest(v_logins) l));
end
$$;
comment on function booking.doctor_logins() is 'Whether a login can use the schema of the engine that should not.';

create function booking.doctor_timeouts()
returns setof booking.finding
language sql
stable
set search_path = pg_catalog, pg_temp
begin atomic
    with role as (
        select w.role, w.bound, to_regrole(quote_ident(w.role))::oid as id
        from booking.doctor_access() a
        cross join lateral (
            values (a.public_role, '5s'), (a.member_role, '15s'), (a.service_role, '60s')) w (role, bound)),
    unbound as (
        select r.role, r.bound
        from role r
        where r.id is not null and not exists (
            select
            from pg_db_role_setting s
            cross join unnest(s.setconfig) c
            where s.setrole = r.id and c ~ '^statement_timeout=.*[1-9]'
                and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database())))
        order by r.role)
    select *
    from booking.doctor_finding('timeouts',
        array(select u.role::text from unbound u),
        'every role of the site has a statement_timeout',
        'roles have no statement_timeout',
        (select string_agg(format('alter role %I set statement_timeout = %L;', u.role, u.bound), ' ') from unbound u));
end;
comment on function booking.doctor_timeouts() is 'Whether the calls of the roles of the site are bound in time.';
