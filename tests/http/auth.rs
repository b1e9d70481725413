//! Who signs in, and what becomes of it. Keys that an issuer publishes: `keys`.
use anyhow::Result;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::world::{Answer, SECRET, World, monday_at, sign, time};

const PATH: &str = "/v1/acme/services";

async fn ask(world: &World, token: &str) -> Result<Answer> {
    let request = world.request(Method::GET, PATH);
    world.send(request.bearer_auth(token)).await
}

/// What the database knows of the caller of a booking: its customer key.
async fn books_as(world: &World, token: &str, hour: i64) -> Result<(u16, Option<String>)> {
    let body = json!({"service": "haircut", "starts_at": time(monday_at(hour)), "customer": {"name": "Ada"}});
    let request = world.request(Method::POST, "/v1/acme/bookings");
    let answer = world.send(request.bearer_auth(token).json(&body)).await?;
    let booked = world
        .sql
        .query_opt(
            "select customer_key from booking.booking where booking.span_start(span) = $1",
            &[&monday_at(hour)],
        )
        .await?;
    Ok((answer.status, booked.and_then(|row| row.get(0))))
}

#[tokio::test]
async fn a_customer_who_has_signed_in_books_as_that_sub() -> Result<()> {
    let world = World::new("auth").await?;
    let booked = books_as(&world, &world.token("ada")?, 9).await?;
    assert_eq!(booked, (201, Some("ada".into())));
    Ok(())
}

