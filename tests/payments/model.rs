//! Random commands against a plain model: every answer is the one that the model expects, and at the
//! end every balance is (I-01, I-03, I-04).

use std::collections::BTreeMap;

use tests::{World, both, chance::Chance, json};

use super::{balance, cashier, charge, cny, payment, student};

const STEPS: usize = 40;

#[derive(Default)]
struct Charge {
    customer: usize,
    amount: i64,
    credited: i64,
    /// By payment.
    paid: BTreeMap<usize, i64>,
}

impl Charge {
    fn outstanding(&self) -> i64 {
        self.amount - self.credited - self.paid.values().sum::<i64>()
    }
}

struct Payment {
    payer: usize,
    left: i64,
    voided: bool,
}

#[derive(Default)]
struct Model {
    charges: Vec<Charge>,
    payments: Vec<Payment>,
}

impl Model {
    /// Puts a payment to the oldest open charges of its payer.
    fn settle(&mut self, payment: usize) -> i64 {
        let payer = self.payments[payment].payer;
        let mut put = 0;
        for charge in self.charges.iter_mut().filter(|c| c.customer == payer) {
            let part = charge.outstanding().min(self.payments[payment].left);
            if part > 0 {
                *charge.paid.entry(payment).or_default() += part;
                self.payments[payment].left -= part;
                put += part;
            }
        }
        put
    }

    /// Takes an amount off a charge; the latest payments get back what is over.
    fn credit(&mut self, charge: usize, amount: i64) -> bool {
        let of = &mut self.charges[charge];
        if of.credited + amount > of.amount {
            return false;
        }
        let mut over = amount - of.outstanding();
        of.credited += amount;
        for (payment, part) in of.paid.iter_mut().rev() {
            let back = over.min(*part).max(0);
            *part -= back;
            over -= back;
            self.payments[*payment].left += back;
        }
        true
    }

    fn void(&mut self, payment: usize) -> bool {
        let of = &mut self.payments[payment];
        if of.voided {
            return false;
        }
        (of.left, of.voided) = (0, true);
        for charge in &mut self.charges {
            charge.paid.remove(&payment);
        }
        true
    }

    fn balance(&self, customer: usize) -> [i64; 5] {
        let own = || self.charges.iter().filter(|c| c.customer == customer);
        let charged = own().map(|c| c.amount).sum();
        let credited = own().map(|c| c.credited).sum();
        let outstanding: i64 = own().map(Charge::outstanding).sum();
        let credit = self
            .payments
            .iter()
            .filter(|p| p.payer == customer)
            .map(|p| p.left)
            .sum();
        [
            charged,
            credited,
            charged - credited - outstanding,
            outstanding,
            credit,
        ]
    }
}

async fn run(w: &World, seed: u64) {
    let mut chance = Chance::new(seed);
    let mut model = Model::default();
    let mut customers = Vec::new();
    for _ in 0..3 {
        customers.push(student(w).await);
    }
    let (mut charges, mut payments) = (Vec::new(), Vec::new());
    let desk = cashier(w);
    let mut below = |end: usize| usize::try_from(chance.below(end as u64)).unwrap();
    for step in 0..STEPS {
        let what = format!("seed {seed}, step {step}");
        let customer = below(3);
        let amount = i64::try_from(below(500) + 1).unwrap();
        match below(6) {
            0 | 1 => {
                charges.push(charge(w, &customers[customer], amount).await);
                model.charges.push(Charge {
                    customer,
                    amount,
                    ..Charge::default()
                });
            }
            2 | 3 => {
                let body = payment(w, &customers[customer], amount);
                let made = desk.post("/api/v1/payments", &body).await.expect(201);
                model.payments.push(Payment {
                    payer: customer,
                    left: amount,
                    voided: false,
                });
                model.settle(payments.len());
                let left = model.payments[payments.len()].left;
                assert_eq!(made.json["unallocated"], cny(left), "{what}");
                payments.push(made.id());
            }
            4 if !charges.is_empty() => {
                let place = below(charges.len());
                let body = json!({"amount": cny(amount), "reason": "退班"});
                let path = format!("/api/v1/charges/{}/credit", charges[place]);
                let answer = desk.post(&path, &body).await;
                let expected = if model.credit(place, amount) {
                    200
                } else {
                    409
                };
                assert_eq!(answer.status, expected, "{what}: {}", answer.text);
            }
            5 if !payments.is_empty() => {
                let place = below(payments.len());
                let path = format!("/api/v1/payments/{}", payments[place]);
                let (action, body, works) = if below(2) == 0 {
                    ("void", json!({"reason": "录错"}), model.void(place))
                } else {
                    ("allocate", json!({}), model.settle(place) > 0)
                };
                let answer = desk.post(&format!("{path}/{action}"), &body).await;
                let expected = if works { 200 } else { 409 };
                assert_eq!(answer.status, expected, "{what} {action}: {}", answer.text);
            }
            _ => {}
        }
    }
    for (place, customer) in customers.iter().enumerate() {
        assert_eq!(
            balance(w, customer).await,
            model.balance(place),
            "seed {seed}"
        );
    }
}

both! {
    async fn random_commands_end_as_in_the_model(w: World) {
        for seed in 1..=4 {
            run(&w, seed).await;
        }
    }
}
