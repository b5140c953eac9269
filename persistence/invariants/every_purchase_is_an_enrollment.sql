-- A purchase is written with its enrollment, once, and taken back with a withdrawal only.
SELECT e.id
FROM enrollments e
LEFT JOIN (
    SELECT institution_id, enrollment_id,
        sum(CASE WHEN reversal_of IS NULL THEN 1 ELSE 0 END) AS bought,
        sum(CASE WHEN reversal_of IS NULL THEN 0 ELSE 1 END) AS reversed,
        sum(quantity_hundredths) AS quantity, sum(amount_minor) AS amount
    FROM purchases
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, enrollment_id
) p ON p.institution_id = e.institution_id AND p.enrollment_id = e.id
WHERE (e.institution_id = ? OR ? IS NULL)
    AND (COALESCE(p.bought, 0) <> 1 OR p.quantity < 0 OR p.amount < 0
        OR p.reversed <> CASE WHEN e.status = 'withdrawn' THEN 1 ELSE 0 END)
LIMIT 100
