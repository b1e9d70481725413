-- Three tenants that look like life, with bookings around today: psql -f sql/demo.sql, once, into a database that has
-- the extension. Not part of the extension.

begin;

insert into booking.tenant (slug, name, zone)
values
    ('praxis-berlin', 'Physiotherapie am Landwehrkanal', 'Europe/Berlin'),
    ('studio-ny', 'Gowanus Rehearsal Rooms', 'America/New_York'),
    ('clinic-kathmandu', 'Patan Family Clinic', 'Asia/Kathmandu');

insert into booking.location (tenant_id, slug, name)
select t.tenant_id, l.slug, l.name
from (
    values
        ('praxis-berlin', 'ufer', 'Maybachufer 12, Berlin'),
        ('studio-ny', 'gowanus', '3rd Avenue, Brooklyn'),
        ('clinic-kathmandu', 'patan', 'Mangal Bazaar, Patan')) l (tenant, slug, name)
join booking.tenant t on t.slug = l.tenant;

insert into booking.resource (tenant_id, slug, name, zone, location_id)
select t.tenant_id, r.slug, r.name, t.zone, l.location_id
from (
    values
        ('praxis-berlin', 'anna', 'Anna Lehmann'),
        ('praxis-berlin', 'bilal', 'Bilal Yildiz'),
        ('praxis-berlin', 'clara', 'Clara Nowak'),
        ('studio-ny', 'room-a', 'Room A'),
        ('studio-ny', 'room-b', 'Room B'),
        ('clinic-kathmandu', 'shrestha', 'Dr. Shrestha'),
        ('clinic-kathmandu', 'gurung', 'Dr. Gurung')) r (tenant, slug, name)
join booking.tenant t on t.slug = r.tenant
join booking.location l using (tenant_id);

select booking.put_hours(r.tenant_id, r.resource_id, h.hours)
from (
    values
        ('anna', 'Mo-Th 08:00-12:00,13:00-17:00; Fr 08:00-13:00'),
        ('bilal', 'Mo,We,Fr 10:00-14:00,15:00-20:00; Sa 09:00-13:00'),
        ('clara', 'Tu,Th 07:00-15:00; Fr 12:00-18:00'),
        ('room-a', 'Mo-Su 10:00-24:00'),
        ('room-b', 'Mo-Th 14:00-24:00; Fr-Su 10:00-24:00'),
        ('shrestha', 'Su-Fr 09:00-13:00,14:00-17:00'),
        ('gurung', 'Su-Th 10:15-16:45')) h (slug, hours)
join booking.resource r using (slug);

-- A buffer of 15 minutes makes a session of 45 an hour.
select booking.put_service(
    t.tenant_id, s.slug, s.name, s.durations,
    array(select r.resource_id from booking.resource r where r.tenant_id = t.tenant_id order by r.slug),
    buffer_before => s.buffer_before, buffer_after => s.buffer_after, step => s.step,
    min_notice => s.min_notice, horizon => s.horizon)
from (
    values
        ('praxis-berlin', 'physio', 'Physiotherapie', array[45], 0, 15, 15, interval '2 hours', interval '60 days'),
        ('studio-ny', 'rehearsal', 'Rehearsal', array[60, 120, 300], 0, 0, 60, interval '30 minutes', interval '90 days'),
        ('clinic-kathmandu', 'consultation', 'Consultation', array[15, 30], 0, 0, 15, interval '1 hour', interval '30 days'))
    s (tenant, slug, name, durations, buffer_before, buffer_after, step, min_notice, horizon)
join booking.tenant t on t.slug = s.tenant;

-- Holidays close the whole house: one set a tenant, which all its schedules keep.
insert into booking.holiday_set (tenant_id, slug, name)
select t.tenant_id, h.slug, h.name
from (
    values
        ('praxis-berlin', 'berlin', 'Feiertage in Berlin'),
        ('studio-ny', 'us', 'Holidays in the United States'),
        ('clinic-kathmandu', 'nepal', 'Holidays in Nepal')) h (tenant, slug, name)
join booking.tenant t on t.slug = h.tenant;

