//! Customers, who may see them beyond their holder and campus, and the index that finds them.

super::migration!(
    "m0003_customers",
    r#"
CREATE TABLE customers (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL CONSTRAINT customers_kind_check
        CHECK (kind IN ('student', 'guardian', 'school', 'institution', 'partner', 'company', 'other')),
    name {text} NOT NULL CONSTRAINT customers_name_check CHECK (length(name) BETWEEN 1 AND 100),
    name_fold {text} NOT NULL,
    gender text NOT NULL CONSTRAINT customers_gender_check CHECK (gender IN ('female', 'male', 'not_given')),
    birth_date date,
    intent smallint CONSTRAINT customers_intent_check CHECK (intent BETWEEN 1 AND 4),
    stage text NOT NULL CONSTRAINT customers_stage_check
        CHECK (stage IN ('lead', 'contacted', 'interested', 'trial', 'negotiating', 'enrolled',
                         'completed', 'lapsed', 'lost', 'won_back', 'invalid')),
    note {text},
    -- Contact points, sealed; they are found by contact_index.
    contacts {bytes},
    holder_id {uuid} NOT NULL,
    campus_id {uuid} NOT NULL,
    channel text NOT NULL,
    collected_at bigint NOT NULL,
    collector_id {uuid},
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deleted_at bigint,
    PRIMARY KEY (institution_id, id),
    -- Children refer to this one, so that their copies of holder and campus can't fall behind.
    CONSTRAINT customers_access_key UNIQUE (institution_id, id, holder_id, campus_id),
    CONSTRAINT customers_holder_fkey FOREIGN KEY (institution_id, holder_id) REFERENCES holders,
    CONSTRAINT customers_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT customers_collector_fkey FOREIGN KEY (institution_id, collector_id) REFERENCES staff
);
CREATE INDEX customers_created_idx ON customers (institution_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_holder_idx ON customers (institution_id, holder_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_campus_idx ON customers (institution_id, campus_id, created_at, id) WHERE deleted_at IS NULL;

-- Keyed hashes of whole contact values.
CREATE TABLE contact_index (
    institution_id {uuid} NOT NULL,
    digest {bytes} NOT NULL,
    customer_id {uuid} NOT NULL,
    PRIMARY KEY (institution_id, digest, customer_id),
    CONSTRAINT contact_index_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE INDEX contact_index_customer_idx ON contact_index (institution_id, customer_id);

-- A customer opened to a person or a team beyond holder and campus. The customer's time of
-- creation stands here too, so that a list of shared customers is one key range.
CREATE TABLE customer_shares (
    institution_id {uuid} NOT NULL,
    grantee_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    customer_created_at bigint NOT NULL,
    can_write boolean NOT NULL,
    until bigint,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, grantee_id, customer_id),
    CONSTRAINT customer_shares_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE INDEX customer_shares_list_idx
    ON customer_shares (institution_id, grantee_id, customer_created_at, customer_id);
CREATE INDEX customer_shares_customer_idx ON customer_shares (institution_id, customer_id);

--sqlite
CREATE TABLE search_documents (
    doc_id integer PRIMARY KEY,
    institution_id blob NOT NULL,
    customer_id blob NOT NULL,
    CONSTRAINT search_documents_key UNIQUE (institution_id, customer_id),
    FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE VIRTUAL TABLE search_grams USING fts5(
    grams, content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 0");
--postgres
CREATE TABLE search_documents (
    doc_id bigint GENERATED ALWAYS AS IDENTITY,
    institution_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    grams text[] NOT NULL,
    PRIMARY KEY (institution_id, customer_id),
    -- Common grams stop early by walking this one; rare ones go by the grams.
    CONSTRAINT search_documents_order_key UNIQUE (institution_id, doc_id),
    FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE INDEX search_documents_grams_idx ON search_documents USING gin (grams) WITH (fastupdate = off);
--both
"#
);
