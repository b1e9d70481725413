-- Who is taken: the candidates for one start, the verdict on them, and their order. Next: 55_seats.sql.

create type booking.candidate as (
    requirement_id uuid,
    pick int,
    resource_id uuid,
    unit int,
    units int,
    offered boolean,
    allowed boolean,
    free boolean,
    room int);
comment on type booking.candidate is
    'A unit of a resource for one start, or so many alike: offered by clock and hours; allowed by limits besides; free of '
    'claims, busy windows and foreign live holds besides. room: how many bookings limits leave the resource; null: any number.';

create function booking.candidates(
    question booking.question,
    starts_at timestamptz,
    resource uuid,
    session_hash bytea,
    now timestamptz default clock_timestamp(),
    on_grid boolean default true)
returns booking.candidate[]
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    -- Its snapshot is its caller's; a volatile one has a new one for each call, and so reads what is committed by then.
    v_limits booking.limit_room[];
begin
    if question.limited then
        v_limits := booking.limits_of(
            question, tstzrange(starts_at, starts_at + interval '1 microsecond'), session_hash, now);
    end if;
    if not on_grid then
        question.step := null;
    end if;
    return (
        select array_agg((
            o.requirement_id, o.pick, o.resource_id, o.unit, o.units, o.offered, o.allowed,
            o.allowed and o.free @> starts_at, o.room)::booking.candidate)
        from (
            select o.*, o.hours @> starts_at as offered,
                o.hours @> starts_at and coalesce(a.room > 0, true) and coalesce(r.room > 0, true) as allowed, r.room
            from unnest(booking.offers(
                question, starts_at, starts_at + interval '1 microsecond', session_hash, true, now)) o
            cross join (
                select min(l.room) as room
                from unnest(v_limits) l
                where l.span @> starts_at and l.resource_id is null) a
            left join (
                select l.resource_id, min(l.room) as room
                from unnest(v_limits) l
                where l.span @> starts_at and l.resource_id is not null
                group by l.resource_id) r on r.resource_id = o.resource_id) o
        -- A given resource shuts out the others of its requirement, as long as that picks one.
        where (candidates.resource is null or o.pick > 1 or o.resource_id = candidates.resource
                or o.requirement_id <> (
                    select m.requirement_id
                    from booking.requirement_resource m
                    where m.tenant_id = (question.service).tenant_id and m.service_id = (question.service).service_id
                        and m.resource_id = candidates.resource))
            and (question.among is null or o.resource_id = any (question.among)));
end
$$;
comment on function booking.candidates(booking.question, timestamptz, uuid, bytea, timestamptz, boolean) is
    'The units that the rule of booking.offers considers for one start; null where conditions 1 and 3 already fail. on_grid: '
    'false lets a start lie between the steps.';

create function booking.verdict(candidates booking.candidate[], resource uuid)
returns text
language plpgsql
immutable
as $$
#variable_conflict use_column
begin
    -- In this order: not offered (BK003), limit (BK004), taken (BK001).
    return (
        select case
            when count(*) = 0 or bool_or(q.offered < q.pick) or not bool_or(q.resource_offered) then 'BK003'
            when bool_or(q.allowed < q.pick) or not bool_or(q.resource_allowed) then 'BK004'
            when bool_or(q.free < q.pick) or not bool_or(q.resource_free) then 'BK001'
        end
        from (
            select c.pick,
                count(distinct c.resource_id) filter (where c.offered) as offered,
                count(distinct c.resource_id) filter (where c.allowed) as allowed,
                count(distinct c.resource_id) filter (where c.free) as free,
                bool_or(c.offered and (verdict.resource is null or c.resource_id = verdict.resource)) as resource_offered,
                bool_or(c.allowed and (verdict.resource is null or c.resource_id = verdict.resource)) as resource_allowed,
                bool_or(c.free and (verdict.resource is null or c.resource_id = verdict.resource)) as resource_free
            from unnest(candidates) c
            group by c.requirement_id, c.pick) q);
end
$$;
comment on function booking.verdict(booking.candidate[], uuid) is
    'Null where every requirement finds its members (a given resource among them), else BK003, BK004 or BK001.';

create function booking.ranked(
    service booking.service,
    candidates booking.candidate[],
    starts_at timestamptz,
    resource uuid,
    attempt int)
