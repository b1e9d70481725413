-- What can be booked. Next: 24_service.sql.

create table booking.resource (
    tenant_id uuid not null,
    resource_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null,
    grain int not null default 15,
    capacity int not null default 1,
    schedule_id uuid,
    location_id uuid,
    active boolean not null default true,
    public boolean not null default true,
    metadata jsonb not null default '{}',
    version bigint not null default 0,
    constraint resource_pkey primary key (tenant_id, resource_id),
    constraint resource_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint resource_schedule_fkey foreign key (tenant_id, schedule_id) references booking.schedule deferrable,
    constraint resource_location_fkey foreign key (tenant_id, location_id) references booking.location deferrable,
    constraint resource_slug_key unique (tenant_id, slug),
    constraint resource_slug_form check (booking.check_slug(slug)),
    constraint resource_zone_known check (booking.check_zone(zone)),
    constraint resource_grain_known check (grain in (1, 5, 10, 15, 20, 30, 60)),
    constraint resource_capacity_some check (capacity between 1 and 1000)
) with (fillfactor = 50);
comment on table booking.resource is 'Anything that can be booked: staff, room, equipment, venue.';
comment on column booking.resource.zone is
    'IANA time zone, which put_hours gives the schedule; the tenant''s where none is given. Hours are read in that of the schedule.';
comment on column booking.resource.grain is
    'Minutes a slot: 1, 5, 10, 15, 20, 30 or 60. All resources of a service share one. Where it changes, what was booked '
    'keeps its time, and is busy in every slot that it touches.';
comment on column booking.resource.capacity is
    'How many identical units there are; each is booked by itself. Not lowered below one that is held or booked (23514).';
comment on column booking.resource.active is
    'False: taken for nothing new. Its bookings stay and can be cancelled, its live holds can be booked.';
comment on column booking.resource.schedule_id is 'Its opening hours; null: always open.';
comment on column booking.resource.version is
    'Counts changes; an update of it is the lock under which its pages are written (half of each block is left free, so it stays HOT).';

create index resource_schedule on booking.resource (tenant_id, schedule_id);

-- One home for "the tenant's zone where none is given", for resource and service alike.
create function booking.tg_default_zone()
returns trigger
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if new.zone is null then
        select t.zone into new.zone from booking.tenant t where t.tenant_id = new.tenant_id;
    end if;
    return new;
end
$$;
comment on function booking.tg_default_zone() is 'BEFORE ROW: fills a null zone from the tenant.';

create trigger _100_default_zone
before insert on booking.resource
for each row when (new.zone is null)
execute function booking.tg_default_zone();
