-- I-03: a customer whose stored sums are not, by currency, those of its charges, and of what is left of
-- the payments that it made. Both sides are added up in one pass: SQLite would compare each row of
-- a full join with all of the other side.
SELECT COALESCE(m.now_id, sides.customer_id) AS id
FROM (
    SELECT institution_id, customer_id, currency, 1 AS balances, 0 AS documents, charged_minor AS charged,
        credited_minor AS credited, paid_minor AS paid, outstanding_minor AS outstanding, credit_minor AS credit
    FROM customer_balances
    WHERE institution_id = ? OR ? IS NULL
    UNION ALL
    SELECT institution_id, customer_id, currency, 0, 1, -amount_minor, -credited_minor, -paid_minor,
        -outstanding_minor, 0
    FROM charges
    WHERE institution_id = ? OR ? IS NULL
    UNION ALL
    SELECT institution_id, customer_id, currency, 0, 1, 0, 0, 0, 0, -unallocated_minor
    FROM payments
    WHERE institution_id = ? OR ? IS NULL
) sides
LEFT JOIN customer_merges m ON m.institution_id = sides.institution_id AND m.merged_id = sides.customer_id
    AND m.undone_at IS NULL
GROUP BY sides.institution_id, COALESCE(m.now_id, sides.customer_id), currency
HAVING SUM(balances) < 1 OR SUM(documents) = 0
    OR SUM(charged) <> 0 OR SUM(credited) <> 0 OR SUM(paid) <> 0 OR SUM(outstanding) <> 0 OR SUM(credit) <> 0
LIMIT 100
