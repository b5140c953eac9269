//! Who may decide an approval, and who sees it, as SQL over `approvals a`.
//!
//! It is asked for whenever it matters, never kept: whoever is suspended, leaves, or loses a role is passed
//! over at once. Whom the step names decide, as far as they work; where none does, whoever makes the
//! policies; where none of these works either, whoever administers roles. Never the asker.

use domain::access::{ApprovalsConfigure, Permission, RolesWrite};

use crate::organization::role_rules::HELD_ROLES;

/// That `p` of `principals` works and did not ask for `a`.
fn eligible(p: &str) -> String {
    format!(
        "{p}.institution_id = a.institution_id AND {p}.kind = 'staff' AND {p}.status = 'active' \
         AND {p}.id <> a.owner_id"
    )
}

/// That `p` holds a role, open, that meets a condition on `r`.
fn holds(p: &str, condition: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM {HELD_ROLES} h \
         JOIN roles r ON r.institution_id = h.institution_id AND r.id = h.role_id AND r.archived_at IS NULL \
         WHERE h.institution_id = a.institution_id AND h.principal_id = {p}.id AND {condition})"
    )
}

/// That `p` has a permission over the whole institution.
fn may(p: &str, permission: &str) -> String {
    let given = format!(
        "EXISTS (SELECT 1 FROM role_permissions m WHERE m.institution_id = r.institution_id \
         AND m.role_id = r.id AND m.permission = '{permission}' AND m.reach = 'institution')"
    );
    holds(p, &given)
}

/// That `p` is named by a step of `a` that meets a condition on `s`.
fn named(p: &str, condition: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM approval_steps s WHERE s.institution_id = a.institution_id \
         AND s.approval_id = a.id AND {condition} AND (s.staff_id = {p}.id OR {}))",
        holds(p, "r.id = s.role_id")
    )
}

fn anybody(condition: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM principals q WHERE {} AND {condition})",
        eligible("q")
    )
}

fn anybody_named() -> String {
    anybody(&named("q", "s.number = a.step"))
}

fn any_administrator() -> String {
    anybody(&may("q", ApprovalsConfigure::CODE))
}

/// That `p` decides the step that `a` waits for.
pub(super) fn decides(p: &str) -> String {
    format!(
        "(a.state = 'waiting' AND {} AND ({} OR (NOT {} AND ({} OR ({} AND NOT {})))))",
        eligible(p),
        named(p, "s.number = a.step"),
        anybody_named(),
        may(p, ApprovalsConfigure::CODE),
        may(p, RolesWrite::CODE),
        any_administrator(),
    )
}

/// That `p` sees `a`: whoever asked, has done something to it, decides it, or is named by a step that has
/// come.
pub(super) fn sees(p: &str) -> String {
    format!(
        "({p}.id = a.owner_id OR {} OR {} OR EXISTS (SELECT 1 FROM approval_acts d \
         WHERE d.institution_id = a.institution_id AND d.approval_id = a.id AND d.actor_id = {p}.id))",
        named(p, "s.number <= a.step"),
        decides(p),
    )
}

/// Which of them decide the step that `a` waits for, as the text of `Deciders`.
pub(super) fn who() -> String {
    format!(
        "CASE WHEN a.state <> 'waiting' THEN NULL WHEN {} THEN 'named' \
         WHEN {} THEN 'administrators' ELSE 'nobody' END",
        anybody_named(),
        any_administrator(),
    )
}
