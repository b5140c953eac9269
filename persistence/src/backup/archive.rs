//! One sealed file of many.
//!
//! It begins with a head in the clear: what it is, a salt, and a value by which the right key is
//! known. All that follows is sealed in chunks under a key made from `field.key` and the salt, which
//! no other backup has. Inside, each entry is the length of its name, the name, its size and its
//! bytes; a name of no length ends the list.

use std::{fmt, pin::Pin};

use aes_gcm::{Aes256Gcm, Key, KeyInit};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use hmac::{Hmac, Mac};
use object_store::MultipartUpload;
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

use crate::{
    Error,
    keys::{self, digest, random},
    sealed::{CHUNK, Cipher, SealedWriter, opened},
};

const MAGIC: &[u8; 16] = b"educrm backup 1\n";
const SALT: usize = 32;
const CHECK: usize = 16;
/// Bytes of the head.
pub(super) const HEAD: usize = MAGIC.len() + SALT + CHECK;

/// What seals the backups of an installation.
#[derive(Clone)]
pub struct BackupKey(Zeroizing<[u8; 32]>);

/// Why a file can't be used as a backup.
#[derive(Debug)]
pub enum Unusable {
    /// Something else, or its first bytes were altered.
    NotABackup,
    /// Of an installation with another `field.key`.
    OtherKey,
    /// Altered, or cut short.
    Damaged(String),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABackup => f.write_str("not a backup of educrm"),
            Self::OtherKey => f.write_str("made with another field.key"),
            Self::Damaged(why) => write!(f, "damaged: {why}"),
        }
    }
}

impl std::error::Error for Unusable {}

impl BackupKey {
    /// From the bytes of `field.key`.
    pub fn new(field_key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*field_key))
    }

    /// What seals the chunks of the backup with this salt, and the value that tells its key.
    fn under(&self, salt: &[u8]) -> Result<(Chunks, [u8; CHECK]), Error> {
        let made = |purpose: &[u8]| {
            let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_slice())
                .map_err(Error::internal)?;
            mac.update(purpose);
            mac.update(&[0]);
            mac.update(salt);
            Ok::<[u8; 32], Error>(mac.finalize().into_bytes().into())
        };
        let key = Zeroizing::new(made(b"educrm backup")?);
        let told = made(b"educrm backup check")?;
        let check = told.first_chunk().copied().unwrap_or_default();
        let cipher = Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key));
        Ok((Chunks(cipher), check))
    }

    /// What opens the backup with this head.
    fn of(&self, head: &[u8]) -> Result<Chunks, Unusable> {
        let rest = head.strip_prefix(MAGIC).ok_or(Unusable::NotABackup)?;
        let (salt, rest) = rest
            .split_first_chunk::<SALT>()
            .ok_or(Unusable::NotABackup)?;
        let check = rest.first_chunk::<CHECK>().ok_or(Unusable::NotABackup)?;
        let (chunks, own) = self.under(salt).map_err(damaged)?;
        if own == *check {
            Ok(chunks)
        } else {
            Err(Unusable::OtherKey)
        }
    }

    /// Whether a file that begins so was sealed with this key.
    pub(super) fn fits(&self, head: &[u8]) -> bool {
        self.of(head).is_ok()
    }
}

/// Seals the chunks of one backup.
pub struct Chunks(Aes256Gcm);

fn bound(number: u64, last: bool) -> [u8; 32] {
    digest(&[b"educrm backup", &number.to_be_bytes(), &[u8::from(last)]])
}

impl Cipher for Chunks {
    fn seal(&self, number: u64, last: bool, plain: &[u8]) -> Result<Vec<u8>, Error> {
        keys::seal(&self.0, &bound(number, last), plain)
    }

    fn open(&self, number: u64, last: bool, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        keys::open(&self.0, &bound(number, last), sealed)
            .map_err(|_| Error::internal("it was altered or cut short"))
    }

    fn added(&self) -> usize {
        keys::ADDED
    }
}

/// A backup that is being written. Nothing of it is there before [`Archive::finish`].
pub struct Archive(SealedWriter<Chunks>);

impl Archive {
    pub fn begin(key: &BackupKey, upload: Box<dyn MultipartUpload>) -> Result<Self, Error> {
        let mut salt = [0; SALT];
        random(&mut salt)?;
        let (chunks, check) = key.under(&salt)?;
        let head = [MAGIC.as_slice(), &salt, &check].concat();
        Ok(Self(SealedWriter::after(head, upload, chunks)))
    }

