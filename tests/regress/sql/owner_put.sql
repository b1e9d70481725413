-- What an owner edits: by name or by id, again and again, and what is refused in which words. Who may: owner_roles.sql.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
\set SHOW_CONTEXT never
\set VERBOSITY default
\set t '''00000000-0000-0000-0000-000000000001'''
\set u '''00000000-0000-0000-0000-000000000002'''
\set none '''00000000-0000-0000-0000-0000000000ff'''
insert into booking.tenant (tenant_id, slug, name, zone) values (:t, 't', 'T', 'Europe/Berlin'), (:u, 'u', 'U', 'UTC');
create function pg_temp.try(statement text)
returns text
language plpgsql
as $$
declare
    v_result text;
    v_hint text;
    v_detail text;
    v_broken text;
    v_column text;
begin
    execute statement into v_result;
    return v_result;
exception when others then
    get stacked diagnostics v_hint = pg_exception_hint, v_detail = pg_exception_detail, v_broken = constraint_name, v_column = column_name;
    -- What the server itself says of a row that breaks a constraint is the server's.
    return case when v_broken || v_column <> '' then concat_ws(' | ', sqlstate, v_broken || v_column) else concat_ws(' | ', sqlstate,
        regexp_replace(sqlerrm, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'ID', 'g'), regexp_replace(nullif(v_detail, ''), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'ID', 'g'), nullif(v_hint, '')) end;
end
$$;

-- Locations and resources: the same slug again is the same row, and what is not said stays.
select booking.put_location(:t, 'east', 'East') as east \gset
select booking.put_location(:t, 'east', 'East End') = :'east' as same;
select booking.put_location(:t, 'west', location => :'east') = :'east' as renamed;
select slug, name, version from booking.location;
select booking.put_resource(:t, 'anna', 'Anna', capacity => 2, location => :'east') as anna \gset
select booking.put_hours(:t, :'anna', 'Mo-Fr 09:00-12:00') as hours \gset
select booking.put_resource(:t, 'anna', 'Anna B.', grain => 30) = :'anna' as same;
select slug, name, zone, grain, capacity, schedule_id = :'hours' as hours, location_id = :'east' as location, active, public, metadata from booking.resource;
select booking.put_resource(:t, 'ann', resource => :'anna', active => false) = :'anna' as renamed;
select booking.patch_resource(:t, :'anna', '{"location_id": null, "active": true, "metadata": {"colour": "red"}, "capacity": 1}') = :'anna' as same;
select slug, name, capacity, schedule_id = :'hours' as hours, location_id, active, metadata from booking.resource;

-- A schedule, its windows and overrides; slots follow.
select booking.put_service(:t, 'cut', 'Cut', array[60], array[:'anna']::uuid[]) as cut \gset
select booking.put_schedule(:t, 'Summer') as summer \gset
select zone, booking.put_schedule(:t, zone => 'UTC', schedule => :'summer') = :'summer' as same from booking.schedule where schedule_id = :'summer';
select name, zone from booking.schedule where schedule_id = :'summer';
select booking.put_resource(:t, 'ann', schedule => :'summer') = :'anna' as same;
create view offered as
select to_char(starts_at, 'DD HH24:MI') as at
from booking.available_slots(
    (select tenant_id from booking.tenant where slug = 't'), (select service_id from booking.service where slug = 'cut'), '2100-01-04', '2100-01-07');
