//! Who asks below a tenant, where, and for what: the first argument of every handler here. It calls SQL and answers. What its
//! address names comes first among the parameters ([`super::address`]); what is answered: [`super::answer`].

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{self, Type};

use super::address::Address;
use super::answer::{Answer, Created, Done, Page, Removed, Wanted, Written};
use crate::caller::{Caller, SignedIn};
use crate::count::Count;
use crate::db::Param;
use crate::extract::{Nothing, Path, Query};
use crate::problem::Problem;
use crate::refusal;
use crate::routes::PRIVATE;
use crate::state::AppState;

/// Somebody who has signed in, or the service, at an address below a tenant; `Q` is what may stand after the `?`.
pub struct Owner<A, Q = Nothing> {
    state: AppState,
    caller: Caller,
    address: A,
    /// What stands after the `?`.
    pub query: Q,
}

impl<A, Q> FromRequestParts<AppState> for Owner<A, Q>
where
    A: DeserializeOwned + Send,
    Q: DeserializeOwned + Send,
{
    type Rejection = Problem;

    /// In this order: a visitor is told nothing but that.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        let Path(address) = Path::from_request_parts(parts, state).await?;
        let Query(query) = Query::from_request_parts(parts, state).await?;
        Ok(Self {
            state: state.clone(),
            caller,
            address,
            query,
        })
    }
}

impl<A: Address, Q> Owner<A, Q> {
    /// Calls what reads. `params`: those after what the address names; so everywhere here.
    pub async fn read(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Problem> {
        let params = [&self.address.params(), params].concat();
        self.state.db.read(&self.caller, sql, &params).await
    }

    /// Calls what writes and returns one row.
    pub async fn write(&self, sql: &str, params: &[Param<'_>]) -> Result<Row, Problem> {
        let params = [&self.address.params(), params].concat();
        self.state.db.write(&self.caller, sql, &params).await
    }

    /// Calls what writes unless it refuses, which is a problem.
    pub async fn attempt(&self, sql: &str, params: &[Param<'_>]) -> Result<Row, Problem> {
        let row = self.write(sql, params).await?;
        refusal::check(&row)?;
        Ok(row)
    }

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
