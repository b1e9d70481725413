-- The change feed, as it is read, by polling: a NOTIFY in booking transactions cut their rate to a fifth when measured.
-- Writers commit in another order than they write, so that no number or time tells where a reader stands. What does: every
-- transaction below the xmin of a snapshot is over, and what it wrote is visible or never will be. So a reader has had all
-- below the xmin of its last read, and remembers what it had of the rest. Next: 85_access.sql, who may see what.

-- Unlogged, so that it is empty after a crash, a promotion and a recovery to a point in time, and not dumped: each time ids
-- of transactions may be given out anew, and whoever resumes from before has to begin again.
create unlogged table booking.feed_epoch (
    only_one boolean not null default true,
    epoch uuid not null default gen_random_uuid(),
    constraint feed_epoch_pkey primary key (only_one),
    constraint feed_epoch_only_one check (only_one)
);
comment on table booking.feed_epoch is
    'One row, or none after a recovery, until somebody reads the feed: within an epoch an id of a transaction means one transaction.';
insert into booking.feed_epoch default values;

create table booking.feed_pruned (
    only_one boolean not null default true,
    writer xid8,
    constraint feed_pruned_pkey primary key (only_one),
    constraint feed_pruned_only_one check (only_one)
);
comment on table booking.feed_pruned is 'One row: the last writer whose changes were deleted; a reader that has not had it has to begin again.';
insert into booking.feed_pruned default values;

create function booking.current_epoch()
returns text
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    v_epoch text;
begin
    if pg_is_in_recovery() then
        -- A standby follows one history as long as it runs, and cannot read what is unlogged.
        v_epoch := pg_postmaster_start_time()::text;
    else
        select e.epoch into v_epoch from booking.feed_epoch e;
        if not found and current_setting('transaction_read_only') = 'off' then
            insert into booking.feed_epoch as e default values
            on conflict on constraint feed_epoch_pkey do update set only_one = true
            returning e.epoch into v_epoch;
        end if;
    end if;
    -- A database that was copied has the row, too.
    return md5(v_epoch || current_database());
end
$$;
comment on function booking.current_epoch() is
    'The epoch of the feed: another one after a restore, a crash, a promotion, on a standby after each start. Null where it is '
    'still to be chosen, which a transaction that only reads cannot do.';

create type booking.changed as (
    change_id bigint,
    at timestamptz,
    tenant_id uuid,
    kind text,
    resource_id uuid,
    service_id uuid,
    span tstzrange,
    hold_id uuid,
    booking_id uuid);
comment on type booking.changed is 'A change as booking.changes reports it; its columns are those of booking.change.';

create type booking.feed as (
    after text,
    seen bigint[],
    reset boolean,
    more boolean,
    changes booking.changed[]);
comment on type booking.feed is
    'What there is of news. after, seen: to be given to the next call; after by itself, as the id of an event, resumes with '
    'repetitions. reset: where it was to go on is not known any more, so read everything anew, and go on from here. more: ask '
    'again at once.';

create function booking.feed_position(after text, epoch text)
returns xid8
language sql
immutable
parallel safe
begin atomic
    -- Nineteen digits are below 2^64, whatever they are.
    select case
        when after ~ '^[0-9a-f]{32}-[0-9]{1,19}$' and split_part(after, '-', 1) = epoch then split_part(after, '-', 2)::xid8
    end;
end;
comment on function booking.feed_position(text, text) is 'The transaction in the id of an event of this epoch, else null.';

create function booking.changes_of(tenants uuid[], after text, seen bigint[], max int)
returns booking.feed
language plpgsql
set search_path = pg_catalog, booking, pg_temp
-- A generic plan would take any position for one in the first third of the table.
set plan_cache_mode = force_custom_plan
set jit = off
as $$
#variable_conflict use_column
declare
    v_epoch text := booking.current_epoch();
    v_from xid8 := booking.feed_position(changes_of.after, v_epoch);
    v_seen bigint[] := coalesce(changes_of.seen, '{}');
    v_next xid8;
    v_feed booking.feed;
