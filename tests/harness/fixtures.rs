//! Records that examples of the document name, made when the first example needs one.

use std::collections::BTreeMap;

use domain::{id::Id, organization::Institution};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Actor, World, world::Places};

/// Ids by the name of the field that holds them.
#[derive(Debug, Default)]
pub struct Fixtures(tokio::sync::Mutex<BTreeMap<(Id<Institution>, String), Uuid>>);

impl World {
    /// Puts ids of an institution where an example of the document has made-up ones.
    pub async fn make_real(&self, institution: Id<Institution>, example: &mut Value) {
        let mut names = Vec::new();
        collect(example, &mut names);
        let mut ids = BTreeMap::new();
        for name in names {
            if let Some(id) = self.fixture(institution, &name).await {
                ids.insert(name, id);
            }
        }
        fill(example, &ids);
        if let Some(value) = example.get_mut("from_amount") {
            *value = far(Uuid::now_v7()).into();
        }
        // Names of what others choose from, and of people, are nobody else's.
        for field in ["name", "user_name", "number"] {
            if let Some(value) = example.get_mut(field) {
                *value = unique().into();
            }
        }
        if let Some(value) = example.get_mut("code") {
            // In the order in which they are made, which answers go by.
            *value = format!("c_{}", &Uuid::now_v7().simple().to_string()[..26]).into();
        }
    }

    /// What a field of this name can refer to: something of the north campus that is in no
    /// person's hands. `None` for fields that refer to nothing.
    pub async fn fixture(&self, institution: Id<Institution>, field: &str) -> Option<Uuid> {
        let places = self.places_of(institution);
        match field {
            "campus_id" => return Some(places.north.uuid()),
            "grantee_id" => return Some(places.team.uuid()),
            "holder_id" if institution == self.institution => {
                return Some(self.as_colleague().principal.uuid());
            }
            "holder_id" => return Some(places.north.uuid()),
            "campus_ids" => return Some(places.north.uuid()),
            "customer_ids" => return Box::pin(self.fixture(institution, "customer_id")).await,
            "leader_id" | "member_ids" | "owner_id" | "staff_id" => {
                return Some(self.ruler_of(institution).principal.uuid());
            }
            "enrollment_id" => return self.enrollment(institution).await,
            // A student is enrolled in a class once.
            "class_id" => {
                let course = Box::pin(self.fixture(institution, "course_id")).await?;
                let mut body = self.new_class(&course.to_string());
                body["campus_id"] = json!(places.north);
                let ruler = self.ruler_of(institution);
                let made = ruler.post("/api/v1/classes", &body).await.expect(201);
                return made.id().parse().ok();
            }
            // It is no more once it was merged.
            "duplicate_id" => {
                let ruler = self.ruler_of(institution);
                return Some(
                    Maker {
                        actor: ruler,
                        places,
                    }
                    .customer("student")
                    .await,
                );
            }
            // A rule gives a role once; this one gives nothing, so that everybody may give it.
            "role_id" => {
                let body = json!({ "name": unique(), "permissions": [] });
                let ruler = self.ruler_of(institution);
                let made = ruler.post("/api/v1/roles", &body).await.expect(201);
                return made.id().parse().ok();
            }
            _ => {}
        }
        let mut made = self.fixtures.0.lock().await;
        let key = (institution, field.to_owned());
        if let Some(id) = made.get(&key) {
            return Some(*id);
        }
        let maker = Maker {
            actor: self.ruler_of(institution),
            places,
        };
        let id = match field {
            "subject_id" => maker.subject().await,
            "course_id" => {
                // Of a subject of its own: the lock on what was made is held.
                let subject = maker.subject().await;
                maker.course(subject).await
            }
            "customer_id" | "student_id" | "payer_id" => maker.customer("student").await,
            "relative_id" => maker.customer("guardian").await,
            "tag_id" => maker.tag().await,
            "notice_id" => maker.notice().await,
            "recipient_id" => maker.recipient().await,
            "category_id" => maker.category().await,
            "region_id" => {
                maker
                    .make("/api/v1/regions", &json!({"name": "西北"}))
                    .await
            }
            "department_id" => {
                let body = json!({"name": "西北部"});
                maker.make("/api/v1/departments", &body).await
            }
            "position_id" => {
                let body = json!({"name": "西北顾问"});
                maker.make("/api/v1/positions", &body).await
            }
            // It gives nothing, so that everybody may give it.
            "role_ids" => {
                let body = json!({"name": "没有权限", "permissions": []});
                maker.make("/api/v1/roles", &body).await
            }
            _ => return None,
        };
        made.insert(key, id);
        Some(id)
    }

