-- The upkeep as jobs of pg_cron. That extension need not be there: its functions are named in dynamic SQL only, and without
-- it the error says how to schedule the same by other means. Next: 38_time.sql.

create type booking.job as (job_name text, schedule text, command text, run_as name);
comment on type booking.job is 'A job of pg_cron: its name, when it runs, what it runs, and the login role that it runs as.';

create function booking.job_name(job text)
returns text
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- pg_cron serves a whole server and cuts names at 63 bytes: a long name of a database gives way to its hash.
    select format('pg_booking %s %s', job,
        case when octet_length(current_database()) <= 39 then current_database()::text else md5(current_database()) end);
end;
comment on function booking.job_name(text) is 'What the job of this database is called: roll, expire_holds or prune.';

create function booking.jobs(roll_at text, sweep_at text, prune_at text, days int, batch int)
returns setof booking.job
language sql
stable
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- Ten thousand every five minutes is 33 holds a second; what a storm leaves goes at night.
    select booking.job_name(j.job), j.schedule, j.command, null::name
    from (
        values
            ('roll', roll_at, format('call booking.roll(%s)', booking.check_days(days))),
            ('expire_holds', sweep_at, 'select booking.expire_holds(10000)'),
            ('prune', prune_at, format('call booking.prune(%s)', booking.check_batch(batch)))) j (job, schedule, command)
    where j.schedule is not null;
end;
comment on function booking.jobs(text, text, text, int, int) is 'The jobs that booking.install_jobs installs with these arguments.';

create function booking.grant_jobs(jobs_role name)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_routine regprocedure;
begin
    execute format('grant usage on schema booking to %I', jobs_role);
    foreach v_routine in array array[
        'booking.roll(int)', 'booking.check_days(int)', 'booking.resources_to_roll()', 'booking.roll_resource(uuid, uuid, int)',
        'booking.prune(int)', 'booking.check_batch(int)', 'booking.resources_to_prune()',
        'booking.prune_resource(uuid, uuid, int)', 'booking.prune_sittings(int)', 'booking.prune_changes(int)',
        'booking.prune_events(int)', 'booking.prune_keys(int)', 'booking.prune_tokens(int)', 'booking.tell_refusals(int)',
        'booking.expire_bookings(int)', 'booking.expire_holds(int)',
        'booking.install_jobs(name, text, text, text, int, int)', 'booking.jobs(text, text, text, int, int)',
        'booking.job_name(text)', 'booking.remove_jobs()', 'booking.need_cron(text, text)']::regprocedure[]
    loop
        execute format('grant execute on routine %s to %I', v_routine, jobs_role);
    end loop;
end
$$;
comment on function booking.grant_jobs(name) is
    'Lets a login role run the upkeep and schedule it, and nothing else: USAGE on schema booking and EXECUTE on roll, prune, '
    'expire_holds and what they call with the owner''s rights. It can read no table. 42704: unknown role; 42501: the caller '
    'may not grant.';

create function booking.need_cron(instead_there text, instead_of text)
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- Null where the library is not loaded, or where the caller may not know.
    v_home text := (select s.setting from pg_settings s where s.name = 'cron.database_name');
begin
    if v_home <> current_database() then
        raise exception 'the jobs of pg_cron are kept in database "%", not in this one', v_home
            using errcode = '55000', hint = format(E'In database "%s":\n%s', v_home, instead_there);
    elsif not exists (select from pg_extension e where e.extname = 'pg_cron') then
        raise exception 'extension pg_cron is not installed in this database'
            using errcode = '55000', hint = concat(
                'It needs pg_cron in shared_preload_libraries, this database as cron.database_name, and CREATE EXTENSION pg_cron.',
                instead_of);
    end if;
end
$$;
comment on function booking.need_cron(text, text) is
    '55000 unless the jobs of pg_cron are kept in this database; the hint is what to do in theirs, or what to do without pg_cron.';

create function booking.remove_jobs()
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_ids bigint[];
begin
    perform booking.need_cron(
        format('select cron.unschedule(jobid) from cron.job where database = %L and jobname like %L;',
            current_database(), 'pg_booking %'),
        '');
    execute 'select array_agg(j.jobid) from cron.job j where j.database = $1 and j.jobname = any ($2)'
    into v_ids
    using current_database()::text,
        array[booking.job_name('roll'), booking.job_name('expire_holds'), booking.job_name('prune')];
    execute 'select cron.unschedule(i) from unnest($1) i' using v_ids;
    return coalesce(cardinality(v_ids), 0);
end
$$;
comment on function booking.remove_jobs() is
    'Removes what booking.install_jobs installed, as far as the caller sees it: a superuser all, others what runs as them. '
    'Returns how many. 55000: no pg_cron in this database.';

create function booking.install_jobs(
    jobs_role name default null,
    roll_at text default '0 2 * * *',
    sweep_at text default '*/5 * * * *',
    prune_at text default '30 2 * * *',
    days int default 60,
    batch int default 1000)
returns setof booking.job
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_role name := coalesce(jobs_role, current_user);
    v_jobs booking.job[] := array(select j from booking.jobs(roll_at, sweep_at, prune_at, days, batch) j);
    v_job booking.job;
begin
    if not exists (select from pg_roles r where r.rolname = v_role) then
        raise exception 'role "%" does not exist', v_role using errcode = '42704';
    elsif not exists (select from pg_roles r where r.rolname = v_role and r.rolcanlogin) then
        raise exception 'role "%" is not permitted to log in', v_role
            using errcode = '22023', hint = 'pg_cron logs in as the role that a job runs as.';
    end if;
    perform booking.need_cron(
        (
            select string_agg(format('select cron.schedule_in_database(%L, %L, %L, %L, %L);',
                j.job_name, j.schedule, j.command, current_database(), v_role), E'\n')
            from unnest(v_jobs) j),
        (
            select string_agg(format(E'\n%s psql -U %s -d %s -c %L',
                j.schedule, v_role, current_database(), j.command), '')
            from unnest(v_jobs) j));
    if v_role <> current_user then
        perform booking.grant_jobs(v_role);
    end if;
    perform booking.remove_jobs();
    foreach v_job in array v_jobs loop
        -- Without special rights one can schedule what runs as oneself, and only that.
        if v_role = current_user then
            execute 'select cron.schedule($1, $2, $3)' using v_job.job_name, v_job.schedule, v_job.command;
        else
            execute 'select cron.schedule_in_database($1, $2, $3, $4, $5)'
            using v_job.job_name, v_job.schedule, v_job.command, current_database()::text, v_role::text;
        end if;
        v_job.run_as := v_role;
        return next v_job;
    end loop;
end
$$;
comment on function booking.install_jobs(name, text, text, text, int, int) is
    'Schedules the upkeep of this database with pg_cron, in place of what it scheduled before, and returns the jobs: '
    'booking.roll(days) at roll_at, booking.expire_holds at sweep_at, booking.prune(batch) at prune_at. Times are cron '
    'expressions in the time zone of pg_cron, which is GMT unless cron.timezone says otherwise; null: not that job. jobs_role: '
    'the login role that they run as, which booking.grant_jobs is called for; default the caller. 55000: no pg_cron in this '
    'database, the hint has the alternative. 22023: days, batch or expression make no sense, or the role cannot log in; 42704: '
    'unknown role; 42501: the caller may not schedule for that role.';
