//! What a lead says of its customer beside the record itself: tags, and when to speak to it next.
//!
//! Both need the permission that they need by hand, over the customer that the row makes. What can't
//! be put on goes into the note, and the row names it.

use std::collections::{BTreeSet, HashMap};

use domain::{
    access::{FollowUpsWrite, TagsWrite},
    customers::Anchor,
    follow_ups::{FollowUp, next_days},
    id::Id,
    imports::{cell::is_told, header::LeadField, lead::Lead},
    organization::Campus,
    tags::{Act, Tag, Tagging},
    text::fold,
};
use jiff::civil::Date;
use persistence::{
    Error, Tx,
    access::{Grant, Reads},
    follow_ups,
    imports::undo::tag_reason,
    tags,
};

use super::plan::{Candidate, Ground};

/// What is put on the customer of a lead, and what is not.
#[derive(Default)]
pub(super) struct Marks {
    tags: Vec<Id<Tag>>,
    next_on: Option<Date>,
    /// Names of no tag that the importer can put on.
    pub(super) other_tags: Vec<String>,
    /// A next date for which nothing is planned.
    pub(super) other_next: Option<String>,
    /// Fields of which something could not be put on, besides those that could not be read.
    pub(super) unread: Vec<LeadField>,
}

impl Marks {
    /// How many follow-ups are planned by them.
    pub(super) fn planned(&self) -> i64 {
        i64::from(self.next_on.is_some())
    }
}

/// What the importer may put on the customers of some leads.
pub(super) struct Marker {
    tagging: Option<Grant<TagsWrite>>,
    planning: Option<Grant<FollowUpsWrite>>,
    /// Of the names that the leads tell, those that can be put on, folded.
    tags: HashMap<String, Id<Tag>>,
}

impl Marker {
    pub(super) async fn new(tx: &Tx, candidates: &[Candidate<'_>]) -> Result<Self, Error> {
        let authority = tx.operation().authority.as_deref();
        let tagging = authority.and_then(|a| Grant::<TagsWrite>::of(a, tx.now()));
        let planning = authority.and_then(|a| Grant::<FollowUpsWrite>::of(a, tx.now()));
        let named = candidates.iter().flat_map(|one| &one.lead.tags);
        let named: BTreeSet<String> = named.map(|name| fold(name)).collect();
        let tags = match &tagging {
            Some(grant) => tags::store::named(tx, grant, named).await?,
            None => HashMap::new(),
        };
        Ok(Self {
            tagging,
            planning,
            tags,
        })
    }

    /// What a lead puts on its customer, whom the pool of the campus will hold.
    pub(super) fn marks(&self, lead: &Lead, campus: Id<Campus>, today: Date) -> Marks {
        let mut marks = Marks {
            other_next: lead.next_follow_up.clone(),
            ..Marks::default()
        };
        let may_tag = covers(self.tagging.as_ref(), campus);
        for name in &lead.tags {
            match self.tags.get(&fold(name)).filter(|_| may_tag) {
                Some(tag) if marks.tags.contains(tag) => {}
                Some(tag) => marks.tags.push(*tag),
                None if is_told(name) => marks.other_tags.push(name.clone()),
                None => {}
            }
        }
        if !marks.other_tags.is_empty() {
            marks.unread.push(LeadField::Tags);
        }
        let may_plan = covers(self.planning.as_ref(), campus);
        match lead.next_follow_up_on {
            Some(day) if may_plan && next_days(today).contains(&day) => marks.next_on = Some(day),
            Some(day) => {
                marks.other_next = Some(day.to_string());
                marks.unread.push(LeadField::NextFollowUpOn);
            }
            None => {}
        }
        marks
    }

    /// By which right the importer puts tags on customers, if by any.
    pub(super) fn tagging(&self) -> Option<&Grant<TagsWrite>> {
        self.tagging.as_ref()
    }

    /// The tags that a lead names, and whether these are all that it says.
    pub(super) fn wanted(&self, lead: &Lead) -> (BTreeSet<Id<Tag>>, bool) {
        let told = lead.tags.iter().filter(|name| is_told(name));
        let found: Vec<_> = told
            .map(|name| self.tags.get(&fold(name)).copied())
            .collect();
        let is_whole = found.iter().all(Option::is_some);
        (found.into_iter().flatten().collect(), is_whole)
    }

    /// Puts marks on customers that are new.
    pub(super) async fn put_on(
        &self,
        tx: &Tx,
        ground: &Ground<'_>,
        marked: &[(Anchor, Marks)],
    ) -> Result<(), Error> {
        let (mut taggings, mut planned) = (Vec::new(), Vec::new());
        let (stamp, by) = (tx.stamp(), tx.operation().actor.principal);
        let act = Act::now(by, Some(tag_reason(ground.import.id)), &stamp)?;
        for (customer, marks) in marked {
            let tags = marks.tags.iter();
            taggings.extend(tags.map(|tag| Tagging::new(customer, *tag, act.clone(), &stamp)));
            if let Some(day) = marks.next_on {
                let zone = ground.zone(customer.campus);
                let author = ground.collector;
                planned.push(FollowUp::plan(customer, day, author, &zone, &stamp)?);
            }
        }
        if let Some(grant) = &self.tagging {
            tags::store::put_on_new(tx, grant, &taggings).await?;
        }
        if let Some(grant) = &self.planning {
            follow_ups::store::insert_new(tx, grant, &planned).await?;
        }
        Ok(())
    }
}

/// Whether a grant reaches customers that the pool of a campus holds.
fn covers<G: Reads<Anchor>>(grant: Option<&G>, campus: Id<Campus>) -> bool {
    grant.is_some_and(|grant| grant.scope().covers(campus.cast(), campus))
}
