//! What an error of PostgreSQL is called in HTTP. What the engine refuses is in [`crate::refusal`]; what is raised is here.
//! Messages of classes 22 and 54 are written for callers and reach them; XX, 42 and everything unexpected reach the log only, as
//! does what the database lacks, which is 503 until it is given.

use std::error::Error;

use axum::http::StatusCode;
use tokio_postgres::error::DbError;
use tracing::{error, info, warn};

use crate::problem::Problem;
use crate::refusal;

/// Seconds after which a lock or a lost race is worth another try.
const SOON: u32 = 1;
/// Seconds after which a database that is away is worth another try.
const LATER: u32 = 5;

impl From<tokio_postgres::Error> for Problem {
    /// An error of the driver: the server said something, or it is not there, or we did not understand it.
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(raised) => raised_problem(raised),
            None if error.is_closed() || is_transport(&error) => away(&error),
            None => {
                error!(%error, "a result of SQL was not understood");
                Problem::internal()
            }
        }
    }
}

/// There is no connection to be had.
pub fn away(reason: &dyn Error) -> Problem {
    warn!(reason = chain(reason), "the database is away");
    Problem::unavailable(LATER)
}

/// The connection was lost after a write was sent, and before its answer came: the commit may have happened.
pub fn in_doubt(reason: &dyn Error) -> Problem {
    warn!(
        reason = chain(reason),
        "the database is away; whether the write was committed is not known"
    );
    Problem::in_doubt(LATER)
}

/// A transaction was refused its role, a setting or its claims. Nothing of the request was looked at: it is not to blame.
pub fn not_begun(error: &tokio_postgres::Error) -> Problem {
    let raised = error.as_db_error();
    let code = raised.map_or("", |raised| raised.code().code());
    error!(
        code,
        said = raised.map(DbError::message),
        "a transaction cannot begin; are the roles those of booking.grant_access, and granted to the login?"
    );
    match problem(code, "", None, None) {
        passes if passes.status == StatusCode::SERVICE_UNAVAILABLE => passes,
        _ => Problem::not_set_up(),
    }
}

fn chain(reason: &dyn Error) -> String {
    let mut chain = reason.to_string();
    let mut cause = reason.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

/// Whether no answer will come, neither yes nor no: the connection is gone, or a pooler says that the one behind it is.
pub fn is_lost(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => code.code().starts_with("08"),
        None => error.is_closed() || is_transport(error),
    }
}

/// Whether the connection is of no use any more: it is lost, or it leads to a server that ends, or to one that no longer takes
/// writes since another one does.
pub fn ends_connection(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => {
            matches!(
                code.code(),
                "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25006"
            ) || is_lost(error)
        }
        None => is_lost(error),
    }
}

fn is_transport(error: &tokio_postgres::Error) -> bool {
    error
        .source()
        .is_some_and(|source| source.is::<std::io::Error>())
}

/// The log gets names of objects but neither DETAIL nor values: they may hold what a customer wrote. What a constraint refuses is
/// a caller's mistake, as the answer says, and no error of ours.
fn raised_problem(raised: &DbError) -> Problem {
    let problem = match broken(raised) {
        Some(problem) => problem,
        None if is_missing(raised) => Problem::not_set_up(),
        None => problem(
            raised.code().code(),
            raised.message(),
            raised.hint(),
            raised.detail(),
        ),
    };
    if problem.status.is_server_error() {
        error!(
            code = raised.code().code(),
            said = raised.message(),
            table = raised.table(),
            constraint = raised.constraint(),
            routine = raised.routine(),
            "SQL failed"
        );
    } else if raised.code().code().starts_with("23") {
        info!(
            code = raised.code().code(),
            said = raised.message(),
            table = raised.table(),
            constraint = raised.constraint(),
            "a constraint refused it"
        );
    }
    problem
}

/// Whether what is called is not there, or not ours to call: the extension was not made or is older, access was not granted,
/// or not again after a restore. A name that is missing further down, inside of what was called, is a defect of it.
fn is_missing(raised: &DbError) -> bool {
    match raised.code().code() {
        "42501" => true,
        "3F000" | "42883" | "42P01" => raised.where_().is_none(),
        _ => false,
    }
}

/// What a function of the engine says of class 23 is written for callers: it names no constraint, or has a hint, as the server
/// never has. Of what the server itself says, the name of the constraint or column is enough to know what to change.
fn broken(raised: &DbError) -> Option<Problem> {
    let code = raised.code().code();
    if !code.starts_with("23") {
        return None;
    }
    let rule = raised.constraint().or(raised.column());
    if rule.is_none() || raised.hint().is_some() {
        return Some(Problem {
            hint: raised.hint().map(Into::into),
            ..Problem::new(
                problem(code, "", None, None).status,
                raised.message().to_owned(),
            )
            .with_code(code)
        });
    }
    let rule = rule?.replace('_', " ");
    Some(Problem {
        hint: Some(format!("It is about: {rule}.").into()),
        ..problem(code, raised.message(), None, None)
    })
}

