//! What no operation of the API does yet: by raw SQL, on the server's own threads.

use std::collections::BTreeMap;

use domain::{
    access::{ImportsRun, Principal, PrincipalKind, Reach, ShareRequest, Wanted},
    id::Id,
    imports::{
        choice::Choice,
        header::LeadField,
        outcome::ImportEntity,
        template::{ImportTemplate, NewTemplate, TemplateAudience, TemplateColumn},
    },
    organization::{Campus, Institution, Team},
    text_enum::TextEnum,
};
use educrm::access::refusals;
use persistence::{
    Error, Operation,
    access::{Bearer, Grant, load, sessions, share_requests},
    events::sequencer::Pass,
    kept,
    organization::store::{NewStaff, hire},
};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::{
    Actor, Server, World,
    patience::{commit, is_busy, patiently},
};

/// Tables with nothing of any institution in them: the schema's own book, the count of failed
/// log-ins, the fingerprints of the keys, who holds which lease, the
/// blocks in which the trail is sealed from time to time, and SQLite's name index, which keeps no text. This list may only shrink.
const NOT_BUSINESS: &[&str] = &[
    "seaql_migrations",
    "login_failures",
    "installation_keys",
    "leases",
    "audit_blocks",
];
const NAME_INDEX: &str = "search_grams";

/// Columns by table.
pub(crate) type Catalogue = BTreeMap<String, Vec<String>>;

/// Rows of one institution as text, by table.
pub type Contents = BTreeMap<String, Vec<String>>;

impl Server {
    /// Runs one statement (`?` for its values) in a transaction of an institution.
    pub async fn execute(
        &self,
        institution: Id<Institution>,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<u64, Error> {
        let db = self.app.db.clone();
        let stamp = self.app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::Operator, "provision", stamp);
        let statement = &self.statement(sql, values);
        let statement = statement.clone();
        self.inside(async move {
            let statement = &statement;
            commit(&db, &operation, |tx| async move {
                Ok(tx.execute_raw(statement.clone()).await?.rows_affected())
            })
            .await
        })
        .await
    }

    /// Reads with one statement (`?` for its values).
    pub async fn query(&self, sql: &str, values: Vec<Value>) -> Vec<QueryResult> {
        let read = self.app.db.read();
        let statement = self.statement(sql, values);
        self.inside(async move {
            let ask = async || Ok(read.query_all_raw(statement.clone()).await?);
            patiently(ask, is_busy).await
        })
        .await
        .unwrap()
    }

    /// The first column, as text, of what a statement reads.
    pub async fn texts(&self, sql: &str, values: Vec<Value>) -> Vec<String> {
        self.query(sql, values)
            .await
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect()
    }

