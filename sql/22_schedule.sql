-- When: weekly windows, seasons and overrides, reusable by many resources. The rule that reads them: 30_open.sql.
-- Next: 23_resource.sql.

create table booking.schedule (
    tenant_id uuid not null,
    schedule_id uuid not null default gen_random_uuid(),
    name text not null,
    zone text not null,
    version bigint not null default 0,
    constraint schedule_pkey primary key (tenant_id, schedule_id),
    constraint schedule_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint schedule_zone_known check (booking.check_zone(zone))
) with (fillfactor = 70);
comment on table booking.schedule is 'Opening hours as a reusable object. Without rules it is never open.';
comment on column booking.schedule.zone is 'IANA time zone of the wall clock that its windows are read on.';
comment on column booking.schedule.version is 'Counts changes; an update of it is the lock on the row and its windows.';

create table booking.schedule_rule (
    tenant_id uuid not null,
    schedule_id uuid not null,
    rule_id uuid not null default gen_random_uuid(),
    weekday smallint not null,
    opens time not null,
    closes time not null,
    valid daterange not null default '(,)',
    location_id uuid,
    version bigint not null default 0,
    constraint schedule_rule_pkey primary key (tenant_id, schedule_id, rule_id),
    constraint schedule_rule_schedule_fkey foreign key (tenant_id, schedule_id)
        references booking.schedule on delete cascade,
    constraint schedule_rule_location_fkey foreign key (tenant_id, location_id) references booking.location deferrable,
    constraint schedule_rule_weekday_iso check (weekday between 1 and 7),
    constraint schedule_rule_closes_after_opens check (closes > opens),
    constraint schedule_rule_valid_some check (not isempty(valid))
);
comment on table booking.schedule_rule is
    'A weekly window. Windows of one weekday may touch or overlap: they merge. One that crosses midnight is two windows.';
comment on column booking.schedule_rule.weekday is 'ISO weekday: 1 is Monday, 7 is Sunday.';
comment on column booking.schedule_rule.closes is 'Wall clock; 24:00 is the end of the day.';
comment on column booking.schedule_rule.valid is 'Local dates on which the rule holds: a season. Unbounded by default.';

create table booking.schedule_override (
    tenant_id uuid not null,
    schedule_id uuid not null,
    override_id uuid not null default gen_random_uuid(),
    dates daterange not null,
    opens time,
    closes time,
    location_id uuid,
    reason text,
    version bigint not null default 0,
    constraint schedule_override_pkey primary key (tenant_id, schedule_id, override_id),
    constraint schedule_override_schedule_fkey foreign key (tenant_id, schedule_id)
        references booking.schedule on delete cascade,
    constraint schedule_override_location_fkey foreign key (tenant_id, location_id) references booking.location deferrable,
    constraint schedule_override_dates_bounded check (
        not isempty(dates) and not lower_inf(dates) and not upper_inf(dates)
        and isfinite(lower(dates)) and isfinite(upper(dates))),
    constraint schedule_override_both_or_closed check ((opens is null) = (closes is null)),
    constraint schedule_override_closes_after_opens check (closes > opens)
);
comment on table booking.schedule_override is
    'Replaces the weekly windows on its dates: a row is one window, a row without times is closed. '
    'The narrowest range that covers a date wins; rows of equally narrow ranges merge.';
comment on column booking.schedule_override.dates is 'Local dates, half-open.';

