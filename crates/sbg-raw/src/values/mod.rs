//! Types which the generator cannot make: liberal scalars, open enums, fields that can be null, the metadata filter.

mod filter;
mod nullable;
mod number;
mod open_enum;
mod secret;
mod timestamp;

pub use filter::MetadataFilter;
pub use nullable::Nullable;
pub use number::Number;
pub(crate) use open_enum::open_enum;
pub use secret::Secret;
pub use timestamp::Timestamp;
