-- Refusals, in the forms that return them: what a raising one wrote would be gone with its error. So many of a client and
-- minute are events, the rest is counted, and told by the upkeep in one event each. Whoever loses a race must not wait for
-- whoever lost it, too: each connection counts for itself. Unlogged, so that what is only counted waits for no disk; a crash
-- may lose a few minutes' counts. Next: 83_change.sql.

create unlogged table booking.refusal_tally (
    tenant_id uuid not null,
    counted_by text not null,
    minute timestamptz not null,
    code text not null,
    connection int not null,
    lane uuid not null default gen_random_uuid(),
    recorded int not null,
    counted int not null,
    constraint refusal_tally_pkey primary key (tenant_id, counted_by, minute, code, connection, lane)
) with (fillfactor = 50);
comment on table booking.refusal_tally is 'How many refusals of the last minutes are events, and how many were only counted. Not dumped.';
comment on column booking.refusal_tally.counted_by is 'The client, where there is one, else the actor.';
comment on column booking.refusal_tally.lane is 'A further row, where a prepared transaction keeps the connection''s own.';

create function booking.in_the_way(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    duration interval default null,
    resource uuid default null)
returns jsonb
language plpgsql
stable
as $$
#variable_conflict use_column
begin
    return (
        select coalesce(
            (
                select jsonb_strip_nulls(jsonb_build_object('hold_id', c.hold_id, 'booking_id', c.booking_id))
                from booking.requirement_resource m
                join booking.claim c on c.tenant_id = m.tenant_id and c.resource_id = m.resource_id and c.span && asked.span
                left join booking.hold h on h.tenant_id = c.tenant_id and h.hold_id = c.hold_id
                where m.tenant_id = s.tenant_id and m.service_id = s.service_id
                    and (in_the_way.resource is null or m.resource_id = in_the_way.resource)
                    and (c.booking_id is not null or h.expires_at > clock_timestamp())
                limit 1),
            (
                select jsonb_build_object('busy_window_id', b.busy_window_id)
                from booking.requirement_resource m
                join booking.busy_window b on b.tenant_id = m.tenant_id and b.resource_id = m.resource_id and b.span && asked.span
                where m.tenant_id = s.tenant_id and m.service_id = s.service_id
                    and (in_the_way.resource is null or m.resource_id = in_the_way.resource)
                limit 1))
        from booking.service s
        cross join lateral (
            select tstzrange(
                in_the_way.starts_at - make_interval(mins => s.buffer_before),
                in_the_way.starts_at + make_interval(mins => s.buffer_after + coalesce(
                    extract(epoch from in_the_way.duration)::int / 60,
                    (select min(d) from unnest(s.durations) d), s.min_length, 1))) as span) asked
        where s.tenant_id = in_the_way.tenant and s.service_id = in_the_way.service);
end
$$;
comment on function booking.in_the_way(uuid, uuid, timestamptz, interval, uuid) is
    'Of what lies in the way of a start one: {hold_id}, {booking_id} or {busy_window_id}; null where nothing does any more.';

create function booking.record_refusal(
    tenant uuid,
    code text,
    asked text,
    session_hash bytea default null,
    service uuid default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    hold_id uuid default null,
    booking_id uuid default null,
    detail jsonb default null)
returns void
language plpgsql
as $$
#variable_conflict use_column
declare
    c_kept constant int := 20;
    v_minute timestamptz := date_trunc('minute', clock_timestamp());
    v_by text;
    v_keep boolean;
