-- What pg_dump takes along: all that users enter. Not pages, which recompute makes anew.

select pg_extension_config_dump('booking.tenant', '');
select pg_extension_config_dump('booking.member', '');
select pg_extension_config_dump('booking.location', '');
select pg_extension_config_dump('booking.holiday_set', '');
select pg_extension_config_dump('booking.holiday', '');
select pg_extension_config_dump('booking.schedule', '');
select pg_extension_config_dump('booking.schedule_rule', '');
select pg_extension_config_dump('booking.schedule_override', '');
select pg_extension_config_dump('booking.schedule_travel', '');
select pg_extension_config_dump('booking.resource', '');
select pg_extension_config_dump('booking.service', '');
select pg_extension_config_dump('booking.service_limit', '');
select pg_extension_config_dump('booking.service_requirement', '');
select pg_extension_config_dump('booking.requirement_resource', '');
select pg_extension_config_dump('booking.busy_window', '');
select pg_extension_config_dump('booking.hold', '');
select pg_extension_config_dump('booking.booking', '');
select pg_extension_config_dump('booking.booking_resource', '');
select pg_extension_config_dump('booking.booking_event', '');
select pg_extension_config_dump('booking.booking_token', '');
select pg_extension_config_dump('booking.idempotency', '');
select pg_extension_config_dump('booking.sitting', '');
select pg_extension_config_dump('booking.claim', '');
select pg_extension_config_dump('booking.access', '');
select pg_extension_config_dump('booking.sql_login', '');
select pg_extension_config_dump('booking.payment', '');
