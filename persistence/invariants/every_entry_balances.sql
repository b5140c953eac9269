-- I-01: an entry whose debits are not its credits, by currency, or that is not in the currency of
-- the books.
SELECT e.id
FROM journal_entries e
JOIN institutions i ON i.institution_id = e.institution_id
LEFT JOIN journal_postings p ON p.institution_id = e.institution_id AND p.entry_id = e.id
WHERE e.institution_id = ? OR ? IS NULL
GROUP BY e.institution_id, e.id
HAVING COUNT(p.line) < 2
    OR SUM(CASE p.side WHEN 'debit' THEN p.amount_minor ELSE -p.amount_minor END) <> 0
    OR SUM(CASE WHEN p.currency = i.currency THEN 0 ELSE 1 END) > 0
LIMIT 100
