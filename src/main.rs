//! The `ecr-fixture` program: arguments, logging, run, exit code.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use ecr_fixture::config::{AddressFormat, Cli, Command, Lifeline, LogFormat, ServeArgs};
use ecr_fixture::{demo, server};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Many small values come and go with each call, from several threads: the allocator is a fifth of a call's cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let outcome = match cli.command {
        None => runtime.block_on(serve(cli.serve)),
        Some(Command::Serve(args)) => runtime.block_on(serve(*args)),
        Some(Command::Demo) => runtime.block_on(demo::run(&mut std::io::stdout().lock())),
    };
    // Blocking work that is still under way, such as a read of standard input, must not keep the process.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(std::io::stderr(), "ecr-fixture: {error:#}");
    ExitCode::FAILURE
}

async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    log(&args)?;
    // Before anybody is told that we are there: whoever reads the ready line may stop us at once.
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let running = server::start(&args).await?;
    if let Some(AddressFormat::Json) = args.print_addresses {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{}", running.ready_line())
            .and_then(|()| stdout.flush())
            .context("cannot write the ready line")?;
    } else if let Some(token) = &running.daemon().token {
        tracing::info!(%token, "the control plane needs this token");
    }
    if let Some(path) = &args.ready_file {
        running.write_ready_file(path)?;
    }
    tracing::info!(data = %running.daemon().listen, control = %running.daemon().control, "ready");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = lifeline_ends(args.lifeline) => {}
        () = running.asked_to_stop() => {}
    }
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => {}
        // A second signal does not wait.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Ends when the lifeline does; never, if there is none.
async fn lifeline_ends(lifeline: Option<Lifeline>) {
    match lifeline {
        None => std::future::pending().await,
        Some(Lifeline::Stdin) => {
            let mut stdin = tokio::io::stdin();
            let mut sink = [0; 1024];
            while matches!(stdin.read(&mut sink).await, Ok(read) if read > 0) {}
        }
    }
}

fn log(args: &ServeArgs) -> anyhow::Result<()> {
    let filter: Targets = args.log.parse().with_context(|| format!("`{}` is no log filter", args.log))?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => {
            registry.with(lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))).init();
        }
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    Ok(())
}
