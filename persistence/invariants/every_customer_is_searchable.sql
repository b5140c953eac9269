-- A customer without its search document; of erased ones there is none.
SELECT c.id
FROM customers c
LEFT JOIN search_documents d ON d.institution_id = c.institution_id AND d.customer_id = c.id
WHERE d.customer_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM erased_customers e
        WHERE e.institution_id = c.institution_id AND e.customer_id = c.id)
    AND (c.institution_id = ? OR ? IS NULL)
LIMIT 100
