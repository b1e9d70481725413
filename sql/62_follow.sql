-- What is moved, made larger or kept longer by a plain UPDATE takes its claims along: no statement leaves a booking at a time
-- that it has not taken. Next: 63_cancel.sql.

create function booking.move_claims(tenant uuid, hold_id uuid, booking_id uuid, old_span tstzrange, new_span tstzrange)
returns void
language plpgsql
set search_path = pg_catalog, booking, pg_temp
as $$
#variable_conflict use_column
begin
    -- In seconds: a day more or less has another length for a session in whose zone a clock changes.
    update booking.claim c
    set span = tstzrange(
        lower(c.span) + make_interval(secs => extract(epoch from lower(new_span) - lower(old_span))::float8),
        upper(c.span) + make_interval(secs => extract(epoch from upper(new_span) - upper(old_span))::float8))
    where c.tenant_id = move_claims.tenant
        and (c.hold_id = move_claims.hold_id or c.booking_id = move_claims.booking_id);
end
$$;
comment on function booking.move_claims(uuid, uuid, uuid, tstzrange, tstzrange) is
    'Moves the claims of a hold or of a booking as far as it has moved, with their buffers. 23P01: in the way of another; 23503: '
    'seats of a class, which stay with their date.';

create function booking.tg_hold__follow()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if new.seats <> old.seats and exists (
        select
        from booking.claim c
        where c.tenant_id = new.tenant_id and c.hold_id = new.hold_id and c.sitting_id is not null)
    then
        raise exception 'a hold has the seats that it took' using errcode = 'BK005', hint = 'Hold as many as are wanted.';
    end if;
    if new.span <> old.span then
        perform booking.move_claims(new.tenant_id, new.hold_id, null, old.span, new.span);
    end if;
    return null;
end
$$;
comment on function booking.tg_hold__follow() is 'AFTER ROW: claims go where their hold goes. BK005: more or fewer seats of a class.';

create trigger _400_follow
after update of span, seats on booking.hold
for each row when (old.span <> new.span or old.seats <> new.seats)
execute function booking.tg_hold__follow();

create function booking.tg_booking__follow()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, booking, pg_temp
as $$
begin
    if new.seats <> old.seats and exists (
        select
        from booking.claim c
        where c.tenant_id = new.tenant_id and c.booking_id = new.booking_id and c.sitting_id is not null)
    then
        raise exception 'a booking has the seats that it took'
            using errcode = 'BK005', hint = 'Cancel it, and book as many as are wanted.';
    end if;
    if new.span <> old.span then
        perform booking.move_claims(new.tenant_id, null, new.booking_id, old.span, new.span);
    end if;
    if new.status = 'pending' then
        update booking.hold h
        set span = new.span, seats = new.seats, expires_at = coalesce(new.expires_at, h.expires_at)
        where h.tenant_id = new.tenant_id and h.booking_id = new.booking_id
            and (h.span <> new.span or h.seats <> new.seats or h.expires_at <> new.expires_at);
    end if;
    return null;
end
$$;
comment on function booking.tg_booking__follow() is
    'AFTER ROW: claims go where their booking goes, and a pending one keeps its slot for as long as it waits. 23P01: in the way '
    'of another; BK005, 23503: of a class.';

create trigger _400_follow
after update of span, seats, expires_at on booking.booking
for each row when (
    old.span <> new.span or old.seats <> new.seats or new.status = 'pending' and new.expires_at is distinct from old.expires_at)
execute function booking.tg_booking__follow();