select * from offered;
select booking.put_rule(:t, :'summer', 1, '10:00', '12:00') as rule \gset
select booking.put_rule(:t, :'summer', 2, '10:00', '24:00', '[2200-01-01,)', :'east') as later \gset
select * from offered;
select booking.put_rule(:t, :'summer', 1, '10:00', '13:00', rule => :'rule') = :'rule' as same;
select * from offered;
select booking.put_override(:t, :'summer', '[2100-01-05,2100-01-06]', '08:00', '09:00', reason => 'fair') as override \gset
select * from offered;
select booking.put_override(:t, :'summer', '[2100-01-04,2100-01-05]', override => :'override') = :'override' as same;
select * from offered;
select dates, opens, closes, reason from booking.schedule_override;
select booking.delete_override(:t, :'summer', :'override');
select booking.put_busy_window(:t, :'anna', '[2100-01-04 10:00,2100-01-04 11:00)', 'dentist') as busy \gset
select * from offered;
select booking.put_busy_window(:t, :'anna', '[2100-01-04 12:00,2100-01-04 13:00)', busy_window => :'busy') = :'busy' as same;
select booking.put_busy_window(:t, :'anna', '[2100-01-04 11:00,2100-01-04 11:10)', external_id => 'x', connection => :none) as external \gset
select booking.put_busy_window(:t, :'anna', '[2100-01-04 11:30,2100-01-04 11:40)', external_id => 'x', connection => :none) = :'external' as same;
select booking.put_busy_window(:t, :'anna', 'empty', external_id => 'x') <> :'external' as other;
select booking.put_busy_window(:t, :'anna', '[2100-01-04 14:00,2100-01-04 15:00)', external_id => 'x') <> :'external' as other;
select span, reason, external_id from booking.busy_window order by 1;
select * from offered;
select booking.delete_busy_window(:t, :'busy');
select booking.delete_rule(:t, :'summer', :'later');
select * from offered;
select count(*) as drift from booking.verify();

-- A service by its columns, of any kind, and its requirements.
select booking.patch_service(:t, :'cut', '{"price": 60.5, "currency": "EUR", "min_notice": "2 hours", "durations": [30, 60], "bookable": "[2100-01-01,)", "public": false}') = :'cut' as same;
select slug, name, price, currency, min_notice, durations, bookable, public, seats, version > 0 as counted from booking.service;
select booking.patch_service(:t, :'cut', '{"price": null, "currency": null, "bookable": "(,)"}') = :'cut', booking.patch_service(:t, :'cut', '{}') = :'cut' as nothing;
select price, currency, bookable, durations from booking.service;
select booking.put_resource(:t, 'bea', 'Bea', grain => 30) as bea \gset
select booking.put_resource(:t, 'room', 'Room', grain => 30) as room \gset
select booking.put_requirement(:t, :'cut', array[:'room']::uuid[]) as second \gset
select booking.put_requirement(:t, :'cut', array[:'room', :'bea']::uuid[], 2, 'priority', priorities => array[2, 1], requirement => :'second') = :'second' as same;
select booking.put_requirement(:t, :'cut', array[:'bea', :'room']::uuid[], requirement => :'second') = :'second' as same;
select r.slug, q.pick, q.strategy, m.weight, m.priority
from booking.service_requirement q
join booking.requirement_resource m using (tenant_id, service_id, requirement_id)
join booking.resource r using (tenant_id, resource_id)
order by 1;
select booking.put_requirement(:t, :'cut', array[:'bea']::uuid[], 1, requirement => :'second') = :'second' as same;
select booking.create_service(:t, 'flat', '{"name": "Flat", "kind": "stay", "min_length": 2, "max_length": 14, "check_in": "15:00", "check_out": "11:00", "arrival_days": [5, 6]}',
    jsonb_build_array(jsonb_build_object('resources', array[:'room']))) as flat \gset
select slug, kind, durations, min_length, check_in, zone, (select count(*) from booking.requirement_resource m where m.service_id = s.service_id) as members from booking.service s order by slug;

-- Members: the last owner stays one.
select booking.put_member(:t, 'ada', 'owner'), booking.put_member(:t, 'bob', 'viewer');
select pg_temp.try(format('select booking.put_member(%L, ''ada'', ''manager'')', :t)) as demoted, pg_temp.try(format('select booking.delete_member(%L, ''ada'')', :t)) as deleted;
select booking.put_member(:t, 'bob', 'owner'), booking.put_member(:t, 'ada', 'manager');
select booking.delete_member(:t, 'ada');
select user_id, role from booking.member;

-- Deleted, unless it is in use or booked.
select booking_id from booking.book(:t, service => :'cut', starts_at => '2100-01-11 10:00') \gset
select booking.put_resource(:t, 'spare', 'Spare', location => :'east') as spare \gset
select what, pg_temp.try(format('select booking.%s', call)) as done
from (values
    ('location', format('delete_location(%L, %L)', :t, :'east')),
    ('schedule', format('delete_schedule(%L, %L)', :t, :'summer')),
    ('resource of a service', format('delete_resource(%L, %L)', :t, :'room')),
    ('booked resource', format('delete_resource(%L, %L)', :t, :'anna')),
    ('booked service', format('delete_service(%L, %L)', :t, :'cut')),
    ('service', format('delete_service(%L, %L)', :t, :'flat')),
    ('resource of none', format('delete_resource(%L, %L)', :t, :'room')),
    ('again', format('delete_resource(%L, %L)', :t, :'room')),
    ('location', format('delete_resource(%L, %L)', :t, :'spare')),
    ('location', format('delete_location(%L, %L)', :t, :'east')),
    ('schedule', format('delete_schedule(%L, %L)', :t, :'hours')),
    ('requirement', format('delete_requirement(%L, %L, %L)', :t, :'cut', :'second'))) c (what, call);
