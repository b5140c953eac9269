-- An approval of which something was done that its history does not know: it has an act a version, one that
-- ended it exactly where it is over, and stands at one of its steps.
SELECT a.id
FROM approvals a
LEFT JOIN (
    SELECT institution_id, approval_id, count(*) AS acts,
        sum(CASE WHEN act IN ('refused', 'recalled', 'expired') THEN 1 ELSE 0 END) AS ends,
        sum(CASE WHEN act = 'approved' THEN 1 ELSE 0 END) AS agreed
    FROM approval_acts
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, approval_id
) d ON d.institution_id = a.institution_id AND d.approval_id = a.id
LEFT JOIN (
    SELECT institution_id, approval_id, count(*) AS steps
    FROM approval_steps
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, approval_id
) s ON s.institution_id = a.institution_id AND s.approval_id = a.id
WHERE (a.institution_id = ? OR ? IS NULL)
    AND (COALESCE(d.acts, 0) <> a.version
        OR d.ends <> CASE WHEN a.state IN ('refused', 'recalled', 'expired') THEN 1 ELSE 0 END
        OR d.agreed <> CASE WHEN a.state = 'approved' THEN a.step ELSE a.step - 1 END
        OR a.step > COALESCE(s.steps, 0)
        OR (a.state = 'approved' AND a.step <> s.steps))
LIMIT 100
