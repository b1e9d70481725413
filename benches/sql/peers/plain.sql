-- A peer of the slot queries, what one writes first: two multiranges a member, and each quarter of an hour of the whole
-- range tried with each member. Same answers, as long as every start of the grid is on a quarter of an hour.
with member as materialized (
    select u.resource_id,
        (
            select range_agg(o.span)
            from peer.open o
            where o.resource_id = u.resource_id and o.span && tstzrange($2::timestamptz, $3::timestamptz + interval '1 hour')
        ) as open,
        (
            select coalesce(range_agg(b.span), '{}')
            from peer.busy b
            where b.resource_id = u.resource_id and b.span && tstzrange($2, $3 + interval '75 minutes')
        ) as busy
    from unnest($1::uuid[]) u (resource_id))
select t, t + interval '1 hour', count(*)::int
from generate_series($2, $3 - interval '15 minutes', interval '15 minutes') t
join member m on m.open @> tstzrange(t, t + interval '1 hour') and not m.busy && tstzrange(t, t + interval '75 minutes')
group by t
order by t
