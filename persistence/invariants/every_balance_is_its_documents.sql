-- I-03: a customer whose stored sums are not, by currency, those of its charges, and of what is left of
-- the payments that it made.
SELECT COALESCE(b.customer_id, d.customer_id) AS id
FROM (
    SELECT institution_id, customer_id, currency, SUM(charged) AS charged, SUM(credited) AS credited,
        SUM(paid) AS paid, SUM(outstanding) AS outstanding, SUM(credit) AS credit
    FROM (
        SELECT institution_id, customer_id, currency, amount_minor AS charged, credited_minor AS credited,
            paid_minor AS paid, outstanding_minor AS outstanding, 0 AS credit
        FROM charges
        WHERE institution_id = ? OR ? IS NULL
        UNION ALL
        SELECT institution_id, customer_id, currency, 0, 0, 0, 0, unallocated_minor
        FROM payments
        WHERE institution_id = ? OR ? IS NULL
    ) documents
    GROUP BY institution_id, customer_id, currency
) d
FULL JOIN (
    SELECT * FROM customer_balances WHERE institution_id = ? OR ? IS NULL
) b ON b.institution_id = d.institution_id AND b.customer_id = d.customer_id AND b.currency = d.currency
WHERE b.customer_id IS NULL OR d.customer_id IS NULL
    OR b.charged_minor <> d.charged OR b.credited_minor <> d.credited OR b.paid_minor <> d.paid
    OR b.outstanding_minor <> d.outstanding OR b.credit_minor <> d.credit
LIMIT 100
