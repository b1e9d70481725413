\echo Use "ALTER EXTENSION pg_booking UPDATE TO '0.2.0'" to load this file. \quit
-- From 0.1.0 to 0.2.0. Whatever changes in the install script is done here to what is installed: tests/suites/upgrade.rs
-- compares the two, object by object. Columns and attributes that are new come last there, too.
set local search_path = pg_catalog, booking, pg_temp;

create function booking.changes_of(tenants uuid[], after text, seen bigint[], max int)
returns booking.feed
language plpgsql
set search_path = pg_catalog, booking, pg_temp
-- A generic plan would take any position for one in the first third of the table.
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
    v_epoch text := booking.current_epoch();
    v_from xid8 := booking.feed_position(changes_of.after, v_epoch);
    v_seen bigint[] := coalesce(changes_of.seen, '{}');
    v_next xid8;
    v_feed booking.feed;
begin
    if changes_of.max is null or changes_of.max not between 1 and 10000 then
        raise exception 'cannot read % changes at once', changes_of.max
            using errcode = '22023', hint = 'Give 1 to 10000.';
    end if;
    -- One statement, so one snapshot: of the rows, of what was deleted of them, and of who is still writing.
    with snapshot as materialized (
        select pg_snapshot_xmin(s) as xmin,
            v_from <= pg_snapshot_xmax(s) and (v_from > p.writer or p.writer is null) as known
        from pg_current_snapshot() s
        cross join booking.feed_pruned p),
    -- So many rows that there are max + 1 among them that were not sent, if there are so many at all.
    visible as materialized (
        select c.*
        from booking.change c
        where c.writer >= v_from and (changes_of.tenants is null or c.tenant_id = any (changes_of.tenants))
            and (select s.known from snapshot s)
        order by c.writer, c.change_id
        limit changes_of.max + 1 + cardinality(v_seen)),
    news as materialized (
        select v.*, row_number() over (order by v.writer, v.change_id) as place
        from visible v
        where v.change_id not in (select i from unnest(v_seen) i)),
    next as materialized (
        select least(
            -- A transaction with an older snapshot does not turn the reader back.
            case when s.known then greatest(s.xmin, v_from) else s.xmin end,
            (select n.writer from news n where n.place > changes_of.max order by n.place limit 1)) as writer
        from snapshot s)
    select s.known is not true, x.writer,
        exists (select from news n where n.place > changes_of.max),
        array(
            select (n.change_id, n.at, n.tenant_id, n.kind, n.resource_id, n.service_id, n.span, n.hold_id, n.booking_id)
                ::booking.changed
            from news n
            where n.place <= changes_of.max
            order by n.place),
        array(
            select v.change_id
            from visible v
            left join news n on n.change_id = v.change_id
            where v.writer >= x.writer and coalesce(n.place <= changes_of.max, true)
            union all
            -- Whoever begins here reads everything else after this.
            (
                select c.change_id
                from booking.change c
                where s.known is not true and c.writer >= s.xmin and (changes_of.tenants is null or c.tenant_id = any (changes_of.tenants))
                order by c.writer, c.change_id
                limit 10000
            )
            union all
            -- Beyond the rows that were looked at, if there are any.
            select i
            from unnest(v_seen) i
            where s.known and i not in (select v.change_id from visible v)
                and (select count(*) from visible) > changes_of.max + cardinality(v_seen))
    into v_feed.reset, v_next, v_feed.more, v_feed.changes, v_feed.seen
    from snapshot s
    cross join next x;
    v_feed.after := v_epoch || '-' || v_next;
    return v_feed;
end
$$;
comment on function booking.changes_of(uuid[], text, bigint[], int) is 'As booking.changes, of several tenants, or of all (null).';

create or replace function booking.changes(
    tenant uuid default null,
    after text default null,
    seen bigint[] default null,
    max int default 1000)
returns booking.feed
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.changes_of(case when tenant is not null then array[tenant] end, after, seen, max);
end
$$;

create type booking.watched as (
    number int,
    tenant_id uuid,
    service_id uuid,
    zone text,
    ahead interval,
    behind interval,
    single boolean);
