-- A service as a question is asked of it: who may be taken, which lengths it has, when a start may be at all. What is
-- called for every list and every hold sets no search_path: its callers have set it, and a SET clause costs 5 us a call.
-- Next: 41_limit.sql.

create function booking.the_service(tenant uuid, service uuid)
returns booking.service
language plpgsql
stable
parallel safe
as $$
declare
    v_service booking.service;
begin
    select s.* into v_service
    from booking.service s
    join booking.tenant t using (tenant_id)
    where s.tenant_id = the_service.tenant and s.service_id = the_service.service and s.active and t.active;
    if not found then
        raise exception 'unknown tenant or service' using errcode = 'P0002';
    end if;
    return v_service;
end
$$;
comment on function booking.the_service(uuid, uuid) is
    'A service by its id. P0002 where it, or its tenant, is unknown or not active.';

create type booking.known_service as (service booking.service, grain int, limited boolean);
comment on type booking.known_service is
    'A service; the grain, in minutes, that all its resources share, null without resources; has it limits.';

create function booking.known_service(tenant uuid, service uuid)
returns booking.known_service
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
declare
    v_known booking.known_service;
begin
    select s, (
            -- Any would do; in order the planner takes the index, however small the table.
            select r.grain
            from booking.requirement_resource m
            join booking.resource r using (tenant_id, resource_id)
            where m.tenant_id = s.tenant_id and m.service_id = s.service_id
            order by m.resource_id
            limit 1),
        exists (
            select
            from booking.service_limit l
            where l.tenant_id = s.tenant_id and l.service_id = s.service_id)
    into v_known
    from booking.service s
    join booking.tenant t using (tenant_id)
    where s.tenant_id = known_service.tenant and s.service_id = known_service.service and s.active and t.active;
    if not found then
        raise exception 'unknown tenant or service' using errcode = 'P0002';
    end if;
    return v_known;
end
$$;
comment on function booking.known_service(uuid, uuid) is
    'A service by its id, with what else every read of slots asks first. P0002 where it, or its tenant, is unknown or not active.';

create function booking.service_grain(service booking.service)
returns int
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
begin
    -- Any would do; in order the planner takes the index, however small the table.
    return (
        select r.grain
        from booking.requirement_resource m
        join booking.resource r using (tenant_id, resource_id)
        where m.tenant_id = service.tenant_id and m.service_id = service.service_id
        order by m.resource_id
        limit 1);
end
$$;
comment on function booking.service_grain(booking.service) is
    'The grain, in minutes, that all resources of a service share; null without resources.';

create function booking.check_member(service booking.service, resource uuid)
returns void
language plpgsql
stable
parallel safe
as $$
begin
    if resource is not null and not exists (
        select
        from booking.requirement_resource m
        where m.tenant_id = service.tenant_id and m.service_id = service.service_id
            and m.resource_id = check_member.resource)
    then
        raise exception 'unknown resource of service "%"', service.slug using errcode = 'P0002';
    end if;
end
$$;
comment on function booking.check_member(booking.service, uuid) is 'P0002 where a resource is given that is none of the service''s.';

create function booking.off_grain(minutes int, grain int, service booking.service)
returns void
language plpgsql
stable
parallel safe
as $$
begin
    raise exception '% minutes are off the grain of % minutes of service "%"', minutes, grain, service.slug
        using errcode = '22023', hint = (
            select format('The largest grain that fits them and the UTC offsets of the zones is %s minutes.',
                booking.largest_grain(array[minutes], array_agg(r.zone) || service.zone))
            from booking.requirement_resource m
            join booking.resource r using (tenant_id, resource_id)
            where m.tenant_id = service.tenant_id and m.service_id = service.service_id);
end
$$;
comment on function booking.off_grain(int, int, booking.service) is
    'Raises 22023: so many minutes are off the grain of the service. The hint names one that fits.';

create function booking.shortest_length(service booking.service)
returns int
language plpgsql
immutable
parallel safe
as $$
begin
    -- A query, however small, costs 5 us.
    if service.min_length is not null then
        return service.min_length;
    elsif cardinality(service.durations) = 1 then
        return service.durations[1];
    end if;
    return (select min(d) from unnest(service.durations) d);
