//! The year of the school, day by day.

use domain::{customers::Customer, id::Id, organization::Staff};

use super::{
    actor::{DAYS, Filling},
    chance::Chance,
    money::Debt,
    school::School,
    teaching::Room,
};
use crate::boot::Failure;

/// The same school each time.
const SEED: u64 = 2026;

/// A child whose parents asked for a place.
pub(super) struct Student {
    pub(super) id: Id<Customer>,
    /// Which campus, as the school counts them.
    pub(super) place: usize,
    /// Who speaks to the family; nobody, while it is in the pool.
    pub(super) recruiter: Option<Id<Staff>>,
    /// The day on which somebody will speak to the family.
    pub(super) next: Option<u32>,
    pub(super) talks: u32,
}

/// What has come of the school so far.
pub(super) struct Year<'a> {
    pub(super) school: &'a School,
    pub(super) chance: Chance,
    pub(super) families: usize,
    pub(super) students: Vec<Student>,
    pub(super) rooms: Vec<Room>,
    pub(super) debts: Vec<Debt>,
    pub(super) payments: u32,
}

/// Lives from the first day to today.
pub(super) async fn live_through(filling: &mut Filling, school: &School) -> Result<(), Failure> {
    let mut year = Year {
        school,
        chance: Chance::new(SEED),
        families: 0,
        students: Vec::new(),
        rooms: Vec::new(),
        debts: Vec::new(),
        payments: 0,
    };
    for day in 0..=DAYS {
        filling.turn_to(day)?;
        year.open_classes(filling).await?;
        year.take_in_families(filling).await?;
        year.speak_to_families(filling).await?;
        year.collect(filling).await?;
        year.teach(filling).await?;
        if day % 73 == 0 {
            println!(
                "  {}: {} customers, {} enrollments, {} payments",
                filling.date(day)?,
                year.families + year.students.len(),
                year.rooms.iter().map(Room::enrolled).sum::<usize>(),
                year.payments
            );
        }
    }
    Ok(())
}
