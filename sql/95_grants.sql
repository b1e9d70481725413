-- Who may call what. Nothing is PUBLIC's; the surface is granted role by role. Next: 99_dump.sql.

create function booking.grant_access(public_role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_function regprocedure;
begin
    execute format('grant usage on schema booking_api to %I', public_role);
    for v_function in
        select p.oid::regprocedure
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'booking_api' or n.nspname = 'booking' and p.prosecdef and p.proname like 'public\_%'
    loop
        execute format('grant execute on function %s to %I', v_function, public_role);
    end loop;
end
$$;
comment on function booking.grant_access(name) is
    'Lets a role call the public surface: USAGE on booking_api and EXECUTE on its functions and the definers behind them, '
    'nothing else. 42704: unknown role; 42501: the caller may not grant.';

revoke all on all tables in schema booking from public;
revoke all on all routines in schema booking, booking_api from public;
revoke all on schema booking, booking_api from public;

do $$
declare
    v_type regtype;
begin
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
