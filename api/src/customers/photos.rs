//! The photo of a customer: one of its files.

use actix_web::{delete, post};
use domain::{
    access::CustomersWrite,
    customers::{Customer, Photo},
    fault::{Fault, NOT_FOUND},
    files::StoredFile,
    id::Id,
};
use jiff::Timestamp;
use persistence::{Error, Tx, access::Writes, customers::photos as store, files::store as files};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{commands::present, handlers::TAG};
use crate::{
    access::{Granted, OptionalIdempotencyKey},
    files::FileType,
    http::{
        IfMatch, Problem, Reply,
        path::{PathId, PathIds},
        wire::Wire,
    },
};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(use_file_as_photo)
        .service(remove_customer_photo);
}

/// The photo of a customer (照片): one of its files, whose content is read as that of any other.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerPhoto)]
pub struct PhotoBody {
    /// The file.
    pub file_id: Uuid,
    /// What its bytes tell it to be: an image.
    pub r#type: FileType,
    /// Bytes.
    #[schema(minimum = 1)]
    pub size: i64,
    /// When it became the photo.
    pub chosen_at: Timestamp,
}

impl From<Photo> for PhotoBody {
    fn from(photo: Photo) -> Self {
        Self {
            file_id: photo.file.uuid(),
            r#type: Wire(photo.kind),
            size: photo.size,
            chosen_at: photo.chosen_at,
        }
    }
}

/// Make a file of a customer its photo
///
/// In the place of the one that is there. The version of the customer rises. Lists show the photo where
/// `expand` names it. Refused where the file is no image (`photo_not_image`).
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path), ("file_id" = Uuid, Path)),
    responses((status = 200, body = PhotoBody)), security(("bearer" = ["customers:write"])),
    extensions(("x-problem-codes" = json!(["photo_not_image"]))))]
#[post("/customers/{customer_id}/files/{file_id}/use-as-photo")]
pub(super) async fn use_file_as_photo(
    ctx: Granted<CustomersWrite>,
    ids: PathIds<Customer, StoredFile>,
    key: OptionalIdempotencyKey,
) -> Result<Reply, Problem> {
    ctx.once(key.bare(), |tx, grant| async move {
        let photo = choose(&tx, &grant, ids.0, ids.1).await?;
        Reply::ok(&PhotoBody::from(photo))
    })
    .await
}

/// Leave a customer without a photo
///
/// The file stays among those of the customer. The version of the customer rises.
#[utoipa::path(tag = TAG, params(("customer_id" = Uuid, Path)), responses((status = 204)),
    security(("bearer" = ["customers:write"])))]
#[delete("/customers/{customer_id}/photo")]
pub(super) async fn remove_customer_photo(
    ctx: Granted<CustomersWrite>,
    id: PathId<Customer>,
    condition: IfMatch,
) -> Result<Reply, Problem> {
    ctx.transaction(|tx, grant| async move {
        remove(&tx, &grant, id.0, condition).await?;
        Ok(Reply::no_content())
    })
    .await
}

async fn photo_of(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    customer: Id<Customer>,
) -> Result<Option<Photo>, Error> {
    Ok(store::of(tx, grant, &[customer]).await?.remove(&customer))
}

/// Makes a file of a customer its photo; nothing happens where it is.
///
/// # Errors
/// 404 out of reach, 409 where the file is no image.
async fn choose(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    file: Id<StoredFile>,
) -> Result<Photo, Error> {
    let before = present(tx, grant, id).await?;
    let file = files::find_of_customer(tx, grant, file)
        .await?
        .filter(|file| file.customer() == Some(before.id))
        .ok_or_else(|| Fault::new(&NOT_FOUND))?;
    Photo::check(&file)?;
    let known = photo_of(tx, grant, before.id).await?;
    if let Some(known) = known.filter(|photo| photo.file == file.id) {
        return Ok(known);
    }
    let after = before.touched(&tx.stamp());
    store::choose(tx, grant, (&before, &after), file.id).await?;
    Ok(Photo {
        file: file.id,
        kind: file.kind,
        size: file.size,
        chosen_at: tx.now(),
    })
}

/// Leaves a customer without a photo.
///
/// # Errors
/// 404 out of reach or without one, 412 where the customer has changed since it was read.
async fn remove(
    tx: &Tx,
    grant: &impl Writes<Customer>,
    id: Id<Customer>,
    condition: IfMatch,
) -> Result<(), Error> {
    let before = present(tx, grant, id).await?;
    condition.check(before.version)?;
    let photo = photo_of(tx, grant, before.id).await?;
    let photo = photo.ok_or_else(|| Fault::new(&NOT_FOUND))?;
    let after = before.touched(&tx.stamp());
    store::remove(tx, grant, (&before, &after), photo.file).await
}
