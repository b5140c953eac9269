//! Contents of files, sealed, under names of ours.
//!
//! A content is cut into chunks, each sealed under its institution's key and bound to its file, its
//! number and whether it is the last: chunks can't be swapped, moved to another file, or left out.

use std::{path::Path as Folder, sync::Arc};

use bytes::{Bytes, BytesMut};
use domain::{files::StoredFile, id::Id, organization::Institution};
use futures_util::{Stream, StreamExt, stream};
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path,
};
use uuid::Uuid;

use crate::{
    Error,
    keys::{FieldKeys, Place, digest},
};

/// Bytes of a chunk before it is sealed.
const CHUNK: usize = 64 * 1024;
/// Bytes that sealing adds: key version, nonce, tag.
const SEAL: usize = 4 + 12 + 16;
/// Bytes handed to the store at once.
const PART: usize = 5 * 1024 * 1024;

/// Where contents stand.
#[derive(Clone)]
pub struct Contents {
    store: Arc<dyn ObjectStore>,
}

/// Which content, and what opens it.
struct Source {
    keys: Arc<FieldKeys>,
    file: Id<StoredFile>,
}

impl Source {
    fn place(&self, number: u64, last: bool) -> Place {
        let bound = digest(&[
            self.file.uuid().as_bytes(),
            &number.to_be_bytes(),
            &[u8::from(last)],
        ]);
        let (head, _) = bound.split_at(16);
        Place {
            table: "files",
            column: "content",
            row: Uuid::from_slice(head).unwrap_or_default(),
        }
    }
}

fn path(institution: Id<Institution>, file: Id<StoredFile>) -> Path {
    let (institution, file) = (institution.uuid().simple(), file.uuid().simple());
    Path::from_iter([institution.to_string(), file.to_string()])
}

impl Contents {
    /// Below a folder, which is made where it is missing.
    pub fn in_folder(folder: &Folder) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::internal)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::internal)?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
        })
    }

    /// Begins to write a new content. Nothing of it is there before [`Writer::finish`].
    pub async fn write(
        &self,
        keys: Arc<FieldKeys>,
        institution: Id<Institution>,
        file: Id<StoredFile>,
    ) -> Result<Writer, Error> {
        let upload = self
            .store
            .put_multipart(&path(institution, file))
            .await
            .map_err(Error::internal)?;
        Ok(Writer {
            upload,
            source: Source { keys, file },
            number: 0,
            open: BytesMut::new(),
            sealed: Vec::new(),
        })
    }

    /// The content of a file, chunk by chunk.
    pub async fn read(
        &self,
        keys: Arc<FieldKeys>,
        institution: Id<Institution>,
        file: &StoredFile,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        let source = Source {
            keys,
            file: file.id,
        };
        let size = usize::try_from(file.size).map_err(Error::corrupt)?;
        let chunks = size.div_ceil(CHUNK).max(1) as u64;
        let stored = self
            .store
            .get(&path(institution, file.id))
            .await
            .map_err(Error::internal)?;
        let begin = (stored.into_stream(), BytesMut::new(), 0_u64, source);
        Ok(stream::try_unfold(
            begin,
            move |(mut from, mut held, number, source)| async move {
                if number == chunks {
                    return Ok(None);
                }
                let last = number + 1 == chunks;
                while last || held.len() < CHUNK + SEAL {
                    match from.next().await {
                        Some(more) => held.extend_from_slice(&more.map_err(Error::internal)?),
                        None => break,
                    }
                }
                let end = if last {
                    held.len()
                } else {
                    held.len().min(CHUNK + SEAL)
                };
                let sealed = held.split_to(end);
                let plain = source.keys.open(source.place(number, last), &sealed)?;
                Ok(Some((Bytes::from(plain), (from, held, number + 1, source))))
            },
        ))
    }

    /// Removes a content; one that is gone already is as good.
    pub async fn remove(
        &self,
        institution: Id<Institution>,
        file: Id<StoredFile>,
    ) -> Result<(), Error> {
        match self.store.delete(&path(institution, file)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::internal(error)),
        }
    }
}

/// A content that is being written.
pub struct Writer {
    upload: Box<dyn MultipartUpload>,
    source: Source,
    number: u64,
    open: BytesMut,
    sealed: Vec<u8>,
}

impl Writer {
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.open.extend_from_slice(bytes);
        // One is kept back: the last one is sealed as such.
        while self.open.len() > CHUNK {
            let chunk = self.open.split_to(CHUNK);
            self.seal(&chunk, false)?;
        }
        if self.sealed.len() >= PART {
            self.hand_over().await?;
        }
        Ok(())
    }

    /// Writes the rest; the content is there afterwards, whole.
    pub async fn finish(mut self) -> Result<(), Error> {
        let rest = self.open.split();
        self.seal(&rest, true)?;
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

    fn seal(&mut self, chunk: &[u8], last: bool) -> Result<(), Error> {
        let place = self.source.place(self.number, last);
        self.sealed
            .extend_from_slice(&self.source.keys.seal(place, chunk)?);
        self.number += 1;
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), Error> {
        let part = PutPayload::from(std::mem::take(&mut self.sealed));
        self.upload.put_part(part).await.map_err(Error::internal)
    }
}
