//! What becomes of some rows: decided in the transaction that writes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    access::{CustomersRead, CustomersReveal},
    custom_fields::{CustomValues, Definitions, FieldCode},
    customers::{Customer, Relation},
    fault::{Fault, NOT_FOUND},
    id::Id,
    imports::{
        channels::ChannelWords,
        choice::{ImportAction, ImportKey},
        custom::Reader,
        header::{LeadField, propose},
        lead::{Lead, read_row},
        outcome::{
            CAMPUS_UNKNOWN, CELL_MAX, CELL_TOO_LONG, COLUMN_UNKNOWN, CellProblem, Counts, Import,
            ImportMode, RowOutcome, RowResult,
        },
        template::{TemplateColumn, mapping},
        undo::Made,
    },
    organization::{Campus, Staff},
    privacy::ERASED_PERSON,
    stamp::Stamp,
    text::fold,
};
use jiff::{civil::Date, tz::TimeZone};
use persistence::{
    Error, Tx,
    access::{Grant, Reads, Scope, Writes},
    customers::{channels, store},
    imports::{
        known::{self, Households, LeadKeys},
        made,
    },
    organization::store::campuses,
};

use super::{
    change::{Added, Found, Memory, Present, change},
    custom,
    marks::{Marker, Marks},
    table::Row,
};
use crate::{access::fields::writable, customers::commands::caller};

/// What holds for all rows of an import.
pub(super) struct Plan {
    import: Import,
    mapping: Vec<Option<LeadField>>,
}

impl Plan {
    /// An import of a table with this header, whose columns its template may have told.
    pub(super) fn new(
        import: Import,
        columns: Option<&[TemplateColumn]>,
        header: &[String],
    ) -> Result<Self, Fault> {
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let mapping = match (&import.mapping, columns) {
            (Some(mapping), _) => mapping.clone(),
            (None, Some(columns)) => mapping(columns, &names),
            (None, None) => propose(&names),
        };
        let mut mapping = mapping;
        for custom in &import.custom_fields {
            if custom.column >= header.len() {
                return Err(Fault::new(&COLUMN_UNKNOWN));
            }
            if let Some(held) = mapping.get_mut(custom.column) {
                *held = None;
            }
        }
        import.choice.check_mapping(&mapping).map_err(Fault::new)?;
        Ok(Self { import, mapping })
    }

    /// The plan where the importer's reach is what it is in this step.
    async fn ground(&self, tx: &Tx, scope: &Scope, rows: &[Row]) -> Result<Ground<'_>, Error> {
        let (mut within, mut zones) = (HashMap::new(), HashMap::new());
        for (campus, name, zone) in campuses(tx, scope.institution()).await? {
            if scope.covers(campus.cast(), campus) {
                within.insert(fold(&name), campus);
                zones.insert(campus, TimeZone::get(&zone).map_err(Error::corrupt)?);
            }
        }
        if !zones.contains_key(&self.import.campus) {
            return Err(Fault::new(&NOT_FOUND).into());
        }
        let custom_fields = custom::known(tx, scope.institution(), &self.import).await?;
        let of = (&self.import, custom_fields.as_ref());
        let staff = custom::staff(tx, scope.institution(), of, rows).await?;
        let readers = custom::readers(&self.import, custom_fields.as_ref());
        let now = tx.now();
        let reader = tx.operation().authority.as_deref();
        Ok(Ground {
            import: &self.import,
            revealing: reader.and_then(|reader| Grant::of(reader, now)),
            mapping: &self.mapping,
            campuses: within,
            zones,
            collector: caller(tx),
            channels: ChannelWords::new(channels::open(tx, scope.institution()).await?),
            custom_fields,
            readers,
            staff,
        })
    }
}

/// What holds for the rows of a step.
pub(super) struct Ground<'a> {
    pub(super) import: &'a Import,
    pub(super) mapping: &'a [Option<LeadField>],
    /// Campuses within the importer's reach, by folded name.
    pub(super) campuses: HashMap<String, Id<Campus>>,
    pub(super) zones: HashMap<Id<Campus>, TimeZone>,
    /// Who takes the leads in.
    pub(super) collector: Option<Id<Staff>>,
    /// The words for the channels that the institution has.
    channels: ChannelWords,
    /// Those of the institution, where columns hold some.
    pub(super) custom_fields: Option<Definitions>,
    /// What reads their cells.
    pub(super) readers: BTreeMap<FieldCode, Reader>,
    /// Where the importer may reveal what is sealed.
    pub(super) revealing: Option<Grant<CustomersReveal>>,
    /// The people of staff whom the rows name in these.
    pub(super) staff: BTreeSet<Id<Staff>>,
}

