//! Points in time in RFC 3339, as the only form that is read and written, and dates.

use std::error::Error;
use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use utoipa::ToSchema;

/// A `timestamptz`. chrono's own `Deserialize` takes more forms than RFC 3339; this one does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2026-01-15T09:00:00Z"))]
pub struct Instant(pub DateTime<Utc>);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Rfc3339)
    }
}

struct Rfc3339;

impl Visitor<'_> for Rfc3339 {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in RFC 3339, such as 2026-01-15T09:00:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(Instant(time.to_utc())),
            // In a query an unescaped `+01:00` arrives as ` 01:00`.
            Err(_) if text.contains(' ') => Err(E::custom(
                "a time in RFC 3339 is wanted, such as 2026-01-15T09:00:00Z; a `+` in a URL is written %2B",
            )),
            Err(_) => Err(E::custom(
                "a time in RFC 3339 is wanted, such as 2026-01-15T09:00:00Z",
            )),
        }
    }
}

/// A date, for `deserialize_with`: chrono's own words do not say how one is written.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    deserializer.deserialize_str(Date)
}

struct Date;

impl Visitor<'_> for Date {
    type Value = NaiveDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date as YYYY-MM-DD, such as 2026-01-15")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<NaiveDate, E> {
        text.parse()
            .map_err(|_| E::custom("a date as YYYY-MM-DD is wanted, such as 2026-01-15"))
    }
}

impl ToSql for Instant {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <DateTime<Utc> as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Instant {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        DateTime::<Utc>::from_sql(ty, raw).map(Instant)
    }

    fn accepts(ty: &Type) -> bool {
        <DateTime<Utc> as FromSql>::accepts(ty)
    }
}

/// An [`Instant`] as it reads on a wall: with the offset of its zone, in seconds east of UTC, if one was asked for. Which zone
/// has which offset when is PostgreSQL's to say.
#[derive(Clone, Copy, Debug)]
pub struct Zoned {
    /// When.
    pub at: Instant,
    /// Where.
    pub offset: Option<i32>,
}

impl Serialize for Zoned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.offset.and_then(FixedOffset::east_opt) {
            Some(offset) => {
                let local = self.at.0.with_timezone(&offset);
                serializer.serialize_str(&local.to_rfc3339_opts(SecondsFormat::AutoSi, false))
            }
            None => self.at.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Instant, serde_json::Error> {
        serde_json::from_value(text.into())
    }

    fn roundtrip(text: &str) -> String {
        serde_json::to_value(parse(text).unwrap())
            .unwrap()
            .as_str()
            .unwrap()
            .into()
    }

    #[test]
    fn an_offset_is_read_and_utc_is_written() {
        assert_eq!(
            roundtrip("2026-01-15T09:00:00+05:45"),
            "2026-01-15T03:15:00Z"
        );
        assert_eq!(
            roundtrip("2026-01-15T09:00:00.5Z"),
            "2026-01-15T09:00:00.500Z"
        );
    }

    #[test]
    fn a_zone_is_written_as_its_offset() {
        let at = parse("2026-01-15T09:00:00Z").unwrap();
        let of = |offset| serde_json::to_value(Zoned { at, offset }).unwrap();
        assert_eq!(of(Some(3600)), "2026-01-15T10:00:00+01:00");
        assert_eq!(of(Some(-12_600)), "2026-01-15T05:30:00-03:30");
        assert_eq!(of(Some(0)), "2026-01-15T09:00:00+00:00");
        assert_eq!(of(None), "2026-01-15T09:00:00Z");
    }

    #[test]
    fn anything_but_rfc_3339_is_refused_in_words_that_help() {
        for wrong in [
            "",
            "tomorrow",
            "2026-01-15",
            "2026-01-15T09:00:00",
            "infinity",
            "300000-01-01T00:00:00Z",
            "1768467600",
        ] {
            assert!(
                parse(wrong).unwrap_err().to_string().contains("RFC 3339"),
                "{wrong}"
            );
        }
        assert!(
            parse("2026-01-15T09:00:00 01:00")
                .unwrap_err()
                .to_string()
                .contains("%2B")
        );
        assert!(
            serde_json::from_str::<Instant>("1768467600")
                .unwrap_err()
                .to_string()
                .contains("RFC 3339")
        );
    }

    #[test]
    fn the_ends_of_the_calendar_reach_sql_without_a_panic() {
        for text in [
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "2026-06-30T23:59:60Z",
        ] {
            let mut out = BytesMut::new();
            assert!(
                parse(text)
                    .unwrap()
                    .to_sql(&Type::TIMESTAMPTZ, &mut out)
                    .is_ok(),
                "{text}"
            );
            assert!(
                Instant::from_sql(&Type::TIMESTAMPTZ, &out).is_ok(),
                "{text}"
            );
        }
        for infinity in [i64::MAX, i64::MIN] {
            assert!(Instant::from_sql(&Type::TIMESTAMPTZ, &infinity.to_be_bytes()).is_err());
        }
    }
}
