-- The peer of the slot queries, the fastest that was found for pools: of each member ($1) the starts that fit, as a
-- multirange; then all their bounds and the starts of the grid in one order, and a running count of who is free.
with open as materialized (
    select resource_id, span
    from peer.open
    where resource_id = any ($1::uuid[]) and span && tstzrange($2::timestamptz, $3::timestamptz + interval '1 hour')),
opened as (
    select resource_id, range_agg(tstzrange(lower(span), upper(span) - interval '1 hour', '[]')) as starts
    from open
    where upper(span) - lower(span) >= interval '1 hour'
    group by resource_id),
busy as (
    select resource_id, range_agg(tstzrange(lower(span) - interval '75 minutes', upper(span), '()')) as starts
    from peer.busy
    where resource_id = any ($1) and span && tstzrange($2, $3 + interval '75 minutes')
    group by resource_id),
free as materialized (
    select unnest(o.starts - coalesce(b.starts, '{}')) as span
    from opened o
    left join busy b using (resource_id)),
grid as (
    select t
    from (select unnest(range_agg(span)) as span from open) run
    cross join lateral generate_series(lower(run.span), upper(run.span) - interval '1 hour', interval '15 minutes') t
    where t >= $2 and t < $3),
-- At one instant: who is gone by then, who begins, the start itself, who ends with it, who begins right after it.
event as (
    select lower(span) as at, case when lower_inc(span) then 1 else 4 end as turn, 1 as free from free
    union all
    select upper(span), case when upper_inc(span) then 3 else 0 end, -1 from free
    union all
    select t, 2, 0 from grid),
counted as (
    select at, turn, sum(free) over (order by at, turn) as free
    from event)
select at, at + interval '1 hour', free::int
from counted
where turn = 2 and free > 0
order by at
