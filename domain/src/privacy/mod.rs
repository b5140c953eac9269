//! Protection of personal data (个人信息保护): what people are told of the use of their data, and what the
//! institution owes them.

mod erasure;
mod fault;
mod notice;
mod personal_data;
mod request;

pub use erasure::*;
pub use fault::*;
pub use notice::*;
pub use personal_data::*;
pub use request::*;
