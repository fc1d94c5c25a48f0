//! Reads why a server refuses a request.

use std::io::Read;

use crate::failure::{self, Failure};
use crate::http::{Response, Target};
use crate::wire::complaint;

/// The most bytes of an error's body that are looked at.
const MAX_BYTES: u64 = 64 << 10;

/// Understands a response whose status is not a success.
pub(crate) fn of(response: Response, target: &Target<'_>) -> Failure {
    let mut body = Vec::new();
    // What could be read of it is enough.
    let _ = response.body.take(MAX_BYTES).read_to_end(&mut body);
    let complaint = complaint::from_body(&String::from_utf8_lossy(&body));
    failure::of_status(
        &target.endpoint.to_string(),
        response.status,
        &complaint,
        &response.hints,
    )
}
