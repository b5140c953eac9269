//! Legal holds on people's data.

super::migration!(
    "m0136_legal_holds",
    r#"
CREATE TABLE legal_holds (
    institution_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    customer_id {uuid} NOT NULL,
    -- Why it was placed and why released: sealed together.
    words {bytes} NOT NULL,
    placed_at bigint NOT NULL,
    placed_by {uuid} NOT NULL,
    ends_at bigint,
    released_at bigint,
    released_by {uuid},
    PRIMARY KEY (institution_id, id),
    CONSTRAINT legal_holds_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers,
    CONSTRAINT legal_holds_placer_fkey FOREIGN KEY (institution_id, placed_by) REFERENCES principals,
    CONSTRAINT legal_holds_releaser_fkey FOREIGN KEY (institution_id, released_by) REFERENCES principals,
    CONSTRAINT legal_holds_period_check CHECK (ends_at > placed_at),
    CONSTRAINT legal_holds_release_check CHECK ((released_at IS NULL) = (released_by IS NULL) AND released_at >= placed_at)
);
CREATE INDEX legal_holds_placed_idx ON legal_holds (institution_id, placed_at, id);
CREATE INDEX legal_holds_customer_idx ON legal_holds (institution_id, customer_id, placed_at, id);
"#
);