begin
    if changes_of.max is null or changes_of.max not between 1 and 10000 then
        raise exception 'cannot read % changes at once', changes_of.max
            using errcode = '22023', hint = 'Give 1 to 10000.';
    end if;
    -- One statement, so one snapshot: of the rows, of what was deleted of them, and of who is still writing.
    with snapshot as materialized (
        select pg_snapshot_xmin(s) as xmin,
            v_from <= pg_snapshot_xmax(s) and (v_from > p.writer or p.writer is null) as known
        from pg_current_snapshot() s
        cross join booking.feed_pruned p),
    -- So many rows that there are max + 1 among them that were not sent, if there are so many at all.
    visible as materialized (
        select c.*
        from booking.change c
        where c.writer >= v_from and (changes_of.tenants is null or c.tenant_id = any (changes_of.tenants))
            and (select s.known from snapshot s)
        order by c.writer, c.change_id
        limit changes_of.max + 1 + cardinality(v_seen)),
    news as materialized (
        select v.*, row_number() over (order by v.writer, v.change_id) as place
        from visible v
        where v.change_id not in (select i from unnest(v_seen) i)),
    next as materialized (
        select least(
            -- A transaction with an older snapshot does not turn the reader back.
            case when s.known then greatest(s.xmin, v_from) else s.xmin end,
            (select n.writer from news n where n.place > changes_of.max order by n.place limit 1)) as writer
        from snapshot s)
    select s.known is not true, x.writer,
        exists (select from news n where n.place > changes_of.max),
        array(
            select (n.change_id, n.at, n.tenant_id, n.kind, n.resource_id, n.service_id, n.span, n.hold_id, n.booking_id)
                ::booking.changed
            from news n
            where n.place <= changes_of.max
            order by n.place),
        array(
            select v.change_id
            from visible v
            left join news n on n.change_id = v.change_id
            where v.writer >= x.writer and coalesce(n.place <= changes_of.max, true)
            union all
            -- Whoever begins here reads everything else after this.
            (
                select c.change_id
                from booking.change c
                where s.known is not true and c.writer >= s.xmin and (changes_of.tenants is null or c.tenant_id = any (changes_of.tenants))
                order by c.writer, c.change_id
                limit 10000
            )
            union all
            -- Beyond the rows that were looked at, if there are any.
            select i
            from unnest(v_seen) i
            where s.known and i not in (select v.change_id from visible v)
                and (select count(*) from visible) > changes_of.max + cardinality(v_seen))
    into v_feed.reset, v_next, v_feed.more, v_feed.changes, v_feed.seen
    from snapshot s
    cross join next x;
    v_feed.after := v_epoch || '-' || v_next;
    return v_feed;
end
$$;
comment on function booking.changes_of(uuid[], text, bigint[], int) is 'As booking.changes, of several tenants, or of all (null).';

create function booking.changes(
    tenant uuid default null,
    after text default null,
    seen bigint[] default null,
    max int default 1000)
returns booking.feed
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    return booking.changes_of(case when tenant is not null then array[tenant] end, after, seen, max);
end
$$;
comment on function booking.changes(uuid, text, bigint[], int) is
    'The changes of a tenant, or of all (null), that are visible and were not sent yet, at most max (1 to 10000, else 22023), in '
    'the order of their transactions. after and seen: what the last call returned; without after, and after a restore, a crash, '
    'a promotion, or more than a day, it is a reset: nothing but where to go on from, once everything was read anew. With after '
    'alone, as the Last-Event-ID of a stream, changes may come twice; none is ever left out, however late its '
    'transaction commits. For readers that see all tenants, such as a server with live views: it shows what it was granted to.';

create function booking.prune_changes(batch int)
returns bigint
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
set lock_timeout = '3s'
as $$
declare
    v_gone bigint;
begin
    -- Readers remember what they had of the transactions above the oldest that runs; they are to find it again.
    with gone as materialized (
        select c.writer, c.change_id, c.tenant_id
        from booking.change c
        where c.writer < pg_snapshot_xmin(pg_current_snapshot()) and c.at < clock_timestamp() - interval '1 day'
        order by c.writer, c.change_id
        limit booking.check_batch(batch)
        for update skip locked),
    deleted as (
        delete from booking.change c
        using gone g
        where (c.writer, c.change_id, c.tenant_id) = (g.writer, g.change_id, g.tenant_id)
        returning c.writer),
    last as (
        update booking.feed_pruned p
        set writer = greatest(p.writer, (select d.writer from deleted d order by d.writer desc limit 1))
        where exists (select from deleted))
    select count(*) into v_gone from deleted;
    return v_gone;
end
$$;
comment on function booking.prune_changes(int) is
    'Deletes at most a batch of changes that are older than a day and of transactions before any that still runs; returns how '
    'many. 22023: not a batch.';