end
$$;
comment on function booking.shortest_length(booking.service) is
    'The shortest that a service is booked for: minutes, of a stay nights.';

create function booking.wanted_minutes(service booking.service, duration interval, grain int)
returns int
language plpgsql
stable
parallel safe
as $$
declare
    v_day int := case service.kind when 'stay' then 1440 else 1 end;
    v_minutes int := coalesce(booking.whole_minutes(duration), v_day * booking.shortest_length(service));
begin
    if v_minutes % v_day <> 0 then
        raise exception 'service "%" is booked for whole nights, not for %', service.slug, duration
            using errcode = '22023', hint = 'Give the nights as days: 3 days.';
    elsif v_minutes % grain <> 0 then
        perform booking.off_grain(v_minutes, grain, service);
    end if;
    return v_minutes;
end
$$;
comment on function booking.wanted_minutes(booking.service, interval, int) is
    'A duration in minutes, by default the shortest of the service; a night counts 1440, however long it is. 22023 where it '
    'is off the grain, or not in whole nights.';

create function booking.wanted_step(service booking.service, step interval, grain int)
returns int
language plpgsql
stable
parallel safe
as $$
declare
    v_step int := coalesce(
        booking.whole_minutes(step), service.step,
        case service.kind when 'slot' then booking.shortest_length(service) end);
begin
    if service.kind = 'stay' and step is not null then
        raise exception 'a stay of service "%" has no step: it starts at check-in', service.slug using errcode = '22023';
    elsif v_step % grain <> 0 then
        perform booking.off_grain(v_step, grain, service);
    end if;
    return v_step;
end
$$;
comment on function booking.wanted_step(booking.service, interval, int) is
    'Minutes between starts, by default the service''s, else the shortest duration of a slot; null: a start at every slot of the '
    'grain. 22023 where it is off the grain, or asked of a stay.';

create function booking.has_length(service booking.service, minutes int)
returns boolean
language plpgsql
immutable
parallel safe
as $$
declare
    v_length int := minutes / case service.kind when 'stay' then 1440 else 1 end;
begin
    return v_length = any (service.durations) or coalesce(v_length between service.min_length and service.max_length, false);
end
$$;
comment on function booking.has_length(booking.service, int) is 'True where a service can be booked for so many minutes (a night: 1440).';

create function booking.slot_end(service booking.service, starts_at timestamptz, minutes int)
returns timestamptz
language plpgsql
stable
parallel safe
as $$
begin
    if service.kind = 'stay' then
        return timezone(service.zone, timezone(service.zone, starts_at)::date + minutes / 1440 + service.check_out);
    end if;
    return starts_at + make_interval(mins => minutes);
end
$$;
comment on function booking.slot_end(booking.service, timestamptz, int) is
    'When a slot of so many minutes ends: of a stay, at check-out on the date so many nights later.';

create function booking.start_window(
    service booking.service,
    grain int,
    from_ts timestamptz,
    to_ts timestamptz,
    now timestamptz)
returns tstzrange
language plpgsql
stable
parallel safe
as $$
declare
    v_lower timestamptz := greatest(from_ts, booking.local_plus(now, service.min_notice, service.zone));
    v_upper timestamptz := least(to_ts, booking.local_plus(now, service.horizon, service.zone));
begin
    if service.bookable <> '(,)' then
        v_lower := greatest(v_lower, booking.date_start(lower(service.bookable), service.zone));
        v_upper := least(v_upper, booking.date_start(upper(service.bookable), service.zone));
    end if;
    v_lower := booking.slot_ceil(v_lower, grain);
    return tstzrange(v_lower, greatest(v_lower, booking.slot_ceil(v_upper, grain)));
end
$$;
comment on function booking.start_window(booking.service, int, timestamptz, timestamptz, timestamptz) is
    'The slots of a range in which notice, horizon and fixed dates let a booking start.';
