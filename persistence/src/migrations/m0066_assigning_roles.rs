//! Who gives roles beyond their own, in institutions that are there already.

super::migration!(
    "m0066_assigning_roles",
    r#"
INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'roles:assign', 'institution' FROM roles
    WHERE is_built_in AND code IN ('boss', 'system_administrator')
    ON CONFLICT DO NOTHING;
"#
);
