//! Passwords: how they are chosen, hashed and compared.

pub mod commands;

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
use domain::{
    fault::{Fault, FieldFault},
    rules,
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Shortest password, in characters; or more by choice.
const SHORTEST: usize = 10;
/// The same for whoever governs others.
const SHORTEST_OF_GOVERNORS: usize = 14;
/// Longest password, in characters.
const LONGEST: usize = 128;
/// zxcvbn's score from which a password is not among the first that anybody would guess.
const SCORE: u8 = 2;

rules! {
    PASSWORD_LENGTH = Invalid "password_length" {
        "密码长度不符", "Length of the password";
        "密码应为 {min} 到 {max} 个字符。", "A password has {min} to {max} characters." }
    PASSWORD_COMMON = Invalid "password_common" {
        "密码过于常见", "The password is easily guessed";
        "请不要使用常见密码，也不要使用姓名、机构名、登录名或电话。", "Choose one that is not common and does not hold a name, the school, the user name or the phone." }
    PASSWORD_WRONG = Invalid "password_wrong" {
        "原密码不正确", "The present password is wrong";
        "请输入当前密码。", "Give the present password." }
}

/// Hashes that are waited for at the same time, over all requests.
const QUEUE: usize = 64;

/// Hashes with Argon2id under a secret of the installation, one at a time a core; one core is left to
/// others.
pub struct Passwords {
    secret: Zeroizing<[u8; 32]>,
    turns: Arc<Semaphore>,
    queue: Semaphore,
    /// Compared with where there is no such account, so that it takes the same time.
    nobody: String,
}

impl Passwords {
    pub fn new(secret: Zeroizing<[u8; 32]>) -> Result<Self, persistence::Error> {
        let nobody = hash(&secret, "nobody has this password")?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            secret,
            turns: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            queue: Semaphore::new(QUEUE),
            nobody,
        })
    }

    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// Busy where too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String, persistence::Error> {
        let (secret, password) = (self.secret.clone(), owned(password));
        self.turn(move || hash(&secret, &password)).await?
    }

    /// Whether this is the password; as slow without a hash as with one.
    ///
    /// # Errors
    /// Busy where too many wait already.
    pub async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
    ) -> Result<bool, persistence::Error> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.nobody).to_owned();
        let (secret, password) = (self.secret.clone(), owned(password));
        let same = self
            .turn(move || verify(&secret, &password, &stored))
            .await??;
        Ok(same && known)
    }

    async fn turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, persistence::Error> {
        let _place = self
            .queue
            .try_acquire()
            .map_err(|_| persistence::Error::Busy)?;
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(persistence::Error::internal)?;
        // The work goes on when whoever asked for it has gone: the turn is its own.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(persistence::Error::internal)
    }
}

/// NFC once; any characters are allowed.
fn owned(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

fn argon2(secret: &[u8; 32]) -> Result<Argon2<'_>, persistence::Error> {
    Argon2::new_with_secret(secret, Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
        .map_err(persistence::Error::internal)
}

fn hash(secret: &[u8; 32], password: &str) -> Result<String, persistence::Error> {
    Ok(argon2(secret)?
        .hash_password(password.as_bytes())
        .map_err(persistence::Error::internal)?
        .to_string())
}

fn verify(secret: &[u8; 32], password: &str, stored: &str) -> Result<bool, persistence::Error> {
    let stored = PasswordHash::new(stored).map_err(persistence::Error::corrupt)?;
    Ok(argon2(secret)?
        .verify_password(password.as_bytes(), &stored)
        .is_ok())
}

/// Refuses a new password that is too short or easily guessed. `context`: words that it may not be
/// made of, such as the user name.
pub fn check(
    pointer: &'static str,
    password: &str,
    governs: bool,
    context: &[&str],
) -> Result<(), Fault> {
    let length = password.nfc().count();
    let shortest = if governs {
        SHORTEST_OF_GOVERNORS
    } else {
        SHORTEST
    };
    if !(shortest..=LONGEST).contains(&length) {
        return Err(Fault::fields(vec![
            FieldFault::new(pointer, &PASSWORD_LENGTH)
                .with("min", shortest)
                .with("max", LONGEST),
        ]));
    }
    let guessable = zxcvbn::zxcvbn(password, context).score();
    if u8::from(guessable) < SCORE {
        return Err(Fault::field(pointer, &PASSWORD_COMMON));
    }
    Ok(())
}

/// A password that is made up: 100 bits, in letters and digits that are not mistaken for others.
pub fn one_time() -> Result<Zeroizing<String>, persistence::Error> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    let mut random = Zeroizing::new([0_u8; 20]);
    persistence::keys::random(random.as_mut_slice())?;
    Ok(Zeroizing::new(
        random
            .iter()
            .filter_map(|b| LETTERS.get(usize::from(b % 32)))
            .map(|b| char::from(*b))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_personal_passwords_are_refused() {
        for bad in ["short", "password123", "1234567890", "qimingadmin"] {
            assert!(
                check("/new_password", bad, false, &["admin", "qiming"]).is_err(),
                "{bad}"
            );
        }
        assert!(check("/new_password", "雨后初晴的操场真安静", false, &["admin"]).is_ok());
        assert!(check("/new_password", "correct horse battery", true, &["admin"]).is_ok());
    }

    #[tokio::test]
    async fn what_is_too_much_at_once_is_told_to_come_again() {
        let mut passwords = Passwords::new(Zeroizing::new([7; 32])).unwrap();
        passwords.queue = Semaphore::new(1);
        let (one, other) = tokio::join!(passwords.hash("correct horse"), passwords.hash("battery"));
        assert!(one.is_ok());
        assert!(matches!(other, Err(persistence::Error::Busy)));
        assert!(passwords.hash("battery").await.is_ok());
    }

    #[test]
    fn one_time_passwords_differ_and_pass_the_check() {
        let (a, b) = (one_time().unwrap(), one_time().unwrap());
        assert_ne!(a.as_str(), b.as_str());
        assert!(check("/p", &a, true, &[]).is_ok());
    }
}