begin
    if pg_catalog.current_setting('booking.raising', true) = 'on' or pg_catalog.current_setting('transaction_read_only') = 'on' then
        return;
    end if;
    v_by := coalesce(
        'client:' || booking.client(record_refusal.tenant), booking.actor(record_refusal.tenant, record_refusal.session_hash));
    v_keep := (
        select coalesce(sum(t.recorded), 0) < c_kept
        from booking.refusal_tally t
        where t.tenant_id = record_refusal.tenant and t.counted_by = v_by and t.minute = v_minute);
    update booking.refusal_tally t
    set recorded = t.recorded + v_keep::int, counted = t.counted + (not v_keep)::int
    where (t.tenant_id, t.counted_by, t.minute, t.code, t.connection, t.lane) = (
        select l.tenant_id, l.counted_by, l.minute, l.code, l.connection, l.lane
        from booking.refusal_tally l
        where l.tenant_id = record_refusal.tenant and l.counted_by = v_by and l.minute = v_minute
            and l.code = record_refusal.code and l.connection = pg_backend_pid()
        limit 1
        for update skip locked);
    if not found then
        insert into booking.refusal_tally (tenant_id, counted_by, minute, code, connection, recorded, counted)
        values (
            record_refusal.tenant, v_by, v_minute, record_refusal.code, pg_backend_pid(), v_keep::int, (not v_keep)::int);
    end if;
    if v_keep then
        perform booking.record_event(
            record_refusal.tenant, 'refused', booking_id => record_refusal.booking_id, hold_id => record_refusal.hold_id,
            service => record_refusal.service, session_hash => record_refusal.session_hash, code => record_refusal.code,
            detail => jsonb_strip_nulls(jsonb_build_object(
                'asked', record_refusal.asked, 'starts_at', record_refusal.starts_at, 'duration', record_refusal.duration,
                'resource', record_refusal.resource,
                'in_the_way', case
                    when record_refusal.code = 'BK001' and record_refusal.starts_at is not null then booking.in_the_way(
                        record_refusal.tenant, record_refusal.service, record_refusal.starts_at, record_refusal.duration,
                        record_refusal.resource)
                end)) || coalesce(record_refusal.detail, '{}'));
    end if;
end
$$;
comment on function booking.record_refusal(
    uuid, text, text, bytea, uuid, timestamptz, interval, uuid, uuid, uuid, jsonb) is
    'Writes that something was refused: what was asked (hold, book, cancel, ...), why, and what was in the way. Of a client, else '
    'an actor, twenty a minute, and some more where many connections come at once; the rest is counted. Nothing within a '
    'raising form, which sets booking.raising, or in a transaction that only reads.';

create function booking.refused(
    tenant uuid,
    booking booking.booking,
    asked text,
    result booking.booking_result,
    starts_at timestamptz default null)
returns booking.booking_result
language plpgsql
as $$
begin
    perform booking.record_refusal(
        tenant, (result).code, asked, service => (booking).service_id, booking_id => (booking).booking_id,
        detail => coalesce((result).detail, '{}') || jsonb_strip_nulls(jsonb_build_object('starts_at', refused.starts_at)));
    return result;
end
$$;
comment on function booking.refused(uuid, booking.booking, text, booking.booking_result, timestamptz) is
    'Records that something was refused about a booking, if one is known, and returns the refusal.';

create function booking.tell_refusals(batch int default 1000)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    with gone as materialized (
        select t.tenant_id, t.counted_by, t.minute, t.code, t.connection, t.lane
        from booking.refusal_tally t
        where t.minute < clock_timestamp() - interval '2 minutes'
        limit booking.check_batch(batch)
        for update skip locked),
    counted as (
        delete from booking.refusal_tally t
        using gone g
        where (t.tenant_id, t.counted_by, t.minute, t.code, t.connection, t.lane)
            = (g.tenant_id, g.counted_by, g.minute, g.code, g.connection, g.lane)
        returning t.tenant_id, t.counted_by, t.minute, t.code, t.counted),
    told as (
        insert into booking.booking_event (tenant_id, at, kind, code, actor, detail)
        select c.tenant_id, c.minute, 'refused', c.code, c.counted_by, jsonb_build_object('more', sum(c.counted))
        from counted c
        join booking.tenant n using (tenant_id)
        group by c.tenant_id, c.counted_by, c.minute, c.code
        having sum(c.counted) > 0)
    select count(*) into v_gone from counted;
    return v_gone;
end
$$;
comment on function booking.tell_refusals(int) is
    'Turns at most a batch of counts that are over into events: {more: n} refusals of one actor and minute beside those that are '
    'events themselves. Returns how many counts. 22023: not a batch.';
