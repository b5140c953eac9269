-- A customer that was merged into another, and is not hidden in its hands, or still has sums or records that
-- the other should have; or whose id stands for one that is merged itself.
SELECT m.merged_id AS id
FROM customer_merges m
JOIN customers c ON c.institution_id = m.institution_id AND c.id = m.merged_id
JOIN customers s ON s.institution_id = m.institution_id AND s.id = m.now_id
WHERE m.undone_at IS NULL AND (m.institution_id = ? OR ? IS NULL)
    AND (c.deleted_at IS NULL OR c.holder_id <> s.holder_id OR c.campus_id <> s.campus_id
        OR EXISTS (SELECT 1 FROM customer_merges o
            WHERE o.institution_id = m.institution_id AND o.merged_id = m.now_id AND o.undone_at IS NULL)
        OR EXISTS (SELECT 1 FROM customer_balances b
            WHERE b.institution_id = m.institution_id AND b.customer_id = m.merged_id
            AND (b.charged_minor <> 0 OR b.credited_minor <> 0 OR b.paid_minor <> 0 OR b.credit_minor <> 0))
        OR EXISTS (SELECT 1 FROM charges r
            WHERE r.institution_id = m.institution_id AND (r.customer_id = m.merged_id OR r.payer_id = m.merged_id))
        OR EXISTS (SELECT 1 FROM payments r WHERE r.institution_id = m.institution_id AND r.customer_id = m.merged_id)
        OR EXISTS (SELECT 1 FROM enrollments r
            WHERE r.institution_id = m.institution_id AND (r.customer_id = m.merged_id OR r.payer_id = m.merged_id))
        OR EXISTS (SELECT 1 FROM follow_ups r WHERE r.institution_id = m.institution_id AND r.customer_id = m.merged_id))
LIMIT 100
