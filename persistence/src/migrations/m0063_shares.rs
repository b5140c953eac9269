//! Shares that are made over HTTP: by whom, and how often the same was shared anew.

super::migration!(
    "m0063_shares",
    r#"
ALTER TABLE customer_shares ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE customer_shares ADD COLUMN sharer_id {uuid};
"#
);
