//! Approvals: who agrees to what, what waits for it, and all that was done to it.

super::migration!(
    "m0140_approvals",
    r#"
CREATE TABLE approval_policies (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    kind text NOT NULL CONSTRAINT approval_policies_kind_check CHECK (kind IN ('export')),
    from_amount bigint NOT NULL CONSTRAINT approval_policies_from_check CHECK (from_amount >= 0),
    days bigint NOT NULL CONSTRAINT approval_policies_days_check CHECK (days > 0),
    steps {json} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id)
);
CREATE INDEX approval_policies_created_idx ON approval_policies (institution_id, created_at, id);
CREATE UNIQUE INDEX approval_policies_name_key
    ON approval_policies (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX approval_policies_from_key
    ON approval_policies (institution_id, kind, from_amount) WHERE archived_at IS NULL;

CREATE TABLE approvals (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    -- Who asks.
    owner_id {uuid} NOT NULL,
    kind text NOT NULL CONSTRAINT approvals_kind_check CHECK (kind IN ('export')),
    -- What waits, by its kind.
    subject_id {uuid} NOT NULL,
    amount bigint NOT NULL,
    -- Sealed.
    summary {bytes} NOT NULL,
    policy_id {uuid} NOT NULL,
    policy_version bigint NOT NULL,
    step bigint NOT NULL,
    state text NOT NULL CONSTRAINT approvals_state_check
        CHECK (state IN ('waiting', 'approved', 'refused', 'recalled', 'expired')),
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    ended_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT approvals_end_check CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT approvals_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT approvals_policy_fkey FOREIGN KEY (institution_id, policy_id) REFERENCES approval_policies
);
CREATE INDEX approvals_owner_idx ON approvals (institution_id, owner_id, created_at, id);
CREATE INDEX approvals_created_idx ON approvals (institution_id, created_at, id);
CREATE INDEX approvals_waiting_idx ON approvals (institution_id, due_at) WHERE state = 'waiting';
-- A thing waits for one approval at a time.
CREATE UNIQUE INDEX approvals_subject_key ON approvals (institution_id, kind, subject_id) WHERE state = 'waiting';

CREATE TABLE approval_steps (
    institution_id {uuid} NOT NULL,
    approval_id {uuid} NOT NULL,
    number bigint NOT NULL,
    role_id {uuid},
    staff_id {uuid},
    PRIMARY KEY (institution_id, approval_id, number),
    CONSTRAINT approval_steps_decider_check CHECK ((role_id IS NULL) <> (staff_id IS NULL)),
    CONSTRAINT approval_steps_approval_fkey FOREIGN KEY (institution_id, approval_id) REFERENCES approvals,
    CONSTRAINT approval_steps_role_fkey FOREIGN KEY (institution_id, role_id) REFERENCES roles,
    CONSTRAINT approval_steps_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff
);
CREATE INDEX approval_steps_staff_idx ON approval_steps (institution_id, staff_id);
CREATE INDEX approval_steps_role_idx ON approval_steps (institution_id, role_id);

CREATE TABLE approval_acts (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    approval_id {uuid} NOT NULL,
    -- The version that the approval had by it.
    number bigint NOT NULL,
    step bigint NOT NULL,
    act text NOT NULL CONSTRAINT approval_acts_act_check
        CHECK (act IN ('asked', 'approved', 'refused', 'delegated', 'recalled', 'expired')),
    actor_id {uuid},
    staff_id {uuid},
    -- Sealed.
    reason {bytes},
    at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT approval_acts_key UNIQUE (institution_id, approval_id, number),
    CONSTRAINT approval_acts_approval_fkey FOREIGN KEY (institution_id, approval_id) REFERENCES approvals,
    CONSTRAINT approval_acts_actor_fkey FOREIGN KEY (institution_id, actor_id) REFERENCES principals,
    CONSTRAINT approval_acts_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff
);
CREATE INDEX approval_acts_actor_idx ON approval_acts (institution_id, actor_id);

--sqlite
CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals
    BEGIN SELECT RAISE(ABORT, 'approvals_append_only'); END;
CREATE TRIGGER approval_acts_no_update BEFORE UPDATE ON approval_acts
    BEGIN SELECT RAISE(ABORT, 'approval_acts_append_only'); END;
CREATE TRIGGER approval_acts_no_delete BEFORE DELETE ON approval_acts
    BEGIN SELECT RAISE(ABORT, 'approval_acts_append_only'); END;
--postgres
CREATE TRIGGER approvals_no_delete BEFORE DELETE ON approvals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER approval_acts_append_only BEFORE UPDATE OR DELETE ON approval_acts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER approval_acts_no_truncate BEFORE TRUNCATE ON approval_acts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--both

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'approvals:configure', 'institution' FROM roles
    WHERE is_built_in AND code IN ('boss', 'system_administrator')
    ON CONFLICT DO NOTHING;
"#
);
