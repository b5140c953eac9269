use crate::rules;

rules! {
    NAME_MISSING = Invalid "name_missing" {
        "姓名缺失", "Name missing";
        "客户必须有姓名或名称。", "A customer has a name." }
    BIRTH_DATE_INVALID = Invalid "birth_date_invalid" {
        "出生日期不正确", "Not a birth date";
        "出生日期应在 1900-01-01 与今天之间。", "A birth date lies between 1900-01-01 and today." }
    COLLECTED_IN_FUTURE = Invalid "collected_in_future" {
        "采集时间在将来", "Collected in the future";
        "采集时间不能晚于现在。", "The time of collection can't be later than now." }
    CHANNEL_CODE_INVALID = Invalid "channel_code_invalid" {
        "渠道代码格式不正确", "Not the code of a channel";
        "代码由小写字母开头，后跟 1 到 39 个小写字母、数字或下划线。", "A lower-case letter, then 1 to 39 lower-case letters, digits and underscores." }
    CHANNEL_CODE_TAKEN = Conflict "channel_code_taken" {
        "渠道代码已被使用", "The code is taken";
        "代码不会重复使用，已归档的渠道也保留其代码。", "A code is given once: archived channels keep theirs." }
    CONTACT_UNKNOWN = Invalid "contact_point_unknown" {
        "联系方式不存在", "No such contact point";
        "该客户没有这个联系方式。", "The customer has no contact point of this id." }
    CONTACT_REPEATED = Invalid "contact_point_repeated" {
        "联系方式重复", "Named twice";
        "同一联系方式只能出现一次。", "A contact point stands in the list once." }
    CONTACT_VALUE_MISSING = Invalid "contact_value_missing" {
        "缺少联系方式的值", "The value is missing";
        "新的联系方式，或更改类型时，必须填写值。", "A new contact point, or one of another kind, needs its value." }
    CUSTOMER_IN_USE = Conflict "customer_in_use" {
        "客户仍有业务", "The customer has business under way";
        "有在读报名、未结清的应收或账目的客户不能删除。", "A customer with an active enrollment, an open charge or entries in the books can't be deleted." }
    CUSTOMER_DELETED = Conflict "customer_deleted" {
        "客户已删除", "The customer is deleted";
        "请先恢复该客户。", "Restore the customer first." }
    CUSTOMER_NOT_DELETED = Conflict "customer_not_deleted" {
        "客户未被删除", "The customer is not deleted";
        "只有已删除的客户才能恢复。", "Only a deleted customer can be restored." }
    RELATION_NOT_FITTING = Invalid "relation_not_fitting" {
        "关系与客户类型不符", "The kinds do not fit the relation";
        "监护关系的一方必须是学员，另一方必须是家长。", "One of the two must be a student, the other a guardian." }
    RELATIVE_IS_DELETED = Invalid "relative_deleted" {
        "关联客户已删除", "The related customer is deleted";
        "请先恢复该客户。", "Restore that customer first." }
    RELATION_EXISTS = Conflict "relation_exists" {
        "关系已存在", "The two are related already";
        "请先解除原有关系。", "Remove the relation that is there first." }
    TOO_MANY_RELATIONS = Conflict "too_many_relations" {
        "关系过多", "Too many relations";
        "一个客户最多有 {max} 个关系。", "A customer has at most {max} relations." }
    KIND_IS_RELATED = Conflict "kind_is_related" {
        "客户有监护关系，不能更改类型", "The kind of a related customer stays";
        "请先解除该客户的监护关系。", "Remove the customer's relations first." }
    KIND_IS_ENROLLED = Conflict "kind_is_enrolled" {
        "客户有报名记录，不能更改类型", "The kind of an enrolled customer stays";
        "有报名记录的客户始终是学员。", "A customer who was ever enrolled stays a student." }
    HOLDER_NOT_AT_CAMPUS = Invalid "holder_not_at_campus" {
        "归属人不在该校区", "The holder does not work at the campus";
        "归属人必须是该校区的员工或该校区的公海。", "A holder is a person of staff, or the pool, of the customer's campus." }
}
