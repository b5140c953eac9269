//! Long contents, sealed on their way into a store and opened on their way out.
//!
//! A content is cut into chunks, each sealed by itself and bound to its number and to whether it is
//! the last: chunks can't be altered, swapped, added or left out. Never more than a few chunks are
//! held in memory.

use std::{ops::Range, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use object_store::{MultipartUpload, PutPayload};
use tokio::task::spawn_blocking;

use crate::Error;

/// Bytes of a chunk before it is sealed.
pub(crate) const CHUNK: usize = 64 * 1024;
/// Bytes handed to the store at once.
const PART: usize = 5 * 1024 * 1024;

/// What seals the chunks of one content.
pub trait Cipher: Send + Sync + 'static {
    /// Seals a chunk for its place.
    fn seal(&self, number: u64, last: bool, plain: &[u8]) -> Result<Vec<u8>, Error>;

    /// The chunk that was sealed for this place; fails for any other.
    fn open(&self, number: u64, last: bool, sealed: &[u8]) -> Result<Vec<u8>, Error>;

    /// Bytes that sealing adds to a chunk.
    fn added(&self) -> usize;
}

/// Chunks of a content of this size.
pub(crate) fn chunks_of(size: u64) -> u64 {
    size.div_ceil(CHUNK as u64).max(1)
}

/// A content that is being written. Nothing of it is there before [`SealedWriter::finish`].
pub struct SealedWriter<C> {
    upload: Box<dyn MultipartUpload>,
    cipher: Arc<C>,
    number: u64,
    open: BytesMut,
    sealed: Vec<u8>,
}

impl<C: Cipher> SealedWriter<C> {
    pub(crate) fn new(upload: Box<dyn MultipartUpload>, cipher: C) -> Self {
        Self::after(Vec::new(), upload, cipher)
    }

    /// Begins with a head that is not sealed.
    pub(crate) fn after(head: Vec<u8>, upload: Box<dyn MultipartUpload>, cipher: C) -> Self {
        Self {
            upload,
            cipher: Arc::new(cipher),
            number: 0,
            open: BytesMut::new(),
            sealed: head,
        }
    }

    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.open.extend_from_slice(bytes);
        // One is kept back: the last one is sealed as such.
        if self.open.len() > CHUNK {
            let kept = (self.open.len() - 1) % CHUNK + 1;
            let whole = self.open.split_to(self.open.len() - kept);
            self.seal(whole, false).await?;
        }
        if self.sealed.len() >= PART {
            self.hand_over().await?;
        }
        Ok(())
    }

    /// Writes the rest; the content is there afterwards, whole.
    pub async fn finish(mut self) -> Result<(), Error> {
        let rest = self.open.split();
        self.seal(rest, true).await?;
        self.hand_over().await?;
        self.upload.complete().await.map_err(Error::internal)?;
        Ok(())
    }

    /// Leaves nothing behind.
    pub async fn abandon(mut self) {
        if let Err(error) = self.upload.abort().await {
            tracing::warn!(%error, "an upload could not be taken back");
        }
    }

    /// Seals whole chunks, or the last, apart from what serves requests: one who sends quickly would
    /// keep the others waiting.
    async fn seal(&mut self, mut plain: BytesMut, last: bool) -> Result<(), Error> {
        let (cipher, mut number) = (Arc::clone(&self.cipher), self.number);
        let sealing = spawn_blocking(move || {
            let mut all = Vec::with_capacity(plain.len() + cipher.added());
            loop {
                let chunk = plain.split_to(CHUNK.min(plain.len()));
                all.extend_from_slice(&cipher.seal(number, last, &chunk)?);
                number += 1;
                if plain.is_empty() {
                    return Ok::<_, Error>((all, number));
                }
            }
        });
        let (sealed, next) = sealing.await.map_err(Error::internal)??;
        self.sealed.extend_from_slice(&sealed);
        self.number = next;
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), Error> {
        let part = PutPayload::from(std::mem::take(&mut self.sealed));
        self.upload.put_part(part).await.map_err(Error::internal)
    }
}

/// Chunks by their numbers, of a content of so many in all; `from` begins with the first of them.
pub(crate) fn opened<C, S, E>(
    from: S,
    cipher: C,
    numbers: Range<u64>,
    chunks: u64,
) -> impl Stream<Item = Result<Bytes, Error>> + Send
where
    C: Cipher,
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
    E: std::fmt::Display,
{
    let begin = (from, BytesMut::new(), numbers.start, cipher);
    stream::try_unfold(
        begin,
        move |(mut from, mut held, number, cipher)| async move {
            if number >= numbers.end {
                return Ok(None);
            }
            let last = number + 1 == chunks;
            let whole = CHUNK + cipher.added();
            while last || held.len() < whole {
                match from.next().await {
                    Some(more) => held.extend_from_slice(&more.map_err(Error::internal)?),
                    None => break,
                }
            }
            let end = if last {
                held.len()
            } else {
                held.len().min(whole)
            };
            let sealed = held.split_to(end);
            let plain = cipher.open(number, last, &sealed)?;
            Ok(Some((Bytes::from(plain), (from, held, number + 1, cipher))))
        },
    )
}
