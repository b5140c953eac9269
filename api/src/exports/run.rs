//! The job that makes the file of an export: some hundred customers at a time, each time with what its
//! owner may do and see then. A run that begins anew writes the file anew.

use std::{collections::BTreeSet, time::Duration};

use domain::{
    access::{
        CustomersRead, CustomersReveal, DirectoryRead, ExportsRun, FieldAccess, Oneself, TagsRead,
    },
    approvals::ApprovalKind,
    custom_fields::{CustomValue, FieldEntity},
    customers::Customer,
    exports::{
        EXPORT_GREW, EXPORT_OVERTAKEN, EXPORT_RIGHTS_CHANGED, EXPORT_TOO_LARGE,
        EXPORT_VIEW_CHANGED, Export, ExportExpansion, ExportFormat, Exported, MARK,
        WORKBOOK_ROWS_MAX,
        column::{COLUMNS, Column, Needs, Row},
        custom::{CustomColumn, custom_columns},
    },
    fault::{Fault, NOT_FOUND, Text},
    files::{FilePurpose, StoredFile, file_name},
    id::Id,
    jobs::JobStatus,
    notices::{NoticeKind, Numbers},
    text_enum::TextEnum,
};
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use persistence::{
    Error,
    access::{Authority, Grant, Reads},
    approvals::store as approvals,
    custom_fields::{definitions, values},
    customers::{channels, details, links::within_reach},
    exports::store,
    files, kept, notices,
    organization::{names, store::institution_zone},
    privacy::erasure,
};
use uuid::Uuid;

use super::{
    commands::{self, RECORD},
    sheet::Sheet,
};
use crate::{
    access::{fields::left, missing},
    customers::{CustomerFilters, Selection, lists},
    files::Output,
    jobs::{Halt, Run},
};

/// Customers read at once.
const BATCH: u64 = 500;
/// How often a batch is tried while others keep the database busy, and what lies between.
const TURNS: usize = 30;
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn run(run: &Run) -> Result<(), Halt> {
    let told = run.payload().await?;
    let id = Id::<Export>::new(Uuid::from_slice(&told).map_err(Error::corrupt)?);
    let own = run.grant::<Oneself>().await?;
    let own = &own.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let file: Id<StoredFile> = run.app.clock.stamp().id();
    let export = run
        .step::<ExportsRun, _, _, _>(|tx, grant| async move {
            files::store::expect(&tx, own, file, FilePurpose::Record, 0).await?;
            commands::get(&tx, &grant, id).await
        })
        .await?;
    let erased = erasure::count(&run.app.db.read(), run.institution()).await?;
    let mut table = Table::begin(run, &export).await?;
    let mut output = Output::begin(&run.app, run.institution(), file).await?;
    output.push(&table.header()?).await?;
    let lease = run.lease();
    loop {
        let done = table.rows;
        run.step::<ExportsRun, _, _, _>(
            |tx, _| async move { lease.advance(&tx, done, None).await },
        )
        .await?;
        let Some(bytes) = table.next(run).await? else {
            break;
        };
        output.push(&bytes).await?;
    }
    let (rows, revealed_rows, rights) = (table.rows, table.revealed, table.rights);
    output.push(&table.sheet.end()?).await?;
    let (size, sha256) = output.finish().await?;
    let export = &export;
    let keep_for = SignedDuration::from_hours(run.app.settings.export_hours.0.into());
    run.step::<ExportsRun, _, _, _>(|tx, grant| async move {
        // From here on an erasure finds the file.
        if erasure::count_for_good(&tx).await? != erased {
            return Err(Fault::new(&EXPORT_OVERTAKEN).into());
        }
        let caller = tx.operation().authority.as_deref();
        if caller.is_none_or(|caller| caller.digest() != rights) {
            return Err(Fault::new(&EXPORT_RIGHTS_CHANGED).into());
        }
        if approvals::has_outgrown(&tx, ApprovalKind::Export, export.approval, rows).await? {
            return Err(Fault::new(&EXPORT_GREW).with("rows", rows).into());
        }
        let expires_at = tx.now().saturating_add(keep_for).unwrap_or(tx.now());
        let record = ("export", export.id.uuid());
        let zone = institution_zone(&tx, run.institution()).await?;
        let kind = export.format.file_type();
        let stored = StoredFile {
            id: file,
            version: 1,
            owner: export.owner,
            purpose: FilePurpose::Record,
            kind,
            name: file_name(&name(export, zone.as_deref())?, kind),
            size,
            sha256,
            attached_to: Some((record.0.to_owned(), Id::new(record.1))),
            created_at: tx.now(),
            expires_at: Some(expires_at),
        };
        files::store::keep(&tx, own, &stored).await?;
        let made = Exported {
            file,
            rows,
            revealed_rows,
            rights,
            expires_at,
        };
        store::keep(&tx, &grant, export, &made).await?;
        let numbers = Numbers::from([("rows".to_owned(), rows)]);
        let kind = NoticeKind::ExportFinished;
        notices::store::notify(&tx, export.owner, kind, &numbers, Some(record)).await?;
        lease.advance(&tx, rows, Some(rows)).await?;
        lease.finish(&tx, JobStatus::Succeeded, None).await?;
        Ok(())
    })
    .await
}

