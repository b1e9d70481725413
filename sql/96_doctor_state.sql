-- What the data say: whether pages are right, and whether the upkeep runs, which shows in what it leaves behind. Each allows
-- for a job that was late once. Next: 97_doctor.sql.

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
    -- They are read from files: once.
    v_known text[] := array(select lower(n.name) from pg_timezone_names n);
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
        where lower(z.zone) <> all (v_known)
        order by z.zone);
    return next booking.doctor_finding('zones', v_unknown,
        format('every zone in use is one of the %s that the server knows', cardinality(v_known)),
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
