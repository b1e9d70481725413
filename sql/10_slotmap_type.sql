-- The type: input and output in text and binary, and its modifier, the grain. Next: 11_slotmap_casts.sql.

create type booking.slotmap;
comment on type booking.slotmap is
    'A set of instants in whole slots of 1, 5, 10, 15, 20, 30 or 60 minutes, counted from 2000-01-01 00:00 UTC: a quantised tstzmultirange. slotmap(5) takes maps of five-minute slots only. At most 1048576 slots from the first to the last (54000 beyond).';

create function booking.slotmap_in(cstring, oid, integer)
returns booking.slotmap
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_in_wrapper';
comment on function booking.slotmap_in(cstring, oid, integer) is
    'Reads the text of a tstzmultirange, with the grain in front when it is not 15: 5m{[...)}. Errors: 22P02 malformed, 22023 bound off the grid, no bound, unknown grain or not the declared one, 22008 infinite, 54000 too long';

create function booking.slotmap_out(booking.slotmap)
returns cstring
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_out_wrapper';
comment on function booking.slotmap_out(booking.slotmap) is
    'Writes the text of a tstzmultirange in the session''s TimeZone, with the grain in front when it is not 15';

create function booking.slotmap_recv(internal, oid, integer)
returns booking.slotmap
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_recv_wrapper';
comment on function booking.slotmap_recv(internal, oid, integer) is
    'Reads the binary form: version 1, then the stored bytes. Errors: 22P03 anything else, 22023 not the declared grain';

create function booking.slotmap_send(booking.slotmap)
returns bytea
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_send_wrapper';
comment on function booking.slotmap_send(booking.slotmap) is
    'Writes the binary form: version 1, then the stored bytes';

create function booking.slotmap_typmod_in(cstring[])
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typmod_in_wrapper';
comment on function booking.slotmap_typmod_in(cstring[]) is
    'Reads the type modifier: the grain in minutes (22023 if it is none)';

create function booking.slotmap_typmod_out(integer)
returns cstring
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typmod_out_wrapper';
comment on function booking.slotmap_typmod_out(integer) is
    'Writes the type modifier';

create function booking.slotmap_typanalyze(internal)
returns boolean
language c
stable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_typanalyze_wrapper';
comment on function booking.slotmap_typanalyze(internal) is
    'Tells ANALYZE to collect null fraction and width only, so that a column may hold maps of several grains';

create type booking.slotmap (
    input = booking.slotmap_in,
    output = booking.slotmap_out,
    receive = booking.slotmap_recv,
    send = booking.slotmap_send,
    typmod_in = booking.slotmap_typmod_in,
    typmod_out = booking.slotmap_typmod_out,
    analyze = booking.slotmap_typanalyze,
    internallength = variable,
    alignment = int4,
    storage = extended
);
