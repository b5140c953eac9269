-- A customer that says something else of where it was met than the collection with which it began (CUST-26).
SELECT c.id
FROM customers c
LEFT JOIN customer_collections k ON k.institution_id = c.institution_id AND k.id = c.id AND k.is_current
WHERE (k.id IS NULL OR k.channel <> c.channel OR k.collected_at <> c.collected_at
        OR k.collector_id IS DISTINCT FROM c.collector_id)
    AND (c.institution_id = ? OR ? IS NULL)
LIMIT 100