comment on type booking.watched is
    'A service that somebody looks at: its place among those asked for. A span that changed touches starts from ahead before it '
    'to behind after it; single: of one resource, only those with this one.';

create function booking.watched(tenants text[], services text[])
returns setof booking.watched
language plpgsql
stable
rows 10
as $$
#variable_conflict use_column
begin
    -- By either key of its own: with OR the planner reads all tenants.
    return query
        select q.number::int, s.tenant_id, s.service_id, s.zone,
            case s.kind when 'stay' then interval '1 day' else interval '0' end
                + make_interval(mins => s.buffer_after
                    + d.longest * case s.kind when 'stay' then 1440 else 1 end),
            make_interval(mins => s.buffer_before),
            (
                select count(*) = 1 and max(r.pick) = 1
                from booking.service_requirement r
                where r.tenant_id = s.tenant_id and r.service_id = s.service_id)
        from unnest(watched.tenants, watched.services) with ordinality q (tenant, service, number)
        cross join lateral (
            select t.tenant_id from booking.tenant t where t.slug = q.tenant and t.active
            union all
            select t.tenant_id from booking.tenant t where t.tenant_id = booking.uuid_of(q.tenant) and t.active) t
        cross join lateral (
            select s.* from booking.service s where s.tenant_id = t.tenant_id and s.slug = q.service
            union all
            select s.* from booking.service s where s.tenant_id = t.tenant_id and s.service_id = booking.uuid_of(q.service)) s
        cross join lateral (select coalesce(s.max_length, (select max(d) from unnest(s.durations) d)) as longest) d
        where s.active and s.public;
end
$$;
comment on function booking.watched(text[], text[]) is
    'Those of some tenants and services, each by uuid or slug, that the public may see.';

create type booking.live_change as (
    service int,
    resource_id uuid,
    from_ts timestamptz,
    to_ts timestamptz);
comment on type booking.live_change is
    'Starts that may have come or gone, from_ts <= starts_at < to_ts; both null: any. service: the place among those asked '
    'for, from 1; resource_id: only with this resource; null: with any, or with one that is not public.';

create type booking.live_hold as (
    service int,
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    expires_at timestamptz,
    claims int);
comment on type booking.live_hold is
    'What live holds keep of a resource (null: of one that is not public), with their buffers, until expires_at, the last of '
    'them. claims: how many units or seats. service: the place among those asked for, from 1.';

create type booking.live_feed as (
    after text,
    seen bigint[],
    reset boolean,
    more boolean,
    gone int[],
    slots booking.live_change[],
    held booking.live_hold[]);
comment on type booking.live_feed is
    'What there is of news. after, seen, reset, more: as in booking.feed; gone: places of what is unknown, inactive or not '
    'public; slots: what changed; held: all that is held now.';

