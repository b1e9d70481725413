-- The two schemas: the engine, and the surface that the public sees.

create schema booking;
comment on schema booking is
    'pg_booking, the engine: tables, types, operators and functions. Roles of the public get no USAGE on it.';

create schema booking_api;
comment on schema booking_api is
    'pg_booking, the public surface: the one schema to expose over HTTP.';