select slug, active from booking.resource order by 1;
select slug, active from booking.service;
-- What is held lives on; what has lapsed is in nobody's way, a seat of a class neither.
select booking.put_resource(:t, 'hall', 'Hall') as hall \gset
select booking.create_service(:t, 'class', '{"name": "Class", "durations": [60], "seats": 3}', jsonb_build_array(jsonb_build_object('resources', array[:'hall']))) as class \gset
select code from booking.hold(:t, :'class', '2100-01-04 09:00', 'session-0123456789');
select booking.delete_service(:t, :'class');
update booking.hold set expires_at = clock_timestamp() where service_id = :'class';
select booking.delete_service(:t, :'class');
select booking.delete_resource(:t, :'hall');
select count(*) as left_over from booking.sitting;

-- Bad input: what is wrong and what would be right.
create table call (place serial, statement text);
insert into call (statement)
select replace(replace(replace(replace(s, ':t', quote_literal(:t)), ':cut', quote_literal(:'cut')), ':none', quote_literal(:none)), ':summer', quote_literal(:'summer'))
from unnest(array[
    $$put_location(null, 'a', 'A')$$, $$put_location(:none, 'a', 'A')$$, $$put_location(:t, null, null)$$, $$put_location(:t, 'A b', 'A')$$,
    $$put_location(:t, 'a', 'A', :none)$$,
    $$put_resource(null, 'a', 'A')$$, $$put_resource(:t, 'a')$$, $$put_resource(:t, 'a', 'A', zone => 'Mars')$$, $$put_resource(:t, 'a', 'A', grain => 7)$$,
    $$put_resource(:t, 'a', 'A', capacity => 0)$$, $$put_resource(:t, 'a', 'A', schedule => :none)$$, $$put_resource(:t, 'a', 'A', location => :none)$$,
    $$put_resource(:t, 'a', resource => :none)$$, $$put_resource(:t, 'ann', grain => 60)$$, $$put_resource(:t, 'bea', resource => (select resource_id from booking.resource where slug = 'ann'))$$,
    $$patch_resource(:t, :none, '{"name": "A"}')$$, $$patch_resource(null, :none, '{}')$$, $$patch_resource(:t, null, '{}')$$,
    $$put_schedule(null, 'S')$$, $$put_schedule(:t)$$, $$put_schedule(:t, 'S', 'Mars')$$, $$put_schedule(:t, 'S', schedule => :none)$$, $$put_schedule(:t, 'S', holiday_set => :none)$$,
    $$put_rule(null, :summer, 1, '09:00', '10:00')$$, $$put_rule(:t, :none, 1, '09:00', '10:00')$$, $$put_rule(:t, null, 1, '09:00', '10:00')$$,
    $$put_rule(:t, :summer, 8, '09:00', '10:00')$$, $$put_rule(:t, :summer, 1, '10:00', '09:00')$$, $$put_rule(:t, :summer, 1, null, '09:00')$$,
    $$put_rule(:t, :summer, 1, '09:00', '10:00', 'empty')$$, $$put_rule(:t, :summer, 1, '09:00', '10:00', location => :none)$$, $$put_rule(:t, :summer, 1, '09:00', '10:00', rule => :none)$$,
    $$put_override(:t, :summer, null)$$, $$put_override(:t, :summer, '[2100-01-01,)')$$, $$put_override(:t, :summer, '[2100-01-01,2100-01-02)', '09:00')$$,
    $$put_override(:t, :summer, '[2100-01-01,2100-01-02)', '09:00', '08:00')$$, $$put_override(:t, :summer, '[2100-01-01,2100-01-02)', override => :none)$$,
    $$put_override(null, :summer, '[2100-01-01,2100-01-02)')$$, $$put_override(:t, :none, '[2100-01-01,2100-01-02)')$$,
    $$put_busy_window(null, :none, '[2100-01-01,2100-01-02)')$$, $$put_busy_window(:t, :none, '[2100-01-01,2100-01-02)')$$, $$put_busy_window(:t, null, '[2100-01-01,2100-01-02)')$$,
    $$put_busy_window(:t, (select resource_id from booking.resource where slug = 'ann'), '[2100-01-01,)')$$,
    $$put_busy_window(:t, (select resource_id from booking.resource where slug = 'ann'), null)$$,
    $$put_busy_window(:t, (select resource_id from booking.resource where slug = 'ann'), '[2100-01-01,2100-01-02)', busy_window => :none)$$,
    $$put_member(null, 'a', 'owner')$$, $$put_member(:t, '', 'owner')$$, $$put_member(:t, null, 'owner')$$, $$put_member(:t, 'a', 'king')$$, $$put_member(:t, 'a', null)$$,
    $$delete_member(:t, 'nobody')$$, $$delete_member(null, 'bob')$$, $$delete_rule(:t, :summer, :none)$$, $$delete_override(:t, null, :none)$$, $$delete_busy_window(:t, null)$$,
    $$delete_location(:t, :none)$$, $$delete_schedule(:t, null)$$, $$delete_service(:t, :none)$$, $$delete_resource(:t, null)$$, $$delete_resource(null, null)$$, $$delete_requirement(:t, :cut, :none)$$,
    $$put_requirement(:t, :cut, '{}')$$, $$put_requirement(:t, :cut, null)$$, $$put_requirement(:t, :cut, array[null]::uuid[])$$, $$put_requirement(:t, :cut, array[:none]::uuid[])$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'ann'))$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'bea'), 2)$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'bea'), 0)$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'bea'), strategy => 'best')$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'bea'), weights => '{1,2}')$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'bea'), weights => '{0}')$$,
    $$put_requirement(:t, :cut, (select array_agg(resource_id) from booking.resource where slug = 'bea'), requirement => :none)$$,
    $$create_service(:t, 'a', '{}')$$, $$create_service(:t, null, '{"name": "A", "durations": [60]}')$$, $$create_service(:t, 'a', '{"name": "A"}')$$, $$create_service(:t, 'cut', '{"name": "A", "durations": [60]}')$$,
    $$create_service(:t, 'a', '{"name": "A", "durations": [60]}', '{}')$$, $$create_service(:t, 'a', '{"name": "A", "durations": [60]}', '[1]')$$,
    $$create_service(:t, 'a', '{"name": "A", "durations": [60]}', '[{"resources": ["x"]}]')$$, $$create_service(null, 'a', '{"name": "A"}')$$, $$create_service(:t, 'a', '{"name": "A", "slug": "b"}')$$]) s;
