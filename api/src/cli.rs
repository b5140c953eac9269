//! The commands of the program that are not the server.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use domain::{
    access::PrincipalKind,
    fault::{Fault, FieldFault, REFERENCE_UNKNOWN, Rule},
    id::Id,
    money::Currency,
    organization::{Institution, Locale, NewInstitution},
    text_enum::TextEnum,
};
use persistence::{
    Database, Operation,
    audit::{chain, verify},
    invariants,
    organization::store::{
        self, NewStaff, campuses, hire, institution_by_code, list_institutions, set_suspended,
    },
};

use crate::{
    access::passwords::commands::give_one_time_password,
    app::App,
    audit::checkpoints::Checkpoints,
    backup::commands::{self as backup, BackupCommand},
    boot::{self, ADMINISTRATOR, Failure},
    clock::Clock,
    data_dir::DataDir,
    demo,
    program::{run, serve},
    settings::Settings,
    system,
};

/// Customer relations of training schools: a JSON REST API.
///
/// Settings come from the environment or a .env file; .env.example lists them.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default).
    Serve,
    /// Serve an invented school in a folder of its own, which is removed when it stops.
    Demo,
    /// Bring the database's schema up to date, and exit.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Institutions: the tenants of this installation.
    #[command(subcommand)]
    Institution(InstitutionCommand),
    /// People of an institution.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Make a sealed backup of everything (SQLite), beside a running server too.
    #[command(args_conflicts_with_subcommands = true)]
    Backup {
        #[command(subcommand)]
        command: Option<BackupCommand>,
    },
    /// Bring a backup back, while no server runs; the folder needs the `field.key` that it was made with.
    Restore {
        /// Path of the backup, or its name in `educrm backup list`.
        backup: PathBuf,
        /// Put the present database and files aside, and the backup in their place.
        #[arg(long)]
        replace: bool,
    },
    /// Check the invariants of the data, as queries that must find nothing.
    Selfcheck,
    /// The audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Prove that nobody altered, removed, added or moved a record; beside a running server too.
    Verify {
        /// Code of one institution; all, when absent.
        #[arg(long)]
        institution: Option<String>,
    },
}

#[derive(Subcommand)]
enum InstitutionCommand {
    /// Found an institution, with its headquarters and an administrator.
    Create {
        /// What people type at log-in: 2 to 32 of a-z, 0-9 and hyphens.
        #[arg(long)]
        code: String,
        #[arg(long)]
        name: String,
        /// IANA name of its time zone.
        #[arg(long, default_value = "Asia/Shanghai")]
        time_zone: String,
        /// ISO 4217 code of the one currency of its books.
        #[arg(long, default_value_t = Currency::CNY, value_parser = currency)]
        currency: Currency,
        /// Language of its texts, and of the names of its roles and departments: zh-CN or en.
        #[arg(long, default_value = Locale::Chinese.as_str(), value_parser = locale)]
        locale: Locale,
    },
    /// List the institutions.
    List,
    /// Let nobody of an institution in any more, and end all log-ins; its data stay.
    Suspend {
        #[arg(long)]
        code: String,
    },
    /// Let the people of a suspended institution log in again.
    Resume {
        #[arg(long)]
        code: String,
    },
}

#[derive(Subcommand)]
enum StaffCommand {
    /// Give a person a new password for one use; log-ins that are open end.
    ResetPassword {
        /// Code of the institution.
        #[arg(long)]
        institution: String,
        #[arg(long)]
        user_name: String,
    },
    /// Hire a person, who gets a password for one use.
    Create {
        /// Code of the institution.
        #[arg(long)]
        institution: String,
        #[arg(long)]
        user_name: String,
        #[arg(long)]
        name: String,
        /// A phone, by which the person can log in as well.
        #[arg(long)]
        phone: Option<String>,
        /// Name of a campus; the first one, when absent.
        #[arg(long)]
        campus: Option<String>,
        /// Code of a role; several by repeating it.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> Result<(), Failure> {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => run(async |settings| serve(settings, |_| {}).await),
            Command::Demo => run(demo::run),
            Command::Migrate => within_app(async |_| Ok(())),
            Command::Openapi => {
                let [(_, document), _] = system::published();
                println!("{document:#}");
                Ok(())
            }
            Command::Institution(InstitutionCommand::List) => {
                beside(async |db, _, _| list(db).await)
            }
            Command::Institution(command) => {
                within_app(async |app| institution(app, command).await)
            }
            Command::Staff(command) => within_app(async |app| staff(app, command).await),
            Command::Backup { command: None } => {
                run(async |settings| backup::make(&settings).await)
            }
            Command::Backup {
                command: Some(BackupCommand::List),
            } => run(async |settings| backup::list(&settings).await),
            Command::Restore { backup, replace } => {
                run(async |settings| restore(&settings, &backup, replace).await)
            }
            Command::Selfcheck => beside(async |db, _, _| selfcheck(db).await),
            Command::Audit(AuditCommand::Verify { institution }) => {
                beside(async |db, folder, settings| {
                    let checkpoints =
                        Checkpoints::new(folder.path(), &settings.audit_checkpoints_dir);
                    let key = folder.key("audit.key")?;
                    verify_audit(db, &key, &checkpoints, institution.as_deref()).await
                })
            }
        }
    }
}

