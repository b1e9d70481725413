//! `booking-facade doctor`: asks `booking.doctor()` and prints it, for people or for machines.

use std::error::Error;
use std::fmt::Write;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::json;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use crate::config::Doctor;
use crate::db::Db;
use crate::meter::Meter;

/// One row of `booking.doctor()`.
#[derive(Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    /// Whether it is well; nothing where that cannot be told.
    pub ok: Option<bool>,
    /// What was found.
    pub detail: String,
    /// What to run.
    pub remedy: Option<String>,
}

/// Prints what is found, and says whether all is well. An error: it could not be asked.
pub async fn run(doctor: &Doctor) -> Result<bool, Box<dyn Error>> {
    let findings = ask(doctor).await?;
    let well = findings.iter().all(|finding| finding.ok != Some(false));
    let text = if doctor.json {
        format!("{:#}\n", json!({"ok": well, "findings": findings}))
    } else {
        table(&findings)
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(well)
}

/// As the login itself, as an operator's is allowed to; else as the service role, as the facade's own is.
async fn ask(doctor: &Doctor) -> Result<Vec<Finding>, Box<dyn Error>> {
    crate::tls::choose_provider();
    let db = Db::new(&doctor.config, Meter::off())?;
    const CALL: &str = "select \"check\", ok, detail, remedy from booking.doctor()";
    let rows = match db.ask(None, CALL).await {
        Err(error) if code(&*error) == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            db.ask(Some(&doctor.config.roles.service), CALL).await
        }
        result => result,
    };
    let rows = rows.map_err(|error| explained(&*error))?;
    Ok(rows.iter().map(finding).collect())
}

fn finding(row: &Row) -> Finding {
    Finding {
        check: row.get(0),
        ok: row.get(1),
        detail: row.get::<_, Option<String>>(2).unwrap_or_default(),
        remedy: row.get(3),
    }
}

fn code<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a SqlState> {
    error.downcast_ref::<tokio_postgres::Error>()?.code()
}

/// The error with its causes, and what to do about it where that is known.
fn explained(error: &(dyn Error + 'static)) -> String {
    let mut text = "could not ask the database".to_owned();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    let hint = match code(error) {
        Some(&SqlState::UNDEFINED_FUNCTION | &SqlState::INVALID_SCHEMA_NAME) => {
            "Is this the database? create extension pg_booking, or alter extension pg_booking update."
        }
        Some(&SqlState::INSUFFICIENT_PRIVILEGE | &SqlState::INVALID_PARAMETER_VALUE) => {
            "Log in as a superuser, or as a member of the service role (--service-role) of booking.grant_access."
        }
        _ => return text,
    };
    let _ = write!(text, "\n{hint}");
    text
}

/// Aligned, with a mark before each, and what to do below.
fn table(findings: &[Finding]) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.check.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for Finding {
        check, ok, detail, ..
    } in findings
    {
        let mark = match ok {
            Some(true) => "ok ",
            Some(false) => "NO ",
            None => "?  ",
        };
        let _ = writeln!(text, "{mark} {check:width$}  {detail}");
    }
    let remedies = findings
        .iter()
        .filter_map(|finding| Some((&finding.check, finding.remedy.as_deref()?)));
    for (index, (check, remedy)) in remedies.enumerate() {
        let title = if index == 0 { "\nWhat to do:\n" } else { "" };
        let _ = writeln!(text, "{title}    {check:width$}  {remedy}");
    }
    let count = |wanted| findings.iter().filter(|f| f.ok == wanted).count();
    let _ = writeln!(
        text,
        "\n{} ok, {} not, {} cannot be told",
        count(Some(true)),
        count(Some(false)),
        count(None)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, ok: Option<bool>, remedy: Option<&str>) -> Finding {
        Finding {
            check: check.into(),
            ok,
            detail: format!("of {check}"),
            remedy: remedy.map(str::to_owned),
        }
    }

    #[test]
    fn the_table_is_aligned_and_has_remedies_below() {
        let findings = [
            finding("version", Some(true), None),
            finding("drift", Some(false), Some("call booking.roll();")),
            finding("jobs", None, None),
        ];
        assert_eq!(
            table(&findings),
            "ok  version  of version\n\
             NO  drift    of drift\n\
             ?   jobs     of jobs\n\
             \n\
             What to do:\n\
             \x20   drift    call booking.roll();\n\
             \n\
             1 ok, 1 not, 1 cannot be told\n"
        );
    }
}
