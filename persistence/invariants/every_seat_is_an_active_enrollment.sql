-- I-09: a class whose counter is not the number of its active enrollments, or is over its capacity.
SELECT c.id
FROM classes c
LEFT JOIN (
    SELECT institution_id, class_id, count(*) AS taken
    FROM enrollments
    WHERE status = 'active' AND (institution_id = ? OR ? IS NULL)
    GROUP BY institution_id, class_id
) e ON e.institution_id = c.institution_id AND e.class_id = c.id
WHERE (c.institution_id = ? OR ? IS NULL)
    AND (c.seats_taken <> COALESCE(e.taken, 0) OR c.seats_taken > c.capacity)
LIMIT 100
