//! Tokens that an issuer signs with keys that it publishes.
use std::time::{Duration, Instant};

use anyhow::Result;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::issuer::{Issuer, Key, Mood, set};
use crate::world::{Answer, World};

/// Longer than the pause of the tests, see `world::config`.
const PAUSE: Duration = Duration::from_millis(400);

async fn world(place: &str) -> Result<World> {
    World::with("keys", |config| {
        config.auth.jwks_url = Some(place.to_owned())
    })
    .await
}

async fn ask(world: &World, token: &str) -> Result<Answer> {
    let request = world.request(Method::GET, "/v1/acme/services");
    world.send(request.bearer_auth(token)).await
}

fn ada() -> Value {
    json!({"sub": "ada", "role": "authenticated"})
}

#[tokio::test]
async fn tokens_of_each_kind_of_key_are_verified() -> Result<()> {
    let keys = [Key::rsa()?, Key::ec()?, Key::ed()?];
    let issuer = Issuer::new(Mood::Publishes(set(&keys.iter().collect::<Vec<_>>())?)).await?;
    let world = world(&issuer.url).await?;
    for key in &keys {
        assert_eq!(
            ask(&world, &key.sign(ada())?).await?.status,
            200,
            "{:?}",
            key.id
        );
        // The only key of its kind need not be named.
        let nameless = key.clone().called(None).sign(ada())?;
        assert_eq!(ask(&world, &nameless).await?.status, 200, "{:?}", key.id);
        let mut forged = key.sign(ada())?.into_bytes();
        let last = forged.len() - 10;
        forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
        let answer = ask(&world, &String::from_utf8(forged)?).await?;
        assert_eq!(answer.status, 401);
        assert!(answer.text("detail").contains("signature"), "{answer:?}");
    }
    assert_eq!(
        issuer.asked(),
        1,
        "known keys and bad signatures ask for nothing"
    );

    // The secret signs beside it.
    assert_eq!(ask(&world, &world.service_token()?).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_public_key_is_no_secret() -> Result<()> {
    let key = Key::rsa()?;
    let keys = set(&[&key])?;
    let issuer = Issuer::new(Mood::Publishes(keys.clone())).await?;
    let world = World::with("keys", |config| {
        config.auth.jwks_url = Some(issuer.url.clone());
        config.auth.jwt_secret = None;
    })
    .await?;
    assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 200);
    let public = keys["keys"][0].to_string();
    let modulus = keys["keys"][0]["n"].to_string();
    for secret in [public.as_bytes(), modulus.trim_matches('"').as_bytes()] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("rsa".into());
        let mut claims = ada();
        claims["exp"] = (chrono::Utc::now().timestamp() + 60).into();
        let token = encode(&header, &claims, &EncodingKey::from_secret(secret))?;
        let answer = ask(&world, &token).await?;
        assert_eq!(answer.status, 401);
        assert!(answer.text("detail").contains("alg"), "{answer:?}");
    }
    // Nor is a key of one kind the key of another of the same name.
    let confused = Key::ec()?.called(Some("rsa")).sign(ada())?;
    assert_eq!(ask(&world, &confused).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn keys_are_rotated_without_a_restart() -> Result<()> {
    let (old, new) = (Key::ec()?, Key::next()?);
    let issuer = Issuer::new(Mood::Publishes(set(&[&old])?)).await?;
    let world = world(&issuer.url).await?;
    assert_eq!(ask(&world, &old.sign(ada())?).await?.status, 200);
    sleep(PAUSE).await;

    // Both for a while: the first token that names the new one makes it known, to itself already.
    issuer.becomes(Mood::Publishes(set(&[&old, &new])?))?;
    assert_eq!(ask(&world, &new.sign(ada())?).await?.status, 200);
    assert_eq!(ask(&world, &old.sign(ada())?).await?.status, 200);
    let nameless = ask(&world, &old.clone().called(None).sign(ada())?).await?;
    assert_eq!(nameless.status, 401, "one of two keys has to be named");
    assert_eq!(issuer.asked(), 2);
    sleep(PAUSE).await;

    // What is withdrawn counts no more, once it is known.
    issuer.becomes(Mood::Publishes(set(&[&new])?))?;
    let unknown = new.clone().called(Some("unknown")).sign(ada())?;
    assert_eq!(ask(&world, &unknown).await?.status, 401);
    assert_eq!(ask(&world, &old.sign(ada())?).await?.status, 401);
    assert_eq!(ask(&world, &new.sign(ada())?).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn keys_that_are_known_count_while_the_issuer_is_away() -> Result<()> {
    let (known, other) = (Key::ec()?, Key::next()?);
    let issuer = Issuer::new(Mood::Publishes(set(&[&known])?)).await?;
    let world = world(&issuer.url).await?;
    assert_eq!(ask(&world, &known.sign(ada())?).await?.status, 200);
    for mood in [
        Mood::Fails,
        Mood::Redirects,
        Mood::Babbles,
        Mood::Publishes(json!("<html>")),
        Mood::Sleeps,
    ] {
        sleep(PAUSE).await;
        issuer.becomes(mood)?;
        let asked = issuer.asked();
        let started = Instant::now();
        assert_eq!(ask(&world, &other.sign(ada())?).await?.status, 401);
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(issuer.asked(), asked + 1);
        assert_eq!(ask(&world, &known.sign(ada())?).await?.status, 200);
    }
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_withdraws_all_its_keys_is_believed() -> Result<()> {
    let key = Key::ec()?;
    let invented = key.clone().called(Some("invented")).sign(ada())?;
    let issuer = Issuer::new(Mood::Publishes(set(&[&key])?)).await?;
    let world = world(&issuer.url).await?;
    let unusable = json!({"keys": [{"kty": "oct", "k": "AQAB", "alg": "HS256"}]});
    for none in [json!({"keys": []}), unusable] {
        issuer.becomes(Mood::Publishes(set(&[&key])?))?;
        assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 200);
        sleep(PAUSE).await;
        issuer.becomes(Mood::Publishes(none))?;
        assert_eq!(ask(&world, &invented).await?.status, 401);
        assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 401);
        assert_eq!(ask(&world, &world.service_token()?).await?.status, 200);
        sleep(PAUSE).await;
    }
    // And when there are keys again, they count.
    issuer.becomes(Mood::Publishes(set(&[&key])?))?;
    assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn until_the_keys_are_known_whoever_has_a_token_is_asked_to_come_back() -> Result<()> {
    let key = Key::ec()?;
    let issuer = Issuer::new(Mood::Fails).await?;
    let world = world(&issuer.url).await?;
    let answer = ask(&world, &key.sign(ada())?).await?;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    assert_eq!(world.get("/v1/acme/services").await?.status, 200);
    assert_eq!(ask(&world, &world.service_token()?).await?.status, 200);
    sleep(PAUSE).await;
    issuer.becomes(Mood::Publishes(set(&[&key])?))?;
    assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn invented_key_ids_neither_make_us_ask_nor_hold_anybody() -> Result<()> {
    let key = Key::ec()?;
    let issuer = Issuer::new(Mood::Publishes(set(&[&key])?)).await?;
    let world = World::with("keys", |config| {
        config.auth.jwks_url = Some(issuer.url.clone());
        config.auth.jwks_pause = Duration::from_secs(60);
    })
    .await?;
    assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 200);
    let invented = key.clone().called(Some("invented")).sign(ada())?;
    issuer.becomes(Mood::Sleeps)?;
    let started = Instant::now();
    for _ in 0..50 {
        assert_eq!(ask(&world, &invented).await?.status, 401);
    }
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn while_the_issuer_thinks_tokens_with_known_keys_do_not_wait() -> Result<()> {
    let key = Key::ec()?;
    let issuer = Issuer::new(Mood::Publishes(set(&[&key])?)).await?;
    let world = world(&issuer.url).await?;
    assert_eq!(ask(&world, &key.sign(ada())?).await?.status, 200);
    sleep(PAUSE).await;
    issuer.becomes(Mood::Sleeps)?;
    let invented = key.clone().called(Some("invented")).sign(ada())?;
    let good = key.sign(ada())?;
    let (waited, quick) = tokio::join!(ask(&world, &invented), async {
        sleep(Duration::from_millis(200)).await;
        let started = Instant::now();
        let status = ask(&world, &good).await?.status;
        anyhow::Ok((status, started.elapsed()))
    });
    assert_eq!(waited?.status, 401);
    let (status, elapsed) = quick?;
    assert_eq!(status, 200);
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    Ok(())
}

#[tokio::test]
async fn keys_may_be_in_a_file() -> Result<()> {
    let (old, new) = (Key::ec()?, Key::next()?);
    let file = std::env::temp_dir().join(format!("jwks-{}.json", uuid::Uuid::new_v4()));
    std::fs::write(&file, set(&[&old])?.to_string())?;
    let world = world(&file.display().to_string()).await?;
    assert_eq!(ask(&world, &old.sign(ada())?).await?.status, 200);
    sleep(PAUSE).await;
    std::fs::write(&file, set(&[&new])?.to_string())?;
    assert_eq!(ask(&world, &new.sign(ada())?).await?.status, 200);
    std::fs::remove_file(&file)?;
    Ok(())
}