insert into call (statement)
select format($$patch_service(%L, %L, %L)$$, :t, :'cut', c)
from unnest(array[null, '[]', '{"tenant_id": null, "nothing": 1, "version": 3}', '{"name": null}', '{"name": {"a": 1}}', '{"name": 5}', '{"seats": "5"}', '{"seats": 1.5}',
    '{"seats": 99999999999}', '{"seats": true}', '{"active": "yes"}', '{"durations": 60}', '{"durations": ["a"]}', '{"durations": [[1, 2]]}', '{"durations": [null]}', '{"durations": []}',
    '{"min_notice": "soon"}', '{"min_notice": "-1 day"}', '{"bookable": "tomorrow"}', '{"bookable": "[2100-01-02,2100-01-01)"}', '{"schedule_id": "x"}',
    '{"schedule_id": "00000000-0000-0000-0000-0000000000ff"}', '{"price": 5}', '{"price": 1e30, "currency": "EUR"}', '{"metadata": "x"}', '{"kind": "party"}', '{"slug": "A"}',
    '{"zone": "Mars"}', '{"step": 45}', '{"check_in": "25:00"}']) c;
select regexp_replace(regexp_replace(statement, '''00000000-0000-0000-0000-000000000001''', 't'), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'ID', 'g') as call,
    pg_temp.try('select booking.' || statement) as done
from call
where statement not like 'patch_service%'
order by place;
select regexp_replace(statement, '^.*?, .*?, ', '') as changes, pg_temp.try('select booking.' || statement) as done from call where statement like 'patch_service%' order by place;
drop table call;
