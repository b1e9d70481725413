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
    if minutes % grain <> 0 then
        raise exception '% minutes are off the grain of % minutes of service "%"', minutes, grain, service.slug
            using errcode = '22023', hint = (
                select format('The largest grain that fits them and the UTC offsets of the zones is %s minutes.',
                    booking.largest_grain(array[minutes], array_agg(r.zone) || service.zone))
                from booking.requirement_resource m
                join booking.resource r using (tenant_id, resource_id)
                where m.tenant_id = service.tenant_id and m.service_id = service.service_id);
    end if;
end
$$;
comment on function booking.off_grain(int, int, booking.service) is
    'Raises 22023 where so many minutes are off the grain of the service. The hint names one that fits.';

create type booking.question as (
    service booking.service,
    grain int,
    minutes int,
    step int,
    limited boolean,
    moved uuid,
    among uuid[]);
comment on type booking.question is
    'What is asked of a service: for how many minutes (a night counts 1440, however long it is), at which step between '
    'starts (null: every slot of the grain, in minutes, that its resources share); and has it limits that are not by customer. '
    'moved: the booking that is being moved, which no limit counts meanwhile; among: only these resources may be taken; null: any.';

create function booking.question(tenant uuid, service uuid, duration interval, step interval default null)
returns booking.question
language plpgsql
stable
parallel safe
as $$
#variable_conflict use_column
declare
    v_question booking.question;
begin
    -- All that every question asks first, in one query: expressions of its own cost 1.5 us each in every transaction.
    select s, (
            -- Any would do; in order the planner takes the index, however small the table, and not all resources at once.
            select (
                select r.grain
                from booking.resource r
                where r.tenant_id = m.tenant_id and r.resource_id = m.resource_id)
            from booking.requirement_resource m
            where m.tenant_id = s.tenant_id and m.service_id = s.service_id
            order by m.resource_id
            limit 1),
        coalesce(booking.whole_minutes(question.duration), d.shortest * case s.kind when 'stay' then 1440 else 1 end),
        coalesce(booking.whole_minutes(question.step), s.step, case s.kind when 'slot' then d.shortest end),
        exists (
            select
            from booking.service_limit l
            where l.tenant_id = s.tenant_id and l.service_id = s.service_id and l.scope <> 'customer'),
        null, null
    into v_question
    from booking.service s
    join booking.tenant t using (tenant_id)
    cross join lateral (select coalesce(s.min_length, (select min(d) from unnest(s.durations) d)) as shortest offset 0) d
    where s.tenant_id = question.tenant and s.service_id = question.service and s.active and t.active;
    if not found then
        raise exception 'unknown tenant or service' using errcode = 'P0002';
    elsif (v_question.service).kind = 'stay' or v_question.minutes % v_question.grain <> 0 or v_question.step % v_question.grain <> 0 then
        perform booking.check_question(v_question, duration, step);
    end if;
    return v_question;
end
$$;
comment on function booking.question(uuid, uuid, interval, interval) is
    'What is asked of a service, by default its shortest duration, and its step, else the shortest duration of a slot. P0002 '
    'where it, or its tenant, is unknown or not active; 22023 where a length is off the grain, out of range or not in whole '
    'minutes (of a stay whole nights), or a step is asked of a stay.';

create function booking.check_question(question booking.question, duration interval, step interval)
returns void
language plpgsql
stable
parallel safe
as $$
declare
    v_service booking.service := question.service;
begin
    if v_service.kind = 'stay' and question.minutes % 1440 <> 0 then
        raise exception 'service "%" is booked for whole nights, not for %', v_service.slug, duration
            using errcode = '22023', hint = 'Give the nights as days: 3 days.';
    elsif v_service.kind = 'stay' and check_question.step is not null then
        raise exception 'a stay of service "%" has no step: it starts at check-in', v_service.slug using errcode = '22023';
    end if;
    perform booking.off_grain(question.minutes, question.grain, v_service);
    perform booking.off_grain(question.step, question.grain, v_service);
end
$$;
comment on function booking.check_question(booking.question, interval, interval) is
    'The 22023 of booking.question, for a duration and a step as they were given.';

-- Inlined.
create function booking.has_length(service booking.service, minutes int)
returns boolean
language sql
immutable
parallel safe
begin atomic
    select minutes / case (service).kind when 'stay' then 1440 else 1 end = any ((service).durations)
        or coalesce(
            minutes / case (service).kind when 'stay' then 1440 else 1 end between (service).min_length and (service).max_length,
            false);
end;
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
