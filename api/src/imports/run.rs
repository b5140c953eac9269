//! The job that does an import: a step for each hundred rows, whose results are written with its
//! effects. A run that begins anew goes on behind the last row that is done.

use std::sync::Arc;

use domain::{
    access::{ImportsRun, Oneself},
    fault::{Fault, NOT_FOUND},
    files::{FileType, StoredFile},
    id::Id,
    imports::outcome::{IMPORT_FILE_UNREADABLE, ImportMode},
    organization::Institution,
};
use futures_util::TryStreamExt;
use persistence::{
    Error, Handle,
    imports::{rows, store},
};
use tokio::sync::{Semaphore, mpsc};

use super::{
    change::Memory,
    commands,
    plan::{Plan, take_in},
    result,
    table::{self, Row},
    told,
};
use crate::{
    app::App,
    jobs::{Halt, Run},
};

/// Rows of a step: few enough that others soon have their turn.
const STEP: usize = 100;
/// Bytes of rows with which a step is full before.
const STEP_BYTES: usize = 1024 * 1024;

/// The headings of a table.
pub(super) async fn header(
    app: &App,
    institution: Id<Institution>,
    file: &StoredFile,
) -> Result<Vec<String>, Error> {
    // A workbook is taken apart as a whole.
    let turn = WORKBOOKS.acquire().await.map_err(Error::internal)?;
    let content = match file.kind {
        FileType::Xlsx => content(app, institution, file).await?,
        _ => Arc::new(beginning(app, institution, file).await?),
    };
    let kind = file.kind;
    let read = tokio::task::spawn_blocking(move || {
        // The reading goes on when whoever asked for it has gone: the turn is its own.
        let _turn = turn;
        let mut header = Vec::new();
        table::read(kind, &content, |row| {
            header = row.cells;
            false
        })?;
        Ok::<_, Fault>(header)
    });
    Ok(read.await.map_err(Error::internal)??)
}

/// Bytes in which the first line of a text ends.
const HEADER_MAX: usize = 1024 * 1024;

/// Headers that are read at once: of a workbook, all of it is in memory.
static WORKBOOKS: Semaphore = Semaphore::const_new(2);

/// The first lines of a text.
async fn beginning(
    app: &App,
    institution: Id<Institution>,
    file: &StoredFile,
) -> Result<Vec<u8>, Error> {
    let keys = app.db.read().keys_of(institution).await?;
    let chunks = app.contents.read(keys, institution, file).await?;
    let mut chunks = std::pin::pin!(chunks);
    let mut lines = Vec::new();
    while let Some(chunk) = chunks.try_next().await? {
        // Whole lines, or a character may be cut in two.
        if let Some(end) = chunk.iter().rposition(|b| matches!(b, b'\n' | b'\r')) {
            lines.extend(chunk.iter().take(end + 1));
            break;
        }
        lines.extend_from_slice(&chunk);
        if lines.len() > HEADER_MAX {
            return Err(Fault::new(&IMPORT_FILE_UNREADABLE).into());
        }
    }
    Ok(lines)
}

