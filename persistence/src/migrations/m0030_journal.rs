//! The journal: double entry, append-only. Where and when an entry happened is stamped on it and
//! follows nobody.

super::migration!(
    "m0030_journal",
    r#"
CREATE TABLE journal_entries (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    legal_entity {text} NOT NULL,
    campus_id {uuid} NOT NULL,
    -- The campus's date.
    business_date date NOT NULL,
    posted_at bigint NOT NULL,
    source_kind text NOT NULL CONSTRAINT journal_entries_source_kind_check
        CHECK (source_kind IN ('charge', 'payment')),
    source_id {uuid} NOT NULL,
    cause text NOT NULL CONSTRAINT journal_entries_cause_check
        CHECK (cause IN ('charged', 'credited', 'paid', 'allocated', 'voided')),
    customer_id {uuid} NOT NULL,
    reversal_of {uuid},
    PRIMARY KEY (institution_id, id),
    -- What was posted is taken back at most once.
    CONSTRAINT journal_entries_reversal_key UNIQUE (institution_id, reversal_of),
    CONSTRAINT journal_entries_campus_fkey FOREIGN KEY (institution_id, campus_id) REFERENCES campuses,
    CONSTRAINT journal_entries_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT journal_entries_reversal_fkey FOREIGN KEY (institution_id, reversal_of) REFERENCES journal_entries
);
CREATE INDEX journal_entries_day_idx ON journal_entries (institution_id, campus_id, business_date, id);
CREATE INDEX journal_entries_source_idx ON journal_entries (institution_id, source_id);
CREATE INDEX journal_entries_customer_idx ON journal_entries (institution_id, customer_id, posted_at, id);

CREATE TABLE journal_postings (
    institution_id {uuid} NOT NULL,
    entry_id {uuid} NOT NULL,
    line smallint NOT NULL CONSTRAINT journal_postings_line_check CHECK (line > 0),
    account text NOT NULL CONSTRAINT journal_postings_account_check
        CHECK (account IN ('receivable', 'deferred_tuition', 'customer_credit', 'cash', 'card',
                           'wechat', 'alipay', 'bank_transfer', 'other')),
    customer_id {uuid} NOT NULL,
    side text NOT NULL CONSTRAINT journal_postings_side_check CHECK (side IN ('debit', 'credit')),
    amount_minor bigint NOT NULL CONSTRAINT journal_postings_amount_check
        CHECK (amount_minor BETWEEN 1 AND 9007199254740991),
    currency text NOT NULL CONSTRAINT journal_postings_currency_check CHECK (length(currency) = 3),
    PRIMARY KEY (institution_id, entry_id, line),
    CONSTRAINT journal_postings_entry_fkey FOREIGN KEY (institution_id, entry_id) REFERENCES journal_entries,
    CONSTRAINT journal_postings_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
CREATE INDEX journal_postings_customer_idx ON journal_postings (institution_id, customer_id, account);

--sqlite
CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries
    BEGIN SELECT RAISE(ABORT, 'journal_entries_append_only'); END;
CREATE TRIGGER journal_entries_no_delete BEFORE DELETE ON journal_entries
    BEGIN SELECT RAISE(ABORT, 'journal_entries_append_only'); END;
CREATE TRIGGER journal_postings_no_update BEFORE UPDATE ON journal_postings
    BEGIN SELECT RAISE(ABORT, 'journal_postings_append_only'); END;
CREATE TRIGGER journal_postings_no_delete BEFORE DELETE ON journal_postings
    BEGIN SELECT RAISE(ABORT, 'journal_postings_append_only'); END;
--postgres
CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_postings_append_only BEFORE UPDATE OR DELETE ON journal_postings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_postings_no_truncate BEFORE TRUNCATE ON journal_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- At the commit, debits and credits of an entry are the same. The argument names the entry's column.
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry uuid := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF NOT EXISTS (SELECT 1 FROM journal_postings p
            WHERE p.institution_id = NEW.institution_id AND p.entry_id = entry)
        OR EXISTS (SELECT 1 FROM journal_postings p
            WHERE p.institution_id = NEW.institution_id AND p.entry_id = entry
            GROUP BY p.currency
            HAVING sum(CASE p.side WHEN 'debit' THEN p.amount_minor ELSE -p.amount_minor END) <> 0)
    THEN
        RAISE EXCEPTION 'journal_entry_unbalanced';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_entries_balanced AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced('id');
CREATE CONSTRAINT TRIGGER journal_postings_balanced AFTER INSERT ON journal_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced('entry_id');
--both
"#
);
