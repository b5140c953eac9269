//! What becomes of some rows: decided in the transaction that writes it.

use std::collections::HashMap;

use domain::{
    access::CustomersRead,
    customers::{
        Channel, ContactInput, ContactKind, Customer, Gender, Kind, Profile, Provenance,
        RELATIONS_MAX, Relation, RelationRole, Stage, TOO_MANY_RELATIONS,
    },
    fault::{Fault, NOT_FOUND},
    id::Id,
    imports::{
        header::{LeadField, propose},
        lead::{Lead, read_row},
        outcome::{
            CAMPUS_UNKNOWN, CELL_MAX, CELL_TOO_LONG, CellProblem, Counts, Import, ImportMode,
            RowOutcome, RowResult, check_mapping,
        },
    },
    organization::Campus,
    phone::Phone,
    stamp::Stamp,
    text::fold,
};
use jiff::tz::TimeZone;
use persistence::{
    Error, Tx,
    access::{Grant, Reads, Scope, Writes},
    customers::store,
    imports::known::{self, Guardian, Households, LeadKeys},
    organization::store::campuses,
};

use super::table::Row;
use crate::access::fields::writable;

/// What holds for all rows of an import.
pub(super) struct Plan {
    import: Import,
    mapping: Vec<Option<LeadField>>,
}

impl Plan {
    /// An import of a table with this header.
    pub(super) fn new(import: Import, header: &[String]) -> Result<Self, Fault> {
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        let mapping = import.mapping.clone().unwrap_or_else(|| propose(&names));
        check_mapping(&mapping).map_err(Fault::new)?;
        Ok(Self { import, mapping })
    }

    /// The plan where the importer's reach is what it is in this step.
    async fn ground(&self, tx: &Tx, scope: &Scope) -> Result<Ground<'_>, Error> {
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
        Ok(Ground {
            import: &self.import,
            mapping: &self.mapping,
            campuses: within,
            zones,
        })
    }
}

/// What holds for the rows of a step.
struct Ground<'a> {
    import: &'a Import,
    mapping: &'a [Option<LeadField>],
    /// Campuses within the importer's reach, by folded name.
    campuses: HashMap<String, Id<Campus>>,
    zones: HashMap<Id<Campus>, TimeZone>,
}

/// What became of some rows.
#[derive(Default)]
pub(super) struct Step {
    pub(super) results: Vec<RowResult>,
    pub(super) counts: Counts,
    /// Children that are new, by which later rows are known again where nothing is written.
    pub(super) added: Vec<(LeadKeys, Id<Customer>)>,
}

/// A row that could be read.
struct Candidate<'a> {
    row: &'a Row,
    lead: Lead,
    campus: Id<Campus>,
    keys: LeadKeys,
}

/// A new child with its household.
#[derive(Default)]
struct Household {
    customers: Vec<Customer>,
    relation: Option<Relation>,
}

/// Decides about rows, and writes the customers of those that are new.
pub(super) async fn take_in<G>(
    tx: &Tx,
    grant: &G,
    plan: &Plan,
    rows: &[Row],
    memory: &Households,
) -> Result<Step, Error>
where
    G: Writes<Customer> + Writes<Import>,
{
    let stamp = tx.stamp();
    // Before anybody is looked up: a match tells what a closed field holds.
    let filled: Vec<String> = plan
        .mapping
        .iter()
        .filter_map(|field| Some(field.as_ref()?.fills()?.to_owned()))
        .collect();
    writable(tx, "customers", &filled, &["name"])?;
    known::alone(tx).await?;
    let ground = plan
        .ground(tx, <G as Reads<Customer>>::scope(grant))
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
            }),
        }
    }
    let keys: Vec<LeadKeys> = candidates.iter().map(|c| c.keys.clone()).collect();
    let mut households = known::households(tx, grant, &keys).await?;
    let mut step = Step::default();
    let (mut customers, mut relations, mut duplicates) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates {
        let mut result = RowResult {
            row: candidate.row.number,
            outcome: RowOutcome::Created,
            customer: None,
            problems: Vec::new(),
            differences: Vec::new(),
            unread: candidate.lead.unread.clone(),
        };
        let known = households
            .child(&candidate.keys)
            .or_else(|| memory.child(&candidate.keys));
        if let Some(known) = known {
            result.outcome = RowOutcome::Duplicate;
            duplicates.push((results.len(), known, candidate));
            results.push(result);
            continue;
        }
        match ground.household(&candidate, grant, &mut households, &stamp) {
            Err(problems) => {
                result.outcome = RowOutcome::Failed;
                result.problems = problems;
            }
            Ok(household) => {
                let child = household.customers.first().map(|child| child.id);
                if let Some(child) = child {
                    households.add_child(&candidate.keys, child);
                    step.added.push((candidate.keys, child));
                }
                if ground.import.mode == ImportMode::Commit {
                    result.customer = child;
                }
                customers.extend(household.customers);
                relations.extend(household.relation);
            }
        }
        results.push(result);
    }
    if ground.import.mode == ImportMode::Commit {
        store::insert_all(tx, grant, &customers, &relations).await?;
    }
    compare(tx, &duplicates, &mut results).await?;
    results.sort_by_key(|result| result.row);
    for result in &results {
        step.counts.add(result.outcome);
    }
    step.results = results;
    Ok(step)
}

