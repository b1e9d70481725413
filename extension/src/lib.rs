//! pg_booking's kernel inside PostgreSQL.
pgrx::pg_module_magic!();
