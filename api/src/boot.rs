//! From settings to a state that can serve.

use domain::{
    access::{Principal, PrincipalKind},
    fault::Text,
    id::Id,
    money::Currency,
    organization::{Institution, Locale, NewInstitution},
};
use persistence::{
    Database, Operation,
    database::Target,
    files::Contents,
    keys::Keys,
    organization::{
        self,
        store::{NewCampus, NewStaff, found, hire, open_campus},
    },
};
use zeroize::Zeroizing;

use crate::{
    access::{
        Tokens, commands::Derivation, passwords::Passwords,
        passwords::commands::give_one_time_password,
    },
    app::{App, Secrets},
    clock::Clock,
    data_dir::DataDir,
    http::Cursors,
    mounts,
    settings::Settings,
};

/// Why the process can't start.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The key that wraps all others in the database, and seals backups.
pub const FIELD_KEY: &str = "field.key";
/// The private key of access tokens, as PEM.
const SIGNING_KEY: &str = "signing.pem";

/// Keys of the installation, as files of the data folder.
pub const KEYS: [&str; 6] = [
    FIELD_KEY,
    SIGNING_KEY,
    "password.key",
    "token.key",
    "cursor.key",
    "audit.key",
];

/// Opens everything that the settings name. The folder stays locked while the process runs.
pub async fn open(settings: Settings, clock: Clock) -> Result<(App, DataDir), Failure> {
    let folder = DataDir::open(&settings.data_dir)?;
    let target = target(&settings, &folder)?;
    let db = Database::open(&target, Keys::new(&*folder.key(FIELD_KEY)?)).await?;
    migrate(&settings, &folder, &db).await?;
    let signing = folder.secret(SIGNING_KEY, || {
        Tokens::generate_key().map_err(std::io::Error::other)
    })?;
    let mut fingerprints = Vec::new();
    for name in KEYS {
        fingerprints.push((name, fingerprint_of(&folder, name)?));
    }
    db.confirm_keys(&fingerprints).await?;
    let secrets = Secrets {
        fingerprint: fingerprint_of(&folder, FIELD_KEY)?,
        tokens: Tokens::new(&signing, settings.public_url.clone())?,
        passwords: Passwords::new(folder.key("password.key")?)?,
        derivation: Derivation::new(*folder.key("token.key")?),
        cursors: Cursors::new(*folder.key("cursor.key")?),
        sealing: folder.key("audit.key")?,
    };
    let files = if settings.files_dir.as_os_str().is_empty() {
        folder.files()
    } else {
        settings.files_dir.clone()
    };
    let contents = Contents::in_folder(&files)?;
    Ok((App::new(settings, clock, db, secrets, contents)?, folder))
}

/// Brings the schema up to date, as the role that owns the tables.
async fn migrate(settings: &Settings, folder: &DataDir, db: &Database) -> Result<(), Failure> {
    let url = &settings.migrate_database_url.0;
    if url.is_empty() {
        return Ok(db.migrate().await?);
    }
    let target = Target::Postgres {
        url: url.clone(),
        connections: 1,
        workers: 1,
        superuser: settings.database_superuser.0,
    };
    let owner = Database::open(&target, Keys::new(&*folder.key(FIELD_KEY)?)).await?;
    let migrated = owner.migrate().await;
    owner.close().await;
    Ok(migrated?)
}

/// Opens the database to be read, beside a server that may be running on the same folder.
pub async fn open_beside(settings: &Settings) -> Result<(Database, DataDir), Failure> {
    let folder = DataDir::beside(&settings.data_dir)?;
    let target = target(settings, &folder)?;
    let db = Database::open(&target, Keys::new(&*folder.key(FIELD_KEY)?)).await?;
    if !db.is_current().await? {
        return Err("the database's schema is of another version: run `educrm migrate`".into());
    }
    let own = fingerprint_of(&folder, FIELD_KEY)?;
    if !db.has_key(FIELD_KEY, &own).await? {
        return Err("field.key is not the key that this database was made with".into());
    }
    Ok((db, folder))
}

/// By what the database knows a key of the installation; made where it is missing and may be.
pub fn fingerprint_of(folder: &DataDir, name: &str) -> std::io::Result<[u8; 32]> {
    let fingerprint = |secret: &[u8]| persistence::keys::digest(&[b"educrm key", secret]);
    if name == SIGNING_KEY {
        let missing = || {
            Err(std::io::Error::other(format!(
                "{name}: there is no such key"
            )))
        };
        return Ok(fingerprint(folder.secret(name, missing)?.as_bytes()));
    }
    Ok(fingerprint(folder.key(name)?.as_slice()))
}

fn target(settings: &Settings, folder: &DataDir) -> Result<Target, Failure> {
    Ok(if settings.database_url.0.is_empty() {
        mounts::check(folder.path())?;
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
            superuser: settings.database_superuser.0,
        }
    })
}

/// What `educrm institution create` and the first start found.
pub struct Founded {
    pub institution: Id<Institution>,
    pub administrator: Id<Principal>,
    /// Printed once; the administrator must change it at the first log-in.
    pub one_time_password: Zeroizing<String>,
}

/// User name of the first administrator.
pub const ADMINISTRATOR: &str = "admin";

const ADMINISTRATOR_NAME: Text = Text {
    zh: "管理员",
    en: "Administrator",
};

/// Founds an institution with its headquarters and an administrator.
pub async fn found_institution(
    app: &App,
    new: &NewInstitution,
) -> Result<Founded, persistence::Error> {
    let stamp = app.clock.stamp();
    let institution = stamp.id();
    let operation = Operation::system(
        institution,
        PrincipalKind::Operator,
        "found_institution",
        stamp,
    );
    let administrator = app
        .db
        .transaction(&operation, |tx| async move {
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
                    user_name: ADMINISTRATOR.into(),
                    name: ADMINISTRATOR_NAME.of(new.locale).into(),
                    phone: None,
                    campuses: vec![campus],
                    home_team: None,
                    roles: vec!["boss".into(), "system_administrator".into()],
                },
            )
            .await?;
            Ok(administrator.cast())
        })
        .await?;
    Ok(Founded {
        institution,
        administrator,
        one_time_password: give_one_time_password(app, &operation, administrator).await?,
    })
}

/// Founds the institution `school` where there is none yet.
pub async fn found_first(app: &App) -> Result<Option<Founded>, persistence::Error> {
    if organization::store::any_institution(&app.db.read()).await? {
        return Ok(None);
    }
    let new = NewInstitution {
        code: "school".into(),
        name: "我的学校".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: Currency::CNY,
        locale: Locale::Chinese,
    };
    found_institution(app, &new).await.map(Some)
}
