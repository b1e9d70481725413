-- The one claim space: holds, bookings, buffers, units and seats of every service under one constraint.
-- Next: 29_zone.sql.

create table booking.sitting (
    tenant_id uuid not null,
    sitting_id uuid not null default gen_random_uuid(),
    service_id uuid not null,
    resource_id uuid not null,
    unit int not null,
    span tstzrange not null,
    constraint sitting_pkey primary key (tenant_id, sitting_id),
    constraint sitting_key unique (tenant_id, service_id, resource_id, unit, span),
    constraint sitting_claim_key unique (tenant_id, sitting_id, resource_id, unit, span),
    constraint sitting_service_fkey foreign key (tenant_id, service_id) references booking.service on delete cascade,
    constraint sitting_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable,
    constraint sitting_unit_some check (unit >= 1),
    constraint sitting_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true)
);
comment on table booking.sitting is
    'Where the seats of one date of a class meet: seats of a sitting share its span exactly and shut out everybody else.';

-- Past dates stay out of the way, however many there are.
create index sitting_start on booking.sitting (tenant_id, service_id, booking.span_start(span));

create table booking.claim (
    tenant_id uuid not null,
    id uuid not null default gen_random_uuid(),
    resource_id uuid not null,
    unit int not null default 1,
    span tstzrange not null,
    hold_id uuid,
    booking_id uuid,
    sitting_id uuid,
    seat int,
    constraint claim_pkey primary key (tenant_id, id),
    constraint claim_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable,
    constraint claim_hold_fkey foreign key (tenant_id, hold_id) references booking.hold on delete cascade,
    constraint claim_booking_fkey foreign key (tenant_id, booking_id) references booking.booking on delete cascade,
    constraint claim_sitting_fkey foreign key (tenant_id, sitting_id, resource_id, unit, span)
        references booking.sitting (tenant_id, sitting_id, resource_id, unit, span),
    constraint claim_seat_key unique (tenant_id, sitting_id, seat),
    constraint claim_one_owner check (num_nonnulls(hold_id, booking_id) = 1),
    constraint claim_seat_of_sitting check ((sitting_id is null) = (seat is null)),
    constraint claim_unit_some check (unit >= 1),
    constraint claim_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    -- GiST wants the selective columns first: with 400,000 claims of one tenant a look-up read 52 pages with the
    -- tenant first, 5 in this order.
    constraint claim_no_overlap exclude using gist (
        resource_id with =,
        span with &&,
        unit with =,
        tenant_id with =,
        (coalesce(sitting_id, id)) with <>)
);
comment on table booking.claim is
    'A unit of a resource, taken for a span with buffers by a hold or a booking. Released ones are deleted. '
    'Its owner says whether it can expire: a hold''s can, a booking''s cannot.';
comment on constraint claim_no_overlap on booking.claim is
    'No two claims of one unit overlap, unless they are seats of one sitting: nothing can be booked twice.';

-- Both owners look their claims up by key; the first finds the holds of a resource without touching bookings. A claim has one
-- owner, so that `booking_id is null` says the same as `hold_id is not null`, of which the planner knows nothing: whoever asks
-- for the holds of a resource in these words is never given the plan for a hold's key, which reads those of all resources.
-- That of holds comes last: of indexes that look alike, as all do while there are no claims, the planner takes the youngest
-- (until PostgreSQL 15), and with a plan for the whole tenant a call with 2,000 holds beside it takes 0.3 ms more.
create index claim_held on booking.claim (resource_id) where booking_id is null;
create index claim_booking on booking.claim (tenant_id, booking_id) where booking_id is not null;
create index claim_hold on booking.claim (tenant_id, hold_id) where hold_id is not null;
