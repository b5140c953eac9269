mod log_ins;
mod reading;
mod refusals;
mod sealing;
mod trail;
