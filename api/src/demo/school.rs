//! The school before its first customer: places, people, courses, tags.

use domain::{
    access::{CoursesWrite, OrganizationWrite, PrincipalKind, TagsManage},
    courses::Course,
    id::Id,
    money::Currency,
    organization::{Campus, Locale, NewInstitution, Staff, Team},
    tags::Tag,
};
use persistence::{
    Operation,
    organization::store::{NewStaff, campuses, hire},
};
use serde_json::json;

use super::actor::{Filling, ZONE, act};
use crate::{
    boot::{self, ADMINISTRATOR, Failure},
    courses::commands as courses,
    http::IfMatch,
    organization::commands as organization,
    tags::commands as tags,
};

/// What people type at log-in.
pub(super) const CODE: &str = "school";

/// Somebody who works here.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: Id<Staff>,
    pub(super) user_name: &'static str,
    /// Code of the role.
    pub(super) role: &'static str,
}

/// A campus with its people.
pub(super) struct DemoCampus {
    pub(super) id: Id<Campus>,
    pub(super) recruiters: Vec<Id<Staff>>,
    pub(super) teachers: Vec<Id<Staff>>,
}

/// What there is to learn, and for how much.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    pub(super) course: Id<Course>,
    pub(super) name: &'static str,
    pub(super) price_minor: i64,
}

pub(super) struct School {
    people: Vec<Person>,
    pub(super) places: Vec<DemoCampus>,
    pub(super) offers: Vec<Offer>,
    pub(super) tags: Vec<Id<Tag>>,
}

const CAMPUSES: [&str; 2] = ["启明教育朝阳校区", "启明教育海淀校区"];
const LEGAL_ENTITY: &str = "启明教育科技有限公司";

/// Where somebody works: at the first campus, the second, or both.
#[derive(Clone, Copy)]
enum At {
    First,
    Second,
    Both,
}

/// User name, name, role, and where; the administrator is there from the start.
const PEOPLE: &[(&str, &str, &str, At)] = &[
    ("zhou.min", "周敏", "branch_manager", At::First),
    ("wu.gang", "吴刚", "branch_manager", At::Second),
    ("zheng.yan", "郑燕", "sales_supervisor", At::First),
    ("sun.jie", "孙洁", "recruiter", At::First),
    ("qian.duo", "钱多", "recruiter", At::First),
    ("feng.lei", "冯磊", "recruiter", At::Second),
    ("chu.yun", "褚云", "customer_service", At::Both),
    ("wei.lan", "卫兰", "teaching_affairs", At::Both),
    ("jiang.hua", "蒋华", "teacher", At::First),
    ("shen.ke", "沈珂", "teacher", At::Second),
    ("han.xue", "韩雪", "finance", At::Both),
];

const OFFERS: &[(&str, &str, i64)] = &[
    ("少儿英语", "英语启蒙", 520_000),
    ("语文阅读", "阅读与写作", 460_000),
    ("少儿编程", "编程入门", 680_000),
    ("美术", "创意美术", 398_000),
];

const TAGS: &[(&str, &[&str])] = &[
    ("学习情况", &["基础薄弱", "学习主动", "需要陪读"]),
    ("家庭情况", &["双职工", "重视口碑", "关注价格"]),
];

impl School {
    /// Founds it, on the first day.
    pub(super) async fn found(filling: &mut Filling) -> Result<Self, Failure> {
        let new = NewInstitution {
            code: CODE.into(),
            name: CAMPUSES[0].into(),
            time_zone: ZONE.into(),
            currency: Currency::CNY,
            locale: Locale::Chinese,
        };
        let founded = boot::found_institution(&filling.app, &new).await?;
        filling.belongs_to(founded.institution);
        let admin = founded.administrator.cast();
        // With the one for one use nobody can do anything yet.
        filling.give_password(admin).await?;
        let mut school = Self {
            people: vec![Person {
                id: admin,
                user_name: ADMINISTRATOR,
                role: "boss",
            }],
            places: places(filling, admin).await?,
            offers: Vec::new(),
            tags: Vec::new(),
        };
        school.hire(filling, admin).await?;
        school.offer(filling, admin).await?;
        school.define_tags(filling, admin).await?;
        Ok(school)
    }

    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    pub(super) fn main_campus(&self) -> Result<&DemoCampus, Failure> {
        Ok(self.places.first().ok_or("the school has no campus")?)
    }

