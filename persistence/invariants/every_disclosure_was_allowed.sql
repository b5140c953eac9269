-- Data that was shared on the basis of consent without one, or by one on something else or given later.
SELECT d.id
FROM disclosures d
LEFT JOIN consents c ON c.institution_id = d.institution_id AND c.id = d.consent_id
WHERE (d.institution_id = ? OR ? IS NULL)
    AND ((d.lawful_basis = 'consent' AND c.id IS NULL)
        OR (c.id IS NOT NULL AND (c.purpose <> 'sharing' OR c.decision <> 'given'
            OR c.decided_at > d.disclosed_at)))
LIMIT 100
