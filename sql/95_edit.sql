-- What has many settings, as JSON: services and resources are created and changed by the names of their columns, and what is
-- not named stays. And the requirements of a service, one by one. Next: 95_member.sql.

create function booking.check_changes(relation regclass, changes jsonb, fixed text[])
returns void
language plpgsql
stable
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_known text[] := array(
        select a.attname::text
        from pg_attribute a
        where a.attrelid = check_changes.relation and a.attnum > 0 and not a.attisdropped and a.attname <> all (check_changes.fixed)
        order by a.attnum);
    v_unknown text;
    v_change record;
begin
    if jsonb_typeof(check_changes.changes) is distinct from 'object' then
        raise exception 'settings are a JSON object' using errcode = '22023', hint = format('It may have %s.', array_to_string(v_known, ', '));
    end if;
    select string_agg(format('"%s"', left(k, 64)), ', ' order by k) into v_unknown
    from (select k from jsonb_object_keys(check_changes.changes) k where k <> all (v_known) limit 10) u;
    if v_unknown is not null then
        raise exception 'no such setting of a %: %', check_changes.relation, v_unknown
            using errcode = '22023', hint = format('There are %s.', array_to_string(v_known, ', '));
    end if;
    for v_change in
        select c.key, c.value, jsonb_typeof(c.value) as given, a.attnotnull, format_type(a.atttypid, a.atttypmod) as type, case
                when a.atttypid = 'jsonb'::regtype then 'object'
                when t.typcategory = 'A' then 'array'
                when t.typcategory = 'N' then 'number'
                when t.typcategory = 'B' then 'boolean'
                else 'string'
            end as wanted
        from jsonb_each(check_changes.changes) c
        join pg_attribute a on a.attrelid = check_changes.relation and a.attname = c.key
        join pg_type t on t.oid = a.atttypid
        order by a.attnum
    loop
        if v_change.given = 'null' then
            if v_change.attnotnull then
                raise exception '% cannot be null', v_change.key using errcode = '22004';
            end if;
        elsif v_change.given <> v_change.wanted then
            raise exception '% has to be a JSON %', v_change.key, v_change.wanted
                using errcode = '22023', hint = format('It is read as %s.', v_change.type);
        else
            begin
                execute format('select jsonb_populate_record(null::%s, $1)', check_changes.relation)
                using jsonb_build_object(v_change.key, v_change.value);
            exception when data_exception then
                raise exception '%: %', v_change.key, left(sqlerrm, 200)
                    using errcode = '22023', hint = format('It is read as %s.', v_change.type);
            end;
        end if;
    end loop;
end
$$;
comment on function booking.check_changes(regclass, jsonb, text[]) is
    'What settings of a row must be: an object whose keys are columns of the table, but not those that are fixed, with values of '
    'their types. 22023: another; 22004: null for what cannot be null.';

create function booking.patch_row(relation regclass, tenant uuid, id uuid, changes jsonb)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
declare
    v_key text := (select c.relname || '_id' from pg_class c where c.oid = patch_row.relation);
    v_rows bigint;
begin
    perform booking.check_changes(patch_row.relation, patch_row.changes, array['tenant_id', v_key, 'version']);
    perform booking.check_known(
        patch_row.tenant, location => (patch_row.changes ->> 'location_id')::uuid,
        schedule => (patch_row.changes ->> 'schedule_id')::uuid);
    -- Only what is named, so that no trigger thinks that the rest is new.
    execute (
        select format('update %s t set %sversion = t.version + 1 from jsonb_populate_record(null::%1$s, $1) c where t.tenant_id = $2 and t.%3$I = $3',
            patch_row.relation, string_agg(format('%1$I = c.%1$I, ', k), ''), v_key)
        from jsonb_object_keys(patch_row.changes) k)
    using patch_row.changes, patch_row.tenant, patch_row.id;
    get diagnostics v_rows = row_count;
    if v_rows = 0 then
        raise exception 'unknown % %', patch_row.relation, patch_row.id using errcode = 'P0002';
    end if;
