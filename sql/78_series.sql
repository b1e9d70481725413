-- Series: occurrences of a recurrence rule, booked together in one transaction and cancelled together. A rule is read on the
-- wall clock of the service: Mondays at nine are at nine in winter and in summer. Next: 79_token.sql.

create function booking.rrule_clocks(rule text, first timestamp, most integer)
returns timestamp[]
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'rrule_clocks_wrapper';
comment on function booking.rrule_clocks(text, timestamp, integer) is
    'The wall clocks of a recurrence rule (RFC 5545, without RRULE:) from a first one on, at most so many; UNTIL is read as if it '
    'were one of them. Errors: 22023 not a rule';

create function booking.first_instant(clock timestamp, zone text)
returns timestamptz
language sql
stable
parallel safe
begin atomic
    -- Where an overlap repeats a clock the first one is meant; one that a gap skips is as much later as the gap is long.
    select coalesce(min(t.at) filter (where timezone(zone, t.at) = clock), timezone(zone, clock))
    from unnest(array['0', '30 minutes', '1 hour', '2 hours']::interval[]) d (back)
    cross join lateral (select timezone(zone, clock) - d.back) t (at);
end;
comment on function booking.first_instant(timestamp, text) is 'The instant of a wall clock of a zone, as RFC 5545 has it: the earlier of two.';

