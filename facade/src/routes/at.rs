//! Who asks, where, and for what: the first argument of a handler below a tenant. It calls SQL, and what the address names comes
//! first among the parameters.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::{OfService, OfTenant, OfThing};
use crate::caller::Caller;
use crate::db::Param;
use crate::extract::{Nothing, Path, Query};
use crate::problem::Problem;
use crate::refusal;
use crate::state::AppState;

/// 200 with a body.
pub type Answer<T> = Result<(Headers, Json<T>), Problem>;

/// 201 with a body.
pub type Created<T> = Result<(StatusCode, Headers, Json<T>), Problem>;

/// 204.
pub type Done = Result<(StatusCode, Headers), Problem>;

type Headers = [(HeaderName, HeaderValue); 1];

/// A request at an address below a tenant. `Q`: what may stand after the `?`; `C`: whose it may be.
pub struct At<A, Q = Nothing, C = Caller> {
    state: AppState,
    caller: C,
    address: A,
    /// What stands after the `?`.
    pub query: Q,
}

impl<A, Q, C> FromRequestParts<AppState> for At<A, Q, C>
where
    A: DeserializeOwned + Send,
    Q: DeserializeOwned + Send,
    C: FromRequestParts<AppState, Rejection = Problem> + Send,
{
    type Rejection = Problem;

    /// In this order: whoever may not ask is told nothing but that.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = C::from_request_parts(parts, state).await?;
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

impl<A: Address, Q, C: AsRef<Caller>> At<A, Q, C> {
    /// Calls what reads. `params`: those after what the address names; so everywhere here.
    pub async fn read(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Problem> {
        let params = [&self.address.params(), params].concat();
        let caller = self.caller.as_ref();
        self.state.db.read(caller, sql, &params).await
    }

    /// Calls what writes and returns rows.
    pub async fn write_rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Problem> {
        let params = [&self.address.params(), params].concat();
        let caller = self.caller.as_ref();
        self.state.db.write_rows(caller, sql, &params).await
    }

    /// Calls what writes and returns one row.
    pub async fn write(&self, sql: &str, params: &[Param<'_>]) -> Result<Row, Problem> {
        let params = [&self.address.params(), params].concat();
        let caller = self.caller.as_ref();
        self.state.db.write(caller, sql, &params).await
    }

    /// Calls what writes unless it refuses, which is a problem.
    pub async fn attempt(&self, sql: &str, params: &[Param<'_>]) -> Result<Row, Problem> {
        let row = self.write(sql, params).await?;
        refusal::check(&row)?;
        Ok(row)
    }

    /// Calls what reads one row unless it refuses, which is a problem.
    pub async fn look(&self, sql: &str, params: &[Param<'_>]) -> Result<Row, Problem> {
        let mut rows = self.read(sql, params).await?;
        let row = rows.pop().ok_or_else(Problem::internal)?;
        refusal::check(&row)?;
        Ok(row)
    }
}

/// An address, as the first parameters of the SQL behind it: the tenant, then whatever else it names, in its order.
pub trait Address {
    /// The parameters.
    fn params(&self) -> Vec<Param<'_>>;
}

impl Address for OfTenant {
    fn params(&self) -> Vec<Param<'_>> {
        vec![(&self.tenant, Type::TEXT)]
    }
}

impl Address for OfThing {
    fn params(&self) -> Vec<Param<'_>> {
        vec![(&self.tenant, Type::TEXT), (&self.id, Type::UUID)]
    }
}

impl Address for OfService {
    fn params(&self) -> Vec<Param<'_>> {
        vec![(&self.tenant, Type::TEXT), (&self.service, Type::TEXT)]
    }
}