/// Tells of duplicates which customer they are and where they differ, as far as the importer may
/// know of it.
async fn compare(
    tx: &Tx,
    duplicates: &[(usize, Id<Customer>, Candidate<'_>)],
    results: &mut [RowResult],
) -> Result<(), Error> {
    let authority = tx.operation().authority.as_deref();
    let reader = authority.and_then(|a| Grant::<CustomersRead>::of(a, tx.now()));
    let Some(reader) = reader else { return Ok(()) };
    let ids: Vec<_> = duplicates.iter().map(|(_, known, _)| *known).collect();
    let found = store::find_all(tx, &reader, &ids).await?;
    for (place, known, candidate) in duplicates {
        let customer = found.iter().find(|customer| customer.id == *known);
        if let (Some(customer), Some(result)) = (customer, results.get_mut(*place)) {
            result.customer = Some(*known);
            result.differences = differences(customer, &candidate.lead);
        }
    }
    Ok(())
}

/// Fields of a lead that say something else than what is stored.
fn differences(customer: &Customer, lead: &Lead) -> Vec<LeadField> {
    let profile = &customer.profile;
    let channel = customer.provenance.channel;
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
            LeadField::Intent,
            lead.intent.is_some() && lead.intent != profile.intent,
        ),
        (
            LeadField::Channel,
            lead.channel.is_some_and(|told| told != channel),
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

    fn problem(&self, row: &Row, code: &str, field: Option<LeadField>) -> CellProblem {
        let value = field.map_or("", |field| self.cell(row, field));
        CellProblem {
            code: code.to_owned(),
            field,
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
        let zone = self.zones.get(&at).cloned().unwrap_or(TimeZone::UTC);
        let today = stamp.now().to_zoned(zone).date();
        let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
        let read = read_row(self.mapping, &cells, today);
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

    /// The child of a lead, with its guardian where the lead names one: found again, or new.
    fn household(
        &self,
        candidate: &Candidate<'_>,
        grant: &impl Writes<Customer>,
        households: &mut Households,
        stamp: &Stamp,
    ) -> Result<Household, Vec<CellProblem>> {
        let Candidate {
            row,
            lead,
            campus,
            keys,
        } = candidate;
        let told = |fault: Fault, fields: &[LeadField], name: LeadField| {
            self.told(row, &fault, fields, name)
        };
        let phones: Vec<&Phone> = lead.phones.iter().chain(&lead.guardian_phones).collect();
        let Some(guardian_name) = lead.guardian_name.as_deref() else {
            let (customer, fields) = self.child(lead, *campus, &phones, stamp);
            let child = customer.map_err(|fault| told(fault, &fields, LeadField::Name))?;
            return Ok(Household {
                customers: vec![child],
                relation: None,
            });
        };
        let found = households
            .guardian(keys)
            .filter(|g| grant.scope().covers(g.holder, g.campus))
            .map(|guardian| {
                guardian.relations += 1;
                *guardian
            });
        if found.is_some_and(|g| g.relations > RELATIONS_MAX.cast_signed() as i64) {
            let field = Some(LeadField::GuardianName);
            return Err(vec![self.problem(row, TOO_MANY_RELATIONS.code, field)]);
        }
        let (customer, fields) = self.child(lead, *campus, &[], stamp);
        let child = customer.map_err(|fault| told(fault, &fields, LeadField::Name))?;
        let label = lead.guardian_relation.as_ref();
        let label = label.map(|label| label.chars().take(50).collect::<String>());
        let mut customers = vec![child.clone()];
        let relation = match found {
            Some(guardian) => Relation {
                id: stamp.id(),
                student: child.id,
                guardian: guardian.id,
                label,
                created_at: stamp.now(),
            },
            None => {
                let (customer, fields) =
                    self.guardian(lead, guardian_name, *campus, &phones, stamp);
                let guardian =
                    customer.map_err(|fault| told(fault, &fields, LeadField::GuardianName))?;
                households.add_guardian(
                    keys,
                    Guardian {
                        id: guardian.id,
                        relations: 1,
                        holder: guardian.holder,
                        campus: guardian.campus,
                    },
                );
                let made = Relation::new(&child, RelationRole::Guardian, &guardian, label, stamp);
                let relation =
                    made.map_err(|fault| told(fault.into(), &[], LeadField::GuardianRelation))?;
                customers.push(guardian);
                relation
            }
        };
        Ok(Household {
            customers,
            relation: Some(relation),
        })
    }

    fn child(
        &self,
        lead: &Lead,
        campus: Id<Campus>,
        phones: &[&Phone],
        stamp: &Stamp,
    ) -> (Result<Customer, Fault>, Vec<LeadField>) {
        let mut points = phone_points(phones);
        let more = [
            (ContactKind::Wechat, LeadField::Wechat, lead.wechat.clone()),
            (
                ContactKind::Email,
                LeadField::Email,
                lead.email.as_ref().map(|email| email.address().to_owned()),
            ),
            (
                ContactKind::Address,
                LeadField::Address,
                lead.address.clone(),
            ),
        ];
        for (kind, field, value) in more {
            points.extend(value.map(|value| (field, point(kind, value, false))));
        }
        let profile = Profile {
            kind: Kind::Student,
            name: lead.name.clone(),
            gender: lead.gender.unwrap_or(Gender::NotGiven),
            birth_date: lead.birth_date,
            intent: lead.intent,
            stage: Stage::Lead,
            note: note(lead),
        };
        self.customer(lead, profile, points, campus, stamp)
    }

    fn guardian(
        &self,
        lead: &Lead,
        name: &str,
        campus: Id<Campus>,
        phones: &[&Phone],
        stamp: &Stamp,
    ) -> (Result<Customer, Fault>, Vec<LeadField>) {
        let profile = Profile {
            kind: Kind::Guardian,
            name: name.to_owned(),
            gender: Gender::NotGiven,
            birth_date: None,
            intent: None,
            stage: Stage::Lead,
            note: None,
        };
        self.customer(lead, profile, phone_points(phones), campus, stamp)
    }

    fn customer(
        &self,
        lead: &Lead,
        profile: Profile,
        points: Vec<(LeadField, ContactInput)>,
        campus: Id<Campus>,
        stamp: &Stamp,
    ) -> (Result<Customer, Fault>, Vec<LeadField>) {
        let zone = self.zones.get(&campus).cloned().unwrap_or(TimeZone::UTC);
        let collected = lead
            .collected_on
            .and_then(|day| day.to_zoned(zone.clone()).ok())
            .map(|day| day.timestamp())
            .filter(|at| *at <= stamp.now());
        let (fields, inputs): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let provenance = Provenance {
            channel: lead.channel.unwrap_or(Channel::Other),
            collected_at: collected.unwrap_or(stamp.now()),
            collector: None,
        };
        let today = stamp.now().to_zoned(zone).date();
        let holder = campus.cast();
        let made = Customer::create(profile, inputs, provenance, holder, campus, today, stamp);
        (made, fields)
    }

    /// What was wrong with a record, in terms of the row's cells.
    fn told(
        &self,
        row: &Row,
        fault: &Fault,
        contacts: &[LeadField],
        name: LeadField,
    ) -> Vec<CellProblem> {
        let field = |pointer: &str| match pointer.split('/').nth(1) {
            Some("name") => Some(name),
            Some("note") => Some(LeadField::Note),
            Some("birth_date") => Some(LeadField::BirthDate),
            Some("label") => Some(LeadField::GuardianRelation),
            Some("contact_points") => {
                let place = pointer.split('/').nth(2)?.parse::<usize>().ok()?;
                contacts.get(place).copied()
            }
            _ => None,
        };
        if fault.fields.is_empty() {
            return vec![self.problem(row, fault.rule.code, None)];
        }
        let faults = fault.fields.iter();
        faults
            .map(|fault| self.problem(row, fault.rule.code, field(&fault.pointer)))
            .collect()
    }
}

fn point(kind: ContactKind, value: String, is_preferred: bool) -> ContactInput {
    ContactInput {
        kind: Some(kind),
        value: Some(value),
        is_preferred,
        ..ContactInput::default()
    }
}

fn phone_points(phones: &[&Phone]) -> Vec<(LeadField, ContactInput)> {
    let mut points: Vec<(LeadField, ContactInput)> = Vec::new();
    for phone in phones {
        let value = phone.e164().to_owned();
        if points
            .iter()
            .all(|(_, known)| known.value.as_ref() != Some(&value))
        {
            let first = points.is_empty();
            points.push((LeadField::Phone, point(ContactKind::Phone, value, first)));
        }
    }
    points
}

/// The note of a lead, and what it says that has no place of its own yet.
fn note(lead: &Lead) -> Option<String> {
    let tags = (!lead.tags.is_empty()).then(|| lead.tags.join("、"));
    let next = lead.next_follow_up_on.map(|day| day.to_string());
    let more = [
        ("年级", lead.grade.clone()),
        ("就读学校", lead.school.clone()),
        ("所在区域", lead.region.clone()),
        ("意向课程", lead.course.clone()),
        ("采集人", lead.collector.clone()),
        ("下次跟进", next),
        ("标签", tags),
    ];
    let mut lines: Vec<String> = lead.note.clone().into_iter().collect();
    for (name, value) in more {
        lines.extend(value.map(|value| format!("{name}：{value}")));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
