//! Pull-through caches, row by row: which rule covers a pull, how an upstream is spoken to, what is kept of its answers.
//!
//! Where a test is about the conversation with an upstream, a small server of its own plays it and notes what it is asked;
//! elsewhere the upstream lives in the world.

mod kept;
mod names;
mod spoken;
mod upstream;
