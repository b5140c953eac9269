//! What is measured: requests, and what is to be reached.

use std::sync::Arc;

use tests::{chance::Chance, client::request, json, process::Site, world::Person};
use uuid::Uuid;

use crate::{
    driver::jiff_now,
    names,
    seed::{SHARING, Seeded, phone},
};

/// What is to be reached.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Goal {
    /// Of the floor.
    pub(crate) ratio: Option<f64>,
    /// Microseconds of server CPU a request, at most.
    pub(crate) server: Option<f64>,
    /// Milliseconds.
    pub(crate) p95: Option<f64>,
}

/// How a floor is made of what was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    AsSent,
    AnyCustomer,
    Change,
    New,
    NewOfAny,
}

/// One request of a case: its bytes, the recruiter who sends it, the customer that it names.
pub(crate) type Sample = (Vec<u8>, usize, Uuid);

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) expected: u16,
    pub(crate) shape: Shape,
    pub(crate) goal: Goal,
    /// The request of a connection, again and again.
    pub(crate) make: Make,
}

type Make = fn(&Bench, &mut Chance, usize) -> Sample;

pub(crate) const READS: &[Case] = &[
    Case {
        name: "get one",
        expected: 200,
        shape: Shape::AnyCustomer,
        goal: Goal {
            ratio: Some(0.5),
            server: Some(60.0),
            p95: None,
        },
        make: get,
    },
    Case {
        name: "list 20 of one holder",
        expected: 200,
        shape: Shape::AsSent,
        goal: Goal {
            ratio: Some(0.45),
            server: Some(120.0),
            p95: None,
        },
        make: list,
    },
    sought("search 2 characters", |b, c, _| {
        b.find(&b.boss, &names::given(c))
    }),
    sought("search pinyin", |b, c, _| {
        b.find(&b.boss, &names::name(c)[1])
    }),
    sought("search initials", |b, c, _| {
        b.find(&b.boss, &names::name(c)[2])
    }),
    sought("search phone", |b, c, _| b.find(&b.boss, &phone(b.any(c)))),
    sought("search last four digits", |b, c, _| {
        let phone = phone(b.any(c));
        b.find(&b.boss, &phone[phone.len() - 4..])
    }),
    sought("search 2 characters, own", |b, c, n| {
        b.find(b.recruiter(n), &names::given(c))
    }),
    sought("search initials, own", |b, c, n| {
        b.find(b.recruiter(n), &names::name(c)[2])
    }),
    found("conditions: own", |b, _, n| b.meeting(b.recruiter(n))),
    found("conditions: team of 12", |b, _, _| b.meeting(&b.leader)),
    found("conditions: large campus", |b, _, _| b.meeting(&b.large)),
    found("conditions: institution", |b, _, _| b.meeting(&b.boss)),
    Case {
        goal: Goal {
            ratio: None,
            server: None,
            p95: Some(300.0),
        },
        ..found("conditions, counted: institution", |b, _, _| {
            b.count(&b.boss)
        })
    },
    Case {
        goal: Goal {
            ratio: None,
            server: None,
            p95: Some(10.0),
        },
        ..told("look-up by phone", |b, c, n| b.look_up(b.any(c), n))
    },
    Case {
        goal: Goal {
            ratio: None,
            server: None,
            p95: Some(50.0),
        },
        ..told("duplicate candidates", |b, c, n| b.check(b.any(c), c, n))
    },
    listed("list: empty own", |b, _, _| b.list(&b.empty)),
    listed("list: own + shares", |b, _, _| {
        b.list(&b.recruiters[SHARING])
    }),
    listed("list: team of 12", |b, _, _| b.list(&b.leader)),
    listed("list: small campus", |b, _, _| b.list(&b.small)),
    listed("list: large campus", |b, _, _| b.list(&b.large)),
    listed("list: institution", |b, _, _| b.list(&b.boss)),
    listed("follow-ups: own + shares", |b, _, _| {
        b.list_of("follow-ups", &b.recruiters[SHARING])
    }),
    listed("follow-ups: team of 12", |b, _, _| {
        b.list_of("follow-ups", &b.leader)
    }),
    listed("follow-ups: small campus", |b, _, _| {
        b.list_of("follow-ups", &b.small)
    }),
    listed("follow-ups: large campus", |b, _, _| {
        b.list_of("follow-ups", &b.large)
    }),
    listed("follow-ups: institution", |b, _, _| {
        b.list_of("follow-ups", &b.boss)
    }),
    Case {
        name: "day report, large campus",
        expected: 200,
        shape: Shape::AsSent,
        goal: Goal {
            ratio: None,
            server: None,
            p95: Some(20.0),
        },
        make: |bench, _, _| {
            let path = format!(
                "/api/v1/campuses/{}/day-report",
                bench.seeded.large_campus()
            );
            (request("GET", &path, &bench.boss, &[], ""), 0, Uuid::nil())
        },
    },
];

