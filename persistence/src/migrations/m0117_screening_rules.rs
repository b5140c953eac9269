//! By which records are valid or not, version by version.

super::migration!(
    "m0117_screening_rules",
    r#"
CREATE TABLE screening_rules (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CONSTRAINT screening_rules_state_check CHECK (state IN ('draft', 'in_force', 'ended')),
    position integer NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id)
);
CREATE INDEX screening_rules_created_idx ON screening_rules (institution_id, created_at, id);

CREATE TABLE screening_rule_versions (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    rule_id {uuid} NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CONSTRAINT screening_rule_versions_state_check CHECK (state IN ('draft', 'in_force', 'ended')),
    position integer NOT NULL,
    outcome text NOT NULL CONSTRAINT screening_rule_versions_outcome_check CHECK (outcome IN ('valid', 'invalid')),
    reason text NOT NULL,
    language smallint NOT NULL,
    -- Sealed: name, conditions and details.
    content {bytes} NOT NULL,
    changed_at bigint NOT NULL,
    changed_by {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT screening_rule_versions_key UNIQUE (institution_id, rule_id, version),
    CONSTRAINT screening_rule_versions_rule_fkey FOREIGN KEY (institution_id, rule_id) REFERENCES screening_rules,
    CONSTRAINT screening_rule_versions_author_fkey FOREIGN KEY (institution_id, changed_by) REFERENCES principals
);
"#
);
