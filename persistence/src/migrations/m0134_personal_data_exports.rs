//! Documents with all that is known of a person.

super::migration!(
    "m0134_personal_data_exports",
    r#"
CREATE TABLE personal_data_exports (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    request_id {uuid} NOT NULL,
    -- Who had it made.
    owner_id {uuid} NOT NULL,
    file_id {uuid} NOT NULL,
    -- When its file goes.
    expires_at bigint NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT personal_data_exports_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT personal_data_exports_request_fkey FOREIGN KEY (institution_id, request_id) REFERENCES privacy_requests,
    CONSTRAINT personal_data_exports_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals
);
CREATE INDEX personal_data_exports_created_idx ON personal_data_exports (institution_id, created_at, id);
CREATE INDEX personal_data_exports_customer_idx ON personal_data_exports (institution_id, customer_id, created_at, id);
CREATE INDEX personal_data_exports_request_idx ON personal_data_exports (institution_id, request_id);
"#
);
