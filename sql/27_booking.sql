-- Holds, bookings, what was assigned to them, and their history. What guards them: 28_claim.sql.

create table booking.hold (
    tenant_id uuid not null,
    hold_id uuid not null default gen_random_uuid(),
    service_id uuid not null,
    session_hash bytea,
    booking_id uuid,
    client text,
    span tstzrange not null,
    seats int not null default 1,
    created_at timestamptz not null default clock_timestamp(),
    ttl interval,
    expires_at timestamptz not null,
    note text,
    version bigint not null default 0,
    constraint hold_pkey primary key (tenant_id, hold_id),
    constraint hold_service_fkey foreign key (tenant_id, service_id) references booking.service on delete cascade,
    constraint hold_owner_one check (num_nonnulls(session_hash, booking_id) <= 1),
    constraint hold_session_sha256 check (octet_length(session_hash) = 32),
    constraint hold_seats_some check (seats between 1 and 10000),
    constraint hold_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    constraint hold_ttl_positive check (ttl > '0'),
    constraint hold_expires_finite check (isfinite(expires_at))
) with (fillfactor = 50);
comment on table booking.hold is
    'A slot that is kept for somebody: for a visitor about to book, for a pending booking, or by the tenant. Past expires_at '
    'it is invisible to every read and in nobody''s way.';
comment on column booking.hold.session_hash is
    'sha256 of the session id, which is kept nowhere; null: a pending booking''s, or the tenant''s own.';
comment on column booking.hold.booking_id is 'The pending booking that it keeps a slot for, until that is confirmed; null: nobody''s yet.';
comment on column booking.hold.client is 'Who took it, as booking.client says; null: nothing is known.';
comment on column booking.hold.ttl is 'For how long a heartbeat renews it; null: for the hold_ttl of its service.';
comment on column booking.hold.note is 'Of the tenant''s own: for whom, or what it is about.';
comment on column booking.hold.span is 'Start and end as the visitor sees them; buffers are in the claims.';
comment on column booking.hold.seats is 'How many seats of a class; 1 for everything else.';
-- expires_at stays out of every index, so that a renewal is a HOT update.
-- Without the tenant, so that neither is of any use for finding a hold by its key: a plan made while there were no holds takes
-- any index for as good as any other, and by the tenant it then read all 2,000 holds for each of them (20 ms a call).
-- Of two that look alike it takes the younger (until PostgreSQL 15): that of the session, who has few.
create index hold_service on booking.hold (service_id);
create index hold_session on booking.hold (session_hash);
create index hold_client on booking.hold (tenant_id, client) where client is not null;

