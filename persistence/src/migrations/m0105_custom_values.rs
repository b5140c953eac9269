//! Values of custom fields, each in the column of its type.

super::migration!(
    "m0105_custom_values",
    r#"
CREATE TABLE custom_values (
    institution_id {uuid} NOT NULL,
    -- A sealed value is bound to it.
    id {uuid} NOT NULL,
    record_id {uuid} NOT NULL,
    field_id {uuid} NOT NULL,
    -- Of the choices of a value, where it has several.
    place smallint NOT NULL,
    text {text},
    text_fold {text},
    -- Its beginning: an index bears no longer one.
    text_head {text},
    choice text,
    -- Amounts of money too, and yes (1) and no (0).
    number bigint,
    date date,
    ref_id {uuid},
    -- In the place of all of these, of a sensitive field.
    sealed {bytes},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT custom_values_place_key UNIQUE (institution_id, record_id, field_id, place),
    CONSTRAINT custom_values_record_fkey FOREIGN KEY (institution_id, record_id) REFERENCES customers,
    CONSTRAINT custom_values_field_fkey FOREIGN KEY (institution_id, field_id) REFERENCES custom_fields,
    CONSTRAINT custom_values_ref_fkey FOREIGN KEY (institution_id, ref_id) REFERENCES staff,
    CONSTRAINT custom_values_one_check CHECK (
        (CASE WHEN text IS NULL THEN 0 ELSE 1 END) + (CASE WHEN choice IS NULL THEN 0 ELSE 1 END)
        + (CASE WHEN number IS NULL THEN 0 ELSE 1 END) + (CASE WHEN date IS NULL THEN 0 ELSE 1 END)
        + (CASE WHEN ref_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN sealed IS NULL THEN 0 ELSE 1 END) = 1)
);
CREATE INDEX custom_values_text_idx ON custom_values (institution_id, field_id, text_head, record_id)
    WHERE text_head IS NOT NULL;
CREATE INDEX custom_values_choice_idx ON custom_values (institution_id, field_id, choice, record_id)
    WHERE choice IS NOT NULL;
CREATE INDEX custom_values_number_idx ON custom_values (institution_id, field_id, number, record_id)
    WHERE number IS NOT NULL;
CREATE INDEX custom_values_date_idx ON custom_values (institution_id, field_id, date, record_id)
    WHERE date IS NOT NULL;
CREATE INDEX custom_values_ref_idx ON custom_values (institution_id, ref_id, field_id, record_id)
    WHERE ref_id IS NOT NULL;
"#
);
