use crate::rules;

rules! {
    CUSTOM_FIELD_CODE_INVALID = Invalid "custom_field_code_invalid" {
        "字段代码格式不正确", "Not the code of a field";
        "代码由小写字母开头，后跟最多 39 个小写字母、数字或下划线。", "A lower-case letter, then up to 39 lower-case letters, digits and underscores." }
    CUSTOM_FIELD_CODE_TAKEN = Conflict "custom_field_code_taken" {
        "字段代码已被使用", "The code is taken";
        "代码不会重复使用，已归档的字段也保留其代码。", "A code is given once: archived fields keep theirs." }
    CUSTOM_FIELD_LIMIT = Conflict "custom_field_limit" {
        "自定义字段过多", "Too many custom fields";
        "最多 {max} 个；请先归档不再使用的字段。", "At most {max}: archive those that nobody needs first." }
    CUSTOM_DECIMALS_UNFIT = Invalid "custom_decimals_unfit" {
        "该类型没有小数位数", "Not a type with decimals";
        "只有数字字段有小数位数，最多 4 位。", "Only numbers have decimals, and at most four." }
    CUSTOM_CHOICES_UNFIT = Invalid "custom_choices_unfit" {
        "选项与字段类型不符", "The choices do not fit the type";
        "单选和多选字段至少有一个未归档的选项，其他字段没有选项。", "A field of choices has one at least that is not archived; no other field has any." }
    CUSTOM_CHOICE_REMOVED = Invalid "custom_choice_removed" {
        "选项不能删除", "A choice can't be removed";
        "请改为归档选项 {code}。", "Archive the choice {code} instead." }
    CUSTOM_FIELD_UNKNOWN = Invalid "custom_field_unknown" {
        "没有该自定义字段", "No such custom field";
        "请从自定义字段目录中选择；已归档的字段只能清空。", "Choose from the list of custom fields. Archived ones can only be cleared." }
    CUSTOM_VALUE_UNFIT = Invalid "custom_value_unfit" {
        "自定义字段的值不正确", "Not a value of the field";
        "应为：{expected}。", "Expected: {expected}." }
    CUSTOM_CHOICE_UNKNOWN = Invalid "custom_choice_unknown" {
        "没有该选项", "No such choice";
        "可选：{values}。", "The field has: {values}." }
}