/// The problem for one SQLSTATE.
fn problem(code: &str, message: &str, hint: Option<&str>, detail: Option<&str>) -> Problem {
    match code {
        "55P03" | "57014" | "40P01" | "40001" => Problem::unavailable(SOON).with_code(code),
        "23502" | "23514" => {
            Problem::bad_request("a value is missing or out of bounds").with_code(code)
        }
        "P0002" => Problem::not_found().with_code(code),
        _ => match code.get(..2) {
            // 54: too large, in words for callers as well.
            Some("22" | "54") => Problem {
                hint: hint.map(Into::into),
                ..Problem::bad_request(message.to_owned()).with_code(code)
            },
            Some("23") => Problem::new(
                StatusCode::CONFLICT,
                "the request contradicts what is already there",
            )
            .with_code(code),
            Some("BK") => refusal::problem(code, None),
            Some("PT") => postgrest(code, message, hint, detail),
            // The server ends, starts, is full or closes the connection.
            Some("08" | "53" | "57" | "58") => Problem::unavailable(LATER),
            _ => Problem::internal(),
        },
    }
}

/// `PTnnn` is HTTP status nnn, as PostgREST has it; a refusal in it is named by `code` in a JSON DETAIL.
fn postgrest(code: &str, message: &str, hint: Option<&str>, detail: Option<&str>) -> Problem {
    let detail: Option<serde_json::Value> = detail.and_then(|text| serde_json::from_str(text).ok());
    if let Some(refused) = detail
        .as_ref()
        .and_then(|detail| detail.get("code")?.as_str())
        && refused.starts_with("BK")
    {
        return refusal::problem(refused, detail.as_ref());
    }
    match code[2..]
        .parse()
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
    {
        Some(StatusCode::NOT_FOUND) => Problem::not_found(),
        Some(StatusCode::SERVICE_UNAVAILABLE) => Problem::unavailable(LATER),
        Some(status) if status.is_client_error() => Problem {
            hint: hint.map(Into::into),
            ..Problem::new(status, message.to_owned())
        },
        _ => Problem::internal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Problem {
        problem(code, "the message", Some("the hint"), Some("the detail"))
    }

    #[test]
    fn bad_input_gets_its_message_and_hint_but_not_the_detail() {
        for code in ["22023", "22P02", "22008", "22021"] {
            let problem = of(code);
            assert_eq!(
                (problem.status, &*problem.detail),
                (StatusCode::BAD_REQUEST, "the message")
            );
            assert_eq!(
                (problem.hint.as_deref(), problem.code.as_deref()),
                (Some("the hint"), Some(code))
            );
        }
    }

    #[test]
    fn what_passes_by_itself_is_503_with_retry_after() {
        for code in [
            "55P03", "57014", "40P01", "40001", "57P01", "57P03", "53300", "08006", "PT503",
        ] {
            let problem = of(code);
            assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE, "{code}");
            assert!(problem.retry_after.is_some(), "{code}");
            assert_eq!(problem.hint, None, "{code}");
        }
    }

    #[test]
    fn faults_of_ours_say_nothing() {
        for code in [
            "XX000", "XX001", "42P01", "42501", "42883", "P0001", "0A000", "25006", "PT500",
            "PT200", "PTxyz", "",
        ] {
            assert_eq!(of(code), Problem::internal(), "{code}");
        }
    }

    #[test]
    fn a_broken_constraint_is_named_by_its_code_only() {
        assert_eq!(
            ["23505", "23P01", "23503", "23001"].map(|code| of(code).status.as_u16()),
            [409; 4]
        );
        assert_eq!(
            ["23502", "23514"].map(|code| of(code).status.as_u16()),
            [400; 2]
        );
        let shown = of("23505");
        assert_ne!(shown.detail, "the message");
        assert_eq!(shown.hint, None);
    }

    #[test]
    fn a_postgrest_status_is_that_status() {
        assert_eq!(of("PT404"), Problem::not_found());
        assert_eq!(
            (of("PT422").status.as_u16(), &*of("PT422").detail),
            (422, "the message")
        );
        let refused = problem("PT409", "", None, Some(r#"{"code": "BK004"}"#));
        assert_eq!(
            (refused.status.as_u16(), refused.code.as_deref()),
            (409, Some("BK004"))
        );
        assert_eq!(of("P0002"), Problem::not_found().with_code("P0002"));
        let unknown = problem("PT404", "", None, Some(r#"{"code": "P0002"}"#));
        assert_eq!(unknown, Problem::not_found());
        assert_eq!(of("BK002").status, StatusCode::GONE);
    }
}