create function booking.live_changes(watched booking.watched[], changes booking.changed[])
returns booking.live_change[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if cardinality(changes) = 0 then
        return '{}';
    end if;
    return array(
        with touched as (
            -- Whoever takes a resource concerns every service that has it. A hold is told as what it is, unless it counts: a
            -- limit that it uses up closes other hours, with every resource.
            select w.number, case when w.single and p.opens is null and r.public then r.resource_id end as resource_id,
                -- Whole hours: no grain is coarser, and some spans lie off it.
                case
                    when c.span is not null then tstzrange(
                        date_bin('1 hour', least(lower(c.span) - w.ahead, p.opens), 'epoch'),
                        date_bin('1 hour', greatest(upper(c.span) + w.behind, p.closes) + interval '59:59.999999' minute to second, 'epoch'))
                end as starts
            from unnest(changes) c
            join unnest(live_changes.watched) w on w.tenant_id = c.tenant_id
            left join booking.requirement_resource m
                on m.tenant_id = w.tenant_id and m.service_id = w.service_id and m.resource_id = c.resource_id
            left join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id
            left join lateral (
                select
                    min(timezone(w.zone, date_trunc(l.period, timezone(w.zone, lower(c.span))))) as opens,
                    max(timezone(w.zone, date_trunc(l.period, timezone(w.zone, upper(c.span))) + ('1 ' || l.period)::interval)) as closes
                from booking.service_limit l
                where l.tenant_id = w.tenant_id and l.service_id = w.service_id and l.scope <> 'customer') p on true
            where (c.resource_id is null or m.resource_id is not null) and (c.service_id is null or c.service_id = w.service_id)
                and (c.kind not in ('held', 'released') or p.opens is not null)),
        merged as (
            select t.number, t.resource_id, range_agg(t.starts) as starts, bool_or(t.starts is null) as whole
            from touched t
            group by t.number, t.resource_id)
        select (m.number, m.resource_id, lower(s.starts), upper(s.starts))::booking.live_change
        from merged m
        cross join lateral unnest(case when m.whole then '{(,)}' else m.starts end) s (starts)
        order by m.number, m.resource_id, s.starts);
end
$$;
comment on function booking.live_changes(booking.watched[], booking.changed[]) is
    'Which starts of which services some changes concern, merged.';

create function booking.live_holds(watched booking.watched[])
returns booking.live_hold[]
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
begin
    return array(
        select (c.number, c.resource_id, lower(c.span), upper(c.span), max(c.expires_at), count(*))::booking.live_hold
        from (
            select w.number, case when r.public then r.resource_id end as resource_id, c.span, (
                    select h.expires_at
                    from booking.hold h
                    where h.tenant_id = c.tenant_id and h.hold_id = c.hold_id) as expires_at
            from unnest(live_holds.watched) w
            join booking.requirement_resource m on m.tenant_id = w.tenant_id and m.service_id = w.service_id
            join booking.resource r on r.tenant_id = m.tenant_id and r.resource_id = m.resource_id and r.active
            -- Said in such a way that no index but that of held claims will do: in that of the constraint are all bookings.
            join booking.claim c
                on c.resource_id = any (array[m.resource_id]) and c.hold_id is not null and c.tenant_id is not distinct from m.tenant_id
            where upper(c.span) > clock_timestamp()
            offset 0) c
        where c.expires_at > clock_timestamp()
        group by c.number, c.resource_id, c.span
        order by c.number, c.span, c.resource_id);
end
$$;
comment on function booking.live_holds(booking.watched[]) is
    'What is held of the resources of some services, and not over: those of booking.held_spans, with several of one resource '
    'and span as one.';

create function booking.public_feed(tenants text[], services text[], after text, seen bigint[], max int)
returns booking.live_feed
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_watched booking.watched[];
    v_feed booking.feed;
begin
    perform booking.check_owner();
    if public_feed.tenants is null or public_feed.services is null then
        raise exception 'give tenants and services' using errcode = '22004';
    elsif cardinality(public_feed.tenants) <> cardinality(public_feed.services) or cardinality(public_feed.tenants) > 10000
        or cardinality(public_feed.seen) > 20000
    then
        raise exception 'cannot watch % services of % tenants', cardinality(public_feed.services), cardinality(public_feed.tenants)
            using errcode = '22023', hint = 'Give up to 10000 pairs, and seen as the last call returned it.';
    end if;
    v_watched := array(select w from booking.watched(public_feed.tenants, public_feed.services) w);
    v_feed := booking.changes_of(
        array(select distinct w.tenant_id from unnest(v_watched) w), public_feed.after, public_feed.seen, public_feed.max);
    return (
        v_feed.after, v_feed.seen, v_feed.reset, v_feed.more,
        array(
            select n
            from generate_series(1, cardinality(public_feed.tenants)) n
            where n not in (select w.number from unnest(v_watched) w)
            order by n),
        booking.live_changes(v_watched, v_feed.changes), booking.live_holds(v_watched))::booking.live_feed;
end
$$;
comment on function booking.public_feed(text[], text[], text, bigint[], int) is 'Behind booking_api.feed.';

create function booking_api.feed(
    tenants text[],
    services text[],
    after text default null,
    seen bigint[] default null,
    max int default 1000)
returns booking.live_feed
language sql
begin atomic
    select booking.public_feed(tenants, services, after, seen, max);
end;
comment on function booking_api.feed(text[], text[], text, bigint[], int) is
    'What changed for whoever looks at some services: pairs of a tenant and a service, each by uuid or slug. One reader asks for '
    'all, a few times a second, and tells its visitors. after, seen: what the last call returned; after alone, as the '
    'Last-Event-ID of a stream, repeats some and leaves nothing out; without it, and where reset says so, read everything anew. '
    'slots: which starts changed by bookings, busy times, hours, edits (by holds only where the service has limits, which '
    'they use up); held: all that is held, to be compared with what the last call had, which shows renewals and lapses. No '
    'hold, booking or customer is named. Unknown, inactive and foreign pairs are gone. 22023: more than 10000 pairs, or max not '
    'within 1 to 10000; 22004: no pairs.';

-- The doctor, and who may call it.
create type booking.finding as ("check" text, ok boolean, detail text, remedy text);
comment on type booking.finding is
    'What booking.doctor found about one thing. ok: null where that cannot be told. remedy: what to run, in most cases SQL; also '
    'of what is well where something is to be kept in mind.';

create function booking.doctor_list(things text[])
returns text
language sql
immutable
parallel safe
begin atomic
    select array_to_string(things[:5], ', ')
        || case when cardinality(things) > 5 then format(' and %s more', cardinality(things) - 5) else '' end;
end;
comment on function booking.doctor_list(text[]) is 'The first five of a list, and how many more there are.';

create function booking.doctor_finding(name text, wrong text[], fine text, trouble text, remedy text)
returns booking.finding
language sql
immutable
parallel safe
begin atomic
    select case
        when coalesce(cardinality(wrong), 0) = 0 then (name, true, fine, null)::booking.finding
        else (name, false, trouble || ': ' || booking.doctor_list(wrong), remedy)::booking.finding
    end;
end;
comment on function booking.doctor_finding(text, text[], text, text, text) is
    'A finding about things of which none should be wrong: fine where none is, else trouble, which they are, and the remedy.';

create function booking.doctor_access()
returns booking.access
language sql
stable
security definer
set search_path = pg_catalog, booking, pg_temp
begin atomic
    select a from booking.access a;
end;
comment on function booking.doctor_access() is 'What booking.grant_access was called with, for whoever may ask booking.doctor; null: it never was.';

create function booking.library_version()
returns text
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'library_version_wrapper';
comment on function booking.library_version() is 'The version of the library that this session has loaded.';

create function booking.doctor_version()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_installed text := (select e.extversion from pg_extension e where e.extname = 'pg_booking');
    v_default text := (select a.default_version from pg_available_extensions a where a.name = 'pg_booking');
    v_library text := booking.library_version();
begin
    return query values (
        'version',
        coalesce(v_installed = v_default and v_library = v_default, false),
        format('%s is installed, the library is %s, %s is there to be installed', v_installed, v_library, coalesce(v_default, 'nothing')),
        case
            when v_default is null then 'make install'
            when v_library <> v_default then 'Connect anew: this session has loaded the library that was there before.'
            when v_installed <> v_default then 'alter extension pg_booking update;'
        end);
end
$$;
comment on function booking.doctor_version() is 'Whether catalog, library and files are of one version.';

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

create function booking.doctor_drift()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- 25 resources take a tenth of a second. Others every day, and the same all day.
    c_sample constant int := 25;
    v_all bigint := (select count(*) from booking.resource);
    v_drift text[] := array(
        select format('resource %s, week %s, unit %s: %s', d.resource_id, d.week, d.unit, d.what)
        from (
            select r.tenant_id, r.resource_id
            from booking.resource r
            order by md5(r.resource_id::text || current_date)
            limit c_sample) s
        cross join lateral booking.verify(s.tenant_id, s.resource_id) d);
begin
    return next booking.doctor_finding('drift', v_drift,
        format('no page of %s of %s resources differs from a computation from scratch', least(c_sample, v_all), v_all),
        format('pages differ from a computation from scratch, of %s of %s resources', least(c_sample, v_all), v_all),
        'call booking.roll();');
end
$$;
comment on function booking.doctor_drift() is 'What booking.verify lists of a sample of the resources, another one each day.';

create function booking.doctor_holds()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_holds text;
    v_left bigint;
    v_pending bigint;
begin
    select format('%s live, %s lapsed',
            count(*) filter (where h.expires_at > v_now), count(*) filter (where h.expires_at <= v_now)),
        count(*) filter (where h.expires_at < v_now - interval '75 minutes')
    into v_holds, v_left
    from booking.hold h;
    select count(*) into v_pending
    from booking.booking b
    where b.status = 'pending' and b.expires_at < v_now - interval '75 minutes';
    return next booking.doctor_finding('holds',
        array_remove(array[
            case when v_left > 0 then format('%s holds that lapsed more than an hour ago', v_left) end,
            case when v_pending > 0 then format('%s bookings that expired more than an hour ago and read as pending in the table', v_pending) end], null),
        v_holds,
        v_holds || '; expire_holds does not run, or not often enough',
        'select booking.expire_holds(10000);');
end
$$;
comment on function booking.doctor_holds() is 'How many holds there are, and whether booking.expire_holds runs.';

create function booking.doctor_claims()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- As booking.prune_resource has it, with two nights more.
    v_before timestamptz := clock_timestamp() - interval '2 days' - greatest(
        interval '30 days', (select make_interval(mins => max(s.buffer_before)) from booking.service s));
    v_over bigint := (select count(*) from booking.claim c where c.booking_id is not null and upper(c.span) < v_before);
    v_size text := format('%s with its indexes', pg_size_pretty(pg_total_relation_size('booking.claim')));
begin
    return next booking.doctor_finding('claims',
        array_remove(array[case when v_over > 0 then format('%s claims ended before %s', v_over, v_before::date) end], null),
        v_size, v_size || '; prune does not run', 'call booking.prune();');
end
$$;
comment on function booking.doctor_claims() is 'How large the claims are, and whether booking.prune takes away what is over.';

create function booking.doctor_pages()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    -- From two nights ago on, last week is kept.
    v_first date := booking.week_of(v_now - interval '2 days') - 7;
    v_size text := format('%s with its index', pg_size_pretty(pg_total_relation_size('booking.availability')));
    v_past bigint := (select count(*) from booking.availability a where a.week < v_first);
    v_all bigint;
    v_until date;
    v_short text[];
begin
    return next booking.doctor_finding('pages',
        array_remove(array[case when v_past > 0 then format('%s of weeks before %s', v_past, v_first) end], null),
        v_size, v_size || '; neither roll nor prune runs', 'call booking.prune();');
    select count(*), min(p.until),
        array_agg(format('resource %s of tenant %s', r.resource_id, r.tenant_id) order by r.resource_id)
            filter (where p.until is null or p.until < v_now::date + 14)
    into v_all, v_until, v_short
    from booking.resource r
    cross join lateral (
        select max(a.week) + 7 as until
        from booking.availability a
        where a.tenant_id = r.tenant_id and a.resource_id = r.resource_id and a.unit = 0) p
    where r.active;
    return next booking.doctor_finding('horizon', v_short,
        coalesce(format('pages of %s active resources reach to ', v_all) || v_until || ' at least', 'there is no active resource'),
        format('pages of %s of %s active resources end within two weeks, so that reads compute them each time', cardinality(v_short), v_all),
        'call booking.roll();');
end
$$;
comment on function booking.doctor_pages() is
    'How large the pages are, whether past ones go, and how far ahead they reach, which is whether booking.roll runs.';

create function booking.doctor_feed()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_first timestamptz := (select c.at from booking.change c order by c.writer, c.change_id limit 1);
    -- What readers have to remember since somebody who began before it still writes.
    v_kept timestamptz := (
        select c.at
        from booking.change c
        where c.writer >= pg_snapshot_xmin(pg_current_snapshot())
        order by c.writer, c.change_id
        limit 1);
    v_writer record;
begin
    return next booking.doctor_finding('feed',
        array_remove(array[case when v_first < v_now - interval '26 hours' then format('the oldest is of %s', v_first) end], null),
        coalesce('changes are kept since ' || v_first, 'there are no changes'),
        'changes older than a day are kept: prune does not run, or a transaction is open for longer',
        'call booking.prune();');
    -- Of others' transactions only who may see them is told more than that there are any.
    select w.*
    into v_writer
    from (
        select format('backend %s of "%s"', a.pid, a.usename) as who, a.xact_start as since, format('select pg_terminate_backend(%s);', a.pid) as remedy
        from pg_stat_activity a
        where a.datname = current_database() and a.backend_xid is not null and a.pid <> pg_backend_pid()
        union all
        select format('prepared transaction %s', p.gid), p.prepared, format('rollback prepared %L;', p.gid)
        from pg_prepared_xacts p
        where p.database = current_database()) w
    order by w.since
    limit 1;
    return next booking.doctor_finding('writers',
        array_remove(array[
            case
                when v_writer.since < v_now - interval '1 hour' then format('%s writes since %s', v_writer.who, v_writer.since)
                when v_kept < v_now - interval '1 hour' then format('changes since %s are read again and again', v_kept)
            end], null),
        coalesce('the oldest of those that write began at ' || v_writer.since, 'nobody else writes'),
        'a transaction is open for longer than an hour',
        coalesce(
            case when v_writer.since < v_now - interval '1 hour' then v_writer.remedy end,
            'select pid, usename, xact_start, query from pg_stat_activity where backend_xid is not null order by xact_start;'));
end
$$;
comment on function booking.doctor_feed() is 'Whether changes go after a day, and who has been writing for so long that readers have to remember.';

create function booking.doctor_clock()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_last timestamptz := (select c.at from booking.change c order by c.writer desc, c.change_id desc limit 1);
    v_unknown text[];
begin
    return next booking.doctor_finding('clock',
        array_remove(array[
            case when v_last > v_now + interval '5 seconds' then format('the last change is of %s, and it is %s', v_last, v_now) end,
            case when pg_postmaster_start_time() > v_now then format('the server started at %s, and it is %s', pg_postmaster_start_time(), v_now) end,
            case when now() < v_now - interval '1 hour' then format('for this transaction it is still %s: commit', now()) end], null),
        format('it is %s', v_now),
        'clocks do not agree: holds lapse too late or too early',
        'Have the clock of the server set by NTP: systemctl enable --now systemd-timesyncd');
    v_unknown := array(
        select z.zone
        from (
            select t.zone from booking.tenant t
            union
            select r.zone from booking.resource r
            union
            select s.zone from booking.service s
            union
            select h.zone from booking.schedule h
            union
            select v.zone from booking.schedule_travel v) z
        where lower(z.zone) not in (select lower(n.name) from pg_timezone_names n)
        order by z.zone);
    return next booking.doctor_finding('zones', v_unknown,
        format('every zone in use is one of the %s that the server knows', (select count(*) from pg_timezone_names)),
        'the server does not know zones that are in use',
        'apt-get install tzdata tzdata-legacy, or a known name: update booking.schedule set zone = ... where zone = ...');
end
$$;
comment on function booking.doctor_clock() is 'Whether the clock went back, and whether the server knows the zones in use.';

create function booking.doctor_standby()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_behind interval;
begin
    if not pg_is_in_recovery() then
        return query values ('standby', true, 'this is the primary', null::text);
        return;
    end if;
    -- Nothing comes from a primary on which nothing happens.
    if pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn() then
        v_behind := clock_timestamp() - pg_last_xact_replay_timestamp();
    end if;
    return next booking.doctor_finding('standby',
        array_remove(array[
            case when v_behind > interval '1 minute' then format('%s behind', date_trunc('second', v_behind)) end,
            case when pg_is_wal_replay_paused() then 'its replay is paused' end], null),
        'this standby has what the primary has',
        'this standby shows slots that are gone',
        case when pg_is_wal_replay_paused() then 'select pg_wal_replay_resume();' else 'Have reads go to the primary until it is back.' end);
end
$$;
comment on function booking.doctor_standby() is 'Of a standby, how far it is behind.';

create function booking.doctor_jobs()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_home text := (select s.setting from pg_settings s where s.name = 'cron.database_name');
    v_wrong text[];
    v_seen bigint;
    v_role text;
    v_last text;
begin
    if not exists (select from pg_extension e where e.extname = 'pg_cron') then
        return query values (
            'jobs', null::boolean, 'no pg_cron in this database: holds, claims, pages and horizon tell whether the upkeep runs',
            case when v_home <> current_database() then format('In database "%s": select * from cron.job_run_details order by runid desc limit 10;', v_home) end);
        return;
    end if;
    execute $query$
        select count(j.jobid), max(j.username), string_agg(format('%s %s', w.job, coalesce(r.start_time::text, 'never')), ', '),
            array_remove(array_agg(case
                when j.jobid is null then format('%s is not scheduled', w.job)
                when not j.active then format('%s is not active', w.job)
                when r.status = 'failed' then format('%s failed at %s: %s', w.job, r.start_time, r.return_message)
                when r.start_time < clock_timestamp() - w.late then format('%s ran last at %s', w.job, r.start_time)
            end), null)
        from (
            values ('roll', interval '50 hours'), ('expire_holds', interval '2 hours'), ('prune', interval '50 hours')) w (job, late)
        left join cron.job j on j.database = current_database() and j.jobname = booking.job_name(w.job)
        left join lateral (
            select d.status, d.return_message, d.start_time
            from cron.job_run_details d
            where d.jobid = j.jobid and d.status in ('succeeded', 'failed')
            order by d.runid desc
            limit 1) r on true
        $query$
    into v_seen, v_role, v_last, v_wrong;
    if v_seen = 0 and not (select r.rolsuper from pg_roles r where r.rolname = current_user) then
        return query values (
            'jobs', null::boolean, format('jobs that run as others are not shown to "%s"', current_user),
            'As a superuser: select * from booking.doctor_jobs();');
    else
        return next booking.doctor_finding('jobs', v_wrong, 'last runs: ' || v_last, 'the upkeep does not run as it should',
            format('select * from booking.install_jobs(%L);', coalesce(v_role, 'booking_jobs')));
    end if;
end
$$;
comment on function booking.doctor_jobs() is 'Whether the jobs of booking.install_jobs are there, ran of late and without an error, as far as the caller sees them.';

create function booking.doctor_guards()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_silent text[] := array(
        select distinct t.tgrelid::regclass::text
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'booking'::regnamespace and t.tgenabled in ('D', 'R')
        order by 1);
    v_open text[] := array(
        select c.oid::regclass::text
        from pg_class c
        where c.relnamespace = 'booking'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
        order by 1);
begin
    return next booking.doctor_finding('constraint',
        case when not exists (
            select
            from pg_constraint c
            join pg_index i on i.indexrelid = c.conindid
            where c.conrelid = 'booking.claim'::regclass and c.conname = 'claim_no_overlap' and c.contype = 'x' and i.indisvalid)
        then array['claim_no_overlap'] end,
        'no two claims can overlap',
        'a slot can be booked twice, for the constraint is not there',
        'alter table booking.claim add constraint claim_no_overlap exclude using gist '
        '(resource_id with =, span with &&, unit with =, tenant_id with =, (coalesce(sitting_id, id)) with <>);');
    return next booking.doctor_finding('triggers', v_silent,
        'all triggers are enabled',
        'pages and keys are not kept, for triggers are disabled on',
        (select string_agg(format('alter table %s enable trigger all;', t), ' ') from unnest(v_silent) t) || ' call booking.roll();');
    return next booking.doctor_finding('row_security', v_open,
        'every table has row-level security',
        'every tenant sees the rows of all, for row-level security is off on',
        (select string_agg(format('alter table %s enable row level security;', t), ' ') from unnest(v_open) t));
end
$$;
comment on function booking.doctor_guards() is
    'Whether what nothing gets past is in place: the constraint on claims, the triggers, row-level security.';

create function booking.doctor_additions()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- A new index has its name here, else it is taken for one that somebody added. A trigger is ours by its function.
    c_indexes constant text[] := '{
        access_one, booking_customer, booking_customer_key, booking_event_attempt, booking_event_booking, booking_pending,
        booking_resource_resource, booking_series, booking_service, booking_start, busy_window_span, claim_booking, claim_held,
        claim_hold, hold_booking, hold_client, hold_service, hold_session, idempotency_created, member_user, payment_booking,
        requirement_resource_resource, resource_schedule, schedule_holiday_set, sitting_start, sql_login_login}';
    c_policies constant text[] := '{
        member_read, manager_insert, manager_update, manager_delete, owner_insert, owner_update, owner_delete, customer_read,
        service_all}';
    v_added text[];
    v_again text;
