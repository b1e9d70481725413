//! Holds that have lapsed: whoever had them and whoever wants them now come at once, and agree on who has them.
use anyhow::Result;

use super::world::{ALONE, World, tally};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_to_lapsed_holds_at_once_neither_waits_for_ever_nor_shares() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("lapsed").await?;
    for round in 0..8 {
        // Three of the pool and two halves of the room, all lapsed; their owners and as many strangers want them.
        world
            .run(&format!(
                "delete from booking.hold;
                 do $$
                 begin
                    perform test.hold('visitor ' || n, '09:00', 'pool') from generate_series(0, 2) n;
                    perform test.hold('visitor 3', '09:00'), test.hold('visitor 4', '10:00');
                 end
                 $$;
                 update booking.hold set expires_at = now() - interval '{round} hours'"
            ))
            .await?;
        let calls: Vec<String> = (0..36)
            .map(|n| match n % 6 {
                0..=2 => format!("select test.hold('visitor {n}', '09:00', 'pool')"),
                3 => format!("select test.hold('visitor {n}', '09:30')"),
                4 => format!("select test.hold('visitor {n}', '09:30', minutes => 90)"),
                _ => format!("select test.book('visitor {n}', '09:30', 'pool')"),
            })
            .collect();
        let answers = world.race(&calls).await?;
        assert_eq!(tally(&answers).get("held room"), Some(&1), "{answers:?}");
        world.sound().await?;
        // Of a pool of three with overlapping slots three have something.
        let taken = "select count(distinct resource_id) from booking.claim c
            left join booking.hold h using (tenant_id, hold_id)
            where c.booking_id is not null or h.expires_at > now()";
        assert_eq!(world.number(taken).await?, 4, "{answers:?}");
        world
            .run("delete from booking.hold; select test.cancel(customer ->> 'name', '09:30') from booking.booking where status = 'confirmed'; delete from booking.booking")
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_heartbeats_and_who_takes_their_slots_agree_on_who_has_them() -> Result<()> {
    let _alone = ALONE.lock().await;
    let world = World::new("beats").await?;
    for _ in 0..6 {
        world
            .run(
                "delete from booking.hold;
                 do $$
                 begin
                    perform test.hold_many('visitor ' || n, '09:00 11:00', 'pool') from generate_series(0, 2) n;
                    perform test.hold_many('visitor 3', '09:00 11:00');
                 end
                 $$;
                 update booking.hold set expires_at = now() - interval '1 minute'",
            )
            .await?;
        // Each of the four in three tabs, and a dozen strangers.
        let calls: Vec<String> = (0..24)
            .map(|n| match n {
                0..12 => format!("select test.beat('visitor {}')", n % 4),
                12..16 => format!("select test.hold_many('visitor {n}', '08:30 10:30', 'pool')"),
                16..20 => format!("select test.hold('visitor {n}', '09:30', minutes => 120)"),
                _ => format!("select test.hold('visitor {n}', '11:00', 'pool')"),
            })
            .collect();
        let answers = world.race(&calls).await?;
        world.sound().await?;
        // The last tab of each says what is so.
        for visitor in 0..4 {
            let says = answers[visitor..12]
                .iter()
                .step_by(4)
                .any(|answer| answer.contains("live"));
            let has = world
                .number(&format!(
                    "select count(*) from booking.hold
                     where expires_at > now() and session_hash = booking.session_hash(test.session('visitor {visitor}'))"
                ))
                .await?;
            assert_eq!(says, has > 0, "{answers:?}");
        }
    }
    Ok(())
}
