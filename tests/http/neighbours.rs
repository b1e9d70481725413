//! Tenants beside the shop, and the one answer to whatever is not there, is closed, hidden or another's: nobody can tell which.
use anyhow::Result;

use crate::world::World;

impl World {
    /// Beside `acme`: `closed`, which is inactive, and `other`, which has nothing of what is asked for.
    pub async fn neighbours(&self) -> Result<()> {
        self.sql
            .batch_execute(
                "insert into booking.tenant (slug, name, zone, active)
                 values ('closed', 'Closed', 'UTC', false), ('other', 'Other', 'UTC', true)",
            )
            .await?;
        Ok(())
    }

    /// Asks all of these: each time it is a 404, to the letter the same.
    pub async fn assert_one_404(&self, paths: impl IntoIterator<Item = String>) -> Result<()> {
        let mut bodies = Vec::new();
        for path in paths {
            let answer = self.get(&path).await?;
            assert_eq!(answer.status, 404, "{path}: {answer:?}");
            bodies.push(answer.stable_body());
        }
        assert!(bodies.len() > 1, "nothing to compare");
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        Ok(())
    }
}
