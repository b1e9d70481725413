//! What each route answers to each kind of caller. A route that is new is one more line.
use std::collections::BTreeMap;

/// The status for each caller. A route that is not here fails the test: decide what it answers to whom, and add its line.
///
/// A stranger is a visitor with a session, a hold or a token that is not this booking's. The customer, the members (viewer,
/// manager, owner) are of `acme`, which is asked; the foreigner owns another tenant.
const MATRIX: &str = "
                                                                      visitor stranger customer viewer manager owner foreigner service
GET    /healthz                                                           200      200      200    200     200   200       200     200
GET    /readyz                                                            200      200      200    200     200   200       200     200
GET    /v1/{tenant}/services                                              200      200      200    200     200   200       200     200
POST   /v1/{tenant}/bookings                                              201      201      201    201     201   201       201     201
POST   /v1/{tenant}/heartbeat                                             200      200      200    200     200   200       200     200
DELETE /v1/{tenant}/holds                                                 204      204      204    204     204   204       204     204
POST   /v1/{tenant}/holds                                                 201      201      201    201     201   201       201     201
POST   /v1/{tenant}/holds/many                                            201      201      201    201     201   201       201     201
DELETE /v1/{tenant}/holds/{id}                                            204      404      204    204     204   204       204     204
GET    /v1/{tenant}/manage/booking                                        200      403      200    200     200   200       200     200
POST   /v1/{tenant}/manage/cancel                                         200      403      200    200     200   200       200     200
POST   /v1/{tenant}/manage/reschedule                                     200      403      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/slots                              200      200      200    200     200   200       200     200
POST   /v1/{tenant}/admin/bookings                                        401      401      404    403     201   201       404     201
POST   /v1/{tenant}/admin/bookings/{id}/approve                           401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/cancel                            401      401      404    403     200   200       404     200
POST   /v1/{tenant}/admin/bookings/{id}/complete                          401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/decline                           401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/no-show                           401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/payments                          401      401      404    403     200   200       404     200
POST   /v1/{tenant}/admin/bookings/{id}/reassign                          401      401      404    403     409   409       404     409
POST   /v1/{tenant}/admin/bookings/{id}/reschedule                        401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/busy-windows                                    401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/busy-windows                                    401      401      404    403     200   200       404     200
DELETE /v1/{tenant}/admin/busy-windows/{id}                               401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/busy-windows/{id}                               401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/explain                                         401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/holds                                           401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/holds/{id}                                      401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/holds/{id}                                      401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/locations                                       401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/locations                                       401      401      404    403     200   200       404     200
DELETE /v1/{tenant}/admin/locations/{id}                                  401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/locations/{id}                                  401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/members                                         401      401      404    200     200   200       404     200
DELETE /v1/{tenant}/admin/members/{user_id}                               401      401      404    403     403   204       404     204
PUT    /v1/{tenant}/admin/members/{user_id}                               401      401      404    403     403   204       404     204
POST   /v1/{tenant}/admin/recompute                                       401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/resources                                       401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/resources                                       401      401      404    403     200   200       404     200
DELETE /v1/{tenant}/admin/resources/{resource}                            401      401      404    403     200   200       404     200
PATCH  /v1/{tenant}/admin/resources/{resource}                            401      401      404    403     200   200       404     200
PUT    /v1/{tenant}/admin/resources/{resource}/hours                      401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/schedules                                       401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/schedules                                       401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/schedules/{id}                                  401      401      404    403     409   409       404     409
PUT    /v1/{tenant}/admin/schedules/{id}                                  401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/schedules/{schedule}/overrides                  401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/schedules/{schedule}/overrides                  401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/schedules/{schedule}/overrides/{id}             401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/schedules/{schedule}/overrides/{id}             401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/schedules/{schedule}/rules                      401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/schedules/{schedule}/rules                      401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/schedules/{schedule}/rules/{id}                 401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/schedules/{schedule}/rules/{id}                 401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/services                                        401      401      404    200     200   200       404     200
POST   /v1/{tenant}/admin/services                                        401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/services/{service}                              401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/services/{service}                              401      401      404    200     200   200       404     200
PATCH  /v1/{tenant}/admin/services/{service}                              401      401      404    403     200   200       404     200
POST   /v1/{tenant}/admin/services/{service}/requirements                 401      401      404    403     201   201       404     201
DELETE /v1/{tenant}/admin/services/{service}/requirements/{id}            401      401      404    403     204   204       404     204
PUT    /v1/{tenant}/admin/services/{service}/requirements/{id}            401      401      404    403     200   200       404     200
GET    /v1/{tenant}/admin/verify                                          401      401      404    200     200   200       404     200
GET    /v1/{tenant}/bookings                                              401      401      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/events                             200      200      200    200     200   200       200     200
GET    /v1/{tenant}/resources                                             200      200      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/days                               200      200      200    200     200   200       200     200
GET    /v1/{tenant}/services/{service}/held                               200      200      200    200     200   200       200     200
GET    /v1/{tenant}/manage/booking.ics                                    200      403      200    200     200   200       200     200
GET    /api/booking/get-available-slots                                   200      200      200    200     200   200       200     200
POST   /api/booking/reserve-slot                                          200      200      200    200     200   200       200     200
POST   /api/booking/create-appointment                                    401      401      200    200     200   200       200     200
POST   /api/admin/recalculate-availability                                401      401      403    403     403   403       403     200
";

pub const CALLERS: [&str; 8] = [
    "visitor",
    "stranger",
    "customer",
    "viewer",
    "manager",
    "owner",
    "foreigner",
    "service",
];

/// The statuses of a route by its name, in the order of [`CALLERS`].
pub fn listed() -> BTreeMap<String, Vec<u16>> {
    MATRIX
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = format!("{} {}", words.next()?, words.next()?);
            let statuses: Vec<u16> = words.filter_map(|word| word.parse().ok()).collect();
            (statuses.len() == CALLERS.len()).then_some((name, statuses))
        })
        .collect()
}
