//! Flags and environment, read once into one checked configuration. Flags win over `ECR_FIXTURE_*`.

mod bounds;

mod tls;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use tls::{TlsArgs, TlsConflict, TlsMode, TlsSource};

pub use self::bounds::Bounds;
pub(crate) use self::bounds::LARGEST_HEAD_BYTES;

/// Stands in for Amazon ECR in tests.
#[derive(Debug, Parser)]
#[command(name = "ecr-fixture", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  ecr-fixture                       serve on 127.0.0.1:4510 and :4511\n  \
                        ecr-fixture serve --listen 127.0.0.1:0 --control 127.0.0.1:0 --print-addresses json\n  \
                        ecr-fixture demo                  play the whole story against itself")]
pub struct Cli {
    /// What to do; nothing: serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `serve`.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until a signal comes (the default).
    Serve(Box<ServeArgs>),
    /// Start a daemon on free ports, play a story through its public surfaces, and print what the wire answered.
    Demo,
}

/// Options of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Address of the registry surface; port 0: any free one.
    #[arg(long, env = "ECR_FIXTURE_LISTEN", default_value = "127.0.0.1:4510", value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// Address of the control plane; port 0: any free one.
    #[arg(long, env = "ECR_FIXTURE_CONTROL", default_value = "127.0.0.1:4511", value_name = "ADDR:PORT")]
    pub control: SocketAddr,
    /// Print one line with the addresses and the control token when ready.
    #[arg(long, env = "ECR_FIXTURE_PRINT_ADDRESSES", value_name = "FORMAT")]
    pub print_addresses: Option<AddressFormat>,
    /// Write the same line to a file, readable by its owner only, when ready.
    #[arg(long, env = "ECR_FIXTURE_READY_FILE", value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Stop when this ends: `stdin`.
    #[arg(long, env = "ECR_FIXTURE_LIFELINE", value_name = "WHAT")]
    pub lifeline: Option<Lifeline>,
    /// Keep large blobs in files below this directory instead of memory, and all that memory has no room for. Blobs only;
    /// worlds start empty, and what an earlier daemon left there is removed.
    #[arg(long, env = "ECR_FIXTURE_BLOB_DIR", value_name = "DIR")]
    pub blob_dir: Option<PathBuf>,
    /// Most bytes of blobs in memory, e.g. `512MiB`. What is more is refused, or goes to the directory if there is one.
    #[arg(long, env = "ECR_FIXTURE_BLOB_MEMORY", default_value = "2GiB", value_name = "SIZE", value_parser = parse_size)]
    pub blob_memory: u64,
    /// Documents for the default world, as JSON.
    #[arg(long, env = "ECR_FIXTURE_SEED", value_name = "FILE")]
    pub seed: Option<PathBuf>,
    /// How the default world's registry surface behaves: as ECR, or as the distribution specification says.
    #[arg(long, env = "ECR_FIXTURE_PROFILE", default_value = "ecr", value_name = "PROFILE")]
    pub profile: Profile,
    /// What `repositoryUri` and `proxyEndpoint` show in the default world: the daemon's address, or ECR's form.
    #[arg(long, env = "ECR_FIXTURE_REPOSITORY_URI", default_value = "advertised", value_name = "FORM")]
    pub repository_uri: RepositoryUriForm,
    /// Have no default world: refuse calls that name none.
    #[arg(long, env = "ECR_FIXTURE_STRICT", value_parser = FalseyValueParser::new())]
    pub strict: bool,
    /// Need no token on the control plane; on loopback addresses only.
    #[arg(long, env = "ECR_FIXTURE_OPEN", value_parser = FalseyValueParser::new())]
    pub open: bool,
    /// A host that pull-through may reach beside loopback, with its port if not the usual one; one of loopback is then
    /// called over HTTPS. May be repeated.
    #[arg(long = "allow-upstream", env = "ECR_FIXTURE_ALLOW_UPSTREAM", value_delimiter = ',', value_name = "HOST")]
    pub allow_upstreams: Vec<String>,
    /// Certificate authorities that upstream registries may be signed by beside the usual ones, as PEM.
    #[arg(long, env = "ECR_FIXTURE_UPSTREAM_CA", value_name = "FILE")]
    pub upstream_ca: Option<PathBuf>,
    /// TLS on the registry surface.
    #[command(flatten)]
    pub tls: TlsArgs,
    /// What to log, e.g. `info` or `ecr_fixture=debug`.
    #[arg(long, env = "ECR_FIXTURE_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// How to log.
    #[arg(long, env = "ECR_FIXTURE_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// How much the registry surface takes.
    #[command(flatten)]
    pub bounds: Bounds,
}

