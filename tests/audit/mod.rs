mod reading;
mod sealing;
mod trail;
