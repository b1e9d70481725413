//! What the owner's routes ask and answer alike: [`super::answer`] in JSON. How SQL is called: [`crate::routes::At`].

use axum::Json;
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{self, Type};

use super::answer::{Page, Removed, Wanted, Written};
use crate::caller::SignedIn;
use crate::count::Count;
use crate::db::Param;
use crate::extract::Nothing;
use crate::problem::Problem;
use crate::routes::{Address, Answer, At, Created, Done, PRIVATE};

/// A request of somebody who has signed in, or of the service.
pub type Owner<A, Q = Nothing> = At<A, Q, SignedIn>;

impl<A: Address, Q> Owner<A, Q> {
    /// Calls what returns nothing.
    pub async fn done(&self, sql: &str, params: &[Param<'_>]) -> Done {
        self.write(sql, params).await?;
        Ok((StatusCode::NO_CONTENT, PRIVATE))
    }

    /// Calls what returns an `id`.
    pub async fn written(&self, sql: &str, params: &[Param<'_>]) -> Answer<Written> {
        let id = self.write(sql, params).await?.try_get("id")?;
        Ok((PRIVATE, Json(Written { id })))
    }

    /// Calls what returns the `id` of something new.
    pub async fn created(&self, sql: &str, params: &[Param<'_>]) -> Created<Written> {
        let (headers, written) = self.written(sql, params).await?;
        Ok((StatusCode::CREATED, headers, written))
    }

    /// Calls what says whether something was deleted or switched off.
    pub async fn removed(&self, sql: &str) -> Answer<Removed> {
        let outcome = self.write(sql, &[]).await?.try_get("outcome")?;
        Ok((PRIVATE, Json(Removed { outcome })))
    }

    /// A page of a list, each row with its `item` and its `cursor`; the last parameters of the SQL are `after` and how many.
    pub async fn page<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        after: &Option<String>,
        max: Option<Count>,
    ) -> Answer<Page<T>> {
        let max = max.map_or(100, |Count(max)| max);
        let last: [Param<'_>; 2] = [(after, Type::TEXT), (&max, Type::INT4)];
        let rows = self.read(sql, &[params, &last].concat()).await?;
        let next = match rows.last() {
            Some(last) if rows.len() >= usize::try_from(max).unwrap_or(usize::MAX) => {
                last.try_get("cursor")?
            }
            _ => None,
        };
        let items = items(&rows)?;
        Ok((PRIVATE, Json(Page { items, next })))
    }

    /// All rows of a list that has no pages, each with its `item`.
    pub async fn all<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Answer<Page<T>> {
        let items = items(&self.read(sql, params).await?)?;
        Ok((PRIVATE, Json(Page { items, next: None })))
    }
}

impl<A: Address> Owner<A, Wanted> {
    /// A page of a list of which nothing else is asked.
    pub async fn list<T: DeserializeOwned>(&self, sql: &str) -> Answer<Page<T>> {
        self.page(sql, &[], &self.query.after, self.query.max).await
    }
}

fn items<T: DeserializeOwned>(rows: &[Row]) -> Result<Vec<T>, Problem> {
    rows.iter()
        .map(|row| Ok(row.try_get::<_, types::Json<T>>("item")?.0))
        .collect()
}
