-- Manage tokens: whoever has one may see, move or cancel one booking. Their public use: 90_public_token.sql.
-- Next: 80_idempotency.sql.

create table booking.booking_token (
    tenant_id uuid not null,
    booking_id uuid not null,
    token_id uuid not null default gen_random_uuid(),
    token_hash bytea not null,
    scopes text[] not null default '{show,cancel,reschedule}',
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    -- By booking first: one index for a booking's tokens, for their ids and for the foreign key.
    constraint booking_token_pkey primary key (tenant_id, booking_id, token_id),
    constraint booking_token_hash_key unique (tenant_id, token_hash),
    constraint booking_token_booking_fkey foreign key (tenant_id, booking_id)
        references booking.booking on delete cascade,
    constraint booking_token_hash_sha256 check (octet_length(token_hash) = 32),
    constraint booking_token_scopes_known check (scopes <> '{}' and scopes <@ '{show,cancel,reschedule}')
);
comment on table booking.booking_token is
    'Who has the token that a row has the hash of may do to the booking what its scopes say, until 30 days after the booking''s '
    'end, wherever that moves.';
comment on column booking.booking_token.token_hash is 'sha256 of the token, which is kept nowhere.';
comment on column booking.booking_token.scopes is 'One or more of show, cancel, reschedule.';
comment on column booking.booking_token.expires_at is 'When it expires sooner; null: not.';
comment on column booking.booking_token.revoked_at is 'Since when it is worth nothing; null: it is not revoked.';

create function booking.new_token()
returns text
language sql
volatile
begin atomic
    -- The one strong source of randomness in core: three times 122 bits, which sha256 makes 256.
    select translate(
        rtrim(
            encode(
                sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
                'base64'),
            '='),
        '+/', '-_');
end;
comment on function booking.new_token() is '256 random bits as base64url (RFC 4648 section 5): 43 characters that need no escape in a URL.';

create function booking.token_hash(token text)
returns bytea
language sql
immutable
parallel safe
begin atomic
    -- No token is that long: whatever else is sent costs no more than one.
    select sha256(convert_to(left(token, 64), 'UTF8'));
end;
comment on function booking.token_hash(text) is 'What is kept of a token; whatever is no token has a hash, too, that nothing is found by.';

create type booking.issued_token as (token_id uuid, manage_token text, manage_url text);
comment on type booking.issued_token is 'A token, told this once; manage_url: the tenant''s page for it.';

create function booking.insert_token(
    tenant uuid,
    booking_id uuid,
    scopes text[] default '{show,cancel,reschedule}',
    expires_at timestamptz default null)
returns booking.issued_token
language plpgsql
as $$
#variable_conflict use_column
declare
    v_token booking.issued_token;
begin
    v_token.manage_token := booking.new_token();
    insert into booking.booking_token as t (tenant_id, booking_id, token_hash, scopes, expires_at)
    values (
        insert_token.tenant, insert_token.booking_id, booking.token_hash(v_token.manage_token), insert_token.scopes,
        insert_token.expires_at)
    returning t.token_id, (
        select replace(n.settings ->> 'manage_url', '{token}', v_token.manage_token)
        from booking.tenant n
        where n.tenant_id = t.tenant_id)
    into v_token.token_id, v_token.manage_url;
    return v_token;
end
$$;
comment on function booking.insert_token(uuid, uuid, text[], timestamptz) is 'booking.issue_token for a booking that is there.';

create function booking.with_token(result booking.booking_result, tenant uuid)
returns booking.booking_result
language plpgsql
as $$
declare
    v_token booking.issued_token := booking.insert_token(tenant, result.booking_id);
begin
    result.manage_token := v_token.manage_token;
    result.manage_url := v_token.manage_url;
    return result;
end
$$;
comment on function booking.with_token(booking.booking_result, uuid) is 'A booking with a new token for whoever made it.';

create function booking.issue_token(
    tenant uuid,
    booking_id uuid,
    scopes text[] default '{show,cancel,reschedule}',
    expires_at timestamptz default null)