end
$$;
comment on function booking.patch_row(regclass, uuid, uuid, jsonb) is 'Behind booking.patch_service and booking.patch_resource.';

create function booking.patch_resource(tenant uuid, resource uuid, changes jsonb)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
begin
    perform booking.patch_row('booking.resource', tenant, resource, changes);
    return resource;
end
$$;
comment on function booking.patch_resource(uuid, uuid, jsonb) is
    'Changes a resource by the names of its columns, such as {"capacity": 2, "schedule_id": null}; what is not named stays. Returns '
    'its id. 22023: no such setting, or not of its type, or another grain than its services can have; 22004: null for what cannot '
    'be null; 23514: out of bounds, or a smaller capacity than what is held or booked; 23505: the slug is another''s; P0002: unknown '
    'tenant, resource, schedule or location.';

create function booking.patch_service(tenant uuid, service uuid, changes jsonb)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
begin
    perform booking.patch_row('booking.service', tenant, service, changes);
    return service;
end
$$;
comment on function booking.patch_service(uuid, uuid, jsonb) is
    'Changes a service by the names of its columns, such as {"price": 60, "currency": "EUR", "min_notice": "2 hours"}; what is not '
    'named stays. Minutes, intervals and ranges are those of booking.service. Returns its id. 22023: no such setting, or not of its '
    'type, or off the grain of its resources; 22004: null for what cannot be null; 23514: out of bounds, or settings that go not '
    'together; 23505: the slug is another''s; P0002: unknown tenant, service or schedule.';

create function booking.put_requirement(
    tenant uuid,
    service uuid,
    resources uuid[],
    pick int default null,
    strategy text default null,
    weights int[] default null,
    priorities int[] default null,
    requirement uuid default null)
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_requirement uuid := put_requirement.requirement;
    v_elsewhere uuid;
begin
    perform booking.check_known(put_requirement.tenant, service => put_requirement.service, resources => put_requirement.resources);
    if coalesce(cardinality(put_requirement.resources), 0) = 0
        or cardinality(put_requirement.resources) <> (select count(distinct r) from unnest(put_requirement.resources) r)
    then
        raise exception 'a requirement needs different resources, one at least' using errcode = '22023';
    elsif cardinality(put_requirement.weights) <> cardinality(put_requirement.resources)
        or cardinality(put_requirement.priorities) <> cardinality(put_requirement.resources)
    then
        raise exception 'each resource has a weight, and a priority, or none has' using errcode = '22023';
    end if;
    -- Resources before services, as every writer of these tables has it.
    perform booking.lock_resources(put_requirement.tenant, put_requirement.resources);
    if v_requirement is null then
        insert into booking.service_requirement (tenant_id, service_id, pick, strategy)
        values (
            put_requirement.tenant, put_requirement.service, coalesce(put_requirement.pick, 1),
            coalesce(put_requirement.strategy, 'round_robin'))
        returning requirement_id into v_requirement;
    else
        update booking.service_requirement q
        set pick = coalesce(put_requirement.pick, q.pick), strategy = coalesce(put_requirement.strategy, q.strategy),
            version = q.version + 1
        where q.tenant_id = put_requirement.tenant and q.service_id = put_requirement.service and q.requirement_id = v_requirement;
        if not found then
            raise exception 'unknown requirement %', v_requirement using errcode = 'P0002';
        end if;
    end if;
    if exists (
        select
        from booking.service_requirement q
        where q.tenant_id = put_requirement.tenant and q.service_id = put_requirement.service and q.requirement_id = v_requirement
            and q.pick > cardinality(put_requirement.resources))
    then
        raise exception 'a requirement cannot pick more resources than it has' using errcode = '22023';
    end if;
    select m.resource_id into v_elsewhere
    from booking.requirement_resource m
    where m.tenant_id = put_requirement.tenant and m.service_id = put_requirement.service
        and m.resource_id = any (put_requirement.resources) and m.requirement_id <> v_requirement;
    if found then
        raise exception 'resource % stands in another requirement of the service', v_elsewhere
            using errcode = '23505', hint = 'A resource stands in one requirement of a service at most.';
    end if;
    -- Who leaves goes first: those who stay may be of another grain.
    delete from booking.requirement_resource m
    where m.tenant_id = put_requirement.tenant and m.service_id = put_requirement.service
        and m.requirement_id = v_requirement and m.resource_id <> all (put_requirement.resources);
    insert into booking.requirement_resource as m (tenant_id, service_id, requirement_id, resource_id, weight, priority)
    select put_requirement.tenant, put_requirement.service, v_requirement, r.resource_id, coalesce(r.weight, 1), coalesce(r.priority, 0)
    from unnest(put_requirement.resources, put_requirement.weights, put_requirement.priorities) r (resource_id, weight, priority)
    order by r.resource_id
    on conflict on constraint requirement_resource_pkey do update
    set weight = case when put_requirement.weights is null then m.weight else excluded.weight end,
        priority = case when put_requirement.priorities is null then m.priority else excluded.priority end,
        version = m.version + 1;
    return v_requirement;
