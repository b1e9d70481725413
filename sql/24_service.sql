-- What is sold, and the resources that it takes. Next: 25_service_grain.sql.

create table booking.service (
    tenant_id uuid not null,
    service_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null,
    durations int[] not null,
    step int,
    buffer_before int not null default 0,
    buffer_after int not null default 0,
    min_notice interval not null default '0',
    horizon interval,
    bookable daterange not null default '(,)',
    schedule_id uuid,
    hold_ttl interval not null default '10 minutes',
    max_hold_age interval not null default '1 hour',
    active boolean not null default true,
    public boolean not null default true,
    metadata jsonb not null default '{}',
    version bigint not null default 0,
    constraint service_pkey primary key (tenant_id, service_id),
    constraint service_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint service_schedule_fkey foreign key (tenant_id, schedule_id) references booking.schedule deferrable,
    constraint service_slug_key unique (tenant_id, slug),
    constraint service_slug_form check (booking.check_slug(slug)),
    constraint service_zone_known check (booking.check_zone(zone)),
    constraint service_durations_positive check (booking.check_durations(durations)),
    constraint service_step_positive check (step between 1 and 525600),
    constraint service_buffers_positive check (buffer_before between 0 and 525600 and buffer_after between 0 and 525600),
    constraint service_min_notice_positive check (min_notice >= '0' and min_notice <= '10 years'),
    constraint service_bookable_some check (not isempty(bookable)),
    constraint service_horizon_positive check (horizon > '0' and horizon <= '100 years'),
    constraint service_hold_ttl_bounded check (hold_ttl > '0' and hold_ttl <= max_hold_age),
    constraint service_max_hold_age_bounded check (max_hold_age <= '7 days')
);
comment on table booking.service is 'What is booked: how long, how far ahead, with which buffers.';
comment on column booking.service.zone is 'IANA time zone of its dates; the tenant''s where none is given.';
comment on column booking.service.durations is 'Minutes; the first is what a visitor is shown first, the shortest is the default step.';
comment on column booking.service.step is 'Minutes between starts; null: the shortest duration.';
comment on column booking.service.buffer_before is 'Minutes before a booking that nobody else may have.';
comment on column booking.service.buffer_after is 'Minutes after a booking that nobody else may have.';
comment on column booking.service.min_notice is 'A start is offered from now + min_notice on.';
comment on column booking.service.horizon is 'A start is offered before now + horizon; null: however far ahead.';
comment on column booking.service.bookable is 'Local dates on which a start is offered at all. Unbounded by default.';
comment on column booking.service.schedule_id is 'Hours of the service itself, beside those of its resources; null: none.';
comment on column booking.service.hold_ttl is 'How long a hold lives when the caller does not say.';
comment on column booking.service.max_hold_age is 'The longest that a visitor''s hold may live.';

create trigger _100_default_zone
before insert on booking.service
for each row when (new.zone is null)
execute function booking.tg_default_zone();

create table booking.service_requirement (
    tenant_id uuid not null,
    service_id uuid not null,
    requirement_id uuid not null default gen_random_uuid(),
    pick int not null default 1,
    strategy text not null default 'round_robin',
    version bigint not null default 0,
    constraint service_requirement_pkey primary key (tenant_id, service_id, requirement_id),
    constraint service_requirement_service_fkey foreign key (tenant_id, service_id)
        references booking.service on delete cascade,
    constraint service_requirement_pick_some check (pick between 1 and 100),
    constraint service_requirement_strategy_known check (strategy in ('round_robin', 'least_busy', 'priority', 'any'))
) with (fillfactor = 50);
comment on table booking.service_requirement is
    'A service needs every one of its requirements; each takes `pick` of its resources. One resource, a pool and a team are all this.';
comment on column booking.service_requirement.strategy is
    'Who is taken first: round_robin (fewest bookings and live holds by weight), least_busy (fewest claims on that date), priority, any (by id).';

create table booking.requirement_resource (
    tenant_id uuid not null,
    service_id uuid not null,
    requirement_id uuid not null,
    resource_id uuid not null,
    weight int not null default 1,
    priority int not null default 0,
    booked bigint not null default 0,
    version bigint not null default 0,
    constraint requirement_resource_pkey primary key (tenant_id, service_id, resource_id),
    constraint requirement_resource_requirement_fkey foreign key (tenant_id, service_id, requirement_id)
        references booking.service_requirement on delete cascade,
    constraint requirement_resource_resource_fkey foreign key (tenant_id, resource_id) references booking.resource deferrable,
    constraint requirement_resource_weight_some check (weight between 1 and 1000000)
) with (fillfactor = 50);
comment on table booking.requirement_resource is
    'A member of a requirement. The key says that a resource stands in at most one requirement of a service.';
comment on column booking.requirement_resource.weight is 'Its share under round_robin, relative to the others''.';
comment on column booking.requirement_resource.priority is 'Under priority: the lowest number is taken first.';
comment on column booking.requirement_resource.booked is 'Bookings given to it so far, less those cancelled.';

create index requirement_resource_resource on booking.requirement_resource (tenant_id, resource_id);
