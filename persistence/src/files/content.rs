//! Contents of files, sealed, under names of ours.
//!
//! Each content is sealed under its institution's key and bound to its file: it can't be put in
//! another's place.

use std::{ops::Range, os::unix::fs::DirBuilderExt, path::Path as Folder, sync::Arc};

use bytes::{Buf, Bytes};
use domain::{files::StoredFile, id::Id, organization::Institution};
use futures_util::{Stream, TryStreamExt};
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path,
};

use crate::{
    Error,
    keys::{FieldKeys, SealedAt, digest, row_of},
    sealed::{CHUNK, Cipher, SealedWriter, chunks_of, opened},
};

/// Where contents stand.
#[derive(Clone)]
pub struct Contents {
    store: Arc<dyn ObjectStore>,
}

/// Which content, and what seals it.
pub struct Source {
    keys: Arc<FieldKeys>,
    file: Id<StoredFile>,
}

impl Source {
    fn place(&self, number: u64, last: bool) -> SealedAt {
        let bound = digest(&[
            self.file.uuid().as_bytes(),
            &number.to_be_bytes(),
            &[u8::from(last)],
        ]);
        SealedAt {
            table: "files",
            column: "content",
            row: row_of(bound),
        }
    }
}

impl Cipher for Source {
    fn seal(&self, number: u64, last: bool, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.keys.seal(self.place(number, last), plain)
    }

    fn open(&self, number: u64, last: bool, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.keys.open(self.place(number, last), sealed)
    }

    fn added(&self) -> usize {
        FieldKeys::ADDED
    }
}

/// The content of a file that is being written.
pub type Writer = SealedWriter<Source>;

/// Where the content of a file stands below the folder of contents.
pub(crate) fn path(institution: Id<Institution>, file: Id<StoredFile>) -> Path {
    let (institution, file) = (institution.uuid().simple(), file.uuid().simple());
    Path::from_iter([institution.to_string(), file.to_string()])
}

impl Contents {
    /// Below a folder, which is made where it is missing.
    pub fn in_folder(folder: &Folder) -> Result<Self, Error> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(Error::internal)?;
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
        Ok(Writer::new(upload, Source { keys, file }))
    }

    /// The content of a file, chunk by chunk.
    pub async fn read(
        &self,
        keys: Arc<FieldKeys>,
        institution: Id<Institution>,
        file: &StoredFile,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        let size = u64::try_from(file.size).map_err(Error::corrupt)?;
        self.read_part(keys, institution, file, 0..size).await
    }

    /// Some bytes of the content of a file, chunk by chunk; no others are read but of the first and
    /// the last chunk.
    pub async fn read_part(
        &self,
        keys: Arc<FieldKeys>,
        institution: Id<Institution>,
        file: &StoredFile,
        wanted: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        let source = Source {
            keys,
            file: file.id,
        };
        let chunk = CHUNK as u64;
        let sealed = (CHUNK + source.added()) as u64;
        let chunks = chunks_of(u64::try_from(file.size).map_err(Error::corrupt)?);
        let numbers = wanted.start / chunk..chunks_of(wanted.end);
        let options = GetOptions {
            range: (numbers.start > 0).then(|| GetRange::Offset(numbers.start * sealed)),
            ..GetOptions::default()
        };
        let stored = self
            .store
            .get_opts(&path(institution, file.id), options)
            .await
            .map_err(Error::internal)?;
        let mut before = usize::try_from(wanted.start % chunk).map_err(Error::internal)?;
        let mut left = wanted.end - wanted.start;
        let all = opened(stored.into_stream(), source, numbers, chunks);
        Ok(all.map_ok(move |mut bytes| {
            bytes.advance(before);
            before = 0;
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= bytes.len() as u64;
            bytes
        }))
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
