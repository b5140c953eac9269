//! Relations of every kind between customers, with a first and a last day.

super::migration!(
    "m0130_kinds_of_relation",
    r#"
DROP INDEX customer_relations_key;
DROP INDEX customer_relations_guardian_idx;
--sqlite
CREATE TABLE customer_relations_2 (
    institution_id blob NOT NULL,
    id blob NOT NULL,
    customer_id blob NOT NULL,
    -- What the relative is to the customer.
    role text NOT NULL CONSTRAINT customer_relations_role_check
        CHECK (role IN ('guardian', 'parent', 'sibling', 'spouse', 'payer', 'pick_up', 'emergency_contact',
                        'referrer', 'school', 'contact_person')),
    relative_id blob NOT NULL,
    label text,
    valid_from date,
    valid_until date,
    may_view boolean NOT NULL,
    gets_notices boolean NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT customer_relations_two_check CHECK (customer_id <> relative_id),
    CONSTRAINT customer_relations_span_check CHECK (valid_until > valid_from),
    CONSTRAINT customer_relations_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT customer_relations_relative_fkey FOREIGN KEY (institution_id, relative_id) REFERENCES customers
);
INSERT INTO customer_relations_2 (institution_id, id, customer_id, role, relative_id, label, may_view,
    gets_notices, created_at)
SELECT institution_id, id, student_id, 'guardian', guardian_id, label, 1, 1, created_at
FROM customer_relations;
DROP TABLE customer_relations;
ALTER TABLE customer_relations_2 RENAME TO customer_relations;
--postgres
ALTER TABLE customer_relations RENAME COLUMN student_id TO customer_id;
ALTER TABLE customer_relations RENAME COLUMN guardian_id TO relative_id;
ALTER TABLE customer_relations RENAME CONSTRAINT customer_relations_student_fkey TO customer_relations_customer_fkey;
ALTER TABLE customer_relations RENAME CONSTRAINT customer_relations_guardian_fkey TO customer_relations_relative_fkey;
ALTER TABLE customer_relations
    ADD COLUMN role text COLLATE "C" NOT NULL DEFAULT 'guardian',
    ADD COLUMN valid_from date,
    ADD COLUMN valid_until date,
    ADD COLUMN may_view boolean NOT NULL DEFAULT true,
    ADD COLUMN gets_notices boolean NOT NULL DEFAULT true,
    -- What the relative is to the customer.
    ADD CONSTRAINT customer_relations_role_check
        CHECK (role IN ('guardian', 'parent', 'sibling', 'spouse', 'payer', 'pick_up', 'emergency_contact',
                        'referrer', 'school', 'contact_person')),
    ADD CONSTRAINT customer_relations_span_check CHECK (valid_until > valid_from);
ALTER TABLE customer_relations
    ALTER COLUMN role DROP DEFAULT,
    ALTER COLUMN may_view DROP DEFAULT,
    ALTER COLUMN gets_notices DROP DEFAULT;
--both
CREATE UNIQUE INDEX customer_relations_key ON customer_relations (institution_id, customer_id, relative_id, role)
    WHERE valid_until IS NULL;
CREATE INDEX customer_relations_customer_idx ON customer_relations (institution_id, customer_id, created_at, id);
CREATE INDEX customer_relations_relative_idx ON customer_relations (institution_id, relative_id, created_at, id);
"#
);
