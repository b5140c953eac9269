-- I-03: a customer whose stored sums are not those of what was posted, under its own id
-- or under one that stands for it. Both sides are added up in one
-- pass: SQLite would compare each row of a full join with all of the other side.
SELECT COALESCE(m.now_id, sides.customer_id) AS id
FROM (
    SELECT institution_id, customer_id, 1 AS balances, 0 AS postings, outstanding_minor AS outstanding,
        credit_minor AS credit, charged_minor AS charged, credited_minor AS credited
    FROM customer_balances
    WHERE institution_id = ? OR ? IS NULL
    UNION ALL
    SELECT institution_id, customer_id, 0, 1,
        CASE WHEN account <> 'receivable' THEN 0
            WHEN side = 'debit' THEN -amount_minor ELSE amount_minor END,
        CASE WHEN account <> 'customer_credit' THEN 0
            WHEN side = 'credit' THEN -amount_minor ELSE amount_minor END,
        CASE WHEN account = 'deferred_tuition' AND side = 'credit' THEN -amount_minor ELSE 0 END,
        CASE WHEN account = 'deferred_tuition' AND side = 'debit' THEN -amount_minor ELSE 0 END
    FROM journal_postings
    WHERE institution_id = ? OR ? IS NULL
) sides
LEFT JOIN customer_merges m ON m.institution_id = sides.institution_id AND m.merged_id = sides.customer_id
    AND m.undone_at IS NULL
GROUP BY sides.institution_id, COALESCE(m.now_id, sides.customer_id)
HAVING SUM(balances) < 1 OR SUM(postings) = 0
    OR SUM(outstanding) <> 0 OR SUM(credit) <> 0 OR SUM(charged) <> 0 OR SUM(credited) <> 0
LIMIT 100
