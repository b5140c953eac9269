//! `educrm demo`, as somebody sees it who runs it.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
};

use educrm::clock::Clock;
use tests::{
    Value, json, new_client,
    patience::{LONGEST_WAIT, until},
    process::{finished, signal},
};

const DRILL: &str = env!("CARGO_BIN_EXE_drill");

/// What the demo says last before it only serves.
const LAST: &str = "Ctrl-C stops it";

/// `educrm` with some arguments and settings, and nothing else of this environment but the path.
fn educrm(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(DRILL);
    command
        .arg("educrm")
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("TMPDIR", std::env::temp_dir())
        .envs(settings.iter().copied())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null());
    command
}

/// A demo that serves; killed when dropped.
struct Demo {
    child: Child,
    said: Vec<String>,
}

impl Demo {
    fn start() -> Self {
        let mut child = educrm(&["demo"], &[("EDUCRM_LISTEN", "127.0.0.1:0")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut demo = Self {
            child,
            said: Vec::new(),
        };
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let _ = output.lines().try_for_each(|read| line.send(read.unwrap()));
        });
        let is_last = |line: &String| line.starts_with(LAST);
        while !demo.said.last().is_some_and(is_last) {
            let next = lines.recv_timeout(LONGEST_WAIT);
            assert!(next.is_ok(), "{:#?}", demo.said);
            demo.said.extend(next);
        }
        demo
    }

    /// What stands behind a heading.
    fn told(&self, heading: &str) -> &str {
        let line = self.said.iter().find_map(|line| line.strip_prefix(heading));
        line.unwrap().trim()
    }

    fn folder(&self) -> PathBuf {
        self.told("Folder").into()
    }

    /// Role, user name and password of everybody.
    fn log_ins(&self) -> Vec<[&str; 3]> {
        let lines = self
            .said
            .iter()
            .filter(|line| line.starts_with("  ") && !line.contains(':'));
        lines
            .map(|line| {
                line.split_whitespace()
                    .collect::<Vec<_>>()
                    .try_into()
                    .unwrap()
            })
            .collect()
    }

    /// The lines that are to be pasted into a shell.
    fn to_paste(&self) -> Vec<&str> {
        let lines = self.said.iter().map(String::as_str);
        lines.filter(|line| line.contains("curl ")).collect()
    }

    fn beside(&self, arguments: &[&str]) -> Output {
        let folder = self.folder();
        let settings = [("EDUCRM_DATA_DIR", folder.to_str().unwrap())];
        finished(&mut educrm(arguments, &settings))
    }

    /// Stops it as Ctrl-C does.
    fn stop(mut self) {
        signal("INT", self.child.id());
        let ended = until("the demo ends", || self.child.try_wait().unwrap());
        assert!(ended.success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Logs in, and says whose log-in it is.
async fn log_in(api: &str, user_name: &str, password: &str) -> (String, Value) {
    let client = new_client();
    let body = json!({"institution": "school", "user_name": user_name, "password": password});
    let answer = client
        .post(format!("{api}/auth/login"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{user_name}");
    let answer: Value = answer.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let me = get(api, &token, "/me").await;
    (token, me)
}

async fn get(api: &str, token: &str, path: &str) -> Value {
    let request = new_client().get(format!("{api}{path}")).bearer_auth(token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// Everything of a list.
async fn all(api: &str, token: &str, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(api, token, &format!("{path}?limit=200{cursor}")).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn runs(output: &Output) {
    let said =
        [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned());
    assert!(output.status.success(), "{said:?}");
}

#[tokio::test]
async fn a_demo_is_a_school_with_a_year_behind_it_that_leaves_nothing() {
    let demo = Demo::start();
    let api = demo.told("API");

    // Everybody can log in as they are.
    let log_ins = demo.log_ins();
    let roles: Vec<_> = log_ins.iter().map(|[role, ..]| *role).collect();
    assert_eq!(roles.len(), 12, "{roles:?}");
    for role in [
        "boss",
        "branch_manager",
        "sales_supervisor",
        "recruiter",
        "customer_service",
        "teaching_affairs",
        "teacher",
        "finance",
    ] {
        assert!(roles.contains(&role), "{role}");
    }
    for [_, user_name, password] in &log_ins {
        let (_, me) = log_in(api, user_name, password).await;
        assert_eq!(me["must_change_password"], false, "{user_name}");
    }

    // The lines work as pasted.
    let pasted = demo.to_paste();
    assert_eq!(pasted.len(), 3);
    if Command::new("curl").arg("--version").output().is_ok() {
        let [token, search, report] = [pasted[0], pasted[1], pasted[2]];
        let shell = |lines: &str| {
            let output = finished(Command::new("sh").args(["-c", lines]));
            runs(&output);
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        let found = shell(&format!("{token}\n{search}"));
        let names = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| &item["name"]);
        assert!(names.into_iter().any(|name| name == "张伟"), "{found}");
        let day = shell(&format!("{token}\n{report}"));
        assert!(day["new_leads"].as_i64().unwrap() > 0, "{day}");
        assert!(
            day["money_in"]["net"]["amount_minor"].as_i64().unwrap() > 0,
            "{day}"
        );
    }

    // What the school has come to.
    let [_, boss, password] = log_ins[0];
    let (token, _) = log_in(api, boss, password).await;
    assert_eq!(all(api, &token, "/campuses").await.len(), 2);
    assert_eq!(all(api, &token, "/staff").await.len(), 12);
    let customers = all(api, &token, "/customers").await;
    assert_eq!(customers.len(), 300);
    let of = |kind: &str| {
        customers
            .iter()
            .filter(|customer| customer["kind"] == kind)
            .count()
    };
    assert!(of("student") > 150 && of("student") + of("guardian") == 300);
    let due = all(api, &token, "/follow-ups/due").await;
    for is_overdue in [true, false] {
        assert!(
            due.iter().any(|one| one["is_overdue"] == is_overdue),
            "{is_overdue}"
        );
    }
    assert!(all(api, &token, "/enrollments").await.len() > 100);
    assert!(
        all(api, &token, "/payments")
            .await
            .iter()
            .any(|paid| !paid["voided_at"].is_null())
    );
    let first = &all(api, &token, "/events").await[0];
    let begun: jiff::Timestamp = first["time"].as_str().unwrap().parse().unwrap();
    assert!(Clock::default().now().duration_since(begun).as_hours() > 360 * 24);

    // It is all true, and nobody else's to read.
    runs(&demo.beside(&["selfcheck"]));
    runs(&demo.beside(&["audit", "verify"]));
    let folder = demo.folder();
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");

    demo.stop();
    assert!(!folder.exists());
}

#[test]
fn a_demo_touches_no_database_of_ones_own_and_serves_nobody_else() {
    for (settings, name) in [
        (
            [
                ("DATABASE_URL", "postgres://educrm@127.0.0.1/educrm"),
                ("EDUCRM_PLAIN_HTTP", "off"),
            ],
            "DATABASE_URL",
        ),
        (
            [("EDUCRM_LISTEN", "0.0.0.0:0"), ("EDUCRM_PLAIN_HTTP", "on")],
            "EDUCRM_LISTEN",
        ),
    ] {
        let refused = finished(&mut educrm(&["demo"], &settings));
        assert!(!refused.status.success(), "{name}");
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(why.contains(name), "{why}");
    }
}
