-- I-35: an erased customer of whom something is still there that tells of the person.
SELECT e.customer_id AS id
FROM erased_customers e
JOIN customers c ON c.institution_id = e.institution_id AND c.id = e.customer_id
WHERE (e.institution_id = ? OR ? IS NULL)
    AND (c.deleted_at IS NULL OR c.name <> 'erased ' || e.number OR c.name_fold <> c.name
        OR c.gender <> 'not_given' OR c.birth_date IS NOT NULL OR c.intent IS NOT NULL OR c.region IS NOT NULL
        OR c.education IS NOT NULL OR c.occupation IS NOT NULL OR c.school IS NOT NULL OR c.grade IS NOT NULL
        OR c.note IS NOT NULL OR c.region_fold IS NOT NULL OR c.school_fold IS NOT NULL
        OR c.grade_fold IS NOT NULL OR c.note_fold IS NOT NULL OR c.contacts IS NOT NULL
        OR EXISTS (SELECT 1 FROM customer_details r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id)
        OR EXISTS (SELECT 1 FROM custom_values r
            WHERE r.institution_id = e.institution_id AND r.record_id = e.customer_id)
        OR EXISTS (SELECT 1 FROM contact_index r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id)
        OR EXISTS (SELECT 1 FROM search_documents r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id)
        OR EXISTS (SELECT 1 FROM taggings r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id)
        OR EXISTS (SELECT 1 FROM customer_relations r
            WHERE r.institution_id = e.institution_id AND (r.customer_id = e.customer_id OR r.relative_id = e.customer_id))
        OR EXISTS (SELECT 1 FROM follow_ups r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id AND r.content IS NOT NULL)
        OR EXISTS (SELECT 1 FROM customer_insights r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id)
        OR EXISTS (SELECT 1 FROM customer_collections r
            WHERE r.institution_id = e.institution_id AND r.customer_id = e.customer_id AND r.form IS NOT NULL)
        OR EXISTS (SELECT 1 FROM files r
            WHERE r.institution_id = e.institution_id AND r.record_id = e.customer_id
            AND r.record_kind = 'customer' AND r.expires_at IS NULL))
LIMIT 100
