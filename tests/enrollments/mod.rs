mod enroll;
mod facts;
mod hours;
mod leave;
pub(crate) mod roll_call;
mod seats;
mod taught;
