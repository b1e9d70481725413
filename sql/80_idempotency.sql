-- Done once, however often it is asked for: key, request and response are written with what was done, and a repeat is told
-- the same. Next: 81_event.sql.

create table booking.idempotency (
    tenant_id uuid not null,
    operation text not null,
    caller_hash bytea not null,
    key_hash bytea not null,
    request_hash bytea not null,
    response jsonb,
    created_at timestamptz not null default clock_timestamp(),
    constraint idempotency_pkey primary key (tenant_id, operation, caller_hash, key_hash),
    constraint idempotency_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint idempotency_hashes_sha256 check (
        octet_length(caller_hash) = 32 and octet_length(key_hash) = 32 and octet_length(request_hash) = 32)
) with (fillfactor = 50); -- The response comes last, as a HOT update.
comment on table booking.idempotency is
    'Keys that callers gave to what must not happen twice, for a day. Refusals leave none.';
comment on column booking.idempotency.operation is 'book, cancel or reschedule.';
comment on column booking.idempotency.caller_hash is 'sha256 of the session id, the sub of the JWT, the manage token or the login role: whose key it is.';
comment on column booking.idempotency.key_hash is 'sha256 of the key.';
comment on column booking.idempotency.request_hash is 'sha256 of what was asked for.';
comment on column booking.idempotency.response is 'The answer without secrets: a repeat gets a manage token of its own.';

create index idempotency_created on booking.idempotency (created_at);

create function booking.caller_hash(session_id text, direct boolean)
returns bytea
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    -- Hashed once more: a session id is what its bearer says, and may be spelt like the other two.
    v_caller bytea := coalesce(
        sha256(booking.session_hash(session_id)),
        sha256(convert_to('sub:' || booking.signed_in(), 'UTF8')),
        case when direct then sha256(convert_to('role:' || session_user, 'UTF8')) end);
begin
    -- Strangers come through one login role: a key that somebody else guesses would give them the booking.
    if v_caller is null then
        raise exception 'session_id is needed with an idempotency key, for whoever is not signed in' using errcode = '22004';
    end if;
    return v_caller;
end
$$;
comment on function booking.caller_hash(text, boolean) is
    'Whose idempotency key it is: the session''s, else that of who is signed in, else, of a direct call, the login role''s. '
    '22004 where nobody can be told from a stranger.';

create function booking.key_hash(key text)
returns bytea
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if length(key) not between 1 and 255 then
        raise exception 'an idempotency key must have 1 to 255 characters' using errcode = '22023';
    end if;
    return sha256(convert_to(key, 'UTF8'));
end
$$;
comment on function booking.key_hash(text) is 'What is kept of an idempotency key; 22023 where it has not 1 to 255 characters.';

create type booking.earlier as (replay boolean, code text, response jsonb);
comment on type booking.earlier is
    'replay: whether the request is answered already, by response; code: BK006 where the key belongs to another request.';

create function booking.begin_once(tenant uuid, operation text, caller_hash bytea, key text, request jsonb)
returns booking.earlier
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_key bytea := booking.key_hash(key);
    v_request bytea := sha256(convert_to(request::text, 'UTF8'));
    v_kept booking.idempotency;
begin
    if not exists (select from booking.tenant t where t.tenant_id = begin_once.tenant) then
        raise exception 'unknown tenant' using errcode = 'P0002';
    end if;
    loop
        -- Who comes second waits here until the first has its answer, or has rolled back.
        insert into booking.idempotency (tenant_id, operation, caller_hash, key_hash, request_hash)
        values (begin_once.tenant, begin_once.operation, begin_once.caller_hash, v_key, v_request)
        on conflict on constraint idempotency_pkey do nothing;
        if found then
            return (false, null, null)::booking.earlier;
        end if;
        select i.* into v_kept
        from booking.idempotency i
        where i.tenant_id = begin_once.tenant and i.operation = begin_once.operation
            and i.caller_hash = begin_once.caller_hash and i.key_hash = v_key;
        -- A statement later it may be gone.
        continue when not found;
        if v_kept.created_at > clock_timestamp() - interval '1 day' then
            return (true, case when v_kept.request_hash <> v_request then 'BK006' end, v_kept.response)::booking.earlier;
        end if;
        delete from booking.idempotency i
        where i.tenant_id = v_kept.tenant_id and i.operation = v_kept.operation and i.caller_hash = v_kept.caller_hash
            and i.key_hash = v_kept.key_hash and i.created_at = v_kept.created_at;
    end loop;
end
$$;
comment on function booking.begin_once(uuid, text, bytea, text, jsonb) is
    'Claims a key for a request, which may then be done, and ended by booking.end_once; or tells what came of it within the last '
    'day. Waits for a twin under way. 22023: not a key; P0002: unknown tenant; 40001 where an old snapshot cannot tell.';

create function booking.end_once(tenant uuid, operation text, caller_hash bytea, key text, result booking.booking_result)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    if result.code is not null then
        -- Nothing was done: the key is free for the next attempt.
        delete from booking.idempotency i
        where i.tenant_id = end_once.tenant and i.operation = end_once.operation and i.caller_hash = end_once.caller_hash
            and i.key_hash = booking.key_hash(key);
    else
        update booking.idempotency i
        set response = jsonb_strip_nulls(to_jsonb(result) - '{manage_token,manage_url}'::text[])
        where i.tenant_id = end_once.tenant and i.operation = end_once.operation and i.caller_hash = end_once.caller_hash
            and i.key_hash = booking.key_hash(key);
    end if;
end
$$;
comment on function booking.end_once(uuid, text, bytea, text, booking.booking_result) is
    'Keeps the answer to what booking.begin_once began, without its secrets, or lets the key go where it is a refusal.';

create function booking.replayed(earlier booking.earlier, tenant uuid, operation text)
returns booking.booking_result
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_result booking.booking_result := jsonb_populate_record(null::booking.booking_result, earlier.response);
begin
    if earlier.code is not null then
        return booking.refused(replayed.tenant, null, replayed.operation, booking.not_booked(earlier.code));
    end if;
    if replayed.operation = 'book' and exists (
        select
        from booking.booking b
        where b.tenant_id = replayed.tenant and b.booking_id = v_result.booking_id)
    then
        v_result := booking.with_token(v_result, replayed.tenant);
    end if;
    return v_result;
end
$$;
comment on function booking.replayed(booking.earlier, uuid, text) is
    'The answer to a repeat: BK006, or what was answered first, where it had a manage token with another.';

create function booking.prune_keys(batch int)
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
        select i.tenant_id, i.operation, i.caller_hash, i.key_hash
        from booking.idempotency i
        where i.created_at <= clock_timestamp() - interval '1 day'
        order by i.created_at
        limit booking.check_batch(batch)
        for update skip locked)
    delete from booking.idempotency i
    using gone g
    where i.tenant_id = g.tenant_id and i.operation = g.operation and i.caller_hash = g.caller_hash and i.key_hash = g.key_hash;
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_keys(int) is
    'Deletes at most a batch of idempotency keys that are a day old and worth nothing any more; returns how many. 22023: not a batch.';
