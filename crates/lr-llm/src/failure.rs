//! Why there is no reply: the one place that decides the kind of a failure, what is said about it, and whether
//! the same request may be sent again.

use std::path::Path;
use std::time::Duration;

use lr_stage::Error;
use lr_turn::Kind;

use crate::exchange::{Complaint, Spent};

/// Whether a request that failed may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It would fail again, or it may have cost something already.
    Never,
    /// After a while that grows with the attempts.
    Backoff,
    /// When the server says.
    After(Duration),
    /// Only where somebody waits for a server that is down.
    WhenBack,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) retry: Retry,
    /// What has to be paid for all the same; `None`: nothing, because no model was at work.
    pub(crate) spent: Option<Box<Spent>>,
}

impl Failure {
    /// A failure that is final and costs nothing.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Failure {
            kind,
            message: message.into(),
            hint: None,
            retry: Retry::Never,
            spent: None,
        }
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says when it may be tried again.
    pub(crate) fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Says that a model was at work, or may have been, and what it took.
    pub(crate) fn having_spent(mut self, spent: Spent) -> Self {
        self.spent = Some(Box::new(spent));
        self
    }

    /// Whether no request was sent.
    pub(crate) fn is_unsent(&self) -> bool {
        self.kind == Kind::Network && self.spent.is_none()
    }

    /// Whether the same may work later, in another run.
    pub(crate) fn may_pass(&self) -> bool {
        self.retry != Retry::Never
            || matches!(
                self.kind,
                Kind::Network | Kind::TimedOut | Kind::RateLimited
            )
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let may_pass = failure.may_pass();
        let error = Error::new(failure.kind, failure.message);
        let error = match failure.hint {
            Some(hint) => error.hint(hint),
            None => error,
        };
        if may_pass { error.retryable() } else { error }
    }
}

/// A path as messages name it, which may end up in a turn: an absolute one by its last part only.
pub(crate) fn shown(path: &Path) -> String {
    match path.file_name() {
        Some(name) if path.is_absolute() => format!("…/{}", name.display()),
        _ => path.display().to_string(),
    }
}

/// What the head of a response says beside its status.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hints {
    /// How long to wait, already understood.
    pub(crate) retry_after: Option<Duration>,
    /// How long until a limit on requests that was reached is none any more.
    pub(crate) reset: Option<Duration>,
    /// The server's own word on whether to try again.
    pub(crate) should_retry: Option<bool>,
    /// Where a redirect leads.
    pub(crate) location: Option<String>,
}

/// Judges a response whose status is not a success. `host` names the server in the message.
pub(crate) fn of_status(host: &str, status: u16, complaint: &Complaint, hints: &Hints) -> Failure {
    let kind = kind_of(status, complaint);
    let passes = hints.should_retry.unwrap_or(passes(status));
    let retry = if !passes || kind == Kind::Quota {
        Retry::Never
    } else {
        let reset = hints.reset.filter(|_| status == 429);
        let wait = hints.retry_after.or(reset);
        wait.map_or(Retry::Backoff, Retry::After)
    };
    let what = match kind {
        Kind::Auth => "key refused by",
        Kind::Quota => "no credit or quota left at",
        Kind::RateLimited => "too many requests for",
        Kind::NotFound => "model not found at",
        Kind::TooLong => "prompt too long for",
        Kind::BadRequest => "request refused by",
        Kind::TimedOut => "time-out reported by",
        _ => "failure reported by",
    };
    let mut message = format!("{what} '{host}' (HTTP {status})");
    if !complaint.message.is_empty() {
        message = format!("{message}: {}", complaint.message);
    }
    let failure = Failure::new(kind, message).retry(retry);
    // Behind a server that waited in vain a model may be at work.
    let failure = match status {
        408 | 504 => failure.having_spent(Spent::default()),
        _ => failure,
    };
    let hint = hint_for(kind).map(str::to_owned);
    let hint = hint.or_else(|| refused_field(kind, &complaint.message));
    match (hint, &hints.location) {
        (_, Some(location)) if (300..400).contains(&status) => failure.hint(format!(
            "redirects are not followed; if '{location}' is right, give it as the base URL"
        )),
        (Some(hint), _) => failure.hint(hint),
        (None, _) => failure,
    }
}