/// What became of some rows.
#[derive(Default)]
pub(super) struct Step {
    pub(super) results: Vec<RowResult>,
    pub(super) counts: Counts,
    /// Children that are new or changed, by which later rows are known again where nothing is written.
    pub(super) added: Vec<Added>,
}

/// A row that could be read.
pub(super) struct Candidate<'a> {
    pub(super) row: &'a Row,
    pub(super) lead: Lead,
    pub(super) campus: Id<Campus>,
    pub(super) keys: LeadKeys,
    pub(super) marks: Marks,
    /// What its customer has where it is new.
    pub(super) custom: CustomValues,
}

/// A new child with its household.
#[derive(Default)]
pub(super) struct Household {
    pub(super) customers: Vec<Customer>,
    pub(super) relation: Option<Relation>,
}

impl Household {
    /// Its customers as the row made them; what is planned is planned with the child, which is the first.
    fn made(&self, row: i64, planned: i64) -> impl Iterator<Item = Made> {
        let customers = self.customers.iter().enumerate();
        customers.map(move |(place, customer)| Made {
            customer: customer.id,
            row,
            is_new: true,
            version: customer.version,
            follow_ups: if place == 0 { planned } else { 0 },
        })
    }
}

/// Decides about rows, and writes the customers of those that are new.
pub(super) async fn take_in<G>(
    tx: &Tx,
    grant: &G,
    plan: &Plan,
    rows: &[Row],
    memory: &Memory,
) -> Result<Step, Error>
where
    G: Writes<Customer> + Writes<Import>,
{
    let stamp = tx.stamp();
    // Before anybody is looked up: a match tells what a closed field holds.
    let custom = (!plan.import.custom_fields.is_empty()).then_some("custom_fields");
    let filled: Vec<String> = plan
        .mapping
        .iter()
        .filter_map(|field| Some(field.as_ref()?.fills()?.to_owned()))
        .chain(custom.map(str::to_owned))
        .collect();
    let needed: &[&str] = match plan.import.choice.key {
        ImportKey::Household => &["name"],
        // There a row can give a customer another one.
        _ => &[],
    };
    writable(tx, "customers", &filled, needed)?;
    known::alone(tx).await?;
    let ground = plan
        .ground(tx, <G as Reads<Customer>>::scope(grant), rows)
        .await?;
    let mut results = Vec::new();
    let mut candidates = Vec::new();
    for row in rows {
        match ground.read(row, &stamp) {
            Err(result) => results.push(result),
            Ok((lead, campus)) => candidates.push(Candidate {
                keys: known::keys(tx, &lead).await?,
                row,
                lead,
                campus,
                marks: Marks::default(),
                custom: CustomValues::default(),
            }),
        }
    }
    let marker = Marker::new(tx, &candidates).await?;
    for one in &mut candidates {
        one.marks = marker.marks(&one.lead, one.campus, ground.today(one.campus, &stamp));
    }
    let keys: Vec<LeadKeys> = candidates.iter().map(|c| c.keys.clone()).collect();
    let mut households = known::households(tx, grant, &keys).await?;
    let erased = known::erased(tx, &keys).await?;
    let seen = (&households, memory);
    let mut present = Present::look(tx, grant, &ground, &candidates, seen).await?;
    let mut step = Step::default();
    let mut changes = Vec::new();
    let (mut customers, mut relations, mut duplicates) = (Vec::new(), Vec::new(), Vec::new());
    let (mut marked, mut made) = (Vec::new(), Vec::new());
    for mut candidate in candidates {
        let mut result = RowResult {
            row: candidate.row.number,
            outcome: RowOutcome::Created,
            customer: None,
            problems: Vec::new(),
            differences: Vec::new(),
            unread: candidate.lead.unread.clone(),
        };
        match present.of(&candidate, &households) {
            Found::Nobody => {}
            Found::Known(known) => {
                result.outcome = match ground.import.choice.action {
                    ImportAction::Skip => RowOutcome::Skipped,
                    _ => RowOutcome::Duplicate,
                };
                duplicates.push(Duplicate {
                    place: results.len(),
                    known,
                    new_phones: new_phones(&candidate, known, &[&households, &memory.households]),
                    lead: candidate.lead,
                });
                results.push(result);
                continue;
            }
            Found::Changeable(before) => {
                let customer = before.id;
                let found = (*before, present.guarded());
                match change(tx, &ground, &marker, &candidate, found).await? {
                    Err(problems) => {
                        result.outcome = RowOutcome::Failed;
                        result.problems = problems;
                    }
                    Ok(changed) => {
                        result.customer = Some(customer);
                        result.unread.extend(&changed.unread);
                        result.outcome = RowOutcome::Unchanged;
                        if changed.is_anything() {
                            result.outcome = RowOutcome::Updated;
                            let added = Added::new(&candidate, &changed.after);
                            present.add(&added);
                            step.added.push(added);
                            changes.push(changed);
                        }
                    }
                }
                results.push(result);
                continue;
            }
            Found::Absent(rule) => {
                result.outcome = RowOutcome::Skipped;
                result.problems = vec![ground.problem(candidate.row, rule.code, None)];
                results.push(result);
                continue;
            }
            Found::Unclear(rule) => {
                result.outcome = RowOutcome::Failed;
                result.problems = vec![ground.problem(candidate.row, rule.code, None)];
                results.push(result);
                continue;
            }
        }
        if erased.has(&candidate.keys) {
            result.outcome = RowOutcome::Skipped;
            result.problems = vec![of_erased()];
            results.push(result);
            continue;
        }
        let made_of = match ground.custom(&candidate, None) {
            Ok(custom) => {
                candidate.custom = custom;
                ground.household(&candidate, &mut households, &stamp)
            }
            Err(mut problems) => {
                problems.extend(ground.unfit_child(&candidate, &stamp));
                Err(problems)
            }
        };
        match made_of {
            Err(problems) => {
                result.outcome = RowOutcome::Failed;
                result.problems = problems;
            }
            Ok(household) => {
                result.unread.extend(&candidate.marks.unread);
                made.extend(household.made(candidate.row.number, candidate.marks.planned()));
                if let Some(child) = household.customers.first() {
                    households.add_child(&candidate.keys, child.id);
                    let added = Added::new(&candidate, child);
                    present.add(&added);
                    step.added.push(added);
                    marked.push((child.anchor(), candidate.marks));
                    if ground.import.mode == ImportMode::Commit {
                        result.customer = Some(child.id);
                    }
                }
                customers.extend(household.customers);
                relations.extend(household.relation);
            }
        }
        results.push(result);
    }
    if ground.import.mode == ImportMode::Commit {
        store::insert_all(tx, grant, &customers, &relations).await?;
        marker.put_on(tx, &ground, &marked).await?;
        made::insert(tx, grant, ground.import.id, &made).await?;
        for changed in &changes {
            changed.write(tx, grant, ground.import.id).await?;
        }
    }
    compare(tx, &duplicates, &mut results).await?;
    results.sort_by_key(|result| result.row);
    for result in &results {
        step.counts.add(result.outcome);
    }
    step.results = results;
    Ok(step)
}

