use crate::text_enum;

text_enum! {
    /// What a roll call says of a student (点名). Only `present` uses lesson hours.
    Attendance as "AttendanceStatus" {
        Present = "present" { "出勤", "Present" }
        Absent = "absent" { "缺勤", "Absent" }
        Leave = "leave" { "请假", "On leave" }
    }
}

text_enum! {
    /// Why the balance of lesson hours changed.
    HourEntryKind as "HourEntryKind" {
        Granted = "granted" { "报名获得", "Granted" }
        Consumed = "consumed" { "上课消耗", "Consumed" }
        Reversed = "reversed" { "冲回", "Reversed" }
    }
}
