-- What is sold, and the resources that it takes. Next: 25_service_grain.sql.

create table booking.service (
    tenant_id uuid not null,
    service_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null,
    kind text not null default 'slot',
    durations int[] not null default '{}',
    min_length int,
    max_length int,
    check_in time,
    check_out time,
    arrival_days int[],
    crosses_closed boolean not null default false,
    seats int,
    step int,
    buffer_before int not null default 0,
    buffer_after int not null default 0,
    min_notice interval not null default '0',
    horizon interval,
    bookable daterange not null default '(,)',
    schedule_id uuid,
    hold_ttl interval not null default '10 minutes',
    max_hold_age interval not null default '1 hour',
    max_holds int default 1000,
    needs_approval boolean not null default false,
    approval_ttl interval not null default '1 day',
    price numeric(12, 2),
    currency text,
    payment_ttl interval not null default '30 minutes',
    pending_blocks boolean not null default true,
    cancel_notice interval not null default '0',
    reschedule_notice interval not null default '0',
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
    constraint service_kind_known check (kind in ('slot', 'stay', 'span')),
    constraint service_durations_positive check (durations = '{}' or booking.check_durations(durations)),
    constraint service_durations_of_kind check (
        case kind
            when 'slot' then durations <> '{}' and min_length is null
            when 'stay' then (durations = '{}') = (min_length is not null)
            else durations = '{}' and min_length is not null
        end),
    constraint service_length_bounded check (
        num_nonnulls(min_length, max_length) <> 1 and 1 <= min_length and min_length <= max_length
        and max_length <= case kind when 'stay' then 365 else 525600 end),
    constraint service_nights_bounded check (kind <> 'stay' or 365 >= all (durations)),
    constraint service_check_in_of_stay check (
        num_nonnulls(check_in, check_out) = case kind when 'stay' then 2 else 0 end and check_in < '24:00'
        and extract(second from check_in) = 0 and extract(second from check_out) = 0),
    constraint service_arrival_of_stay check (arrival_days is null or kind = 'stay'),
    constraint service_arrival_iso check (booking.check_weekdays(arrival_days)),
    constraint service_crosses_of_span check (not crosses_closed or kind = 'span'),
    constraint service_seats_of_slot check (seats is null or seats between 1 and 10000 and kind = 'slot'),
    constraint service_step_of_start check (step is null or kind <> 'stay'),
    constraint service_step_positive check (step between 1 and 525600),
    constraint service_buffers_positive check (buffer_before between 0 and 525600 and buffer_after between 0 and 525600),
    constraint service_min_notice_positive check (min_notice >= '0' and min_notice <= '10 years'),
    constraint service_bookable_some check (not isempty(bookable)),
    constraint service_bookable_bounded check (
        coalesce(lower(bookable) between '0001-01-01' and '9999-01-01', true)
        and coalesce(upper(bookable) between '0001-01-01' and '9999-01-01', true)),
    constraint service_horizon_positive check (horizon > '0' and horizon <= '100 years'),
    constraint service_hold_ttl_bounded check (hold_ttl > '0' and hold_ttl <= max_hold_age),
    constraint service_max_holds_some check (max_holds >= 0),
    constraint service_max_hold_age_bounded check (max_hold_age <= '7 days'),
    constraint service_approval_ttl_bounded check (approval_ttl > '0' and approval_ttl <= '90 days'),
    constraint service_payment_ttl_bounded check (payment_ttl > '0' and payment_ttl <= '90 days'),
    constraint service_price_positive check (price >= 0 and price <> 'NaN'),
    constraint service_price_has_currency check ((price is null) = (currency is null)),
    constraint service_currency_iso check (currency ~ '^[A-Z]{3}$'),
    constraint service_notices_positive check (
        cancel_notice >= '0' and cancel_notice <= '10 years' and reschedule_notice >= '0' and reschedule_notice <= '10 years')
) with (fillfactor = 50);
comment on table booking.service is 'What is booked: how long, how far ahead, with which buffers.';
comment on column booking.service.zone is 'IANA time zone of its dates; the tenant''s where none is given.';
comment on column booking.service.kind is
    'slot: starts on a grid, for one of the durations. stay: nights, from check_in on one local date to check_out on a later '
    'one. span: a freely chosen start and end. A hold that lives books what it held, whatever changes here meanwhile.';
comment on column booking.service.active is
    'False: unknown to whoever would list, hold or book it (P0002). Its bookings stay and can be cancelled, its live holds can be booked.';
