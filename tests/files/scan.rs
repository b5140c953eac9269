//! Uploads where there is a virus scanner. A stand-in for the ClamAV daemon answers as it is told.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use tests::{Actor, Answer, Engine, Server, World, call::form, json, run_on};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const FILES: &str = "/api/v1/files";

/// What every scanner takes for a virus (EICAR). In pieces: one may look at this file as well.
fn virus() -> Vec<u8> {
    let pieces = [
        "X5O!P%@AP[4\\PZX54(P^)7CC)7}",
        "$EICAR-STANDARD-ANTIVIRUS-",
        "TEST-FILE!$H+H*",
    ];
    pieces.concat().into_bytes()
}

fn has_virus(content: &[u8]) -> bool {
    let virus = virus();
    content.windows(virus.len()).any(|part| part == virus)
}

/// How the stand-in answers.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// As clamd does.
    Looks,
    /// The same words to everybody; none: it hangs up.
    Says(&'static [u8]),
    /// Hangs up on whoever is still sending.
    Interrupts,
    /// Never, while the caller waits.
    Hangs,
}

struct Scanner {
    manner: Mutex<Manner>,
    /// Contents that it was sent, whole.
    seen: Mutex<Vec<Vec<u8>>>,
}

impl Scanner {
    fn new(manner: Manner) -> Arc<Self> {
        Arc::new(Self {
            manner: Mutex::new(manner),
            seen: Mutex::default(),
        })
    }

    fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn seen(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap().clone()
    }

    async fn serve(self: Arc<Self>, listener: std::net::TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(self.clone().answer(stream));
        }
    }

    async fn answer(self: Arc<Self>, mut stream: TcpStream) {
        let manner = *self.manner.lock().unwrap();
        let mut command = [0; 10];
        stream.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        if let Manner::Interrupts = manner {
            return;
        }
        let mut content = Vec::new();
        loop {
            let length = stream.read_u32().await.unwrap();
            if length == 0 {
                break;
            }
            let mut piece = vec![0; length as usize];
            stream.read_exact(&mut piece).await.unwrap();
            content.extend(piece);
        }
        let found = has_virus(&content);
        self.seen.lock().unwrap().push(content);
        let answer: &[u8] = match manner {
            Manner::Looks if found => b"stream: Eicar-Test-Signature FOUND\0",
            Manner::Looks => b"stream: OK\0",
            Manner::Says(words) => words,
            Manner::Interrupts => return,
            Manner::Hangs => {
                // Its end is the caller's.
                let _ = stream.read(&mut [0]).await;
                return;
            }
        };
        stream.write_all(answer).await.unwrap();
    }
}

/// An upload by a key, asked again only where the server was too busy for it.
async fn upload(who: &Actor, path: &str, key: &str, content: &[u8]) -> Answer {
    let (media, form) = form("file", "a.txt", content);
    let request = who
        .request(Method::POST, path)
        .header("idempotency-key", key);
    who.send_in_trouble(request.header("content-type", media).body(form))
        .await
}

/// How many contents are stored.
fn stored(w: &World) -> usize {
    let of_institution = w.institution.uuid().simple().to_string();
    let folder = w.server.folder.join("files").join(of_institution);
    std::fs::read_dir(folder).map_or(0, |entries| entries.count())
}

/// What an upload is answered that must leave nothing.
async fn refused(w: &World, path: &str, key: &str, content: &[u8]) -> Answer {
    let before = (w.server.contents(w.institution).await, stored(w));
    let answer = upload(&w.as_boss(), path, key, content).await;
    let after = (w.server.contents(w.institution).await, stored(w));
    assert_eq!(after, before, "{}", answer.text);
    answer
}

fn told_to_come_again(answer: Answer) {
    assert_eq!(answer.header("retry-after"), Some("10"));
    answer.expect_problem(503, "scan_unavailable");
}

/// Tells a story on a server of its own, which asks this scanner.
fn tell<F, Fut>(engine: Engine, scanner: &Arc<Scanner>, seconds: &str, story: F)
where
    F: FnOnce(World, tokio::task::JoinHandle<()>) -> Fut + Send,
    Fut: Future<Output = ()>,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let settings = [
        ("EDUCRM_CLAMD", address.as_str()),
        ("EDUCRM_UPLOAD_SECONDS", seconds),
    ];
    if let Some(server) = Server::own(engine, &settings) {
        let scanner = scanner.clone();
        run_on(server, |w| async move {
            let serving = tokio::spawn(scanner.serve(listener));
            story(w, serving).await;
        });
    }
}

#[test]
fn a_file_is_kept_once_the_scanner_has_found_nothing_on_sqlite() {
    scanned(Engine::Sqlite);
}

#[test]
fn a_file_is_kept_once_the_scanner_has_found_nothing_on_postgres() {
    scanned(Engine::Postgres);
}

