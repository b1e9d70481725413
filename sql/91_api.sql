-- The public surface, the one schema to expose over HTTP. {tenant} and {service} are uuid or slug; a slot_id stands for
-- tenant, service, start, duration and resource. Plain SQL around the definers of 87_public.sql, parsed here and now, so
-- that its callers need no USAGE on booking. Next: 92_api_read.sql.

create function booking_api.services(tenant text)
returns setof booking.public_service
language sql
stable
begin atomic
    select * from booking.public_services(tenant);
end;
comment on function booking_api.services(text) is
    'The public services of a tenant: names, zone, durations and step in minutes. PT404: unknown tenant.';

create function booking_api.available_slots(
    tenant text,
    service text,
    from_ts timestamptz,
    to_ts timestamptz,
    duration interval default null,
    resource uuid default null,
    session_id text default null,
    holds text default 'hide',
    each_resource boolean default false,
    step interval default null)
returns setof booking.slot
language sql
stable
begin atomic
    select *
    from booking.public_available_slots(
        tenant, service, from_ts, to_ts, duration, resource, session_id, holds, each_resource, step);
end;
comment on function booking_api.available_slots(
    text, text, timestamptz, timestamptz, interval, uuid, text, text, boolean, interval) is
    'As booking.available_slots, for public services and resources. PT404: unknown names; class 22: bad arguments.';

create function booking_api.try_hold(
    tenant text default null,
    service text default null,
    starts_at timestamptz default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    slot_id text default null,
    seats int default null)
returns booking.hold_result
language sql
begin atomic
    select booking.public_try_hold(tenant, service, starts_at, session_id, duration, resource, ttl, slot_id, seats);
end;
comment on function booking_api.try_hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'As booking.try_hold, for public services and resources, also by slot_id. PT404: unknown names; class 22: bad arguments.';

create function booking_api.hold(
    tenant text default null,
    service text default null,
    starts_at timestamptz default null,
    session_id text default null,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    slot_id text default null,
    seats int default null)
returns booking.hold_result
language sql
begin atomic
    select booking.public_hold(tenant, service, starts_at, session_id, duration, resource, ttl, slot_id, seats);
end;
comment on function booking_api.hold(text, text, timestamptz, text, interval, uuid, interval, text, int) is
    'As booking.hold, for public services and resources, also by slot_id. PT409: taken; PT422: not offered; PT404: unknown names.';

create function booking_api.try_hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language sql
begin atomic
    select * from booking.public_try_hold_many(tenant, service, starts_at, session_id, duration, resource, ttl, seats);
end;
comment on function booking_api.try_hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'As booking.try_hold_many, for public services and resources. PT404: unknown names; class 22: bad arguments.';

create function booking_api.hold_many(
    tenant text,
    service text,
    starts_at timestamptz[],
    session_id text,
    duration interval default null,
    resource uuid default null,
    ttl interval default null,
    seats int default null)
returns setof booking.hold_result
language sql
begin atomic
    select * from booking.public_hold_many(tenant, service, starts_at, session_id, duration, resource, ttl, seats);
end;
comment on function booking_api.hold_many(text, text, timestamptz[], text, interval, uuid, interval, int) is
    'As booking.hold_many, for public services and resources. PT409: one is taken; PT422: one is not offered; PT404: unknown names; class 22: bad arguments.';

create function booking_api.try_heartbeat(tenant text, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language sql
begin atomic
    select * from booking.public_try_heartbeat(tenant, session_id, holds);
end;
comment on function booking_api.try_heartbeat(text, text, uuid[]) is
    'As booking.try_heartbeat. PT404: unknown tenant; class 22: bad arguments.';

create function booking_api.heartbeat(tenant text, session_id text, holds uuid[] default null)
returns setof booking.heartbeat_result
language sql
begin atomic
    select * from booking.public_heartbeat(tenant, session_id, holds);
end;
comment on function booking_api.heartbeat(text, text, uuid[]) is
    'As booking.heartbeat. PT410: the session has nothing live any more; PT404: unknown tenant; class 22: bad arguments.';

create function booking_api.try_release(tenant text, hold_id uuid default null, session_id text default null)
returns booking.release_result
language sql
begin atomic
    select booking.public_try_release(tenant, hold_id, session_id);
end;
comment on function booking_api.try_release(text, uuid, text) is
    'As booking.try_release. PT404: unknown tenant; 22004: no session_id.';

create function booking_api.release(tenant text, hold_id uuid default null, session_id text default null)
returns booking.release_result
language sql
begin atomic
    select booking.public_release(tenant, hold_id, session_id);
end;
comment on function booking_api.release(text, uuid, text) is
    'As booking.release, of one hold or, without hold_id, of all that the session holds. PT410: no such live hold of the '
    'session; PT404: unknown tenant; 22004: no session_id.';

create function booking_api.try_book(
    tenant text default null,
    hold_id uuid default null,
    session_id text default null,
    service text default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    slot_id text default null,
    seats int default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, slot_id,
        seats);
end;
comment on function booking_api.try_book(text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'As booking.try_book, for public services and resources, also by slot_id. PT404: unknown names; class 22: bad arguments.';

create function booking_api.book(
    tenant text default null,
    hold_id uuid default null,
    session_id text default null,
    service text default null,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    customer jsonb default null,
    idempotency_key text default null,
    if_still_free boolean default false,
    slot_id text default null,
    seats int default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_book(
        tenant, hold_id, session_id, service, starts_at, duration, resource, customer, idempotency_key, if_still_free, slot_id,
        seats);
end;
comment on function booking_api.book(text, uuid, text, text, timestamptz, interval, uuid, jsonb, text, boolean, text, int) is
    'As booking.book, for public services and resources, also by slot_id; with an idempotency_key also give session_id unless '
    'signed in. PT409: taken, or the key was used with another request; PT410: hold lapsed or not yours; PT422: not offered; PT404: unknown names.';
