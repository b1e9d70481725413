-- Whom several holds to be take, chosen one after the other before anything is locked or written: each leaves the others less.
-- Next: 74_take_many.sql.

create type booking.choice as (hold_id uuid, resource_id uuid, unit int, span tstzrange);
comment on type booking.choice is 'A unit of a resource for one of several holds to be, with the span that it is claimed for.';

create function booking.without(service booking.service, candidates booking.candidate[], barred booking.choice[], shut uuid[])
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    if cardinality(barred) = 0 and cardinality(shut) = 0 then
        return candidates;
    end if;
    return array(
        select (
            c.requirement_id, c.pick, c.resource_id, coalesce(u.unit, c.unit), c.units, c.offered,
            c.allowed and c.resource_id <> all (shut), c.free and c.resource_id <> all (shut) and u.unit is not null,
            c.room)::booking.candidate
        from unnest(candidates) c
        left join lateral (
            -- Units that are alike are known by the lowest: any other is tried, and lost where it is not one of them.
            select n as unit
            from booking.resource r
            cross join lateral generate_series(
                case c.units when 1 then c.unit else 1 end, case c.units when 1 then c.unit else r.capacity end) n
            where r.tenant_id = service.tenant_id and r.resource_id = c.resource_id
                and (c.resource_id, n) not in (select b.resource_id, b.unit from unnest(barred) b)
            order by n <> c.unit, random()
            limit 1) u on true);
end
$$;
comment on function booking.without(booking.service, booking.candidate[], booking.choice[], uuid[]) is
    'Candidates less the units that are barred, and less the resources that a limit shuts.';

create function booking.choose_one(
    question booking.question,
    hold booking.hold,
    claimed tstzrange,
    resource uuid,
    barred booking.choice[],
    shut uuid[],
    out code text,
    out chosen booking.choice[])
language plpgsql
as $$
#variable_conflict use_column
declare
    v_candidates booking.candidate[] := booking.without(
        question.service, booking.candidates(question, lower(hold.span), resource, hold.session_hash), barred, shut);
    v_class booking.class;
begin
    code := booking.verdict(v_candidates, resource);
    if (question.service).seats is not null and coalesce(code, 'BK001') = 'BK001' then
        v_class := booking.class_with_seats(question, lower(hold.span), resource, hold.session_hash, hold.seats);
        if v_class.sittings is not null then
            code := case
                when exists (
                    select
                    from unnest(v_class.resources, v_class.units) u (resource_id, unit)
                    where (u.resource_id, u.unit) in (select b.resource_id, b.unit from unnest(barred) b)) then 'BK001'
                when v_class.resources && shut then 'BK004'
            end;
            chosen := array(
                select (hold.hold_id, u.resource_id, u.unit, claimed)::booking.choice
                from unnest(v_class.resources, v_class.units) u (resource_id, unit));
            return;
        end if;
    end if;
    if code is null then
        chosen := array(
            select (hold.hold_id, u.resource_id, u.unit, claimed)::booking.choice
            from (
                select r.*, row_number() over (partition by r.requirement_id order by r.rank) as number
                from unnest(booking.ranked(question.service, v_candidates, lower(hold.span), resource, 1)) with ordinality
                    r (requirement_id, pick, resource_id, unit, units, offered, allowed, free, room, rank)) u
            where u.number <= u.pick);
    end if;
end
$$;
comment on function booking.choose_one(
    booking.question, booking.hold, tstzrange, uuid, booking.choice[], uuid[]) is
    'What one of several holds would take, less the units barred and the resources shut, or the code why it cannot be had.';

create function booking.beyond_limits(question booking.question, holds booking.hold[], chosen booking.choice[])
returns booking.choice[]
language plpgsql
as $$
#variable_conflict use_column
begin
    -- Each is asked with all others in place. Of those in one period the last are too many.
    return (
        select array_agg(distinct (o.hold_id, o.resource_id, null, null)::booking.choice)
        from (
            select h.hold_id, l.resource_id,
                row_number() over (
                    partition by l.resource_id, l.period, booking.period_start(lower(h.span), l.period, (question.service).zone)
                    order by h.span desc) as number,
                greatest(
                    l.used_count + 1 - l.max_count,
                    ceil((l.used_minutes + m.minutes - l.max_minutes) / m.minutes)) as excess
            from unnest(holds) h
            cross join lateral (select booking.used_minutes(question.service, h.span)) m (minutes)
            cross join lateral unnest(booking.limits_of(
                question, tstzrange(lower(h.span), lower(h.span) + interval '1 microsecond'), h.session_hash,
                clock_timestamp())) l
            where l.span @> lower(h.span)
                and (l.resource_id is null or (h.hold_id, l.resource_id) in (
                    select c.hold_id, c.resource_id
                    from unnest(chosen) c))) o
        where o.number <= o.excess);
end
$$;
comment on function booking.beyond_limits(booking.question, booking.hold[], booking.choice[]) is
    'Which of several holds, in place by now, are more than the limits of the service (resource_id null) or of what was chosen '
    'for them admit. Null: none.';
