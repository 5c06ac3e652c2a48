//! Types which the generator cannot make: liberal scalars, open enums, the metadata filter.

mod filter;
mod number;
mod open_enum;
mod timestamp;

pub use filter::MetadataFilter;
pub use number::Number;
pub(crate) use open_enum::open_enum;
pub use timestamp::Timestamp;
