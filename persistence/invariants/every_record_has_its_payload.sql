-- I-31: an audit header without its payload row.
SELECT r.id
FROM audit_records r
LEFT JOIN audit_payloads p ON p.institution_id = r.institution_id AND p.id = r.id
WHERE p.id IS NULL AND (r.institution_id = ? OR ? IS NULL)
LIMIT 100
