-- slot_id: base64url of (tenant, service, start, duration, resource or none). It saves a client from sending five
-- arguments; it is no capability and is always judged anew. Next: 40_service.sql.

create type booking.slot_key as (
    tenant_id uuid,
    service_id uuid,
    starts_at timestamptz,
    duration interval,
    resource_id uuid);
comment on type booking.slot_key is 'What a slot_id stands for.';

create function booking.base64url(bytes bytea)
returns text
language sql
immutable
parallel safe
begin atomic
    select translate(encode(bytes, 'base64'), E'+/=\n', '-_');
end;
comment on function booking.base64url(bytea) is 'RFC 4648 section 5, without padding.';

-- An id has three parts, each a whole number of base64 digits, so that a list encodes only what changes from row to row:
-- the start in the middle, by slot_ids.

create function booking.slot_id_head(tenant uuid, service uuid, minutes int)
returns text
language sql
immutable
parallel safe
begin atomic
    select booking.base64url(uuid_send(tenant) || uuid_send(service) || int4send(minutes));
end;
comment on function booking.slot_id_head(uuid, uuid, int) is 'Tenant, service and duration in a slot_id: 36 bytes, 48 digits.';

create function booking.slot_id_tail(resource uuid)
returns text
language sql
immutable
parallel safe
begin atomic
    select coalesce(booking.base64url(uuid_send(resource)), '');
end;
comment on function booking.slot_id_tail(uuid) is 'The resource in a slot_id: 22 digits; nothing for null.';

create function booking.slot_of(slot_id text)
returns booking.slot_key
language plpgsql
immutable
parallel safe
strict
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_hex text;
    v_start bigint;
    v_minutes int;
begin
    if slot_id ~ '^[A-Za-z0-9_-]+$' and length(slot_id) in (60, 82) then
        v_hex := encode(
            decode(translate(slot_id, '-_', '+/') || case length(slot_id) when 82 then '==' else '' end, 'base64'), 'hex');
        v_minutes := ('x' || substr(v_hex, 65, 8))::bit(32)::int;
        v_start := ('x' || substr(v_hex, 75, 16))::bit(64)::bigint;
        -- Years 1 to 9998, as everywhere: beyond them arithmetic could overflow.
        if substr(v_hex, 73, 2) = '00' and v_start between -1035593280 and 4222846080 and v_minutes between 1 and 525600 then
            return (
                substr(v_hex, 1, 32)::uuid,
                substr(v_hex, 33, 32)::uuid,
                timestamptz 'epoch' + v_start * interval '1 minute',
                make_interval(mins => v_minutes),
                nullif(substr(v_hex, 91, 32), '')::uuid);
        end if;
    end if;
    raise exception 'malformed slot_id' using errcode = '22023', hint = 'Use a slot_id as available_slots gives it.';
end
$$;
comment on function booking.slot_of(text) is 'What a slot_id stands for. 22023 where it is malformed.';
