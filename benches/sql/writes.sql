-- What the writes are measured on: 32 services of one resource each, one of any of ten, open from 08:00 to 20:00, pages of half a year
-- stored. Their peer: the same tables with the same constraints, without the triggers, in a schema of their own.
insert into booking.tenant (slug, name) values ('bench', 'Bench');

insert into booking.schedule (tenant_id, name, zone) select tenant_id, 'day', 'Europe/Berlin' from booking.tenant;

insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select tenant_id, schedule_id, d, '08:00', '20:00' from booking.schedule cross join generate_series(1, 7) d;

insert into booking.resource (tenant_id, slug, name, schedule_id)
select tenant_id, 'r' || n, 'R' || n, schedule_id from booking.schedule cross join generate_series(1, 42) n;

select booking.put_service(tenant_id, 'one-' || substr(slug, 2), 'One', '{30}', array[resource_id])
from booking.resource where substr(slug, 2)::int <= 32;

select booking.put_service(tenant_id, 'pool', 'Any', '{30}', array_agg(resource_id))
from booking.resource where substr(slug, 2)::int > 32 group by tenant_id;

select booking.recompute(tenant_id, null, now(), now() + interval '180 days') from booking.tenant;

create schema peer;

do $$
declare
    v_table text;
    v_constraint record;
    v_tables text[] := '{hold,booking,claim,booking_resource,booking_event,booking_token,requirement_resource,availability,change}';
begin
    foreach v_table in array v_tables loop
        execute format('create table peer.%I (like booking.%1$I including all)', v_table);
    end loop;
    for v_constraint in
        select c.conname, r.relname, pg_get_constraintdef(c.oid) as definition, f.relname as target
        from pg_constraint c
        join pg_class r on r.oid = c.conrelid
        join pg_class f on f.oid = c.confrelid
        where c.contype = 'f' and c.connamespace = 'booking'::regnamespace and r.relname = any (v_tables)
    loop
        execute format('alter table peer.%I add constraint %I %s', v_constraint.relname, v_constraint.conname,
            case
                when v_constraint.target = any (v_tables)
                    then replace(v_constraint.definition, 'REFERENCES booking.', 'REFERENCES peer.')
                else v_constraint.definition
            end);
    end loop;
end
$$;

insert into peer.requirement_resource select * from booking.requirement_resource;
insert into peer.availability select * from booking.availability;

-- How many rows each side has, but for the feed of changes: a direct booking writes one more there, for its hold of a moment.
create function peer.counts(of text)
returns text
language plpgsql
as $$
declare
    v_table text;
    v_count bigint;
    v_counts text := '';
begin
    foreach v_table in array '{hold,booking,claim,booking_resource,booking_event,booking_token,availability}'::text[] loop
        execute format('select count(*) from %I.%I', counts.of, v_table) into v_count;
        v_counts := v_counts || format('%s %s, ', v_table, v_count);
    end loop;
    return v_counts || case counts.of
        when 'peer' then (select sum(booked) from peer.requirement_resource)
        else (select sum(booked) from booking.requirement_resource)
    end || ' counted';
end
$$;
