-- Hashing: GROUP BY, DISTINCT, hash joins and hash partitions on maps.

create function booking.slotmap_hash(booking.slotmap)
returns integer
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_hash_wrapper';
comment on function booking.slotmap_hash(booking.slotmap) is
    'Hash of a map';

create function booking.slotmap_hash_extended(booking.slotmap, bigint)
returns bigint
language c
immutable
strict
parallel safe
as 'MODULE_PATHNAME', 'slotmap_hash_extended_wrapper';
comment on function booking.slotmap_hash_extended(booking.slotmap, bigint) is
    'Hash of a map with a seed';

create operator class booking.slotmap_ops
    default for type booking.slotmap using hash as
    operator 1 booking.= (booking.slotmap, booking.slotmap),
    function 1 booking.slotmap_hash(booking.slotmap),
    function 2 booking.slotmap_hash_extended(booking.slotmap, bigint);
comment on operator class booking.slotmap_ops using hash is
    'Equality of maps';
