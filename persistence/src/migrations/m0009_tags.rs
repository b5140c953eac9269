//! Tags by category, and the tags of customers.

super::migration!(
    "m0009_tags",
    r#"
CREATE TABLE tag_categories (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id)
);
CREATE UNIQUE INDEX tag_categories_name_key
    ON tag_categories (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE INDEX tag_categories_created_idx ON tag_categories (institution_id, created_at, id);

CREATE TABLE tags (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_fold {text} NOT NULL,
    category_id {uuid} NOT NULL,
    definition {text},
    colour text,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    archived_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT tags_category_fkey FOREIGN KEY (institution_id, category_id) REFERENCES tag_categories
);
CREATE UNIQUE INDEX tags_name_key ON tags (institution_id, name_fold) WHERE archived_at IS NULL;
CREATE INDEX tags_created_idx ON tags (institution_id, created_at, id);
CREATE INDEX tags_category_idx ON tags (institution_id, category_id);

-- The customer's time of creation stands here too, so that a list of customers by tag is a key range.
CREATE TABLE taggings (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    holder_id {uuid} NOT NULL,
    customer_campus_id {uuid} NOT NULL,
    customer_created_at bigint NOT NULL,
    tag_id {uuid} NOT NULL,
    put_on_at bigint NOT NULL,
    put_on_by {uuid} NOT NULL,
    put_on_reason {text},
    taken_off_at bigint,
    taken_off_by {uuid},
    taken_off_reason {text},
    -- With its customer.
    deleted_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT taggings_customer_fkey
        FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT taggings_tag_fkey FOREIGN KEY (institution_id, tag_id) REFERENCES tags
);
CREATE UNIQUE INDEX taggings_on_key ON taggings (institution_id, customer_id, tag_id) WHERE taken_off_at IS NULL;
CREATE INDEX taggings_customer_idx ON taggings (institution_id, customer_id, put_on_at, id);
CREATE INDEX taggings_tag_idx ON taggings (institution_id, tag_id, customer_created_at, id)
    WHERE deleted_at IS NULL AND taken_off_at IS NULL;
CREATE INDEX taggings_tag_holder_idx ON taggings (institution_id, tag_id, holder_id, customer_created_at, id)
    WHERE deleted_at IS NULL AND taken_off_at IS NULL;
CREATE INDEX taggings_tag_campus_idx ON taggings (institution_id, tag_id, customer_campus_id, customer_created_at, id)
    WHERE deleted_at IS NULL AND taken_off_at IS NULL;
"#
);
