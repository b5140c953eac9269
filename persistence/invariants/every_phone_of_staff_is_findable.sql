-- A phone that does not lead to its owner at log-in, or does although the owner has left.
SELECT s.id
FROM staff s
JOIN principals p ON p.institution_id = s.institution_id AND p.id = s.id
WHERE (s.phone_digest IS NOT NULL) <> (s.phone IS NOT NULL AND p.status <> 'left')
    AND (s.institution_id = ? OR ? IS NULL)
LIMIT 100
