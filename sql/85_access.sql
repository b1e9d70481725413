-- Who is asking. What grant_access was called with, the SQL logins that belong to one tenant, and who a request speaks for.
-- A setting is believed only where whoever wrote it decides who that is anyway: PostgREST or the facade, which took on the
-- role of the members. Next: 86_policies.sql.

create table booking.access (
    public_role name,
    member_role name,
    service_role name,
    owner_role name,
    owner name not null
);
comment on table booking.access is
    'What booking.grant_access was called with last, one row at most. It is dumped, so that booking.grant_access() can say it again.';
comment on column booking.access.public_role is 'Who calls booking_api and nothing else.';
comment on column booking.access.member_role is
    'What a signed-in request runs as, of a member of a tenant or of a customer: its claims say which. Cannot log in.';
comment on column booking.access.service_role is 'Who acts for all tenants.';
comment on column booking.access.owner_role is 'Who was given the tables and the definers; null: nobody.';
comment on column booking.access.owner is
    'Who owned tables and definers in the end. A restored database belongs to whoever restored it: until grant_access() has '
    'been called again the public surface stays shut, unless that is the same role.';

create unique index access_one on booking.access ((true));

create table booking.sql_login (
    tenant_id uuid not null,
    login name not null,
    role text not null,
    constraint sql_login_pkey primary key (tenant_id, login),
    constraint sql_login_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint sql_login_role_known check (role in ('owner', 'manager', 'viewer'))
);
comment on table booking.sql_login is
    'Who speaks SQL for a tenant, by the name that the session logged in with. Its claims are not believed, whatever it sets. '
    'Written by booking.bind_login, which also grants.';
comment on column booking.sql_login.role is 'What it may, as in member.role.';

-- Policies come from a user to the tenants.
create index sql_login_login on booking.sql_login (login);
create index member_user on booking.member (user_id);

create function booking.check_owner()
returns void
language plpgsql
stable
as $$
begin
    -- Inside a definer the current user is its owner.
    if exists (select from booking.access a where a.owner = current_user) then
        return;
    elsif session_user = current_user and current_setting('role') = 'none' and not exists (select from booking.access) then
        -- Nobody has been let in yet, and who tries it out is the owner.
        return;
    end if;
    raise exception 'the public surface is shut'
        using errcode = '42501',
        detail = format('Its functions run as "%s", which is not what grant_access left them with.', current_user),
        hint = 'Call booking.grant_access(), with the roles of this database where it never was.';
end
$$;
comment on function booking.check_owner() is
    'The first thing that every public definer asks: 42501 unless it runs as the owner that booking.grant_access left it with. '
    'So nothing that a restore gave to another owner, a superuser perhaps, answers anybody. Before the first call of '
    'grant_access it answers its owner alone.';

create type booking.caller as (user_id text, tenant_id uuid);
comment on type booking.caller is 'Who a signed-in request speaks for: the sub of its claims, and the tenant that they narrow it to, if any.';

create function booking.caller()
returns booking.caller
language plpgsql
stable
parallel restricted
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_claims jsonb;
    v_tenant uuid;
begin
    -- Anybody may write a setting, but only who serves the site can be in the role of its members, which cannot log in.
    if not exists (select from booking.access a where a.member_role in (current_setting('role')::name, session_user))
        or exists (select from booking.sql_login l where l.login = session_user)
    then
        return null;
    end if;
    v_claims := nullif(current_setting('request.jwt.claims', true), '');
    if jsonb_typeof(v_claims -> 'sub') is distinct from 'string' or v_claims ->> 'sub' = '' then
        return null;
    end if;
    if jsonb_typeof(v_claims -> 'tenant_id') <> 'null' then
        v_tenant := booking.uuid_of(v_claims ->> 'tenant_id');
        -- A claim that names no tenant narrows to none.
        if v_tenant is null then
            return null;
        end if;
    end if;
    return (v_claims ->> 'sub', v_tenant)::booking.caller;
end
$$;
comment on function booking.caller() is
    'Who the request speaks for, by request.jwt.claims, as PostgREST sets them: sub, and tenant_id (a uuid), which only narrows. '
    'Null unless the session is in the member role of booking.grant_access, and for logins of booking.sql_login. 22P02: the '
    'claims are not JSON.';

create function booking.my_tenants(least_role text default 'viewer')
returns uuid[]
language plpgsql
stable
parallel restricted
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    c_roles constant text[] := array['viewer', 'manager', 'owner'];
    v_roles text[] := c_roles[array_position(c_roles, least_role):];
    v_caller booking.caller := booking.caller();
begin
    return array(
        select m.tenant_id
        from booking.member m
        where m.user_id = v_caller.user_id and m.role = any (v_roles)
            and m.tenant_id = coalesce(v_caller.tenant_id, m.tenant_id)
        union all
        select l.tenant_id
        from booking.sql_login l
        where l.login = session_user and l.role = any (v_roles));
end
$$;
comment on function booking.my_tenants(text) is
    'The tenants of which the caller is a member, at least as viewer, manager or owner: by booking.member for the sub of its '
    'claims, by booking.sql_login for its login. Empty for everybody else. For policies: (select booking.my_tenants()).';
