-- What the benches run on: two hundred resources in one zone, open Mo-Fr 09:00-17:00 with a break, some sixty days of
-- bookings, a fifth of all hours taken; services of 1, 50 and 200 of them; and the same as plain multiranges for the peer.

create schema peer;

insert into booking.tenant (slug, name, zone) values ('bench', 'Bench', 'Europe/Berlin');

insert into booking.schedule (tenant_id, name, zone)
select tenant_id, 'week', zone from booking.tenant;

insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
select s.tenant_id, s.schedule_id, d, w.opens, w.closes
from booking.schedule s
cross join generate_series(1, 5) d
cross join (values (time '09:00', time '12:00'), ('13:00', '17:00')) w (opens, closes);

insert into booking.resource (tenant_id, slug, name, schedule_id)
select s.tenant_id, 'r' || n, 'R' || n, s.schedule_id
from booking.schedule s
cross join generate_series(1, 200) n;

select booking.put_service(tenant_id, 'of-' || n, 'Of ' || n, array[60],
    (array_agg(resource_id order by resource_id))[:n], buffer_after => 15, step => 15)
from booking.resource
cross join unnest(array[1, 50, 200]) n
group by tenant_id, n;

select setseed(0.5);

insert into booking.busy_window (tenant_id, resource_id, span)
select r.tenant_id, r.resource_id, tstzrange(t, t + interval '1 hour')
from booking.resource r
cross join generate_series(date_trunc('day', now()), now() + interval '60 days', interval '1 hour') t
where random() < 0.2;

select booking.recompute(tenant_id) from booking.tenant;

-- The peer has the same facts as rows, as one would keep them without the extension, with the indexes that it likes.
create table peer.open as
select r.resource_id, o.span
from booking.resource r
cross join lateral unnest(booking.open_spans(
    r.tenant_id, r.schedule_id, date_trunc('day', now()), now() + interval '60 days')) o (span);
create index on peer.open using gist (resource_id, span);

create table peer.busy as select resource_id, span from booking.busy_window;
create index on peer.busy using gist (resource_id, span);

-- Starts every quarter of an hour from the start of each run of what at least one member has open.
create function peer.starts(members uuid[], from_ts timestamptz, to_ts timestamptz)
returns setof timestamptz
language sql
stable
as $$
    with member as materialized (
        select u.resource_id,
            (select range_agg(o.span) from peer.open o
                where o.resource_id = u.resource_id and o.span && tstzrange(from_ts, to_ts + interval '1 hour')) as open,
            (select range_agg(b.span) from peer.busy b
                where b.resource_id = u.resource_id and b.span && tstzrange(from_ts, to_ts + interval '2 hours')) as busy
        from unnest(members) u (resource_id)),
    run as (
        select run
        from (select range_agg(o) as open from member m, unnest(m.open) o) a, unnest(a.open) run)
    select t
    from run, generate_series(lower(run), upper(run) - interval '1 hour', interval '15 minutes') t
    where t >= from_ts and t < to_ts
        and exists (
            select
            from member m
            where m.open @> tstzrange(t, t + interval '1 hour') and not m.busy && tstzrange(t, t + interval '75 minutes'))
$$;

analyze;
