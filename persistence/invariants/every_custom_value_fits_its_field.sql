-- A value stands in the column of its field's type; of a sensitive field it is sealed, and of no other.
SELECT v.id
FROM custom_values v
JOIN custom_fields f ON f.institution_id = v.institution_id AND f.id = v.field_id
WHERE (v.institution_id = ? OR ? IS NULL)
  AND (f.is_sensitive <> (v.sealed IS NOT NULL)
       OR (v.sealed IS NULL AND CASE
           WHEN f.field_type = 'text' THEN v.text IS NULL OR v.text_fold IS NULL OR v.text_head IS NULL
           WHEN f.field_type IN ('choice', 'multi_choice') THEN v.choice IS NULL
           WHEN f.field_type = 'date' THEN v.date IS NULL
           WHEN f.field_type = 'person' THEN v.ref_id IS NULL
           ELSE v.number IS NULL
       END)
       OR (v.place > 0 AND f.field_type <> 'multi_choice'))
LIMIT 100
