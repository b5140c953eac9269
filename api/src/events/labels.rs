//! Labels of types of events: whose it is, and what happened.

use std::borrow::Cow;

use domain::fault::Text;
use persistence::events::registry;

use crate::http::{context::Language, wire::ListInfo};

/// Every type of event, as `GET /enums` shows it.
pub const TYPES: ListInfo = ListInfo {
    name: "EventType",
    values: |language| {
        let all = registry::types().into_iter();
        all.map(|kind| (kind.name, label(kind.name, language)))
            .collect()
    },
};

const SUBJECTS: &[(&str, &str, &str)] = &[
    ("api_client", "接口客户端", "API client"),
    ("approval", "审批", "Approval"),
    ("approval_policy", "审批规则", "Approval policy"),
    ("campus", "校区", "Campus"),
    ("charge", "收费项", "Charge"),
    ("class", "班级", "Class"),
    (
        "cleaning_entry",
        "清洗清单条目",
        "Entry of the cleaning list",
    ),
    ("consent", "同意", "Consent"),
    ("course", "课程", "Course"),
    ("custom_field", "自定义字段", "Custom field"),
    ("customer", "客户", "Customer"),
    ("customer_form", "客户登记表", "Registration form"),
    ("customer_share", "客户共享", "Share of a customer"),
    ("department", "部门", "Department"),
    ("disclosure", "对外提供", "Disclosure"),
    ("enrollment", "报名", "Enrollment"),
    ("filing", "归档", "Filing"),
    ("follow_up", "跟进", "Follow-up"),
    ("group", "用户组", "Group"),
    ("insight", "外部洞察", "Insight"),
    ("institution", "机构", "Institution"),
    ("legal_hold", "保全", "Legal hold"),
    ("lesson", "课次", "Lesson"),
    ("payment", "付款", "Payment"),
    ("position", "岗位", "Position"),
    ("privacy_notice", "告知书", "Privacy notice"),
    ("privacy_request", "个人信息权利申请", "Privacy request"),
    ("quality_policy", "数据质量规则", "Quality policy"),
    ("receipt", "收据", "Receipt"),
    ("recipient", "接收方", "Recipient"),
    ("region", "区域", "Region"),
    ("retention_policy", "保存期限规则", "Retention policy"),
    ("retention_run", "超期数据清理", "Run of retention"),
    ("role", "角色", "Role"),
    ("role_rule", "授权规则", "Role rule"),
    ("screening", "信息筛选", "Screening"),
    ("screening_rule", "筛选规则", "Rule of screening"),
    ("share_request", "共享申请", "Request for a share"),
    ("source_channel", "来源渠道", "Source channel"),
    ("staff", "员工", "Staff"),
    ("staff_agreement", "保密协议", "Confidentiality agreement"),
    ("subject", "科目", "Subject"),
    ("tag", "标签", "Tag"),
    ("tag_category", "标签分类", "Tag category"),
    ("tagging", "客户标签", "Tag of a customer"),
    ("team", "团队", "Team"),
];

const HAPPENINGS: &[(&str, &str, &str)] = &[
    ("approved", "已通过", "approved"),
    ("archived", "已归档", "archived"),
    ("asked", "已申请", "asked for"),
    ("changed", "已修改", "changed"),
    ("cleaned", "已清洗", "cleaned"),
    ("completed", "已完成", "completed"),
    ("created", "已新建", "created"),
    ("delegated", "已转交", "delegated"),
    ("deleted", "已删除", "deleted"),
    ("ended", "已结束", "ended"),
    ("erased", "已删除个人信息", "erased"),
    ("expired", "已过期", "expired"),
    ("filed", "已归档", "filed"),
    ("finished", "已完成", "finished"),
    ("granted", "已同意", "granted"),
    ("hired", "已入职", "hired"),
    ("holder_changed", "已更换负责人", "holder changed"),
    ("issued", "已开具", "issued"),
    ("kept", "已保留", "kept as it is"),
    ("lapsed", "已失效", "lapsed"),
    ("made", "已设立", "made"),
    ("merged", "已合并", "merged"),
    ("opened", "已开放", "opened"),
    ("placed", "已设立", "placed"),
    ("printed", "已打印", "printed"),
    ("published", "已发布", "published"),
    ("put_on", "已添加", "put on"),
    ("recalled", "已撤回", "recalled"),
    ("received", "已收到", "received"),
    ("recorded", "已记录", "recorded"),
    ("refused", "已拒绝", "refused"),
    ("released", "已解除", "released"),
    ("restored", "已恢复", "restored"),
    ("roles_changed", "角色已变更", "roles changed"),
    ("roll_called", "已点名", "roll called"),
    ("status_changed", "状态已变更", "status changed"),
    ("step_approved", "一个步骤已通过", "a step approved"),
    ("taken_back", "已撤回", "taken back"),
    ("taken_off", "已移除", "taken off"),
    ("taken_out", "已取出", "taken out"),
    ("unarchived", "已取消归档", "taken out of the archive"),
    ("unmerged", "已撤销合并", "unmerged"),
    ("voided", "已作废", "voided"),
    ("withdrawn", "已退班", "withdrawn"),
];

fn found(list: &[(&str, &'static str, &'static str)], code: &str) -> Option<Text> {
    let found = list.iter().find(|(known, ..)| *known == code);
    found.map(|&(_, zh, en)| Text { zh, en })
}

fn label(name: &'static str, language: Language) -> Cow<'static, str> {
    let parts = name.split_once('.');
    let parts = parts
        .and_then(|(subject, what)| Some((found(SUBJECTS, subject)?, found(HAPPENINGS, what)?)));
    let Some((subject, what)) = parts else {
        return name.into();
    };
    let between = language.of(Text {
        zh: "：", en: ": "
    });
    format!("{}{between}{}", language.of(subject), language.of(what)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_event_has_a_label() {
        for kind in registry::types() {
            assert!(
                kind.name != label(kind.name, Language::English),
                "{}",
                kind.name
            );
        }
    }
}
