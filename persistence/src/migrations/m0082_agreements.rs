//! Confidentiality agreements: which version of the text counts, who signed which, and which roles
//! demand it.

super::migration!(
    "m0082_agreements",
    r#"
ALTER TABLE institutions ADD COLUMN agreement_version bigint NOT NULL DEFAULT 1;
ALTER TABLE roles ADD COLUMN requires_agreement boolean NOT NULL DEFAULT false;

CREATE TABLE staff_agreements (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    staff_id {uuid} NOT NULL,
    text_version bigint NOT NULL CONSTRAINT staff_agreements_version_check CHECK (text_version > 0),
    signed_on date NOT NULL,
    file_id {uuid},
    recorded_by {uuid} NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT staff_agreements_staff_fkey FOREIGN KEY (institution_id, staff_id) REFERENCES staff,
    CONSTRAINT staff_agreements_file_fkey FOREIGN KEY (institution_id, file_id) REFERENCES files,
    CONSTRAINT staff_agreements_recorder_fkey FOREIGN KEY (institution_id, recorded_by) REFERENCES principals
);
CREATE INDEX staff_agreements_staff_idx ON staff_agreements (institution_id, staff_id, text_version);
"#
);