fn within_app(work: impl AsyncFnOnce(&App) -> Result<(), Failure>) -> Result<(), Failure> {
    run(async |settings| {
        let (app, _folder) = boot::open(settings, Clock::default()).await?;
        work(&app).await
    })
}

/// Reads, beside a server that may be running.
fn beside(
    work: impl AsyncFnOnce(&Database, &DataDir, &Settings) -> Result<(), Failure>,
) -> Result<(), Failure> {
    run(async |settings| {
        let (db, folder) = boot::open_beside(&settings).await?;
        let done = work(&db, &folder, &settings).await;
        db.close().await;
        done
    })
}

/// Brings a backup back, and checks what is there then.
async fn restore(settings: &Settings, backup: &Path, replace: bool) -> Result<(), Failure> {
    backup::bring_back(settings, backup, replace).await?;
    let (db, folder) = boot::open_beside(settings).await?;
    let own = Checkpoints::new(folder.path(), Path::new(""));
    let checked = async {
        selfcheck(&db).await?;
        verify_audit(&db, &*folder.key("audit.key")?, &own, None).await
    };
    let checked = checked.await;
    db.close().await;
    checked?;
    let all = Checkpoints::new(folder.path(), &settings.audit_checkpoints_dir);
    for institution in all.institutions() {
        if all.newest(institution)? != own.newest(institution)? {
            println!(
                "{institution}: a newer checkpoint than the backup's is kept in {}; the trail is \
                 sealed again once it is taken away",
                settings.audit_checkpoints_dir.display()
            );
        }
    }
    Ok(())
}

/// Proves the trail of one institution, or of all.
pub async fn verify_audit(
    db: &Database,
    key: &[u8; 32],
    checkpoints: &Checkpoints,
    institution: Option<&str>,
) -> Result<(), Failure> {
    let trails = match institution {
        Some(code) => vec![known(db, code).await?.uuid()],
        None => {
            let mut all = verify::trails(db).await?;
            all.extend(checkpoints.institutions());
            all.sort_unstable();
            all.dedup();
            all
        }
    };
    let mut broken = 0;
    for trail in trails {
        let kept = checkpoints.newest(trail)?;
        let proof = verify::verify(db, &chain::public(key), trail, kept.as_ref()).await?;
        let end = match &kept {
            Some(kept) => format!("checkpoint of block {}", kept.block),
            None => "no checkpoint here: an end that was cut off would not show".to_owned(),
        };
        match proof.broken {
            None => println!(
                "{trail}: sound, {} records in {} blocks, {} not sealed yet; {end}",
                proof.records, proof.blocks, proof.unsealed
            ),
            Some((block, why)) => {
                broken += 1;
                println!("{trail}: BROKEN at block {block}: {why}");
            }
        }
    }
    match broken {
        0 => Ok(()),
        _ => Err("the audit trail was tampered with".into()),
    }
}

async fn institution(app: &App, command: InstitutionCommand) -> Result<(), Failure> {
    match command {
        InstitutionCommand::Create {
            code,
            name,
            time_zone,
            currency,
            locale,
        } => {
            let new = NewInstitution {
                code,
                name,
                time_zone,
                currency,
                locale,
            };
            let founded = boot::found_institution(app, &new).await?;
            println!("institution {}", new.code);
            print_log_in(app, ADMINISTRATOR, &founded.one_time_password);
        }
        InstitutionCommand::List => list(&app.db).await?,
        InstitutionCommand::Suspend { code } => suspend(app, &code, true).await?,
        InstitutionCommand::Resume { code } => suspend(app, &code, false).await?,
    }
    Ok(())
}

