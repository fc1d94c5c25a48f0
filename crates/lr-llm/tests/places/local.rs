//! `-L`, with programs in place of Ollama and Docker that serve what the tests need, written in Python.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use lr_tests::fake_model::{Answer, FakeModel};
use tempfile::TempDir;

use crate::interrupt;
use crate::support::{Outcome, program, run, turn};

/// An Ollama that has one model and loads others: it notes what it is asked in the file `log`.
const SERVER: &str = r#"
import http.server, json, os, signal, sys, time
folder, port = sys.argv[1], int(sys.argv[2])
there = {"old:1b"}
def log(line):
    with open(folder + "/log", "a") as out: out.write(line + "\n")
def stop(*_):
    log("end"); os._exit(0)
signal.signal(signal.SIGTERM, stop)
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def say(self, status, *lines):
        self.send_response(status); self.end_headers()
        for line in lines: self.wfile.write((json.dumps(line) + "\n").encode())
    def do_GET(self):
        self.say(200, {"models": [{"name": name, "modified_at": "2026"} for name in sorted(there)]})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = body["model"]
        if self.path != "/api/chat": log(self.path + " " + model)
        if self.path == "/api/pull":
            if model == "none": return self.say(200, {"error": "pull model manifest: file does not exist"})
            there.add(model)
            layer = {"status": "pulling a", "digest": "a", "total": 100}
            return self.say(200, {"status": "pulling manifest"}, dict(layer, completed=50), {"status": "success"})
        if model not in there: return self.say(404, {"error": "model '" + model + "' not found"})
        if self.path == "/api/show": return self.say(200, {"model_info": {"x.context_length": 8192}})
        log("ctx %s %s" % (body["options"]["num_ctx"], body["truncate"]))
        if body["messages"][-1]["content"] == "hang": log("hangs"); open(folder + "/began", "w"); time.sleep(300)
        self.say(200, {"message": {"role": "assistant", "content": "fine"}, "done": True, "done_reason": "stop"})
time.sleep(0.2)
log("begin")
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

const OLLAMA: &str = r#"#!/bin/sh
[ "$*" = serve ] && [ -z "$GROQ_API_KEY$LR_API_KEY" ] || exit 9
exec python3 FOLDER/server.py FOLDER "${OLLAMA_HOST##*:}"
"#;

const DOCKER: &str = r#"#!/bin/sh
echo "docker $*" >> FOLDER/log
case $1 in
image) [ -e FOLDER/image ];;
pull) touch FOLDER/image;;
run) for word; do case $word in 127.0.0.1:*:11434) port=${word#*:}; port=${port%:*};; esac; done
  exec python3 FOLDER/server.py FOLDER "$port";;
rm) ;;
esac
"#;

/// A machine on which some programs are installed, and a free port.
struct Machine {
    folder: TempDir,
    port: u16,
}

impl Machine {
    fn with(programs: &[(&str, &str)]) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        fs::write(folder.path().join("server.py"), SERVER).unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        for (name, text) in programs {
            let program = folder.path().join("bin").join(name);
            fs::write(&program, text.replace("FOLDER", &path)).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Machine { folder, port }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = program(self.folder.path(), args);
        let path = format!(
            "{}/bin:/usr/local/bin:/usr/bin:/bin",
            self.folder.path().display()
        );
        command
            .env("PATH", path)
            .env("OLLAMA_HOST", format!("127.0.0.1:{}", self.port))
            .env("GROQ_API_KEY", "gsk_secret");
        command
    }

