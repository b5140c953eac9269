mod log_ins;
mod reading;
mod refusals;
pub(crate) mod sealing;
mod trail;
