//! Receiving a file: part by part, sealed as it comes, and known by its bytes.

use std::{sync::Arc, time::Duration};

use actix_multipart::{Field, Multipart};
use actix_web::{HttpRequest, http::StatusCode, http::header, web};
use domain::{
    access::{ImportsRun, Permission},
    fault::{Fault, REQUIRED},
    files::{
        FILE_EMPTY, FILE_INFECTED, FILE_TYPE_REFUSED, FilePurpose, FileType, HEAD,
        SCAN_UNAVAILABLE, StoredFile, TAIL, file_name, sniff,
    },
    id::Id,
    text_enum::TextEnum,
};
use futures_util::StreamExt;
use persistence::{
    Handle,
    access::{Grant, Writes},
    files::{content::Writer, store},
};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::scan::{self, Verdict};
use crate::{
    access::Granted,
    http::{
        Problem,
        json::{check_coding, check_length, essence, too_large},
        problem::{MALFORMED, MEDIA_TYPE_UNSUPPORTED, TIMED_OUT, UNKNOWN_FIELD},
    },
};

/// A file whose content is stored, and of which nobody knows yet.
pub struct Received {
    pub file: StoredFile,
    pub fingerprint: [u8; 32],
}

/// Refuses whatever is not a form, and files that the caller may not bring.
pub fn check<P: Permission>(
    ctx: &Granted<P>,
    request: &HttpRequest,
    purpose: FilePurpose,
) -> Result<(), Problem> {
    check_coding(request)?;
    if !essence(request).eq_ignore_ascii_case("multipart/form-data") {
        return Err(
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, &MEDIA_TYPE_UNSUPPORTED)
                .with("accepted", "multipart/form-data"),
        );
    }
    if purpose == FilePurpose::Import && !ctx.authority().holds::<ImportsRun>() {
        return Err(Problem::permission_missing(ImportsRun::CODE));
    }
    check_length(request, u64::from(limit(ctx, purpose)) + AROUND)
}

/// Bytes that a form may have around its file.
const AROUND: u64 = 64 * 1024;

/// Receives the one file of a form.
pub async fn receive<P>(
    ctx: &Granted<P>,
    purpose: FilePurpose,
    mut form: Multipart,
) -> Result<Received, Problem>
where
    P: Permission,
    Grant<P>: Writes<StoredFile>,
{
    let patience = Duration::from_secs(ctx.app().settings.upload_seconds.0.into());
    let id: Id<StoredFile> = ctx.stamp().id();
    let until = Instant::now() + patience;
    let received = match timeout_at(until, whole(ctx, id, purpose, &mut form)).await {
        Ok(Ok(received)) => scanned(ctx, until, received).await,
        Ok(refused) => refused,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, &TIMED_OUT)),
    };
    if received.is_err() {
        discard(ctx, id).await;
    }
    received
}

/// Has what was received looked at by the virus scanner, where there is one.
async fn scanned<P: Permission>(
    ctx: &Granted<P>,
    until: Instant,
    received: Received,
) -> Result<Received, Problem> {
    let Some(scanner) = &ctx.app().settings.clamd.0 else {
        return Ok(received);
    };
    let file = &received.file;
    let institution = ctx.authority().institution();
    let keys = ctx.read().keys_of(institution).await?;
    let content = ctx.app().contents.read(keys, institution, file).await?;
    match scan::ask(scanner, until, content).await {
        Ok(Verdict::Clean) => Ok(received),
        Ok(Verdict::Infected) => {
            tracing::warn!(file = %file.id, owner = %file.owner, "a file with a virus was refused");
            let mut fault = Fault::field("/file", &FILE_INFECTED);
            fault.rule = &FILE_INFECTED;
            Err(fault.into())
        }
        Err(error) => {
            tracing::warn!(file = %file.id, size = file.size, %error, "a file could not be scanned");
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, &SCAN_UNAVAILABLE);
            Err(problem.header(header::RETRY_AFTER, "10"))
        }
    }
}

/// Takes back a content of which nobody is to know. One that was kept after all, though the answer of
/// the database was lost, stays.
pub async fn discard<P>(ctx: &Granted<P>, id: Id<StoredFile>)
where
    P: Permission,
    Grant<P>: Writes<StoredFile>,
{
    let institution = ctx.authority().institution();
    let kept = ctx
        .transaction(|tx, grant| async move { store::forget(&tx, &grant, id).await })
        .await;
    let done = match kept {
        Ok(true) => Ok(()),
        Ok(false) => ctx
            .app()
            .contents
            .remove(institution, id)
            .await
            .map_err(drop),
        Err(_) => Err(()),
    };
    if done.is_err() {
        // What has expired is removed later.
        tracing::warn!(file = %id, "an upload could not be taken back at once");
    }
}