/// Judges an error that came inside a success.
pub(crate) fn of_complaint(host: &str, complaint: &Complaint) -> Failure {
    let number = complaint
        .codes
        .split(' ')
        .filter_map(|word| word.parse::<u16>().ok())
        .find(|number| (400..600).contains(number));
    let status = number.unwrap_or_else(|| {
        if complaint.codes.contains("rate_limit") {
            429
        } else if complaint.codes.contains("overloaded") || complaint.codes.contains("server") {
            503
        } else {
            400
        }
    });
    let judged = of_status(host, status, complaint, &Hints::default());
    let kind = if judged.kind == Kind::BadRequest {
        Kind::Provider
    } else {
        judged.kind
    };
    let message = format!("failure reported by '{host}': {}", complaint.message);
    Failure {
        kind,
        message,
        ..judged
    }
}

/// Whether a status may be another one in a moment.
fn passes(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

/// Codes of errors that only money helps against.
const NO_MONEY: [&str; 6] = [
    "insufficient_quota",
    "insufficient_balance",
    "credit_balance",
    "billing",
    "spend_limit",
    "quota_exceeded",
];

/// Words about the same. The billing page is no such word: groq names it wherever a limit per minute is reached.
const NO_MONEY_IN_WORDS: [&str; 3] = [
    "credit balance",
    "spend limit",
    "exceeded your current quota",
];

fn kind_of(status: u16, complaint: &Complaint) -> Kind {
    let message = complaint.message.to_lowercase();
    let has_code = |codes: &[&str]| codes.iter().any(|code| complaint.codes.contains(code));
    let says = |words: &[&str]| has_code(words) || words.iter().any(|word| message.contains(word));
    match status {
        402 => Kind::Quota,
        400 | 403 | 429 if has_code(&NO_MONEY) => Kind::Quota,
        429 if has_code(&["rate_limit"]) => Kind::RateLimited,
        400 | 403 | 429 if says(&NO_MONEY_IN_WORDS) => Kind::Quota,
        401 | 403 => Kind::Auth,
        413 => Kind::TooLong,
        400 if says(&[
            "context_length",
            "context length",
            "context size",
            "context window",
            "too long",
        ]) =>
        {
            Kind::TooLong
        }
        400 | 404 if says(&["model_not_found", "model_decommissioned"]) => Kind::NotFound,
        404 if says(&["model"]) => Kind::NotFound,
        408 => Kind::TimedOut,
        429 => Kind::RateLimited,
        409 | 500.. => Kind::Provider,
        _ => Kind::BadRequest,
    }
}

fn hint_for(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Auth => Some("see whether the key is right and belongs to this provider"),
        Kind::NotFound => Some("name another model with -m"),
        Kind::TooLong => {
            Some("ask about fewer or smaller files, or name a model with a larger context")
        }
        _ => None,
    }
}

