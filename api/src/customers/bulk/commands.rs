//! Use cases: many operations in one transaction.

use domain::{
    access::{CustomersAssign, CustomersDelete, CustomersWrite, Permission},
    bulk::{Mode, OPERATIONS_REFUSED},
    customers::Customer,
    fault::{Fault, FieldFault, VALIDATION_FAILED},
    id::Id,
};
use jiff::Timestamp;
use persistence::{
    Error, Tx,
    access::{Authority, Grant, Writes},
    customers::store,
};

use super::{BulkCustomers, CustomerOperation};
use crate::{
    access::fields::writable,
    customers::{RECORD, commands, handlers::NEEDED},
    http::{IfMatch, problem::PERMISSION_MISSING, schema::MOST_ERRORS},
};

/// What came of an operation that was done.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// The HTTP status of the single operation.
    pub status: u16,
    pub customer: Id<Customer>,
    /// None once it is deleted.
    pub version: Option<i64>,
}

impl Done {
    fn new(status: u16, customer: &Customer) -> Self {
        Self {
            status,
            customer: customer.id,
            version: Some(customer.version),
        }
    }
}

/// What came of an operation; a refused one has left nothing.
pub type Outcome = Result<Done, Fault>;

/// What somebody may do of all that can be asked for.
#[derive(Debug)]
pub(super) struct Grants {
    write: Option<Grant<CustomersWrite>>,
    delete: Option<Grant<CustomersDelete>>,
    assign: Option<Grant<CustomersAssign>>,
}

impl Grants {
    pub(super) fn of(caller: &Authority, now: Timestamp) -> Self {
        Self {
            write: Grant::of(caller, now),
            delete: Grant::of(caller, now),
            assign: Grant::of(caller, now),
        }
    }

    /// The grants that there are, by the codes of their permissions.
    fn held(&self) -> impl Iterator<Item = (&'static str, &dyn Writes<Customer>)> {
        fn coded<P: Permission>(
            grant: &Option<Grant<P>>,
        ) -> Option<(&'static str, &dyn Writes<Customer>)>
        where
            Grant<P>: Writes<Customer>,
        {
            Some((P::CODE, grant.as_ref()?))
        }
        let all = [coded(&self.write), coded(&self.delete), coded(&self.assign)];
        all.into_iter().flatten()
    }

    /// Code of the first permission that is missing for some operations.
    pub(super) fn missing(&self, operations: &[CustomerOperation]) -> Option<&'static str> {
        let mut needed = operations.iter().map(CustomerOperation::permission);
        needed.find(|code| !self.held().any(|(held, _)| held == *code))
    }
}

fn granted<P: Permission>(grant: &Option<Grant<P>>) -> Result<&Grant<P>, Fault> {
    let missing = || Fault::new(&PERMISSION_MISSING).with("permission", P::CODE);
    grant.as_ref().ok_or_else(missing)
}

/// Does operations in their order, each as if it had been asked for alone.
///
/// # Errors
/// Where nothing is to be done unless everything can be: everything that was refused, 403 where a
/// permission is missing.
pub async fn perform(tx: &Tx, call: &BulkCustomers) -> Result<Vec<Outcome>, Error> {
    let caller = tx.operation().authority.as_deref();
    let caller = caller.ok_or(Error::AuthorityChanged)?;
    let grants = &Grants::of(caller, tx.now());
    lock(tx, grants, &call.operations).await?;
    let mut outcomes = Vec::with_capacity(call.operations.len());
    for (place, operation) in call.operations.iter().enumerate() {
        let tried = tx.attempt(|tx| async move { perform_one(&tx, grants, operation).await });
        let outcome = tried.await?;
        outcomes.push(outcome.map_err(|fault| placed(fault, place)));
    }
    match call.mode.0 {
        Mode::AllOrNothing => unless_refused(&outcomes)?,
        Mode::BestEffort => {}
    }
    Ok(outcomes)
}