async fn content(
    app: &App,
    institution: Id<Institution>,
    file: &StoredFile,
) -> Result<Arc<Vec<u8>>, Error> {
    let keys = app.db.read().keys_of(institution).await?;
    let chunks = app.contents.read(keys, institution, file).await?;
    let size = usize::try_from(file.size).map_err(Error::corrupt)?;
    let whole = chunks
        .try_fold(Vec::with_capacity(size), |mut whole, chunk| async move {
            whole.extend_from_slice(&chunk);
            Ok(whole)
        })
        .await?;
    Ok(Arc::new(whole))
}

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    let told = run.payload().await?;
    let (id, columns) = told::read(&told)?;
    let own = run.grant::<Oneself>().await?;
    let own = own.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let own = &own;
    let (import, file) = run
        .step::<ImportsRun, _, _, _>(|tx, grant| async move {
            let import = commands::get(&tx, &grant, id).await?;
            let file = commands::file(&tx, own, import.file, tx.now()).await?;
            Ok((import, file.map_err(Fault::from)?))
        })
        .await?;
    let content = content(&run.app, run.institution(), &file).await?;
    let (total, header) = measured(&file, content.clone()).await?;
    let mode = import.mode;
    let plan = &Plan::new(import, columns.as_deref(), &header)?;
    let mut reading = Reading::begin(&file, content);
    let mut memory = Memory::default();
    let mut done = 0;
    if mode == ImportMode::Validate {
        // Nothing but rows was written: a run that begins anew writes them anew.
        run.step::<ImportsRun, _, _, _>(
            |tx, grant| async move { store::rewind(&tx, &grant, id).await },
        )
        .await?;
    }
    while let Some(batch) = reading.next().await {
        done += i64::try_from(batch.len()).map_err(Error::internal)?;
        let (batch, known, lease) = (&batch, &memory, run.lease());
        let step = run
            .step::<ImportsRun, _, _, _>(|tx, grant| async move {
                let last = store::last_row(&tx, &grant, id).await?;
                let first = batch.partition_point(|row| row.number <= last);
                let rows = batch.get(first..).unwrap_or_default();
                let Some(end) = rows.last() else {
                    return Ok(None);
                };
                lease.advance(&tx, done, Some(total)).await?;
                let step = take_in(&tx, &grant, plan, rows, known).await?;
                rows::insert(&tx, &grant, id, &step.results).await?;
                store::advance(&tx, &grant, id, end.number, &step.counts).await?;
                Ok(Some(step.added))
            })
            .await?;
        if mode == ImportMode::Validate {
            for added in step.into_iter().flatten() {
                memory.add(&added);
            }
        }
    }
    reading.end().await?;
    result::finish(run, id, own).await
}

/// How many rows there are below the header, and the header. A table that can't be read to its end
/// is refused before anything is taken in.
async fn measured(file: &StoredFile, content: Arc<Vec<u8>>) -> Result<(i64, Vec<String>), Halt> {
    let kind = file.kind;
    let read = tokio::task::spawn_blocking(move || {
        let mut header = None;
        let mut total = 0;
        table::read(kind, &content, |row| {
            match header {
                None => header = Some(row.cells),
                Some(_) => total += 1,
            }
            true
        })?;
        let header = header.ok_or_else(|| Fault::new(&IMPORT_FILE_UNREADABLE))?;
        Ok::<_, Fault>((total, header))
    });
    Ok(read.await.map_err(Error::internal)??)
}

/// A table that is being read on a thread of its own, some rows ahead.
struct Reading {
    rows: mpsc::Receiver<Vec<Row>>,
    thread: tokio::task::JoinHandle<Result<(), Fault>>,
}

impl Reading {
    fn begin(file: &StoredFile, content: Arc<Vec<u8>>) -> Self {
        let (send, rows) = mpsc::channel(4);
        let kind = file.kind;
        let thread = tokio::task::spawn_blocking(move || {
            let mut batch = Vec::with_capacity(STEP);
            let mut bytes = 0;
            let mut is_header = true;
            table::read(kind, &content, |row| {
                if std::mem::take(&mut is_header) {
                    return true;
                }
                bytes += row.cells.iter().map(String::len).sum::<usize>();
                batch.push(row);
                if batch.len() < STEP && bytes < STEP_BYTES {
                    return true;
                }
                bytes = 0;
                send.blocking_send(std::mem::take(&mut batch)).is_ok()
            })?;
            if !batch.is_empty() {
                // Nobody listens any more where the job has ended.
                let _ = send.blocking_send(batch);
            }
            Ok(())
        });
        Self { rows, thread }
    }

    async fn next(&mut self) -> Option<Vec<Row>> {
        self.rows.recv().await
    }

    async fn end(self) -> Result<(), Error> {
        Ok(self.thread.await.map_err(Error::internal)??)
    }
}