    /// An enrollment in a class of its own.
    async fn enrollment(&self, institution: Id<Institution>) -> Option<Uuid> {
        let key = (institution, "enrollment_id".to_owned());
        if let Some(id) = self.fixtures.0.lock().await.get(&key) {
            return Some(*id);
        }
        let student = Box::pin(self.fixture(institution, "customer_id")).await?;
        let class = Box::pin(self.fixture(institution, "class_id")).await?;
        let body = json!({ "customer_id": student, "class_id": class });
        let ruler = self.ruler_of(institution);
        let made = ruler.post("/api/v1/enrollments", &body).await.expect(201);
        let id = made.id().parse().ok()?;
        self.fixtures.0.lock().await.insert(key, id);
        Some(id)
    }
}

/// Makes records by whoever may do everything.
struct Maker {
    actor: Actor,
    places: Places,
}

impl Maker {
    async fn make(&self, path: &str, body: &Value) -> Uuid {
        let made = self.actor.post(path, body).await.expect(201);
        made.id().parse().unwrap()
    }

    /// Of the purpose that examples have.
    async fn notice(&self) -> Uuid {
        let body = json!({"purpose": "marketing", "language": "zh-CN", "title": "营销告知书", "text": "我们会介绍课程。"});
        self.make("/api/v1/privacy-notices", &body).await
    }

    /// With whom what examples name may be shared, without anybody's consent.
    async fn recipient(&self) -> Uuid {
        let body = json!({
            "name": unique(), "kind": "partner", "purpose": "考级报名", "lawful_basis": "contract",
            "categories": ["identity"], "country": "CN", "agreement": "合作协议", "valid_from": "2020-01-01",
        });
        self.make("/api/v1/recipients", &body).await
    }

    async fn category(&self) -> Uuid {
        let name = format!("分类{}", Uuid::now_v7());
        self.make("/api/v1/tag-categories", &json!({ "name": name }))
            .await
    }

    async fn tag(&self) -> Uuid {
        let name = format!("标签{}", Uuid::now_v7());
        let body = json!({"name": name, "category_id": self.category().await});
        self.make("/api/v1/tags", &body).await
    }

    async fn subject(&self) -> Uuid {
        let name = Uuid::now_v7().simple().to_string();
        self.make("/api/v1/subjects", &json!({ "name": name }))
            .await
    }

    async fn course(&self, subject: Uuid) -> Uuid {
        let body = json!({
            "name": subject.simple().to_string(), "subject_id": subject, "hours_hundredths": 4800,
            "price": { "amount_minor": 480_000, "currency": "CNY" },
        });
        self.make("/api/v1/courses", &body).await
    }

    async fn customer(&self, kind: &str) -> Uuid {
        let body = json!({
            "kind": kind, "name": "秦时月", "source_channel": "hotline",
            "campus_id": self.places.north, "holder_id": self.places.north,
        });
        self.make("/api/v1/customers", &body).await
    }
}

/// An amount that no list comes up to, and from which nobody else's policy begins.
pub(crate) fn far(unique: Uuid) -> i64 {
    let (_, low) = unique.as_u64_pair();
    100_000_000_000 + i64::try_from(low % 800_000_000_000).unwrap_or_default()
}

/// Short enough for every name and number.
fn unique() -> String {
    let id = Uuid::now_v7().simple().to_string();
    id[12..].to_owned()
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.push(name.clone());
                collect(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

/// Puts ids into the fields of these names.
pub(crate) fn fill(value: &mut Value, ids: &BTreeMap<String, Uuid>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match ids.get(name) {
                    Some(id) if value.is_array() => *value = json!([id]),
                    Some(id) => *value = id.to_string().into(),
                    None => fill(value, ids),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, ids)),
        _ => {}
    }
}