insert into booking.holiday (tenant_id, holiday_set_id, dates, name)
select h.tenant_id, h.holiday_set_id, daterange(d.day, d.day + d.days), d.name
from (
    select d.tenant, d.name, d.days,
        -- The next one from two weeks ago on: always one in sight, whatever the season.
        (d.first + make_interval(years => y.years))::date as day
    from (
        values
            ('praxis-berlin', date '2000-01-01', 1, 'Neujahr'),
            ('praxis-berlin', date '2000-05-01', 1, 'Tag der Arbeit'),
            ('praxis-berlin', date '2000-10-03', 1, 'Tag der Deutschen Einheit'),
            ('praxis-berlin', date '2000-12-24', 3, 'Weihnachten'),
            ('studio-ny', date '2000-01-01', 1, 'New Year''s Day'),
            ('studio-ny', date '2000-07-04', 1, 'Independence Day'),
            ('studio-ny', date '2000-12-25', 1, 'Christmas Day'),
            ('clinic-kathmandu', date '2000-02-19', 1, 'Prajatantra Diwas'),
            ('clinic-kathmandu', date '2000-09-19', 1, 'Sambidhan Diwas')) d (tenant, first, days, name)
    cross join generate_series(20, 60) y (years)) d
join booking.tenant t on t.slug = d.tenant
join booking.holiday_set h using (tenant_id)
where d.day between current_date - 14 and current_date + 365;

update booking.schedule s
set holiday_set_id = h.holiday_set_id
from booking.holiday_set h
where h.tenant_id = s.tenant_id;

-- A long evening for Clara, a week away for Anna.
insert into booking.schedule_override (tenant_id, schedule_id, dates, opens, closes, reason)
select r.tenant_id, r.schedule_id, daterange(current_date + 6, current_date + 7), '12:00', '22:00', 'Lange Nacht'
from booking.resource r
where r.slug = 'clara';

insert into booking.busy_window (tenant_id, resource_id, span, reason)
select r.tenant_id, r.resource_id,
    tstzrange(timezone(r.zone, current_date + 20 + time '00:00'), timezone(r.zone, current_date + 27 + time '00:00')), 'Urlaub'
from booking.resource r
where r.slug = 'anna';

-- A few hundred bookings, from two weeks ago to three weeks ahead: about a third of what was free, always the same third.
do $$
declare
    v_customers constant text[] := array['Mira', 'Jonas', 'Aylin', 'Sofia', 'Noah', 'Maya', 'Luca', 'Tara', 'Binod', 'Ella'];
    v_service record;
    v_slot record;
    v_customer text;
    v_booking uuid;
begin
    for v_service in
        select s.tenant_id, s.service_id, s.durations[1 + d.day % cardinality(s.durations)] as minutes,
            date_trunc('day', now()) + make_interval(days => d.day - 14) as day, d.day as number
        from booking.service s
        cross join generate_series(0, 34) d (day)
        order by s.slug, d.day
    loop
        for v_slot in
            select s.starts_at, s.ends_at, s.resource_id, row_number() over (order by s.starts_at, r.slug) as number
            from booking.available_slots(
                v_service.tenant_id, v_service.service_id, v_service.day, v_service.day + interval '1 day',
                duration => make_interval(mins => v_service.minutes), each_resource => true,
                step => make_interval(mins => v_service.minutes), as_of => v_service.day - interval '20 days') s
            join booking.resource r on r.tenant_id = v_service.tenant_id and r.resource_id = s.resource_id
        loop
            continue when (v_slot.number * 7 + v_service.number * 3) % 10 > 3;
            v_customer := v_customers[1 + (v_slot.number + v_service.number) % 10];
            with new_booking as (
                insert into booking.booking (tenant_id, service_id, span, status, customer, customer_key)
                values (
                    v_service.tenant_id, v_service.service_id, tstzrange(v_slot.starts_at, v_slot.ends_at),
                    case when v_slot.ends_at < now() then 'completed' else 'confirmed' end,
                    jsonb_build_object('name', v_customer, 'email', lower(v_customer) || '@example.org'),
                    lower(v_customer) || '@example.org')
                returning booking_id)
            select n.booking_id into v_booking from new_booking n;
            insert into booking.claim (tenant_id, resource_id, span, booking_id)
            select v_service.tenant_id, v_slot.resource_id,
                tstzrange(
                    v_slot.starts_at - make_interval(mins => s.buffer_before),
                    v_slot.ends_at + make_interval(mins => s.buffer_after)),
                v_booking
            from booking.service s
            where s.tenant_id = v_service.tenant_id and s.service_id = v_service.service_id
            on conflict do nothing;
            if not found then
                delete from booking.booking b where b.tenant_id = v_service.tenant_id and b.booking_id = v_booking;
                continue;
            end if;
            insert into booking.booking_resource (tenant_id, booking_id, resource_id, unit, requirement_id)
            select m.tenant_id, v_booking, m.resource_id, 1, m.requirement_id
            from booking.requirement_resource m
            where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id
                and m.resource_id = v_slot.resource_id;
            update booking.requirement_resource m
            set booked = m.booked + 1
            where m.tenant_id = v_service.tenant_id and m.service_id = v_service.service_id
                and m.resource_id = v_slot.resource_id;
        end loop;
    end loop;
end
$$;

commit;
