//! The end of an import: its result file, and the notice to its owner.

use domain::{
    access::{ImportsRun, Oneself},
    conditions::registry::CUSTOM,
    files::{FilePurpose, FileType, StoredFile, file_name},
    id::Id,
    imports::outcome::{Counts, Import, RowResult},
    jobs::JobStatus,
    notices::{NoticeKind, Numbers},
    text_enum::TextEnum,
};
use jiff::SignedDuration;
use persistence::{
    Error,
    access::Grant,
    files,
    imports::{rows, store},
    notices,
};

use super::commands;
use crate::{
    exports::csv,
    files::Output,
    jobs::{Halt, Run},
};

/// How long a result file is kept.
const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Rows read at once.
const PAGE: u64 = 500;

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
    let read = run.app.db.read();
    let mut out = Output::begin(&run.app, run.institution(), file).await?;
    out.push(csv::MARK).await?;
    out.push(&csv::lines([["row", "outcome", "code", "field", "value"]])?)
        .await?;
    let mut after = 0;
    loop {
        let grant = run.grant::<ImportsRun>().await?;
        let grant = grant.ok_or_else(|| Error::AuthorityChanged)?;
        let page = rows::list(&read, &grant, id, &[], after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.row;
        out.push(&csv::lines(page.iter().flat_map(cells))?).await?;
    }
    Ok(out.finish().await?)
}

fn cells(result: &RowResult) -> Vec<[String; 5]> {
    let line = |code: &str, field: &str, value: &str| {
        let row = result.row.to_string();
        [&row, result.outcome.as_str(), code, field, value].map(str::to_owned)
    };
    if result.problems.is_empty() {
        return vec![line("", "", "")];
    }
    let problems = result.problems.iter();
    problems
        .map(|problem| {
            let custom = problem.custom_field.as_ref();
            let custom = custom.map(|code| format!("{CUSTOM}{}", code.as_str()));
            let field = problem.field.map(|field| field.as_str().to_owned());
            let field = field.or(custom).unwrap_or_default();
            line(&problem.code, &field, &problem.value)
        })
        .collect()
}
