//! Types which the generator cannot make: liberal scalars, open enums, fields that can be null, the metadata filter.

mod filter;
mod identifier;
mod nullable;
mod number;
mod open_enum;
mod path;
mod secret;
mod timestamp;

pub use filter::MetadataFilter;
pub use identifier::Identifier;
pub use nullable::Nullable;
pub use number::Number;
pub(crate) use open_enum::open_enum;
pub(crate) use path::encode_segments;
pub use secret::Secret;
pub use timestamp::Timestamp;
