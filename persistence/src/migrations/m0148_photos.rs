//! Which file of a customer is its photo.

super::migration!(
    "m0148_photos",
    r#"
CREATE TABLE customer_photos (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    -- No foreign key: a file is removed after its customer, and then it is no photo.
    file_id {uuid} NOT NULL,
    chosen_at bigint NOT NULL,
    chosen_by {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_photos_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT customer_photos_chooser_fkey FOREIGN KEY (institution_id, chosen_by) REFERENCES principals
);
CREATE UNIQUE INDEX customer_photos_key ON customer_photos (institution_id, customer_id);
"#
);
