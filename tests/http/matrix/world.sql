-- The world of the matrix: whatever is private begins with zq7, followed by its tenant. tests/http/matrix/world.rs says which
-- columns that are; to fill a table that is new, add it to `fill`.

-- An expression for what a column says.
create function pg_temp.marker(relation name, attribute name) returns text language sql as $$
    select format(
        '''zq7'' || (select t.slug from booking.tenant t where t.tenant_id = x.tenant_id) || ''-%s-%s''', relation, attribute)
$$;

-- Both tenants have a row of each kind; a third one is closed.
create function pg_temp.fill(slug text) returns void language plpgsql as $$
#variable_conflict use_variable
declare
    v_tenant uuid := (select t.tenant_id from booking.tenant t where t.slug = fill.slug);
    v_marker text := 'zq7' || slug || '-';
    v_service uuid := (select s.service_id from booking.service s where s.tenant_id = v_tenant);
    v_resource uuid := (select r.resource_id from booking.resource r where r.tenant_id = v_tenant);
    v_location uuid := gen_random_uuid();
    v_hidden uuid := gen_random_uuid();
    v_holidays uuid := gen_random_uuid();
    v_schedule uuid := booking.put_hours(v_tenant, v_resource, 'Mo-Su 06:00-22:00');
    v_booking uuid;
begin
    insert into booking.member (tenant_id, user_id, role)
    select v_tenant, v_marker || r, r from unnest('{viewer,manager,owner}'::text[]) r;
    insert into booking.location (tenant_id, location_id, slug, name)
    values (v_tenant, v_location, v_marker || 'place', v_marker || 'place');
    insert into booking.resource (tenant_id, resource_id, slug, name, zone, grain, public, location_id)
    values (v_tenant, v_hidden, v_marker || 'hidden', v_marker || 'hidden', 'UTC', 15, false, v_location);
    perform booking.put_service(v_tenant, v_marker || 'hidden', v_marker || 'hidden', array[60], array[v_hidden]);
    perform booking.put_service(v_tenant, 'over', 'Over', array[60], array[v_resource]);
    update booking.service s set public = false where s.tenant_id = v_tenant and s.slug = v_marker || 'hidden';
    update booking.service s set active = false where s.tenant_id = v_tenant and s.slug = 'over';
    insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name) values (v_tenant, v_holidays, 'days', 'Days');
    insert into booking.holiday (tenant_id, holiday_set_id, dates, name)
    values (v_tenant, v_holidays, '[2100-01-01,2100-01-01]', 'Day');
    insert into booking.schedule_override (tenant_id, schedule_id, dates) values (v_tenant, v_schedule, '[2100-01-02,2100-01-02]');
    insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
    values (v_tenant, v_schedule, '[2100-01-03,2100-01-03]', 'Europe/Berlin');
    insert into booking.service_limit (tenant_id, service_id, period, max_count) values (v_tenant, v_service, 'day', 50);
    insert into booking.busy_window (tenant_id, resource_id, span, external_id, reason)
    values (v_tenant, v_resource, '[2100-01-04 18:00+00,2100-01-04 19:00+00)', v_marker || 'event', v_marker || 'illness');
    v_booking := (booking.book(v_tenant, service => v_service, starts_at => '2100-01-04 09:00',
        customer => jsonb_build_object('sub', 'another', 'name', v_marker || 'name', 'email', v_marker || '@example.org',
                                       'phone', v_marker || '5550100', 'note', v_marker || 'note'),
        idempotency_key => 'k')).booking_id;
    perform booking.book(v_tenant, service => v_service, starts_at => '2100-01-04 11:00', customer => '{"sub": "customer"}');
    insert into booking.payment (tenant_id, reference, booking_id, amount, currency)
    values (v_tenant, v_marker || 'pi_1', v_booking, 5, 'EUR');
    perform booking.hold(v_tenant, v_service, '2100-01-04 10:00', 'session-0123456789');
    perform booking.try_hold(v_tenant, v_service, '2100-01-04 10:15', 'session-9876543210');
    insert into booking.sql_login (tenant_id, login, role) values (v_tenant, v_marker || 'nobody', 'owner');
end
$$;
insert into booking.tenant (slug, name, zone) values ('globex', 'Globex', 'UTC'), ('closed', 'Closed', 'UTC');
insert into booking.resource (tenant_id, slug, name, zone, grain)
select tenant_id, 'chair', 'Chair', 'UTC', 15 from booking.tenant where slug <> 'acme';
select booking.put_service(tenant_id, 'haircut', 'Haircut', array[60], array[resource_id])
from booking.resource join booking.tenant using (tenant_id) where tenant.slug <> 'acme';
select pg_temp.fill(slug) from booking.tenant;
update booking.tenant set active = false where slug = 'closed';

-- Whatever text or JSON may say anything says whose it is. What is refused has a form of its own.
do $$
declare
    v record;
begin
    for v in
        select c.oid::regclass as relation, c.relname, a.attname, a.atttypid = 'jsonb'::regtype as json
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.atttypid in ('text'::regtype, 'jsonb'::regtype) and not a.attisdropped
        where c.relnamespace = 'booking'::regnamespace and c.relkind = 'r'
            and exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id')
            and (c.relname, a.attname) not in (('booking', 'customer'), ('booking', 'customer_key'), ('member', 'user_id'),
                ('tenant', 'name'), ('resource', 'name'), ('service', 'name'), ('location', 'name'))
            and a.attname <> 'slug'
    loop
        begin
            execute format(
                'update %s x set %I = %s where %s',
                v.relation, v.attname,
                case when v.json
                    then format(
                        'coalesce(%I, ''{}'') || jsonb_build_object(%s, %2$s)', v.attname, pg_temp.marker(v.relname, v.attname))
                    else pg_temp.marker(v.relname, v.attname) || ' || ctid::text'
                end,
                case v.relname when 'booking' then 'customer_key = ''another''' else 'true' end);
        exception when others then
            null;
        end;
    end loop;
end
$$;