    fn run(&self, args: &[&str], input: Option<&str>) -> Outcome {
        run(self.command(args), input)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    fn is_quiet(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_err()
    }
}

fn has_python() -> bool {
    Path::new("/usr/bin/python3").exists() || Path::new("/usr/local/bin/python3").exists()
}

#[test]
fn a_server_is_started_its_model_loaded_and_the_server_ended() {
    if !has_python() {
        return;
    }
    let machine = Machine::with(&[("ollama", OLLAMA)]);
    let outcome = machine.run(&["-L", "new:1b", "hello"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "fine\n"),
        "{outcome:?}"
    );
    assert!(
        outcome
            .stderr
            .contains("starting 'ollama serve' until the end"),
        "{outcome:?}"
    );
    assert!(outcome.stderr.contains("loading 'new:1b'"), "{outcome:?}");
    let expected =
        "begin\n/api/show new:1b\n/api/pull new:1b\n/api/show new:1b\nctx 8192 False\nend\n";
    assert_eq!(machine.log(), expected);
    assert!(machine.is_quiet());
}

#[test]
fn turns_share_a_server() {
    if !has_python() {
        return;
    }
    let machine = Machine::with(&[("ollama", OLLAMA)]);
    let input = [turn("a"), turn("b"), turn("c")].concat();
    let outcome = machine.run(&["-L"], Some(&input));
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert_eq!(
        outcome.stdout.matches("\"text\":\"fine\"").count(),
        3,
        "{outcome:?}"
    );
    let ctx = "ctx 8192 False\n".repeat(3);
    assert_eq!(
        machine.log(),
        format!("begin\n/api/show old:1b\n{ctx}end\n")
    );
    assert!(machine.is_quiet());
}

#[test]
fn a_server_is_kept_for_several_programs_until_that_is_interrupted() {
    if !has_python() {
        return;
    }
    let machine = Machine::with(&[("ollama", OLLAMA)]);
    let mut keeper = machine.command(&["-L", "--serve"]).spawn().unwrap();
    let mut line = String::new();
    let stdout = keeper.stdout.as_mut().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, format!("http://127.0.0.1:{}\n", machine.port));
    for question in ["a", "b"] {
        let outcome = machine.run(&["-L", "old:1b", question], None);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    }
    let second = machine.run(&["-L", "--serve"], None);
    assert_eq!((second.status, second.stdout), (0, line));
    let kill = Command::new("kill")
        .args(["-INT", &keeper.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = keeper.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let asked = "/api/show old:1b\nctx 8192 False\n".repeat(2);
    assert_eq!(machine.log(), format!("begin\n{asked}end\n"));
    assert!(machine.is_quiet());
}

#[test]
fn a_server_that_somebody_else_starts_at_the_same_time_is_waited_for() {
    if !has_python() {
        return;
    }
    // The second one gives up as soon as the first one listens.
    let once = r#"#!/bin/sh
mkdir FOLDER/first 2>/dev/null && exec python3 FOLDER/server.py FOLDER "${OLLAMA_HOST##*:}"
until python3 -c "import socket; socket.create_connection(('127.0.0.1', ${OLLAMA_HOST##*:}))" 2>/dev/null; do sleep 0.01; done
echo 'bind: address already in use' >&2; exit 1
"#;
    let machine = Machine::with(&[("ollama", once)]);
    let mut keeper = machine.command(&["-L", "--serve"]).spawn().unwrap();
    while !machine.file("first").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let outcome = machine.run(&["-L", "old:1b", "hi"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "fine\n"),
        "{outcome:?}"
    );
    let kill = Command::new("kill").arg(keeper.id().to_string()).status();
    assert!(kill.unwrap().success());
    keeper.wait().unwrap();
    assert!(machine.log().ends_with("end\n"));
}

#[test]
fn a_server_that_runs_is_used_and_left_alone() {
    let model = FakeModel::start([Answer::text("fine")]);
    let mut machine = Machine::with(&[("ollama", "#!/bin/sh\ntouch FOLDER/started\n")]);
    let url = model.url();
    machine.port = url
        .trim_end_matches("/v1")
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let outcome = machine.run(&["-L", "hello there"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "fine\n"),
        "{outcome:?}"
    );
    assert!(!machine.file("started").exists());
    assert!(!machine.is_quiet());
}

#[test]
fn a_container_is_started_where_ollama_is_not_installed() {
    if !has_python()
        || Path::new("/usr/bin/ollama").exists()
        || Path::new("/usr/local/bin/ollama").exists()
    {
        return;
    }
    let machine = Machine::with(&[("docker", DOCKER)]);
    let outcome = machine.run(&["-L", "old:1b", "hello"], None);
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (0, "fine\n"),
        "{outcome:?}"
    );
    let log = machine.log();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "docker image inspect ollama/ollama",
            "docker pull ollama/ollama"
        ]
    );
    assert!(
        lines[2].starts_with("docker run --rm --name lr-ollama-"),
        "{log}"
    );
    let rest = format!(
        " -p 127.0.0.1:{}:11434 -v ollama:/root/.ollama ollama/ollama",
        machine.port
    );
    assert!(lines[2].ends_with(&rest), "{log}");
    assert!(
        lines.contains(&"end") && log.contains("docker rm -f lr-ollama-"),
        "{log}"
    );
    assert!(machine.is_quiet());
}

