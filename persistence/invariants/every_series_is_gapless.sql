-- I-05: a series that gave other numbers than 1 to its last one; a payment without its receipt; a
-- receipt that is not voided with its payment.
SELECT s.campus_id AS id
FROM number_series s
LEFT JOIN (
    SELECT institution_id, campus_id, year, COUNT(*) AS given, MAX(number) AS highest
    FROM receipts
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, campus_id, year
) r ON r.institution_id = s.institution_id AND r.campus_id = s.campus_id AND r.year = s.year
WHERE s.series = 'receipt' AND (s.institution_id = ? OR ? IS NULL)
    AND (s.last <> COALESCE(r.given, 0) OR s.last <> COALESCE(r.highest, 0))
UNION ALL
SELECT p.id
FROM payments p
LEFT JOIN receipts r ON r.institution_id = p.institution_id AND r.payment_id = p.id
WHERE (p.institution_id = ? OR ? IS NULL)
    AND (r.id IS NULL OR (r.voided_at IS NULL) <> (p.voided_at IS NULL))
LIMIT 100
