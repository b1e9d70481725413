-- Busy time from outside: calendars, absences. It blocks all units and may overlap claims. Next: 27_booking.sql.

create table booking.busy_window (
    tenant_id uuid not null,
    busy_window_id uuid not null default gen_random_uuid(),
    resource_id uuid not null,
    connection_id uuid,
    external_id text,
    span tstzrange not null,
    reason text,
    version bigint not null default 0,
    constraint busy_window_pkey primary key (tenant_id, busy_window_id),
    constraint busy_window_resource_fkey foreign key (tenant_id, resource_id) references booking.resource on delete cascade,
    constraint busy_window_external_key unique (tenant_id, resource_id, connection_id, external_id),
    -- Calendars do have events of no length: they are kept, and block nothing.
    constraint busy_window_span_bounded check (
        isempty(span)
        or (lower_inc(span) and not upper_inc(span) and isfinite(lower(span)) and isfinite(upper(span))) is true),
    -- A year is more than any absence; without a bound one row could cost a thousand pages.
    constraint busy_window_span_length check (isempty(span) or upper(span) - lower(span) <= '3700 days')
);
comment on table booking.busy_window is
    'External busy time of a resource. The outside world does not ask: it may overlap claims, and wins over holds when they are booked.';
comment on column booking.busy_window.connection_id is 'The calendar connection that it came by; null: entered by hand.';
comment on column booking.busy_window.span is 'Half-open instants; rounded outward to the grain of the resource.';

create index busy_window_span on booking.busy_window using gist (resource_id, span, tenant_id);
