//! Saved views.

super::migration!(
    "m0111_views",
    r#"
CREATE TABLE views (
    institution_id {uuid} NOT NULL REFERENCES institutions,
    id {uuid} NOT NULL,
    version bigint NOT NULL,
    entity text NOT NULL CONSTRAINT views_entity_check CHECK (entity IN ('customers')),
    owner_id {uuid} NOT NULL,
    audience text NOT NULL CONSTRAINT views_audience_check CHECK (audience IN ('own', 'team', 'institution')),
    team_id {uuid},
    -- Version of the language of its conditions.
    language smallint NOT NULL,
    -- Name and search, sealed: they may hold names of people.
    content {bytes} NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (institution_id, id),
    CONSTRAINT views_owner_fkey FOREIGN KEY (institution_id, owner_id) REFERENCES principals,
    CONSTRAINT views_team_fkey FOREIGN KEY (institution_id, team_id) REFERENCES teams,
    CONSTRAINT views_team_check CHECK ((audience = 'team') = (team_id IS NOT NULL))
);
CREATE INDEX views_created_idx ON views (institution_id, created_at, id);
CREATE INDEX views_owner_idx ON views (institution_id, owner_id);
"#
);