#[tokio::test]
async fn tokens_and_keys_of_supabase_work_as_they_are() -> Result<()> {
    let world = World::with("auth", |config| {
        config.auth.jwt_audience = vec!["authenticated".into()];
        config.auth.jwt_issuer = vec!["https://project.supabase.co/auth/v1".into()];
    })
    .await?;
    let sub = "8ccaa7af-909f-44e7-84cb-67cdccb56be6";
    let issued = chrono::Utc::now().timestamp();
    let access = sign(&json!({
        "iss": "https://project.supabase.co/auth/v1", "sub": sub, "aud": "authenticated", "exp": issued + 3600,
        "iat": issued, "email": "ada@example.org", "phone": "", "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"name": "Ada \u{1f600} 'quoted' $1"}, "role": "authenticated", "aal": "aal1",
        "amr": [{"method": "password", "timestamp": issued}], "session_id": "89e8d1f0-3ad5-4d0f-9c3b-3a4f1f3f2b6e",
        "is_anonymous": false,
    }))?;
    assert_eq!(
        books_as(&world, &access, 9).await?,
        (201, Some(sub.to_owned()))
    );
    // Their keys name nobody and have no audience.
    let key = |role: String| {
        sign(&json!({"iss": "supabase", "ref": "project", "role": role, "iat": issued}))
    };
    let anon = key(format!("{}_public", world.role))?;
    assert_eq!(ask(&world, &anon).await?.status, 200);
    assert_eq!(books_as(&world, &anon, 10).await?, (201, None));
    let service = key(format!("{}_service", world.role))?;
    assert_eq!(ask(&world, &service).await?.status, 200);
    // A token of another project, or for something else.
    for (claim, value) in [
        ("iss", "https://other.supabase.co/auth/v1"),
        ("aud", "other"),
    ] {
        let mut claims = json!({"iss": "https://project.supabase.co/auth/v1", "sub": sub, "aud": "authenticated"});
        claims[claim] = value.into();
        let answer = ask(&world, &sign(&claims)?).await?;
        assert_eq!(answer.status, 401);
        assert!(answer.text("detail").contains(claim), "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn no_claim_makes_anybody_more_than_the_table_of_members_says() -> Result<()> {
    let world = World::new("auth").await?;
    let roles = [
        "postgres".to_owned(),
        format!("{}_owner", world.role),
        world.role.clone(),
        "owner".into(),
        format!("{}_public; reset role", world.role),
        String::new(),
    ];
    for role in roles {
        // Of what runs, the role is that of members.
        let claims =
            json!({"sub": "ada", "role": role, "tenant_role": "owner", "user_role": "owner"});
        let rows = world
            .sql
            .query_one("select count(*) from booking.booking", &[]);
        let before: i64 = rows.await?.get(0);
        let body = json!({"service": "haircut", "starts_at": time(monday_at(9)), "customer": {"sub": "eve"}});
        let request = world.request(Method::POST, "/v1/acme/bookings");
        let answer = world
            .send(request.bearer_auth(sign(&claims)?).json(&body))
            .await?;
        assert_eq!(answer.status, 201, "{role}: {answer:?}");
        let row = world
            .sql
            .query_one(
                "delete from booking.booking where customer_key = 'ada' returning 1",
                &[],
            )
            .await?;
        assert_eq!((before, row.get::<_, i32>(0)), (0, 1), "{role}");
        world.sql.batch_execute("delete from booking.claim").await?;
        let nobody = ask(&world, &sign(&json!({"role": role}))?).await?;
        assert_eq!(nobody.status, 401, "{role}: {nobody:?}");
    }
    // The role of visitors counts for less than a sub beside it.
    let claims = json!({"sub": "ada", "role": format!("{}_public", world.role)});
    assert_eq!(books_as(&world, &sign(&claims)?, 10).await?, (201, None));
    Ok(())
}

/// A token with any header and any claims, rightly signed with the secret.
fn signed(header: &Value, claims: &str) -> Result<String> {
    let text = |part: &str| -> Result<String> {
        // The library encodes; a claim of any form goes through it as a string would not.
        let token = encode(
            &Header::default(),
            &serde_json::from_str::<Value>(part)?,
            &EncodingKey::from_secret(b"x"),
        )?;
        Ok(token.split('.').nth(1).unwrap_or_default().to_owned())
    };
    let message = format!("{}.{}", text(&header.to_string())?, text(claims)?);
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256)?;
    Ok(format!("{message}.{signature}"))
}

#[tokio::test]
async fn a_token_that_is_worth_nothing_is_401_and_says_why() -> Result<()> {
    let world = World::new("auth").await?;
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let later = chrono::Utc::now().timestamp() + 3600;
    let with = |claims: Value| -> Result<String> {
        let mut all = json!({"exp": later, "sub": "ada-the-subject"});
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        signed(&header, &all.to_string())
    };
    let headed = |name: &str, value: Value| -> Result<String> {
        let mut header = header.clone();
        header[name] = value;
        signed(&header, &json!({"exp": later, "sub": "ada"}).to_string())
    };
    assert_eq!(ask(&world, &with(json!({}))?).await?.status, 200);
    assert_eq!(
        ask(&world, &headed("typ", json!("at+jwt"))?).await?.status,
        200
    );
    assert_eq!(
        ask(&world, &headed("kid", json!("any"))?).await?.status,
        200
    );

    let good = with(json!({}))?;
    let (message, _) = good.rsplit_once('.').unwrap_or_default();
    for (token, said) in [
        (String::new(), "Bearer is wanted"),
        ("x".into(), "not a JSON Web Token"),
        ("x.y.z".into(), "header"),
        ("a.b.c.d.e".into(), "not a JSON Web Token"),
        ("..".into(), "header"),
        (format!("{message}."), "signature"),
        (format!("{good}x"), "signature"),
        (format!("{good}="), "not a JSON Web Token"),
        (format!("{message}.AAAA"), "signature"),
        (headed("alg", json!("none"))?, "header"),
        (headed("alg", json!("None"))?, "header"),
        (headed("alg", json!("HS512"))?, "alg"),
        (headed("alg", json!("RS256"))?, "alg"),
        (headed("alg", json!(null))?, "header"),
        (headed("crit", json!(["exp"]))?, "crit"),
        (headed("crit", json!([]))?, "crit"),
        (headed("typ", json!("logout+jwt"))?, "typ"),
        (headed("kid", json!(7))?, "header"),
        (with(json!({"exp": 1_000_000_000}))?, "exp"),
        (with(json!({"exp": null}))?, "exp"),
        (with(json!({"nbf": later}))?, "nbf"),
        (with(json!({"iat": later}))?, "iat"),
        (with(json!({"sub": 7}))?, "sub"),
        (with(json!({"sub": ""}))?, "sub"),
        (with(json!({"sub": "x".repeat(256)}))?, "sub"),
        (with(json!({"sub": "a\u{0}b"}))?, "zero byte"),
        (with(json!({"email": "\u{0}"}))?, "zero byte"),
        (with(json!({"padding": "x".repeat(9000)}))?, "longer"),
        (signed(&header, "[]")?, "object"),
        (signed(&header, "null")?, "object"),
        (signed(&header, r#""ada""#)?, "object"),
        (sign(&json!({"role": "authenticated"}))?, "sub"),
    ] {
        let answer = ask(&world, &token).await?;
        assert_eq!(answer.status, 401, "{said}: {token}: {answer:?}");
        assert!(
            answer.text("detail").contains(said),
            "{said}: {token}: {answer:?}"
        );
        if !token.is_empty() {
            let expected = format!(
                r#"Bearer error="invalid_token", error_description="{}""#,
                answer.text("detail")
            );
            assert_eq!(answer.header("www-authenticate"), expected);
        }
        let echoed = format!("{:?}{}", answer.headers, answer.body);
        assert!(!echoed.contains("ada-the-subject"), "{echoed}");
        assert!(token.len() < 8 || !echoed.contains(&token[..8]), "{echoed}");
    }
    Ok(())
}

#[tokio::test]
async fn there_is_one_authorization_and_it_is_a_bearer_in_ascii() -> Result<()> {
    let world = World::new("auth").await?;
    let good = format!("Bearer {}", world.token("ada")?);
    let ask = async |values: &[&[u8]]| -> Result<u16> {
        let mut request = world.request(Method::GET, PATH);
        for value in values {
            request = request.header("authorization", HeaderValue::from_bytes(value)?);
        }
        Ok(world.send(request).await?.status)
    };
    assert_eq!(ask(&[good.as_bytes()]).await?, 200);
    assert_eq!(
        ask(&[good.replacen("Bearer ", "bEARER   ", 1).as_bytes()]).await?,
        200
    );
    for values in [
        &[good.as_bytes(), good.as_bytes()][..],
        &[good.as_bytes(), b"Basic eDp5"],
        &[b""],
        &[b"Bearer"],
        &[b"Basic eDp5"],
        &[b"Bearer \xff"],
        &[good.replacen(' ', "", 1).as_bytes()],
        &[good.replacen(' ', "\t", 1).as_bytes()],
        &[format!("{good}, {good}").as_bytes()],
    ] {
        assert_eq!(ask(values).await?, 401, "{values:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_service_key_makes_a_request_the_services() -> Result<()> {
    let key = "a-key-of-the-site-that-is-long-enough-for-it";
    let world = World::with("auth", |config| {
        config.auth.service_key = Some(key.to_owned());
        config.auth.jwt_secret = None;
    })
    .await?;
    assert_eq!(ask(&world, key).await?.status, 200);
    for wrong in [&key[1..], &key.to_uppercase(), &world.token("ada")?] {
        let answer = ask(&world, wrong).await?;
        assert_eq!(answer.status, 401, "{wrong}");
    }
    Ok(())
}

#[tokio::test]
async fn without_any_key_no_token_is_accepted() -> Result<()> {
    let world = World::with("auth", |config| config.auth.jwt_secret = None).await?;
    let answer = ask(&world, &world.token("ada")?).await?;
    assert_eq!(answer.status, 401);
    assert_eq!(world.get(PATH).await?.status, 200);
    Ok(())
}
