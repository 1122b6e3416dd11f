//! How the registry surface says no: every error that is documented, provoked by raw HTTP and kept as it came, with its
//! status line, its headers in their order, and its exact body.
//!
//! One module for each family of errors, one snapshot for each family and profile. Each entry names the noun of the table
//! of failures that it shows; [`coverage`] fails for a noun that no entry shows and no reason keeps away.
//! `INSTA_UPDATE=always cargo test --test it wire_snapshots` writes the snapshots anew; what changed is for a diff to show.
//!
//! Sources: the error codes of the OCI distribution specification,
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>, and what is known of ECR, as
//! `docs/PROFILES.md` and `docs/FIDELITY.md` list it.

mod blobs;
mod coverage;
mod downloads;
mod gallery;
mod limits;
mod listings;
mod logins;
mod manifests;
mod routes;
mod rules;
mod signed;
mod stage;
mod uploads;
mod upstreams;
