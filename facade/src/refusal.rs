//! What a refusal of the engine (`BKnnn`) is called in HTTP. A refusal is a result, not an error: it arrives as the columns
//! `code` and `detail` of a `try_` function, in a transaction that commits, so that the engine can record it.

use axum::http::StatusCode;
use serde_json::Value;
use tokio_postgres::Row;

use crate::problem::Problem;

const EXPLAINED_AT: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "#");

/// The refusal in a row of a `try_` function as a problem; no refusal, no problem.
pub fn check(row: &Row) -> Result<(), Problem> {
    match row.try_get::<_, Option<String>>("code")? {
        Some(code) => Err(problem(
            &code,
            row.try_get::<_, Option<Value>>("detail")?.as_ref(),
        )),
        None => Ok(()),
    }
}

/// The problem for one code. Of the detail only this is told: of one's own booking its status or until when the step was
/// possible, of a quota which one it is and when there is room again. Why a slot is gone is not for the public.
pub fn problem(code: &str, detail: Option<&Value>) -> Problem {
    let (status, title, text) = words(code);
    let retry_after = detail
        .and_then(|detail| detail.get("retry_after")?.as_f64())
        .map(|seconds| seconds.ceil().clamp(1.0, 86_400.0) as u32)
        .or((status == StatusCode::TOO_MANY_REQUESTS).then_some(60));
    Problem {
        kind: format!("{EXPLAINED_AT}{}", code.to_ascii_lowercase()).into(),
        title,
        hint: detail.and_then(|detail| hint(code, detail)),
        retry_after,
        ..Problem::new(status, text).with_code(code)
    }
}

fn hint(code: &str, detail: &Value) -> Option<Box<str>> {
    let said = |key| detail.get(key)?.as_str();
    let hint = match code {
        "BK005" => match (said("until"), said("ended_at"), said("status")) {
            (Some(until), _, _) => format!("It was possible until {until}."),
            (_, Some(ended), _) => format!("It ended at {ended}."),
            (_, _, Some(status)) => format!("It is {status}."),
            _ => return None,
        },
        "BK008" => format!("{} is {}.", said("quota")?, detail.get("most")?),
        _ => return None,
    };
    Some(hint.into())
}

fn words(code: &str) -> (StatusCode, &'static str, &'static str) {
    match code {
        "BK001" => (
            StatusCode::CONFLICT,
            "Slot taken",
            "the slot is booked or held by someone else",
        ),
        "BK002" => (
            StatusCode::GONE,
            "Hold gone",
            "the hold has expired, was released or is not this session's",
        ),
        "BK003" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Not offered",
            "the service does not offer this start and duration",
        ),
        "BK004" => (
            StatusCode::CONFLICT,
            "Limit reached",
            "a limit on bookings is used up",
        ),
        "BK005" => (
            StatusCode::CONFLICT,
            "Wrong state",
            "the booking is not in a state that allows this, or it is too late for it",
        ),
        "BK006" => (
            StatusCode::CONFLICT,
            "Key reused",
            "the idempotency key was used with another request",
        ),
        "BK007" => (
            StatusCode::FORBIDDEN,
            "Token not valid",
            "the token is unknown, has expired or was revoked",
        ),
        "BK008" => (
            StatusCode::TOO_MANY_REQUESTS,
            "Quota used up",
            "too many at once; please try again later",
        ),
        _ => (
            StatusCode::CONFLICT,
            "Refused",
            "the booking engine refused this",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_code_has_its_status() {
        let of = |code| problem(code, None).status.as_u16();
        let codes = [
            "BK001", "BK002", "BK003", "BK004", "BK005", "BK006", "BK007", "BK008", "BK999",
        ];
        assert_eq!(codes.map(of), [409, 410, 422, 409, 409, 409, 403, 429, 409]);
    }

    #[test]
    fn the_detail_of_the_engine_stays_in_the_house() {
        let shown = problem(
            "BK001",
            Some(&json!({"booking_id": "secret", "resource": "room"})),
        );
        assert_eq!(shown, problem("BK001", None));
        let reasons = json!({"status": "secret", "until": "then", "quota": "q", "most": 1});
        assert_eq!(problem("BK003", Some(&reasons)), problem("BK003", None));
        assert!(shown.kind.ends_with("/pg_booking#bk001"));
    }

    #[test]
    fn one_is_told_about_ones_own() {
        let hint = |code, detail| problem(code, Some(&detail)).hint.unwrap_or_default();
        let hints = [
            hint("BK005", json!({"status": "cancelled", "starts_at": "x"})),
            hint(
                "BK005",
                json!({"reason": "cancel_notice", "until": "2100-01-03T09:00:00+00:00"}),
            ),
            hint(
                "BK005",
                json!({"status": "confirmed", "ended_at": "2100-01-03T09:00:00+00:00"}),
            ),
            hint(
                "BK008",
                json!({"quota": "max_session_holds", "most": 10, "retry_after": 3}),
            ),
        ];
        assert_eq!(
            hints.map(String::from),
            [
                "It is cancelled.",
                "It was possible until 2100-01-03T09:00:00+00:00.",
                "It ended at 2100-01-03T09:00:00+00:00.",
                "max_session_holds is 10.",
            ]
        );
    }

    #[test]
    fn a_quota_says_when_to_come_back() {
        assert_eq!(problem("BK008", None).retry_after, Some(60));
        assert_eq!(
            problem("BK008", Some(&json!({"retry_after": 3.2}))).retry_after,
            Some(4)
        );
        assert_eq!(
            problem("BK008", Some(&json!({"retry_after": -1e300}))).retry_after,
            Some(1)
        );
        assert_eq!(problem("BK001", None).retry_after, None);
    }
}