/// What the file is called: what is in it, and when it was asked for.
fn name(export: &Export, zone: Option<&str>) -> Result<String, Error> {
    let at = local(export.created_at, zone)?;
    let what = export.entity.label().of(export.locale);
    Ok(format!(
        "{what}-{}.{}",
        at.strftime("%Y%m%d-%H%M%S"),
        export.format.as_str()
    ))
}

/// Who exports when, as each row says.
async fn mark(run: &Run, export: &Export) -> Result<String, Halt> {
    let read = run.app.db.read();
    let zone = institution_zone(&read, run.institution()).await?;
    let who = names::of_principal(&read, run.institution(), export.owner).await?;
    let at = local(export.created_at, zone.as_deref())?;
    let at = at.strftime("%Y-%m-%d %H:%M");
    Ok(format!("{} {at} {}", who.unwrap_or_default(), export.id))
}

/// By the clock of the institution.
fn local(at: Timestamp, zone: Option<&str>) -> Result<Zoned, Error> {
    let zone = zone.map(TimeZone::get).transpose();
    let zone = zone.map_err(Error::corrupt)?.unwrap_or(TimeZone::UTC);
    Ok(at.to_zoned(zone))
}

/// What an export is of, as long as its view is as it was.
async fn selection(run: &Run, owner: &Authority, export: &Export) -> Result<Selection, Halt> {
    let filters: CustomerFilters = serde_json::from_str(&export.filters).map_err(Error::corrupt)?;
    let read = run.app.db.read();
    let view = match export.view {
        None => None,
        Some((id, version)) => {
            let own = run.grant::<Oneself>().await?;
            let own = own.ok_or_else(missing::<Oneself>)?;
            let view = kept::find(&read, &own, id).await?;
            let view = view.filter(|view| view.version == version);
            Some(view.ok_or_else(|| Fault::new(&EXPORT_VIEW_CHANGED))?)
        }
    };
    let reader = (owner, run.app.clock.now());
    let selection = Selection::exported(&read, reader, view.as_ref(), &filters).await;
    Ok(selection.map_err(|error| match error {
        // The rules may have changed since it was asked for.
        Error::Fault(_) => Fault::new(&EXPORT_RIGHTS_CHANGED).into(),
        other => other,
    })?)
}

/// The table as it is written.
struct Table<'a> {
    export: &'a Export,
    selection: Selection,
    /// The last cell of each row.
    mark: String,
    /// Columns that are shown, each with the rule for its field.
    columns: Vec<(&'static Column, Option<FieldAccess>)>,
    /// Columns of custom fields, after these.
    custom: Vec<CustomColumn>,
    /// All that the owner might do and see at the beginning: it must stay so until the end.
    rights: [u8; 32],
    sheet: Sheet,
    after: Option<(i64, Uuid)>,
    is_over: bool,
    rows: i64,
    revealed: i64,
}

impl<'a> Table<'a> {
    async fn begin(run: &Run, export: &'a Export) -> Result<Self, Halt> {
        let owner = run.authority().await?;
        // What was agreed to goes by what its owner could see then.
        if export.rights.is_some_and(|rights| rights != owner.digest()) {
            return Err(Fault::new(&EXPORT_RIGHTS_CHANGED).into());
        }
        Ok(Self {
            export,
            selection: selection(run, &owner, export).await?,
            mark: mark(run, export).await?,
            columns: columns(&owner, &export.expand),
            custom: custom(run, &owner, export).await?,
            rights: owner.digest(),
            sheet: Sheet::begin(export.format)?,
            after: None,
            is_over: false,
            rows: 0,
            revealed: 0,
        })
    }

    fn header(&mut self) -> Result<Vec<u8>, Error> {
        let headings = self.columns.iter().map(|(column, _)| column.heading);
        let ours = |text: Text| text.of(self.export.locale).to_owned();
        let theirs = self.custom.iter().map(|column| column.heading.clone());
        let headings = headings.map(ours).chain(theirs).chain([ours(MARK)]);
        self.sheet.rows(&[headings.collect()])
    }

