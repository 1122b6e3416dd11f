//! Image scanning: a registry's configuration, what a scan of an image finds, and how a scan goes.
//!
//! Nothing is ever scanned here. What a scan finds is declared beforehand ([`declare`]); a scan of an image without a
//! declaration ends well, without findings, and says so.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>

mod configuration;
mod declared;
mod enhanced_finding;
mod filter;
mod finding;
mod scan;

pub use configuration::{
    EffectiveScanning, RegistryScanning, ScanFrequency, ScanType, ScanningConfiguration, ScanningRule,
};
pub use declared::{DeclaredEnding, DeclaredScan, ScanSubject, declare};
pub use enhanced_finding::EnhancedFinding;
pub use filter::{SCAN_FILTER_PATTERN, ScanFilter};
pub use finding::{Attribute, Finding, InvalidFinding, Severity};
pub use scan::{Scan, ScanOutcome, ScanStatus};

pub(super) use declared::shown_for;
pub(super) use scan::{begin, is_scannable, on_push, scan_at_once, settle};
