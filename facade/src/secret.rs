//! Values that no log may show: session ids, and what customers say about themselves.

use std::error::Error;
use std::fmt;

use serde::Deserialize;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A value that goes into SQL and nowhere else. The driver logs parameters by their `Debug`, hence this one.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[not shown]")
    }
}

impl<T: ToSql> ToSql for Secret<T> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        T::accepts(ty)
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_no_debug_form() {
        let secret = Some(Secret("session-of-a-visitor"));
        assert_eq!(format!("{secret:?}"), "Some([not shown])");
    }
}