returns booking.issued_token
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    if not exists (
        select
        from booking.booking b
        where b.tenant_id = issue_token.tenant and b.booking_id = issue_token.booking_id)
    then
        raise exception 'unknown booking' using errcode = 'P0002';
    end if;
    return booking.insert_token(issue_token.tenant, issue_token.booking_id, issue_token.scopes, issue_token.expires_at);
end
$$;
comment on function booking.issue_token(uuid, uuid, text[], timestamptz) is
    'A further manage token of a booking, for a mail or for somebody else, and the tenant''s page for it (settings, manage_url, '
    'with {token} for the token). scopes: one or more of show, cancel, reschedule. It expires 30 days after the booking''s end, '
    'or at expires_at if that comes first. P0002: unknown booking; 23514: unknown scope.';

create function booking.revoke_tokens(tenant uuid, booking_id uuid, token_id uuid default null)
returns bigint
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_revoked bigint;
begin
    perform booking.check_tenant(revoke_tokens.tenant);
    update booking.booking_token t
    set revoked_at = clock_timestamp()
    where t.tenant_id = revoke_tokens.tenant and t.booking_id = revoke_tokens.booking_id and t.revoked_at is null
        and t.token_id = coalesce(revoke_tokens.token_id, t.token_id);
    get diagnostics v_revoked = row_count;
    return v_revoked;
end
$$;
comment on function booking.revoke_tokens(uuid, uuid, uuid) is
    'Makes one token of a booking worthless, or all of them; returns how many were not yet. 22004: no tenant.';

create function booking.booking_of_token(
    tenant uuid,
    token text,
    scope text,
    now timestamptz default clock_timestamp())
returns booking.booking
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_booking booking.booking;
begin
    -- Foreign, unknown, malformed, revoked, expired, not for this: one query, one answer.
    select b.* into v_booking
    from booking.booking_token t
    join booking.booking b using (tenant_id, booking_id)
    where t.tenant_id = booking_of_token.tenant and t.token_hash = booking.token_hash(booking_of_token.token)
        and booking_of_token.scope = any (t.scopes) and t.revoked_at is null
        and coalesce(t.expires_at > booking_of_token.now, true)
        and upper(b.span) > booking_of_token.now - interval '30 days';
    return v_booking;
end
$$;
comment on function booking.booking_of_token(uuid, text, text, timestamptz) is
    'The booking that a token lets its bearer show, cancel or reschedule; nulls where it does not (BK007).';

create function booking.notice_end(booking booking.booking, what text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    return (
        select lower((booking).span) - case notice_end.what when 'cancel' then s.cancel_notice else s.reschedule_notice end
        from booking.service s
        where s.tenant_id = (booking).tenant_id and s.service_id = (booking).service_id);
end
$$;
comment on function booking.notice_end(booking.booking, text) is
    'Until when the notice of its service lets a customer cancel or reschedule a booking, whatever its state.';

create function booking.too_late(booking booking.booking, what text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_until timestamptz := booking.notice_end(booking, what);
begin
    if clock_timestamp() < v_until then
        return null;
    end if;
    return jsonb_build_object('reason', what || '_notice', 'until', v_until);
end
$$;
comment on function booking.too_late(booking.booking, text) is
    'Null, or the detail of BK005: which notice (cancel_notice, reschedule_notice) there was to give until when.';

create function booking.prune_tokens(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- What is left is of bookings to come and of the last month: few enough to look each of them up at night.
    with gone as materialized (
        select t.tenant_id, t.booking_id, t.token_id
        from booking.booking_token t
        join booking.booking b using (tenant_id, booking_id)
        where upper(b.span) <= clock_timestamp() - interval '30 days'
        limit booking.check_batch(batch)
        for update of t skip locked)
    delete from booking.booking_token t
    using gone g
    where t.tenant_id = g.tenant_id and t.booking_id = g.booking_id and t.token_id = g.token_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;
comment on function booking.prune_tokens(int) is
    'Deletes at most a batch of tokens of bookings that ended 30 days ago, which are worth nothing any more; returns how many. '
    '22023: not a batch.';
