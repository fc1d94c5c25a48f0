//! `lr-llm` against a server that others wrote to the providers' documentation: aimock, which `scripts/node` installs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use lr_tests::{Outcome, Sandbox, sandbox};
use serde_json::{Value, json};

/// The providers whose requests it understands, with the path below which it expects them.
const PROVIDERS: [(&str, &str); 8] = [
    ("openai", "/v1"),
    ("groq", "/openai/v1"),
    ("openrouter", "/api/v1"),
    ("gemini", "/v1beta/openai"),
    ("xai", "/v1"),
    ("perplexity", "/v1"),
    ("anthropic", ""),
    ("ollama", ""),
];

/// What it answers, by the question.
fn fixtures() -> Value {
    let cases = [
        (
            "greet",
            json!({"content": "Grüße, 你好; this is long enough to come in several pieces."}),
        ),
        (
            "weather",
            json!({"toolCalls": [{"name": "weather", "arguments": "{\"town\":\"Bern\"}"}]}),
        ),
        ("think", json!({"content": "4", "reasoning": "two and two"})),
        (
            "fail",
            json!({"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429}),
        ),
        (
            "cut",
            json!({"content": "This was", "finishReason": "length"}),
        ),
    ];
    let fixtures = cases.map(
        |(question, response)| json!({"match": {"userMessage": question}, "response": response}),
    );
    json!({"fixtures": fixtures})
}

/// The server, which ends with this.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(program: &std::path::Path, fixtures: &std::path::Path) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "it has to be ended by this, at a time of its own"
        )]
        let mut child = Command::new(program)
            .args(["--port", "0", "--strict", "--log-level", "info", "-f"])
            .arg(fixtures)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .find_map(|line| Some(line.unwrap().split_once("listening on ")?.1.to_owned()))
            .unwrap();
        // It goes on writing, and must not wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn replies_of_a_server_of_others_are_read_in_every_protocol() {
    let Some(node) = sandbox::node() else {
        return;
    };
    let mut sandbox = Sandbox::new();
    sandbox.write("fixtures.json", fixtures().to_string());
    sandbox.set("LR_API_KEY", "a-key");
    let program = node.join("node_modules/.bin/llmock");
    let server = Server::start(&program, &sandbox.path().join("fixtures.json"));
    for (provider, path) in PROVIDERS {
        for streamed in [true, false] {
            let ask = |question: &str| -> Outcome {
                let base = format!("{}{path}", server.url);
                let mut arguments = vec![
                    "--provider",
                    provider,
                    "--base-url",
                    &base,
                    "-m",
                    "mock",
                    "--retries",
                    "0",
                ];
                arguments.extend((!streamed).then_some("--no-stream"));
                arguments.push(question);
                sandbox.run("lr-llm", &arguments)
            };
            let said = "Grüße, 你好; this is long enough to come in several pieces.\n";
            assert_eq!(ask("greet").success().stdout, said, "{provider}");
            assert_eq!(ask("think").success().stdout, "4\n", "{provider}");
            for (question, told) in [
                ("weather", "asks for a tool"),
                ("fail", "(HTTP 429): slow down"),
                ("unheard of", "(HTTP 503)"),
            ] {
                let outcome = ask(question).status(3);
                assert_eq!(outcome.stdout, "", "{provider} {question}");
                assert!(
                    outcome.stderr.contains(told),
                    "{provider}: {}",
                    outcome.stderr
                );
            }
            // For Ollama it says that the model stopped by itself.
            let status = if provider == "ollama" { 0 } else { 3 };
            assert_eq!(ask("cut").status(status).stdout, "This was\n", "{provider}");
        }
    }
}
