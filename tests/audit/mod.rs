mod reading;
mod refusals;
mod sealing;
mod trail;
