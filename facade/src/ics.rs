//! A booking as a file for calendars (RFC 5545).

use chrono::NaiveDate;
use icalendar::{Calendar, Component, Event, EventLike, EventStatus, Property};
use uuid::Uuid;

use crate::instant::Instant;

/// What a calendar is told of a booking.
pub struct Entry {
    /// The same for ever, whatever becomes of it.
    pub booking_id: Uuid,
    /// Grows with every change, so that a calendar knows the later of two.
    pub sequence: i32,
    /// As the engine calls it.
    pub status: String,
    /// Its time.
    pub when: When,
    /// The name of the service.
    pub service: String,
    /// Names of who or what was assigned.
    pub resources: Vec<String>,
    /// The name of the location.
    pub location: Option<String>,
}

/// The time of a booking.
pub enum When {
    /// From an instant to another. In UTC: so nobody needs to know our zone.
    Hours(Instant, Instant),
    /// Whole days, from the date of arrival to that of departure, whose night it is not.
    Nights(NaiveDate, NaiveDate),
}

impl Entry {
    /// The file.
    pub fn write(&self) -> String {
        let mut event = Event::with_uid(&self.booking_id.to_string());
        event
            .sequence(self.sequence.unsigned_abs())
            .status(match self.status.as_str() {
                "pending" => EventStatus::Tentative,
                "confirmed" | "completed" | "no_show" => EventStatus::Confirmed,
                _ => EventStatus::Cancelled,
            })
            .summary(&plain(&self.service));
        match self.when {
            When::Hours(Instant(from), Instant(to)) => event.starts(from).ends(to),
            When::Nights(arrival, departure) => event.starts(arrival).ends(departure),
        };
        if let Some(location) = &self.location {
            event.location(&plain(location));
        }
        if !self.resources.is_empty() {
            event.description(&plain(&self.resources.join("\n")));
        }
        let mut calendar = Calendar::empty();
        for (name, value) in [
            ("VERSION", "2.0"),
            ("PRODID", "-//pg_booking//booking-facade//EN"),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", "PUBLISH"),
        ] {
            calendar.append_property(Property::new(name, value));
        }
        calendar.push(event.done());
        folded(&calendar.to_string())
    }
}

/// A text may have lines. Anything else that is no character, a lone carriage return above all, would end a line of the file.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace(|c: char| c.is_control() && c != '\n', "")
}

/// Lines of at most 75 octets, continued by a space: the library makes some of 76.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 64);
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > 75 {
                folded.push_str("\r\n ");
                octets = 1;
            }
            folded.push(c);
            octets += c.len_utf8();
        }
        folded.push_str("\r\n");
    }
    folded
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use icalendar::{CalendarDateTime, DatePerhapsTime};

    use super::*;

    fn entry(service: &str) -> Entry {
        let at =
            |hour: i64| Instant(DateTime::from_timestamp(1_768_435_200 + hour * 3600, 0).unwrap());
        Entry {
            booking_id: Uuid::from_u128(7),
            sequence: 3,
            status: "confirmed".into(),
            when: When::Hours(at(9), at(10)),
            service: service.into(),
            resources: vec!["The chair".into(), "The mirror".into()],
            location: Some("Main street 1, top floor; ring twice".into()),
        }
    }

    fn event(text: &str) -> Event {
        let calendar: Calendar = text.parse().unwrap();
        assert_eq!(calendar.property_value("METHOD"), Some("PUBLISH"));
        assert_eq!(calendar.property_value("VERSION"), Some("2.0"));
        let mut events = calendar.events();
        let event = events.next().unwrap().clone();
        assert!(events.next().is_none());
        event
    }

    #[test]
    fn what_is_written_is_read() {
        let text = entry("Haircut").write();
        let event = event(&text);
        assert_eq!(
            event.get_uid(),
            Some("00000000-0000-0000-0000-000000000007")
        );
        assert_eq!(event.get_sequence(), Some(3));
        assert_eq!(event.get_summary(), Some("Haircut"));
        assert_eq!(
            event.get_location(),
            Some("Main street 1, top floor; ring twice")
        );
        assert_eq!(event.get_description(), Some("The chair\nThe mirror"));
        assert!(event.get_timestamp().is_some());
        let start: DateTime<Utc> = "2026-01-15T09:00:00Z".parse().unwrap();
        assert_eq!(
            event.get_start(),
            Some(DatePerhapsTime::DateTime(CalendarDateTime::Utc(start)))
        );
        for line in [
            "DTSTART:20260115T090000Z\r\n",
            "DTEND:20260115T100000Z\r\n",
            "LOCATION:Main street 1\\, top floor\\; ring twice\r\n",
            "DESCRIPTION:The chair\\nThe mirror\r\n",
            "STATUS:CONFIRMED\r\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn a_stay_is_of_days_and_the_last_is_the_departure() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let text = Entry {
            when: When::Nights(day(27), day(30)),
            ..entry("Room")
        }
        .write();
        assert!(text.contains("DTSTART;VALUE=DATE:20260327\r\n"), "{text}");
        assert!(text.contains("DTEND;VALUE=DATE:20260330\r\n"), "{text}");
        assert_eq!(event(&text).get_end(), Some(DatePerhapsTime::Date(day(30))));
    }

    #[test]
    fn every_status_is_one_of_three() {
        for (status, said) in [
            ("pending", EventStatus::Tentative),
            ("confirmed", EventStatus::Confirmed),
            ("completed", EventStatus::Confirmed),
            ("no_show", EventStatus::Confirmed),
            ("cancelled", EventStatus::Cancelled),
            ("declined", EventStatus::Cancelled),
            ("expired", EventStatus::Cancelled),
        ] {
            let text = Entry {
                status: status.into(),
                ..entry("Haircut")
            }
            .write();
            assert_eq!(event(&text).get_status(), Some(said), "{status}");
        }
    }

    #[test]
    fn names_of_any_length_and_kind_come_back_and_no_line_is_too_long() {
        let mut names: Vec<String> = (1..300).map(|n| "x".repeat(n)).collect();
        names.extend((1..100).map(|n| format!("{}, {}; \\ ", "老虎".repeat(n), "🐯".repeat(n))));
        names.push("a\nb\\nc\\, d: \"e\"".into());
        for name in names {
            let text = entry(&name).write();
            for line in text.split_terminator("\r\n") {
                assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line}");
            }
            assert_eq!(event(&text).get_summary(), Some(&*name));
        }
    }

    #[test]
    fn no_name_ends_a_line_or_begins_another_entry() {
        let text = entry("a\r\nEND:VEVENT\rBEGIN:VEVENT\u{0}\u{85}\u{7f}b").write();
        assert_eq!(
            event(&text).get_summary(),
            Some("a\nEND:VEVENT\nBEGIN:VEVENTb")
        );
        assert_eq!(text.matches("\r\nBEGIN:VEVENT").count(), 1);
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    }
}
