//! One thing is made wrong behind the triggers' back, and `booking.verify` names its tenant, resource, week, unit and what is
//! wrong, and nothing else; the nightly roll mends it, wherever it is.
use anyhow::{Context, Result, ensure};

use super::world::{World, id};

const DAY: i64 = 1440;
const WEEK: i64 = 7 * DAY;

impl World {
    /// From Monday of a week on, in minutes.
    fn span(&self, week: i64, from: i64, to: i64) -> String {
        format!(
            "tstzrange({}, {})",
            self.at(week * WEEK + from),
            self.at(week * WEEK + to)
        )
    }

    /// A claim of a booking of its own.
    fn claim(&self, tenant: usize, resource: usize, unit: usize, span: &str) -> String {
        format!(
            "with b as (
                insert into booking.booking (tenant_id, service_id, span)
                select tenant_id, service_id, {span} from booking.service where tenant_id = {0} and slug = 'pool'
                returning booking_id)
             insert into booking.claim (tenant_id, resource_id, unit, span, booking_id)
             select {0}, {1}, {unit}, {span}, booking_id from b;",
            id(tenant),
            id(resource)
        )
    }

    fn busy(&self, tenant: usize, resource: usize, span: &str) -> String {
        format!(
            "insert into booking.busy_window (tenant_id, resource_id, span) values ({}, {}, {span});",
            id(tenant),
            id(resource)
        )
    }

    /// The page of resource 12 of the first tenant, as a condition.
    fn page(&self, week: i64, unit: usize) -> String {
        format!(
            "(tenant_id, resource_id, week, unit) = ({}, {}, {}::date, {unit})",
            id(1),
            id(12),
            self.at(week * WEEK)
        )
    }
}

/// All stored weeks of a resource, each with its hours wrong.
fn every_week(resource: usize) -> Vec<String> {
    (-5..=5)
        .map(|week| format!("1 {resource} {week} 0 open"))
        .collect()
}

