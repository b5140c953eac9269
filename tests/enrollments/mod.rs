mod enroll;
mod facts;
mod hours;
mod leave;
mod roll_call;
mod seats;
mod taught;
