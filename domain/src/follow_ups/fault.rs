use crate::rules;

rules! {
    OCCURRED_IN_FUTURE = Invalid "occurred_in_future" {
        "跟进时间在将来", "Not yet happened";
        "跟进时间不能晚于登记时间。", "A follow-up can't be later than its record." }
    NEXT_DATE_INVALID = Invalid "next_date_invalid" {
        "下次跟进日期不正确", "Not a date for the next follow-up";
        "下次跟进日期应在今天与 {last} 之间。", "The next follow-up is between today and {last}." }
    OUTCOME_FIXED = Invalid "outcome_fixed" {
        "跟进结果不能这样改", "The outcome can't change so";
        "计划中的跟进与已完成的跟进不能互相更改，请另记一次跟进。",
        "What is planned does not become what was done, nor the other way: record another follow-up." }
    NEXT_DATE_MISSING = Invalid "next_date_missing" {
        "缺少下次跟进日期", "There is no date for the next follow-up";
        "计划中的跟进应有下次跟进日期。", "A follow-up that is only planned has a date for the next one." }
}