async fn suspend(app: &App, code: &str, suspended: bool) -> Result<(), Failure> {
    let (name, status) = if suspended {
        ("suspend_institution", "suspended")
    } else {
        ("resume_institution", "active")
    };
    let operation = by_operator(app, known(&app.db, code).await?, name);
    let is_news = app
        .db
        .transaction(&operation, |tx| async move {
            set_suspended(&tx, suspended).await
        })
        .await?;
    let already = if is_news { "" } else { " already" };
    println!("institution {code} is {status}{already}");
    Ok(())
}

fn locale(text: &str) -> Result<Locale, &'static str> {
    Locale::parse(text).ok_or("zh-CN or en")
}

fn currency(text: &str) -> Result<Currency, &'static str> {
    text.parse().map_err(|rule: &Rule| rule.detail.en)
}

async fn list(db: &Database) -> Result<(), Failure> {
    for (code, name, status) in list_institutions(&db.read()).await? {
        println!("{code}\t{status}\t{name}");
    }
    Ok(())
}

async fn staff(app: &App, command: StaffCommand) -> Result<(), Failure> {
    let (institution, user_name, name, phone, campus, roles) = match command {
        StaffCommand::Create {
            institution,
            user_name,
            name,
            phone,
            campus,
            roles,
        } => (institution, user_name, name, phone, campus, roles),
        StaffCommand::ResetPassword {
            institution,
            user_name,
        } => return reset_password(app, &institution, &user_name).await,
    };
    let institution = known(&app.db, &institution).await?;
    let campuses = campuses(&app.db.read(), institution).await?;
    let place = campuses
        .iter()
        .find(|(_, name, _)| campus.as_ref().is_none_or(|wanted| wanted == name))
        .ok_or("there is no such campus")?;
    for role in &roles {
        if !store::role_exists(&app.db.read(), institution, role).await? {
            return Err(Fault::fields(vec![FieldFault::new("/role", &REFERENCE_UNKNOWN)]).into());
        }
    }
    let new = NewStaff {
        user_name,
        name,
        phone,
        campuses: vec![place.0],
        home_team: None,
        roles,
    };
    let operation = by_operator(app, institution, "create_staff");
    let person = {
        let new = &new;
        app.db
            .transaction(&operation, |tx| async move { hire(&tx, new).await })
            .await?
    };
    let password = give_one_time_password(app, &operation, person.cast()).await?;
    print_log_in(app, &new.user_name, &password);
    Ok(())
}

async fn reset_password(app: &App, institution: &str, user_name: &str) -> Result<(), Failure> {
    let institution = known(&app.db, institution).await?;
    let person = store::staff_by_user_name(&app.db.read(), institution, user_name)
        .await?
        .ok_or("there is no such person")?;
    let operation = by_operator(app, institution, "reset_password");
    let password = give_one_time_password(app, &operation, person.cast()).await?;
    print_log_in(app, user_name, &password);
    Ok(())
}

fn print_log_in(app: &App, user_name: &str, password: &str) {
    let minutes = app.settings.one_time_password_minutes.0;
    println!("user        {user_name}");
    println!("password    {password}  (for one use, within {minutes} minutes)");
}

async fn selfcheck(db: &Database) -> Result<(), Failure> {
    let broken = invariants::check(db, None).await?;
    for (name, rows) in &broken {
        println!("broken: {name} ({rows} rows)");
    }
    if broken.is_empty() {
        println!("every invariant holds");
        Ok(())
    } else {
        Err("invariants are broken".into())
    }
}

async fn known(db: &Database, code: &str) -> Result<Id<Institution>, Failure> {
    let found = institution_by_code(&db.read(), code).await?;
    Ok(found.ok_or("there is no such institution")?)
}

fn by_operator(app: &App, institution: Id<Institution>, name: &'static str) -> Operation {
    Operation::system(
        institution,
        PrincipalKind::Operator,
        name,
        app.clock.stamp(),
    )
}
