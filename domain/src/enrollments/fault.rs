use crate::rules;

rules! {
    CLASS_FULL = Conflict "class_full" {
        "班级已满", "The class is full";
        "没有空余名额，请选择其他班级。", "No seat is free: choose another class." }
    CLASS_ENDED = Conflict "class_ended" {
        "班级已结课", "The class has ended";
        "不能报名已结课的班级。", "Nobody can be enrolled in a class that has ended." }
    ALREADY_ENROLLED = Conflict "already_enrolled" {
        "学员已在该班", "The student is in the class";
        "该学员在此班级已有在读报名。", "The student has an active enrollment in this class." }
    NOT_A_STUDENT = Invalid "not_a_student" {
        "该客户不是学员", "The customer is not a student";
        "只能为学员类客户报名。", "Only customers of the kind student can be enrolled." }
    ENROLLMENT_ENDED = Conflict "enrollment_ended" {
        "报名已结束", "The enrollment has ended";
        "当前状态：{status}。", "The status is {status}." }
    NOT_IN_CLASS = Invalid "not_in_class" {
        "学员不在该班", "Not in the class";
        "该报名不属于此课次的班级。", "The enrollment is not one of the lesson's class." }
    LISTED_TWICE = Invalid "listed_twice" {
        "重复出现", "Listed twice";
        "同一报名只能出现一次。", "An enrollment stands in a roll call once." }
    HOURS_EXHAUSTED = Conflict "hours_exhausted" {
        "课时不足", "Not enough lesson hours";
        "剩余课时不足以支付这一课次；请续费或改记为缺勤、请假。", "Fewer hours are left than the lesson takes: renew, or mark the student absent or on leave." }
    LESSON_AHEAD = Conflict "lesson_ahead" {
        "课次未到", "The lesson is still to come";
        "课次日期为 {date}，当天起才能点名。", "The roll can be called from the day of the lesson on: {date}." }
    STUDENT_WITHDRAWN = Conflict "student_withdrawn" {
        "学员已退学", "The student has withdrawn";
        "已退学的报名不能再点名，也不能更正。", "The roll of an enrollment that was withdrawn can be neither called nor corrected." }
}
