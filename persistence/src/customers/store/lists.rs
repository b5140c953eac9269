//! Customers page by page, and how many there are.

use domain::{
    customers::{ChannelCode, Customer, Education, Kind, Occupation, Stage},
    id::Id,
    tags::{Tag, Tagging},
    text_enum::TextEnum,
};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, sea_query::Expr};
use uuid::Uuid;

use crate::{
    Error, Handle,
    access::Reads,
    clock::micros,
    conditions::Compiled,
    customers::entity::{Column, Entity},
    scope::{self, Counted, Page, page, page_led},
    tags::{entity as taggings, store::having},
};

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub kinds: Vec<Kind>,
    pub stages: Vec<Stage>,
    pub channels: Vec<ChannelCode>,
    pub intents: Vec<i16>,
    pub educations: Vec<Education>,
    pub occupations: Vec<Occupation>,
    /// By their names as they are written.
    pub schools: Vec<String>,
    pub holders: Vec<Uuid>,
    pub campuses: Vec<Uuid>,
    pub collectors: Vec<Uuid>,
    pub collected_from: Option<Timestamp>,
    pub collected_until: Option<Timestamp>,
    pub created_from: Option<Timestamp>,
    pub created_until: Option<Timestamp>,
    /// What else they must be.
    pub conditions: Option<Compiled>,
}

impl Filter {
    /// The same of those who meet conditions too.
    #[must_use]
    pub fn meeting(self, conditions: Compiled) -> Self {
        Self {
            conditions: Some(conditions),
            ..self
        }
    }

    /// Whether it shows everything.
    pub(in crate::customers) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(in crate::customers) fn condition(&self) -> Condition {
        let mut all = Condition::all();
        if !self.kinds.is_empty() {
            all = all.add(Column::Kind.is_in(self.kinds.iter().map(|v| v.as_str())));
        }
        if !self.stages.is_empty() {
            all = all.add(Column::Stage.is_in(self.stages.iter().map(|v| v.as_str())));
        }
        if !self.channels.is_empty() {
            all = all.add(Column::Channel.is_in(self.channels.iter().map(|v| v.as_str())));
        }
        if !self.intents.is_empty() {
            all = all.add(Column::Intent.is_in(self.intents.iter().copied()));
        }
        if !self.educations.is_empty() {
            let any = self.educations.iter().map(|v| v.as_str());
            all = all.add(Column::Education.is_in(any));
        }
        if !self.occupations.is_empty() {
            let any = self.occupations.iter().map(|v| v.as_str());
            all = all.add(Column::Occupation.is_in(any));
        }
        if !self.schools.is_empty() {
            all = all.add(Column::School.is_in(self.schools.iter().map(String::as_str)));
        }
        if !self.holders.is_empty() {
            all = all.add(Column::HolderId.is_in(self.holders.iter().copied()));
        }
        if !self.campuses.is_empty() {
            all = all.add(Column::CampusId.is_in(self.campuses.iter().copied()));
        }
        if !self.collectors.is_empty() {
            all = all.add(Column::CollectorId.is_in(self.collectors.iter().copied()));
        }
        let (from, until) = (self.collected_from, self.collected_until);
        all.add_option(self.conditions.as_ref().map(Compiled::condition))
            .add_option(from.map(|at| Column::CollectedAt.gte(micros(at))))
            .add_option(until.map(|at| Column::CollectedAt.lt(micros(at))))
            .add_option(
                self.created_from
                    .map(|at| Column::CreatedAt.gte(micros(at))),
            )
            .add_option(
                self.created_until
                    .map(|at| Column::CreatedAt.lt(micros(at))),
            )
    }
}

