-- I-46: a stream whose positions are not 1, 2, 3… from where it was purged to its last.
SELECT p.institution_id
FROM positions p
WHERE (p.institution_id = ? OR ? IS NULL) AND p.last - p.purged_to <> CASE p.stream
    WHEN 'events' THEN (SELECT count(*) FROM events e
        WHERE e.institution_id = p.institution_id AND e.position > p.purged_to)
    ELSE (SELECT count(*) FROM audit_records a
        WHERE a.institution_id = p.institution_id AND a.position > p.purged_to) END
LIMIT 100
