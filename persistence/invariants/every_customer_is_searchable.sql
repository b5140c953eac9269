-- A customer without its search document.
SELECT c.id
FROM customers c
LEFT JOIN search_documents d ON d.institution_id = c.institution_id AND d.customer_id = c.id
WHERE d.customer_id IS NULL AND (c.institution_id = ? OR ? IS NULL)
LIMIT 100
