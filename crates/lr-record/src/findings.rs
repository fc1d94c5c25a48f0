//! What was found in a check, by the names of the findings.

use lr_turn::{Check, CheckStatus, Finding};

/// Returns the keys of the findings. A failing result without findings is one finding, known by
/// what was run and what it wrote; a foreign finding without a key is known by its file and message.
pub fn finding_keys(check: &Check) -> Vec<String> {
    let mut keys = Vec::new();
    for result in &check.results {
        let fails = matches!(
            result.status(),
            CheckStatus::Findings | CheckStatus::TimedOut
        );
        if fails && !check.clean && result.findings.is_empty() {
            let printed = (&result.argv, &result.stdout, &result.stderr);
            keys.push(format!("{printed:?}"));
        }
        keys.extend(result.findings.iter().map(|finding| match finding {
            Finding { key, .. } if !key.is_empty() => key.clone(),
            Finding {
                message, location, ..
            } => format!("{}: {message}", location.path),
        }));
    }
    keys
}
