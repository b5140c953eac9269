use crate::rules;

rules! {
    HOURS_OUT_OF_RANGE = Invalid "hours_out_of_range" {
        "课时超出范围", "Lesson hours out of range";
        "课时应在 0.01 与 {max} 之间。", "Lesson hours lie between 0.01 and {max}." }
    PRICE_NEGATIVE = Invalid "price_negative" {
        "价格不能为负", "A price can't be negative";
        "请填写零或正的价格。", "Give a price of zero or more." }
    CAPACITY_OUT_OF_RANGE = Invalid "capacity_out_of_range" {
        "班级人数超出范围", "Capacity out of range";
        "班级人数应在 1 与 {max} 之间。", "A class has 1 to {max} seats." }
    CAPACITY_BELOW_TAKEN = Conflict "capacity_below_taken" {
        "班级人数少于已报名人数", "Fewer seats than are taken";
        "已有更多学员在读，不能减少到此人数。", "More students are enrolled than the class would have seats." }
    CLASS_DATES_REVERSED = Invalid "class_dates_reversed" {
        "结课早于开课", "The class ends before it starts";
        "结课日期不能早于开课日期。", "A class ends on or after the day on which it starts." }
    CLASS_NUMBER_TAKEN = Conflict "class_number_taken" {
        "班级编号已被使用", "The class number is taken";
        "请换一个编号。", "Choose another number." }
    TEACHER_NOT_AT_CAMPUS = Invalid "teacher_not_at_campus" {
        "教师不在该校区", "The teacher does not work at the campus";
        "授课教师必须是该校区的在职员工。", "A teacher is active staff of the campus of the class." }
    LESSON_CALLED = Conflict "lesson_called" {
        "课次已点名", "The roll of the lesson was called";
        "已点名的课次不能再更改或取消。", "A lesson whose roll was called can be neither changed nor cancelled." }
    LESSON_TIMES_REVERSED = Invalid "lesson_times_reversed" {
        "下课早于上课", "The lesson ends before it starts";
        "下课时间必须晚于上课时间。", "A lesson ends after it starts." }
    LESSON_TIME_SKIPPED = Invalid "lesson_time_skipped" {
        "该时间不存在", "There is no such time";
        "校区当日跳过了这一时间（夏令时）。", "Clocks at the campus skip this time on that day." }
    INSTITUTION_ONLY = Denied "institution_only" {
        "仅限全机构范围的权限", "Needs reach over the whole institution";
        "学科和课程由全机构共用，只有权限范围为全机构的人才能管理。", "Subjects and courses are shared by all campuses: only a reach over the whole institution may manage them." }
}