    /// A statement with `?` for its values, on either engine.
    pub fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        if !self.app.db.is_postgres() {
            return Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        }
        let mut numbered = String::new();
        for (number, part) in sql.split('?').enumerate() {
            if number > 0 {
                numbered.push_str(&format!("${number}"));
            }
            numbered.push_str(part);
        }
        Statement::from_sql_and_values(DbBackend::Postgres, numbered, values)
    }

    /// Waits until what was refused is on the trail, and what is committed has its position.
    pub async fn settle(&self) {
        let app = self.app.clone();
        self.inside(async move {
            let write = async || refusals::write(&app, false).await;
            patiently(write, is_busy).await.unwrap();
            let pass = async || app.sequencer.pass().await;
            let waits = |passed: &Result<Pass, Error>| {
                matches!(passed, Ok(Pass::NotHeld)) || is_busy(passed)
            };
            let passed = patiently(pass, waits).await.unwrap();
            assert_ne!(
                passed,
                Pass::NotHeld,
                "another gives positions, and does not end"
            );
        })
        .await;
    }

    /// Names of all business tables.
    pub async fn tables(&self) -> Vec<String> {
        self.catalogue().await.keys().cloned().collect()
    }

    /// Names of a table's columns, in their order.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        self.catalogue().await[table].clone()
    }

    /// All business tables with their columns, from the database's own catalogue; read once.
    async fn catalogue(&self) -> &Catalogue {
        self.catalogue
            .get_or_init(async || {
                let mut catalogue = Catalogue::new();
                for table in self.table_names().await {
                    let columns = self.column_names(&table).await;
                    catalogue.insert(table, columns);
                }
                catalogue
            })
            .await
    }

    async fn table_names(&self) -> Vec<String> {
        let all = if self.app.db.is_postgres() {
            "SELECT CAST(table_name AS text) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
             ESCAPE '\\' ORDER BY 1"
        };
        let mut tables = self.texts(all, vec![]).await;
        tables.retain(|t| !NOT_BUSINESS.contains(&t.as_str()) && !t.starts_with(NAME_INDEX));
        assert!(
            tables.len() > 15,
            "the catalogue was not understood: {tables:?}"
        );
        tables
    }

    async fn column_names(&self, table: &str) -> Vec<String> {
        let sql = if self.app.db.is_postgres() {
            "SELECT CAST(column_name AS text) FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position"
        } else {
            "SELECT name FROM pragma_table_info(?) ORDER BY cid"
        };
        self.texts(sql, vec![table.into()]).await
    }

    /// Everything that the database holds of an institution, once the trail is in order.
    pub async fn contents(&self, institution: Id<Institution>) -> Contents {
        self.settle().await;
        let mut contents = Contents::new();
        let mut parts = Vec::new();
        for (table, columns) in self.catalogue().await {
            assert!(
                columns.iter().any(|c| c == "institution_id"),
                "{table} does not say whose its rows are"
            );
            let row = if self.app.db.is_postgres() {
                format!("CAST(\"{table}\" AS text)")
            } else {
                columns
                    .iter()
                    .map(|c| format!("quote(\"{c}\")"))
                    .collect::<Vec<_>>()
                    .join(" || '|' || ")
            };
            // What was refused leaves a trace in the audit trail, and nowhere else.
            let but_refusals = match table.as_str() {
                "audit_records" => "AND outcome <> 'refused'",
                "audit_payloads" => {
                    "AND id NOT IN (SELECT id FROM audit_records WHERE outcome = 'refused')"
                }
                "positions" => "AND stream <> 'audit_records'",
                _ => "",
            };
            parts.push(format!(
                "SELECT '{table}', {row} FROM \"{table}\" WHERE institution_id = ? {but_refusals}"
            ));
            contents.insert(table.clone(), Vec::new());
        }
        let own = vec![institution.uuid().into(); parts.len()];
        for row in self.query(&parts.join(" UNION ALL "), own).await {
            let table: String = row.try_get_by_index(0).unwrap();
            let rows = contents.get_mut(&table).unwrap();
            rows.push(row.try_get_by_index(1).unwrap());
        }
        contents.values_mut().for_each(|rows| rows.sort());
        contents
    }
}

