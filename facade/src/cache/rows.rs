//! Rows as JSON, written one by one as they came.

use std::marker::PhantomData;

use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};
use tokio_postgres::Row;

use crate::problem::Problem;

/// A list of rows, each of which reads as a `T`.
pub struct Rows<'a, T>(&'a [Row], PhantomData<T>);

impl<'a, T: TryFrom<&'a Row, Error = tokio_postgres::Error> + Serialize> Rows<'a, T> {
    /// All of them.
    pub fn new(rows: &'a [Row]) -> Self {
        Self(rows, PhantomData)
    }
}

impl<'a, T: TryFrom<&'a Row, Error = tokio_postgres::Error> + Serialize> Serialize for Rows<'a, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            list.serialize_element(&T::try_from(row).map_err(Error::custom)?)?;
        }
        list.end()
    }
}

/// A body. What cannot be written is our fault.
pub fn json(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "a result of SQL was not understood");
        Problem::internal()
    })
}
