-- I-31, I-15: a customer that no audit record or no event speaks of.
SELECT c.id
FROM customers c
WHERE (c.institution_id = ? OR ? IS NULL)
    AND (SELECT count(*) FROM events e
         WHERE e.institution_id = c.institution_id AND e.subject_id = c.id) <> c.version
LIMIT 100
