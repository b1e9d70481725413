-- When: weekly windows, seasons, overrides, holidays and travel, reusable by many resources. The rule that reads them:
-- 30_open.sql. Next: 23_resource.sql.

create table booking.holiday_set (
    tenant_id uuid not null,
    holiday_set_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    version bigint not null default 0,
    constraint holiday_set_pkey primary key (tenant_id, holiday_set_id),
    constraint holiday_set_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint holiday_set_slug_key unique (tenant_id, slug),
    constraint holiday_set_slug_form check (booking.check_slug(slug))
) with (fillfactor = 70);
comment on table booking.holiday_set is
    'Holidays that many schedules share. A set that a schedule uses cannot be deleted (23503).';
comment on column booking.holiday_set.version is 'Counts changes; an update of it is the lock on the row and its holidays.';

create table booking.holiday (
    tenant_id uuid not null,
    holiday_set_id uuid not null,
    holiday_id uuid not null default gen_random_uuid(),
    dates daterange not null,
    opens time,
    closes time,
    name text,
    version bigint not null default 0,
    constraint holiday_pkey primary key (tenant_id, holiday_set_id, holiday_id),
    constraint holiday_holiday_set_fkey foreign key (tenant_id, holiday_set_id)
        references booking.holiday_set on delete cascade,
    constraint holiday_dates_bounded check (
        not isempty(dates) and not lower_inf(dates) and not upper_inf(dates)
        and isfinite(lower(dates)) and isfinite(upper(dates))),
    constraint holiday_both_or_closed check ((opens is null) = (closes is null)),
    constraint holiday_closes_after_opens check (closes > opens)
);
comment on table booking.holiday is
    'Replaces the weekly windows of every schedule that uses its set, except on dates that an override of the schedule covers. '
    'Rows are read as those of schedule_override: one window, or closed; the narrowest range wins, equals merge.';
comment on column booking.holiday.dates is 'Local dates, half-open; a day that comes each year is a row a year.';

create table booking.schedule (
    tenant_id uuid not null,
    schedule_id uuid not null default gen_random_uuid(),
    name text not null,
    zone text not null,
    holiday_set_id uuid,
    version bigint not null default 0,
    constraint schedule_pkey primary key (tenant_id, schedule_id),
    constraint schedule_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint schedule_holiday_set_fkey foreign key (tenant_id, holiday_set_id) references booking.holiday_set deferrable,
    constraint schedule_zone_known check (booking.check_zone(zone))
) with (fillfactor = 70);
comment on table booking.schedule is
    'Opening hours as a reusable object. Without rules it is never open. One that a resource or a service uses cannot be '
    'deleted (23503): give them another first, or none.';
comment on column booking.schedule.zone is
    'IANA time zone of the wall clock that its windows are read on. Where it changes, hours move; bookings keep their instants.';
comment on column booking.schedule.holiday_set_id is 'The holidays that it keeps; null: none.';
comment on column booking.schedule.version is 'Counts changes; an update of it is the lock on the row and its windows.';

create index schedule_holiday_set on booking.schedule (tenant_id, holiday_set_id);

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
comment on column booking.schedule_rule.location_id is 'Where its slots take place; null: where the resource stands.';
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
    'Replaces weekly windows and holidays on its dates: a row is one window, a row without times is closed. '
    'The narrowest range that covers a date wins; rows of equally narrow ranges merge.';
comment on column booking.schedule_override.dates is 'Local dates, half-open.';
comment on column booking.schedule_override.location_id is 'Where its slots take place; null: where the resource stands.';

create table booking.schedule_travel (
    tenant_id uuid not null,
    schedule_id uuid not null,
    travel_id uuid not null default gen_random_uuid(),
    dates daterange not null,
    zone text not null,
    version bigint not null default 0,
    constraint schedule_travel_pkey primary key (tenant_id, schedule_id, travel_id),
    constraint schedule_travel_schedule_fkey foreign key (tenant_id, schedule_id)
        references booking.schedule on delete cascade,
    constraint schedule_travel_no_overlap exclude using gist (schedule_id with =, dates with &&, tenant_id with =),
    constraint schedule_travel_dates_bounded check (
        not isempty(dates) and not lower_inf(dates) and not upper_inf(dates)
        and isfinite(lower(dates)) and isfinite(upper(dates))),
    constraint schedule_travel_zone_known check (booking.check_zone(zone))
);
comment on table booking.schedule_travel is
    'On these local dates the windows of the schedule are read on the wall clock of another zone. Where the zone changes from '
    'one date to the next, an instant may belong to both dates or to none: it is open if it is in a window of either.';
comment on column booking.schedule_travel.dates is 'Local dates of the other zone, half-open; those of one schedule may not overlap (23P01).';
