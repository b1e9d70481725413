-- A peer of the slot queries, the fastest that was found for one resource: one multirange a member, of the starts that
-- fit, and each start of the grid looked up in it.
with member as materialized (
    select u.resource_id,
        (
            select range_agg(o.span)
            from peer.open o
            where o.resource_id = u.resource_id and o.span && tstzrange($2::timestamptz, $3::timestamptz + interval '1 hour')
        ) as open,
        (
            select coalesce(range_agg(tstzrange(lower(b.span) - interval '75 minutes', upper(b.span), '()')), '{}')
            from peer.busy b
            where b.resource_id = u.resource_id and b.span && tstzrange($2, $3 + interval '75 minutes')
        ) as busy
    from unnest($1::uuid[]) u (resource_id)),
free as materialized (
    select (
            select range_agg(tstzrange(lower(o), upper(o) - interval '1 hour', '[]'))
            from unnest(open) o
            where upper(o) - lower(o) >= interval '1 hour') - busy as starts
    from member),
grid as (
    select t
    from (select unnest(range_agg(o)) as span from member m, unnest(m.open) o) run
    cross join lateral generate_series(lower(run.span), upper(run.span) - interval '1 hour', interval '15 minutes') t
    where t >= $2 and t < $3)
select t, t + interval '1 hour', count(*)::int
from grid
join free f on f.starts @> t
group by t
order by t