/// What is made wrong, by statements without triggers, and what verify has to say.
fn cases(world: &World) -> Vec<(&'static str, String, Vec<String>)> {
    let (t, one, three) = (id(1), id(11), id(12));
    let page = |week, unit| world.page(week, unit);
    let change = |week, unit, change: &str| {
        format!(
            "update booking.availability set {change} where {}",
            page(week, unit)
        )
    };
    let map = |week, from, to, grain| {
        format!(
            "booking.slotmap_cover({}, {grain})",
            world.span(week, from, to)
        )
    };
    let morning = |week| world.span(week, 600, 660);
    let claim_of = |unit: usize| {
        format!(
            "tenant_id = {t} and resource_id = {three} and unit = {unit} and span && {}",
            world.span(1, 0, WEEK)
        )
    };
    let says = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
    vec![
        ("nothing", String::new(), says(&[])),
        (
            "less open",
            change(1, 0, &format!("open = open operator(booking.-) {}", map(1, 600, 615, 15))),
            says(&["1 12 1 0 open"]),
        ),
        (
            "more open, long ago",
            change(-5, 0, &format!("open = open operator(booking.+) {}", map(-5, 0, 15, 15))),
            says(&["1 12 -5 0 open"]),
        ),
        (
            "hours in another grain",
            change(1, 0, &format!("open = {}", map(1, 600, 660, 30))),
            says(&["1 12 1 0 open"]),
        ),
        ("a busy window forgotten", change(1, 0, "busy = null"), says(&["1 12 1 0 busy"])),
        (
            "a busy window that is none",
            change(2, 0, &format!("busy = {}", map(2, 600, 615, 15))),
            says(&["1 12 2 0 busy"]),
        ),
        (
            "a unit busy for too long",
            change(1, 2, &format!("busy = busy operator(booking.+) {}", map(1, 660, 675, 15))),
            says(&["1 12 1 2 busy"]),
        ),
        (
            "a unit busy in another grain",
            change(1, 2, &format!("busy = {}", map(1, 600, 660, 30))),
            says(&["1 12 1 2 busy"]),
        ),
        (
            "a unit's page lost",
            format!("delete from booking.availability where {}", page(1, 2)),
            says(&["1 12 1 2 missing"]),
        ),
        (
            "a unit's page too many",
            format!(
                "insert into booking.availability (tenant_id, resource_id, week, unit, busy)
                 select tenant_id, resource_id, week, 3, busy from booking.availability where {}",
                page(1, 2)
            ),
            says(&["1 12 1 3 extra"]),
        ),
        (
            "unit 0 lost, with units left",
            format!("delete from booking.availability where {}", page(1, 0)),
            says(&["1 12 1 0 missing"]),
        ),
        (
            "unit 0 lost, far ahead",
            format!("delete from booking.availability where {}", page(60, 0)),
            says(&["1 12 60 0 missing"]),
        ),
        (
            "unit 0 lost, with a unit left that is wrong as well",
            format!(
                "delete from booking.availability where {}; {}",
                page(60, 0),
                change(60, 1, &format!("busy = {}", map(60, 0, 15, 15)))
            ),
            says(&["1 12 60 0 missing", "1 12 60 1 busy"]),
        ),
        (
            "hours wrong far ahead",
            change(60, 0, &format!("open = open operator(booking.-) {}", map(60, 0, WEEK, 15))),
            says(&["1 12 60 0 open"]),
        ),
        (
            "a claim more",
            world.claim(1, 12, 3, &morning(1)),
            says(&["1 12 1 3 missing"]),
        ),
        (
            "a claim more on a unit that has one",
            world.claim(1, 12, 2, &world.span(1, 700, 701)),
            says(&["1 12 1 2 busy"]),
        ),
        (
            "a claim over the end of a week",
            world.claim(1, 12, 3, &world.span(2, -1, 1)),
            says(&["1 12 1 3 missing", "1 12 2 3 missing"]),
        ),
        ("a claim where no week is stored", world.claim(1, 12, 3, &morning(30)), says(&[])),
        (
            "a claim of the other tenant's resource of the same id",
            world.claim(2, 12, 3, &morning(1)),
            says(&["2 12 1 3 missing"]),
        ),
        (
            "a claim less",
            format!("delete from booking.claim where {}", claim_of(2)),
            says(&["1 12 1 2 extra"]),
        ),
        (
            "a claim of another time",
            format!("update booking.claim set span = {} where {}", world.span(1, 600, 675), claim_of(2)),
            says(&["1 12 1 2 busy"]),
        ),
        (
            "a claim of another week",
            format!("update booking.claim set span = {} where {}", morning(3), claim_of(2)),
            says(&["1 12 1 2 extra", "1 12 3 2 missing"]),
        ),
        (
            "a claim of another unit",
            format!("update booking.claim set unit = 3 where {}", claim_of(2)),
            says(&["1 12 1 2 extra", "1 12 1 3 missing"]),
        ),
        (
            "a claim of another resource",
            format!("update booking.claim set resource_id = {one}, unit = 1 where {}", claim_of(2)),
            says(&["1 11 1 1 missing", "1 12 1 2 extra"]),
        ),
        (
            "a claim that is a hold's",
            format!(
                "with h as (
                    insert into booking.hold (tenant_id, service_id, session_hash, span, expires_at)
                    select tenant_id, service_id, sha256('x'), {}, now() + interval '1 hour'
                    from booking.service where tenant_id = {t} and slug = 'pool'
                    returning hold_id)
                 update booking.claim set hold_id = h.hold_id, booking_id = null from h where booking.claim.{}",
                morning(1),
                claim_of(2)
            ),
            says(&["1 12 1 2 extra"]),
        ),
        (
            "a busy window more, over the end of a week",
            world.busy(1, 13, &world.span(2, -1, 1)),
            says(&["1 13 1 0 busy", "1 13 2 0 busy"]),
        ),
        ("a busy window of no length", world.busy(1, 13, "'empty'"), says(&[])),
        (
            "a busy window less",
            format!("delete from booking.busy_window where tenant_id = {t}"),
            says(&["1 12 1 0 busy"]),
        ),
        (
            "a busy window of another resource",
            format!("update booking.busy_window set resource_id = {one} where tenant_id = {t}"),
            says(&["1 11 1 0 busy", "1 12 1 0 busy"]),
        ),
        (
            "a rule of one Saturday changed",
            format!("update booking.schedule_rule set closes = '13:00' where tenant_id = {t} and weekday = 6"),
            says(&["1 11 3 0 open", "1 12 3 0 open"]),
        ),
        (
            "a rule less",
            format!("delete from booking.schedule_rule where tenant_id = {t} and weekday = 6"),
            says(&["1 11 3 0 open", "1 12 3 0 open"]),
        ),
        (
            "a day closed",
            format!(
                "insert into booking.schedule_override (tenant_id, schedule_id, dates)
                 select {t}, {}, daterange({1}::date, {1}::date + 1)",
                id(21),
                world.at(4 * WEEK + DAY)
            ),
            says(&["1 11 4 0 open", "1 12 4 0 open"]),
        ),
        (
            "a holiday more",
            format!(
                "insert into booking.holiday (tenant_id, holiday_set_id, dates)
                 select {t}, {}, daterange({1}::date, {1}::date + 1)",
                id(31),
                world.at(4 * WEEK + 2 * DAY)
            ),
            says(&["1 13 4 0 open", "1 15 4 0 open"]),
        ),
        (
            "a journey",
            format!(
                "insert into booking.schedule_travel (tenant_id, schedule_id, dates, zone)
                 select {t}, {}, daterange({1}::date, {1}::date + 1), 'Asia/Tokyo'",
                id(21),
                world.at(4 * WEEK + 2 * DAY)
            ),
            says(&["1 11 4 0 open", "1 12 4 0 open"]),
        ),
        (
            "holidays no longer kept",
            format!("update booking.schedule set holiday_set_id = null where tenant_id = {t}"),
            says(&["1 13 2 0 open", "1 15 2 0 open"]),
        ),
        (
            "another zone",
            format!("update booking.schedule set zone = 'Asia/Tokyo' where tenant_id = {t} and schedule_id = {}", id(22)),
            [every_week(13), every_week(15)].concat(),
        ),
        (
            "another schedule",
            format!(
                "update booking.resource set schedule_id = {} where tenant_id = {t} and resource_id = {}",
                id(21),
                id(14)
            ),
            every_week(14),
        ),
        (
            "another grain",
            format!("update booking.resource set grain = 30 where tenant_id = {t} and resource_id = {}", id(14)),
            every_week(14),
        ),
    ]
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_else() -> Result<()> {
    let world = World::new("wrong").await?;
    for tenant in [1, 2] {
        let script = [
            world.claim(tenant, 12, 1, &world.span(1, 600, 660)),
            world.claim(tenant, 12, 2, &world.span(1, 600, 660)),
            world.claim(tenant, 12, 1, &world.span(2, 600, 660)),
            world.claim(tenant, 12, 1, &world.span(60, 600, 660)),
            world.busy(tenant, 12, &world.span(1, DAY, DAY + 90)),
            format!(
                "insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes, valid)
                 values ({t}, {day}, 6, '09:00', '12:00', daterange({season}::date, {season}::date + 7));
                 insert into booking.holiday (tenant_id, holiday_set_id, dates)
                 values ({t}, {feasts}, daterange({holiday}::date, {holiday}::date + 1));
                 select booking.recompute({t}, {three}, {far}, {far})",
                t = id(tenant),
                day = id(21),
                season = world.at(3 * WEEK),
                feasts = id(31),
                holiday = world.at(2 * WEEK + 2 * DAY),
                three = id(12),
                far = world.at(60 * WEEK)
            ),
        ];
        world.client.batch_execute(&script.concat()).await?;
    }
    let (mut failed, cases) = (Vec::new(), cases(&world));
    for (what, sql, expected) in &cases {
        let script = format!(
            "begin; set local session_replication_role = replica; {sql}; set local session_replication_role = origin"
        );
        world.client.batch_execute(&script).await.context(*what)?;
        let found = world.drift("").await?;
        if found != *expected {
            failed.push(format!("{what}: {found:#?} instead of {expected:#?}"));
        }
        // Asked about less, it says as much of it.
        for (arguments, start) in [
            (id(1), "1 "),
            (format!("tenant => {}", id(2)), "2 "),
            (format!("{}, {}", id(1), id(12)), "1 12 "),
        ] {
            let part: Vec<String> = expected
                .iter()
                .filter(|row| row.starts_with(start))
                .cloned()
                .collect();
            let found = world.drift(&arguments).await?;
            if found != part {
                failed.push(format!(
                    "{what}, verify({arguments}): {found:#?} instead of {part:#?}"
                ));
            }
        }
        // The night mends it.
        world
            .client
            .batch_execute("select booking.roll_resource(tenant_id, resource_id, 30) from booking.resources_to_roll()")
            .await
            .context(*what)?;
        let left = world.drift("").await?;
        if !left.is_empty() {
            failed.push(format!("{what}, after the roll: {left:#?}"));
        }
        world.client.batch_execute("rollback").await?;
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}
