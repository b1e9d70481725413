//! Whole numbers from one on: minutes, seconds, seats.

use std::error::Error;

use serde::de::Unexpected;
use serde::{Deserialize, Deserializer};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use utoipa::ToSchema;

/// An `int4` above zero: what is less was meant otherwise, whatever else the request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ToSchema)]
#[schema(value_type = i32, minimum = 1, maximum = 2147483647)]
pub struct Count(pub i32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i32::deserialize(deserializer)? {
            count @ 1.. => Ok(Self(count)),
            other => Err(serde::de::Error::invalid_value(
                Unexpected::Signed(other.into()),
                &"a whole number above zero",
            )),
        }
    }
}

impl ToSql for Count {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <i32 as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}
