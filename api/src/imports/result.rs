//! The end of an import: its result file, and the notice to its owner.

use domain::{
    access::{ImportsRun, Oneself},
    files::{FilePurpose, FileType, StoredFile, file_name},
    id::Id,
    imports::{
        header::LeadField,
        outcome::{Counts, Import, RowResult, neutral},
    },
    jobs::JobStatus,
    notices::{NoticeKind, Numbers},
    text_enum::TextEnum,
};
use jiff::SignedDuration;
use persistence::{
    Error, Handle,
    access::Grant,
    files,
    files::content::Writer,
    imports::{rows, store},
    notices,
};
use sha2::{Digest, Sha256};

use super::{commands, run::beside};
use crate::jobs::{Halt, Run};

/// How long a result file is kept.
const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Rows read at once.
const PAGE: u64 = 500;
/// Spreadsheets read a CSV as UTF-8 only after this mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes the result file, then ends the import, its job and its owner's wait in one step.
pub(super) async fn finish(run: &Run, id: Id<Import>, own: &Grant<Oneself>) -> Result<(), Halt> {
    let file: Id<StoredFile> = run.app.clock.stamp().id();
    run.step::<ImportsRun, _, _, _>(|tx, _| async move {
        files::store::expect(&tx, own, file, FilePurpose::Record, 0).await
    })
    .await?;
    let (size, sha256) = write(run, id, file).await?;
    let lease = run.lease();
    run.step::<ImportsRun, _, _, _>(|tx, grant| async move {
        let import = commands::get(&tx, &grant, id).await?;
        let expires_at = tx.now().saturating_add(LASTS).ok();
        let stored = StoredFile {
            id: file,
            version: 1,
            owner: import.owner,
            purpose: FilePurpose::Record,
            kind: FileType::Text,
            name: file_name("import-result.csv", FileType::Text),
            size,
            sha256,
            attached_to: None,
            created_at: tx.now(),
            expires_at,
        };
        files::store::keep(&tx, own, &stored).await?;
        let (institution, record) = (run.institution(), ("import", id.uuid()));
        files::store::attach(&tx, institution, file, record, expires_at).await?;
        store::keep_result(&tx, &grant, id, file.uuid()).await?;
        let numbers = numbers(&import.counts);
        let kind = NoticeKind::ImportFinished;
        notices::store::notify(&tx, import.owner, kind, &numbers, Some(record)).await?;
        lease.finish(&tx, JobStatus::Succeeded, None).await?;
        Ok(())
    })
    .await
}

fn numbers(counts: &Counts) -> Numbers {
    [
        ("created", counts.created),
        ("duplicate", counts.duplicate),
        ("skipped", counts.skipped),
        ("failed", counts.failed),
    ]
    .map(|(name, count)| (name.to_owned(), count))
    .into()
}

/// Writes a line for each problem of a row, or for the row.
async fn write(run: &Run, id: Id<Import>, file: Id<StoredFile>) -> Result<(i64, [u8; 32]), Halt> {
    let institution = run.institution();
    let read = run.app.db.read();
    let keys = read.keys_of(institution).await?;
    let writer = run.app.contents.write(keys, institution, file).await?;
    let mut out = Output {
        writer,
        digest: Sha256::new(),
        size: 0,
    };
    out.push(MARK).await?;
    out.push(&line(&["row", "outcome", "code", "field", "value"])?)
        .await?;
    let mut after = 0;
    loop {
        let grant = beside::<ImportsRun>(run).await?;
        let grant = grant.ok_or_else(|| Error::AuthorityChanged)?;
        let page = rows::list(&read, &grant, id, &[], after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.row;
        let mut text = Vec::new();
        for result in &page {
            text.extend(lines(result)?);
        }
        out.push(&text).await?;
    }
    out.writer.finish().await?;
    Ok((out.size, out.digest.finalize().into()))
}

fn lines(result: &RowResult) -> Result<Vec<u8>, Error> {
    let row = result.row.to_string();
    let outcome = result.outcome.as_str();
    if result.problems.is_empty() {
        return line(&[&row, outcome, "", "", ""]);
    }
    let mut text = Vec::new();
    for problem in &result.problems {
        let field = problem.field.map_or("", LeadField::as_str);
        text.extend(line(&[
            &row,
            outcome,
            &problem.code,
            field,
            &problem.value,
        ])?);
    }
    Ok(text)
}

fn line(cells: &[&str]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(cells.iter().map(|cell| neutral(cell)))
        .map_err(Error::internal)?;
    writer.into_inner().map_err(Error::internal)
}

/// A file that is being written.
struct Output {
    writer: Writer,
    digest: Sha256,
    size: i64,
}

impl Output {
    async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.digest.update(bytes);
        self.size += i64::try_from(bytes.len()).map_err(Error::internal)?;
        self.writer.push(bytes).await
    }
}
