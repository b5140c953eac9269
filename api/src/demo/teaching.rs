//! Classes, their students and their lessons.

use domain::{
    access::{AttendanceWrite, CoursesWrite, EnrollmentsWrite},
    courses::Class,
    customers::Customer,
    enrollments::{Enrollment, WithdrawalReason},
    id::Id,
    organization::Staff,
};
use serde_json::json;

use super::{
    actor::{Filling, act},
    year::Year,
};
use crate::{
    boot::Failure,
    courses::{commands as courses, lessons::commands as lessons},
    enrollments::{attendance::commands as attendance, commands as enrollments},
};

/// Terms: when their classes are opened, when they begin, and when they end.
const TERMS: &[(&str, u32, u32, u32)] = &[
    ("第一期", 0, 14, 154),
    ("第二期", 150, 168, 308),
    ("第三期", 300, 315, 455),
];
const CAPACITY: usize = 12;
const WEEK: u32 = 7;

/// A class.
pub(super) struct Room {
    id: Id<Class>,
    place: usize,
    teacher: Id<Staff>,
    price_minor: i64,
    /// On which of the seven days it meets.
    meets: u32,
    begins: u32,
    ends: u32,
    students: Vec<(Id<Customer>, Id<Enrollment>)>,
    left: usize,
}

impl Room {
    /// How many were ever enrolled.
    pub(super) fn enrolled(&self) -> usize {
        self.students.len() + self.left
    }

    fn takes_in(&self, day: u32, place: usize) -> bool {
        self.place == place && day + 28 < self.ends && self.students.len() < CAPACITY
    }
}

impl Year<'_> {
    /// Opens the classes of a term.
    pub(super) async fn open_classes(&mut self, filling: &Filling) -> Result<(), Failure> {
        for (term, opens, begins, ends) in TERMS {
            if *opens != filling.day() {
                continue;
            }
            let planner = self.school.person("teaching_affairs")?;
            for (at, place) in self.school.places.iter().enumerate() {
                let teacher = *place.teachers.first().ok_or("a campus without a teacher")?;
                for (offer, meets) in self.school.offers.iter().zip(0..) {
                    let new = json!({
                        "name": format!("{}{term}{}班", offer.name, at + 1), "course_id": offer.course,
                        "campus_id": place.id, "teacher_id": teacher, "capacity": CAPACITY,
                        "starts_on": filling.date(*begins)?, "ends_on": filling.date(*ends)?,
                    });
                    let class = act!(filling, planner, CoursesWrite,
                        "createClass" => courses::create_class, new);
                    self.rooms.push(Room {
                        id: class.id,
                        place: at,
                        teacher,
                        price_minor: offer.price_minor,
                        meets,
                        begins: *begins,
                        ends: *ends,
                        students: Vec::new(),
                        left: 0,
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether a class of a campus takes somebody in.
    pub(super) fn has_seat(&self, filling: &Filling, place: usize) -> bool {
        let day = filling.day();
        self.rooms.iter().any(|room| room.takes_in(day, place))
    }

    /// Enrolls a child in a class that takes in.
    pub(super) async fn enroll(
        &mut self,
        filling: &Filling,
        student: Id<Customer>,
        place: usize,
    ) -> Result<(), Failure> {
        let registrar = self.school.person("teaching_affairs")?;
        let day = filling.day();
        let open: Vec<usize> = (0..self.rooms.len())
            .filter(|at| {
                self.rooms
                    .get(*at)
                    .is_some_and(|room| room.takes_in(day, place))
            })
            .collect();
        let chosen = self.chance.pick(&open);
        let Some(room) = chosen.and_then(|at| self.rooms.get_mut(at)) else {
            return Ok(());
        };
        let new = json!({ "customer_id": student, "class_id": room.id });
        let made = act!(filling, registrar, EnrollmentsWrite,
            "createEnrollment" => enrollments::create, new);
        room.students.push((student, made.enrollment.id));
        let price = room.price_minor;
        self.owe(filling, student, place, price).await
    }

    /// Holds the lessons of the day, and ends the classes that are over.
    pub(super) async fn teach(&mut self, filling: &Filling) -> Result<(), Failure> {
        filling.set_hour(20)?;
        let planner = self.school.person("teaching_affairs")?;
        let day = filling.day();
        for at in 0..self.rooms.len() {
            let Some(room) = self.rooms.get(at) else {
                continue;
            };
            let meets = (room.begins..=room.ends).contains(&day) && day % WEEK == room.meets;
            if meets && !room.students.is_empty() {
                self.hold_lesson(filling, planner, at).await?;
            }
            if self.rooms.get(at).is_some_and(|room| room.ends == day) {
                self.end_class(filling, planner, at).await?;
            }
        }
        // Now and then somebody moves away.
        if day % 60 == 59 {
            self.lose_one(filling, planner).await?;
        }
        Ok(())
    }

    async fn hold_lesson(
        &mut self,
        filling: &Filling,
        planner: Id<Staff>,
        at: usize,
    ) -> Result<(), Failure> {
        let Some(room) = self.rooms.get(at) else {
            return Ok(());
        };
        let new = json!({
            "held_on": filling.date(filling.day())?, "start_time": "18:00", "end_time": "19:30",
            "hours_hundredths": 200,
        });
        let lesson = act!(filling, planner, CoursesWrite,
            "createLesson" => lessons::plan[room.id], new);
        // The lesson of today may be still to come.
        if filling.is_today() {
            return Ok(());
        }
        let mut marks = Vec::new();
        for (_, enrollment) in &room.students {
            let status = if self.chance.percent(92) {
                "present"
            } else {
                "absent"
            };
            marks.push(json!({ "enrollment_id": enrollment, "status": status }));
        }
        let roll: crate::enrollments::attendance::CallRoll =
            super::actor::body(json!({ "students": marks }))?;
        let (roll, lesson) = (&roll, lesson.id);
        filling
            .act::<AttendanceWrite, _, _, _>(room.teacher, "callRoll", |tx, grant| async move {
                attendance::call_roll(&tx, &grant, lesson, roll).await
            })
            .await?;
        Ok(())
    }

    /// Ends a class: everybody has finished, and most go on.
    async fn end_class(
        &mut self,
        filling: &Filling,
        planner: Id<Staff>,
        at: usize,
    ) -> Result<(), Failure> {
        let Some(room) = self.rooms.get_mut(at) else {
            return Ok(());
        };
        let place = room.place;
        let students = std::mem::take(&mut room.students);
        room.left += students.len();
        for (student, enrollment) in students {
            filling
                .act::<EnrollmentsWrite, _, _, _>(
                    planner,
                    "completeEnrollment",
                    |tx, grant| async move { enrollments::complete(&tx, &grant, enrollment).await },
                )
                .await?;
            if self.chance.percent(60) && self.has_seat(filling, place) {
                self.enroll(filling, student, place).await?;
            }
        }
        Ok(())
    }

    async fn lose_one(&mut self, filling: &Filling, planner: Id<Staff>) -> Result<(), Failure> {
        let Some(room) = self
            .rooms
            .iter_mut()
            .rev()
            .find(|room| room.students.len() > 2)
        else {
            return Ok(());
        };
        let Some((_, enrollment)) = room.students.pop() else {
            return Ok(());
        };
        room.left += 1;
        filling
            .act::<EnrollmentsWrite, _, _, _>(
                planner,
                "withdrawEnrollment",
                |tx, grant| async move {
                    enrollments::withdraw(&tx, &grant, enrollment, WithdrawalReason::Moved).await
                },
            )
            .await?;
        Ok(())
    }
}
