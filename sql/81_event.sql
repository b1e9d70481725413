-- Who did what: the history of bookings and attempts. One call per event, by whoever did it. Next: 82_refusal.sql.

create function booking.client(tenant uuid)
returns text
language plpgsql
stable
as $$
declare
    v_client text := nullif(pg_catalog.current_setting('booking.client', true), '');
    v_headers text;
begin
    if v_client is null then
        -- Of PostgREST, by lower-cased name. Every proxy appends to a list: the last entry is what the nearest one saw, the
        -- first is whatever the visitor wrote.
        v_headers := nullif(pg_catalog.current_setting('request.headers', true), '');
        if v_headers is not null then
            select nullif(btrim(split_part(v_headers::jsonb ->> lower(t.settings ->> 'client_header'), ',', -1)), '') into v_client
            from booking.tenant t
            where t.tenant_id = client.tenant;
        end if;
    end if;
    return left(v_client, 200);
end
$$;
comment on function booking.client(uuid) is
    'Who is calling, as far as the server in front knows, at most 200 characters: the setting booking.client, which the facade '
    'sets; else, from PostgREST''s request.headers, the header that settings ->> ''client_header'' of the tenant names (of a '
    'list its last entry); else null. Quotas and refusals are counted by it.';

create function booking.actor(tenant uuid, session_hash bytea default null)
returns text
language plpgsql
stable
as $$
declare
    v_user text;
begin
    if pg_catalog.current_setting('request.jwt.claims', true) <> '' then
        v_user := (booking.caller()).user_id;
    end if;
    return coalesce(
        v_user,
        'session:' || encode(actor.session_hash, 'hex'),
        'client:' || booking.client(actor.tenant),
        'role:' || coalesce(nullif(pg_catalog.current_setting('role'), 'none'), session_user));
end
$$;
comment on function booking.actor(uuid, bytea) is
    'Who is named in an event: the sub of the JWT, where booking.caller believes it; else session: and the sha256 of the session '
    'id, client: and booking.client, or role: and the role that was taken on, else the login.';

create function booking.record_event(
    tenant uuid,
    kind text,
    booking_id uuid default null,
    hold_id uuid default null,
    service uuid default null,
    session_hash bytea default null,
    code text default null,
    detail jsonb default null)
returns void
language plpgsql
as $$
begin
    insert into booking.booking_event (tenant_id, kind, booking_id, hold_id, service_id, code, actor, detail)
    values (
        record_event.tenant, record_event.kind, record_event.booking_id, record_event.hold_id, record_event.service,
        record_event.code,
        -- As a stranger's it is quickly said.
        case
            when record_event.session_hash is not null and coalesce(pg_catalog.current_setting('request.jwt.claims', true), '') = ''
                then 'session:' || encode(record_event.session_hash, 'hex')
            else booking.actor(record_event.tenant, record_event.session_hash)
        end,
        coalesce(record_event.detail, '{}'));
end
$$;
comment on function booking.record_event(uuid, text, uuid, uuid, uuid, bytea, text, jsonb) is
    'Writes what happened into booking.booking_event, with the time and the actor. detail: what the kind does not say by itself, '
    'such as starts_at, resources, reason; never a session id, a token or anything about the customer. Refusals go through '
    'booking.record_refusal. 23514: not a kind.';
