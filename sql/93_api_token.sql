-- The public surface, continued: one's own booking, by the manage token that came with it. Next: 94_live.sql.

create function booking_api.try_show(tenant text, token text)
returns booking.managed_booking
language sql
stable
begin atomic
    select booking.public_try_show(tenant, token);
end;
comment on function booking_api.try_show(text, text) is 'As booking_api.show, but a refusal is returned in code. PT404: unknown tenant.';

create function booking_api.show(tenant text, token text)
returns booking.managed_booking
language sql
stable
begin atomic
    select booking.public_show(tenant, token);
end;
comment on function booking_api.show(text, text) is
    'One''s own booking, and what may still be done about it. PT403: no such token, or not for this; PT404: unknown tenant.';

create function booking_api.try_cancel(tenant text, token text, reason text default null, idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_cancel(tenant, token, reason, idempotency_key);
end;
comment on function booking_api.try_cancel(text, text, text, text) is 'As booking_api.cancel, but a refusal is returned in code. PT404: unknown tenant.';

create function booking_api.cancel(tenant text, token text, reason text default null, idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_cancel(tenant, token, reason, idempotency_key);
end;
comment on function booking_api.cancel(text, text, text, text) is
    'Cancels one''s own booking. PT403: no such token, or not for this; PT409: cancelled already, over, or later than the '
    'service''s cancel_notice allows, which the DETAIL says; PT404: unknown tenant.';

create function booking_api.try_reschedule(
    tenant text,
    token text,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    slot_id text default null,
    idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_try_reschedule(tenant, token, starts_at, duration, resource, slot_id, idempotency_key);
end;
comment on function booking_api.try_reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'As booking_api.reschedule, but a refusal is returned in code. PT404: unknown tenant or resource, or a slot of another '
    'service; class 22: bad arguments.';

create function booking_api.reschedule(
    tenant text,
    token text,
    starts_at timestamptz default null,
    duration interval default null,
    resource uuid default null,
    slot_id text default null,
    idempotency_key text default null)
returns booking.booking_result
language sql
begin atomic
    select booking.public_reschedule(tenant, token, starts_at, duration, resource, slot_id, idempotency_key);
end;
comment on function booking_api.reschedule(text, text, timestamptz, interval, uuid, text, text) is
    'Moves one''s own booking to another start, also by slot_id, as booking.reschedule. The token stays good. PT403: no such '
    'token, or not for this; PT409: taken, a limit, over, or later than the service''s reschedule_notice allows, which the '
    'DETAIL says; PT422: not offered; PT404: unknown tenant or resource, or a slot of another service; class 22: bad arguments.';
