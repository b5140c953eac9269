-- I-31, I-15: a customer that has not one event for each version.
SELECT c.id
FROM customers c
LEFT JOIN (
    SELECT institution_id, subject_id, count(*) AS changes
    FROM events
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, subject_id
) e ON e.institution_id = c.institution_id AND e.subject_id = c.id
WHERE (c.institution_id = ? OR ? IS NULL) AND COALESCE(e.changes, 0) <> c.version
LIMIT 100
