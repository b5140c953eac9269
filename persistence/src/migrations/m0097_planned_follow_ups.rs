//! Follow-ups that are only planned. On the day of a campus they count as none that was done.

super::migration!(
    "m0097_planned_follow_ups",
    r#"
DROP INDEX follow_ups_day_idx;
--sqlite
CREATE TABLE follow_ups_2 (
    institution_id blob NOT NULL,
    id blob NOT NULL,
    version bigint NOT NULL,
    customer_id blob NOT NULL,
    holder_id blob NOT NULL,
    customer_campus_id blob NOT NULL,
    method text NOT NULL CONSTRAINT follow_ups_method_check
        CHECK (method IN ('phone', 'visit', 'reception', 'wechat', 'qq', 'sms', 'email', 'other')),
    outcome text NOT NULL CONSTRAINT follow_ups_outcome_check
        CHECK (outcome IN ('interested', 'considering', 'appointment_made', 'agreed', 'not_interested',
                           'no_answer', 'wrong_contact', 'do_not_contact', 'other', 'planned')),
    intent smallint CONSTRAINT follow_ups_intent_check CHECK (intent BETWEEN 1 AND 4),
    content text,
    occurred_at bigint NOT NULL,
    next_on date,
    -- The next date as instants, while no later follow-up has settled it.
    due_at bigint,
    due_until bigint,
    author_id blob,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    -- With its customer.
    deleted_at bigint,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT follow_ups_due_check CHECK ((due_at IS NULL) = (due_until IS NULL)),
    CONSTRAINT follow_ups_customer_fkey
        FOREIGN KEY (institution_id, customer_id, holder_id, customer_campus_id)
        REFERENCES customers (institution_id, id, holder_id, campus_id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT follow_ups_author_fkey FOREIGN KEY (institution_id, author_id) REFERENCES staff
);
INSERT INTO follow_ups_2 (institution_id, id, version, customer_id, holder_id, customer_campus_id, method,
    outcome, intent, content, occurred_at, next_on, due_at, due_until, author_id, created_at, updated_at,
    deleted_at)
SELECT institution_id, id, version, customer_id, holder_id, customer_campus_id, method,
    outcome, intent, content, occurred_at, next_on, due_at, due_until, author_id, created_at, updated_at,
    deleted_at
FROM follow_ups;
DROP TABLE follow_ups;
ALTER TABLE follow_ups_2 RENAME TO follow_ups;
CREATE UNIQUE INDEX follow_ups_due_key ON follow_ups (institution_id, customer_id) WHERE due_at IS NOT NULL;
CREATE INDEX follow_ups_customer_idx ON follow_ups (institution_id, customer_id, occurred_at, id);
CREATE INDEX follow_ups_created_idx ON follow_ups (institution_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_holder_idx ON follow_ups (institution_id, holder_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_campus_idx ON follow_ups (institution_id, customer_campus_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX follow_ups_due_idx ON follow_ups (institution_id, due_at, id)
    WHERE deleted_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX follow_ups_due_holder_idx ON follow_ups (institution_id, holder_id, due_at, id)
    WHERE deleted_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX follow_ups_due_campus_idx ON follow_ups (institution_id, customer_campus_id, due_at, id)
    WHERE deleted_at IS NULL AND due_at IS NOT NULL;
CREATE INDEX follow_ups_author_idx ON follow_ups (institution_id, author_id, occurred_at);
--postgres
ALTER TABLE follow_ups DROP CONSTRAINT follow_ups_outcome_check;
ALTER TABLE follow_ups ADD CONSTRAINT follow_ups_outcome_check
    CHECK (outcome IN ('interested', 'considering', 'appointment_made', 'agreed', 'not_interested',
                       'no_answer', 'wrong_contact', 'do_not_contact', 'other', 'planned'));
--both
CREATE INDEX follow_ups_day_idx ON follow_ups (institution_id, customer_campus_id, occurred_at)
    WHERE deleted_at IS NULL AND outcome <> 'planned';
"#
);
