-- The index anew in the end: a quarter less work than a row at a time.
drop index peer.busy_span;

insert into peer.busy (resource_id, span)
select p.resource_id, tstzrange(p.at, p.at + interval '75 minutes')
from bench.past p;

set maintenance_work_mem = '256MB';
create index busy_span on peer.busy using gist (resource_id, span);

analyze peer.busy;
