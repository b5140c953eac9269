//! Requests for what is beyond one's reach, and who decides about them.

super::migration!(
    "m0121_share_requests",
    r#"
CREATE TABLE share_requests (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    -- Who asks.
    owner_id {uuid} NOT NULL,
    -- None of a request in words, until it is granted.
    customer_id {uuid},
    holder_id {uuid},
    customer_campus_id {uuid},
    -- Description, reason and answer, sealed.
    words {bytes} NOT NULL,
    state text NOT NULL CONSTRAINT share_requests_state_check
        CHECK (state IN ('waiting', 'granted', 'refused', 'taken_back', 'lapsed')),
    until bigint,
    created_at bigint NOT NULL,
    decided_at bigint,
    deleted_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT share_requests_place_check CHECK
        ((customer_id IS NULL) = (holder_id IS NULL) AND (customer_id IS NULL) = (customer_campus_id IS NULL)),
    CONSTRAINT share_requests_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES staff,
    CONSTRAINT share_requests_customer_fkey
        FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX share_requests_created_idx
    ON share_requests (institution_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX share_requests_holder_idx
    ON share_requests (institution_id, holder_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX share_requests_campus_idx
    ON share_requests (institution_id, customer_campus_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX share_requests_owner_idx ON share_requests (institution_id, owner_id, created_at, id);
CREATE INDEX share_requests_customer_idx ON share_requests (institution_id, customer_id);

INSERT INTO role_permissions (institution_id, role_id, permission, reach)
    SELECT institution_id, id, 'share_requests:decide', CASE
        WHEN code IN ('boss', 'sales_director', 'recruitment_supervisor', 'customer_information_administrator')
            THEN 'institution'
        WHEN code = 'branch_manager' THEN 'campus'
        WHEN code IN ('sales_supervisor', 'office_director', 'department_head', 'development_supervisor')
            THEN 'team'
        ELSE 'own' END
    FROM roles WHERE is_built_in AND code IN ('boss', 'sales_director', 'recruitment_supervisor',
        'customer_information_administrator', 'branch_manager', 'sales_supervisor', 'office_director',
        'department_head', 'development_supervisor', 'salesperson', 'recruiter', 'marketing',
        'customer_service', 'vip_agent', 'department_member', 'development_specialist', 'training_centre')
    ON CONFLICT DO NOTHING;
"#
);
