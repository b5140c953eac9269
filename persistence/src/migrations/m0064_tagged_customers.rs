//! Customers by tag, in the order of a list of customers.

super::migration!(
    "m0064_tagged_customers",
    r#"
DROP INDEX taggings_tag_idx;
DROP INDEX taggings_tag_holder_idx;
DROP INDEX taggings_tag_campus_idx;
CREATE INDEX taggings_tag_idx ON taggings (institution_id, tag_id, customer_created_at, customer_id)
    WHERE deleted_at IS NULL AND taken_off_at IS NULL;
CREATE INDEX taggings_tag_holder_idx ON taggings (institution_id, tag_id, holder_id, customer_created_at, customer_id)
    WHERE deleted_at IS NULL AND taken_off_at IS NULL;
CREATE INDEX taggings_tag_campus_idx ON taggings (institution_id, tag_id, customer_campus_id, customer_created_at, customer_id)
    WHERE deleted_at IS NULL AND taken_off_at IS NULL;
"#
);