fn scanned(engine: Engine) {
    let scanner = Scanner::new(Manner::Looks);
    tell(engine, &scanner, "600", async |w: World, _| {
        let boss = w.as_boss();
        let long = b"plain words of a family, ".repeat(20_000);
        let last = [long.as_slice(), &virus()].concat();
        let child = w.new_student("张伟").await;
        for path in [
            FILES.to_owned(),
            format!("{FILES}?purpose=import"),
            format!("/api/v1/customers/{child}/files"),
        ] {
            for content in [&virus(), &last] {
                let answer = refused(&w, &path, &path_key(&path), content).await;
                assert_eq!(
                    answer.errors(),
                    [("#/file".into(), "file_infected".into())],
                    "{path}"
                );
                let told = answer.expect_problem(422, "file_infected");
                assert!(!told.text.contains("Eicar"), "{}", told.text);
            }
            // What was refused has not spent the key.
            let made = upload(&boss, &path, &path_key(&path), &long)
                .await
                .expect(201);
            assert_eq!(scanner.seen().last(), Some(&long), "{path}");
            let read = boss.get(&format!("{FILES}/{}/content", made.id())).await;
            assert_eq!(read.expect(200).text.as_bytes(), long);
        }
        // What is refused anyway is not worth a scan.
        let asked = scanner.seen().len();
        let svg = upload(&boss, FILES, "svg", b"<svg onload=alert(1)>").await;
        assert_eq!(
            svg.errors(),
            [("#/file".into(), "file_type_refused".into())]
        );
        let large = vec![b'a'; 10 * 1024 * 1024 + 1];
        upload(&boss, FILES, "large", &large).await.expect(413);
        assert_eq!(scanner.seen().len(), asked);
    });
}

/// A key for each path.
fn path_key(path: &str) -> String {
    path.replace('/', "-")
}

#[test]
fn a_file_is_not_kept_while_the_scanner_gives_no_verdict_on_sqlite() {
    troubled(Engine::Sqlite);
}

#[test]
fn a_file_is_not_kept_while_the_scanner_gives_no_verdict_on_postgres() {
    troubled(Engine::Postgres);
}

fn troubled(engine: Engine) {
    let scanner = Scanner::new(Manner::Looks);
    tell(engine, &scanner, "600", async |w: World, serving| {
        let child = w.new_student("张伟").await;
        let of_customer = format!("/api/v1/customers/{child}/files");
        let long = b"plain words of a family, ".repeat(20_000);
        for manner in [
            Manner::Says(b""),
            Manner::Says(b"OK\0"),
            Manner::Says(b"stream: OK"),
            Manner::Says(b"stream: LOOK OK\0"),
            Manner::Says(b"stream: Can't allocate memory ERROR\0"),
            Manner::Says(b"INSTREAM size limit exceeded. ERROR\0"),
            Manner::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n FOUND\0"),
            Manner::Says(&[0xff; 300]),
            Manner::Interrupts,
        ] {
            scanner.behave(manner);
            for path in [FILES, &of_customer] {
                for content in [b"plain words".as_slice(), &long] {
                    told_to_come_again(refused(&w, path, "again", content).await);
                }
            }
        }
        scanner.behave(Manner::Looks);
        for path in [FILES, &of_customer] {
            upload(&w.as_boss(), path, "again", &long).await.expect(201);
        }
        serving.abort();
        assert!(serving.await.unwrap_err().is_cancelled());
        for path in [FILES, &of_customer] {
            told_to_come_again(refused(&w, path, "absent", b"plain words").await);
        }
    });
}

#[test]
fn a_scanner_that_never_answers_is_given_up_on_sqlite() {
    hung(Engine::Sqlite);
}

#[test]
fn a_scanner_that_never_answers_is_given_up_on_postgres() {
    hung(Engine::Postgres);
}

fn hung(engine: Engine) {
    let scanner = Scanner::new(Manner::Hangs);
    tell(engine, &scanner, "2", async |w: World, _| {
        loop {
            let answer = refused(&w, FILES, "hung", b"plain words").await;
            // A slow machine may need all the time to receive it.
            if answer.status != 408 {
                assert!(!scanner.seen().is_empty());
                return told_to_come_again(answer);
            }
        }
    });
}

#[test]
fn whatever_takes_a_file_may_answer_that_it_is_infected() {
    let document = educrm::contract::document("http://127.0.0.1");
    let paths = document["paths"].as_object().unwrap();
    let all = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values());
    let takes_file = |operation: &&tests::Value| {
        !operation["requestBody"]["content"]["multipart/form-data"].is_null()
    };
    let taking: Vec<_> = all.filter(takes_file).collect();
    assert!(!taking.is_empty());
    for operation in taking {
        for (status, code) in [("422", "file_infected"), ("503", "scan_unavailable")] {
            let codes = operation["x-problem-codes"][status].as_array().unwrap();
            assert!(codes.contains(&json!(code)), "{}", operation["operationId"]);
        }
    }
}