/// A list that somebody reads.
const fn listed(name: &'static str, make: Make) -> Case {
    Case {
        name,
        expected: 200,
        shape: Shape::AsSent,
        goal: Goal {
            ratio: None,
            server: None,
            p95: Some(30.0),
        },
        make,
    }
}

/// A search by conditions.
const fn found(name: &'static str, make: Make) -> Case {
    Case {
        name,
        expected: 200,
        shape: Shape::AsSent,
        goal: Goal {
            ratio: None,
            server: None,
            p95: Some(100.0),
        },
        make,
    }
}

/// What is told of somebody, and written down that it was.
const fn told(name: &'static str, make: Make) -> Case {
    Case {
        shape: Shape::New,
        ..found(name, make)
    }
}

/// A search.
const fn sought(name: &'static str, make: Make) -> Case {
    Case {
        name,
        expected: 200,
        shape: Shape::AsSent,
        goal: Goal {
            ratio: Some(0.6),
            server: None,
            p95: Some(50.0),
        },
        make,
    }
}

pub(crate) const PATCH: Case = Case {
    name: "patch",
    expected: 200,
    shape: Shape::Change,
    goal: Goal {
        ratio: None,
        server: None,
        p95: None,
    },
    make: patch,
};
pub(crate) const FOLLOW_UP: Case = Case {
    name: "follow-up, next date",
    expected: 201,
    shape: Shape::NewOfAny,
    goal: Goal {
        ratio: Some(0.6),
        server: None,
        p95: None,
    },
    make: follow_up,
};
pub(crate) const CREATE: Case = Case {
    name: "create",
    expected: 201,
    shape: Shape::New,
    goal: Goal {
        ratio: Some(0.65),
        server: None,
        p95: None,
    },
    make: create,
};

/// What people do all day, but for what makes the tables larger.
pub(crate) const MIX: Case = Case {
    name: "mixed",
    expected: 200,
    shape: Shape::AsSent,
    goal: Goal {
        ratio: None,
        server: None,
        p95: None,
    },
    make: |b, c, n| match c.below(10) {
        0..5 => get(b, c, n),
        5..7 => list(b, c, n),
        7 => b.list_of("follow-ups", b.recruiter(n)),
        8 => b.find(&b.boss, &names::name(c)[1]),
        _ => patch(b, c, n),
    },
};

/// Tokens of the people who send requests.
pub(crate) struct Bench {
    pub(crate) seeded: Arc<Seeded>,
    pub(crate) recruiters: Vec<String>,
    pub(crate) empty: String,
    pub(crate) leader: String,
    pub(crate) small: String,
    pub(crate) large: String,
    pub(crate) boss: String,
}

impl Bench {
    /// With fresh tokens: they last ten minutes.
    pub(crate) fn new(site: &Site, seeded: &Arc<Seeded>) -> Self {
        let token = |person: &Person| site.token(seeded.institution, person);
        Self {
            seeded: seeded.clone(),
            recruiters: seeded.recruiters.iter().map(token).collect(),
            empty: token(&seeded.empty),
            leader: token(&seeded.leader),
            small: token(&seeded.small),
            large: token(&seeded.large),
            boss: token(&seeded.boss),
        }
    }

    fn recruiter(&self, connection: usize) -> &str {
        &self.recruiters[recruiter(connection)]
    }

    fn list(&self, token: &str) -> Sample {
        self.list_of("customers", token)
    }

    fn list_of(&self, what: &str, token: &str) -> Sample {
        let path = format!("/api/v1/{what}?limit=20");
        (request("GET", &path, token, &[], ""), 0, Uuid::nil())
    }

    fn find(&self, token: &str, query: &str) -> Sample {
        let body = json!({ "query": query, "limit": 20 }).to_string();
        let bytes = request("POST", "/api/v1/customers/search", token, &[], &body);
        (bytes, 0, Uuid::nil())
    }

