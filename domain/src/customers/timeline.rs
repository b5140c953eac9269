use crate::text_enum;

text_enum! {
    /// Kind of the record that an entry of a customer's timeline is about.
    TimelineKind as "TimelineKind" {
        Enrollment = "enrollment" { "报名", "Enrollment" }
        FollowUp = "follow_up" { "跟进", "Follow-up" }
        Tag = "tag" { "标签", "Tag" }
        Charge = "charge" { "应收", "Charge" }
        Payment = "payment" { "收费", "Payment" }
    }
}
