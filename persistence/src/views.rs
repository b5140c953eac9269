//! Rows of views.

use domain::{
    id::Id,
    organization::Team,
    text_enum::TextEnum,
    views::{Audience, TOO_MANY_VIEWS, VIEWS_MAX, View, ViewEntity},
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Tx,
    access::{Scope, Writes},
    database::statement,
    kept::{Head, Kept},
};

#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    search: serde_json::Value,
}

impl Kept for View {
    const TABLE: &'static str = "views";
    const KIND: &'static str = "view";
    const COLUMNS: &'static [&'static str] = &["entity", "audience", "team_id", "language"];
    const MOST: (i64, &'static domain::fault::Rule) = (VIEWS_MAX, &TOO_MANY_VIEWS);

    fn head(&self) -> Head {
        Head {
            id: self.id.uuid(),
            version: self.version,
            owner: self.owner.uuid(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// To everybody, or to the team that somebody belongs to.
    fn shown(scope: &Scope) -> (&'static str, Vec<Value>) {
        let sql = "audience = 'institution' OR team_id = \
             (SELECT home_team_id FROM staff WHERE institution_id = ? AND id = ?)";
        let reader = [scope.institution().uuid(), scope.principal()];
        (sql, reader.map(Value::from).to_vec())
    }

    fn values(&self) -> Vec<Value> {
        vec![
            self.entity.as_str().into(),
            self.audience.as_str().into(),
            self.team.map(Id::uuid).into(),
            self.language.into(),
        ]
    }

    fn content(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Content {
            name: self.name.clone(),
            search: self.search.clone(),
        })
    }

    fn read(head: Head, content: &[u8], row: &QueryResult) -> Result<Self, Error> {
        let corrupt = || Error::corrupt("a view");
        let content: Content = serde_json::from_slice(content).map_err(|_| corrupt())?;
        let text = |name: &str| -> Result<String, Error> { Ok(row.try_get("", name)?) };
        let team: Option<Uuid> = row.try_get("", "team_id")?;
        Ok(Self {
            id: Id::new(head.id),
            version: head.version,
            entity: ViewEntity::parse(&text("entity")?).ok_or_else(corrupt)?,
            name: content.name,
            audience: Audience::parse(&text("audience")?).ok_or_else(corrupt)?,
            owner: Id::new(head.owner),
            team: team.map(Id::new),
            language: row.try_get("", "language")?,
            search: content.search,
            created_at: head.created_at,
            updated_at: head.updated_at,
        })
    }

    /// Not what it looks for, which may be a name.
    fn told(&self) -> serde_json::Value {
        json!({
            "entity": self.entity.as_str(), "audience": self.audience.as_str(),
            "team_id": self.team, "owner_id": self.owner,
        })
    }
}

/// The team that somebody belongs to.
pub async fn team_of(tx: &Tx, grant: &impl Writes<View>) -> Result<Option<Id<Team>>, Error> {
    let scope = grant.scope();
    let key = [scope.institution().uuid(), scope.principal()].map(Value::from);
    let sql = "SELECT home_team_id FROM staff WHERE institution_id = ? AND id = ?";
    let row = tx.query_one_raw(statement(tx, sql, key)).await?;
    let team: Option<Uuid> = match row {
        Some(row) => row.try_get("", "home_team_id")?,
        None => None,
    };
    Ok(team.map(Id::new))
}
