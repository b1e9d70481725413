-- available_days and held_spans of the public surface: what the public gets, by a role that owns nothing.
set timezone to 'UTC';
set datestyle to 'ISO, YMD';
set intervalstyle to 'postgres';
set client_min_messages to warning;
create extension if not exists pg_booking cascade;
insert into booking.tenant (tenant_id, slug, name, active)
values ('00000000-0000-0000-0000-000000000001', 'open', 'Open', true), ('00000000-0000-0000-0000-000000000002', 'gone', 'Gone', false),
    ('00000000-0000-0000-0000-000000000003', 'other', 'Other', true);
insert into booking.resource (tenant_id, resource_id, slug, name, public)
values ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 'seen', 'Seen', true),
    ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000b', 'hidden', 'Hidden', false),
    ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000c', 'c', 'C', true),
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-00000000000d', 'd', 'D', true);
do $$
declare
    c_open constant uuid := '00000000-0000-0000-0000-000000000001';
    c_seen constant uuid := '00000000-0000-0000-0000-00000000000a';
    c_hidden constant uuid := '00000000-0000-0000-0000-00000000000b';
begin
    perform booking.put_service(tenant_id, 'pool', 'Pool', array[60], array_agg(resource_id)) from booking.resource group by tenant_id;
    perform booking.put_service(c_open, 'secret', 'Secret', array[60], array[c_seen]);
    perform booking.put_service(c_open, 'back', 'Back room', array[60], array[c_hidden]);
    update booking.service set public = false where slug = 'secret';
    -- The hidden resource first in time, then the other, by the service that nobody sees.
    perform booking.hold(c_open, service_id, '2100-01-04 09:00', 'session-1-0123456789') from booking.service where slug = 'back';
    perform booking.hold(c_open, service_id, '2100-01-04 10:00', 'session-2-0123456789') from booking.service where slug = 'secret';
end
$$;
create role regress_booking_reader;
set role regress_booking_reader;
\set VERBOSITY sqlstate
select * from booking_api.held_spans('open', 'pool', '2100-01-04', '2100-01-05');
select * from booking_api.available_days('open', 'pool', '2100-01-04', '2100-01-05');
reset role;
select booking.grant_access(public_role => 'regress_booking_reader');
set role regress_booking_reader;
-- The engine stays shut.
select * from booking.held_spans('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '2100-01-04', '2100-01-05');
\set VERBOSITY default

-- By names or ids. A hidden member counts and is not named.
select * from booking_api.available_days('open', 'pool', '2100-01-04', '2100-01-06');
select * from booking_api.available_days('00000000-0000-0000-0000-000000000001', 'back', '2100-01-04', '2100-01-06',
    zone => 'America/New_York', step => '30 min', duration => '1 hour', session_id => 'session-3-0123456789', holds => 'hide');
select day, slots from booking_api.available_days('open', 'pool', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-00000000000a');
select day, slots from booking_api.available_days('open', 'pool', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-00000000000a', holds => null);
select day, slots from booking_api.available_days('open', 'pool', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-00000000000a', holds => 'ignore');
select resource_id, span, expires_at > now() as live, own from booking_api.held_spans('open', 'pool', '2100-01-04', '2100-01-05');
select resource_id, span, own from booking_api.held_spans('open', 'pool', '2100-01-04', '2100-01-05', session_id => 'session-1-0123456789');
select resource_id, span from booking_api.held_spans('open', 'pool', '2100-01-04', '2100-01-05', resource => '00000000-0000-0000-0000-00000000000a');
select resource_id, span from booking_api.held_spans('open', 'back', '2100-01-04', '2100-01-05');

-- Unknown, inactive, hidden and foreign: one answer, to the last word.
create function pg_temp.ask(call text)
returns text
language plpgsql
as $$
declare
    v_detail text;
    v_hint text;
begin
    execute 'select * from booking_api.' || call;
    return 'an answer';
exception when others then
    get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, v_detail, v_hint);
end
$$;
select pg_temp.ask(format('%s(%s, %L, %L%s)', f, n, '2100-01-04', '2100-01-05', r)) as said, count(*)
from unnest(array['available_days', 'held_spans']) f
cross join (
    values ($$'nobody', 'pool'$$, ''), ($$'gone', 'pool'$$, ''), ($$'open', 'nothing'$$, ''), ($$'open', 'secret'$$, ''),
        ($$'00000000-0000-0000-0000-000000000002', 'pool'$$, ''), ($$'other', 'back'$$, ''), ($$'', ''$$, ''),
        ($$'open', 'pool'$$, $$, resource => '00000000-0000-0000-0000-00000000000b'$$),
        ($$'open', 'pool'$$, $$, resource => '00000000-0000-0000-0000-00000000000d'$$),
        ($$'open', 'pool'$$, $$, resource => '00000000-0000-0000-0000-0000000000ff'$$)) q (n, r)
group by 1;
-- What makes no sense is told, and no argument is there that is not the public's.
select q.call, left(pg_temp.ask(q.call), 5) as said
from (
    values ($$held_spans('open', null, '2100-01-04', '2100-01-05')$$), ($$held_spans(null, 'pool', '2100-01-04', '2100-01-05')$$),
        ($$held_spans('open', 'pool', '2100-01-05', '2100-01-04')$$), ($$held_spans('open', 'pool', null, '2100-01-04')$$),
        ($$held_spans('open', 'pool', '2100-01-04', 'infinity')$$),
        ($$held_spans('open', 'pool', '2100-01-04', '2100-01-05', session_id => 'short')$$),
        ($$held_spans('open', 'pool', '2100-01-04', '2100-01-05', as_of => '2099-01-01')$$),
        ($$available_days('open', 'pool', '2100-01-04', '2100-01-05', zone => 'Mars/Olympus')$$),
        ($$available_days('open', 'pool', '2100-01-04', '2100-01-05', duration => '50 min')$$),
        ($$available_days('open', 'pool', '2100-01-04', '2100-01-05', holds => 'all')$$),
        ($$available_days('open', 'pool', '2100-01-04', '2100-01-05', as_of => '2099-01-01')$$)) q (call);
-- A GET of PostgREST runs read-only.
begin transaction read only;
select count(*) from booking_api.available_days('open', 'pool', '2100-01-04', '2100-01-06');
select count(*) from booking_api.held_spans('open', 'pool', '2100-01-04', '2100-01-06');
commit;
reset role;

-- Whose pages may call: a tenant's, and with null those of all that are active, each once.
update booking.tenant t
set settings = jsonb_build_object('cors_origins', o.origins)
from (values ('open', '["https://b.example", "https://a.example"]'::jsonb), ('gone', '["https://gone.example", "*"]'),
    ('other', '["https://c.example", "https://a.example"]')) o (slug, origins)
where t.slug = o.slug;
set role regress_booking_reader;
select slug, booking_api.origins(slug) from unnest(array['open', 'gone', 'other', 'nobody', '', null]) slug;
select booking_api.origins('00000000-0000-0000-0000-000000000001');
reset role;
update booking.tenant set settings = '{}';
set role regress_booking_reader;
select booking_api.origins(null);
reset role;
drop owned by regress_booking_reader;
drop role regress_booking_reader;
