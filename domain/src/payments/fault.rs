use crate::rules;

rules! {
    AMOUNT_NOT_POSITIVE = Invalid "amount_not_positive" {
        "金额必须大于零", "The amount must be above zero";
        "请填写大于零的金额。", "Charges, payments and their parts are amounts above zero." }
    PAID_IN_FUTURE = Invalid "paid_in_future" {
        "收款日期晚于今天", "Paid in the future";
        "收款日期不能晚于校区当天。", "Must not be after today at the campus." }
    ALLOCATED_TWICE = Invalid "allocated_twice" {
        "同一笔应收出现两次", "The charge is named twice";
        "每笔应收只能出现一次。", "Name each charge once, with the whole amount for it." }
    ALLOCATION_EXCEEDS_PAYMENT = Invalid "allocation_exceeds_payment" {
        "分配金额超过收款", "More is allocated than was paid";
        "可分配金额为 {left}（最小货币单位）。", "There are {left} minor units to allocate." }
    CHARGE_OVERPAID = Conflict "charge_overpaid" {
        "超过应收余额", "More than the charge has outstanding";
        "该应收未付余额为 {outstanding}（最小货币单位）。", "The charge has {outstanding} minor units outstanding." }
    CREDIT_EXCEEDS_CHARGE = Conflict "credit_exceeds_charge" {
        "冲减超过应收", "More is credited than was charged";
        "最多可冲减 {left}（最小货币单位）。", "At most {left} minor units are left to credit." }
    NOTHING_TO_ALLOCATE = Conflict "nothing_to_allocate" {
        "没有可分配的余额", "Nothing to allocate";
        "该收款没有余额，或没有未付的应收。", "The payment has nothing left, or there is no open charge." }
    PAYMENT_SPREAD_OUT = Conflict "payment_spread_out" {
        "收款分配的应收过多", "The payment is put to too many charges";
        "一笔收款最多可分配到 {max} 笔应收；请作废后分成几笔登记。", "A payment is put to at most {max} charges: void it, and take it as several." }
    PAYMENT_VOIDED = Conflict "payment_voided" {
        "收款已作废", "The payment is voided";
        "已作废的收款不能再变更。", "A voided payment can't change any more." }
}
