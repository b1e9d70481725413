//! The calendar in a frame, as a visitor goes through it.
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::{Client, Locator, elements::Element};

use tokio::time::{sleep, timeout};

use crate::{
    browser::Browser,
    world::{World, monday, monday_at, session, time},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a script returns true.
async fn until(window: &Client, script: &str) -> Result<()> {
    let patient = timeout(PATIENCE, async {
        while window.execute(script, Vec::new()).await? != true {
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    });
    patient.await.with_context(|| script.to_owned())?
}

async fn find(window: &Client, css: &str) -> Result<Element> {
    let found = window.wait().at_most(PATIENCE);
    found
        .for_element(Locator::Css(css))
        .await
        .with_context(|| css.to_owned())
}

/// Waits until an element says so.
async fn says(window: &Client, css: &str, text: &str) -> Result<()> {
    let said = format!(
        "return [...document.querySelectorAll({css:?})].some((one) => one.checkVisibility() && one.textContent.includes({text:?}))"
    );
    until(window, &said).await
}

async fn count(world: &World, sql: &str) -> Result<i64> {
    Ok(world.sql.query_one(sql, &[]).await?.get(0))
}

/// The calendar of the barber, with that Monday's starts.
async fn that_monday(world: &World, window: &Client) -> Result<()> {
    window
        .goto(&format!("{}/embed/acme/haircut", world.url))
        .await?;
    says(window, "#service", "Haircut").await?;
    let day = format!("[data-date={:?}]", monday().format("%F").to_string());
    says(window, "#days", "15").await?;
    while window.find_all(Locator::Css(&day)).await?.is_empty() {
        let shown = find(window, "#month-name").await?.text().await?;
        find(window, "#later").await?.click().await?;
        let moved =
            format!("return document.getElementById('month-name').textContent !== {shown:?}");
        until(window, &moved).await?;
    }
    find(window, &format!("{day}:enabled"))
        .await?
        .click()
        .await?;
    find(window, "#starts button").await?;
    Ok(())
}

/// The button of a start.
fn start(hour: i64) -> String {
    format!("#starts [data-start={:?}]", time(monday_at(hour)))
}

#[tokio::test]
async fn a_visitor_holds_goes_back_and_books() -> Result<()> {
    let world = World::new("embed").await?;
    let browser = Browser::new().await?;
    let window = &browser.window;
    that_monday(&world, window).await?;
    assert_eq!(
        window.find_all(Locator::Css("#starts button")).await?.len(),
        8
    );

    let nobody = "return sessionStorage.booking === undefined";
    until(window, nobody).await?;
    find(window, &start(9)).await?.click().await?;
    says(window, "#until", "kept for you").await?;
    until(window, "return sessionStorage.booking.length >= 16").await?;
    assert_eq!(count(&world, "select count(*) from booking.hold").await?, 1);
    find(window, "#back").await?.click().await?;
    find(window, &format!("{}:enabled", start(9))).await?;
    assert_eq!(count(&world, "select count(*) from booking.hold").await?, 0);
    // Whoever holds nothing is one of many, who share what is read for them.
    until(window, nobody).await?;

    find(window, &start(10)).await?.click().await?;
    says(window, "#until", "kept for you").await?;
    find(window, "[name=name]")
        .await?
        .send_keys("Ada Lovelace")
        .await?;
    find(window, "[name=email]")
        .await?
        .send_keys("ada@example.org")
        .await?;
    find(window, "#book").await?.click().await?;
    says(window, "#outcome", "It is booked.").await?;
    // Whose clock it is, in both places where a time stands for long.
    says(window, "#when", "UTC").await?;
    let booked = "select count(*) from booking.booking where status = 'confirmed' and customer ->> 'name' = 'Ada Lovelace'";
    assert_eq!(count(&world, booked).await?, 1);
    until(window, nobody).await?;
    browser.close().await
}

#[tokio::test]
async fn what_others_hold_is_shown_in_place_and_comes_back_without_a_reload() -> Result<()> {
    let world = World::new("embed").await?;
    let browser = Browser::new().await?;
    let window = &browser.window;
    that_monday(&world, window).await?;
    let other = session();
    let held = world.hold(monday_at(11), &other).await?;
    says(window, &start(11), "reserved").await?;
    find(window, &format!("{}:disabled", start(11))).await?;
    assert_eq!(
        window.find_all(Locator::Css("#starts button")).await?.len(),
        8
    );
    let path = format!("/v1/acme/holds/{}", held.text("hold_id"));
    assert_eq!(world.delete(&path, &other).await?.status, 204);
    find(window, &format!("{}:enabled", start(11))).await?;
    browser.close().await
}
