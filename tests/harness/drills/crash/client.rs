//! One client of a server that is killed: it alone writes its records, and knows what became of them.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};
use uuid::Uuid;

use super::facts::{Customer, Facts, Payment};
use crate::{
    chance::Chance,
    client::{Connection, request},
    drills::context::Context,
};

/// What a client asks for.
#[derive(Clone, Debug)]
enum Wish {
    Create { name: String },
    Patch { customer: Uuid, note: String },
    FollowUp { customer: Uuid, content: String },
    Enroll { customer: Uuid },
    Pay { customer: Uuid, amount: i64 },
    Void { payment: Uuid },
}

/// What a client was waiting for when the server died.
#[derive(Debug)]
struct Pending {
    key: String,
    class: Uuid,
    wish: Wish,
}

/// What an answer said.
struct Told {
    status: u16,
    is_replayed: bool,
    body: Value,
}

pub(super) struct Client {
    number: usize,
    chance: Chance,
    count: usize,
    pending: Option<Pending>,
    customers: Vec<Uuid>,
    /// Who has asked for a seat in the present class.
    seated: HashSet<Uuid>,
    standing: Vec<Uuid>,
    pub(super) facts: Facts,
    pub(super) acknowledged: usize,
}

impl Client {
    pub(super) fn new(number: usize, chance: Chance) -> Self {
        Self {
            number,
            chance,
            count: 0,
            pending: None,
            customers: Vec::new(),
            seated: HashSet::new(),
            standing: Vec::new(),
            facts: Facts::default(),
            acknowledged: 0,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.pending.is_some()
    }

    /// Asks for one thing after the other until the server is gone. Seats are of this class.
    pub(super) async fn write(mut self, context: Arc<Context>, class: Uuid) -> Self {
        let Ok(mut connection) = Connection::open(context.address).await else {
            return self;
        };
        self.seated.clear();
        loop {
            let pending = Pending {
                key: Uuid::now_v7().to_string(),
                class,
                wish: self.wish(),
            };
            let bytes = pending.request(&context);
            self.pending = Some(pending);
            let Ok(told) = ask(&mut connection, &bytes).await else {
                return self;
            };
            if let Some(Pending { wish, .. }) = self.pending.take() {
                self.learn(&wish, &told);
            }
            self.acknowledged += 1;
        }
    }

    fn wish(&mut self) -> Wish {
        self.count += 1;
        let text = format!("c{}x{}", self.number, self.count);
        if self.customers.is_empty() {
            return Wish::Create { name: text };
        }
        let customer = *self.chance.pick(&self.customers);
        match self.chance.below(10) {
            0 | 1 => Wish::Patch {
                customer,
                note: text,
            },
            2 | 3 => Wish::FollowUp {
                customer,
                content: text,
            },
            4 if self.seated.insert(customer) => Wish::Enroll { customer },
            5 | 6 => Wish::Pay {
                customer,
                amount: 1 + i64::try_from(self.chance.below(100_000)).unwrap(),
            },
            7 if !self.standing.is_empty() => Wish::Void {
                payment: *self.chance.pick(&self.standing),
            },
            _ => Wish::Create { name: text },
        }
    }

    /// Learns what became of the unanswered request; whether it had been done.
    pub(super) async fn settle(&mut self, stored: &Facts, context: &Context) -> bool {
        let Some(pending) = self.pending.take() else {
            return false;
        };
        if let Wish::Patch { customer, note } = &pending.wish {
            let known = self.facts.customers.get_mut(customer).unwrap();
            let after = Customer {
                version: known.version + 1,
                note: Some(note.clone()),
            };
            let done = stored.customers.get(customer) == Some(&after);
            if done {
                *known = after;
            }
            return done;
        }
        // The same key again: done once, whether it had been done or not.
        let mut connection = Connection::open(context.address).await.unwrap();
        let told = ask(&mut connection, &pending.request(context))
            .await
            .unwrap();
        self.learn(&pending.wish, &told);
        if told.status != 409 {
            let was_there = stored.hold(&pending.wish.effect(&told));
            assert_eq!(
                told.is_replayed, was_there,
                "{pending:?}: an effect without its reply"
            );
        }
        told.is_replayed
    }

    /// Notes what an answer acknowledges.
    fn learn(&mut self, wish: &Wish, told: &Told) {
        let is_refused = told.status == 409 && told.body["code"] == "class_full";
        let expected = match wish {
            Wish::Patch { .. } | Wish::Void { .. } => 200,
            Wish::Enroll { .. } if is_refused => return,
            _ => 201,
        };
        assert_eq!(told.status, expected, "{wish:?}: {}", told.body);
        let id = id_of(&told.body);
        match wish {
            Wish::Create { .. } => self.customers.push(id),
            Wish::Patch { customer, .. } => {
                let version = self.facts.customers[customer].version + 1;
                assert_eq!(told.body["version"], version);
            }
            Wish::Pay { .. } => self.standing.push(id),
            Wish::Void { payment } => self.standing.retain(|standing| standing != payment),
            Wish::FollowUp { .. } | Wish::Enroll { .. } => {}
        }
        self.facts.add(wish.effect(told));
    }
}

impl Wish {
    /// The record that an answer says is there now.
    fn effect(&self, told: &Told) -> Facts {
        let id = id_of(&told.body);
        let mut effect = Facts::default();
        match self {
            Self::Create { .. } | Self::Patch { .. } => {
                let customer = Customer {
                    version: told.body["version"].as_i64().unwrap(),
                    note: told.body["note"].as_str().map(str::to_owned),
                };
                effect.customers.insert(id, customer);
            }
            Self::FollowUp { content, .. } => {
                effect.follow_ups.insert(id, content.clone());
            }
            Self::Enroll { customer } => {
                effect.enrollments.insert(id, *customer);
            }
            Self::Pay { .. } | Self::Void { .. } => {
                let number = told.body["receipt_number"].as_str().unwrap();
                let number = number.rsplit('-').next().unwrap();
                let payment = Payment {
                    amount: told.body["amount"]["amount_minor"].as_i64().unwrap(),
                    receipt: number.parse().unwrap(),
                    is_voided: !told.body["voided_at"].is_null(),
                };
                effect.payments.insert(id, payment);
            }
        }
        effect
    }
}

impl Pending {
    fn request(&self, context: &Context) -> Vec<u8> {
        let post = |path: &str, body: Value| context.post(path, &self.key, &body);
        match &self.wish {
            Wish::Create { name } => context.create(&self.key, name),
            Wish::Patch { customer, note } => request(
                "PATCH",
                &format!("/api/v1/customers/{customer}"),
                &context.token,
                &[("if-match", "*")],
                &json!({ "note": note }).to_string(),
            ),
            Wish::FollowUp { customer, content } => {
                let body = json!({
                    "customer_id": customer, "method": "phone", "outcome": "other", "content": content,
                });
                post("/api/v1/follow-ups", body)
            }
            Wish::Enroll { customer } => {
                let body = json!({ "customer_id": customer, "class_id": self.class });
                post("/api/v1/enrollments", body)
            }
            Wish::Pay { customer, amount } => {
                let amount = json!({ "amount_minor": amount, "currency": "CNY" });
                let body = json!({
                    "payer_id": customer, "campus_id": context.campus, "method": "cash",
                    "amount": amount,
                });
                post("/api/v1/payments", body)
            }
            Wish::Void { payment } => {
                let path = format!("/api/v1/payments/{payment}/void");
                post(&path, json!({ "reason": "录错" }))
            }
        }
    }
}

async fn ask(connection: &mut Connection, bytes: &[u8]) -> std::io::Result<Told> {
    let answer = connection.send_patiently(bytes).await?;
    Ok(Told {
        status: answer.status,
        is_replayed: answer.header("idempotency-replayed").is_some(),
        body: serde_json::from_slice(answer.body).unwrap(),
    })
}

fn id_of(body: &Value) -> Uuid {
    let id = body["id"].as_str();
    id.unwrap_or_else(|| panic!("{body}")).parse().unwrap()
}