async fn whole<P>(
    ctx: &Granted<P>,
    id: Id<StoredFile>,
    purpose: FilePurpose,
    form: &mut Multipart,
) -> Result<Received, Problem>
where
    P: Permission,
    Grant<P>: Writes<StoredFile>,
{
    let mut received = None;
    while let Some(field) = form.next().await {
        let field = field.map_err(malformed)?;
        if field.name() != Some("file") || received.is_some() {
            return Err(Fault::field("/file", &UNKNOWN_FIELD).into());
        }
        received = Some(part(ctx, id, purpose, field).await?);
    }
    received.ok_or_else(|| Fault::field("/file", &REQUIRED).into())
}

async fn part<P>(
    ctx: &Granted<P>,
    id: Id<StoredFile>,
    purpose: FilePurpose,
    mut field: Field,
) -> Result<Received, Problem>
where
    P: Permission,
    Grant<P>: Writes<StoredFile>,
{
    let limit = limit(ctx, purpose);
    let name = field
        .content_disposition()
        .and_then(|sent| sent.get_filename())
        .unwrap_or_default()
        .to_owned();
    let mut arriving = Arriving::default();
    let mut writer: Option<Writer> = None;
    while let Some(bytes) = field.next().await {
        let bytes = bytes.map_err(malformed)?;
        arriving.take(&bytes);
        if arriving.size > u64::from(limit) {
            return Err(too_large());
        }
        if writer.is_none() && arriving.head.len() == HEAD {
            writer = Some(begin(ctx, id, purpose, &arriving).await?);
        } else if let Some(writer) = &mut writer {
            writer.push(&bytes).await?;
        }
    }
    if arriving.size == 0 {
        return Err(Fault::field("/file", &FILE_EMPTY).into());
    }
    let kind = sniff(&arriving.head, &arriving.tail);
    let Some(kind) = kind.filter(|kind| purpose == FilePurpose::Record || kind.is_table()) else {
        return Err(Fault::field("/file", &FILE_TYPE_REFUSED).into());
    };
    let writer = match writer {
        Some(writer) => writer,
        None => begin(ctx, id, purpose, &arriving).await?,
    };
    writer.finish().await?;
    Ok(arriving.received(ctx, id, purpose, kind, &name)?)
}

/// Bytes that a file may have.
fn limit<P: Permission>(ctx: &Granted<P>, purpose: FilePurpose) -> u32 {
    let settings = &ctx.app().settings;
    match purpose {
        FilePurpose::Record => settings.file_limit.0,
        FilePurpose::Import => settings.import_file_limit.0,
    }
}

/// Notes that a content comes, and begins to store it with what has come so far.
async fn begin<P>(
    ctx: &Granted<P>,
    id: Id<StoredFile>,
    purpose: FilePurpose,
    arriving: &Arriving,
) -> Result<Writer, Problem>
where
    P: Permission,
    Grant<P>: Writes<StoredFile>,
{
    // What a workbook is shows only at its end.
    let may_be = arriving.head.starts_with(b"PK") || sniff(&arriving.head, &[]).is_some();
    if !may_be {
        return Err(Fault::field("/file", &FILE_TYPE_REFUSED).into());
    }
    let room = &ctx.app().settings.temporary_room();
    let at_most = limit(ctx, purpose).into();
    ctx.transaction(|tx, grant| async move {
        store::check_room(&tx, &grant, room).await?;
        store::expect(&tx, &grant, id, purpose, at_most).await
    })
    .await?;
    let institution = ctx.authority().institution();
    let keys = ctx.read().keys_of(institution).await?;
    let mut writer = ctx
        .app()
        .contents
        .write(Arc::clone(&keys), institution, id)
        .await?;
    writer.push(&arriving.first).await?;
    Ok(writer)
}

/// What is known of a content while it comes.
#[derive(Default)]
struct Arriving {
    size: u64,
    digest: Sha256,
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Everything until the writing begins.
    first: Vec<u8>,
}

impl Arriving {
    fn take(&mut self, bytes: &web::Bytes) {
        if self.head.len() < HEAD {
            let missing = (HEAD - self.head.len()).min(bytes.len());
            self.head.extend(bytes.iter().take(missing));
            self.first.extend_from_slice(bytes);
        }
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    fn received<P: Permission>(
        self,
        ctx: &Granted<P>,
        id: Id<StoredFile>,
        purpose: FilePurpose,
        kind: FileType,
        name: &str,
    ) -> Result<Received, persistence::Error> {
        let now = ctx.stamp().now();
        let sha256: [u8; 32] = self.digest.finalize().into();
        let name = file_name(name, kind);
        let fingerprint =
            persistence::keys::digest(&[purpose.as_str().as_bytes(), name.as_bytes(), &sha256]);
        let lasts = domain::files::UNATTACHED_LASTS;
        Ok(Received {
            file: StoredFile {
                id,
                version: 1,
                owner: ctx.authority().principal(),
                purpose,
                kind,
                name,
                size: i64::try_from(self.size).map_err(persistence::Error::internal)?,
                sha256,
                attached_to: None,
                created_at: now,
                expires_at: now.saturating_add(lasts).ok(),
            },
            fingerprint,
        })
    }
}

fn malformed(error: actix_multipart::MultipartError) -> Problem {
    tracing::debug!(%error, "a form could not be read");
    Problem::new(StatusCode::BAD_REQUEST, &MALFORMED)
}
