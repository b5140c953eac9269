-- I-11: a lesson and a student with another number of uses that stand than the roll call says: one
-- where the student was present, none otherwise.
SELECT u.lesson_id
FROM (
    SELECT c.institution_id, c.lesson_id, c.enrollment_id,
        sum(CASE WHEN r.id IS NULL THEN 1 ELSE 0 END) AS uses
    FROM hour_entries c
    LEFT JOIN hour_entries r ON r.institution_id = c.institution_id AND r.reversal_of = c.id
    WHERE c.kind = 'consumed' AND (c.institution_id = ? OR ? IS NULL)
    GROUP BY c.institution_id, c.lesson_id, c.enrollment_id
) u
LEFT JOIN attendances a ON a.institution_id = u.institution_id AND a.lesson_id = u.lesson_id
    AND a.enrollment_id = u.enrollment_id
WHERE u.uses <> CASE WHEN a.status = 'present' THEN 1 ELSE 0 END
LIMIT 100
