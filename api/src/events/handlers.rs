use actix_web::get;
use domain::{
    access::EventsRead,
    events::{FEED_AHEAD, FEED_PURGED},
    fault::FieldFault,
};
use persistence::events::feed;

use super::{EventFeed, ListEvents};
use crate::{
    access::Granted,
    http::{Parameters, Problem, Reply},
};

const TAG: &str = "events";

/// Follow what happens in the institution
///
/// The oldest first. Begin with `after=0`, keep `next_after` and send it as `after` of the next
/// request. Events may come twice where a client forgets its place, and never out of order. They are
/// thin: read the subject. `feed_purged` says that the place is older than what is kept: read
/// everything anew from there.
#[utoipa::path(tag = TAG, params(ListEvents), responses((status = 200, body = EventFeed)),
    security(("bearer" = ["events:read"])))]
#[get("/events")]
pub(super) async fn list_events(
    ctx: Granted<EventsRead>,
    query: Parameters<ListEvents>,
) -> Result<Reply, Problem> {
    let Parameters(query) = query;
    let types = query.r#type.unwrap_or_default();
    let types: Vec<String> = types.into_iter().map(|name| name.0).collect();
    let (after, limit) = (query.after.unwrap_or_default(), query.limit.unwrap_or(50));
    let read = ctx.read();
    let feed = feed::bounds(&read, &ctx.grant).await?;
    if after < feed.purged_to {
        let fault = FieldFault::new("after", &FEED_PURGED);
        return Err(refused(fault.with("from", feed.purged_to)));
    }
    if after > feed.last {
        let fault = FieldFault::new("after", &FEED_AHEAD);
        return Err(refused(fault.with("last", feed.last)));
    }
    let (events, next_after) =
        feed::read(&read, &ctx.grant, after, feed.last, &types, limit).await?;
    // Nothing new: the same tag, and no body for who sends it back.
    Ok(Reply::record(
        next_after,
        &EventFeed {
            items: events.into_iter().map(Into::into).collect(),
            next_after,
            has_more: next_after < feed.last,
        },
    )?)
}

fn refused(fault: FieldFault) -> Problem {
    Problem::parameters(vec![fault])
}
