-- Who: tenants, their members, their locations. Next: 22_schedule.sql.

create table booking.tenant (
    tenant_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    zone text not null default 'UTC',
    settings jsonb not null default '{}',
    own_hold_ttl interval not null default '7 days',
    max_session_holds int not null default 10,
    max_client_holds int not null default 50,
    active boolean not null default true,
    version bigint not null default 0,
    constraint tenant_pkey primary key (tenant_id),
    constraint tenant_slug_key unique (slug),
    constraint tenant_slug_form check (booking.check_slug(slug)),
    constraint tenant_zone_known check (booking.check_zone(zone)),
    constraint tenant_own_hold_ttl_bounded check (own_hold_ttl > '0' and own_hold_ttl <= '400 days'),
    constraint tenant_holds_some check (max_session_holds >= 0 and max_client_holds >= 0),
    constraint tenant_settings_object check (jsonb_typeof(settings) = 'object'),
    constraint tenant_manage_url_form check (settings ->> 'manage_url' ~ '^https?://.*[{]token[}]'),
    constraint tenant_cors_origins_form check (
        jsonb_typeof(settings -> 'cors_origins') = 'array'
        and not settings @? 'strict $.cors_origins[*] ? (!(@.type() == "string" && @ like_regex "^([*]|[a-z][a-z0-9+.-]*://[^/ ;,]+)$"))')
);
comment on table booking.tenant is
    'One practice, studio or venue. Its id is part of every key below it. To delete one with all that is its: its bookings '
    'first, then, after SET CONSTRAINTS ALL DEFERRED, the tenant.';
comment on column booking.tenant.zone is 'IANA time zone: the default of its resources and services.';
comment on column booking.tenant.settings is
    'manage_url: the page on which a customer sees, moves or cancels a booking, with {token} where its token goes. cors_origins: '
    'the sites whose pages may call the facade for this tenant, as an array of origins (https://example.com), ["*"] for any; '
    'none without it.';
comment on column booking.tenant.own_hold_ttl is 'How long a hold of its own (booking.hold_for) lives where nobody says.';
comment on column booking.tenant.max_session_holds is
    'How many live holds the public may have by one session (BK008). Applications that call the engine themselves are not asked.';
comment on column booking.tenant.max_client_holds is
    'How many live holds the public may have by one client, as booking.client knows it: an address may be that of a whole office. '
    'Its pending bookings that block are among them, until they are confirmed or over.';
comment on column booking.tenant.active is 'False: the public surface answers as if it did not exist.';
comment on column booking.tenant.version is 'Counts changes; an update of it is the lock on the row.';

create table booking.member (
    tenant_id uuid not null,
    user_id text not null,
    role text not null,
    version bigint not null default 0,
    constraint member_pkey primary key (tenant_id, user_id),
    constraint member_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint member_role_known check (role in ('owner', 'manager', 'viewer'))
);
comment on table booking.member is 'Who runs a tenant. A signed-in customer is not a member.';
comment on column booking.member.user_id is 'The sub claim of the JWT.';

create table booking.location (
    tenant_id uuid not null,
    location_id uuid not null default gen_random_uuid(),
    slug text not null,
    name text not null,
    version bigint not null default 0,
    constraint location_pkey primary key (tenant_id, location_id),
    constraint location_tenant_fkey foreign key (tenant_id) references booking.tenant on delete cascade,
    constraint location_slug_key unique (tenant_id, slug),
    constraint location_slug_form check (booking.check_slug(slug))
);
comment on table booking.location is 'Where a resource stands or works.';