impl World {
    /// Runs one statement in the school; `?` for its values.
    pub async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
        self.server.execute(self.institution, sql, values).await
    }

    /// The same, and everybody's standing is to be read again.
    pub async fn reorganize(&self, sql: &str, values: Vec<Value>) {
        self.execute(sql, values).await.unwrap();
        self.execute(
            "UPDATE institutions SET access_version = access_version + 1 WHERE institution_id = ?",
            vec![self.institution.uuid().into()],
        )
        .await
        .unwrap();
    }

    /// Adds a role of the school's own.
    pub async fn add_role(&self, code: &str, permissions: &[(&str, Reach)]) {
        let id: Id<()> = self.server.app.clock.stamp().id();
        self.execute(
            "INSERT INTO roles (institution_id, id, code, name, name_fold, is_built_in, version, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, 1, 0)",
            vec![
                self.institution.uuid().into(),
                id.uuid().into(),
                code.into(),
                code.into(),
                code.into(),
                // As one of those that begin without an event.
                true.into(),
            ],
        )
        .await
        .unwrap();
        let rows = vec!["(?, ?, ?, ?)"; permissions.len()].join(", ");
        let values = permissions.iter().flat_map(|(permission, reach)| {
            let (institution, role) = (self.institution.uuid(), id.uuid());
            let named: [Value; 2] = [(*permission).into(), reach.as_str().into()];
            [institution.into(), role.into()].into_iter().chain(named)
        });
        let sql = format!(
            "INSERT INTO role_permissions (institution_id, role_id, permission, reach) VALUES {rows}"
        );
        self.execute(&sql, values.collect()).await.unwrap();
    }

    /// Hires and logs in somebody with these roles.
    pub async fn hire(
        &self,
        roles: &[&str],
        campus: Id<Campus>,
        home_team: Option<Id<Team>>,
    ) -> Actor {
        let app = &self.server.app;
        let stamp = app.clock.stamp();
        let institution = self.institution;
        let operation = Operation::system(institution, PrincipalKind::Operator, "hire", stamp);
        let new = NewStaff {
            user_name: stamp.id::<()>().to_string(),
            name: if roles.is_empty() {
                "没有角色".into()
            } else {
                roles.join(" ")
            },
            phone: None,
            campuses: vec![campus],
            home_team,
            roles: roles.iter().map(|r| (*r).to_owned()).collect(),
        };
        let db = app.db.clone();
        let (principal, session) = self
            .server
            .inside(async move {
                let new = &new;
                commit(&db, &operation, |tx| async move {
                    let principal = hire(&tx, new).await?.cast();
                    let lasts = jiff::SignedDuration::from_hours(24);
                    let (session, _) = sessions::open(&tx, principal, lasts).await?;
                    Ok::<_, Error>((principal, session))
                })
                .await
                .unwrap()
            })
            .await;
        let bearer = Bearer::whole(institution, principal, session);
        Actor::in_session(self.server, &self.client, bearer)
    }

    /// Somebody of either institution, known only by the principal, in a session of its own.
    pub async fn acting_as(&self, institution: Id<Institution>, principal: Id<Principal>) -> Actor {
        let app = &self.server.app;
        let stamp = app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::Operator, "act", stamp);
        let db = app.db.clone();
        let session = self
            .server
            .inside(async move {
                commit(&db, &operation, |tx| async move {
                    let lasts = jiff::SignedDuration::from_hours(24);
                    let (session, _) = sessions::open(&tx, principal, lasts).await?;
                    Ok::<_, Error>(session)
                })
                .await
                .unwrap()
            })
            .await;
        let bearer = Bearer::whole(institution, principal, session);
        Actor::in_session(self.server, &self.client, bearer)
    }

    /// A job of somebody's that nobody will run for a long time.
    pub async fn waiting_job(&self, institution: Id<Institution>, owner: Uuid) -> Uuid {
        let id = self.server.app.clock.stamp().id::<()>().uuid();
        let now = self.server.app.clock.now().as_microsecond();
        self.server
            .execute(
                institution,
                "INSERT INTO jobs (institution_id, id, version, owner_id, kind, status, done, attempt, \
                 due_at, cancel_requested, request_id, trace_id, created_at) \
                 VALUES (?, ?, 1, ?, 'remove_expired', 'queued', 0, 0, ?, ?, ?, ?, ?)",
                vec![
                    institution.uuid().into(),
                    id.into(),
                    owner.into(),
                    i64::MAX.into(),
                    false.into(),
                    id.into(),
                    id.into(),
                    now.into(),
                ],
            )
            .await
            .unwrap();
        id
    }

    /// A notice in somebody's inbox.
    pub async fn notice(&self, institution: Id<Institution>, to: Uuid) -> Uuid {
        let id = self.server.app.clock.stamp().id::<()>().uuid();
        let now = self.server.app.clock.now().as_microsecond();
        let numbers = serde_json::json!({"created": 7, "duplicate": 2, "skipped": 1, "failed": 0});
        self.server
            .execute(
                institution,
                "INSERT INTO notices (institution_id, id, version, principal_id, kind, numbers, \
                 target_kind, target_id, created_at) VALUES (?, ?, 1, ?, 'import_finished', ?, 'import', ?, ?)",
                vec![
                    institution.uuid().into(),
                    id.into(),
                    to.into(),
                    numbers.into(),
                    id.into(),
                    now.into(),
                ],
            )
            .await
            .unwrap();
        id
    }

    /// A request of somebody's for a share, in words where it is about nobody.
    pub async fn share_request(
        &self,
        institution: Id<Institution>,
        asker: Id<Principal>,
        about: Option<Wanted>,
    ) -> Uuid {
        let app = &self.server.app;
        let stamp = app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::Operator, "ask", stamp);
        let description = about.is_none().then(|| "三月公开课的张伟".to_owned());
        let request = ShareRequest::ask(asker, about, description, "家长到访", &stamp).unwrap();
        let (db, id) = (app.db.clone(), request.id.uuid());
        self.server
            .inside(async move {
                let request = &request;
                commit(&db, &operation, |tx| async move {
                    share_requests::insert(&tx, request).await
                })
                .await
                .unwrap();
            })
            .await;
        id
    }

    /// A template of somebody's, by which imports are begun.
    pub async fn import_template(
        &self,
        institution: Id<Institution>,
        owner: Id<Principal>,
    ) -> Uuid {
        let app = &self.server.app;
        let stamp = app.clock.stamp();
        let operation = Operation::system(institution, PrincipalKind::Operator, "keep", stamp);
        let new = NewTemplate {
            audience: TemplateAudience::Own,
            entity: ImportEntity::Customers,
            name: "地推登记表".to_owned(),
            columns: vec![TemplateColumn {
                header: "学员".to_owned(),
                field: LeadField::Name,
            }],
            choice: Choice::CREATE,
        };
        let template = ImportTemplate::create(new, owner, &stamp).unwrap();
        let (db, id) = (app.db.clone(), template.id.uuid());
        self.server
            .inside(async move {
                let template = &template;
                commit(&db, &operation, |tx| async move {
                    let grant =
                        Grant::<ImportsRun>::system(institution, tx.now(), "a record to try");
                    kept::insert(&tx, &grant, template).await
                })
                .await
                .unwrap();
            })
            .await;
        id
    }

    /// Somebody of either institution who may do nothing.
    pub async fn employee_of(&self, institution: Id<Institution>) -> Id<Principal> {
        let sql = "SELECT id FROM staff WHERE institution_id = ? AND user_name = 'employee'";
        let rows = self
            .server
            .query(sql, vec![institution.uuid().into()])
            .await;
        Id::new(rows[0].try_get("", "id").unwrap())
    }

    /// An import of somebody's that has ended.
    pub async fn ended_import(
        &self,
        institution: Id<Institution>,
        owner: Uuid,
        campus: Id<Campus>,
    ) -> Uuid {
        let id = self.server.app.clock.stamp().id::<()>().uuid();
        let now = self.server.app.clock.now().as_microsecond();
        self.server
            .execute(
                institution,
                "INSERT INTO imports (institution_id, id, version, owner_id, campus_id, file_id, job_id, \
                 entity, mode, last_row, created, duplicate, skipped, failed, created_at, finished_at) \
                 VALUES (?, ?, 1, ?, ?, ?, ?, 'customers', 'commit', 0, 0, 0, 0, 0, ?, ?)",
                vec![
                    institution.uuid().into(),
                    id.into(),
                    owner.into(),
                    campus.uuid().into(),
                    id.into(),
                    id.into(),
                    now.into(),
                    now.into(),
                ],
            )
            .await
            .unwrap();
        id
    }

    /// A run of rules of screening of somebody's that has ended.
    pub async fn ended_screening(&self, institution: Id<Institution>, owner: Uuid) -> Uuid {
        let id = Uuid::now_v7();
        let now = self.server.app.clock.now().as_microsecond();
        let sql = "INSERT INTO screening_runs (institution_id, id, version, owner_id, job_id, rules, status, looked_at, \
                   created_at, finished_at) VALUES (?, ?, 2, ?, ?, ?, 'succeeded', 0, ?, ?)";
        let values = vec![
            institution.uuid().into(),
            id.into(),
            owner.into(),
            id.into(),
            serde_json::json!([]).into(),
            now.into(),
            now.into(),
        ];
        self.server.execute(institution, sql, values).await.unwrap();
        id
    }

    /// An export of somebody's that has ended, with a file.
    pub async fn ended_export(&self, institution: Id<Institution>, owner: Uuid) -> Uuid {
        let id = self.server.app.clock.stamp().id::<()>().uuid();
        let now = self.server.app.clock.now().as_microsecond();
        let expires = now + 3_600_000_000;
        let actor = self.acting_as(institution, Id::new(owner)).await;
        let made = actor.upload("/api/v1/files", "a.csv", b"ID\r\n").await;
        let file: Uuid = made.expect(201).id().parse().unwrap();
        let app = self.server.app.clone();
        let loading = async move {
            let bearer = Bearer::owner(institution, Id::new(owner), None);
            let standing = load(&app.db.read(), &bearer, app.clock.now()).await;
            standing.unwrap().unwrap().digest()
        };
        let rights = self.server.inside(loading).await;
        self.server
            .execute(
                institution,
                "UPDATE files SET record_kind = 'export', record_id = ?, expires_at = ? \
                 WHERE institution_id = ? AND id = ?",
                vec![
                    id.into(),
                    expires.into(),
                    institution.uuid().into(),
                    file.into(),
                ],
            )
            .await
            .unwrap();
        self.server
            .execute(
                institution,
                "INSERT INTO exports (institution_id, id, version, owner_id, job_id, entity, format, \
                 locale, filters, status, row_count, revealed_rows, file_id, rights, expires_at, \
                 created_at, finished_at) VALUES (?, ?, 1, ?, ?, 'customers', 'csv', 'en', ?, \
                 'succeeded', 0, 0, ?, ?, ?, ?, ?)",
                vec![
                    institution.uuid().into(),
                    id.into(),
                    owner.into(),
                    id.into(),
                    serde_json::json!({}).into(),
                    file.into(),
                    rights.to_vec().into(),
                    expires.into(),
                    now.into(),
                    now.into(),
                ],
            )
            .await
            .unwrap();
        id
    }
}
