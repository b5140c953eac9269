use crate::rules;

rules! {
    CONDITION_MALFORMED = Invalid "condition_malformed" {
        "条件格式不正确", "Not a condition";
        "条件须是 all、any、not 之一，或一个 field 及其 op。", "A condition is one of all, any and not, or a field with its op." }
    CONDITION_TOO_DEEP = Invalid "condition_too_deep" {
        "条件嵌套过深", "Conditions nested too deep";
        "最多嵌套 {max} 层。", "Conditions stand within each other {max} times at most." }
    CONDITIONS_TOO_WIDE = Invalid "conditions_too_wide" {
        "条件中的值过多", "The conditions name too many values";
        "请减少条件中的值：每个可见范围都要逐一比对。", "Name fewer: they are compared for each part of what one reaches." }
    CONDITION_FIELD_UNKNOWN = Invalid "condition_field_unknown" {
        "没有该条件字段", "No such field of conditions";
        "请从条件字段目录中选择。", "Choose from the list of condition fields." }
    CONDITION_FIELD_SEALED = Invalid "condition_field_sealed" {
        "该字段的值是密封的", "The field is kept sealed";
        "敏感字段 {field} 不能用于筛选或排序。", "Nobody filters or sorts by the sensitive field {field}." }
    CONDITION_FIELD_ARCHIVED = Invalid "condition_field_archived" {
        "该字段已归档", "The field is archived";
        "字段 {field} 已归档，请改用其他字段。", "The field {field} is archived: go by another." }
    CONDITION_OPERATOR_UNFIT = Invalid "condition_operator_unfit" {
        "该字段不支持此比较方式", "Not an operator of the field";
        "可选：{values}。", "The field has: {values}." }
    CONDITION_VALUE_UNFIT = Invalid "condition_value_unfit" {
        "条件的值不正确", "Not a value to compare with";
        "应为：{expected}。", "Expected: {expected}." }
}
