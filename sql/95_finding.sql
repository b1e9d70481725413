-- What booking.doctor() finds, a function a check. They read, with the rights of whoever asks: a superuser, the owner of the
-- extension, the service role. A check that somebody may not make says so. Next: 96_doctor_access.sql.

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
    -- In one order, whichever way they were found.
    select array_to_string((array(select t from unnest(things) t order by t collate "C"))[:5], ', ')
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
