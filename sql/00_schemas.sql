-- The two schemas: the engine, and the surface that the public sees.

create schema booking;
comment on schema booking is
    'pg_booking, the engine: tables, types, operators and functions. Roles of the public get no USAGE on it.';

create schema booking_api;
comment on schema booking_api is
    'pg_booking, the public surface: the one schema to expose over HTTP.';

-- Bodies of BEGIN ATOMIC are parsed while this script runs, with its path: the operators of the type are in booking.
set local search_path = pg_catalog, booking, pg_temp;
