//! Rows of requests for shares, and the tokens by which a check lets somebody ask.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    access::{
        Permission, Principal, ShareRequest, ShareRequestState, ShareRequestsDecide, Wanted, Words,
    },
    customers::Customer,
    id::Id,
    notices::{NoticeKind, Numbers},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, FromQueryResult, QueryFilter,
    QuerySelect, entity::prelude::*, sea_query::LockType,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Reads, Writes, stewards_of};
use crate::{
    Error, Handle, Tx,
    clock::{micros, timestamp},
    customers::{Child, OnTimeline},
    database::{Change, statement, unless_stale},
    events::EventType,
    keys::{FieldKeys, SealedAt},
    notices::store::notify,
    scope::{Page, of_customers, own, own_page, page, scoped, scoped_to_change},
};

pub static CREATED: EventType = EventType {
    name: "share_request.created",
    schema_version: 1,
};
pub static GRANTED: EventType = EventType {
    name: "share_request.granted",
    schema_version: 1,
};
pub static REFUSED: EventType = EventType {
    name: "share_request.refused",
    schema_version: 1,
};
pub static TAKEN_BACK: EventType = EventType {
    name: "share_request.taken_back",
    schema_version: 1,
};
pub static LAPSED: EventType = EventType {
    name: "share_request.lapsed",
    schema_version: 1,
};

/// Every event of requests for shares.
pub static EVENTS: &[&EventType] = &[&CREATED, &GRANTED, &REFUSED, &TAKEN_BACK, &LAPSED];

pub(crate) static CHILD: Child = Child {
    table: "share_requests",
    keeps: None,
    hides: true,
    shown: OnTimeline::Elsewhere,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "share_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub institution_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub owner_id: Uuid,
    pub customer_id: Option<Uuid>,
    pub holder_id: Option<Uuid>,
    pub customer_campus_id: Option<Uuid>,
    pub words: Vec<u8>,
    pub state: String,
    pub until: Option<i64>,
    pub created_at: i64,
    pub decided_at: Option<i64>,
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

of_customers!(ShareRequest, deleted);

/// What people wrote, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    description: Option<String>,
    reason: String,
    answer: Option<String>,
}

fn place(id: Uuid) -> SealedAt {
    SealedAt {
        table: "share_requests",
        column: "words",
        row: id,
    }
}

fn seal(keys: &FieldKeys, request: &ShareRequest) -> Result<Vec<u8>, Error> {
    let words = request.words.clone();
    let sealed = Sealed {
        description: words.description,
        reason: words.reason,
        answer: words.answer,
    };
    let plain = serde_json::to_vec(&sealed).map_err(Error::internal)?;
    keys.seal(place(request.id.uuid()), &plain)
}

fn open(keys: &FieldKeys, row: Model) -> Result<ShareRequest, Error> {
    let plain = keys.open(place(row.id), &row.words)?;
    let words: Sealed = serde_json::from_slice(&plain).map_err(Error::corrupt)?;
    let about = match (row.customer_id, row.holder_id, row.customer_campus_id) {
        (Some(customer), Some(holder), Some(campus)) => Some(Wanted {
            customer: Id::new(customer),
            holder: Id::new(holder),
            campus: Id::new(campus),
        }),
        _ => None,
    };
    Ok(ShareRequest {
        id: Id::new(row.id),
        version: row.version,
        asker: Id::new(row.owner_id),
        about,
        words: Words {
            description: words.description,
            reason: words.reason,
            answer: words.answer,
        },
        state: ShareRequestState::parse(&row.state)
            .ok_or_else(|| Error::corrupt(ShareRequestState::NAME))?,
        until: row.until.map(timestamp).transpose()?,
        created_at: timestamp(row.created_at)?,
        decided_at: row.decided_at.map(timestamp).transpose()?,
    })
}

/// Bytes of what a token says: a customer, and until when it may be asked for.
const TOKEN: usize = 24;

fn token_place(asker: Id<Principal>) -> SealedAt {
    SealedAt {
        table: "share_requests",
        column: "token",
        row: asker.uuid(),
    }
}

