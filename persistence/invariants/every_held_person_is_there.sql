-- A legal hold under which the person was erased.
SELECT h.id
FROM legal_holds h
JOIN erased_customers c ON c.institution_id = h.institution_id AND c.customer_id = h.customer_id
JOIN erasures e ON e.institution_id = c.institution_id AND e.number = c.number
WHERE (h.institution_id = ? OR ? IS NULL)
    AND (h.released_at IS NULL OR e.erased_at < h.released_at)
    AND (h.ends_at IS NULL OR e.erased_at < h.ends_at)
LIMIT 100
