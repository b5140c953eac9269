//! How far a permission goes.

use crate::text_enum;

text_enum! {
    /// How far a permission goes: whose rows it covers (数据范围).
    Reach as "Reach" {
        /// The customers that the person holds.
        Own = "own" { "本人", "Own" }
        /// Those of the teams that the person leads.
        Team = "team" { "团队", "Team" }
        /// Those of the campuses where the person works.
        Campus = "campus" { "校区", "Campus" }
        /// Those of every campus in the regions of these.
        Region = "region" { "区域", "Region" }
        /// Everything.
        Institution = "institution" { "全机构", "Institution" }
        /// The students of the classes that the person teaches.
        Taught = "taught" { "所授班级", "Taught" }
        /// The person and the children whose guardian he or she is.
        Family = "family" { "家庭", "Family" }
    }
}

impl Reach {
    /// Whether one who has this reach may give another one that reach.
    pub fn covers(self, other: Self) -> bool {
        use Reach::{Campus, Family, Institution, Own, Region, Taught, Team};
        match self {
            Institution => true,
            Region => matches!(other, Region | Campus | Team | Own | Taught),
            Campus => matches!(other, Campus | Team | Own | Taught),
            Team => matches!(other, Team | Own),
            Own | Taught | Family => self == other,
        }
    }
}