/// Locks the customers that operations name before the first is done: a refused one would let go of
/// its own.
async fn lock(tx: &Tx, grants: &Grants, operations: &[CustomerOperation]) -> Result<(), Error> {
    let wanted: Vec<_> = grants
        .held()
        .map(|(code, grant)| {
            let of = operations.iter().filter(|each| each.permission() == code);
            (grant, of.filter_map(CustomerOperation::customer).collect())
        })
        .collect();
    store::lock_all(tx, &wanted).await
}

async fn perform_one(
    tx: &Tx,
    grants: &Grants,
    operation: &CustomerOperation,
) -> Result<Done, Error> {
    match operation {
        CustomerOperation::Create(asked) => {
            let grant = granted(&grants.write)?;
            let new = asked.data.value()?;
            writable(tx, RECORD, &asked.data.names(), NEEDED)?;
            let made = commands::create(tx, grant, new).await?;
            Ok(Done::new(201, &made))
        }
        CustomerOperation::Update(asked) => {
            let grant = granted(&grants.write)?;
            let change = asked.data.value()?;
            writable(tx, RECORD, &asked.data.names(), &[])?;
            let version = IfMatch::version(asked.version);
            let changed = commands::change(tx, grant, Id::new(asked.id), version, change).await?;
            Ok(Done::new(200, &changed))
        }
        CustomerOperation::Delete(asked) => {
            let grant = granted(&grants.delete)?;
            let version = IfMatch::version(asked.version);
            commands::delete(tx, grant, Id::new(asked.id), version).await?;
            Ok(Done {
                status: 204,
                customer: Id::new(asked.id),
                version: None,
            })
        }
        CustomerOperation::Transfer(asked) => {
            let grant = granted(&grants.assign)?;
            let transfer = asked.data.value()?;
            let moved = commands::transfer(tx, grant, Id::new(asked.id), transfer).await?;
            Ok(Done::new(200, &moved))
        }
    }
}

/// Refuses data that break their schemas, all at once, before anything is done.
///
/// # Errors
/// 422 at every such field.
pub(super) fn unless_broken(operations: &[CustomerOperation]) -> Result<(), Fault> {
    let broken = operations.iter().enumerate().map(|(place, each)| {
        let fault = Fault::fields(each.faults().to_vec());
        placed(fault, place).fields
    });
    Fault::unless_empty(first(broken))
}

/// What is told of some operations: all, or of the first ones where that is much.
fn first(each: impl Iterator<Item = Vec<FieldFault>>) -> Vec<FieldFault> {
    let mut told = Vec::new();
    for faults in each {
        if told.len() >= MOST_ERRORS {
            break;
        }
        told.extend(faults);
    }
    told
}

/// A refusal of the operation at `place`: what it says of the data, it says of the call.
fn placed(mut fault: Fault, place: usize) -> Fault {
    for field in &mut fault.fields {
        field.pointer = format!("/operations/{place}/data{}", field.pointer).into();
    }
    fault
}

/// Refuses the call where any of its operations was refused.
fn unless_refused(outcomes: &[Outcome]) -> Result<(), Fault> {
    let refused: Vec<(usize, &Fault)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(place, outcome)| Some((place, outcome.as_ref().err()?)))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let mut all = refused.iter().map(|(_, fault)| *fault);
    if let Some(fault) = all.clone().find(|fault| fault.rule == &PERMISSION_MISSING) {
        return Err(fault.clone());
    }
    let rule = if all.all(|fault| fault.rule == &VALIDATION_FAILED) {
        &VALIDATION_FAILED
    } else {
        &OPERATIONS_REFUSED
    };
    let each = refused.iter().map(|(place, fault)| told(*place, fault));
    Err(Fault {
        rule,
        ..Fault::fields(first(each))
    })
}

/// A refusal as the fields that it is about, or as the operation itself.
fn told(place: usize, fault: &Fault) -> Vec<FieldFault> {
    if !fault.fields.is_empty() {
        return fault.fields.clone();
    }
    vec![FieldFault {
        params: fault.params.clone(),
        ..FieldFault::new(format!("/operations/{place}"), fault.rule)
    }]
}
