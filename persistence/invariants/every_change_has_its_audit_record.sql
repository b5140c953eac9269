-- I-31: a change that others were told of and that the trail does not know: there is no audit record of
-- the same transaction, which has its time and its actor, that names what was changed. What a record says
-- of the change is sealed; what it names is not. That every change is told of is a rule of its own,
-- every_change_has_its_event.
SELECT e.id
FROM events e
WHERE (e.institution_id = ? OR ? IS NULL)
    AND NOT EXISTS (
        SELECT 1
        FROM audit_records r
        WHERE r.institution_id = e.institution_id AND r.at = e.at AND r.outcome = 'done'
            AND r.principal_id = e.actor_id AND r.principal_kind = e.actor_kind
            AND ((r.target_kind = e.subject_kind AND r.target_id = e.subject_id)
                OR EXISTS (SELECT 1 FROM audit_targets t
                    WHERE t.institution_id = r.institution_id AND t.record_id = r.id
                        AND t.kind = e.subject_kind AND t.target_id = e.subject_id)))
    AND NOT EXISTS (SELECT 1 FROM positions p WHERE p.institution_id = e.institution_id
        AND p.stream = 'audit_records' AND p.purged_to > 0)
LIMIT 100
