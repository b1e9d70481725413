-- The rest of what is looked at, and all of it in one call. Next: 98_grants.sql.

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
        booking_resource_resource, booking_series, booking_service, booking_start, busy_window_span, busy_window_start, claim_booking, claim_held,
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
