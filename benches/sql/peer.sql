-- The same facts as one would keep them without the extension: rows of ranges under the indexes that such queries like.
-- The hours are worked out beforehand, as pages are; a row of them is a whole run. Who asks: peers/.

create schema peer;

create table peer.open as
select resource_id, span from bench.open;
create index open_span on peer.open using gist (resource_id, span);

-- With buffers.
create table peer.busy as
select resource_id, span from booking.claim
union all
select resource_id, span from booking.busy_window;
create index busy_span on peer.busy using gist (resource_id, span);
