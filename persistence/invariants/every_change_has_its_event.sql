-- I-15: a record that has not one event a version. What an institution has from the start was
-- told by its founding: departments and roles that are built in begin without an event, and so may
-- positions, which were a text of each person once. Where old events are purged, nothing can be said.
WITH records AS (
    SELECT institution_id, id, version, 'customer' AS kind FROM customers
    UNION ALL SELECT institution_id, id, version, 'follow_up' FROM follow_ups
    UNION ALL SELECT institution_id, id, CASE WHEN taken_off_at IS NULL THEN 1 ELSE 2 END, 'tagging' FROM taggings
    UNION ALL SELECT institution_id, id, version, 'tag_category' FROM tag_categories
    UNION ALL SELECT institution_id, id, version, 'tag' FROM tags
    UNION ALL SELECT institution_id, id, version, 'staff' FROM staff
    UNION ALL SELECT institution_id, id, version, 'charge' FROM charges
    UNION ALL SELECT institution_id, id, version, 'payment' FROM payments
    UNION ALL SELECT institution_id, id, version, 'receipt' FROM receipts
    UNION ALL SELECT institution_id, id, version, 'share_request' FROM share_requests
    UNION ALL SELECT institution_id, id, version, 'cleaning_entry' FROM cleaning_entries
    UNION ALL SELECT institution_id, id, version, 'insight' FROM customer_insights
    UNION ALL SELECT institution_id, id, version, 'filing' FROM customer_filings
    UNION ALL SELECT institution_id, id, version, 'approval' FROM approvals
    UNION ALL SELECT institution_id, id, version, 'approval_policy' FROM approval_policies
    UNION ALL SELECT institution_id, id, version, 'region' FROM regions
    UNION ALL SELECT institution_id, id, version, 'campus' FROM campuses
    UNION ALL SELECT institution_id, id, 1, 'role_rule' FROM role_rules
    UNION ALL SELECT institution_id, id, 1, 'staff_agreement' FROM staff_agreements
    UNION ALL SELECT institution_id, id, version, 'team' FROM teams
    UNION ALL SELECT institution_id, id, version, 'group' FROM groups
    UNION ALL SELECT institution_id, id, version, 'api_client' FROM api_clients
    UNION ALL SELECT institution_id, id, version, 'subject' FROM subjects
    UNION ALL SELECT institution_id, id, version, 'course' FROM courses
    UNION ALL SELECT institution_id, id, version, 'class' FROM classes
    UNION ALL SELECT institution_id, id, version, 'lesson' FROM lessons
    UNION ALL SELECT institution_id, id, version, 'enrollment' FROM enrollments
    UNION ALL SELECT institution_id, id,
        CASE WHEN substr(code, 1, 4) = 'own_' THEN version ELSE version - 1 END, 'department' FROM departments
    UNION ALL SELECT institution_id, id,
        CASE WHEN is_built_in THEN version - 1 ELSE version END, 'role' FROM roles
)
SELECT r.id
FROM records r
LEFT JOIN (
    SELECT institution_id, subject_id, subject_kind, count(*) AS changes
    FROM events
    WHERE institution_id = ? OR ? IS NULL
    GROUP BY institution_id, subject_id, subject_kind
) e ON e.institution_id = r.institution_id AND e.subject_id = r.id AND e.subject_kind = r.kind
WHERE (r.institution_id = ? OR ? IS NULL) AND COALESCE(e.changes, 0) <> r.version
    AND NOT EXISTS (SELECT 1 FROM positions p WHERE p.institution_id = r.institution_id
        AND p.stream = 'events' AND p.purged_to > 0)
LIMIT 100
