-- slot_id: base64url of (tenant, service, start, duration, resource or none). It saves a client from sending five
-- arguments; it is no capability and is always judged anew. Next: 42_offer.sql.

create type booking.slot_key as (
    tenant_id uuid,
    service_id uuid,
    starts_at timestamptz,
    duration interval,
    resource_id uuid);
comment on type booking.slot_key is 'What a slot_id stands for.';

create function booking.slot_id(tenant uuid, service uuid, starts_at timestamptz, minutes int, resource uuid)
returns text
language sql
stable
parallel safe
begin atomic
    -- 44 or 60 bytes: two uuids, minutes since 1970 (starts lie on a grain), minutes, a uuid or nothing.
    select translate(
        encode(
            uuid_send(tenant) || uuid_send(service) || int8send((extract(epoch from starts_at) / 60)::bigint)
            || int4send(minutes) || coalesce(uuid_send(resource), ''),
            'base64'),
        E'+/=\n', '-_');
end;
comment on function booking.slot_id(uuid, uuid, timestamptz, int, uuid) is
    'The opaque id of a slot: tenant, service, start, duration in minutes, resource or null.';

create function booking.slot_of(slot_id text)
returns booking.slot_key
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_bytes bytea;
    v_hex text;
    v_start bigint;
    v_minutes int;
begin
    -- 44 bytes are 59 characters of base64, 60 bytes are 80.
    if slot_id !~ '^[A-Za-z0-9_-]+$' or length(slot_id) not in (59, 80) then
        raise exception 'malformed slot_id' using errcode = '22023', hint = 'Use a slot_id as available_slots gives it.';
    end if;
    v_bytes := decode(translate(slot_id, '-_', '+/') || case length(slot_id) when 59 then '=' else '' end, 'base64');
    v_hex := encode(v_bytes, 'hex');
    v_start := ('x' || substr(v_hex, 65, 16))::bit(64)::bigint;
    v_minutes := ('x' || substr(v_hex, 81, 8))::bit(32)::int;
    -- Years 1 to 9998, as everywhere: beyond them arithmetic could overflow.
    if v_start not between -1035593280 and 4222846080 or v_minutes not between 1 and 525600 then
        raise exception 'malformed slot_id' using errcode = '22023', hint = 'Use a slot_id as available_slots gives it.';
    end if;
    return (
        substr(v_hex, 1, 32)::uuid,
        substr(v_hex, 33, 32)::uuid,
        timestamptz 'epoch' + v_start * interval '1 minute',
        make_interval(mins => v_minutes),
        nullif(substr(v_hex, 89, 32), '')::uuid);
end
$$;
comment on function booking.slot_of(text) is 'What a slot_id stands for. 22023 where it is malformed.';
