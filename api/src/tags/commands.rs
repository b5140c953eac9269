//! Use cases of tags: load, decide, save.

use domain::{
    access::TagsManage,
    customers::{Anchor, Customer},
    fault::{Fault, FieldFault, NOT_FOUND, REFERENCE_UNKNOWN},
    id::Id,
    reference::Reference,
    tags::{Act, Tag, TagCategory, Tagging},
};
use persistence::{
    Error, Handle, Tx,
    access::{Grant, Reads, Writes},
    customers::{anchor::anchor, merges, store::is_within},
    tags::store,
};

use super::{ChangeTag, ChangeTagCategory, CreateTag, CreateTagCategory, PutTagOn, TakeTagOff};
use crate::{
    http::IfMatch,
    reference::{as_read, choose, create, present, save},
};

type Manager = Grant<TagsManage>;

pub async fn create_tag_category(
    tx: &Tx,
    grant: &Manager,
    body: CreateTagCategory,
) -> Result<Reference<TagCategory>, Error> {
    create(tx, grant, TagCategory { name: body.name }).await
}

pub async fn change_tag_category(
    tx: &Tx,
    grant: &Manager,
    id: Id<TagCategory>,
    condition: IfMatch,
    body: ChangeTagCategory,
) -> Result<Reference<TagCategory>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    save(tx, grant, &before, after).await
}

pub async fn create_tag(
    tx: &Tx,
    grant: &Manager,
    body: CreateTag,
) -> Result<Reference<Tag>, Error> {
    let tag = Tag {
        name: body.name,
        category: Id::new(body.category_id),
        definition: body.definition,
        colour: body.colour,
    };
    choose(tx, grant, tag.category, "/category_id").await?;
    create(tx, grant, tag).await
}

pub async fn change_tag(
    tx: &Tx,
    grant: &Manager,
    id: Id<Tag>,
    condition: IfMatch,
    body: ChangeTag,
) -> Result<Reference<Tag>, Error> {
    let before = as_read(tx, grant, id, condition).await?;
    let after = before.change(body.apply(before.details.clone()))?;
    if after.details.category != before.details.category {
        choose(tx, grant, after.details.category, "/category_id").await?;
    }
    save(tx, grant, &before, after).await
}

/// Takes a tag out of the archive, whose category is not in it.
pub async fn unarchive_tag(tx: &Tx, grant: &Manager, id: Id<Tag>) -> Result<Reference<Tag>, Error> {
    let before = present(tx, grant, id).await?;
    let after = before.unarchive()?;
    choose(tx, grant, after.details.category, "/category_id").await?;
    save(tx, grant, &before, after).await
}

/// The tags of a customer within reach.
pub async fn of(
    handle: &impl Handle,
    grant: &impl Reads<Tagging>,
    customer: Id<Customer>,
    ended: bool,
) -> Result<Vec<Tagging>, Error> {
    let institution = grant.scope().institution();
    let customer = merges::now(handle, institution, customer)
        .await?
        .unwrap_or(customer);
    if !is_within(handle, grant.scope(), customer).await? {
        return Err(Fault::new(&NOT_FOUND).into());
    }
    store::of(handle, grant, customer, ended).await
}

/// Puts a tag on a customer.
///
/// # Errors
/// 404 out of reach, 409 where the customer has it already, 422 where the tag can't be chosen.
pub async fn put_on<G: Writes<Tagging> + Reads<Anchor>>(
    tx: &Tx,
    grant: &G,
    customer: Id<Customer>,
    body: PutTagOn,
) -> Result<Tagging, Error> {
    let customer = anchor(tx, grant, customer)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let tag = Id::<Tag>::new(body.tag_id);
    let act = Act::now(tx.operation().actor.principal, body.reason, &tx.stamp())?;
    if !store::is_open(tx, grant, tag).await? {
        return Err(FieldFault::new("/tag_id", &REFERENCE_UNKNOWN).into());
    }
    let tagging = Tagging::new(&customer, tag, act, &tx.stamp());
    store::put_on(tx, grant, &tagging).await?;
    Ok(tagging)
}

/// Takes a tag off a customer; that it was there, and why it went, stays known.
pub async fn take_off<G: Writes<Tagging> + Reads<Anchor>>(
    tx: &Tx,
    grant: &G,
    customer: Id<Customer>,
    tag: Id<Tag>,
    body: TakeTagOff,
) -> Result<Tagging, Error> {
    let customer = anchor(tx, grant, customer)
        .await?
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let act = Act::now(tx.operation().actor.principal, body.reason, &tx.stamp())?;
    store::take_off(tx, grant, customer.id, tag, &act).await
}