    /// The one who holds a role, where there is only one.
    pub(super) fn person(&self, role: &str) -> Result<Id<Staff>, Failure> {
        let found = self.people.iter().find(|person| person.role == role);
        Ok(found.ok_or("nobody has this role")?.id)
    }

    async fn hire(&mut self, filling: &Filling, admin: Id<Staff>) -> Result<(), Failure> {
        let mut team = None;
        for (user_name, name, role, at) in PEOPLE {
            let at: &[usize] = match at {
                At::First => &[0],
                At::Second => &[1],
                At::Both => &[0, 1],
            };
            let campuses = at
                .iter()
                .filter_map(|place| self.places.get(*place))
                .map(|place| place.id)
                .collect();
            let in_team = *role == "recruiter" && at == [0];
            let new = NewStaff {
                user_name: (*user_name).into(),
                name: (*name).into(),
                phone: None,
                campuses,
                home_team: team.filter(|_| in_team),
                roles: vec![(*role).into()],
            };
            let operation = Operation::system(
                filling.institution()?,
                PrincipalKind::Operator,
                "create_staff",
                filling.app.clock.stamp(),
            );
            let new = &new;
            let id = filling
                .app
                .db
                .transaction(&operation, |tx| async move { hire(&tx, new).await })
                .await?;
            if *role == "sales_supervisor" {
                team = Some(form_team(filling, admin, id).await?);
            }
            for place in at {
                if let Some(place) = self.places.get_mut(*place) {
                    match *role {
                        "recruiter" => place.recruiters.push(id),
                        "teacher" => place.teachers.push(id),
                        _ => {}
                    }
                }
            }
            self.people.push(Person {
                id,
                user_name,
                role,
            });
        }
        Ok(())
    }

    async fn offer(&mut self, filling: &Filling, admin: Id<Staff>) -> Result<(), Failure> {
        for (subject, name, price_minor) in OFFERS {
            let subject = act!(filling, admin, CoursesWrite, "createSubject" => courses::create_subject, json!({ "name": subject }));
            let course = act!(filling, admin, CoursesWrite, "createCourse" => courses::create_course, json!({
                "name": name, "subject_id": subject.id, "hours_hundredths": 4800,
                "price": { "amount_minor": price_minor, "currency": "CNY" },
            }));
            self.offers.push(Offer {
                course: course.id,
                name,
                price_minor: *price_minor,
            });
        }
        Ok(())
    }

    async fn define_tags(&mut self, filling: &Filling, admin: Id<Staff>) -> Result<(), Failure> {
        for (category, names) in TAGS {
            let category = act!(filling, admin, TagsManage, "createTagCategory" => tags::create_tag_category, json!({ "name": category }));
            for name in *names {
                let tag = act!(filling, admin, TagsManage, "createTag" => tags::create_tag, json!({ "name": name, "category_id": category.id }));
                self.tags.push(tag.id);
            }
        }
        Ok(())
    }
}

/// The campus that the school was founded with, and a second one.
async fn places(filling: &Filling, admin: Id<Staff>) -> Result<Vec<DemoCampus>, Failure> {
    let found = campuses(&filling.app.db.read(), filling.institution()?).await?;
    let (first, ..) = found.first().ok_or("the school has no campus")?;
    let own = json!({ "legal_entity": LEGAL_ENTITY });
    act!(filling, admin, OrganizationWrite, "changeCampus" => organization::change_campus[*first, IfMatch::Any], own);
    let second = act!(filling, admin, OrganizationWrite, "createCampus" => organization::create_campus, json!({ "name": CAMPUSES[1], "legal_entity": LEGAL_ENTITY }));
    let place = |id| DemoCampus {
        id,
        recruiters: Vec::new(),
        teachers: Vec::new(),
    };
    Ok(vec![place(*first), place(second.id)])
}

async fn form_team(
    filling: &Filling,
    admin: Id<Staff>,
    leader: Id<Staff>,
) -> Result<Id<Team>, Failure> {
    let team = act!(filling, admin, OrganizationWrite, "createTeam" => organization::create_team, json!({ "name": "招生一组", "leader_id": leader }));
    Ok(team.id)
}
