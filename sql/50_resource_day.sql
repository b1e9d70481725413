-- One resource, asked directly: is it free, and which slots of a day are busy? Both read the pages of the weeks in
-- question, however long the history is. Next: 51_reason.sql.

create function booking.the_resource(tenant uuid, resource uuid)
returns booking.resource
language plpgsql
stable
parallel safe
as $$
declare
    v_resource booking.resource;
begin
    select r.* into v_resource
    from booking.resource r
    join booking.tenant t using (tenant_id)
    where r.tenant_id = the_resource.tenant and r.resource_id = the_resource.resource and r.active and t.active;
    if not found then
        raise exception 'unknown tenant or resource' using errcode = 'P0002';
    end if;
    return v_resource;
end
$$;
comment on function booking.the_resource(uuid, uuid) is
    'A resource by its id. P0002 where it, or its tenant, is unknown or not active.';

create function booking.is_free(tenant uuid, resource uuid, span tstzrange)
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_resource booking.resource := booking.the_resource(is_free.tenant, is_free.resource);
    v_slots booking.slotmap;
    v_span tstzrange;
begin
    if is_free.span is null then
        raise exception 'a span is needed' using errcode = '22004';
    elsif isempty(is_free.span) then
        raise exception 'an empty span is neither free nor busy' using errcode = '22023';
    end if;
    perform booking.check_range(lower(is_free.span), upper(is_free.span));
    v_slots := booking.slotmap_cover(is_free.span, v_resource.grain);
    v_span := tstzrange(lower(v_slots), upper(v_slots));
    return (
        with page as materialized (
            select p.unit, p.open, p.busy
            from unnest(booking.resource_maps(
                v_resource.tenant_id, v_resource.resource_id,
                booking.week_of(lower(v_span)), booking.week_of(upper(v_span) - interval '1 microsecond'))) p),
        -- Units with anything of their own in the span: one that is free must be so throughout.
        taken as (
            select p.unit
            from page p
            where p.unit between 1 and v_resource.capacity and p.busy && v_slots
            union
            select c.unit
            from booking.claim c
            join booking.hold h using (tenant_id, hold_id)
            where c.tenant_id = v_resource.tenant_id and c.resource_id = v_resource.resource_id and c.booking_id is null
                and c.span && v_span and c.unit <= v_resource.capacity and h.expires_at > statement_timestamp())
        select p.open @> v_slots and not coalesce(p.busy && v_slots, false)
            and (select count(*) from taken) < v_resource.capacity
        from page p
        where p.unit = 0);
end
$$;
comment on function booking.is_free(uuid, uuid, tstzrange) is
    'Is a resource open throughout a span, without busy windows, and one of its units without bookings and live holds? Judged in '
    'whole slots: a span off the grain stands for all slots that it touches. Services, and what they ask for, are not '
    'considered. P0002: unknown resource; 22004: no span, or one without an end; 22023: empty or over 400 days; 22008: infinite.';

create function booking.day_slots(tenant uuid, resource uuid, day date)
returns int[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
    v_resource booking.resource := booking.the_resource(tenant, resource);
    v_from timestamptz := timezone('UTC', day::timestamp);
begin
    if day is null then
        raise exception 'a day is needed' using errcode = '22004';
    end if;
    perform booking.check_range(v_from, v_from + interval '24 hours');
    return (
        with page as materialized (
            select p.unit, p.busy
            from unnest(booking.resource_maps(
                v_resource.tenant_id, v_resource.resource_id, booking.week_of(v_from), booking.week_of(v_from))) p)
        select booking.slotmap_slots(
            coalesce(booking.slotmap_agg(b.busy), booking.slotmap_inside('empty', v_resource.grain)), day)
        from (
            select p.busy
            from page p
            where p.unit = 0
            union all
            select booking.slotmap_atleast_agg(p.busy, v_resource.capacity)
            from page p
            where p.unit between 1 and v_resource.capacity) b);
end
$$;
comment on function booking.day_slots(uuid, uuid, date) is
    'The busy slots of a UTC day by number, ascending: 0 is 00:00, 95 is 23:45 where the grain is 15 minutes, in general up to '
    '1440 / grain - 1. Busy is what a busy window covers, or bookings of all units; neither live holds, which held_spans has, '
    'nor closed hours. P0002: unknown resource; 22004: no day; 22008: one beyond the years 1 to 9998.';
