//! How far a permission goes.

use crate::text_enum;

text_enum! {
    /// How far a permission goes: whose rows it covers (数据范围, ROLE-07…09).
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
    }
}
