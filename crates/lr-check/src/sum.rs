//! From the results of all checkers to one answer: clean or not, and how far from it.

use lr_turn::{Check, CheckResult, CheckStatus, Finding, Kind, Rank, Status};

/// Puts the results together.
///
/// The answer has no rank where a checker was broken or missing, because then nobody knows.
pub(crate) fn up(results: Vec<CheckResult>) -> Check {
    let is = |status| results.iter().any(|result| result.status() == status);
    let trouble = is(CheckStatus::Broken) || is(CheckStatus::Missing);
    let clean = is(CheckStatus::Clean)
        && results
            .iter()
            .all(|result| matches!(result.status(), CheckStatus::Clean | CheckStatus::Skipped));
    Check {
        clean,
        rank: (!trouble).then(|| rank(results.iter().flat_map(|result| &result.findings))),
        results,
    }
}

/// Tells whether at least one checker really ran, or should have.
pub(crate) fn anything_checked(check: &Check) -> bool {
    check
        .results
        .iter()
        .any(|result| result.status() != CheckStatus::Skipped)
}

/// Returns the exit status that the answer stands for.
pub(crate) fn status(check: &Check) -> Status {
    let statuses = check.results.iter().map(|result| match result.status() {
        CheckStatus::Broken => Kind::Broken.status(),
        CheckStatus::Missing => Kind::Missing.status(),
        CheckStatus::Findings | CheckStatus::TimedOut => Status::No,
        CheckStatus::Clean | CheckStatus::Skipped => Status::Done,
    });
    statuses.max().unwrap_or(Status::Done)
}

/// Counts what hides other findings, failing tests, errors, warnings and notes.
fn rank<'a>(findings: impl Iterator<Item = &'a Finding>) -> Rank {
    let mut rank = Rank::default();
    for finding in findings {
        rank[finding.place_in_rank()] += 1;
    }
    rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(results: &str, clean: bool, expected: Option<Rank>) {
        let check = up(serde_json::from_str(results).unwrap());
        assert_eq!((check.clean, check.rank), (clean, expected), "{results}");
    }

    #[test]
    fn skipped_checkers_do_not_spoil_clean() {
        check(
            r#"[{"status":"clean"},{"status":"skipped"}]"#,
            true,
            Some([0; 5]),
        );
        check(r#"[{"status":"skipped"}]"#, false, Some([0; 5]));
        check("[]", false, Some([0; 5]));
    }

    #[test]
    fn a_broken_or_missing_checker_leaves_no_rank() {
        check(r#"[{"status":"clean"},{"status":"broken"}]"#, false, None);
        check(r#"[{"status":"missing"}]"#, false, None);
    }

    #[test]
    fn the_worst_result_decides_the_exit_status() {
        for (results, expected) in [
            (r#"[{"status":"clean"},{"status":"skipped"}]"#, Status::Done),
            (r#"[{"status":"clean"},{"status":"timed_out"}]"#, Status::No),
            (
                r#"[{"status":"broken"},{"status":"findings"}]"#,
                Status::Trouble,
            ),
            (r#"[{"status":"missing"}]"#, Status::Trouble),
        ] {
            let check = up(serde_json::from_str(results).unwrap());
            assert_eq!(status(&check), expected, "{results}");
        }
    }

    #[test]
    fn findings_count_by_weight_then_severity() {
        let finding = |more: &str| format!(r#"{{"message":"","location":{{"path":""}}{more}}}"#);
        let findings = [
            r#","weight":"hides","severity":"ERROR""#,
            r#","weight":"test","severity":"ERROR""#,
            r#","severity":"ERROR""#,
            r#","severity":"WARNING""#,
            r#","severity":"WARNING""#,
            r#","severity":"INFO""#,
        ]
        .map(finding)
        .join(",");
        let results = format!(r#"[{{"status":"findings","findings":[{findings}]}}]"#);
        check(&results, false, Some([1, 1, 1, 2, 1]));
    }
}
