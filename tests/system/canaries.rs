//! What is personal or secret stays out of the log and, sealed, out of the files (T-21, I-33, I-34).

use std::{fs, path::Path};

use tests::{
    Engine,
    client::{Connection, request},
    json,
    process::Site,
    world::settle,
};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");

/// Shown to who may see them, but never in the log.
const CLEAR: [&str; 3] = ["金丝雀甲", "2014-02-03", "金丝雀的备注"];
/// Nor in a file either.
const SEALED: [&str; 6] = [
    "13977772222",
    "canary.person@school.example",
    "correct-horse-canary",
    "educrm_canarycanarycanary_canary",
    "13977773333",
    "金丝雀路 7 号",
];

fn requests(campus: uuid::Uuid, token: &str, manager: &str) -> Vec<Vec<u8>> {
    let [name, birth, note] = CLEAR;
    let [phone, email, password, key, own_phone, address] = SEALED;
    let customer = json!({
        "kind": "student", "name": name, "birth_date": birth, "note": note,
        "source_channel": "hotline", "campus_id": campus,
        "contact_points": [
            {"kind": "phone", "value": phone}, {"kind": "email", "value": email}, {"kind": "address", "value": address},
        ],
    });
    let mut wrong = customer.clone();
    wrong["gender"] = json!(phone);
    wrong["name"] = json!(format!("{name}\u{0}"));
    let post = |path: &str, body: &str| {
        let key = uuid::Uuid::now_v7().to_string();
        request("POST", path, token, &[("idempotency-key", &key)], body)
    };
    let staff = json!({ "user_name": "canary", "name": "李娜", "campus_ids": [campus], "phone": own_phone });
    let get = |path: &str, token: &str| request("GET", path, token, &[], "");
    vec![
        post("/api/v1/customers", &customer.to_string()),
        post("/api/v1/customers", &wrong.to_string()),
        post("/api/v1/customers", &customer.to_string().replace('}', "")),
        post(
            "/api/v1/customers/search",
            &json!({"query": phone}).to_string(),
        ),
        post(
            "/api/v1/customers/search",
            &json!({"query": email, name: 1}).to_string(),
        ),
        post(
            "/api/v1/customers/search",
            &json!({"address": address}).to_string(),
        ),
        post(
            "/api/v1/auth/login",
            &json!({"institution": name, "user_name": email, "password": password}).to_string(),
        ),
        get(&format!("/api/v1/customers/{phone}"), token),
        get(&format!("/api/v1/customers?{email}={phone}"), token),
        get(&format!("/{password}/{phone}"), token),
        get("/api/v1/customers", key),
        get("/api/v1/customers", &format!("{token}{key}")),
        request(
            "GET",
            "/api/v1/customers",
            token,
            &[("idempotency-key", phone), ("if-none-match", email)],
            "",
        ),
        request(
            "PUT",
            &format!("/api/v1/customers/{phone}"),
            token,
            &[("x-request-id", phone)],
            "{}",
        ),
        post(
            "/api/v1/auth/login",
            &json!({"institution": "school", "user_name": own_phone, "password": password})
                .to_string(),
        ),
        request(
            "POST",
            "/api/v1/staff",
            manager,
            &[("idempotency-key", "canary")],
            &staff.to_string(),
        ),
    ]
}

fn kept_out(engine: Engine) {
    let settings = [("EDUCRM_LOG", "debug"), ("EDUCRM_SQLITE_FLUSH", "off")];
    let Some(site) = Site::new(engine, &settings) else {
        return;
    };
    let school = site.prepare(async |app| settle(app, "school").await);
    let token = site.token(school.institution, school.person("recruiter"));
    let process = site.start(Path::new(DRILL));
    let manager = site.token(school.institution, school.person("boss"));
    let requests = requests(school.places.north.uuid(), &token, &manager);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let statuses: Vec<u16> = runtime.block_on(async {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            for bytes in &requests {
                let mut connection = Connection::open(process.address).await.unwrap();
                let answer = connection.send_patiently(bytes).await.unwrap();
                statuses.push(answer.status);
            }
        }
        statuses
    });
    assert_eq!(statuses[0], 201);
    assert_eq!(statuses[3], 200);
    assert_eq!(statuses.last(), Some(&201));
    process.stop();
    let log = fs::read_to_string(site.folder.join("log")).unwrap();
    assert!(log.lines().count() > statuses.len(), "nothing was logged");
    let (_, signature) = token.rsplit_once('.').unwrap();
    for canary in CLEAR.iter().chain(&SEALED).chain([&signature]) {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
    if engine == Engine::Sqlite {
        searched(&site.folder, signature);
    }
}

/// Looks into every file below a folder.
fn searched(folder: &Path, signature: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            searched(&path, signature);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for canary in SEALED.iter().chain([&signature]) {
            let found = bytes.windows(canary.len()).any(|w| w == canary.as_bytes());
            assert!(!found, "{canary} is in {}", path.display());
        }
    }
}

#[test]
fn what_is_personal_or_secret_is_in_no_log_and_no_file_on_sqlite() {
    kept_out(Engine::Sqlite);
}

#[test]
fn what_is_personal_or_secret_is_in_no_log_on_postgres() {
    kept_out(Engine::Postgres);
}
