-- I-03: a customer whose stored sums are not those of what was posted.
SELECT COALESCE(b.customer_id, p.customer_id) AS id
FROM (
    SELECT institution_id, customer_id,
        SUM(CASE WHEN account <> 'receivable' THEN 0
            WHEN side = 'debit' THEN amount_minor ELSE -amount_minor END) AS outstanding,
        SUM(CASE WHEN account <> 'customer_credit' THEN 0
            WHEN side = 'credit' THEN amount_minor ELSE -amount_minor END) AS credit,
        SUM(CASE WHEN account = 'deferred_tuition' AND side = 'credit' THEN amount_minor ELSE 0 END) AS charged,
        SUM(CASE WHEN account = 'deferred_tuition' AND side = 'debit' THEN amount_minor ELSE 0 END) AS credited
    FROM journal_postings
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, customer_id
) p
FULL JOIN (
    SELECT * FROM customer_balances WHERE institution_id = ? OR ? IS NULL
) b ON b.institution_id = p.institution_id AND b.customer_id = p.customer_id
WHERE b.customer_id IS NULL OR p.customer_id IS NULL
    OR b.outstanding_minor <> p.outstanding OR b.credit_minor <> p.credit
    OR b.charged_minor <> p.charged OR b.credited_minor <> p.credited
LIMIT 100
