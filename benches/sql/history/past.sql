-- A past of bench.history bookings: back to back, of the first two hundred resources, in the order of time, in which the
-- indexes grow at their ends. The claims that are left of it are those of the last thirty days, as prune leaves them.
-- Three sessions load it: bookings.sql, assigned.sql, peer.sql.

create view bench.past as
select t.tenant_id, t.today, ('f' || lpad(to_hex(i), 31, '0'))::uuid as booking_id,
    lpad(to_hex(1 + i % 200), 32, '0')::uuid as resource_id, t.today - (1 + (n.rows - i) / 200) * interval '75 minutes' as at
from bench.tenant t
cross join (select current_setting('bench.history')::int as rows) n
cross join lateral generate_series(1, n.rows) i;