/// Names a customer to us and to nobody else: for one principal, until an instant. No two are alike.
pub fn token(
    keys: &FieldKeys,
    asker: Id<Principal>,
    customer: Id<Customer>,
    until: Timestamp,
) -> Result<String, Error> {
    let mut plain = customer.uuid().as_bytes().to_vec();
    plain.extend(micros(until).to_be_bytes());
    let sealed = keys.seal(token_place(asker), &plain)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// The customer, not deleted, that a token of the caller's names, whoever holds it; `None` where it is
/// good for nothing (any more). Nobody moves or deletes it until the transaction ends.
pub async fn named(tx: &Tx, token: &str) -> Result<Option<Wanted>, Error> {
    let asker = Id::new(tx.operation().actor.principal);
    let keys = tx.keys().await?;
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    let plain = sealed.and_then(|sealed| keys.open(token_place(asker), &sealed).ok());
    let Some(plain) = plain.filter(|plain| plain.len() == TOKEN) else {
        return Ok(None);
    };
    let (id, until) = plain.split_at(16);
    let id = Uuid::from_slice(id).map_err(Error::corrupt)?;
    let until = i64::from_be_bytes(until.try_into().map_err(Error::corrupt)?);
    if until < micros(tx.now()) {
        return Ok(None);
    }
    let sql = format!(
        "SELECT holder_id, campus_id FROM customers \
         WHERE institution_id = ? AND id = ? AND deleted_at IS NULL{}",
        locking(tx)
    );
    let key = [tx.operation().institution.uuid().into(), id.into()];
    let row = tx.query_one_raw(statement(tx, &sql, key)).await?;
    row.map(|row| {
        Ok(Wanted {
            customer: Id::new(id),
            holder: Id::new(row.try_get("", "holder_id")?),
            campus: Id::new(row.try_get("", "campus_id")?),
        })
    })
    .transpose()
}

/// The end of a statement whose rows nobody else changes until the transaction ends.
fn locking(tx: &Tx) -> &'static str {
    if tx.is_postgres() {
        " FOR NO KEY UPDATE"
    } else {
        ""
    }
}

/// Writes a new request, and tells whoever decides: the holder, where that is a person, else who may
/// for the whole institution.
pub async fn insert(tx: &Tx, request: &ShareRequest) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let about = request.about;
    let row = ActiveModel {
        institution_id: Set(tx.operation().institution.uuid()),
        id: Set(request.id.uuid()),
        version: Set(request.version),
        owner_id: Set(request.asker.uuid()),
        customer_id: Set(about.map(|about| about.customer.uuid())),
        holder_id: Set(about.map(|about| about.holder.uuid())),
        customer_campus_id: Set(about.map(|about| about.campus.uuid())),
        words: Set(seal(&keys, request)?),
        state: Set(request.state.as_str().into()),
        until: Set(None),
        created_at: Set(micros(request.created_at)),
        decided_at: Set(None),
        deleted_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    let holder = about.filter(|about| about.holder.uuid() != about.campus.uuid());
    let deciders = match holder {
        Some(about) => vec![about.holder.cast()],
        None => stewards_of(tx, ShareRequestsDecide::CODE).await?,
    };
    for decider in deciders {
        tell(tx, decider, NoticeKind::ShareRequested, request.id).await?;
    }
    tx.record(change(request, None).event(&CREATED, json!({ "state": request.state.as_str() })));
    Ok(())
}

async fn tell(
    tx: &Tx,
    to: Id<Principal>,
    kind: NoticeKind,
    id: Id<ShareRequest>,
) -> Result<(), Error> {
    let target = Some(("share_request", id.uuid()));
    notify(tx, to, kind, &Numbers::new(), target).await
}

fn change(request: &ShareRequest, before: Option<&ShareRequest>) -> Change {
    let told = |request: &ShareRequest| {
        json!({
            "state": request.state.as_str(),
            "asker_id": request.asker,
            "customer_id": request.about.map(|about| about.customer),
            "until": request.until.map(|at| at.to_string()),
        })
    };
    let (id, version) = (request.id.uuid(), request.version);
    let change = Change::new("share_request", id, version, told(request));
    match before {
        Some(before) => change.before(told(before)),
        None => change,
    }
}

/// Writes what became of a request, and tells the other side.
pub async fn update(
    tx: &Tx,
    grant: &impl Writes<ShareRequest>,
    before: &ShareRequest,
    after: &ShareRequest,
) -> Result<(), Error> {
    save(tx, grant.scope().institution().uuid(), before, after).await
}

async fn save(
    tx: &Tx,
    institution: Uuid,
    before: &ShareRequest,
    after: &ShareRequest,
) -> Result<(), Error> {
    let keys = tx.keys().await?;
    let about = after.about;
    let updated = tx
        .execute_raw(statement(
            tx,
            "UPDATE share_requests SET version = ?, customer_id = ?, holder_id = ?, \
             customer_campus_id = ?, words = ?, state = ?, until = ?, decided_at = ? \
             WHERE institution_id = ? AND id = ? AND version = ?",
            [
                after.version.into(),
                about.map(|about| about.customer.uuid()).into(),
                about.map(|about| about.holder.uuid()).into(),
                about.map(|about| about.campus.uuid()).into(),
                seal(&keys, after)?.into(),
                after.state.as_str().into(),
                after.until.map(micros).into(),
                after.decided_at.map(micros).into(),
                institution.into(),
                after.id.uuid().into(),
                before.version.into(),
            ],
        ))
        .await?;
    unless_stale(updated.rows_affected())?;
    let (event, notice) = match after.state {
        ShareRequestState::Granted => (&GRANTED, Some(NoticeKind::ShareGranted)),
        ShareRequestState::Refused => (&REFUSED, Some(NoticeKind::ShareRefused)),
        ShareRequestState::Lapsed => (&LAPSED, Some(NoticeKind::ShareRequestLapsed)),
        ShareRequestState::TakenBack | ShareRequestState::Waiting => (&TAKEN_BACK, None),
    };
    if let Some(kind) = notice {
        tell(tx, after.asker, kind, after.id).await?;
    }
    let data = json!({ "state": after.state.as_str() });
    tx.record(change(after, Some(before)).event(event, data));
    Ok(())
}

