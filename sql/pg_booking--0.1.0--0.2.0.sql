\echo Use "ALTER EXTENSION pg_booking UPDATE TO '0.2.0'" to load this file. \quit
-- From 0.1.0 to 0.2.0. Whatever changes in the install script is done here to what is installed: tests/suites/upgrade.rs
-- compares the two, object by object. Columns and attributes that are new come last there, too.
set local search_path = pg_catalog, booking, pg_temp;

select booking.grant_after_update();
