//! Room `blobs`.
