//! Who a caller claims to be: parsers of the credentials that arrive with a call.
//!
//! Pure text in, typed claim out. Nothing here checks a signature or looks a token up; a claim is only a claim.

pub mod basic;
pub mod sigv4;