create table booking.booking (
    tenant_id uuid not null,
    booking_id uuid not null default gen_random_uuid(),
    service_id uuid not null,
    status text not null default 'confirmed',
    span tstzrange not null,
    seats int not null default 1,
    expires_at timestamptz,
    source text not null default 'website',
    customer jsonb not null default '{}',
    customer_key text,
    needs_approval boolean not null default false,
    price numeric(12, 2),
    currency text,
    series_id uuid,
    links jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    version bigint not null default 0,
    constraint booking_pkey primary key (tenant_id, booking_id),
    constraint booking_service_fkey foreign key (tenant_id, service_id) references booking.service deferrable,
    constraint booking_status_known check (
        status in ('pending', 'confirmed', 'cancelled', 'declined', 'completed', 'no_show', 'expired')),
    constraint booking_seats_some check (seats between 1 and 10000),
    constraint booking_expires_while_pending check (expires_at is null or status in ('pending', 'expired')),
    constraint booking_span_bounded check (
        (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    constraint booking_customer_object check (jsonb_typeof(customer) = 'object'),
    constraint booking_links_object check (jsonb_typeof(links) = 'object'),
    constraint booking_price_positive check (price >= 0 and price <> 'NaN'),
    constraint booking_price_has_currency check ((price is null) = (currency is null))
) with (fillfactor = 90);
comment on table booking.booking is 'A booking, for good: a cancelled one keeps its row and what was assigned to it.';
comment on column booking.booking.span is 'Start and end as the customer sees them; buffers are in the claims.';
comment on column booking.booking.seats is 'How many seats of a class; 1 for everything else.';
comment on column booking.booking.expires_at is 'When a pending booking lapses; past it reads as expired.';
comment on column booking.booking.source is 'Where it came from: website, owner, google, ...';
comment on column booking.booking.customer_key is 'Who the customer is: the sub of a JWT, else the lower-cased e-mail, else the phone.';
comment on column booking.booking.needs_approval is 'Still to be approved.';
comment on column booking.booking.price is 'What it costs in all, in its currency, as the service had it when it was booked; null: nothing.';
comment on column booking.booking.series_id is 'The series that it was booked in; null: by itself.';
comment on column booking.booking.links is 'Ids that other systems know it by, and addresses: free for applications.';

-- Limits count by start: what is over stays out of the way, however much there is of it.
create index booking_service on booking.booking (tenant_id, service_id, booking.span_start(span));
create index booking_series on booking.booking (tenant_id, series_id) where series_id is not null;
create index booking_customer on booking.booking (tenant_id, customer_key, booking.span_start(span)) where customer_key is not null;

-- Of the few that wait: what booking.expire_bookings looks for among millions.
create index booking_pending on booking.booking (expires_at) where status = 'pending';

-- Here, since either table points to the other. Of the few holds that have one.
alter table booking.hold add constraint hold_booking_fkey foreign key (tenant_id, booking_id)
    references booking.booking on delete cascade;
create index hold_booking on booking.hold (tenant_id, booking_id) where booking_id is not null;

create table booking.booking_resource (
    tenant_id uuid not null,
    booking_id uuid not null,
    resource_id uuid not null,
    unit int not null,
    requirement_id uuid,
    constraint booking_resource_pkey primary key (tenant_id, booking_id, resource_id, unit),
    constraint booking_resource_booking_fkey foreign key (tenant_id, booking_id)
        references booking.booking on delete cascade,
    constraint booking_resource_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable
);
comment on column booking.booking_resource.requirement_id is 'For which requirement; null where the resource had left the service by then.';
comment on table booking.booking_resource is 'What was assigned to a booking, kept after it is cancelled. Claims guard, this remembers.';

create index booking_resource_resource on booking.booking_resource (tenant_id, resource_id);

create table booking.booking_event (
    tenant_id uuid not null,
    event_id uuid not null default gen_random_uuid(),
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    booking_id uuid,
    hold_id uuid,
    service_id uuid,
    code text,
    actor text,
    detail jsonb not null default '{}',
    -- By time, too: so it is the only index that an attempt without a booking pays for.
    constraint booking_event_pkey primary key (tenant_id, at, event_id),
    constraint booking_event_booking_fkey foreign key (tenant_id, booking_id)
        references booking.booking on delete cascade,
    constraint booking_event_kind_known check (kind in (
        'held', 'booked', 'confirmed', 'approved', 'declined', 'cancelled', 'rescheduled', 'reassigned', 'completed',
        'no_show', 'paid', 'expired', 'erased', 'refused')),
    constraint booking_event_code_of_refusal check ((code is not null) = (kind = 'refused')),
    constraint booking_event_detail_object check (jsonb_typeof(detail) = 'object')
);
comment on table booking.booking_event is
    'Every attempt and what became of it, append-only: who, when, outcome, conflict. Written by the functions, never by '
    'triggers: those fire while a dump is restored. Nothing here tells of a customer.';
comment on column booking.booking_event.booking_id is 'The booking; null: of a hold, or refused before there was one.';
comment on column booking.booking_event.hold_id is 'The hold, which may be gone by now.';
comment on column booking.booking_event.service_id is 'The service, which may be gone by now.';
comment on column booking.booking_event.code is 'Why it was refused: a BK code.';
comment on column booking.booking_event.actor is
    'The sub of a JWT; else session: and the sha256 of the session id, client: and the client, or role: and the role.';
comment on column booking.booking_event.detail is
    'What the kind says by itself: starts_at, resources, reason, ... Instants as text, ids as text.';

create index booking_event_attempt on booking.booking_event (at) where booking_id is null;
create index booking_event_booking on booking.booking_event (tenant_id, booking_id, at) where booking_id is not null;

-- No foreign key to the tenant: it would lock the one row that all its attempts share.
create function booking.tg_tenant__events()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    delete from booking.booking_event e
    where e.tenant_id = old.tenant_id;
    delete from booking.refusal_tally t
    where t.tenant_id = old.tenant_id;
    return null;
end
$$;
comment on function booking.tg_tenant__events() is 'AFTER ROW: the events of a tenant go with it, also those of no booking.';

create trigger _400_events
after delete on booking.tenant
for each row
execute function booking.tg_tenant__events();
