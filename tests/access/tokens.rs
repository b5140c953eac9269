//! Only tokens of our key, algorithm, issuer, audience, type and time are accepted (I-30).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
use reqwest::{Method, header::HeaderValue};
use tests::{Actor, Engine, Server, Value, World, both, json, run_on};

/// Makes tokens, good and bad, with the server's own key and others.
struct Forge {
    key: EncodingKey,
    foreign: EncodingKey,
    /// The public key as it is published.
    public: Value,
    header: Value,
    claims: Value,
    now: i64,
}

fn part(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn read(token: &str, part: usize) -> Value {
    let text = token.split('.').nth(part).unwrap();
    serde_json::from_slice(&BASE64.decode(text).unwrap()).unwrap()
}

impl Forge {
    fn new(w: &World, actor: &Actor) -> Self {
        let pem = std::fs::read(w.server.folder.join("signing.pem")).unwrap();
        let other = educrm::access::Tokens::generate_key().unwrap();
        let token = &actor.token().unwrap();
        Self {
            key: EncodingKey::from_ed_pem(&pem).unwrap(),
            foreign: EncodingKey::from_ed_pem(other.as_bytes()).unwrap(),
            public: serde_json::to_value(w.server.app.tokens.published()).unwrap()["keys"][0]
                .clone(),
            header: read(token, 0),
            claims: read(token, 1),
            now: w.server.app.clock.now().as_second(),
        }
    }

    fn sealed(&self, header: &str, claims: &str, key: &EncodingKey, alg: Algorithm) -> String {
        let text = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = sign(text.as_bytes(), key, alg).unwrap();
        format!("{text}.{signature}")
    }

    fn ours(&self, header: &Value, claims: &Value) -> String {
        let (header, claims) = (header.to_string(), claims.to_string());
        self.sealed(&header, &claims, &self.key, Algorithm::EdDSA)
    }

    /// Signed with our key, with one claim altered; without it where the value is null.
    fn claiming(&self, name: &str, value: Value) -> String {
        self.ours(&self.header, &altered(&self.claims, name, value))
    }

    /// The same with the header.
    fn headed(&self, name: &str, value: Value) -> String {
        self.ours(&altered(&self.header, name, value), &self.claims)
    }

    /// Signed with a key that is not ours.
    fn foreign(&self, header: &Value) -> String {
        let (header, claims) = (header.to_string(), self.claims.to_string());
        self.sealed(&header, &claims, &self.foreign, Algorithm::EdDSA)
    }

    /// Signed with a secret that everybody knows.
    fn hashed(&self, secret: &[u8]) -> String {
        let header = altered(&self.header, "alg", json!("HS256")).to_string();
        let key = EncodingKey::from_secret(secret);
        self.sealed(&header, &self.claims.to_string(), &key, Algorithm::HS256)
    }

    fn unsigned(&self, alg: &str, signature: &str) -> String {
        let header = altered(&self.header, "alg", json!(alg));
        format!("{}.{}.{signature}", part(&header), part(&self.claims))
    }
}

fn altered(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    if value.is_null() {
        object.as_object_mut().unwrap().remove(name);
    } else {
        object[name] = value;
    }
    object
}

/// The same signature with the order of the group added to its second half: a lenient check takes
/// it for another good one.
fn stretched(token: &str) -> String {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (text, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = BASE64.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    format!("{text}.{}", BASE64.encode(bytes))
}

/// Every bad token, with what is wrong with it.
fn bad_tokens(w: &World, forge: &Forge) -> Vec<(&'static str, String)> {
    let good = forge.ours(&forge.header, &forge.claims);
    let (text, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = (&forge.header, &forge.claims);
    let raw = BASE64.decode(forge.public["x"].as_str().unwrap()).unwrap();
    let stranger = w.as_stranger();
    let theirs = read(&stranger.token().unwrap(), 1);
    let colleague = read(&w.as_colleague().token().unwrap(), 1);
    let twice = |claims: &Value, name: &str, value: &Value| {
        let text = claims.to_string();
        format!("{{\"{name}\":{value},{}", &text[1..])
    };
    let with_twice =
        |claims: String| forge.sealed(&header.to_string(), &claims, &forge.key, Algorithm::EdDSA);
    let mut flipped = good.clone().into_bytes();
    let last = flipped.len() - 10;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    // The last of 86 characters carries four bits that mean nothing.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let end = alphabet.find(good.chars().last().unwrap()).unwrap();
    let spare = alphabet.chars().nth(end ^ 1).unwrap();
    let jku = altered(header, "jku", json!("http://127.0.0.1:1/jwks.json"));
    let jwk = altered(
        header,
        "jwk",
        json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode([7; 32])}),
    );
    vec![
        ("alg none", forge.unsigned("none", "")),
        ("alg None", forge.unsigned("None", "")),
        (
            "alg none with a signature",
            forge.unsigned("none", signature),
        ),
        ("alg of another kind", forge.unsigned("RS256", signature)),
        (
            "alg with another name",
            forge.unsigned("Ed25519", signature),
        ),
        ("no alg", forge.headed("alg", Value::Null)),
        ("HS256 with the public key", forge.hashed(&raw)),
        (
            "HS256 with the published text",
            forge.hashed(forge.public["x"].as_str().unwrap().as_bytes()),
        ),
        (
            "HS256 with the published key",
            forge.hashed(forge.public.to_string().as_bytes()),
        ),
        ("HS256 with nothing", forge.hashed(b"")),
        ("another key under our kid", forge.foreign(header)),
        ("another key by address", forge.foreign(&jku)),
        ("another key inside", forge.foreign(&jwk)),
        ("no kid", forge.headed("kid", Value::Null)),
        ("another kid", forge.headed("kid", json!("other"))),
        (
            "kid as a path",
            forge.headed("kid", json!("../../../../dev/null")),
        ),
        ("kid of a wrong type", forge.headed("kid", json!(1))),
        (
            "an extension that must be understood",
            forge.headed("crit", json!(["exp"])),
        ),
        ("typ JWT", forge.headed("typ", json!("JWT"))),
        ("no typ", forge.headed("typ", Value::Null)),
        (
            "typ of a refresh token",
            forge.headed("typ", json!("rt+jwt")),
        ),
        ("another aud", forge.claiming("aud", json!("other"))),
        ("no aud", forge.claiming("aud", Value::Null)),
        (
            "several aud",
            forge.claiming("aud", json!(["other", "else"])),
        ),
        (
            "another iss",
            forge.claiming("iss", json!("http://127.0.0.1:8081")),
        ),
        (
            "iss with a slash",
            forge.claiming("iss", json!("http://127.0.0.1:8080/")),
        ),
        ("no iss", forge.claiming("iss", Value::Null)),
        ("expired", forge.claiming("exp", json!(forge.now - 6))),
        ("expired long ago", forge.claiming("exp", json!(0))),
        (
            "expired before time began",
            forge.claiming("exp", json!(i64::MIN)),
        ),
        (
            "expires as text",
            forge.claiming("exp", json!("2999-01-01")),
        ),
        ("expires beyond numbers", forge.claiming("exp", json!(1e30))),
        ("never expires", forge.claiming("exp", Value::Null)),
        ("not yet", forge.claiming("nbf", json!(forge.now + 60))),
        ("not for ever", forge.claiming("nbf", json!(i64::MAX))),
        ("no nbf", forge.claiming("nbf", Value::Null)),
        ("expired, good since before time began", {
            let claims = altered(claims, "nbf", json!(i64::MIN));
            forge.ours(header, &altered(&claims, "exp", json!(forge.now - 60)))
        }),
        (
            "another institution",
            forge.claiming("institution_id", theirs["institution_id"].clone()),
        ),
        (
            "nobody's institution",
            forge.claiming("institution_id", json!(uuid::Uuid::now_v7())),
        ),
        (
            "no institution",
            forge.claiming("institution_id", Value::Null),
        ),
        (
            "another institution's person",
            forge.claiming("sub", theirs["sub"].clone()),
        ),
        (
            "a colleague, by our session",
            forge.claiming("sub", colleague["sub"].clone()),
        ),
        (
            "our person, by a colleague's session",
            forge.claiming("sid", colleague["sid"].clone()),
        ),
        (
            "our person, by a stranger's session",
            forge.claiming("sid", theirs["sid"].clone()),
        ),
        ("no session", forge.claiming("sid", Value::Null)),
        (
            "no such session",
            forge.claiming("sid", json!(uuid::Uuid::now_v7())),
        ),
        (
            "no such person",
            forge.claiming("sub", json!(uuid::Uuid::now_v7())),
        ),
        ("no sub", forge.claiming("sub", Value::Null)),
        (
            "sub of a wrong type",
            forge.claiming("sub", json!({"$ne": null})),
        ),
        (
            "sub twice",
            with_twice(twice(claims, "sub", &colleague["sub"])),
        ),
        (
            "exp twice",
            with_twice(twice(claims, "exp", &json!(forge.now + 60))),
        ),
        (
            "institution twice",
            with_twice(twice(claims, "institution_id", &theirs["institution_id"])),
        ),
        ("alg twice", {
            let header = twice(header, "alg", &json!("none"));
            forge.sealed(&header, &claims.to_string(), &forge.key, Algorithm::EdDSA)
        }),
        ("claims that are no object", with_twice("[]".into())),
        ("claims that are no JSON", with_twice("{".into())),
        ("without signature", text.to_owned()),
        ("with an empty signature", format!("{text}.")),
        ("truncated", good[..good.len() - 2].to_owned()),
        (
            "with one character altered",
            String::from_utf8(flipped).unwrap(),
        ),
        (
            "with spare bits set",
            format!("{}{spare}", &good[..good.len() - 1]),
        ),
        ("with a stretched signature", stretched(&good)),
        ("padded", format!("{good}==")),
        ("with a fourth part", format!("{good}.x")),
        (
            "with another's claims",
            format!("{}.{}.{signature}", part(header), part(&colleague)),
        ),
        ("opaque", BASE64.encode([7; 32])),
        (
            "a key of a program",
            "educrm_0192f0c1_c2VjcmV0c2VjcmV0".into(),
        ),
        ("two dots", "..".into()),
        ("long", "a".repeat(8_000)),
    ]
}

both! {
    async fn a_token_of_our_own_making_is_good(w: World) {
        let actor = w.as_recruiter();
        let forge = Forge::new(&w, &actor);
        actor.with_token(&forge.ours(&forge.header, &forge.claims)).get("/api/v1/customers").await.expect(200);
        // One that is for less is good for no more.
        let narrow = actor.with_token(&forge.claiming("scope", json!("customers:write payments:void")));
        narrow.get("/api/v1/customers").await.expect_problem(403, "permission_missing");
        narrow.post("/api/v1/customers", &w.new_customer("张伟")).await.expect(201);
        for scope in ["", "all", "*", "customers:read,customers:write", " customers:write"] {
            let none = actor.with_token(&forge.claiming("scope", json!(scope)));
            none.get("/api/v1/customers").await.expect_problem(403, "permission_missing");
        }
    }

    async fn a_bad_token_is_refused_whatever_is_wrong_with_it(w: World) {
        let actor = w.as_recruiter();
        let forge = Forge::new(&w, &actor);
        let bad = bad_tokens(&w, &forge);
        assert!(bad.len() >= 40);
        for (why, token) in bad {
            for answer in [
                actor.with_token(&token).get("/api/v1/customers").await,
                actor.with_token(&token).post("/api/v1/customers", &w.new_customer("张伟")).await,
            ] {
                assert_eq!(answer.status, 401, "{why}: {}", answer.text);
                let answer = answer.expect_problem(401, "unauthenticated");
                assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{why}");
            }
        }
        assert!(w.as_boss().get("/api/v1/customers").await.ids().is_empty());
    }

    async fn only_one_header_with_one_bearer_token_counts(w: World) {
        let good = w.as_recruiter().token().unwrap();
        let nobody = w.as_anonymous();
        let path = "/api/v1/customers";
        for header in [
            "Bearer".to_owned(),
            "Bearer ".into(),
            good.clone(),
            format!("Bearer  {good}"),
            format!("Bearer\t{good}"),
            format!("Bearer {good} x"),
            format!("Bearer {good},Bearer {good}"),
            format!("Bearer=\"{good}\""),
            format!("Token {good}"),
            format!("Basic {good}"),
            "Basic YWRtaW46YWRtaW4=".into(),
            "Digest username=\"admin\"".into(),
            "null".into(),
        ] {
            let request = nobody.request(Method::GET, path).header("authorization", &header);
            let answer = nobody.send(request).await;
            assert_eq!(answer.status, 401, "{header}: {}", answer.text);
        }
        let bytes = HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
        nobody.send(nobody.request(Method::GET, path).header("authorization", bytes)).await
            .expect_problem(401, "unauthenticated");
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let request = nobody.request(Method::GET, path).header("authorization", format!("{scheme} {good}"));
            nobody.send(request).await.expect(200);
        }
        let query = format!("{path}?access_token={good}");
        nobody.get(&query).await.expect_problem(401, "unauthenticated");
        let request = nobody.request(Method::GET, path).header("cookie", format!("access_token={good}"));
        nobody.send(request).await.expect_problem(401, "unauthenticated");
    }

    async fn of_two_authorization_headers_none_counts(w: World) {
        let good = format!("Bearer {}", w.as_recruiter().token().unwrap());
        let stranger = format!("Bearer {}", w.as_stranger().token().unwrap());
        let nobody = w.as_anonymous();
        for (one, other) in [(&good, "Bearer x"), (&good, "Basic x"), (&good, stranger.as_str()), (&good, good.as_str())] {
            for pair in [[one.as_str(), other], [other, one.as_str()]] {
                let mut request = nobody.request(Method::GET, "/api/v1/customers");
                for value in pair {
                    request = request.header("authorization", value);
                }
                let answer = nobody.send(request).await;
                assert_eq!(answer.status, 401, "{pair:?}");
            }
        }
    }
}