/// What to do about a field that a server does not take, if it says so.
fn refused_field(kind: Kind, message: &str) -> Option<String> {
    let message = message.to_lowercase();
    let refusals = [
        "support",
        "permitted",
        "allowed",
        "unknown",
        "unrecognized",
        "deprecated",
        "removed",
        "invalid",
    ];
    if kind != Kind::BadRequest || !refusals.iter().any(|word| message.contains(word)) {
        return None;
    }
    let fields = [
        ("temperature", "--temperature"),
        ("seed", "--seed"),
        ("stop", "--stop"),
        ("effort", "--effort"),
        ("think", "--effort"),
        ("response_format", "--schema"),
        ("output_config", "--schema"),
        ("max_tokens", "--max-tokens"),
        ("max_completion_tokens", "--max-tokens"),
    ];
    let is_word = |sign: char| !sign.is_ascii_alphanumeric() && sign != '_';
    let words = message.split(is_word);
    let (field, option) = fields.into_iter().find(|(field, _)| {
        words
            .clone()
            .any(|word| word == *field || word.strip_prefix("reasoning_") == Some(*field))
    })?;
    Some(format!(
        "ask without '{option}'; a provider of your own can say what '{field}' is called, or that it is refused"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(message: &str, codes: &str) -> Complaint {
        Complaint {
            message: message.into(),
            codes: codes.into(),
        }
    }

    #[track_caller]
    fn check(status: u16, message: &str, codes: &str, expected: (Kind, Retry)) {
        let failure = of_status("h", status, &complaint(message, codes), &Hints::default());
        assert_eq!((failure.kind, failure.retry), expected, "{failure:?}");
    }

    #[test]
    fn no_absolute_path_is_shown() {
        assert_eq!(shown(Path::new("some/tape")), "some/tape");
        assert_eq!(shown(Path::new("/home/me/tape/")), "…/tape");
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        check(408, "", "", (Kind::TimedOut, Retry::Backoff));
        check(409, "", "", (Kind::Provider, Retry::Backoff));
        check(
            429,
            "slow down",
            "rate_limit_exceeded",
            (Kind::RateLimited, Retry::Backoff),
        );
        for status in [500, 502, 503, 504, 529] {
            check(status, "", "", (Kind::Provider, Retry::Backoff));
        }
    }

    #[test]
    fn what_cannot_help_is_not_tried_again() {
        check(400, "bad", "", (Kind::BadRequest, Retry::Never));
        check(401, "", "", (Kind::Auth, Retry::Never));
        check(403, "", "", (Kind::Auth, Retry::Never));
        check(404, "no route", "", (Kind::BadRequest, Retry::Never));
        check(
            404,
            "model 'x' not found",
            "",
            (Kind::NotFound, Retry::Never),
        );
        check(413, "", "", (Kind::TooLong, Retry::Never));
        check(302, "", "", (Kind::BadRequest, Retry::Never));
        check(
            400,
            "maximum context length is 8",
            "context_length_exceeded",
            (Kind::TooLong, Retry::Never),
        );
    }

    #[test]
    fn having_no_money_is_never_tried_again() {
        check(402, "", "", (Kind::Quota, Retry::Never));
        check(
            429,
            "You exceeded your current quota",
            "insufficient_quota",
            (Kind::Quota, Retry::Never),
        );
        check(
            429,
            "",
            "enforced_spend_limit_reached",
            (Kind::Quota, Retry::Never),
        );
        check(
            400,
            "Your credit balance is too low. Please go to Plans & Billing",
            "invalid_request_error",
            (Kind::Quota, Retry::Never),
        );
    }

    #[test]
    fn an_offer_to_pay_for_more_is_no_lack_of_money() {
        check(
            429,
            "Rate limit reached on tokens per minute (TPM): Limit 8000, Used 7000, Requested 2000. Please try again in \
             7.5s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing",
            "tokens rate_limit_exceeded",
            (Kind::RateLimited, Retry::Backoff),
        );
    }

    #[test]
    fn the_server_may_say_when_and_whether() {
        let wait = Duration::from_secs(3);
        let hints = |should_retry| Hints {
            retry_after: Some(wait),
            should_retry,
            ..Hints::default()
        };
        let judged = |status, should_retry| {
            of_status("h", status, &complaint("", ""), &hints(should_retry)).retry
        };
        assert_eq!(judged(503, None), Retry::After(wait));
        assert_eq!(judged(503, Some(false)), Retry::Never);
        assert_eq!(judged(400, Some(true)), Retry::After(wait));
        assert_eq!(judged(402, Some(true)), Retry::Never);
    }

    #[test]
    fn a_limit_that_was_reached_is_waited_for_only_where_it_is_the_reason() {
        let hints = Hints {
            reset: Some(Duration::from_secs(3)),
            ..Hints::default()
        };
        let judged = |status| of_status("h", status, &complaint("", ""), &hints).retry;
        assert_eq!(judged(429), Retry::After(Duration::from_secs(3)));
        assert_eq!(judged(500), Retry::Backoff);
    }

    #[test]
    fn a_server_that_refuses_is_not_paid() {
        let is_paid = |status| {
            of_status("h", status, &complaint("", ""), &Hints::default())
                .spent
                .is_some()
        };
        let paid: Vec<u16> = [400, 401, 408, 429, 500, 503, 504]
            .into_iter()
            .filter(|&status| is_paid(status))
            .collect();
        assert_eq!(paid, [408, 504]);
    }

    #[test]
    fn says_what_where_and_what_to_do() {
        let failure = of_status("h", 401, &complaint("bad key", ""), &Hints::default());
        assert_eq!(failure.message, "key refused by 'h' (HTTP 401): bad key");
        let hints = Hints {
            location: Some("https://x/".into()),
            ..Hints::default()
        };
        let failure = of_status("h", 307, &complaint("", ""), &hints);
        assert_eq!(
            failure.hint.as_deref(),
            Some("redirects are not followed; if 'https://x/' is right, give it as the base URL")
        );
    }

    #[test]
    fn an_error_inside_a_success_is_judged_by_its_codes() {
        let judged = |message, codes| {
            let failure = of_complaint("h", &complaint(message, codes));
            (failure.kind, failure.retry)
        };
        assert_eq!(judged("x", "502"), (Kind::Provider, Retry::Backoff));
        assert_eq!(
            judged("x", "rate_limit_exceeded"),
            (Kind::RateLimited, Retry::Backoff)
        );
        assert_eq!(judged("x", "402"), (Kind::Quota, Retry::Never));
        assert_eq!(judged("x", "odd"), (Kind::Provider, Retry::Never));
    }
}