end
$$;
comment on function booking.put_requirement(uuid, uuid, uuid[], int, text, int[], int[], uuid) is
    'Adds a requirement to a service, of which each booking takes pick of these resources by strategy, or sets the one of that id '
    'anew; null leaves what is there. weights and priorities: one for each resource. Who stays keeps its count of bookings. Returns '
    'its id. P0002: unknown tenant, service, requirement or resource; 22004: no tenant; 22023: no, or the same, or too few '
    'resources, or of another grain; 23505: a resource stands in another requirement of the service; 23514: out of bounds.';

create function booking.create_service(tenant uuid, slug text, settings jsonb, requirements jsonb default '[]')
returns uuid
language plpgsql
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
#variable_conflict use_column
declare
    v_service uuid;
    v_requirement record;
begin
    perform booking.check_changes('booking.service', create_service.settings, '{tenant_id,service_id,slug,version}');
    perform booking.check_known(create_service.tenant, schedule => (create_service.settings ->> 'schedule_id')::uuid);
    if create_service.settings ->> 'name' is null then
        raise exception 'name is needed' using errcode = '22004';
    elsif jsonb_typeof(create_service.requirements) is distinct from 'array' then
        raise exception 'requirements are a JSON array' using errcode = '22023', hint = 'Give [{"resources": [...], "pick": 1, "strategy": "round_robin"}].';
    end if;
    execute (
        select format('insert into booking.service (tenant_id, slug, %s) select $1, $2, %s from jsonb_populate_record(null::booking.service, $3) c returning service_id',
            string_agg(quote_ident(k), ', '), string_agg('c.' || quote_ident(k), ', '))
        from jsonb_object_keys(create_service.settings) k)
    using create_service.tenant, create_service.slug, create_service.settings
    into v_service;
    for v_requirement in
        select q.*
        from jsonb_to_recordset(create_service.requirements) q (resources uuid[], pick int, strategy text, weights int[], priorities int[])
    loop
        perform booking.put_requirement(
            create_service.tenant, v_service, v_requirement.resources, v_requirement.pick, v_requirement.strategy,
            v_requirement.weights, v_requirement.priorities);
    end loop;
    return v_service;
end
$$;
comment on function booking.create_service(uuid, text, jsonb, jsonb) is
    'Creates a service of any kind: settings by the names of its columns, name among them, as booking.patch_service has them, and '
    'requirements as [{"resources": [...], "pick": 1, "strategy": "round_robin"}], as booking.put_requirement has them. Returns its '
    'id. 22023: no such setting, or not of its type; 22004: no name; 23505: the slug is another''s; 23514: out of bounds, or settings '
    'that go not together; P0002: unknown tenant, schedule or resource.';
