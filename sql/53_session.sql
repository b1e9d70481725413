-- Who is asking, and how refusals read. Next: 54_choose.sql.

create function booking.session_hash(session_id text)
returns bytea
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if length(session_id) < 16 or length(session_id) > 1024 then
        raise exception 'session_id must have 16 to 1024 characters'
            using errcode = '22023', hint = 'Use a random one of at least 128 bits.';
    end if;
    return sha256(convert_to(session_id, 'UTF8'));
end
$$;
comment on function booking.session_hash(text) is
    'What is kept of a session id: its sha256. Null for null; 22023 where it is shorter than 16 or longer than 1024 characters.';

create function booking.lock_session(session_hash bytea)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- Two tabs, a double click: only with one call at a time does a session see all that it holds. Everybody's first lock.
    perform pg_advisory_xact_lock(('x' || encode(substr(session_hash, 1, 8), 'hex'))::bit(64)::bigint);
end
$$;
comment on function booking.lock_session(bytea) is
    'Lets one call of a session at a time take slots, by its sha256; nobody else waits. Nothing for null.';

create function booking.signed_in()
returns text
language plpgsql
stable
as $$
begin
    -- Most calls come without claims, and need not ask who may be believed.
    return case
        when pg_catalog.current_setting('request.jwt.claims', true) operator(pg_catalog.<>) '' then (booking.caller()).user_id
    end;
end
$$;
comment on function booking.signed_in() is
    'The sub of who is signed in, where booking.caller believes the claims; null: nobody. 22P02: claims to believe that are not JSON.';

create type booking.refusal as (code text, status int, message text, hint text);
comment on type booking.refusal is 'A BK code: SQLSTATE, HTTP status, message, hint.';

create function booking.refusals()
returns setof booking.refusal
language sql
immutable
parallel safe
rows 8
begin atomic
    values
        ('BK001', 409, 'slot is taken', 'Ask for the available slots again.'),
        ('BK002', 410, 'hold has expired or is not yours', 'Hold the slot again, or book with if_still_free.'),
        ('BK003', 422, 'slot is not offered', 'Use a start and a duration that available_slots lists.'),
        ('BK004', 409, 'limit is used up', 'Try another day.'),
        ('BK005', 409, 'not possible in this state', null),
        ('BK006', 409, 'idempotency key was used with another request', 'Use a new key for a new request.'),
        ('BK007', 403, 'token is not valid', null),
        ('BK008', 429, 'too many holds', 'Book or release one, or wait until it lapses.');
end;
comment on function booking.refusals() is
    'Every BK code that the engine gives. BK003 (not offered) is judged first, then BK004 (limit), then BK001 (taken).';

create function booking.refuse(code text, detail jsonb)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_refusal booking.refusal;
begin
    if code is null then
        return;
    end if;
    select r.* into strict v_refusal from booking.refusals() r where r.code = refuse.code;
    raise exception using errcode = code, message = v_refusal.message,
        detail = coalesce(detail::text, ''), hint = coalesce(v_refusal.hint, '');
end
$$;
comment on function booking.refuse(text, jsonb) is 'Raises what a try_* function returned; nothing where its code is null. Not to be called then: it would be planned all the same.';