returns booking.candidate[]
language plpgsql
as $$
#variable_conflict use_column
begin
    return (
        select array_agg((r.requirement_id, r.pick, r.resource_id, r.unit, r.units, true, true, r.due, r.room)::booking.candidate
            order by r.requirement_id, r.resource_id is distinct from ranked.resource, not r.needed, r.load, r.resource_id)
        from (
            -- A team of several units each: whoever still has a unit for every booking that fits must be in this one, as far as
            -- the others cannot stand in (slack), or fewer than remaining would fit. The rest is the strategy's.
            select r.*, r.pick > 1 and row_number() over (
                    partition by r.requirement_id
                    order by r.spare < r.fits, r.resource_id is distinct from ranked.resource, r.load, r.resource_id)
                <= r.in_all - (r.common - r.fits * r.pick) as needed
            from (
                select r.*, coalesce(r.load < min(r.load) over w + r.ahead, true) as due,
                    count(*) filter (where r.spare >= r.fits) over w as in_all, sum(least(r.spare, r.fits)) over w as common
                from (
                    select r.*,
                        (case
                            when r.pick > 1
                                then booking.slot_fits(array_agg(r.spare) over w, (count(*) over w)::int, r.pick)
                        end)[1] as fits
                    from (
                        select c.requirement_id, c.pick, c.resource_id, c.units, c.spare, c.room,
                            -- Units are alike, so that many who want one at once all begin with the same. Whoever lost it tries any.
                            case
                                when c.units > 1 and attempt > 1 then (
                                    select 1 + floor(random() * b.capacity)::int
                                    from booking.resource b
                                    where b.tenant_id = (service).tenant_id and b.resource_id = c.resource_id)
                                else c.unit
                            end as unit,
                            case q.strategy
                                when 'round_robin' then (m.booked + (
                                    select count(*)
                                    -- One by one, along claim_held and hold_pkey: planned while there were few holds, every
                                    -- candidate read all of the service's, 60 ms for 50 candidates and 1,600 holds.
                                    from (
                                        select x.tenant_id, x.hold_id
                                        from booking.claim x
                                        where x.resource_id = m.resource_id and x.booking_id is null
                                            and x.tenant_id is not distinct from m.tenant_id
                                        offset 0) x
                                    where (
                                        select h.service_id = m.service_id and h.expires_at > clock_timestamp()
                                        from booking.hold h
                                        where h.tenant_id = x.tenant_id and h.hold_id = x.hold_id)))::numeric / m.weight
                                when 'least_busy' then (
                                    select count(*)
                                    from booking.claim x
                                    left join booking.hold h using (tenant_id, hold_id)
                                    where x.tenant_id = m.tenant_id and x.resource_id = m.resource_id and x.span && day.span
                                        and (x.booking_id is not null or h.expires_at > clock_timestamp()))
                                when 'priority' then m.priority
                                else 0
                            end as load,
                            -- By four bookings, or many at once would all wait for one.
                            case q.strategy when 'round_robin' then 4.0 / m.weight end as ahead
                        from (
                            select distinct on (u.requirement_id, u.resource_id) u.*,
                                least(sum(u.units) over (partition by u.requirement_id, u.resource_id)::int, u.room) as spare
                            from unnest(candidates) u
                            where u.free
                            order by u.requirement_id, u.resource_id, case when attempt > 1 then random() else u.unit end) c
                        join booking.requirement_resource m
                            on m.tenant_id = (service).tenant_id and m.service_id = (service).service_id and m.resource_id = c.resource_id
                        join booking.service_requirement q
                            on q.tenant_id = m.tenant_id and q.service_id = m.service_id and q.requirement_id = m.requirement_id
                        cross join lateral (
                            select tstzrange(
                                timezone((service).zone, date_trunc('day', timezone((service).zone, starts_at))),
                                timezone((service).zone, date_trunc('day', timezone((service).zone, starts_at)) + interval '1 day')) as span) day) r
                    window w as (partition by r.requirement_id)) r
                window w as (partition by r.requirement_id)) r) r);
end
$$;
comment on function booking.ranked(booking.service, booking.candidate[], timestamptz, uuid, int) is
    'The free candidates, one unit a resource, in the order in which their requirement takes them; a given resource first, then '
    'those without whom fewer would fit afterwards. free: not ahead of their share, by round robin.';
