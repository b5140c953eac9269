//! Keys of API clients: `educrm_<id>_<secret>`, shown once, kept as a digest.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    access::{PrincipalKind, Session},
    id::Id,
    organization::Institution,
};
use jiff::SignedDuration;
use moka::sync::Cache;
use persistence::{
    Operation,
    access::{Bearer, api_client},
    keys::{digest, random},
};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{app::App, http::Problem};

const PREFIX: &str = "educrm_";
/// Keys that are remembered.
const REMEMBERED: u64 = 10_000;
/// That a key is used is noted this often.
const NOTED: Duration = Duration::from_secs(600);

/// A fresh secret.
pub(super) fn secret() -> Result<Zeroizing<[u8; 32]>, persistence::Error> {
    let mut secret = Zeroizing::new([0; 32]);
    random(secret.as_mut_slice())?;
    Ok(secret)
}

/// The key as its client has it.
pub(super) fn text(institution: Id<Institution>, key: Id<Session>, secret: &[u8; 32]) -> String {
    format!(
        "{PREFIX}{}{}_{}",
        institution.uuid().simple(),
        key.uuid().simple(),
        BASE64_URL_SAFE_NO_PAD.encode(secret)
    )
}

/// Institution, key and secret.
type Parts = (Id<Institution>, Id<Session>, Zeroizing<Vec<u8>>);

/// What a key's text says; `None` unless it is written as ours are.
fn parts(text: &str) -> Option<Parts> {
    let (ids, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let (institution, key) = ids.split_at_checked(32)?;
    let id = |hex: &str| {
        let id = Uuid::try_parse(hex).ok()?;
        (id.simple().to_string() == hex).then_some(id)
    };
    let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).ok()?;
    Some((
        Id::new(id(institution)?),
        Id::new(id(key)?),
        Zeroizing::new(secret),
    ))
}

/// Whether a credential is a key and not a token.
pub(super) fn is_key(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Keys whose secret was checked, by digest of their text. Whether they are still good is checked
/// with everything else that is known of their client.
pub struct ApiKeys {
    known: Cache<[u8; 32], Bearer>,
    noted: Cache<Uuid, ()>,
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(600))
                .build(),
            noted: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(NOTED)
                .build(),
        }
    }
}

impl ApiKeys {
    /// Whether a key was good a while ago.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.known.contains_key(&digest(&[key.as_bytes()]))
    }

    /// Whose key it is; `None` where it is not good.
    pub async fn verify(&self, app: &App, key: &str) -> Result<Option<Bearer>, Problem> {
        let name = digest(&[key.as_bytes()]);
        if let Some(bearer) = self.known.get(&name) {
            return Ok(Some(bearer));
        }
        let Some((institution, id, secret)) = parts(key) else {
            return Ok(None);
        };
        let now = app.clock.now();
        let found = api_client::find_key(&app.db.read(), institution, id, now).await?;
        let same = |kept: &[u8]| bool::from(kept.ct_eq(&digest(&[&secret])));
        let bearer = found
            .filter(|(_, kept)| same(kept))
            .map(|(bearer, _)| bearer);
        if let Some(bearer) = &bearer {
            self.known.insert(name, bearer.clone());
        }
        Ok(bearer)
    }

    /// Notes, beside the request, that a key is in use.
    pub fn note(&self, app: &App, bearer: &Bearer) {
        let key = bearer.session;
        if self.noted.contains_key(&key.uuid()) {
            return;
        }
        self.noted.insert(key.uuid(), ());
        let stamp = app.clock.stamp();
        let kind = PrincipalKind::System;
        let operation = Operation::system(bearer.institution, kind, "noteKeyUse", stamp);
        let db = app.db.clone();
        actix_web::rt::spawn(async move {
            let every = SignedDuration::try_from(NOTED).unwrap_or_default();
            let noted = db
                .transaction(&operation, |tx| async move {
                    api_client::used(&tx, key, every).await
                })
                .await;
            if let Err(error) = noted {
                tracing::warn!(%error, "the use of a key was not noted");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_in_no_other_way() {
        let (institution, key) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let written = text(Id::new(institution), Id::new(key), &[9; 32]);
        assert!(is_key(&written));
        let (i, k, secret) = parts(&written).unwrap();
        assert_eq!(
            (i.uuid(), k.uuid(), secret.as_slice()),
            (institution, key, &[9; 32][..])
        );
        for bad in [
            written.to_uppercase(),
            written.replacen("educrm_", "educrm_rt_", 1),
            written.replacen('0', "A", 1),
            format!("{written}=="),
            "educrm_".into(),
            "educrm__".into(),
        ] {
            assert!(
                parts(&bad).is_none_or(|(i, k, _)| (i.uuid(), k.uuid()) != (institution, key)),
                "{bad}"
            );
        }
    }
}