/// Ends the requests for a customer that is no more. Its row is locked: none comes meanwhile.
pub(crate) async fn lapse_all(tx: &Tx, customer: &Customer) -> Result<(), Error> {
    let institution = tx.operation().institution.uuid();
    let rows = tx
        .query_all_raw(statement(
            tx,
            &format!(
                "SELECT {COLUMNS} FROM share_requests \
                 WHERE institution_id = ? AND customer_id = ? AND state = 'waiting' ORDER BY id{}",
                locking(tx)
            ),
            [institution.into(), customer.id.uuid().into()],
        ))
        .await?;
    let keys = tx.keys().await?;
    for row in rows {
        let before = open(&keys, Model::from_query_result(&row, "")?)?;
        let after = before.lapse(&tx.stamp())?;
        save(tx, institution, &before, &after).await?;
    }
    Ok(())
}

const COLUMNS: &str = "institution_id, id, version, owner_id, customer_id, holder_id, \
    customer_campus_id, words, state, until, created_at, decided_at, deleted_at";

/// A request of the bearer's own.
pub async fn find_own(
    handle: &impl Handle,
    grant: &impl Reads<ShareRequest>,
    id: Id<ShareRequest>,
) -> Result<Option<ShareRequest>, Error> {
    let scope = grant.scope();
    let row = own(handle, scope, ("share_requests", COLUMNS), id.uuid()).await?;
    let keys = handle.keys_of(scope.institution()).await?;
    row.map(|row| open(&keys, Model::from_query_result(&row, "")?))
        .transpose()
}

/// The same, locked until the transaction ends.
pub async fn lock_own(
    tx: &Tx,
    grant: &impl Writes<ShareRequest>,
    id: Id<ShareRequest>,
) -> Result<Option<ShareRequest>, Error> {
    let scope = grant.scope();
    let sql = format!(
        "SELECT {COLUMNS} FROM share_requests WHERE institution_id = ? AND id = ? AND owner_id = ?{}",
        locking(tx)
    );
    let key = [scope.institution().uuid(), id.uuid(), scope.principal()];
    let row = tx
        .query_one_raw(statement(tx, &sql, key.map(Into::into)))
        .await?;
    let keys = tx.keys().await?;
    row.map(|row| open(&keys, Model::from_query_result(&row, "")?))
        .transpose()
}

/// One page of the bearer's own requests.
pub async fn list_own(
    handle: &impl Handle,
    grant: &impl Reads<ShareRequest>,
    part: &Page,
) -> Result<Vec<ShareRequest>, Error> {
    let scope = grant.scope();
    let rows = own_page(handle, scope, ("share_requests", COLUMNS), part).await?;
    let keys = handle.keys_of(scope.institution()).await?;
    rows.iter()
        .map(|row| open(&keys, Model::from_query_result(row, "")?))
        .collect()
}

/// A request that the bearer may decide.
pub async fn find(
    handle: &impl Handle,
    grant: &impl Reads<ShareRequest>,
    id: Id<ShareRequest>,
) -> Result<Option<ShareRequest>, Error> {
    let row = scoped::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .one(handle)
        .await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    row.map(|row| open(&keys, row)).transpose()
}

/// The same, locked until the transaction ends.
pub async fn lock(
    tx: &Tx,
    grant: &impl Writes<ShareRequest>,
    id: Id<ShareRequest>,
) -> Result<Option<ShareRequest>, Error> {
    let row = scoped_to_change::<Entity>(grant)
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?;
    let keys = tx.keys().await?;
    row.map(|row| open(&keys, row)).transpose()
}

/// One page of the requests that the bearer may decide, or has.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<ShareRequest>,
    states: &[ShareRequestState],
    part: &Page,
) -> Result<Vec<ShareRequest>, Error> {
    let mut filter = Condition::all();
    if !states.is_empty() {
        filter = filter.add(Column::State.is_in(states.iter().map(|state| state.as_str())));
    }
    let rows = page::<Entity>(handle, grant, filter, part).await?;
    let keys = handle.keys_of(grant.scope().institution()).await?;
    rows.into_iter().map(|row| open(&keys, row)).collect()
}
