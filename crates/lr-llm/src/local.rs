//! A server on this machine for as long as it is needed: one that runs, else `ollama serve`, else Ollama's container.
//!
//! What was started here ends with the program, also when that is interrupted or killed; what runs already stays.

use std::fmt;
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use lr_exec::{Finished, Program, StartError, signals};
use lr_stage::say;
use lr_turn::Kind;

use crate::children;
use crate::failure::Failure;
use crate::wire::complaint::one_line;

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is asked whether it does.
const TICK: Duration = Duration::from_millis(50);

/// How long a server may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// How long the image of the container may take to come.
const IMAGE_TIME: Duration = Duration::from_secs(3600);

/// As much of what a server says as is kept.
const KEPT: usize = 16 << 10;

/// The container's image, and where the models stay that it loads.
const IMAGE: &str = "ollama/ollama";
const VOLUME: &str = "ollama:/root/.ollama";

/// The port of Ollama within its container.
const INNER_PORT: u16 = 11434;

/// Runs a container as long as this shell runs: its name comes first, the arguments of `docker run` follow.
const RUN_CONTAINER: &str = r#"name=$1; shift
trap 'kill $! 2>/dev/null; docker rm -f "$name" >/dev/null 2>&1; exit 0' TERM INT HUP
docker run --rm --name "$name" "$@" & wait $!"#;

/// What can bring up a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Ollama,
    Docker,
}

impl fmt::Display for Way {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Way::Ollama => "'ollama serve'",
            Way::Docker => "Ollama's container",
        })
    }
}

/// Sees to it that a server answers at `address` (`host:port`), which is on this machine; `answers` asks whether it
/// does. Gives whether it was started here. It does not see
/// the variables in `hidden`.
///
/// # Errors
///
/// Why there is none.
pub(crate) fn start(
    address: &str,
    hidden: &[String],
    answers: &dyn Fn() -> bool,
) -> Result<bool, Failure> {
    if answers() {
        return Ok(false);
    }
    let is_there = |name: &str| lr_exec::find(name, None).is_some();
    let way = match (is_there("ollama"), is_there("docker")) {
        (true, _) => Way::Ollama,
        (false, true) => Way::Docker,
        (false, false) => {
            let message = format!(
                "no Ollama at '{address}', and neither 'ollama' nor 'docker' to start it with"
            );
            return Err(Failure::new(Kind::NoModel, message)
                .hint("install it from https://ollama.com/download"));
        }
    };
    if way == Way::Docker {
        fetch_image(hidden)?;
    }
    let begun = Instant::now();
    say::note(&format!("starting {way} until the end"));
    let ended = run(server(way, address).drop_env(hidden))?;
    let mut is_ours = true;
    while begun.elapsed() < PATIENCE {
        if answers() {
            let seconds = begun.elapsed().as_secs_f64();
            say::detail(1, &format!("{way} answers after {seconds:.1} s"));
            return Ok(is_ours);
        }
        match ended.try_recv() {
            // Somebody else has been quicker, and that server is about to answer.
            Ok(Ok(_)) if signals::interrupted().is_none() && is_taken(address) => is_ours = false,
            Ok(result) => return Err(has_ended(way, result)),
            Err(TryRecvError::Disconnected) if is_ours || signals::interrupted().is_some() => {
                return Err(children::interrupted());
            }
            Err(_) => thread::sleep(TICK),
        }
    }
    let seconds = PATIENCE.as_secs();
    Err(Failure::new(
        Kind::NoModel,
        format!("{way} does not answer at '{address}' within {seconds} s"),
    ))
}

/// Whether something listens at an address.
fn is_taken(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

/// Ends the program like a signal that came meanwhile, when everything it has started has ended: for a program that
/// would not notice, because it waits for a server.
pub(crate) fn end_on_signal() {
    thread::spawn(|| {
        if let Some(signal) = signals::wait() {
            children::end_all();
            signals::repeat(signal);
        }
    });
}

/// Gets the container's image, which takes a while the first time.
fn fetch_image(hidden: &[String]) -> Result<(), Failure> {
    let docker = |arguments: &[&str]| {
        let words = [&["docker"], arguments].concat();
        let program = Program::new(words).drop_env(hidden);
        let program = program.timeout(IMAGE_TIME).capture_limit(KEPT);
        children::run(program).map_err(|error| Failure::new(Kind::NoModel, error.to_string()))
    };
    if docker(&["image", "inspect", IMAGE])?.succeeded() {
        return Ok(());
    }
    say::note(&format!(
        "getting '{IMAGE}' for Docker; the first time this takes some minutes"
    ));
    let pulled = docker(&["pull", IMAGE])?;
    if pulled.succeeded() {
        return Ok(());
    }
    Err(has_failed("docker pull", &pulled))
}

fn server(way: Way, address: &str) -> Program {
    let program = match way {
        Way::Ollama => Program::new(["ollama", "serve"]).env("OLLAMA_HOST", address),
        Way::Docker => {
            let port = address.rsplit(':').next().unwrap_or_default();
            let published = format!("127.0.0.1:{port}:{INNER_PORT}");
            let name = format!("lr-ollama-{}", std::process::id());
            let words = [
                "sh",
                "-c",
                RUN_CONTAINER,
                "sh",
                &name,
                "-p",
                &published,
                "-v",
                VOLUME,
                IMAGE,
            ];
            Program::new(words)
        }
    };
    program.cleans_up(GRACE).capture_limit(KEPT)
}

/// Runs a server in a thread of its own, and gives what it will have come to.
fn run(program: Program) -> Result<Receiver<Result<Finished, StartError>>, Failure> {
    let (report, ended) = mpsc::channel();
    let work = move || {
        let _ = report.send(children::run(program));
    };
    let thread = thread::Builder::new().spawn(work);
    thread.map_err(|error| Failure::new(Kind::Io, format!("cannot start a thread: {error}")))?;
    Ok(ended)
}

fn has_ended(way: Way, result: Result<Finished, StartError>) -> Failure {
    match result {
        Err(error) => Failure::new(Kind::NoModel, error.to_string()),
        Ok(finished) if finished.end == lr_exec::End::Interrupted => children::interrupted(),
        Ok(finished) => has_failed(&way.to_string().replace('\'', ""), &finished),
    }
}

/// Says why a program failed, with the last line that it wrote.
fn has_failed(what: &str, finished: &Finished) -> Failure {
    let said = children::last_words(&finished.stderr.text());
    let message = format!("'{what}' ended ({}){said}", finished.end);
    Failure::new(Kind::NoModel, one_line(&message))
}