/// One page of the customers within reach.
pub async fn list(
    handle: &impl Handle,
    grant: &impl Reads<Customer>,
    filter: &Filter,
    part: &Page,
) -> Result<Vec<Customer>, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let rows = page::<Entity>(handle, grant, filter.condition(), part).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// One page of the customers within reach that have any of some tags, as far as these are.
pub async fn list_tagged(
    handle: &impl Handle,
    (tagging, tags): (&impl Reads<Tagging>, &[Id<Tag>]),
    (grant, filter): (&impl Reads<Customer>, &Filter),
    part: &Page,
) -> Result<Vec<Customer>, Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let having = tags.iter().map(|tag| having(*tag)).collect();
    let (led_by, shown) = ((tagging, having), (grant, filter.condition()));
    let rows = page_led::<taggings::Entity, Entity>(handle, led_by, shown, part).await?;
    rows.into_iter().map(|row| row.open(&keys)).collect()
}

/// The tags by which a list is led, where it goes by any, as far as they are within reach.
pub type Tagged<'a, G> = Option<(&'a G, &'a [Id<Tag>])>;

/// One page of a list whose filter has conditions. Few may meet them, and the page must not read all for
/// that: it looks at so many of each branch of the grant. It may be short: then the second says
/// behind which customer it did not look.
pub async fn list_met(
    handle: &impl Handle,
    tagged: Tagged<'_, impl Reads<Tagging>>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    part: &Page,
    looks_at: u64,
) -> Result<(Vec<Customer>, Option<(i64, Uuid)>), Error> {
    let keys = handle.keys_of(grant.scope().institution()).await?;
    let own = |column: Column| Expr::col((Entity, column));
    let filter = filter.condition();
    let (rows, edge) = match tagged {
        None => {
            let edge = scope::edge::<Entity>(handle, grant, part, looks_at).await?;
            let until = edge.map(|edge| part.up_to(edge, own(Column::CreatedAt), own(Column::Id)));
            let filter = filter.add_option(until);
            (page::<Entity>(handle, grant, filter, part).await?, edge)
        }
        Some((tagging, tags)) => {
            let led = || tags.iter().map(|tag| having(*tag));
            let leader = (tagging, led().collect());
            let edge = scope::edge_led::<taggings::Entity>(handle, leader, part, looks_at).await?;
            let until = edge.map(|edge| {
                let of = |column: taggings::Column| Expr::col((taggings::Entity, column));
                let created = of(taggings::Column::CustomerCreatedAt);
                part.up_to(edge, created, of(taggings::Column::CustomerId))
            });
            let led_by = led().map(|tag| tag.add_option(until.clone())).collect();
            let leader = (tagging, led_by);
            let rows = page_led::<taggings::Entity, Entity>(handle, leader, (grant, filter), part);
            (rows.await?, edge)
        }
    };
    let customers = rows.into_iter().map(|row| row.open(&keys));
    Ok((customers.collect::<Result<_, _>>()?, edge))
}

/// How many customers such a list shows on all its pages, counted up to `enough` among the first `most`
/// that it could show.
pub async fn count_met(
    handle: &impl Handle,
    tagged: Tagged<'_, impl Reads<Tagging>>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    (most, enough): (u64, u64),
) -> Result<Counted, Error> {
    let (filter, bounds) = (filter.condition(), (most, enough));
    let Some((tagging, tags)) = tagged else {
        return scope::count_among::<Entity>(handle, grant, filter, bounds).await;
    };
    let leader = (tagging, tags.iter().map(|tag| having(*tag)).collect());
    let shown = (grant, filter);
    scope::count_led_among::<taggings::Entity, Entity>(handle, leader, shown, bounds).await
}

/// How many customers a list shows on all its pages, counted up to `most`; the tags as in
/// [`list_tagged`], where it goes by any.
pub async fn count(
    handle: &impl Handle,
    tagged: Option<(&impl Reads<Tagging>, &[Id<Tag>])>,
    (grant, filter): (&impl Reads<Customer>, &Filter),
    most: u64,
) -> Result<u64, Error> {
    let filter = filter.condition();
    let Some((tagging, tags)) = tagged else {
        return scope::count::<Entity>(handle, grant, filter, most).await;
    };
    let having = tags.iter().map(|tag| having(*tag)).collect();
    let (led_by, shown) = ((tagging, having), (grant, filter));
    scope::count_led::<taggings::Entity, Entity>(handle, led_by, shown, most).await
}
