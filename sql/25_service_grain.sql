-- All resources of a service share one grain, and everything the service counts in minutes lies on it.
-- Next: 26_busy_window.sql.

create function booking.largest_grain(minutes int[], zones text[])
returns int
language sql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
begin atomic
    -- Offsets of this winter and this summer: Kathmandu (+5:45) wants 15, Lord Howe in summer (+11) and winter (+10:30) 30.
    select max(g)
    from unnest(array[1, 5, 10, 15, 20, 30, 60]) g
    where not exists (select from unnest(minutes) m where m % g <> 0)
        and not exists (
            select
            from unnest(zones) z
            cross join lateral unnest(array[date_trunc('year', now()), date_trunc('year', now()) + interval '181 days']) t
            where (extract(epoch from timezone(z, t) - timezone('UTC', t)) / 60)::int % g <> 0);
end;
comment on function booking.largest_grain(int[], text[]) is
    'The largest grain, in minutes, that divides all the given minutes and the UTC offsets of the zones. For hints.';

create function booking.service_minutes(service booking.service)
returns int[]
language sql
immutable
parallel safe
begin atomic
    select array_remove(
        case service.kind
            when 'slot' then service.durations
            when 'span' then array[service.min_length, service.max_length]
            else array[
                extract(epoch from service.check_in)::int / 60, extract(epoch from service.check_out)::int / 60]
        end || array[service.step, service.buffer_before, service.buffer_after],
        null);
end;
comment on function booking.service_minutes(booking.service) is 'Everything that a service counts in minutes and that has to lie on the grain.';

create function booking.check_service_grain(tenant uuid, service uuid)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_service booking.service;
    v_grains int[];
    v_minutes int[];
    v_off int;
    v_hint text;
begin
    -- The lock lets two writers that add a resource each see one another.
    update booking.service s
    set version = s.version + 1
    where s.tenant_id = check_service_grain.tenant and s.service_id = check_service_grain.service
    returning s.* into v_service;
    if not found then
        return;
    end if;
    v_minutes := booking.service_minutes(v_service);
    select array_agg(distinct r.grain),
        format('The largest grain that fits them and the UTC offsets of the zones is %s minutes.',
            booking.largest_grain(v_minutes, array_agg(r.zone) || v_service.zone))
    into v_grains, v_hint
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id;
    if cardinality(v_grains) > 1 then
        raise exception 'resources of service "%" have different grains', v_service.slug
            using errcode = '22023', detail = format('Grains: %s minutes.', array_to_string(v_grains, ', ')), hint = v_hint;
    end if;
    -- A map of 400 days, and of what one start needs around it, has to fit into 2^20 slots.
    select max(d) * case v_service.kind when 'stay' then 1440 else 1 end + v_service.buffer_before + v_service.buffer_after
    into v_off
    from unnest(v_service.durations || v_service.max_length) d;
    if v_off > v_grains[1] * 1048576 - 420 * 1440 then
        raise exception '% minutes with buffers are too long for a grain of % minutes of service "%"',
            v_off, v_grains[1], v_service.slug
            using errcode = '22023', hint = 'Give its resources a larger grain.';
    end if;
    select m into v_off from unnest(v_minutes) m where m % v_grains[1] <> 0 limit 1;
    if found then
        raise exception '% minutes are off the grain of % minutes of service "%"', v_off, v_grains[1], v_service.slug
            using errcode = '22023', hint = v_hint;
    end if;
    -- Hours are rounded inward; the wall clock of an arrival has to be met.
    if v_service.kind = 'stay' and booking.largest_grain(v_grains, array[v_service.zone]) % v_grains[1] <> 0 then
        raise exception 'the clocks of % are off the grain of % minutes of service "%"', v_service.zone, v_grains[1], v_service.slug
            using errcode = '22023', hint = v_hint;
    end if;
end
$$;
comment on function booking.check_service_grain(uuid, uuid) is
    '22023 where resources of a service differ in grain, where a duration, step or buffer is off it, or where they are too long '
    'for it; the hint names a grain that fits.';

create function booking.tg_service_grain()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if tg_table_name = 'resource' then
        perform booking.check_service_grain(m.tenant_id, m.service_id)
        from booking.requirement_resource m
        where m.tenant_id = new.tenant_id and m.resource_id = new.resource_id
        order by m.service_id;
    else
        if tg_table_name = 'requirement_resource' then
            -- Its grain may be changing at this moment. Resources before services, as an update of the grain has it.
            perform booking.lock_resources(new.tenant_id, array[new.resource_id]);
        end if;
        perform booking.check_service_grain(new.tenant_id, new.service_id);
    end if;
    return null;
end
$$;
comment on function booking.tg_service_grain() is 'AFTER ROW on service, requirement_resource and resource: one grain a service.';

create constraint trigger _500_grain
after update of kind, durations, min_length, max_length, check_in, check_out, zone, step, buffer_before, buffer_after on booking.service
deferrable initially immediate
for each row
execute function booking.tg_service_grain();

create constraint trigger _500_grain
after insert or update of resource_id, service_id on booking.requirement_resource
deferrable initially immediate
for each row
execute function booking.tg_service_grain();

create constraint trigger _500_grain
after update of grain on booking.resource
deferrable initially immediate
for each row when (old.grain <> new.grain)
execute function booking.tg_service_grain();