/// Formats of the ready line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AddressFormat {
    /// A JSON object on one line.
    Json,
}

/// What a daemon's life can hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lifeline {
    /// Standard input: its end is the daemon's.
    Stdin,
}

/// Formats of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines to read.
    Text,
    /// A JSON object on each line.
    Json,
}

/// How a registry surface behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// As ECR does.
    Ecr,
    /// As the OCI Distribution Specification says: no login, repositories come with their first push.
    Oci,
}

/// What `repositoryUri` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RepositoryUriForm {
    /// The address at which the caller reaches the registry.
    Advertised,
    /// `<account>.dkr.ecr.<region>.<suffix>/<name>`.
    Aws,
}

/// Options that cannot be served together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConfig {
    /// `--open` beyond loopback.
    #[error("--open is allowed on loopback addresses only, and the control plane is to listen on {0}")]
    OpenBeyondLoopback(IpAddr),
    /// Nothing to seed.
    #[error("--seed fills the default world, and with --strict there is none")]
    SeedWithoutWorld,
    /// Options of TLS.
    #[error(transparent)]
    Tls(#[from] TlsConflict),
}

impl ServeArgs {
    /// Options as if none had been given, on free ports.
    pub fn on_free_ports() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            listen: any,
            control: any,
            print_addresses: None,
            ready_file: None,
            lifeline: None,
            blob_dir: None,
            blob_memory: crate::blobs::DEFAULT_BOUND_BYTES,
            seed: None,
            profile: Profile::Ecr,
            repository_uri: RepositoryUriForm::Advertised,
            strict: false,
            open: false,
            allow_upstreams: Vec::new(),
            upstream_ca: None,
            tls: TlsArgs::default(),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            bounds: Bounds::default(),
        }
    }

    /// Refuses what cannot be served.
    pub fn check(&self) -> Result<(), InvalidConfig> {
        if self.open && !self.control.ip().is_loopback() {
            return Err(InvalidConfig::OpenBeyondLoopback(self.control.ip()));
        }
        if self.strict && self.seed.is_some() {
            return Err(InvalidConfig::SeedWithoutWorld);
        }
        self.tls.source()?;
        Ok(())
    }
}

/// Reads a number of bytes with an optional unit: `B`, `KiB`, `MiB`, `GiB`.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        other => return Err(format!("`{other}` is no unit; use B, KiB, MiB or GiB")),
    };
    let number: u64 = number.parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("`{text}` is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_carry_units() {
        let check = |text: &str, bytes: Option<u64>| assert_eq!(parse_size(text).ok(), bytes, "{text}");
        check("2GiB", Some(2 << 30));
        check("512 MiB", Some(512 << 20));
        check("7", Some(7));
        check("GiB", None);
        check("2GB", None);
        check("99999999999GiB", None);
    }

    #[test]
    fn no_subcommand_means_serve() {
        let cli = Cli::try_parse_from(["ecr-fixture", "--listen", "127.0.0.1:0"]).expect("legal");
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen.port(), 0);
    }

    #[test]
    fn an_open_control_plane_stays_on_loopback() {
        let mut args = ServeArgs::on_free_ports();
        args.open = true;
        assert_eq!(args.check(), Ok(()));
        args.control = "0.0.0.0:4511".parse().expect("address");
        assert!(matches!(args.check(), Err(InvalidConfig::OpenBeyondLoopback(_))));
    }

    #[test]
    fn a_seed_needs_a_world() {
        let mut args = ServeArgs::on_free_ports();
        args.seed = Some("seed.json".into());
        assert_eq!(args.check(), Ok(()));
        args.strict = true;
        assert_eq!(args.check(), Err(InvalidConfig::SeedWithoutWorld));
    }
}
