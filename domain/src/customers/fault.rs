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
    DETAIL_NOT_FITTING = Invalid "detail_not_fitting" {
        "该类客户没有此项", "Not a field of this kind of customer";
        "此项不适用于该类型的客户，请先清除。", "Customers of this kind do not have the field: leave it out, or clear it." }
    ITEM_REPEATED = Invalid "item_repeated" {
        "重复", "Named twice";
        "列表中的每一项只能出现一次。", "An item stands in the list once." }
    REGION_CODE_INVALID = Invalid "region_code_invalid" {
        "行政区划代码不正确", "Not the code of a region";
        "请填写 GB/T 2260 的六位代码。", "Six digits, as GB/T 2260 has them." }
    TOO_MANY_CORRECTIONS = Conflict "too_many_corrections" {
        "更正次数过多", "Corrected too often";
        "一次采集最多保留 {max} 个版本。", "A collection has at most {max} versions." }
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
        "这两类客户不能有这种关系；任何人也不能与自己建立关系。", "Customers of these kinds can't be related so, and nobody to oneself." }
    FLAG_NOT_FITTING = Invalid "flag_not_fitting" {
        "此关系没有该选项", "Not for such a relation";
        "只有监护人、父母、付款人、接送人和紧急联系人可以查看客户或收到其通知。", "Only guardians, parents, payers, emergency contacts and those who pick up a child may see it or be sent its notices." }
    RELATION_ENDS_BEFORE_START = Invalid "relation_ends_before_start" {
        "结束日期不晚于开始日期", "Ends before it begins";
        "关系的结束日期必须晚于开始日期。", "The day on which a relation ends is later than its first day." }
    RELATION_CIRCULAR = Conflict "relation_circular" {
        "关系成环", "The relation would lead back to itself";
        "该关系会使客户成为自己的长辈或自己的转介绍人。", "The customer would be an ancestor of itself, or have brought itself." }
    REFERRER_EXISTS = Conflict "referrer_exists" {
        "已有转介绍人", "Somebody brought the customer already";
        "一个客户同时只有一个转介绍人，请先更正原有关系。", "A customer has one referrer at a time: correct the relation that is there first." }
    RELATIVE_IS_DELETED = Invalid "relative_deleted" {
        "关联客户已删除", "The related customer is deleted";
        "请先恢复该客户。", "Restore that customer first." }
    RELATION_EXISTS = Conflict "relation_exists" {
        "关系已存在", "The two are related already";
        "请先结束或解除原有关系。", "End or remove the relation that is there first." }
    TOO_MANY_RELATIONS = Conflict "too_many_relations" {
        "关系过多", "Too many relations";
        "一个客户最多有 {max} 个关系。", "A customer has at most {max} relations." }
    KIND_IS_RELATED = Conflict "kind_is_related" {
        "现有关系与新类型不符，不能更改类型", "The kind does not fit the customer's relations";
        "请先解除与新类型不符的关系。", "Remove the relations that do not fit the new kind first." }
    KIND_IS_ENROLLED = Conflict "kind_is_enrolled" {
        "客户有报名记录，不能更改类型", "The kind of an enrolled customer stays";
        "有报名记录的客户始终是学员。", "A customer who was ever enrolled stays a student." }
    TOO_MANY_TO_SORT = Invalid "too_many_to_sort" {
        "排序范围内的客户过多", "Too many to be sorted so";
        "除创建时间外，只能对不超过 {max} 位客户排序；请按校区、归属人或标签缩小范围。", "At most {max} are sorted but by their creation: narrow the list by campus, holder or tag." }
    HOLDER_NOT_AT_CAMPUS = Invalid "holder_not_at_campus" {
        "归属人不在该校区", "The holder does not work at the campus";
        "归属人必须是该校区的员工或该校区的公海。", "A holder is a person of staff, or the pool, of the customer's campus." }
    CONSENT_CHANNEL_NOT_FITTING = Invalid "consent_channel_not_fitting" {
        "此目的不分渠道", "Not by channel";
        "只有营销推广可以按渠道同意或撤回。", "Consent is by channel for marketing only." }
    CONSENT_IN_FUTURE = Invalid "consent_in_future" {
        "决定时间在将来", "Decided in the future";
        "决定时间不能晚于现在。", "What is recorded has been decided by now." }
    CONSENT_NOT_BY_GUARDIAN = Invalid "consent_not_by_guardian" {
        "须由监护人同意", "A guardian has to agree";
        "不满十四周岁儿童的个人信息须由其监护人同意，请写明监护人。", "For a child under 14 a guardian agrees: name which one." }
    DECIDER_NOT_RELATED = Invalid "decider_not_related" {
        "不是该客户的监护人", "Not a guardian of the customer";
        "只有客户现在的监护人或父母可以替其决定。", "Only somebody who is a guardian or parent of the customer now decides for it." }
    CONSENT_NOTICE_MISSING = Invalid "consent_notice_missing" {
        "缺少告知书", "The notice is missing";
        "请写明同意前阅读的告知书。", "Name the notice that was read before." }
    CONSENT_NOTICE_NOT_FITTING = Invalid "consent_notice_not_fitting" {
        "告知书与目的不符", "The notice is about something else";
        "该告知书属于另一目的。", "The notice is of another purpose." }
    GUARDIAN_CONSENT_MISSING = Invalid "guardian_consent_missing" {
        "缺少监护人同意", "A guardian has not agreed";
        "不满十四周岁儿童的信息，超出咨询所需的，须先取得监护人同意。", "More than an enquiry needs is kept of a child under 14 only once a guardian has agreed." }
    PHOTO_NOT_IMAGE = Conflict "photo_not_image" {
        "不是图片", "The file is no image";
        "照片须为 PNG、JPEG 或 WebP。", "A photo is a PNG, JPEG or WebP." }
    OBSERVED_IN_FUTURE = Invalid "observed_in_future" {
        "观察日期在将来", "Observed in the future";
        "观察日期不能晚于今天。", "What is recorded has been observed by today." }
    INSIGHT_NOT_AGREED = Conflict "insight_not_agreed" {
        "客户未同意", "The person does not agree";
        "以同意为依据时，客户须先同意个性化与自动化决策（profiling）；客户已拒绝的，公开信息也不得使用。", "Where consent is the basis, the person has to agree to `profiling` first; what is public is not kept of who refused." }
    INSIGHT_WITHDRAWN = Conflict "insight_withdrawn" {
        "已撤回", "It was taken back already";
        "内容已删除，如需要请重新记录。", "Its content is gone: record it anew where it holds." }
    MERGE_OBSTRUCTED = Conflict "merge_obstructed" {
        "无法合并或撤销合并", "Something stands in the way";
        "请先处理：{obstacles}。", "Deal with this first: {obstacles}." }
    MERGE_WITH_ITSELF = Invalid "merge_with_itself" {
        "不能与自身合并", "One and the same customer";
        "请选择另一位客户。", "Choose another customer." }
    MERGE_UNDONE = Conflict "merge_undone" {
        "合并已撤销", "The merge was undone";
        "该合并已经撤销。", "It can be undone once." }
    DUPLICATE_KEY_MISSING = Invalid "duplicate_key_missing" {
        "没有可比对的内容", "Nothing to compare by";
        "请至少填写联系方式、监护人电话，或姓名加生日或学校。", "Give a way to reach somebody, a guardian's phone, or a name with a birthday or school." }
    FORM_FIELD_UNKNOWN = Invalid "form_field_unknown" {
        "该字段不能标记", "Not a field to mark";
        "请从该类客户登记表的字段中选择；固定字段和自定义字段不在此标记。", "Choose from the form of the kind, neither fixed nor custom fields." }
    FORM_INCOMPLETE = Invalid "form_incomplete" {
        "登记表缺少必填项", "The form lacks what it demands";
        "请先填写 {field}。", "Fill in {field} first." }
    FORM_VERSION_UNFIT = Invalid "form_version_unfit" {
        "登记表版本不正确", "Not a version of the form";
        "应为 1 到 {max}，并与填写的登记表一同提交。", "From 1 to {max}, sent with a filled form." }
    REQUIRED_FIELD_UNKNOWN = Invalid "required_field_unknown" {
        "不能要求的字段", "Not a field that can be required";
        "请从 CustomerQuality.missing_fields 所用的字段中选择，自定义字段统一写作 custom_fields。", "Name fields as `missing_fields` of CustomerQuality does; custom fields all go by `custom_fields`." }
    RECORD_INCOMPLETE = Conflict "record_incomplete" {
        "资料不完整，不能归档", "The record is not whole";
        "请先补充：{missing}。", "Add what is missing first: {missing}." }
    RECORD_FILED = Conflict "record_filed" {
        "已归档", "The record is filed as it is";
        "归档后资料没有变更。", "Nothing has changed since it was filed." }
    FILING_ENDED = Conflict "filing_ended" {
        "已从档案中取出", "The record was taken out already";
        "需要时请重新归档。", "File it again where it is needed." }
    RECORD_INVALID = Conflict "record_invalid" {
        "筛选为无效，不能归档", "The record was found invalid";
        "请先重新筛选为有效。", "It can be filed once it is screened as valid." }
    SCREENING_REASON_UNFIT = Invalid "screening_reason_unfit" {
        "原因与结果不符", "Not a reason for this outcome";
        "请选择与结果相符的原因。", "Choose a reason that fits the outcome." }
    SCREENING_DETAILS_MISSING = Invalid "screening_details_missing" {
        "缺少说明", "The details are missing";
        "原因为“其他”时请写明。", "Say what it is where the reason is `other`." }
    SCREENING_RULE_ENDED = Conflict "screening_rule_ended" {
        "筛选规则已停用", "The rule has ended";
        "需要时请新建规则。", "Make a new one where it is needed." }
    SCREENING_RULE_IN_FORCE = Invalid "screening_rule_in_force" {
        "生效的规则不能改为草稿", "What is in force can't be a draft again";
        "请停用该规则，或修改其内容。", "End it, or change what it says." }
    SCREENING_RULE_OUTDATED = Conflict "screening_rule_outdated" {
        "筛选规则的条件已不再适用", "A rule can't be read any more";
        "请重新设置规则“{name}”的条件。", "Set the conditions of the rule `{name}` anew." }
    TOO_MANY_SCREENING_RULES = Conflict "too_many_screening_rules" {
        "筛选规则过多", "Too many rules";
        "最多 {max} 条，请先停用不用的规则。", "At most {max}: end those that are of no use." }
    SCREENING_CHANGED = Conflict "screening_changed" {
        "预览之后规则或范围已变更", "It would be something else than was previewed";
        "请重新预览。", "The rules, or what confines them, are others: preview them anew." }
    SCREENING_VIEW_REVEALS = Invalid "screening_view_reveals" {
        "该视图按脱敏内容查找", "The view looks behind masks";
        "请选择不按联系方式查找的视图。", "Choose one that does not go by contact values." }
}
