-- A peer of the slot queries without multiranges beyond the grid: each start and member looked up in the indexes.
with grid as materialized (
    select t
    from (
        select unnest(range_agg(o.span)) as span
        from peer.open o
        where o.resource_id = any ($1::uuid[]) and o.span && tstzrange($2::timestamptz, $3::timestamptz + interval '1 hour')) run
    cross join lateral generate_series(lower(run.span), upper(run.span) - interval '1 hour', interval '15 minutes') t
    where t >= $2 and t < $3)
select t, t + interval '1 hour', count(*)::int
from grid
cross join unnest($1) u (resource_id)
where exists (
        select
        from peer.open o
        where o.resource_id = u.resource_id and o.span @> tstzrange(t, t + interval '1 hour'))
    and not exists (
        select
        from peer.busy b
        where b.resource_id = u.resource_id and b.span && tstzrange(t, t + interval '75 minutes'))
group by t
order by t
