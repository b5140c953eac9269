//! Use cases of enrollments: load, decide, save.

use std::collections::BTreeSet;

use domain::{
    access::{EnrollmentsWrite, Permission},
    courses::Class,
    customers::{Anchor, Customer},
    enrollments::{
        CLASS_FULL, Enrollment, NewEnrollment, Purchase, PurchaseMode, Status, WithdrawalReason,
    },
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    money::Money,
    organization::Campus,
    payments::{Charge, NewCharge},
    reference::Reference,
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads, Scope},
    courses::seats,
    customers::{anchor::anchor, links},
    enrollments::{hours, purchases, store},
    payments::{charges, journal::Desk},
    reference,
    scope::{Direction, Page},
};

use super::{CreateEnrollment, RosterEntry, Shown};

type Registrar = Grant<EnrollmentsWrite>;

/// Gives a student a seat in a class, and charges what the class costs.
///
/// # Errors
/// 422 where student, payer or class is out of reach, 409 where no seat is free, the student has one
/// already, or the class has ended.
pub async fn create(tx: &Tx, grant: &Registrar, body: CreateEnrollment) -> Result<Shown, Error> {
    let institution = scope(grant).institution();
    let payer = Id::new(body.payer_id.unwrap_or(body.customer_id));
    let (student, payer) = people(tx, grant, Id::new(body.customer_id), payer).await?;
    let class = seat(tx, grant, Id::new(body.class_id), &student).await?;
    let place = place(tx, grant, class.details.campus).await?;
    let today = place.today(tx);
    let new = NewEnrollment {
        student: student.clone(),
        class: class.clone(),
        payer,
        note: body.note,
    };
    let enrollment = Enrollment::create(new, today, &tx.stamp())?;
    store::insert(tx, grant, &enrollment).await?;
    if enrollment.price.is_positive() {
        let charge = NewCharge {
            customer: student,
            payer,
            campus: enrollment.campus,
            enrollment: Some(enrollment.id.uuid()),
            amount: enrollment.price,
            description: class.details.name,
            due_on: today,
        };
        charges::post_charge(tx, grant, charge).await?;
    }
    hours::grant(tx, institution, &enrollment, &place).await?;
    let mode = body.purchase_mode.map_or(PurchaseMode::OnSite, |v| v.0);
    let purchase = Purchase::of(&enrollment, mode);
    purchases::insert(tx, institution, enrollment.id, &purchase, &place).await?;
    Ok(Shown {
        left_hundredths: enrollment.hours.hundredths(),
        enrollment,
        mode,
        shows_payer: true,
    })
}

/// Student, and the payer's id: both stay as they are until the transaction ends, and are locked in the
/// order that all keep to.
async fn people(
    tx: &Tx,
    grant: &Registrar,
    student: Id<Customer>,
    payer: Id<Customer>,
) -> Result<(Anchor, Id<Customer>), Error> {
    let (mut found, mut paying) = (None, None);
    for id in BTreeSet::from([student, payer]) {
        let customer = anchor(tx, grant, id).await?;
        let pointer = if id == student {
            "/customer_id"
        } else {
            "/payer_id"
        };
        let customer = customer.ok_or_else(|| FieldFault::new(pointer, &REFERENCE_UNKNOWN))?;
        if id == payer {
            paying = Some(customer.id);
        }
        if id == student {
            found = Some(customer);
        }
    }
    found
        .zip(paying)
        .ok_or_else(|| Error::internal("the student was not looked for"))
}

/// Takes a seat of a class at the campus of its student, or within reach.
async fn seat(
    tx: &Tx,
    grant: &Registrar,
    class: Id<Class>,
    student: &Anchor,
) -> Result<Reference<Class>, Error> {
    let taken = seats::take(tx, scope(grant).institution(), class).await?;
    let class = reference::find(tx, grant, class)
        .await?
        .filter(Reference::is_open)
        .filter(|class| {
            let campus = class.details.campus;
            campus == student.campus || scope(grant).covers_class(class.id, campus)
        })
        .ok_or_else(|| FieldFault::new("/class_id", &REFERENCE_UNKNOWN))?;
    if taken {
        Ok(class)
    } else {
        Err(Fault::new(&CLASS_FULL).into())
    }
}

/// Ends an enrollment before the course was finished: the seat is free again, and what was not used
/// of the hours, of the purchase and of the charge is taken back.
///
/// # Errors
/// 404 out of reach, 409 where it has ended already.
pub async fn withdraw(
    tx: &Tx,
    grant: &Registrar,
    id: Id<Enrollment>,
    reason: WithdrawalReason,
) -> Result<Shown, Error> {
    let institution = scope(grant).institution();
    let (before, place) = leaving(tx, grant, id).await?;
    let after = before.withdraw(reason, place.today(tx), &tx.stamp())?;
    let left = hours::left(tx, institution, [id]).await?;
    let left = left.get(&id).copied().unwrap_or_default();
    let unused = credit_unused(tx, grant, &before, left).await?;
    store::update(tx, grant, &before, &after).await?;
    hours::close(tx, institution, &after, &place).await?;
    purchases::reverse(tx, institution, id, left, unused, &place).await?;
    shown(tx, grant, after).await
}

/// Takes off the charge of an enrollment what stands there for hours that were not used: of what
/// was taken off before, nothing is owed. How much that was.
async fn credit_unused(
    tx: &Tx,
    grant: &Registrar,
    enrollment: &Enrollment,
    left_hundredths: i32,
) -> Result<Money, Error> {
    if !enrollment.price.is_positive() {
        return Ok(enrollment.price);
    }
    let gone = || Error::corrupt("an enrollment without its charge");
    let id = charge_of(tx, grant, enrollment.id)
        .await?
        .ok_or_else(gone)?;
    let charge = charges::lock_to_credit(tx, grant, id)
        .await?
        .ok_or_else(gone)?;
    let unused = enrollment.value_of(left_hundredths, charge.left()?);
    if unused.is_positive() {
        charges::credit(tx, grant, &charge, unused).await?;
    }
    Ok(unused)
}

