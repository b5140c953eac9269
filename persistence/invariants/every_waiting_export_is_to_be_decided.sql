-- An export that waits for an approval that is over, or does not wait for one that is not.
SELECT e.id
FROM exports e
JOIN approvals a ON a.institution_id = e.institution_id AND a.id = e.approval_id
WHERE (e.institution_id = ? OR ? IS NULL)
    AND (e.status = 'waiting_for_approval') <> (a.state = 'waiting')
LIMIT 100
