mod access;
mod classes;
mod timetable;
