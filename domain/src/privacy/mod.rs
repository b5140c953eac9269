//! Protection of personal data (个人信息保护): what people are told of the use of their data, and what the
//! institution owes them.

mod disclosure;
mod erasure;
mod fault;
mod legal_hold;
mod notice;
mod personal_data;
mod recipient;
mod request;
mod retention;

pub use disclosure::*;
pub use erasure::*;
pub use fault::*;
pub use legal_hold::*;
pub use notice::*;
pub use personal_data::*;
pub use recipient::*;
pub use request::*;
pub use retention::*;
