use std::future::{Future, Ready, ready};

use actix_web::{FromRequest, HttpRequest, ResponseError, dev::Payload, post};
use domain::{
    access::{CustomersAssign, CustomersDelete, CustomersWrite, Permission},
    bulk::Mode,
    id::Id,
};
use persistence::{Error, Tx, access::Authority, idempotency::Key};

use super::{
    BulkCustomers, BulkResult, BulkResults, CustomerOperation,
    commands::{Grants, Outcome, perform, unless_broken},
    read::Asked,
};
use crate::{
    access::{Granted, IdempotencyKey, refusals},
    app::App,
    customers::handlers::TAG,
    http::{
        Problem, Reply, context::RequestContext, precondition::current_version,
        problem::PERMISSION_MISSING,
    },
};

/// A caller who may do some of what can be asked for.
pub(super) enum Caller {
    Writing(Granted<CustomersWrite>),
    Deleting(Granted<CustomersDelete>),
    Assigning(Granted<CustomersAssign>),
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        fn granted<P: Permission>(request: &HttpRequest) -> Result<Granted<P>, Problem> {
            Granted::from_request(request, &mut Payload::None).into_inner()
        }
        ready(granted(request).map(Self::Writing).or_else(|refused| {
            granted(request)
                .map(Self::Deleting)
                .or_else(|_| granted(request).map(Self::Assigning))
                .map_err(|_| refused)
        }))
    }
}

impl Caller {
    fn authority(&self) -> &Authority {
        match self {
            Self::Writing(ctx) => ctx.authority(),
            Self::Deleting(ctx) => ctx.authority(),
            Self::Assigning(ctx) => ctx.authority(),
        }
    }

    fn grants(&self) -> Grants {
        let stamp = match self {
            Self::Writing(ctx) => ctx.stamp(),
            Self::Deleting(ctx) => ctx.stamp(),
            Self::Assigning(ctx) => ctx.stamp(),
        };
        Grants::of(self.authority(), stamp.now())
    }

    async fn once<F, Fut>(&self, key: Key, work: F) -> Result<Reply, Problem>
    where
        F: Fn(Tx) -> Fut + Send + Sync,
        Fut: Future<Output = Result<Reply, Error>> + Send,
    {
        match self {
            Self::Writing(ctx) => ctx.once(Some(key), |tx, _| work(tx)).await,
            Self::Deleting(ctx) => ctx.once(Some(key), |tx, _| work(tx)).await,
            Self::Assigning(ctx) => ctx.once(Some(key), |tx, _| work(tx)).await,
        }
    }
}

/// Take in, change, delete and hand over many customers in one call
///
/// Each operation is what `createCustomer`, `changeCustomer`, `deleteCustomer` or `transferCustomer` does,
/// with the permission that it needs and nothing else: `customers:write`, `customers:delete` or
/// `customers:assign`. They are done in their order, in one transaction; a later one on the same customer
/// finds what an earlier one has left. With `best_effort` those that are refused leave nothing, the others
/// are done, and the answer is 200 in any case: look at each result. With `all_or_nothing` nothing is
/// done unless all can be: what was refused is told in one problem, `validation_failed` where it is
/// fields only, else `operations_refused`, with the operation or its field in each pointer. Whatever is
/// wrong with the call itself, from an unknown `op` to a missing `version`, refuses it in both modes.
/// Nothing is done either where the server is too busy to finish. The body is limited in bytes as every
/// other: send large records in several calls, and long lists as an import.
#[utoipa::path(tag = TAG, request_body = BulkCustomers,
    responses((status = 200, body = BulkResults, description = "What came of each operation, in their order.")),
    security(("bearer" = ["customers:write"]), ("bearer" = ["customers:delete"]), ("bearer" = ["customers:assign"])),
    extensions(("x-problem-codes" = json!(["operations_refused"])), ("x-creates" = json!(true))))]
#[post("/customers/bulk")]
pub(super) async fn bulk_customers(
    caller: Caller,
    key: IdempotencyKey,
    request: HttpRequest,
    asked: Asked,
) -> Result<Reply, Problem> {
    let (app, context) = (App::of(&request)?, RequestContext::of(&request));
    let call = &asked.call;
    let missing = caller.grants().missing(&call.operations);
    if call.mode.0 == Mode::AllOrNothing {
        if let Some(permission) = missing {
            return Err(Problem::permission_missing(permission));
        }
        unless_broken(&call.operations)?;
    }
    let (public_url, told_to) = (&app.settings.public_url, &context);
    let reply = caller.once(key.of(asked.fingerprint), |tx| async move {
        let outcomes = perform(&tx, call).await?;
        let each = call.operations.iter().zip(&outcomes);
        let results =
            each.map(|(operation, outcome)| result(operation, outcome, told_to, public_url));
        Reply::ok(&BulkResults {
            results: results.collect(),
        })
    });
    let reply = reply.await?;
    if missing.is_some() && !reply.is_replay() {
        refusals::note_of(&request, &context, app, PERMISSION_MISSING.code);
    }
    Ok(reply)
}

fn result(
    operation: &CustomerOperation,
    outcome: &Outcome,
    context: &RequestContext,
    public_url: &str,
) -> BulkResult {
    let r#ref = operation.reference().map(str::to_owned);
    match outcome {
        Ok(done) => BulkResult {
            r#ref,
            status: done.status,
            id: Some(done.customer.uuid()),
            version: done.version,
            problem: None,
        },
        Err(fault) => {
            let problem = Problem::from(fault.clone());
            BulkResult {
                r#ref,
                status: problem.status_code().as_u16(),
                id: operation.customer().map(Id::uuid),
                version: current_version(fault),
                problem: Some(problem.told(context, public_url)),
            }
        }
    }
}