comment on column booking.service.durations is
    'Minutes of a slot, nights of a stay; the first is what a visitor is shown first, the shortest is the default. '
    'Empty where min_length and max_length say what is allowed.';
comment on column booking.service.min_length is 'The shortest: nights of a stay, minutes of a span; also the default.';
comment on column booking.service.max_length is 'The longest: nights of a stay, minutes of a span.';
comment on column booking.service.check_in is 'Of a stay: wall clock of its start on the date of arrival.';
comment on column booking.service.check_out is
    'Of a stay: wall clock of its end on the date of departure, which is free for the next arrival. For a gap between '
    'guests use the buffers.';
comment on column booking.service.arrival_days is 'Of a stay: ISO weekdays on which it may begin; null: every day.';
comment on column booking.service.crosses_closed is 'Of a span: hours between its two ends may be closed.';
comment on column booking.service.seats is
    'How many may book the same start together, as in a class; null: nobody shares. The first booking takes the resources, '
    'others join it until all seats are taken. Fewer than are taken: nobody is put out, and no more are sold; null: what is '
    'taken stays, and shuts out everybody else.';
comment on column booking.service.step is 'Minutes between starts; null: the shortest duration of a slot, the grain for a span.';
comment on column booking.service.buffer_before is 'Minutes before a booking that nobody else may have.';
comment on column booking.service.buffer_after is 'Minutes after a booking that nobody else may have.';
comment on column booking.service.min_notice is 'A start is offered from now + min_notice on.';
comment on column booking.service.horizon is 'A start is offered before now + horizon; null: however far ahead.';
comment on column booking.service.bookable is 'Local dates on which a start is offered at all. Unbounded by default.';
comment on column booking.service.schedule_id is 'Hours of the service itself, beside those of its resources; null: none.';
comment on column booking.service.hold_ttl is 'How long a hold lives when the caller does not say.';
comment on column booking.service.max_hold_age is 'The longest that a visitor''s hold may live.';
comment on column booking.service.max_holds is
    'How many live holds visitors may have of it together before the public is told to come back later (BK008); null: any number.';
comment on column booking.service.needs_approval is 'A booking is pending until the tenant approves it.';
comment on column booking.service.approval_ttl is 'How long a booking waits for approval, at most until it is over; then it has expired.';
comment on column booking.service.price is 'Of one booking (of a class, of one seat), in its currency; null or 0: nothing is to be paid.';
comment on column booking.service.currency is 'ISO 4217, such as EUR.';
comment on column booking.service.payment_ttl is 'How long a booking waits for its payment, at most until it is over; then it has expired.';
comment on column booking.service.pending_blocks is
    'Whether a pending booking keeps its slot from others. False: others may ask for it, too, and whoever is confirmed first has it.';
comment on column booking.service.cancel_notice is
    'Until how long before its start a customer may cancel a booking; whoever runs the tenant always may.';
comment on column booking.service.reschedule_notice is
    'Until how long before its start a customer may reschedule a booking; whoever runs the tenant always may.';
comment on column booking.service.version is 'Counts changes; an update of it is the lock under which limits are counted.';

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
comment on column booking.service_requirement.pick is
    'How many of its resources a booking takes; with fewer active ones the service is not offered.';
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

create table booking.service_limit (
    tenant_id uuid not null,
    service_id uuid not null,
    scope text not null default 'service',
    period text not null,
    max_count int,
    max_minutes int,
    version bigint not null default 0,
    constraint service_limit_pkey primary key (tenant_id, service_id, scope, period),
    constraint service_limit_service_fkey foreign key (tenant_id, service_id) references booking.service on delete cascade,
    constraint service_limit_scope_known check (scope in ('service', 'resource', 'customer')),
    constraint service_limit_period_known check (period in ('day', 'week', 'month')),
    constraint service_limit_some check (num_nonnulls(max_count, max_minutes) > 0),
    constraint service_limit_positive check (max_count >= 0 and max_minutes >= 0)
);
comment on table booking.service_limit is
    'How many bookings of a service there may be: of the service as a whole, of each resource, of each customer; in each '
    'local day, week (from Monday) or month of the service''s zone, to which a booking belongs by its start. Live holds '
    'count as bookings; of a customer, bookings only, when one is booked. One lowered below what is booked keeps the '
    'bookings and admits no more.';
comment on column booking.service_limit.max_count is 'How many bookings; null: any number.';
comment on column booking.service_limit.max_minutes is
    'How long they may be together, in minutes from start to end without buffers; null: any length. Of a stay a night counts '
    '1440, also where a change of the clock makes it longer or shorter.';