begin
    select array_agg(a.name order by a.name), string_agg(a.statement || ';', ' ' order by a.name)
    into v_added, v_again
    from (
        select 'index ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        where c.relnamespace = 'booking'::regnamespace and c.relname <> all (c_indexes)
            and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
        union all
        select format('trigger %I on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid)
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'booking'::regnamespace and not t.tgisinternal
            and not exists (
                select
                from pg_depend d
                join pg_extension e on e.oid = d.refobjid and e.extname = 'pg_booking'
                where d.classid = 'pg_proc'::regclass and d.objid = t.tgfoid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e')
        union all
        select format('policy %I on %s', p.policyname, format('%I.%I', p.schemaname, p.tablename)),
            format('create policy %I on %I.%I as %s for %s to %s', p.policyname, p.schemaname, p.tablename, p.permissive, p.cmd,
                array_to_string(p.roles, ', ')) || coalesce(' using (' || p.qual || ')', '') || coalesce(' with check (' || p.with_check || ')', '')
        from pg_policies p
        where p.schemaname = 'booking' and p.policyname <> all (c_policies)) a (name, statement);
    -- Nothing is wrong with them; that they are lost by a restore is to be known.
    return query values (
        'additions', true,
        case when v_added is null then 'tables have no index, trigger or policy of yours'
            else 'not dumped, so to be made again after a restore: ' || booking.doctor_list(v_added) end,
        v_again);
end
$$;
comment on function booking.doctor_additions() is
    'Indexes, triggers and policies that were added to the tables of the extension: pg_dump leaves them out, remedy makes them again.';

create function booking.doctor()
returns setof booking.finding
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_look text;
begin
    foreach v_look in array array[
        'version', 'owner', 'roles', 'grants', 'public', 'logins', 'timeouts', 'guards', 'additions', 'drift', 'holds', 'claims',
        'pages', 'jobs', 'feed', 'clock', 'standby']
    loop
        -- One that fails, on whatever is broken, is a finding, and the others are made.
        begin
            return query execute format('select * from booking.%I()', 'doctor_' || v_look);
        exception
            when insufficient_privilege then
                return query values (
                    v_look, null::boolean, format('"%s" may not look: %s', current_user, sqlerrm),
                    format('As a superuser: select * from booking.%I();', 'doctor_' || v_look));
            when others then
                return query values (
                    v_look, false, format('could not be looked at: %s (%s)', sqlerrm, sqlstate),
                    format('select * from booking.%I();', 'doctor_' || v_look));
        end;
    end loop;
end
$$;
comment on function booking.doctor() is
    'Looks the installation over, and changes nothing: a row for each thing, whether it is well, what was found, and what to run '
    'where it is not. For superusers, the owner of the extension and the service role, also in a transaction that only reads and '
    'on a standby. What the caller may not see has ok null; what cannot be looked at is a finding. Raises nothing but 57014.';

create or replace function booking.callable(kind text)
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
            when p.prosecdef or p.prokind = 'p' or p.proname = 'doctor' or p.proname like 'doctor\_%' then kind = 'service'
            else kind in ('member', 'service', 'owner')
        end;
end;

select booking.grant_after_update();
