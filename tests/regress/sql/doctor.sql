-- The doctor: each thing is broken once, its row turns, and what the row says to do mends it. Jobs: tests/suites/cron.rs.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set client_min_messages to error;
create extension if not exists pg_booking cascade;
\set t '''00000000-0000-0000-0000-000000000001'''
\set r '''00000000-0000-0000-0000-000000000011'''

-- A fresh installation is well, before there are any roles. Of jobs there is nothing to be seen without pg_cron.
select "check" from booking.doctor() where ok is not true;

create role regress_doctor_public;
create role regress_doctor_member;
create role regress_doctor_service;
create role regress_doctor_owner;
create role regress_doctor_login login;
create role regress_doctor_bound login;
create role regress_doctor_jobs login;
insert into booking.tenant (tenant_id, slug, name) values (:t, 't', 'T');
insert into booking.resource (tenant_id, resource_id, slug, name) values (:t, :r, 'room', 'Room');
select booking.put_service(:t, 'visit', 'Visit', array[60], array[:r]::uuid[]) is not null as service;
call booking.roll();
select booking.grant_access(
    'regress_doctor_public', 'regress_doctor_member', service_role => 'regress_doctor_service', owner_role => 'regress_doctor_owner');
select booking.bind_login(:t, 'regress_doctor_bound');
select booking.grant_jobs('regress_doctor_jobs');
select "check", ok, remedy from booking.doctor();

-- What turns when a statement has run, with what was said; and whether what the remedy says mends it, unless it commits.
create function turned(statement text, out "check" text, out ok boolean, out detail text, out remedy text, out mended text)
returns setof record
language plpgsql
as $$
declare
    v_before jsonb := (select jsonb_object_agg(d."check", d.ok) from booking.doctor() d);
    v_turned jsonb;
    v_row jsonb;
    v_mended text;
    v_all jsonb := '[]';
begin
    begin
        execute turned.statement;
        v_turned := (
            select jsonb_agg(to_jsonb(d)) from booking.doctor() d
            where coalesce(to_jsonb(d.ok), 'null') <> v_before -> d."check");
        for v_row in select * from jsonb_array_elements(coalesce(v_turned, '[]')) loop
            v_mended := null;
            if v_row ->> 'remedy' ~ '^(select booking|alter|create|revoke)' and v_row ->> 'remedy' !~ 'call ' then
                begin
                    execute v_row ->> 'remedy';
                    select case when d.ok then 'yes' else 'no' end into v_mended from booking.doctor() d where d."check" = v_row ->> 'check';
                exception when others then
                    v_mended := sqlstate;
                end;
            end if;
            v_all := v_all || (v_row || jsonb_build_object('mended', v_mended));
        end loop;
        raise exception using errcode = 'RB000';
    exception when sqlstate 'RB000' then
        null;
    end;
    return query select x."check", x.ok, x.detail, x.remedy, x.mended
        from jsonb_to_recordset(v_all) x ("check" text, ok boolean, detail text, remedy text, mended text);
end
$$;
\pset expanded on

-- Versions.
select * from turned($$ set local allow_system_table_mods = on; update pg_extension set extversion = '0.0.1' where extname = 'pg_booking' $$);

-- Owners, roles, grants.
select * from turned('alter table booking.hold owner to postgres; alter table booking.claim owner to postgres');
select * from turned('alter function booking.public_services(text) owner to postgres');
select * from turned('alter role regress_doctor_member login');
select * from turned('alter role regress_doctor_public bypassrls');
select * from turned('grant regress_doctor_owner to regress_doctor_service');
select * from turned('alter role regress_doctor_member rename to regress_doctor_other');
select * from turned('revoke execute on function booking_api.services(text) from regress_doctor_public');
select * from turned('grant usage on schema booking to regress_doctor_public; grant select on booking.booking to regress_doctor_public');
select * from turned('grant execute on function booking.release(uuid, uuid, text) to public; create function booking.mine() returns int language sql return 1');
select * from turned('grant usage on schema booking to regress_doctor_login');
select * from turned('alter role regress_doctor_public reset statement_timeout; alter role regress_doctor_service set statement_timeout = 0');

