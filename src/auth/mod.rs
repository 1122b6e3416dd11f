//! Who a caller claims to be: parsers of the credentials that arrive with a call, and the check of a signature.
//!
//! Pure: text in, typed claim out. Nothing here looks a key or a token up; whose secret a key has is handed in.

pub mod basic;
pub mod signature;
pub mod sigv4;
