//! The only code between the generated messages and the domain.