-- What nothing gets past.
select * from turned('alter table booking.claim drop constraint claim_no_overlap');
select * from turned('alter table booking.claim disable trigger all');
select * from turned('alter table booking.booking disable row level security');

-- The data, and what the upkeep leaves.
select "check", ok, split_part(detail, ':', 1) as detail, remedy, mended
from turned($$ update booking.availability set open = '{}' where unit = 0 $$);
select * from turned($$
    insert into booking.hold (tenant_id, service_id, session_hash, span, expires_at)
    select tenant_id, service_id, sha256('x'), '[2100-01-04 09:00+00,2100-01-04 10:00+00)', now() - m * interval '1 minute'
    from booking.service
    cross join unnest(array[-10, 10, 100]) m;
    insert into booking.booking (tenant_id, service_id, span, status, expires_at)
    select tenant_id, service_id, '[2100-01-04 09:00+00,2100-01-04 10:00+00)', 'pending', now() - interval '100 minutes'
    from booking.service $$);
select "check", ok, regexp_replace(detail, '[0-9-]+', 'N', 'g') as detail, remedy
from turned($$
    with made as (
        insert into booking.booking (tenant_id, service_id, span)
        select tenant_id, service_id, tstzrange(now() - interval '40 days', now() - interval '39 days') from booking.service
        returning tenant_id, booking_id, span)
    insert into booking.claim (tenant_id, resource_id, span, booking_id)
    select tenant_id, '00000000-0000-0000-0000-000000000011', span, booking_id from made $$);
select "check", ok, regexp_replace(detail, '[0-9-]+', 'N', 'g') as detail, remedy
from turned($$ select booking.recompute('00000000-0000-0000-0000-000000000001', null, now() - interval '60 days', now() - interval '50 days') $$);
select * from turned($$ delete from booking.availability where week > now()::date + 3 $$);
select "check", ok, split_part(detail, ':', 1) as detail, remedy
from turned($$
    delete from booking.change;
    insert into booking.change (tenant_id, kind, at) values ('00000000-0000-0000-0000-000000000001', 'tenant', now() - interval '27 hours') $$);
select "check", ok, split_part(detail, ':', 1) as detail, remedy
from turned($$ insert into booking.change (tenant_id, kind, at) values ('00000000-0000-0000-0000-000000000001', 'tenant', now() + interval '1 hour') $$);
select * from turned($$
    alter table booking.tenant drop constraint tenant_zone_known;
    update booking.tenant set zone = 'Nowhere/Else' $$);

-- Whatever cannot be looked at is a finding, and hides no other.
select "check", ok, detail, remedy from turned('alter table booking.change rename to elsewhere');
select "check", ok, detail, remedy
from turned('alter extension pg_booking drop function booking.doctor_holds(); drop function booking.doctor_holds()');

-- What is added to the tables is listed, with what makes it again.
create function mine() returns trigger language plpgsql as 'begin return null; end';
create index mine on booking.booking (created_at);
create trigger mine after insert on booking.hold for each statement execute function mine();
create policy mine on booking.booking for select to regress_doctor_login using (version = 0);
select * from booking.doctor() where "check" = 'additions';
drop index booking.mine;
drop trigger mine on booking.hold;
drop policy mine on booking.booking;
\pset expanded off

-- By the service role, in a transaction that only reads, and nobody less.
begin read only;
set local role regress_doctor_service;
select "check", ok from booking.doctor() where ok is not true;
rollback;
begin;
set local role regress_doctor_member;
\set VERBOSITY terse
select * from booking.doctor();
rollback;
begin;
set local role regress_doctor_jobs;
select * from booking.doctor();
rollback;
drop function mine(), turned(text);
drop extension pg_booking;
drop owned by regress_doctor_public, regress_doctor_member, regress_doctor_service, regress_doctor_owner, regress_doctor_bound, regress_doctor_jobs;
drop role regress_doctor_public, regress_doctor_member, regress_doctor_service, regress_doctor_owner, regress_doctor_login, regress_doctor_bound, regress_doctor_jobs;