create function booking.rrule_starts(rule text, starts_at timestamptz, zone text, most int)
returns timestamptz[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_rule text := upper(regexp_replace(rrule_starts.rule, '^\s*RRULE:|\s', '', 'gi'));
    v_until text := substring(v_rule from 'UNTIL=([^;]*)');
    v_clock timestamp := timezone(rrule_starts.zone, rrule_starts.starts_at);
begin
    if v_rule is null or rrule_starts.starts_at is null then
        raise exception 'rule and starts_at are needed' using errcode = '22004';
    elsif v_rule ~ 'FREQ=(SECOND|MINUTE)LY' and v_rule ~ ';?BY[A-Z]+=' then
        -- The search leaps over days then, and over occurrences: every first of July is every fourth or so.
        raise exception 'a rule by the minute or second cannot be narrowed'
            using errcode = '22023', hint = 'Write it as FREQ=DAILY with BYHOUR and BYMINUTE.';
    elsif v_until ~ '^\d{8}$' then
        -- A date, of which the last one counts.
        v_rule := replace(v_rule, 'UNTIL=' || v_until, 'UNTIL=' || v_until || 'T235959Z');
    elsif v_until ~ '^\d{8}T\d{6}$' then
        v_rule := replace(v_rule, 'UNTIL=' || v_until, 'UNTIL=' || v_until || 'Z');
    elsif v_until ~ '^\d{8}T\d{6}Z$' then
        v_rule := replace(v_rule, 'UNTIL=' || v_until, 'UNTIL=' || to_char(
            timezone(rrule_starts.zone, timezone('UTC', left(v_until, 15)::timestamp)),
            'YYYYMMDD"T"HH24MISS"Z"'));
    end if;
    return array(
        select distinct case c.clock
            when v_clock then rrule_starts.starts_at
            else booking.first_instant(c.clock, rrule_starts.zone)
        end
        from unnest(booking.rrule_clocks(v_rule, v_clock, rrule_starts.most)) c (clock)
        order by 1);
end
$$;
comment on function booking.rrule_starts(text, timestamptz, text, int) is
    'The instants of a recurrence rule (RFC 5545, as FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10) from a first one on, on the wall clock of a '
    'zone, at most so many. UNTIL: a date, which counts, a clock of the zone, or an instant with Z. 22023: not a rule, or one by the minute or second with BY...; 22008: no '
    'such date; 22004: missing.';

create type booking.series_result as (
    series_id uuid,
    starts_at timestamptz,
    ends_at timestamptz,
    booking_id uuid,
    status text,
    manage_token text,
    manage_url text,
    payment_required boolean,
    payment_url text,
    code text,
    detail jsonb);
comment on type booking.series_result is
    'One occurrence of a series: its booking as booking.booking_result tells of it, or why there is none (code, BK001 to BK004).';

create function booking.not_in_series(starts_at timestamptz, ends_at timestamptz, code text)
returns booking.series_result
language sql
immutable
parallel safe
begin atomic
    select (null, starts_at, ends_at, null, null, null, null, null, null, code, null)::booking.series_result;
end;
comment on function booking.not_in_series(timestamptz, timestamptz, text) is 'The result that tells of an occurrence that cannot be had.';

create function booking.book_each(
    question booking.question,
    starts timestamptz[],
    session_hash bytea,
    resource uuid,
    customer jsonb,
    series_id uuid,
    limited boolean)
returns booking.series_result[]
language plpgsql
as $$
#variable_conflict use_column
declare
    v_service booking.service := question.service;
    v_holds booking.hold_result[];
    v_hold booking.hold_result;
    v_booking booking.booking_result;
    v_result booking.series_result[] := '{}';
begin
    v_holds := booking.take_many(question, starts, session_hash, resource, 1, v_service.max_hold_age, true);
    foreach v_hold in array v_holds loop
        if v_hold.code is null then
            v_booking := booking.book_hold(v_service.tenant_id, v_hold.hold_id, session_hash, customer, limited);
            v_hold.code := v_booking.code;
            if v_booking.code is not null then
                delete from booking.hold h
                where h.tenant_id = v_service.tenant_id and h.hold_id = v_hold.hold_id;
            end if;
        end if;
        if v_hold.code is not null then
            v_result := v_result || booking.not_in_series(v_hold.starts_at, v_hold.ends_at, v_hold.code);
        else
            update booking.booking b
            set series_id = book_each.series_id
            where b.tenant_id = v_service.tenant_id and b.booking_id = v_booking.booking_id;
            v_booking := booking.with_token(v_booking, v_service.tenant_id);
            v_result := v_result || (
                series_id, v_booking.starts_at, v_booking.ends_at, v_booking.booking_id, v_booking.status,
                v_booking.manage_token, v_booking.manage_url, v_booking.payment_required, v_booking.payment_url, null,
                v_booking.detail)::booking.series_result;
        end if;
    end loop;
    return v_result;
end
$$;
comment on function booking.book_each(
    booking.question, timestamptz[], bytea, uuid, jsonb, uuid, boolean) is
    'Books several starts, if all of them can be taken: of those, some may be refused for their customer''s limit; else only those '
    'that cannot be taken are returned.';

create function booking.book_series_quietly(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    rule text,
    mode text,
    first int,
    session_id text,
    duration interval,
    resource uuid,
    customer jsonb)
returns booking.series_result[]
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_question booking.question := booking.question(
        book_series_quietly.tenant, book_series_quietly.service, book_series_quietly.duration);
    v_service booking.service := v_question.service;
    v_customer jsonb := booking.check_customer(book_series_quietly.customer);
    v_session bytea := booking.session_hash(book_series_quietly.session_id);
    v_series uuid := gen_random_uuid();
    v_limited boolean;
    v_rest timestamptz[];
    v_result booking.series_result[] := '{}';
    v_refused booking.series_result[] := '{}';
    v_bad booking.series_result[];
begin
    if mode is null or mode not in ('all', 'skip', 'first') or (mode = 'first') <> (first is not null) then
        raise exception 'mode must be all, skip or first' using errcode = '22023', hint = 'With first say how many.';
    elsif first < 1 or first > 366 then
        raise exception 'a series has 1 to 366 occurrences' using errcode = '22023';
    elsif mode <> 'first' and rule !~* 'COUNT=|UNTIL=' then
        raise exception 'the rule has no end' using errcode = '22023', hint = 'Give COUNT or UNTIL, or the mode first and how many.';
    end if;
    perform booking.check_range(book_series_quietly.starts_at, book_series_quietly.starts_at);
    perform booking.check_member(v_service, book_series_quietly.resource);
    -- One more than may be, to see that there are.
    v_rest := booking.rrule_starts(rule, book_series_quietly.starts_at, v_service.zone, 367);
    if cardinality(v_rest) = 0 then
        raise exception 'the rule has no occurrence' using errcode = '22023';
    elsif mode = 'first' then
        v_rest := v_rest[:366];
    end if;
    v_rest := booking.check_starts(v_service, v_rest, v_question.minutes, 366);
    perform booking.lock_session(v_session);
    v_session := coalesce(v_session, booking.new_session());
    v_limited := booking.lock_limits(v_service);
    -- Each time around those are left out that cannot be had; all are asked, not only the first ones. Before the next time
    -- nothing is held any more.
    while cardinality(v_rest) > 0 loop
        begin
            v_result := booking.book_each(
                v_question, case mode when 'first' then v_rest[:first] else v_rest end, v_session,
                book_series_quietly.resource, v_customer, v_series, v_limited);
            v_bad := array(select r from unnest(v_result) r where r.code is not null);
            if cardinality(v_bad) > 0 then
                raise exception using errcode = 'BK001';
            end if;
            exit;
        exception when sqlstate 'BK001' then
            v_refused := v_refused || v_bad;
            v_result := '{}';
            v_rest := array(
                select t
                from unnest(v_rest) t
                where t not in (select b.starts_at from unnest(v_bad) b)
                order by t);
        end;
        exit when mode = 'all';
    end loop;
    return array(
        select r
        from unnest(v_refused || v_result) r
        order by r.starts_at);
end
$$;
comment on function booking.book_series_quietly(
    uuid, uuid, timestamptz, text, text, int, text, interval, uuid, jsonb) is 'As booking.try_book_series, without the reasons.';

create function booking.try_book_series(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    rule text,
    mode text default 'all',
    first int default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null)
returns setof booking.series_result
language plpgsql
rows 10
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return query
        select r.series_id, r.starts_at, r.ends_at, r.booking_id, r.status, r.manage_token, r.manage_url, r.payment_required,
            r.payment_url, r.code,
            case r.code
                when 'BK003' then booking.not_offered(
                    try_book_series.tenant, try_book_series.service, r.starts_at, try_book_series.duration,
                    try_book_series.resource, try_book_series.session_id, null)
                else r.detail
            end
        from unnest(booking.book_series_quietly(
            try_book_series.tenant, try_book_series.service, try_book_series.starts_at, try_book_series.rule,
            try_book_series.mode, try_book_series.first, try_book_series.session_id, try_book_series.duration,
            try_book_series.resource, try_book_series.customer)) r;
end
$$;
comment on function booking.try_book_series(uuid, uuid, timestamptz, text, text, int, text, interval, uuid, jsonb) is
    'As booking.book_series, but a refusal is returned row by row, with the reasons of BK003 in detail.';

create function booking.book_series(
    tenant uuid,
    service uuid,
    starts_at timestamptz,
    rule text,
    mode text default 'all',
    first int default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null)
returns setof booking.series_result
language plpgsql
rows 10
set search_path = pg_catalog, booking, pg_temp
set booking.raising = 'on'
as $$
#variable_conflict use_column
declare
    v_result booking.series_result[] := array(
        select r
        from booking.try_book_series(
            book_series.tenant, book_series.service, book_series.starts_at, book_series.rule, book_series.mode,
            book_series.first, book_series.session_id, book_series.duration, book_series.resource, book_series.customer) r);
begin
    if not exists (select from unnest(v_result) r where r.booking_id is not null) then
        perform booking.refuse(v_result[1].code, jsonb_build_object('refused', (
            select jsonb_agg(jsonb_build_object('starts_at', r.starts_at, 'code', r.code, 'detail', r.detail))
            from unnest(v_result) r)));
    end if;
    return query
        select r.* from unnest(v_result) r;
end
$$;
comment on function booking.book_series(uuid, uuid, timestamptz, text, text, int, text, interval, uuid, jsonb) is
    'Books the occurrences of a recurrence rule (RFC 5545, as FREQ=WEEKLY;COUNT=10) from starts_at on, at most 366, at the same time '
    'of the wall clock of the service. Every one of them is asked. mode: all (default), or none; skip, all that can be had; '
    'first, the first so many that can be had. Returns a row an occurrence in time order: its booking, or the code why it was '
    'left out; where nothing is booked, the first code is raised, with all in the DETAIL. Own holds of the session are used up. '
    'BK001, BK003, BK004: as booking.book. P0002: unknown tenant, service, resource. 22023, 22004, 22008, 54000: bad arguments.';

create function booking.cancel_series(tenant uuid, booking_id uuid, which text default 'all', reason text default null)
returns setof booking.booking_result
language plpgsql
rows 10
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
    v_now timestamptz := clock_timestamp();
    v_bookings uuid[];
    v_services uuid[];
begin
    if which is null or which not in ('one', 'following', 'all') then
        raise exception 'which must be one, following or all' using errcode = '22023';
    end if;
    select b.* into v_booking
    from booking.booking b
    where b.tenant_id = cancel_series.tenant and b.booking_id = cancel_series.booking_id;
    if not found then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    if which = 'one' or v_booking.series_id is null then
        return next booking.cancel(cancel_series.tenant, cancel_series.booking_id, reason);
        return;
    end if;
    select array_agg(b.booking_id order by b.span, b.booking_id), array_agg(distinct b.service_id)
    into v_bookings, v_services
    from booking.booking b
    where b.tenant_id = cancel_series.tenant and b.series_id = v_booking.series_id
        and (which = 'all' or lower(b.span) >= lower(v_booking.span)) and upper(b.span) > v_now
        and booking.status_at(b, v_now) in ('pending', 'confirmed');
    if v_bookings is null then
        perform booking.done(booking.wrong_state(v_booking));
    end if;
    -- The locks of all of them, in the order of every writer, before the first is cancelled.
    perform booking.lock_limits(s)
    from (
        select s.*
        from booking.service s
        where s.tenant_id = cancel_series.tenant and s.service_id = any (v_services)
        order by s.service_id) s;
    perform booking.lock_resources(cancel_series.tenant, array(
        select distinct r.resource_id
        from booking.booking_resource r
        where r.tenant_id = cancel_series.tenant and r.booking_id = any (v_bookings)));
    perform booking.lock_members(cancel_series.tenant, v_booking.service_id, booking.members_of(cancel_series.tenant, v_booking.service_id));
    return query
        select c.*
        from unnest(v_bookings) with ordinality b (booking_id, place)
        cross join lateral booking.try_cancel(cancel_series.tenant, b.booking_id, cancel_series.reason) c
        where c.code is null
        order by b.place;
end
$$;
comment on function booking.cancel_series(uuid, uuid, text, text) is
    'Cancels bookings of a series that are still to come or under way, as booking.cancel does: one (the given one), following (it and those '
    'after it) or all. A row for each that was cancelled; those that ended otherwise stay as they are. BK005: none was left to '
    'cancel. P0002: unknown booking; 22023: not a which.';
