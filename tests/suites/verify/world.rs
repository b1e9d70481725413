//! Two tenants with the same ids below them, five resources of several grains and capacities, two schedules, one of which keeps
//! holidays, and pages of eleven weeks around the present one.
use anyhow::Result;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use pg_booking_tests::TestDb;
use tokio_postgres::Client;

/// As a literal. 1 and 2 are tenants, 11 to 15 resources, 16 a guest of the walk, 21 and 22 schedules, 31 a set of holidays.
pub fn id(n: usize) -> String {
    format!("'a0000000-0000-0000-0000-{n:012}'::uuid")
}

pub struct World {
    _db: TestDb,
    pub client: Client,
    /// Monday of the present UTC week.
    pub monday: DateTime<Utc>,
    /// The server's version.
    pub major: i32,
}

impl World {
    pub async fn new(name: &str) -> Result<Self> {
        let db = TestDb::new(name).await?;
        let client = db.connect().await?;
        let major = client
            .query_one(
                "select current_setting('server_version_num')::int / 10000",
                &[],
            )
            .await?
            .get(0);
        let today = Utc::now().date_naive();
        let monday = today - TimeDelta::days(today.weekday().num_days_from_monday().into());
        let world = Self {
            _db: db,
            client,
            monday: monday.and_time(Default::default()).and_utc(),
            major,
        };
        for tenant in [1, 2] {
            world.client.batch_execute(&world.tenant(tenant)).await?;
        }
        Ok(world)
    }

    /// An instant as a literal, in minutes from Monday on.
    pub fn at(&self, minutes: i64) -> String {
        format!(
            "'{}'",
            (self.monday + TimeDelta::minutes(minutes)).to_rfc3339()
        )
    }

    /// Makes a tenant with all that is its. Its pages go from five weeks ago to five weeks ahead.
    pub fn tenant(&self, n: usize) -> String {
        let tenant = id(n);
        let mut script = format!(
            "insert into booking.tenant (tenant_id, slug, name) values ({tenant}, 'tenant-{n}', 'Tenant');
             insert into booking.holiday_set (tenant_id, holiday_set_id, slug, name)
             values ({tenant}, {}, 'feasts', 'Feasts');
             insert into booking.schedule (tenant_id, schedule_id, name, zone, holiday_set_id)
             values ({tenant}, {}, 'day', 'Europe/Berlin', null), ({tenant}, {}, 'night', 'Australia/Lord_Howe', {});
             insert into booking.schedule_rule (tenant_id, schedule_id, weekday, opens, closes)
             select tenant_id, schedule_id, d, time '08:00', time '18:30' from booking.schedule, generate_series(1, 5) d
             where tenant_id = {tenant};
             insert into booking.resource (tenant_id, resource_id, slug, name, grain, capacity, schedule_id)
             values ",
            id(31),
            id(21),
            id(22),
            id(31)
        );
        let resources = [
            ("one", 15, 1, id(21)),
            ("three", 15, 3, id(21)),
            ("fine", 5, 2, id(22)),
            ("always", 60, 1, "null".to_owned()),
            ("coarse", 30, 2, id(22)),
        ];
        let rows: Vec<String> = (11..)
            .zip(&resources)
            .map(|(n, (slug, grain, capacity, schedule))| {
                format!(
                    "({tenant}, {}, '{slug}', '{slug}', {grain}, {capacity}, {schedule})",
                    id(n)
                )
            })
            .collect();
        script.push_str(&rows.join(", "));
        for (slug, members, minutes, buffer) in [
            ("pool", vec![11, 12], "30, 60", 15),
            ("fine", vec![13], "25", 0),
            ("always", vec![14], "120", 60),
            ("coarse", vec![15], "60", 0),
        ] {
            let members: Vec<String> = members.into_iter().map(id).collect();
            script.push_str(&format!(
                ";select booking.put_service({tenant}, '{slug}', '{slug}', array[{minutes}], array[{}], buffer_before => {buffer})",
                members.join(", ")
            ));
        }
        // Groups of two: their claims meet in sittings.
        script.push_str(&format!(
            ";update booking.service set seats = 2 where tenant_id = {tenant} and slug = 'coarse'
             ;select booking.recompute({tenant}, null, {}, {})",
            self.at(-4 * 7 * 1440),
            self.at(5 * 7 * 1440 - 1)
        ));
        script
    }

    /// What `booking.verify` says: tenant, resource, weeks from the present one, unit, what.
    pub async fn drift(&self, arguments: &str) -> Result<Vec<String>> {
        let rows = self
            .client
            .query(
                &format!(
                    "select format('%s %s %s %s %s', ltrim(right(v.tenant_id::text, 12), '0'),
                        ltrim(right(v.resource_id::text, 12), '0'), (v.week - {}::date) / 7, v.unit, v.what)
                     from booking.verify({arguments}) v
                     order by v.tenant_id, v.resource_id, v.week, v.unit, v.what",
                    self.at(0)
                ),
                &[],
            )
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// How many rows the tables have that the jobs work on.
    pub async fn rows(&self) -> Result<String> {
        let row = self
            .client
            .query_one(
                "select concat_ws(' ', (select count(*) from booking.availability), (select count(*) from booking.claim),
                    (select count(*) from booking.hold), (select count(*) from booking.sitting))",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    /// A digest of what all services offer in the next four weeks, whoever holds what.
    pub async fn answers(&self) -> Result<String> {
        let row = self
            .client
            .query_one(
                &format!(
                    "select count(*) || ' ' || coalesce(md5(string_agg(a::text, ' ' order by a.slot_id)), '')
                     from booking.service s
                     cross join lateral booking.available_slots(
                        s.tenant_id, s.service_id, {}, {}, each_resource => true, holds => 'ignore', as_of => {}) a",
                    self.at(7 * 1440),
                    self.at(5 * 7 * 1440),
                    self.at(0)
                ),
                &[],
            )
            .await?;
        Ok(row.get(0))
    }
}