/// A token is good until it expires, five seconds of grace included, wherever its signature is
/// remembered; what it opened is not.
async fn expiry(w: World) {
    let actor = w.as_recruiter();
    let clock = &w.server.app.clock;
    let path = "/api/v1/customers";
    actor.get(path).await.expect(200);
    clock.advance(jiff::SignedDuration::from_secs(595));
    actor.get(path).await.expect(200);
    clock.advance(jiff::SignedDuration::from_secs(11));
    actor.get(path).await.expect_problem(401, "unauthenticated");
    actor
        .post(path, &w.new_customer("张伟"))
        .await
        .expect_problem(401, "unauthenticated");
    // A clock that is set back makes a token good again, and one from the future not yet.
    clock.advance(jiff::SignedDuration::from_secs(-600));
    actor.get(path).await.expect(200);
    clock.advance(jiff::SignedDuration::from_secs(-60));
    actor.get(path).await.expect_problem(401, "unauthenticated");
    clock.advance(jiff::SignedDuration::from_secs(54));
}

fn with_own_clock(engine: Engine) {
    if let Some(server) = Server::own(engine, &[]) {
        run_on(server, expiry);
    }
}

#[test]
fn a_token_ends_with_its_time_on_sqlite() {
    with_own_clock(Engine::Sqlite);
}

#[test]
fn a_token_ends_with_its_time_on_postgres() {
    with_own_clock(Engine::Postgres);
}
