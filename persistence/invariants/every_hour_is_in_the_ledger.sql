-- I-11: a lot whose balance is not the sum of its entries, or is below zero; an enrollment without
-- its lot; a lot that grants other hours than its enrollment came with.
SELECT e.id
FROM enrollments e
LEFT JOIN hour_lots l ON l.institution_id = e.institution_id AND l.enrollment_id = e.id
LEFT JOIN (
    SELECT institution_id, lot_id, sum(hundredths) AS balance,
        sum(CASE WHEN kind = 'granted' THEN hundredths ELSE 0 END) AS granted
    FROM hour_entries
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, lot_id
) s ON s.institution_id = l.institution_id AND s.lot_id = l.id
WHERE (e.institution_id = ? OR ? IS NULL)
    AND (l.id IS NULL OR l.balance_hundredths < 0 OR l.balance_hundredths <> COALESCE(s.balance, 0)
        OR COALESCE(s.granted, 0) <> e.hours_hundredths)
LIMIT 100
