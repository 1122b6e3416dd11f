//! Room `ecr`.
