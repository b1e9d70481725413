-- held_spans: the volatile half of a calendar. What available_slots lists with holds => 'ignore' changes only with bookings
-- and hours, and may be kept; this changes with every hold, is the same for all durations, and costs only the live
-- holds. Next: 50_resource_day.sql.

create type booking.held_span as (
    resource_id uuid,
    span tstzrange,
    expires_at timestamptz,
    own boolean);
comment on type booking.held_span is
    'What a live hold keeps of a resource, with its buffers, until expires_at unless it is renewed. own: of the session that '
    'asks. Nothing else of whoever holds it.';

create function booking.held_spans(
    tenant uuid,
    service uuid,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid default null,
    session_id text default null,
    as_of timestamptz default null)
returns setof booking.held_span
language plpgsql
stable
rows 20
set search_path = pg_catalog, booking, pg_temp
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
    v_service booking.service := booking.the_service(held_spans.tenant, held_spans.service);
    v_session bytea := booking.session_hash(held_spans.session_id);
    v_now timestamptz := coalesce(as_of, statement_timestamp());
    v_resources uuid[];
begin
    perform booking.check_range(from_ts, to_ts);
    perform booking.check_range(v_now, v_now);
    perform booking.check_member(v_service, held_spans.resource);
    select array_agg(m.resource_id) into v_resources
    from booking.requirement_resource m
    join booking.resource r using (tenant_id, resource_id)
    where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id and r.active
        and m.resource_id = coalesce(held_spans.resource, m.resource_id);
    -- By the index of held claims, however many bookings there are in the range. Holds of any service count: a resource is
    -- held whoever asks for it.
    return query
        select c.resource_id, c.span, h.expires_at, coalesce(h.session_hash = v_session, false)
        from booking.claim c
        join booking.hold h using (tenant_id, hold_id)
        where c.tenant_id = v_service.tenant_id and c.resource_id = any (v_resources) and c.booking_id is null
            and c.span && tstzrange(from_ts, to_ts) and h.expires_at > v_now
        order by lower(c.span), upper(c.span), c.resource_id, h.expires_at;
end
$$;
comment on function booking.held_spans(uuid, uuid, timestamptz, timestamptz, uuid, text, timestamptz) is
    'What live holds keep of the resources of a service, by whichever service they were taken, in time order: every span that '
    'touches the range, whole, a row a claim (several where a resource has units, one a seat of a class). Spans include the '
    'buffers of their hold; a start t is in their way where [t - buffer_before, t + duration + buffer_after) meets one. '
    'resource: only this one; session_id: whose own are marked; as_of: replaces the clock. P0002, 22023, 22008, 22004: as '
    'available_slots.';
