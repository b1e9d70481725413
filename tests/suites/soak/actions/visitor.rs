//! What visitors do: hold, book, pay, move and cancel, and look at what there is.
use anyhow::Result;

use super::{Action, Actor, Call, action, booking, change, plain};

/// What visitors do.
pub const VISITOR: &[Action] = &[
    action("hold", 30, &["BK001", "BK003", "BK004"], hold),
    action("book", 16, &["BK001", "BK002", "BK004"], book),
    action(
        "book anew",
        6,
        &["BK001", "BK002", "BK003", "BK004"],
        book_anew,
    ),
    action(
        "book directly",
        14,
        &["BK001", "BK003", "BK004"],
        book_directly,
    ),
    action("release", 6, &["BK002"], release),
    action("cancel", 18, &["BK005"], cancel),
    action(
        "heartbeat",
        10,
        &["BK001", "BK002", "BK003", "BK004"],
        heartbeat,
    ),
    action("hold many", 6, &["BK001", "BK003", "BK004"], hold_many),
    action("reschedule", 10, &["BK001", "BK003", "BK004"], reschedule),
    action("pay", 8, &["BK001", "BK004", "BK005"], pay),
    action("list", 10, &[], list),
];

fn hold(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    let ttl = actor
        .dice
        .of(&["200 milliseconds", "2 seconds", "10 minutes"]);
    plain(format!(
        "select h.* from booking.try_hold(soak.tenant(), {service}, {start}, {}, ttl => '{ttl}') h",
        actor.session
    ))
}

fn hold_many(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    plain(format!(
        "select h.* from booking.try_hold_many(soak.tenant(), {service}, array[{start}, {start} + interval '2 hours'], {},
            ttl => '2 seconds') h",
        actor.session
    ))
}

fn heartbeat(actor: &mut Actor) -> Result<Option<Call>> {
    plain(format!(
        "select h.* from booking.try_heartbeat(soak.tenant(), {}) h",
        actor.session
    ))
}

fn release(actor: &mut Actor) -> Result<Option<Call>> {
    let Some(hold) = actor.held() else {
        return Ok(None);
    };
    plain(format!(
        "select r.* from booking.try_release(soak.tenant(), '{hold}', {}) r",
        actor.session
    ))
}

fn book(actor: &mut Actor) -> Result<Option<Call>> {
    let session = actor.session.clone();
    Ok(actor.held().map(|hold| {
        booking(|customer| {
            format!(
                "select b.* from booking.try_book(soak.tenant(), '{hold}', {session}, customer => {customer}) b"
            )
        })
    }))
}

fn book_anew(actor: &mut Actor) -> Result<Option<Call>> {
    let (session, (service, start)) = (actor.session.clone(), actor.slot());
    Ok(actor.held().map(|hold| {
        booking(|customer| {
            format!(
                "select b.* from booking.try_book(soak.tenant(), '{hold}', {session}, {service}, {start}, '60 minutes',
                    customer => {customer}, if_still_free => true) b"
            )
        })
    }))
}

fn book_directly(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    let session = match actor.dice.roll(2) {
        0 => "null".to_owned(),
        _ => actor.session.clone(),
    };
    Ok(Some(booking(|customer| {
        format!(
            "select b.* from booking.try_book(soak.tenant(), null, {session}, {service}, {start}, customer => {customer}) b"
        )
    })))
}

/// In time or too late; nothing where nothing is to be paid.
fn pay(actor: &mut Actor) -> Result<Option<Call>> {
    change(actor, &["pending"], "confirmed", |id| {
        format!(
            "select b.* from booking.booking k
             cross join lateral booking.try_record_payment(soak.tenant(), k.booking_id, 'payment of {id}') b
             where k.booking_id = '{id}' and k.price is not null"
        )
    })
}

fn reschedule(actor: &mut Actor) -> Result<Option<Call>> {
    let start = actor.start(3);
    change(actor, &["confirmed"], "confirmed", |id| {
        format!("select b.* from booking.try_reschedule(soak.tenant(), '{id}', {start}) b")
    })
}

fn cancel(actor: &mut Actor) -> Result<Option<Call>> {
    change(
        actor,
        &["confirmed", "confirmed", "pending"],
        "cancelled",
        |id| format!("select b.* from booking.try_cancel(soak.tenant(), '{id}', 'soak') b"),
    )
}

fn list(actor: &mut Actor) -> Result<Option<Call>> {
    let (service, start) = actor.slot();
    plain(format!(
        "select s.slot_id from booking.available_slots(soak.tenant(), {service}, {start}, {start} + interval '2 days') s"
    ))
}