/// Why a row is left out that would bring somebody back; which of its cells says so, nobody is told.
fn of_erased() -> CellProblem {
    CellProblem {
        code: ERASED_PERSON.code.to_owned(),
        field: None,
        custom_field: None,
        value: String::new(),
    }
}

/// A row whose child is known.
struct Duplicate {
    /// Of its result.
    place: usize,
    known: Id<Customer>,
    lead: Lead,
    /// Fields with phones by which the child is not reached so far.
    new_phones: BTreeSet<LeadField>,
}

/// Fields of a row with phones by which none of these reaches the child.
fn new_phones(
    candidate: &Candidate<'_>,
    child: Id<Customer>,
    known: &[&Households],
) -> BTreeSet<LeadField> {
    let lead = &candidate.lead;
    let own = lead.phones.iter().map(|_| LeadField::Phone);
    let guardian = lead
        .guardian_phones
        .iter()
        .map(|_| LeadField::GuardianPhone);
    let told: Vec<_> = known
        .iter()
        .map(|known| known.reaches(&candidate.keys, child))
        .collect();
    let fields = own.chain(guardian).enumerate();
    fields
        .filter(|(at, _)| !told.iter().any(|reaches| reaches.get(*at) == Some(&true)))
        .map(|(_, field)| field)
        .collect()
}

/// Tells of duplicates which customer they are and where they differ, as far as the importer may
/// know of it.
async fn compare(
    tx: &Tx,
    duplicates: &[Duplicate],
    results: &mut [RowResult],
) -> Result<(), Error> {
    let authority = tx.operation().authority.as_deref();
    let reader = authority.and_then(|a| Grant::<CustomersRead>::of(a, tx.now()));
    let Some(reader) = reader else { return Ok(()) };
    let ids: Vec<_> = duplicates.iter().map(|duplicate| duplicate.known).collect();
    let found = store::find_all(tx, &reader, &ids).await?;
    for duplicate in duplicates {
        let customer = found.iter().find(|customer| customer.id == duplicate.known);
        if let (Some(customer), Some(result)) = (customer, results.get_mut(duplicate.place)) {
            result.customer = Some(duplicate.known);
            result.differences = differences(customer, &duplicate.lead);
            result.differences.extend(&duplicate.new_phones);
        }
    }
    Ok(())
}

