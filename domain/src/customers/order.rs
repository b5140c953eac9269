//! In which order customers are listed.

use crate::{
    conditions::registry::CUSTOM, custom_fields::FieldCode, text_enum, text_enum::TextEnum,
};

text_enum! {
    /// Order of a list of customers, `-` before the field for the other way round. Those of whom the value
    /// is not known stand at the end either way; equal ones stand in the order of their ids. Names are
    /// compared by the code points of their first 60 characters, without regard to width, case and spaces.
    Order as "CustomerOrder" {
        Newest = "-created_at" { "最新创建在前", "Newest first" }
        Oldest = "created_at" { "最早创建在前", "Oldest first" }
        Name = "name" { "姓名升序", "By name" }
        NameReversed = "-name" { "姓名降序", "By name, reversed" }
        LastChanged = "-updated_at" { "最近更新在前", "Last changed first" }
        FirstChanged = "updated_at" { "最早更新在前", "Changed longest ago first" }
        LastCollected = "-collected_at" { "最近采集在前", "Last collected first" }
        FirstCollected = "collected_at" { "最早采集在前", "First collected first" }
        LastContacted = "-last_contact_at" { "最近联系在前", "Last contacted first" }
        LongestSilent = "last_contact_at" { "最久未联系在前", "Contacted longest ago first" }
        FarthestNext = "-next_contact_on" { "下次联系最晚在前", "Farthest next contact first" }
        NearestNext = "next_contact_on" { "下次联系最近在前", "Nearest next contact first" }
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    CreatedAt,
    Name,
    UpdatedAt,
    CollectedAt,
    LastContactAt,
    NextContactOn,
}

impl Order {
    pub fn key(self) -> SortKey {
        match self {
            Self::Newest | Self::Oldest => SortKey::CreatedAt,
            Self::Name | Self::NameReversed => SortKey::Name,
            Self::LastChanged | Self::FirstChanged => SortKey::UpdatedAt,
            Self::LastCollected | Self::FirstCollected => SortKey::CollectedAt,
            Self::LastContacted | Self::LongestSilent => SortKey::LastContactAt,
            Self::FarthestNext | Self::NearestNext => SortKey::NextContactOn,
        }
    }

    pub fn is_descending(self) -> bool {
        use Order::{
            FarthestNext, LastChanged, LastCollected, LastContacted, NameReversed, Newest,
        };
        matches!(
            self,
            Newest | NameReversed | LastChanged | LastCollected | LastContacted | FarthestNext
        )
    }
}

impl SortKey {
    /// The field of a customer whose rule guards it.
    pub fn rule(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::CollectedAt => Some("collected_at"),
            Self::CreatedAt | Self::UpdatedAt | Self::LastContactAt | Self::NextContactOn => None,
        }
    }

    /// Whether it goes by follow-ups, as far as these are within reach.
    pub fn is_of_follow_ups(self) -> bool {
        matches!(self, Self::LastContactAt | Self::NextContactOn)
    }
}

/// In which order a search shows what it finds: as a list, or by a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sorting {
    By(Order),
    ByCustom {
        code: FieldCode,
        is_descending: bool,
    },
}

impl Sorting {
    /// `None` where the text is none: `custom_fields.height`, `-` before it for the other way round.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(order) = Order::parse(text) {
            return Some(Self::By(order));
        }
        let name = text.strip_prefix('-').unwrap_or(text);
        Some(Self::ByCustom {
            code: FieldCode::parse(name.strip_prefix(CUSTOM)?)?,
            is_descending: name.len() < text.len(),
        })
    }

    pub fn is_descending(&self) -> bool {
        match self {
            Self::By(order) => order.is_descending(),
            Self::ByCustom { is_descending, .. } => *is_descending,
        }
    }
}

impl std::fmt::Display for Sorting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::By(order) => f.write_str(order.as_str()),
            Self::ByCustom {
                code,
                is_descending,
            } => {
                let sign = if *is_descending { "-" } else { "" };
                write!(f, "{sign}{CUSTOM}{}", code.as_str())
            }
        }
    }
}
