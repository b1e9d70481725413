-- Everything that the catalog says about the extension, a row for each thing: what it is, and all that is said of it. Two
-- databases with the same rows have the same extension, however they came by it.
with space as (
    select n.oid, n.nspname, n.nspacl, n.nspowner
    from pg_namespace n
    where n.nspname in ('booking', 'booking_api')),
relation as (
    select c.*
    from pg_class c
    join space s on s.oid = c.relnamespace),
function as (
    select p.*
    from pg_proc p
    join space s on s.oid = p.pronamespace),
extension as (
    select e.*
    from pg_extension e
    where e.extname = 'pg_booking'),
-- In any order, and with what is meant by none. An owner has all, whoever it is.
granted (kind, object, acl) as (
    select 'n', s.nspname::text, coalesce(s.nspacl, acldefault('n', s.nspowner)) from space s
    union all
    select 'r', r.oid::regclass::text, coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's'::"char" else 'r' end, r.relowner))
    from relation r
    union all
    select 'f', f.oid::regprocedure::text, coalesce(f.proacl, acldefault('f', f.proowner)) from function f
    union all
    select 'T', t.oid::regtype::text, coalesce(t.typacl, acldefault('T', t.typowner)) from pg_type t join space s on s.oid = t.typnamespace
    union all
    select 'c', format('%s.%I', a.attrelid::regclass, a.attname), a.attacl from pg_attribute a join relation r on r.oid = a.attrelid
    union all
    select 'initial', pg_describe_object(i.classoid, i.objoid, i.objsubid), i.initprivs from pg_init_privs i where i.objoid >= 16384)

select 'extension' as what, format('%s in %s', e.extversion, e.extnamespace::regnamespace) as said
from extension e
union all
select 'dumped ' || c.relation::regclass, c.condition
from extension e
cross join lateral unnest(e.extconfig, e.extcondition) c (relation, condition)
union all
select 'member ' || pg_describe_object(d.classid, d.objid, 0), ''
from pg_depend d
join extension e on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
union all
select format('granted on %s %s', g.kind, g.object), coalesce(string_agg(
    format('%s: %s%s', case a.grantee when 0 then 'PUBLIC' else a.grantee::regrole::text end, a.privilege_type,
        case when a.is_grantable then ' WITH GRANT OPTION' end),
    ', ' order by a.grantee, a.privilege_type), 'none')
from granted g
left join lateral aclexplode(g.acl) a on true
where g.acl is not null
group by g.kind, g.object
union all
select format('relation %s', r.oid::regclass), concat_ws(', ',
    r.relkind, r.relpersistence, r.reloptions::text, r.relrowsecurity, r.relforcerowsecurity, r.relreplident, r.relhastriggers,
    r.relowner::regrole, (select a.amname from pg_am a where a.oid = r.relam))
from relation r
union all
select format('column %s.%I', a.attrelid::regclass, a.attname), concat_ws(', ',
    row_number() over (partition by a.attrelid order by a.attnum), format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then 'not null' end, pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity, ''), nullif(a.attgenerated, ''),
    (select c.collname from pg_collation c where c.oid = a.attcollation), a.attstorage, nullif(a.attcompression, ''),
    (select string_agg(o, ' ' order by o) from unnest(a.attoptions) o where o like 'n\_distinct%'), to_jsonb(a) ->> 'attstattarget')
from pg_attribute a
join relation r on r.oid = a.attrelid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped
union all
select format('constraint %s on %s', c.conname, coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text)), concat_ws(', ',
    pg_get_constraintdef(c.oid), c.convalidated, c.condeferrable, c.condeferred, c.connoinherit, c.conislocal)
from pg_constraint c
join space s on s.oid = c.connamespace
union all
select format('index %s', i.indexrelid::regclass), concat_ws(', ',
    pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident, i.indimmediate)
from pg_index i
join relation r on r.oid = i.indexrelid
union all
select format('function %s', f.oid::regprocedure), concat_ws(', ', f.proowner::regrole, pg_get_functiondef(f.oid))
from function f
where f.prokind <> 'a'
union all
select format('aggregate %s', f.oid::regprocedure), concat_ws(', ',
    f.provolatile, f.proparallel, a.aggkind, a.aggnumdirectargs, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn,
    a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify,
    a.aggmfinalmodify, a.aggsortop::regoper, a.aggtranstype::regtype, a.aggtransspace, a.aggmtranstype::regtype, a.aggmtransspace,
    a.agginitval, a.aggminitval)
from function f
join pg_aggregate a on a.aggfnoid = f.oid
union all
select format('type %s', t.oid::regtype), concat_ws(', ',
    t.typowner::regrole, t.typlen, t.typbyval, t.typtype, t.typcategory, t.typispreferred, t.typdelim, t.typsubscript,
    t.typelem::regtype, t.typarray::regtype, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
    t.typanalyze, t.typalign, t.typstorage, t.typnotnull, t.typbasetype::regtype, t.typtypmod, t.typdefault,
    (select string_agg(e.enumlabel, ' ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid))
from pg_type t
join space s on s.oid = t.typnamespace
union all
select format('operator %s', o.oid::regoperator), concat_ws(', ',
    o.oprresult::regtype, o.oprcode, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash)
from pg_operator o
join space s on s.oid = o.oprnamespace
union all
select pg_describe_object('pg_opclass'::regclass, o.oid, 0), concat_ws(', ',
    o.opcintype::regtype, o.opcdefault, o.opckeytype::regtype, pg_describe_object('pg_opfamily'::regclass, o.opcfamily, 0))
from pg_opclass o
join space s on s.oid = o.opcnamespace
union all
select pg_describe_object('pg_amop'::regclass, a.oid, 0), concat_ws(', ', a.amoppurpose, a.amopsortfamily <> 0)
from pg_amop a
join pg_opfamily f on f.oid = a.amopfamily
join space s on s.oid = f.opfnamespace
union all
select pg_describe_object('pg_amproc'::regclass, a.oid, 0), a.amproc::text
from pg_amproc a
join pg_opfamily f on f.oid = a.amprocfamily
join space s on s.oid = f.opfnamespace
union all
select format('cast from %s to %s', c.castsource::regtype, c.casttarget::regtype), concat_ws(', ',
    c.castfunc::regprocedure, c.castcontext, c.castmethod)
from pg_cast c
where c.oid >= 16384
union all
select format('trigger %s on %s', t.tgname, t.tgrelid::regclass), concat_ws(', ', pg_get_triggerdef(t.oid), t.tgenabled)
from pg_trigger t
join relation r on r.oid = t.tgrelid
where not t.tgisinternal
union all
select format('policy %s on %s', p.polname, p.polrelid::regclass), concat_ws(', ',
    p.polcmd, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
from pg_policy p
union all
select format('rule %s on %s', w.rulename, w.ev_class::regclass), concat_ws(', ', pg_get_ruledef(w.oid), w.ev_enabled)
from pg_rewrite w
join relation r on r.oid = w.ev_class
union all
select format('sequence %s', q.seqrelid::regclass), concat_ws(', ',
    q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmax, q.seqmin, q.seqcache, q.seqcycle)
from pg_sequence q
join relation r on r.oid = q.seqrelid
union all
select format('statistics %s', x.stxname), pg_get_statisticsobjdef(x.oid)
from pg_statistic_ext x
join space s on s.oid = x.stxnamespace
union all
select format('event trigger %s', v.evtname), concat_ws(', ', v.evtevent, v.evtfoid::regprocedure, v.evtenabled, v.evttags::text)
from pg_event_trigger v
union all
select 'comment on ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
from pg_description d
where d.objoid >= 16384
