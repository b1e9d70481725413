-- A past of bench.history bookings: back to back, of the first two hundred resources, without end to the past. The claims
-- that are left of it are those of the last thirty days, as prune leaves them.
-- Three sessions load it: bookings.sql, assigned.sql, peer.sql.

create view bench.past as
select t.tenant_id, t.today, ('f' || lpad(to_hex(n * 10000000 + k), 31, '0'))::uuid as booking_id,
    lpad(to_hex(n), 32, '0')::uuid as resource_id, t.today - k * interval '75 minutes' as at
from bench.tenant t
cross join generate_series(1, 200) n
cross join generate_series(1, current_setting('bench.history')::int / 200) k;
