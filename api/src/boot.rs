//! From settings to a state that can serve.

use domain::{
    access::{Principal, PrincipalKind},
    id::Id,
    organization::{Institution, NewInstitution},
};
use persistence::{
    Database, Operation,
    database::Target,
    keys::Keys,
    organization::store::{NewCampus, NewStaff, found, hire, open_campus},
};

use crate::{
    access::Tokens, app::App, clock::Clock, data_dir::DataDir, http::Cursors, settings::Settings,
};

/// Why the process can't start.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Opens everything that the settings name. The folder stays locked while the process runs.
pub async fn open(settings: Settings, clock: Clock) -> Result<(App, DataDir), Failure> {
    let folder = DataDir::open(&settings.data_dir)?;
    let target = if settings.database_url.0.is_empty() {
        Target::Sqlite {
            file: folder.sqlite(),
            readers: settings.sqlite_readers.0,
            flush: settings.sqlite_flush.0,
        }
    } else {
        Target::Postgres {
            url: settings.database_url.0.clone(),
            connections: settings.database_connections.0,
            workers: u32::try_from(settings.worker_count())?,
        }
    };
    let db = Database::open(&target, Keys::new(&*folder.key("field.key")?)).await?;
    db.migrate().await?;
    let signing = folder.secret("signing.pem", || {
        Tokens::generate_key().map_err(std::io::Error::other)
    })?;
    let tokens = Tokens::new(&signing, settings.public_url.clone())?;
    let cursors = Cursors::new(*folder.key("cursor.key")?);
    Ok((App::new(settings, clock, db, tokens, cursors), folder))
}

/// What `educrm institution create` and the first start found.
#[derive(Clone, Debug)]
pub struct Founded {
    pub institution: Id<Institution>,
    pub administrator: Id<Principal>,
}

/// Founds an institution with its headquarters and an administrator.
pub async fn found_institution(
    db: &Database,
    clock: &Clock,
    new: &NewInstitution,
) -> Result<Founded, persistence::Error> {
    let stamp = clock.stamp();
    let institution = stamp.id();
    let operation = Operation::system(
        institution,
        PrincipalKind::Operator,
        "found_institution",
        stamp,
    );
    db.transaction(&operation, |tx| async move {
        found(&tx, new).await?;
        let campus = open_campus(
            &tx,
            &NewCampus {
                name: new.name.clone(),
                region: None,
                legal_entity: new.name.clone(),
                is_headquarters: true,
                time_zone: new.time_zone.clone(),
            },
        )
        .await?;
        let administrator = hire(
            &tx,
            &NewStaff {
                user_name: "admin".into(),
                name: "管理员".into(),
                campuses: vec![campus],
                home_team: None,
                roles: vec!["boss".into(), "system_administrator".into()],
            },
        )
        .await?;
        Ok(Founded {
            institution,
            administrator: administrator.cast(),
        })
    })
    .await
}
