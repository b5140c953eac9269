//! Access tokens: JWTs by RFC 9068, signed with Ed25519.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    access::{Principal, Session},
    id::Id,
    organization::Institution,
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use moka::sync::Cache;
use persistence::access::Bearer;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const AUDIENCE: &str = "educrm";
const LEEWAY: i64 = 5;
/// How long an access token is good.
pub(super) const ACCESS_TOKEN_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// Verified tokens that are remembered.
const REMEMBERED: u64 = 100_000;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Id<Principal>,
    client_id: String,
    /// The session, or the key of an API client, with which the token ends.
    sid: Id<Session>,
    institution_id: Id<Institution>,
    /// Permissions that the token is good for; whatever its bearer holds, where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    jti: uuid::Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Whose token it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub bearer: Bearer,
    not_before: i64,
    expires: i64,
}

/// Makes and checks access tokens.
pub struct Tokens {
    issuer: String,
    signing: EncodingKey,
    checking: DecodingKey,
    key_id: String,
    published: JwkSet,
    /// By digest of the token: its signature is checked once.
    verified: Cache<[u8; 32], Verified>,
}

impl Tokens {
    /// With the Ed25519 key of a PKCS #8 PEM.
    pub fn new(pem: &str, issuer: String) -> Result<Self, jsonwebtoken::errors::Error> {
        let signing = EncodingKey::from_ed_pem(pem.as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        let key_id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(key_id.clone());
        let checking = DecodingKey::from_jwk(&jwk)?;
        Ok(Self {
            issuer,
            signing,
            checking,
            key_id,
            published: JwkSet { keys: vec![jwk] },
            verified: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(600))
                .build(),
        })
    }

    /// A fresh signing key as a PEM.
    pub fn generate_key() -> Result<Zeroizing<String>, persistence::Error> {
        // PKCS #8 of an Ed25519 key is this prefix and the 32 secret bytes (RFC 8410, section 7).
        const PREFIX: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        let mut secret = Zeroizing::new([0_u8; 32]);
        persistence::keys::random(secret.as_mut_slice())?;
        let der = Zeroizing::new([PREFIX.as_slice(), secret.as_slice()].concat());
        let text = Zeroizing::new(BASE64_STANDARD.encode(der.as_slice()));
        Ok(Zeroizing::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            text.as_str()
        )))
    }

    /// A token of a session, good for [`ACCESS_TOKEN_LASTS`].
    pub fn issue(
        &self,
        bearer: &Bearer,
        stamp: &domain::stamp::Stamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = stamp.now().as_second();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".into());
        header.kid = Some(self.key_id.clone());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: bearer.principal,
            client_id: match &bearer.scope {
                Some(_) => bearer.principal.to_string(),
                None => "educrm".into(),
            },
            sid: bearer.session,
            institution_id: bearer.institution,
            scope: bearer.scope.as_ref().map(|scope| {
                let codes: Vec<_> = scope.iter().map(String::as_str).collect();
                codes.join(" ")
            }),
            jti: stamp.id::<()>().uuid(),
            iat: now,
            nbf: now,
            exp: now + ACCESS_TOKEN_LASTS.as_secs(),
        };
        jsonwebtoken::encode(&header, &claims, &self.signing)
    }

    /// Whose token it is; `None` unless it is ours, of this type, and good now.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Verified> {
        let digest = persistence::keys::digest(&[token.as_bytes()]);
        let verified = match self.verified.get(&digest) {
            Some(verified) => verified,
            None => {
                let verified = self.check(token)?;
                self.verified.insert(digest, verified.clone());
                verified
            }
        };
        let now = now.as_second();
        (verified.not_before - LEEWAY <= now && now < verified.expires + LEEWAY).then_some(verified)
    }

    fn check(&self, token: &str) -> Option<Verified> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let ours = header.typ.as_deref() == Some("at+jwt")
            && header.kid.as_deref() == Some(self.key_id.as_str())
            // We understand none of the extensions that would have to be understood (RFC 7515).
            && header.crit.is_none();
        if !ours {
            return None;
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // Times are checked by the process's own clock, each time.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &validation)
            .ok()?
            .claims;
        Some(Verified {
            bearer: Bearer::within(
                claims.institution_id,
                claims.sub,
                claims.sid,
                claims
                    .scope
                    .map(|text| Arc::new(text.split(' ').map(str::to_owned).collect())),
            ),
            not_before: claims.nbf,
            expires: claims.exp,
        })
    }

    /// The public keys, for `/.well-known/jwks.json`.
    pub fn published(&self) -> &JwkSet {
        &self.published
    }
}
