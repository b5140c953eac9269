//! Whose a search document is, so that a search is confined before it looks at customers.

super::migration!(
    "m0092_search_access",
    r#"
--sqlite
CREATE TABLE search_documents_2 (
    doc_id integer PRIMARY KEY,
    institution_id blob NOT NULL,
    customer_id blob NOT NULL,
    holder_id blob NOT NULL,
    customer_campus_id blob NOT NULL,
    -- With its customer.
    deleted_at bigint,
    CONSTRAINT search_documents_key UNIQUE (institution_id, customer_id),
    CONSTRAINT search_documents_customer_fkey
        FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO search_documents_2
SELECT d.doc_id, d.institution_id, d.customer_id, c.holder_id, c.campus_id, c.deleted_at
FROM search_documents d
JOIN customers c ON c.institution_id = d.institution_id AND c.id = d.customer_id;
DROP TABLE search_documents;
ALTER TABLE search_documents_2 RENAME TO search_documents;
--postgres
ALTER TABLE search_documents ADD COLUMN holder_id uuid;
ALTER TABLE search_documents ADD COLUMN customer_campus_id uuid;
-- With its customer.
ALTER TABLE search_documents ADD COLUMN deleted_at bigint;
UPDATE search_documents d
SET holder_id = c.holder_id, customer_campus_id = c.campus_id, deleted_at = c.deleted_at
FROM customers c
WHERE c.institution_id = d.institution_id AND c.id = d.customer_id;
ALTER TABLE search_documents ALTER COLUMN holder_id SET NOT NULL;
ALTER TABLE search_documents ALTER COLUMN customer_campus_id SET NOT NULL;
ALTER TABLE search_documents DROP CONSTRAINT search_documents_institution_id_customer_id_fkey;
ALTER TABLE search_documents ADD CONSTRAINT search_documents_customer_fkey
    FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
    REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED;
--both
"#
);