/// Fields of a lead that say something else than what is stored.
fn differences(customer: &Customer, lead: &Lead) -> Vec<LeadField> {
    let profile = &customer.profile;
    let channel = &customer.provenance.channel;
    let differs = [
        (
            LeadField::Gender,
            lead.gender.is_some_and(|told| told != profile.gender),
        ),
        (
            LeadField::BirthDate,
            lead.birth_date.is_some() && lead.birth_date != profile.birth_date,
        ),
        (
            LeadField::Education,
            lead.education.is_some() && lead.education != profile.education,
        ),
        (
            LeadField::Occupation,
            lead.occupation.is_some() && lead.occupation != profile.occupation,
        ),
        (
            LeadField::Region,
            lead.region.is_some() && lead.region != profile.region,
        ),
        (
            LeadField::School,
            lead.school.is_some() && lead.school != profile.school,
        ),
        (
            LeadField::Grade,
            lead.grade.is_some() && lead.grade != profile.grade,
        ),
        (
            LeadField::Intent,
            lead.intent.is_some() && lead.intent != profile.intent,
        ),
        (
            LeadField::Channel,
            lead.channel.as_ref().is_some_and(|told| told != channel),
        ),
        (
            LeadField::Email,
            lead.email.as_ref().is_some_and(|told| {
                let mut points = customer.contacts.iter();
                !points.any(|point| point.clear() == told.address())
            }),
        ),
    ];
    let told = differs.into_iter().filter(|(_, differs)| *differs);
    told.map(|(field, _)| field).collect()
}

impl Ground<'_> {
    /// The cell of a field, as it stands.
    fn cell<'a>(&self, row: &'a Row, field: LeadField) -> &'a str {
        let column = self.mapping.iter().position(|held| *held == Some(field));
        let cell = column.and_then(|at| row.cells.get(at));
        cell.map(String::as_str).unwrap_or_default()
    }

    pub(super) fn zone(&self, campus: Id<Campus>) -> TimeZone {
        self.zones.get(&campus).cloned().unwrap_or(TimeZone::UTC)
    }

    pub(super) fn today(&self, campus: Id<Campus>, stamp: &Stamp) -> Date {
        stamp.now().to_zoned(self.zone(campus)).date()
    }

    pub(super) fn problem(&self, row: &Row, code: &str, field: Option<LeadField>) -> CellProblem {
        let value = field.map_or("", |field| self.cell(row, field));
        CellProblem {
            code: code.to_owned(),
            field,
            custom_field: None,
            value: value.chars().take(CELL_MAX).collect(),
        }
    }

    fn read(&self, row: &Row, stamp: &Stamp) -> Result<(Lead, Id<Campus>), RowResult> {
        let failed = |problems| RowResult {
            row: row.number,
            outcome: RowOutcome::Failed,
            customer: None,
            problems,
            differences: Vec::new(),
            unread: Vec::new(),
        };
        let long = row
            .cells
            .iter()
            .position(|cell| cell.len() > CELL_MAX && cell.chars().count() > CELL_MAX);
        if let Some(column) = long {
            let field = self.mapping.get(column).copied().flatten();
            return Err(failed(vec![CellProblem {
                code: CELL_TOO_LONG.code.into(),
                field,
                custom_field: self.custom_of(column),
                value: String::new(),
            }]));
        }
        let named = fold(self.cell(row, LeadField::Campus));
        let campus = if named.is_empty() {
            Some(self.import.campus)
        } else {
            self.campuses.get(&named).copied()
        };
        let at = campus.unwrap_or(self.import.campus);
        let today = self.today(at, stamp);
        let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
        let read = read_row(
            self.mapping,
            &cells,
            today,
            &self.channels,
            self.import.choice.needs_name(),
        );
        let mut problems: Vec<CellProblem> = match &read {
            Ok(_) => Vec::new(),
            Err(faults) => faults
                .iter()
                .map(|fault| self.problem(row, fault.rule.code, Some(fault.field)))
                .collect(),
        };
        if campus.is_none() {
            let field = Some(LeadField::Campus);
            problems.push(self.problem(row, CAMPUS_UNKNOWN.code, field));
        }
        match (read, campus) {
            (Ok(lead), Some(campus)) => Ok((lead, campus)),
            _ => Err(failed(problems)),
        }
    }
}
