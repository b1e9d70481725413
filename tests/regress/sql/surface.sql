-- The surface: every object of the extension is in this list, has a comment, and is granted to nobody. A new object fails
-- here until it is accepted on purpose.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set QUIET on
\pset format unaligned
\pset tuples_only on

-- The list.
select pg_describe_object(d.classid, d.objid, 0) as object
from pg_depend d
where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
    and d.refobjid = (select oid from pg_extension where extname = 'pg_booking')
order by pg_describe_object(d.classid, d.objid, 0) collate "C";

-- Arguments, results, and what a planner may assume.
select format('%s(%s) -> %s %s', p.oid::regproc, pg_get_function_arguments(p.oid),
    coalesce(pg_get_function_result(p.oid), 'procedure'),
    (array['immutable', 'stable', 'volatile'])[position(p.provolatile in 'isv')])
from pg_proc p
where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
    and p.prolang <> (select oid from pg_language where lanname = 'c') and p.prokind <> 'a'
order by p.oid::regprocedure::text collate "C";

-- Without a comment: none.
select pg_describe_object(d.classid, d.objid, 0)
from pg_depend d
where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
    and d.refobjid = (select oid from pg_extension where extname = 'pg_booking')
    and d.classid in ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_operator'::regclass, 'pg_cast'::regclass, 'pg_namespace'::regclass)
    and obj_description(d.objid, d.classid::regclass::name) is null
    -- A row type is described by its table, an array by its element, a composite type's class by its type.
    and not exists (select from pg_type t where t.oid = d.objid and d.classid = 'pg_type'::regclass and (t.typelem <> 0
        or exists (select from pg_class c where c.oid = t.typrelid and c.relkind <> 'c')))
    and not exists (select from pg_class c where c.oid = d.objid and d.classid = 'pg_class'::regclass and c.relkind = 'c')
order by 1;

-- Granted to PUBLIC, or to anybody but the owner: none.
select p.oid::regprocedure from pg_proc p
where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
    and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee <> p.proowner));
select c.oid::regclass from pg_class c
where c.relnamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
    and exists (select from aclexplode(c.relacl) a where a.grantee <> c.relowner);
select t.oid::regtype from pg_type t left join pg_class c on c.oid = t.typrelid
where t.typnamespace in ('booking'::regnamespace, 'booking_api'::regnamespace) and t.typelem = 0 and coalesce(c.relkind, 'c') = 'c'
    and (t.typacl is null or exists (select from aclexplode(t.typacl) a where a.grantee <> t.typowner));
select n.nspname from pg_namespace n
where n.nspname in ('booking', 'booking_api') and exists (select from aclexplode(n.nspacl) a where a.grantee <> n.nspowner);

-- A definer or a trigger function without its own search_path: none.
select p.oid::regprocedure from pg_proc p
where p.pronamespace in ('booking'::regnamespace, 'booking_api'::regnamespace)
    and (p.prosecdef or p.prorettype = 'trigger'::regtype)
    and not exists (select from unnest(p.proconfig) c where c like 'search\_path=%');

-- A constraint that is not named after its table, a key without tenant_id: none. A table that is not dumped: the pages, the feed.
select c.conrelid::regclass, c.conname from pg_constraint c
where c.connamespace = 'booking'::regnamespace and c.conrelid <> 0 and c.contype <> 't'
    and c.conname not like (select relname from pg_class where oid = c.conrelid) || '\_%';
select c.conrelid::regclass from pg_constraint c
where c.connamespace = 'booking'::regnamespace and c.contype in ('p', 'u', 'x', 'f')
    and not exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey) and a.attname = 'tenant_id')
    and c.conname not in ('tenant_slug_key', 'feed_epoch_pkey', 'feed_pruned_pkey');
select c.oid::regclass from pg_class c
where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r'
    and not exists (select from pg_extension e where e.extname = 'pg_booking' and c.oid = any (e.extconfig))
order by c.relname;