    fn ask(token: &str, path: &str, body: &serde_json::Value) -> Sample {
        let bytes = request("POST", path, token, &[], &body.to_string());
        (bytes, 0, Uuid::nil())
    }

    /// Those who are keen and were not spoken to lately.
    fn keen() -> serde_json::Value {
        json!({"all": [
            {"field": "intent", "op": "gte", "value": 3},
            {"field": "stage", "op": "in", "value": ["lead", "interested"]},
            {"not": {"field": "last_contact_at", "op": "within_last_days", "value": 30}},
        ]})
    }

    fn meeting(&self, token: &str) -> Sample {
        let body = json!({"conditions": Self::keen(), "limit": 20});
        Self::ask(token, "/api/v1/customers/search", &body)
    }

    fn count(&self, token: &str) -> Sample {
        let body = json!({"conditions": Self::keen(), "limit": 1, "include_total": true});
        Self::ask(token, "/api/v1/customers/search", &body)
    }

    fn look_up(&self, customer: usize, connection: usize) -> Sample {
        let body = json!({ "phone": phone(customer) });
        Self::ask(
            self.recruiter(connection),
            "/api/v1/customers/lookup",
            &body,
        )
    }

    fn check(&self, customer: usize, chance: &mut Chance, connection: usize) -> Sample {
        let [name, ..] = names::name(chance);
        let body = json!({
            "name": name, "birth_date": "2015-09-01",
            "contact_points": [{"kind": "phone", "value": phone(customer)}],
        });
        Self::ask(
            self.recruiter(connection),
            "/api/v1/customers/duplicate-check",
            &body,
        )
    }

    /// Number of any customer.
    fn any(&self, chance: &mut Chance) -> usize {
        usize::try_from(chance.below(self.seeded.customers as u64)).unwrap()
    }

    /// Any customer of a recruiter.
    fn customer(&self, chance: &mut Chance, recruiter: usize) -> Uuid {
        let count = self.recruiters.len();
        let each = self.seeded.customers / count;
        let number = usize::try_from(chance.below(each as u64)).unwrap() * count + recruiter;
        self.seeded.id(number)
    }
}

/// Which recruiter sends from a connection: of all three campuses.
pub(crate) fn recruiter(connection: usize) -> usize {
    connection * 12
}

pub(crate) fn get(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let id = bench.customer(chance, who);
    let path = format!("/api/v1/customers/{id}");
    (
        request("GET", &path, &bench.recruiters[who], &[], ""),
        who,
        id,
    )
}

pub(crate) fn list(bench: &Bench, _: &mut Chance, connection: usize) -> Sample {
    bench.list(bench.recruiter(connection))
}

pub(crate) fn patch(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let id = bench.customer(chance, who);
    let body = json!({ "note": format!("第 {} 次联系", chance.number()) }).to_string();
    let path = format!("/api/v1/customers/{id}");
    let token = &bench.recruiters[who];
    let bytes = request("PATCH", &path, token, &[("if-match", "*")], &body);
    (bytes, who, id)
}

/// A day on which somebody can be spoken to again.
fn next_month() -> String {
    let now = jiff::Timestamp::from_millisecond(jiff_now()).unwrap();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    (today + jiff::Span::new().days(30)).to_string()
}

pub(crate) fn follow_up(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let id = bench.customer(chance, who);
    let body = json!({
        "customer_id": id, "method": "phone", "outcome": "interested", "intent": 3,
        "content": "家长周末有空", "next_on": next_month(),
    });
    let key = Uuid::now_v7().to_string();
    let bytes = request(
        "POST",
        "/api/v1/follow-ups",
        &bench.recruiters[who],
        &[("idempotency-key", &key)],
        &body.to_string(),
    );
    (bytes, who, id)
}

pub(crate) fn create(bench: &Bench, chance: &mut Chance, connection: usize) -> Sample {
    let who = recruiter(connection);
    let [name, ..] = names::name(chance);
    let body = json!({
        "kind": "student", "name": name, "gender": "female", "birth_date": "2015-09-01", "intent": 3,
        "note": "喜欢画画", "source_channel": "hotline", "campus_id": bench.seeded.campus(who),
    });
    let key = Uuid::now_v7().to_string();
    let bytes = request(
        "POST",
        "/api/v1/customers",
        &bench.recruiters[who],
        &[("idempotency-key", &key)],
        &body.to_string(),
    );
    (bytes, who, Uuid::nil())
}
