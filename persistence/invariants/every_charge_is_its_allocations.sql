-- I-04: a charge whose paid part is not what payments were put to it, or that was credited by
-- something else than its own entries.
SELECT c.id
FROM charges c
LEFT JOIN (
    SELECT institution_id, charge_id, SUM(amount_minor) AS paid
    FROM payment_allocations
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, charge_id
) a ON a.institution_id = c.institution_id AND a.charge_id = c.id
LEFT JOIN (
    SELECT e.institution_id, e.source_id,
        SUM(CASE WHEN p.side = 'credit' THEN p.amount_minor ELSE 0 END) AS charged,
        SUM(CASE WHEN p.side = 'debit' THEN p.amount_minor ELSE 0 END) AS credited
    FROM journal_entries e
    JOIN journal_postings p ON p.institution_id = e.institution_id AND p.entry_id = e.id
    WHERE p.account = 'deferred_tuition' AND (e.institution_id = ? OR ? IS NULL)
    GROUP BY e.institution_id, e.source_id
) j ON j.institution_id = c.institution_id AND j.source_id = c.id
WHERE (c.institution_id = ? OR ? IS NULL)
    AND (c.paid_minor <> COALESCE(a.paid, 0) OR c.credited_minor <> COALESCE(j.credited, 0)
        OR c.amount_minor <> COALESCE(j.charged, 0))
LIMIT 100
