use crate::text_enum;

text_enum! {
    /// Kind of the record that an entry of a customer's timeline is about.
    TimelineKind as "TimelineKind" {
        Enrollment = "enrollment" { "报名", "Enrollment" }
        FollowUp = "follow_up" { "跟进", "Follow-up" }
        Tag = "tag" { "标签", "Tag" }
        Charge = "charge" { "应收", "Charge" }
        Payment = "payment" { "收费", "Payment" }
        Collection = "collection" { "信息采集", "Collection of data" }
        Consent = "consent" { "同意或撤回", "Consent" }
        Disclosure = "disclosure" { "对外提供", "Sharing with others" }
        Insight = "insight" { "外部洞察", "Learned from outside" }
        Screening = "screening" { "信息筛选", "Screening" }
    }
}

text_enum! {
    /// What an entry of a timeline tells of (CUST-38, CUST-39).
    TimelineCategory as "TimelineCategory" {
        Descriptive = "descriptive" { "基本信息", "Who the customer is" }
        Marketing = "marketing" { "营销往来", "How the customer was spoken to" }
        Transaction = "transaction" { "交易", "What the customer took and paid" }
    }
}

impl TimelineKind {
    pub fn category(self) -> TimelineCategory {
        match self {
            Self::Tag
            | Self::Collection
            | Self::Consent
            | Self::Disclosure
            | Self::Insight
            | Self::Screening => TimelineCategory::Descriptive,
            Self::FollowUp => TimelineCategory::Marketing,
            Self::Enrollment | Self::Charge | Self::Payment => TimelineCategory::Transaction,
        }
    }
}
