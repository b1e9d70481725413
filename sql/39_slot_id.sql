-- slot_id: base64url of (tenant, service, start, duration, resource or none). It saves a client from sending five
-- arguments; it is no capability and is always judged anew. Next: 40_service.sql.

create type booking.slot_key as (
    tenant_id uuid,
    service_id uuid,
    starts_at timestamptz,
    duration interval,
    resource_id uuid);
comment on type booking.slot_key is 'What a slot_id stands for.';

create function booking.slot_id(tenant uuid, service uuid, minutes integer, starts_at timestamptz, resource uuid)
returns text
language c
immutable
parallel safe
as 'MODULE_PATHNAME', 'slot_id_wrapper';
comment on function booking.slot_id(uuid, uuid, integer, timestamptz, uuid) is
    'A slot_id: base64url without padding (RFC 4648 section 5) of 16 bytes tenant, 16 service, 4 minutes, 9 minutes from 1970 to the start, and 16 resource unless it is null. Null if any other is';

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
