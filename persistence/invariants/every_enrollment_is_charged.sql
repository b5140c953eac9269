-- An enrollment that costs something without its one charge, or with a charge of another amount.
SELECT e.id
FROM enrollments e
LEFT JOIN (
    SELECT institution_id, enrollment_id, count(*) AS charges, sum(amount_minor) AS amount
    FROM charges
    WHERE enrollment_id IS NOT NULL AND (institution_id = ? OR ? IS NULL)
    GROUP BY institution_id, enrollment_id
) c ON c.institution_id = e.institution_id AND c.enrollment_id = e.id
WHERE (e.institution_id = ? OR ? IS NULL)
    AND (COALESCE(c.amount, 0) <> e.price_minor
        OR COALESCE(c.charges, 0) <> CASE WHEN e.price_minor > 0 THEN 1 ELSE 0 END)
LIMIT 100