/// Says which keys it sees, and does nothing.
const TELLER: &str = "#!/bin/sh\nenv | grep secret >> FOLDER/seen\nexit 3\n";

#[test]
fn what_is_started_sees_no_key_whatever_its_variable_is_called() {
    let has_ollama = Path::new("/usr/bin/ollama").exists();
    let names = ["ollama", "docker"].into_iter();
    for name in names.take(if has_ollama { 1 } else { 2 }) {
        let machine = Machine::with(&[(name, TELLER)]);
        let configuration = machine.file(".config/lr");
        fs::create_dir_all(&configuration).unwrap();
        let text = "[llm]\napi-key-env = 'CONFIGURED'\n";
        fs::write(configuration.join("config.toml"), text).unwrap();
        let args = ["-L", "--api-key-env", "NAMED", "--", "hello"];
        let mut command = machine.command(&args);
        let folder = machine.file("bin");
        command.env("PATH", format!("{}:/bin", folder.display()));
        command.env("CONFIGURED", "secret").env("NAMED", "secret");
        let outcome = run(command, None);
        assert_eq!(outcome.status, 3, "{outcome:?}");
        let seen = fs::read_to_string(machine.file("seen")).unwrap();
        assert_eq!(seen, "", "{name}");
    }
}

#[test]
fn interrupted_it_ends_what_it_has_started() {
    if !has_python() {
        return;
    }
    for args in [&["-L", "old:1b", "hang"][..], &["-L", "old:1b"]] {
        let machine = Machine::with(&[("ollama", OLLAMA)]);
        let input = (args.len() == 2).then(|| turn("hang"));
        let outcome = interrupt(
            machine.command(args),
            input.as_deref(),
            &machine.file("began"),
        );
        assert_eq!(outcome.status, 130, "{outcome:?}");
        assert!(machine.log().ends_with("hangs\nend\n"), "{}", machine.log());
        assert!(machine.is_quiet());
        assert_eq!(
            outcome.stdout.contains("\"kind\":\"interrupted\""),
            input.is_some()
        );
    }
}

#[test]
fn what_cannot_be_had_is_said() {
    if !has_python() {
        return;
    }
    let check = |programs: &[(&str, &str)], args: &[&str], expected: &str| {
        let outcome = Machine::with(programs).run(args, None);
        assert_eq!(outcome.status, 3, "{outcome:?}");
        assert!(outcome.stderr.contains(expected), "{outcome:?}");
    };
    check(
        &[("ollama", OLLAMA)],
        &["-L", "none", "hi"],
        "cannot load 'none': pull model manifest: file does not exist",
    );
    let broken = "#!/bin/sh\necho bind: address in use >&2; exit 1\n";
    check(
        &[("ollama", broken)],
        &["-L", "x", "hi"],
        "'ollama serve' ended (exit status 1): bind: address in use",
    );
}