    /// The next rows as they stand in the file; none after the last. Where reports keep the database
    /// busy, it waits for its turn.
    async fn next(&mut self, run: &Run) -> Result<Option<Vec<u8>>, Halt> {
        let before = (self.after, self.is_over, self.rows, self.revealed);
        for _ in 1..TURNS {
            match self.batch(run).await {
                Err(Halt::Failed(Error::Busy)) => {
                    (self.after, self.is_over, self.rows, self.revealed) = before;
                    run.step::<ExportsRun, _, _, _>(|_, _| async { Ok(()) })
                        .await?;
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
        self.batch(run).await
    }

    async fn batch(&mut self, run: &Run) -> Result<Option<Vec<u8>>, Halt> {
        if self.is_over {
            return Ok(None);
        }
        let owner = run.authority().await?;
        if owner.digest() != self.rights {
            return Err(Fault::new(&EXPORT_RIGHTS_CHANGED).into());
        }
        let customers = self.page(run).await?;
        let rows = self.cells(run, &owner, &customers).await?;
        self.rows += i64::try_from(rows.len()).map_err(Error::internal)?;
        if self.export.format == ExportFormat::Xlsx && self.rows >= WORKBOOK_ROWS_MAX {
            return Err(Fault::new(&EXPORT_TOO_LARGE).into());
        }
        Ok(Some(self.sheet.rows(&rows)?))
    }

    /// The next customers of the list, as far as exports reach them.
    async fn page(&mut self, run: &Run) -> Result<Vec<Customer>, Halt> {
        let grant = run.grant::<CustomersRead>().await?;
        let grant = grant.ok_or_else(missing::<CustomersRead>)?;
        // Statements that go by texts and conditions are planned for their values.
        let read = match self.selection.is_plain() {
            true => run.app.db.report(),
            false => run.app.db.search(),
        };
        let place = (self.after, BATCH);
        let (mut listed, next) = self.selection.batch(&read, &grant, place).await?;
        (self.after, self.is_over) = (next, next.is_none());
        let exports = run.grant::<ExportsRun>().await?;
        let within = reached(run, exports.as_ref(), &listed).await?;
        listed.retain(|customer| within.contains(&customer.id));
        if self.export.expand.contains(&ExportExpansion::Details) {
            let ids: Vec<_> = listed.iter().map(|customer| customer.id).collect();
            let mut known = details::of(&run.app.db.report(), run.institution(), &ids).await?;
            for customer in &mut listed {
                customer.details = known.remove(&customer.id).unwrap_or_default();
            }
        }
        if !self.custom.is_empty() {
            let ids: Vec<_> = listed.iter().map(|customer| customer.id).collect();
            let mut known = values::of(&run.app.db.report(), run.institution(), &ids).await?;
            for customer in &mut listed {
                customer.custom = known.remove(&customer.id).unwrap_or_default();
            }
        }
        Ok(listed)
    }

    async fn cells(
        &mut self,
        run: &Run,
        owner: &Authority,
        customers: &[Customer],
    ) -> Result<Vec<Vec<String>>, Halt> {
        let read = run.app.db.report();
        let ids: Vec<_> = customers.iter().map(|customer| customer.id).collect();
        let tagging = run.grant::<TagsRead>().await?;
        let mut tags = lists::tags(&read, tagging.as_ref(), &ids).await?;
        let names = match run.grant::<DirectoryRead>().await? {
            Some(directory) => names::of(&read, &directory, &named(customers)).await?,
            None => Default::default(),
        };
        let reveals = run.grant::<CustomersReveal>().await?;
        let reveals = reveals.filter(|_| owner.fields().is_readable(RECORD, "contact_points"));
        let revealed = reached(run, reveals.as_ref(), customers).await?;
        let channels = channels::names(&read, run.institution()).await?;
        let zones = names::zones(&read, run.institution()).await?;
        let reads_region = owner.fields().is_readable(RECORD, "details.region_code");
        let now = run.app.clock.now();
        let mut rows = Vec::with_capacity(customers.len());
        for customer in customers {
            let zone = zones.get(&customer.campus).map(|zone| TimeZone::get(zone));
            let zone = zone.transpose().map_err(Error::corrupt)?;
            let zone = zone.unwrap_or(TimeZone::UTC);
            let row = Row {
                customer,
                tags: &tags.remove(&customer.id).unwrap_or_default(),
                names: &names,
                channels: &channels,
                today: now.to_zoned(zone.clone()).date(),
                zone: &zone,
                is_revealed: revealed.contains(&customer.id),
                reads_region,
            };
            self.revealed += i64::from(row.is_revealed && !customer.contacts.is_empty());
            rows.push(self.row(&row));
        }
        Ok(rows)
    }

    fn row(&self, row: &Row<'_>) -> Vec<String> {
        let cells = self.columns.iter().map(|(column, access)| {
            let cell = (column.cell)(row, self.export.locale);
            match cell.is_empty() {
                true => cell,
                false => left(*access, cell).unwrap_or_default(),
            }
        });
        let own = self.custom.iter();
        let own = own.map(|column| column.cell(row.customer, row.names, self.export.locale));
        cells.chain(own).chain([self.mark.clone()]).collect()
    }
}

/// The columns that somebody may see and asked for: hidden fields have none.
fn columns(
    reader: &Authority,
    expand: &[ExportExpansion],
) -> Vec<(&'static Column, Option<FieldAccess>)> {
    let is_open = |needs| match needs {
        Needs::Nothing => true,
        Needs::Directory => reader.holds::<DirectoryRead>(),
        Needs::Tags => reader.holds::<TagsRead>(),
        Needs::Details => expand.contains(&ExportExpansion::Details),
    };
    COLUMNS
        .iter()
        .filter(|column| is_open(column.needs))
        .map(|column| (column, reader.fields().access(RECORD, column.field)))
        .filter(|(_, access)| *access != Some(FieldAccess::Hidden))
        .collect()
}

/// The columns of custom fields that were asked for, as long as somebody may see them and they are as they were:
/// the record of the export says that they are there.
async fn custom(run: &Run, reader: &Authority, export: &Export) -> Result<Vec<CustomColumn>, Halt> {
    if export.custom_fields.is_empty() {
        return Ok(Vec::new());
    }
    if !reader.fields().is_readable(RECORD, "custom_fields") {
        return Err(Fault::new(&EXPORT_RIGHTS_CHANGED).into());
    }
    let read = run.app.db.read();
    let known = definitions::open(&read, run.institution(), FieldEntity::Customer).await?;
    Ok(custom_columns(&known, &export.custom_fields)?)
}

/// Those of some customers that a grant reaches, if there is one.
async fn reached<P>(
    run: &Run,
    grant: Option<&Grant<P>>,
    customers: &[Customer],
) -> Result<BTreeSet<Id<Customer>>, Error>
where
    Grant<P>: Reads<Customer>,
{
    let all = customers.iter().map(|customer| customer.id).collect();
    match grant.map(Reads::<Customer>::scope) {
        None => Ok(BTreeSet::new()),
        Some(scope) if scope.is_whole() => Ok(all),
        Some(scope) => within_reach(&run.app.db.report(), scope, &all).await,
    }
}

/// People and places that customers name.
fn named(customers: &[Customer]) -> BTreeSet<Uuid> {
    let of = |customer: &Customer| {
        let collector = customer.provenance.collector.map(|staff| staff.uuid());
        let places = [customer.holder.uuid(), customer.campus.uuid()];
        places.into_iter().chain(collector)
    };
    let held = customers.iter().flat_map(|customer| customer.custom.iter());
    let persons = held.filter_map(|(_, held)| match held.value {
        CustomValue::Person(id) => Some(id.uuid()),
        _ => None,
    });
    customers.iter().flat_map(of).chain(persons).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::customers::DETAIL_FIELDS;

    use super::COLUMNS;

    #[test]
    fn every_field_of_a_customer_has_a_column() {
        let document = crate::contract::document("http://127.0.0.1:8080");
        let customer = &document["components"]["schemas"]["Customer"]["properties"];
        let fields = customer.as_object().unwrap().keys().map(String::as_str);
        // What changes with every change tells nobody anything; names stand in the columns of ids, and
        // what follows of the birth date behind it.
        let beside = [
            "schooling",
            "activity",
            "photo",
            "version",
            "holder",
            "campus",
            "collector",
            "details",
            "custom_fields",
        ];
        let fields: BTreeSet<_> = fields.filter(|field| !beside.contains(field)).collect();
        let (details, own): (BTreeSet<_>, BTreeSet<_>) = COLUMNS
            .iter()
            .map(|column| column.field)
            .partition(|field| field.starts_with("details."));
        assert_eq!(own, fields);
        assert_eq!(
            details,
            DETAIL_FIELDS.iter().map(|field| field.path).collect()
        );
    }
}