/// What an enrollment was charged.
async fn charge_of(
    tx: &Tx,
    grant: &Registrar,
    id: Id<Enrollment>,
) -> Result<Option<Id<Charge>>, Error> {
    let filter = charges::Filter {
        enrollments: vec![id.uuid()],
        ..charges::Filter::default()
    };
    let first = Page {
        order: Direction::OldestFirst,
        after: None,
        limit: 1,
    };
    let found = charges::list(tx, grant, &filter, &first).await?;
    Ok(found.first().map(|charge| charge.id))
}

/// Ends an enrollment whose course was finished: the seat is free again, hours that are left stay.
///
/// # Errors
/// 404 out of reach, 409 where it has ended already.
pub async fn complete(tx: &Tx, grant: &Registrar, id: Id<Enrollment>) -> Result<Shown, Error> {
    let (before, place) = leaving(tx, grant, id).await?;
    let after = before.complete(place.today(tx), &tx.stamp())?;
    store::update(tx, grant, &before, &after).await?;
    shown(tx, grant, after).await
}

/// An enrollment about to end, its seat given up. Locked in the order of everybody: student,
/// class, enrollment.
async fn leaving(
    tx: &Tx,
    grant: &Registrar,
    id: Id<Enrollment>,
) -> Result<(Enrollment, Desk), Error> {
    let absent = || Error::from(Fault::new(&NOT_FOUND));
    let seen = store::find(tx, grant, id).await?.ok_or_else(absent)?;
    anchor(tx, grant, seen.student).await?.ok_or_else(absent)?;
    let freed = seats::free(tx, scope(grant).institution(), seen.class).await?;
    let enrollment = store::lock(tx, grant, id).await?.ok_or_else(absent)?;
    if !freed && enrollment.status == Status::Active {
        return Err(Error::corrupt("an active enrollment without a seat"));
    }
    let place = place(tx, grant, enrollment.campus).await?;
    Ok((enrollment, place))
}

/// What is stamped on what happens at a campus.
async fn place(tx: &Tx, grant: &Registrar, campus: Id<Campus>) -> Result<Desk, Error> {
    Desk::of(tx, scope(grant).institution(), campus)
        .await?
        .ok_or_else(|| Error::corrupt("the campus of a class is gone"))
}

/// An enrollment within reach.
pub async fn get<P: Permission>(
    handle: &impl Handle,
    grant: &Grant<P>,
    id: Id<Enrollment>,
) -> Result<Shown, Error>
where
    Grant<P>: Reads<Enrollment>,
{
    let found = store::find(handle, grant, id)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    shown(handle, grant, found).await
}

async fn shown<P: Permission>(
    handle: &impl Handle,
    grant: &Grant<P>,
    enrollment: Enrollment,
) -> Result<Shown, Error>
where
    Grant<P>: Reads<Enrollment>,
{
    let mut all = show(handle, grant, vec![enrollment]).await?;
    all.pop()
        .ok_or_else(|| Error::internal("an enrollment was lost"))
}

/// Enrollments with what is left of their hours, and with their payers where these are within reach.
pub async fn show<P: Permission>(
    handle: &impl Handle,
    grant: &Grant<P>,
    enrollments: Vec<Enrollment>,
) -> Result<Vec<Shown>, Error>
where
    Grant<P>: Reads<Enrollment>,
{
    let scope = Reads::<Enrollment>::scope(grant);
    let ids = enrollments.iter().map(|e| e.id);
    let left = hours::left(handle, scope.institution(), ids.clone()).await?;
    let modes = purchases::modes(handle, scope.institution(), ids).await?;
    let others: BTreeSet<_> = enrollments
        .iter()
        .filter(|e| e.payer != e.student)
        .map(|e| e.payer)
        .collect();
    let seen = links::within_reach(handle, scope, &others).await?;
    enrollments
        .into_iter()
        .map(|enrollment| {
            let mode = modes.get(&enrollment.id).copied();
            Ok(Shown {
                left_hundredths: left.get(&enrollment.id).copied().unwrap_or_default(),
                mode: mode.ok_or_else(|| Error::corrupt("an enrollment without its purchase"))?,
                shows_payer: enrollment.payer == enrollment.student
                    || seen.contains(&enrollment.payer),
                enrollment,
            })
        })
        .collect()
}

/// Students of a class, as a roster shows them.
pub async fn roster<P: Permission>(
    handle: &impl Handle,
    grant: &Grant<P>,
    enrollments: Vec<Enrollment>,
) -> Result<Vec<RosterEntry>, Error>
where
    Grant<P>: Reads<Enrollment>,
{
    let institution = Reads::<Enrollment>::scope(grant).institution();
    let students = enrollments.iter().map(|e| e.student).collect();
    let mut names = links::names(handle, institution, &students).await?;
    let left = hours::left(handle, institution, enrollments.iter().map(|e| e.id)).await?;
    Ok(enrollments
        .iter()
        .map(|e| RosterEntry {
            enrollment_id: e.id.uuid(),
            customer_id: e.student.uuid(),
            student_name: names.remove(&e.student),
            hours_left_hundredths: left.get(&e.id).copied().unwrap_or_default(),
            enrolled_on: e.enrolled_on,
        })
        .collect())
}

fn scope(grant: &Registrar) -> &Scope {
    Reads::<Enrollment>::scope(grant)
}
