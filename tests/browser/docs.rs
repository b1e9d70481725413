//! The page that describes the routes.
use std::time::Duration;

use anyhow::Result;
use fantoccini::Locator;

use crate::{browser::Browser, world::World};

#[tokio::test]
async fn the_page_of_the_routes_shows_every_route() -> Result<()> {
    let world = World::new("docs").await?;
    let api = world.get("/openapi.json").await?.body;
    let described: usize = api["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, methods)| methods.as_object())
        .map(|methods| methods.len())
        .sum();
    let browser = Browser::new().await?;
    let window = &browser.window;
    window.goto(&format!("{}/docs", world.url)).await?;
    window
        .wait()
        .at_most(Duration::from_secs(30))
        .for_element(Locator::Css(".opblock"))
        .await?;
    let shown = window.find_all(Locator::Css(".opblock")).await?.len();
    assert_eq!(shown, described);
    browser.close().await
}
