-- The public surface, continued: what a calendar reads beside the slots. Next: 93_api_token.sql.

create function booking_api.available_days(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    zone text default null,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    step interval default null)
returns setof booking.available_day
language sql
stable
begin atomic
    select *
    from booking.public_available_days(
        tenant, service, from_ts, to_ts, zone, duration, resource, session_id, holds, step);
end;
comment on function booking_api.available_days(
    text, text, timestamptz, timestamptz, text, interval, uuid, text, text, interval) is
    'As booking.available_days, for public services and resources. PT404: unknown names; class 22: bad arguments.';

create function booking_api.held_spans(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    resource uuid default null,
    session_id text default null)
returns setof booking.held_span
language sql
stable
begin atomic
    select *
    from booking.public_held_spans(tenant, service, from_ts, to_ts, resource, session_id);
end;
comment on function booking_api.held_spans(text, text, timestamptz, timestamptz, uuid, text) is
    'As booking.held_spans, for public services; resource_id is null for a resource that is not public. PT404: unknown names; '
    'class 22: bad arguments.';

create function booking_api.resources(tenant text, service text default null)
returns setof booking.public_resource
language sql
stable
begin atomic
    select * from booking.public_resources(tenant, service);
end;
comment on function booking_api.resources(text, text) is
    'The public resources of a tenant, or of one of its public services: names, zone and location. PT404: unknown names.';

create function booking_api.origins(tenant text)
returns text[]
language sql
stable
begin atomic
    select booking.public_origins(tenant);
end;
comment on function booking_api.origins(text) is
    'The sites whose pages may call for this tenant: cors_origins of its settings. Empty for none, and for an unknown tenant. A null '
    'tenant is all of them: the sites that any active tenant names.';

create function booking_api.slot_page(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    each_resource boolean default false,
    step interval default null,
    zone text default null,
    after_start timestamptz default null,
    after_resource uuid default null,
    max int default 500)
returns setof booking.page_slot
language sql
stable
begin atomic
    select *
    from booking.public_slot_page(
        tenant, service, from_ts, to_ts, duration, resource, session_id, holds, each_resource, step, zone, after_start,
        after_resource, max);
end;
comment on function booking_api.slot_page(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval, text, timestamptz, uuid, int) is
    'The first max (1 to 10000) slots that booking_api.available_slots lists, or those after the last one of the page before: '
    'after_start and, with each_resource, after_resource are its start and resource. A page costs what it shows, however '
    'long the range is. zone: an IANA name, for the local date and the offsets from UTC of each slot. PT404: unknown names; class 22: bad '
    'arguments.';
