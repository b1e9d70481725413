-- The public surface, continued: one's own booking, by the manage token that came with it. Next: 95_grants.sql.

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
