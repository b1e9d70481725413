-- Opening hours as people write them: 'Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00; We off', days and times as in the
-- opening_hours notation of OpenStreetMap. Windows add up; off takes away what was said of its days before.
-- Next: 71_put_hours.sql.

create type booking.hours as (weekday smallint, opens time, closes time);
comment on type booking.hours is 'A weekly window: ISO weekday, wall clock from and to.';

create function booking.parse_hours(hours text)
returns setof booking.hours
language plpgsql
immutable
set search_path = pg_catalog, booking, pg_temp
as $$
declare
    c_days constant text[] := array['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'];
    v_windows booking.hours[] := '{}';
    v_weekdays int[];
    v_part text;
    v_match text[];
    v_days text;
    v_window text;
    v_opens time;
    v_closes time;
    v_first int;
    v_last int;
begin
    if lower(btrim(hours)) = '24/7' then
        return query select d::smallint, time '00:00', time '24:00' from generate_series(1, 7) d;
        return;
    end if;
    for v_part in select btrim(p) from regexp_split_to_table(lower(hours), ';') p where btrim(p) <> '' loop
        v_match := regexp_match(v_part,
            '^((?:mo|tu|we|th|fr|sa|su)(?:\s*[-,]\s*(?:mo|tu|we|th|fr|sa|su))*)\s+(off|closed|\d\d?:\d\d\s*-\s*\d\d?:\d\d(?:\s*,\s*\d\d?:\d\d\s*-\s*\d\d?:\d\d)*)$');
        if v_match is null then
            raise exception 'invalid opening hours: "%"', v_part
                using errcode = '22023', hint = 'Write them like Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00.';
        end if;
        v_weekdays := '{}';
        foreach v_days in array regexp_split_to_array(v_match[1], '\s*,\s*') loop
            v_first := array_position(c_days, left(v_days, 2));
            v_last := array_position(c_days, right(v_days, 2));
            -- Sa-Mo goes over the week's end.
            v_weekdays := v_weekdays || array(
                select 1 + (v_first - 1 + d) % 7 from generate_series(0, (v_last - v_first + 7) % 7) d);
        end loop;
        if v_match[2] in ('off', 'closed') then
            v_windows := array(select w from unnest(v_windows) w where w.weekday <> all (v_weekdays));
            continue;
        end if;
        foreach v_window in array regexp_split_to_array(v_match[2], '\s*,\s*') loop
            begin
                v_opens := btrim(split_part(v_window, '-', 1))::time;
                v_closes := btrim(split_part(v_window, '-', 2))::time;
            exception when datetime_field_overflow then
                raise exception 'invalid time in opening hours: "%"', v_window using errcode = '22008';
            end;
            if v_closes <= v_opens then
                raise exception 'opening hours end before they start: "%"', v_window
                    using errcode = '22023', hint = 'Hours across midnight are two windows: 22:00-24:00 and, on the next day, 00:00-02:00.';
            end if;
            v_windows := v_windows || array(select (d, v_opens, v_closes)::booking.hours from unnest(v_weekdays) d);
        end loop;
    end loop;
    return query select distinct w.weekday, w.opens, w.closes from unnest(v_windows) w;
end
$$;
comment on function booking.parse_hours(text) is
    'The weekly windows of a text such as ''Mo-Fr 09:00-12:00,13:00-18:00; Sa off'', or ''24/7''. 22023, 22008: not such a text.';
