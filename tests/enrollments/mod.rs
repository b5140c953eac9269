mod enroll;
mod facts;
mod leave;
mod roll_call;
mod seats;
mod taught;
