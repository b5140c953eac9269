-- I-04: more was taken back from a charge than a payment was put to it.
SELECT payment_id AS id
FROM payment_allocations
WHERE institution_id = ? OR ? IS NULL
GROUP BY institution_id, payment_id, charge_id
HAVING SUM(amount_minor) < 0
LIMIT 100
