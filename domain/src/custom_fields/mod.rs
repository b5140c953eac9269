//! Custom fields (自定义字段): what an institution keeps of its records beyond what every institution does
//! (CFG-01, CUST-25).
//!
//! A field is defined once, for one kind of record: its code and type never change, its
//! name, choices and place may, and every change is a version. Values are typed: a number is a number
//! wherever it is kept, filtered or sorted. A sensitive field is sealed, and shown by a reveal only.

mod fault;
mod field;
mod input;
mod value;

pub use fault::*;
pub use field::*;
pub use input::*;
pub use value::*;
