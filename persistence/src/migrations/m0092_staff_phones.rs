//! Phones of staff, by which they can log in.

super::migration!(
    "m0092_staff_phones",
    r#"
-- Sealed.
ALTER TABLE staff ADD COLUMN phone {bytes};
-- A keyed hash of it: of those who have not left, nobody shares one.
ALTER TABLE staff ADD COLUMN phone_digest {bytes};
CREATE UNIQUE INDEX staff_phone_key ON staff (institution_id, phone_digest) WHERE phone_digest IS NOT NULL;
"#
);
