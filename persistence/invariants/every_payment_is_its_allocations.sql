-- I-04: a payment that was put to charges for more than it is, whose rest is not what is left of it,
-- or that was taken back other than by exactly one entry that reverses it.
SELECT p.id
FROM payments p
LEFT JOIN (
    SELECT institution_id, payment_id, SUM(amount_minor) AS allocated
    FROM payment_allocations
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, payment_id
) a ON a.institution_id = p.institution_id AND a.payment_id = p.id
LEFT JOIN journal_entries r ON r.institution_id = p.institution_id AND r.reversal_of = p.entry_id
WHERE (p.institution_id = ? OR ? IS NULL)
    AND ((p.voided_at IS NULL AND r.id IS NOT NULL)
        OR (p.voided_at IS NOT NULL AND (r.id IS NULL OR COALESCE(a.allocated, 0) <> 0))
        OR (p.voided_at IS NULL AND p.unallocated_minor <> p.amount_minor - COALESCE(a.allocated, 0)))
LIMIT 100
