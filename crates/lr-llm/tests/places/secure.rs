//! Secure connections: which certificates are taken, and what is said about the others.
//!
//! `tests/certificates` holds an authority that nobody trusts by itself, its certificates for this machine (`good`), for
//! this machine until 2021 (`expired`) and for another one (`other`), and the one key of them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Outcome, program, run};

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates");
    folder.join(format!("{name}.pem"))
}

/// A server that shows a certificate and answers one request, and its base URL.
fn serve(certificate: &str) -> String {
    let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        // A client that does not like the certificate hangs up.
        if stream.read(&mut [0; 8 << 10]).is_ok() {
            let body = r#"{"choices":[{"message":{"content":"secret"},"finish_reason":"stop"}]}"#;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all((head + body).as_bytes()).unwrap();
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    url
}

fn ask(url: &str, trusted: Option<&str>) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path(), &["--base-url", url, "-m", "m", "hi"]);
    if let Some(name) = trusted {
        command.env("SSL_CERT_FILE", file(name));
    }
    run(command, None)
}

#[track_caller]
fn check(certificate: &str, trusted: Option<&str>, expected: &str) {
    let url = serve(certificate);
    let outcome = ask(&url, trusted);
    let host = url.replace("https://", "").replace("/v1", "");
    let said = format!("lr-llm: no secure connection to '{host}': {expected}\n");
    assert_eq!((outcome.status, outcome.stderr), (3, said));
}

#[test]
fn a_certificate_of_a_trusted_authority_is_taken() {
    assert_eq!(ask(&serve("good"), Some("ca")).stdout, "secret\n");
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_and_not_tried_again() {
    check(
        "good",
        None,
        "nobody that is trusted vouches for its certificate\n\
         hint: SSL_CERT_FILE=FILE names more certificates to trust",
    );
    check("expired", Some("ca"), "its certificate has expired");
    check("other", Some("ca"), "its certificate is for another host");
}

#[test]
fn a_host_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    let url = "https://no-such-host.invalid/v1";
    let args = ["--base-url", url, "-m", "m", "--retries", "0", "hi"];
    let outcome = run(program(home.path(), &args), None);
    let said = "lr-llm: host not found: 'no-such-host.invalid'\n";
    assert_eq!((outcome.status, outcome.stderr.as_str()), (3, said));
}
