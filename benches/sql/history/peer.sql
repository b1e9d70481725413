insert into peer.busy (resource_id, span)
select p.resource_id, tstzrange(p.at, p.at + interval '75 minutes')
from bench.past p;

analyze peer.busy;