    /// Adds an entry of this size.
    pub async fn add(
        &mut self,
        name: &str,
        size: u64,
        from: impl AsyncRead + Unpin,
    ) -> Result<(), Error> {
        let length = u16::try_from(name.len()).map_err(Error::internal)?;
        self.0.push(&length.to_be_bytes()).await?;
        self.0.push(name.as_bytes()).await?;
        self.0.push(&size.to_be_bytes()).await?;
        let mut from = from.take(size);
        let mut part = BytesMut::with_capacity(CHUNK);
        let mut read = 0_u64;
        while from.read_buf(&mut part).await.map_err(Error::internal)? > 0 {
            read += part.len() as u64;
            self.0.push(&part).await?;
            part.clear();
        }
        if read == size {
            Ok(())
        } else {
            Err(Error::Internal(format!(
                "{name} became shorter while it was read"
            )))
        }
    }

    /// Ends the list; the backup is there afterwards, whole.
    pub async fn finish(mut self) -> Result<(), Error> {
        self.0.push(&0_u16.to_be_bytes()).await?;
        self.0.finish().await
    }

    /// Leaves nothing behind.
    pub async fn abandon(self) {
        self.0.abandon().await;
    }
}

/// A backup that is being read.
pub struct Opened {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>,
    held: BytesMut,
    /// Bytes of the present entry that were not read yet.
    left: u64,
}

impl Opened {
    /// Begins to read a file of this size.
    pub(super) async fn begin<S, E>(key: &BackupKey, size: u64, from: S) -> Result<Self, Unusable>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let mut from = from.map_err(|error| error.to_string()).boxed();
        let mut head = BytesMut::new();
        while head.len() < HEAD {
            let Some(more) = from.next().await else {
                return Err(Unusable::NotABackup);
            };
            head.extend_from_slice(&more.map_err(Unusable::Damaged)?);
        }
        let rest = head.split_off(HEAD).freeze();
        let chunks = key.of(&head)?;
        let whole = (CHUNK + chunks.added()) as u64;
        let count = size.saturating_sub(HEAD as u64).div_ceil(whole).max(1);
        let from = stream::once(async move { Ok(rest) }).chain(from).boxed();
        Ok(Self {
            chunks: Box::pin(opened(from, chunks, 0..count, count)),
            held: BytesMut::new(),
            left: 0,
        })
    }

    /// Name and size of the next entry; what was not read of the one before is passed over. After
    /// the last one the whole file was found to be as it was written.
    pub async fn next(&mut self) -> Result<Option<(String, u64)>, Unusable> {
        while self.read().await?.is_some() {}
        self.hold(2).await?;
        let length = self.held.get_u16();
        if length == 0 {
            return match self.chunks.next().await {
                None if self.held.is_empty() => Ok(None),
                None | Some(Ok(_)) => Err(Unusable::Damaged("more than its list says".into())),
                Some(Err(error)) => Err(damaged(error)),
            };
        }
        self.hold(usize::from(length) + 8).await?;
        let name = self.held.split_to(length.into());
        self.left = self.held.get_u64();
        let name = String::from_utf8(name.to_vec())
            .map_err(|_| Unusable::Damaged("a name that is none".into()))?;
        Ok(Some((name, self.left)))
    }

    /// The next part of the present entry; none at its end.
    pub async fn read(&mut self) -> Result<Option<Bytes>, Unusable> {
        if self.left == 0 {
            return Ok(None);
        }
        self.hold(1).await?;
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let part = self.held.split_to(self.held.len().min(most));
        self.left -= part.len() as u64;
        Ok(Some(part.freeze()))
    }

    /// Makes sure of so many bytes.
    async fn hold(&mut self, bytes: usize) -> Result<(), Unusable> {
        while self.held.len() < bytes {
            match self.chunks.next().await {
                Some(Ok(more)) => self.held.extend_from_slice(&more),
                Some(Err(error)) => return Err(damaged(error)),
                None => return Err(Unusable::Damaged("less than its list says".into())),
            }
        }
        Ok(())
    }
}

fn damaged(error: Error) -> Unusable {
    Unusable::Damaged(error.to_string())
}
