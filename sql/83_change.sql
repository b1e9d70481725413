-- The change feed, as it is written: a row for what changed of what is free, by the triggers that write pages and by claims of
-- holds, in the transaction that changed it. A renewal writes none, nor does a lapse: 1,000 visitors' heartbeats would be 17
-- million rows a day, and whoever reads compares expires_at. How it is read without missing any: 84_feed.sql.

create table booking.change (
    writer xid8 not null default pg_current_xact_id(),
    change_id bigint not null generated always as identity,
    tenant_id uuid not null,
    at timestamptz not null default clock_timestamp(),
    kind text not null,
    resource_id uuid,
    service_id uuid,
    span tstzrange,
    hold_id uuid,
    booking_id uuid,
    -- By writer, which is how it is read; its only index, since each hold pays for it.
    constraint change_pkey primary key (writer, change_id, tenant_id),
    constraint change_kind_known check (kind in (
        'held', 'released', 'booked', 'freed', 'busy', 'hours', 'resource', 'service', 'tenant'))
);
comment on table booking.change is
    'What changed of what is free, for live views; read by booking.changes. Kept for a day, not dumped. What is over for a day '
    'writes none.';
comment on sequence booking.change_change_id_seq is 'Tells changes apart; says nothing of their order.';
comment on column booking.change.writer is 'The transaction that wrote it.';
comment on column booking.change.kind is
    'held, released: a hold''s, also that it became another''s. booked, freed: a booking''s. busy: external busy time. hours: opening hours. '
    'resource, service, tenant: it was edited, or what belongs to it.';
comment on column booking.change.resource_id is 'The resource; null: of a service, or of anything of the tenant.';
comment on column booking.change.service_id is
    'The service, where that was edited. What is held or booked of a resource concerns every service that has it, and where '
    'there are limits also other days of theirs.';
comment on column booking.change.span is 'From when to when, with buffers; null: always.';
comment on column booking.change.hold_id is 'The hold whose claims came or went; it may be gone by now.';
comment on column booking.change.booking_id is 'The booking whose claims came or went.';

create function booking.changed_hours(schedules booking.schedule_key[])
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    insert into booking.change (tenant_id, kind, resource_id)
    select r.tenant_id, 'hours', r.resource_id
    from booking.resource r
    where (r.tenant_id, r.schedule_id) in (select k.tenant_id, k.schedule_id from unnest(schedules) k);
    insert into booking.change (tenant_id, kind, service_id)
    select s.tenant_id, 'hours', s.service_id
    from booking.service s
    where (s.tenant_id, s.schedule_id) in (select k.tenant_id, k.schedule_id from unnest(schedules) k);
end
$$;
comment on function booking.changed_hours(booking.schedule_key[]) is
    'Tells the feed of other hours: of all resources and services that have one of some schedules.';

create function booking.tg_edited__change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    -- Once a transaction: two hundred members of a new service are one change.
    insert into booking.change (tenant_id, kind, resource_id, service_id)
    select distinct e.tenant_id, tg_argv[0], e.resource_id, e.service_id
    from (
        select (r ->> 'tenant_id')::uuid as tenant_id,
            case tg_argv[0] when 'resource' then (r ->> 'resource_id')::uuid end as resource_id,
            case tg_argv[0] when 'service' then (r ->> 'service_id')::uuid end as service_id
        from unnest(array[to_jsonb(old), to_jsonb(new)]) r
        where r is not null) e
    where not exists (
        select
        from booking.change c
        where c.writer = pg_current_xact_id() and c.tenant_id = e.tenant_id and c.kind = tg_argv[0]
            and (c.resource_id, c.service_id) is not distinct from (e.resource_id, e.service_id));
    return null;
end
$$;
comment on function booking.tg_edited__change() is
    'AFTER ROW: tells the feed that a resource, service or tenant (its argument) was edited. Not of version, which counts locks, '
    'nor of booked, which counts bookings.';

create trigger _600_change
after insert or delete on booking.tenant
for each row
execute function booking.tg_edited__change('tenant');

create trigger _600_change_update
after update of
    tenant_id, slug, name, zone, settings, max_session_holds, max_client_holds, own_hold_ttl, active
on booking.tenant
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('tenant');

create trigger _600_change
after insert or delete on booking.location
for each row
execute function booking.tg_edited__change('tenant');

create trigger _600_change_update
after update of tenant_id, location_id, slug, name on booking.location
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('tenant');

create trigger _600_change
after insert or delete on booking.resource
for each row
execute function booking.tg_edited__change('resource');

create trigger _600_change_update
after update of
    tenant_id, resource_id, slug, name, zone, grain, capacity, schedule_id, location_id, active, public, metadata
on booking.resource
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('resource');

create trigger _600_change
after insert or delete on booking.service
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of
    tenant_id, service_id, slug, name, zone, kind, durations, min_length, max_length, arrival_days, crosses_closed, seats, step,
    check_in, check_out, buffer_before, buffer_after, min_notice, horizon, bookable, schedule_id, hold_ttl, max_hold_age,
    max_holds, needs_approval, approval_ttl, price, currency, payment_ttl, pending_blocks, cancel_notice, reschedule_notice, active, public, metadata
on booking.service
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

create trigger _600_change
after insert or delete on booking.service_requirement
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of tenant_id, service_id, requirement_id, pick, strategy on booking.service_requirement
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

create trigger _600_change
after insert or delete on booking.requirement_resource
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of tenant_id, service_id, requirement_id, resource_id, weight, priority on booking.requirement_resource
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');

create trigger _600_change
after insert or delete on booking.service_limit
for each row
execute function booking.tg_edited__change('service');

create trigger _600_change_update
after update of tenant_id, service_id, scope, period, max_count, max_minutes on booking.service_limit
for each row when (old.* is distinct from new.*)
execute function booking.tg_edited__change('service');
