//! A content that the program itself makes.

use domain::{files::StoredFile, id::Id, organization::Institution};
use persistence::{Error, Handle, files::content::Writer};
use sha2::{Digest, Sha256};

use crate::app::App;

/// A content that is being made, sealed as it comes.
pub struct Output {
    writer: Writer,
    digest: Sha256,
    size: i64,
}

impl Output {
    pub async fn begin(
        app: &App,
        institution: Id<Institution>,
        file: Id<StoredFile>,
    ) -> Result<Self, Error> {
        let keys = app.db.read().keys_of(institution).await?;
        Ok(Self {
            writer: app.contents.write(keys, institution, file).await?,
            digest: Sha256::new(),
            size: 0,
        })
    }

    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.digest.update(bytes);
        self.size += i64::try_from(bytes.len()).map_err(Error::internal)?;
        self.writer.push(bytes).await
    }

    /// Its size and its digest, once all of it is stored.
    pub async fn finish(self) -> Result<(i64, [u8; 32]), Error> {
        self.writer.finish().await?;
        Ok((self.size, self.digest.finalize().into()))
    }
}
