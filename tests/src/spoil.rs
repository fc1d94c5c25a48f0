//! How the fake model spoils a reply on its way, in whichever protocol it is said.

use crate::answer::{Step, chunk};

/// What becomes of the bytes of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// They end in the midst of the text, as if that were all.
    Cut,
    /// They end in the midst of an event.
    CutInside,
    /// The connection breaks off in the midst of the text.
    Reset,
    /// Nothing more comes after the midst of the text.
    Stall,
    /// An error is reported in the midst of the text; where there is no stream, in the place of the reply.
    Fail,
    /// They come one at a time, each in a chunk of its own.
    Single,
    /// Lines end in CR and LF.
    CrLf,
    /// Signs of life come before each part.
    Comments,
    /// A mark of the byte order comes first.
    ByteOrderMark,
    /// Only the end of the connection says where they end.
    Unframed,
    /// The same, in the midst of the text.
    UnframedCut,
    /// A trailer follows.
    Trailer,
    /// Other responses come before: `100 Continue` and `103 Early Hints`.
    Informed,
    /// The connection stays open behind the end.
    Open,
}

/// The answer whose head has this media type, and whose body has these parts; `error` is what reports a failure.
pub(crate) fn steps(spoil: Spoil, media_type: &str, parts: &[String], error: &str) -> Vec<Step> {
    let middle = parts.len() / 2;
    let all = parts.concat();
    let inside = parts[..middle].concat() + &parts[middle][..parts[middle].len() / 2];
    // A body that is no stream has only one part.
    let half = match middle {
        0 => inside.clone(),
        _ => parts[..middle].concat(),
    };
    let chunked = |text: &str| {
        let head = head("1.1", media_type, "transfer-encoding: chunked\r\n");
        Step::Send([head.into_bytes(), chunk(text)].concat())
    };
    let end = Step::Send(chunk(""));
    let unframed = |text: &str| {
        vec![Step::Send(
            (head("1.0", media_type, "") + text).into_bytes(),
        )]
    };
    match spoil {
        Spoil::Cut => vec![chunked(&half), end],
        Spoil::CutInside => vec![chunked(&inside), end],
        Spoil::Reset => vec![chunked(&half), Step::Reset],
        Spoil::Stall => vec![chunked(&half), Step::Hang],
        Spoil::Fail if parts.len() == 1 => vec![chunked(error), end],
        Spoil::Fail => vec![chunked(&(half + error)), end],
        Spoil::Single => {
            let bytes = all
                .bytes()
                .map(|byte| [b"1\r\n", &[byte][..], b"\r\n"].concat());
            let head = head("1.1", media_type, "transfer-encoding: chunked\r\n");
            let steps = [head.into_bytes()].into_iter().chain(bytes).map(Step::Send);
            steps.chain([end]).collect()
        }
        Spoil::CrLf => vec![chunked(&all.replace('\n', "\r\n")), end],
        Spoil::Comments => {
            let sign = if all.contains("data:") {
                ": alive\n\n"
            } else {
                "\n"
            };
            let parts = parts.iter().map(|part| format!("{sign}{part}"));
            vec![chunked(&parts.collect::<String>()), end]
        }
        Spoil::ByteOrderMark => vec![chunked(&format!("\u{feff}{all}")), end],
        Spoil::Unframed => unframed(&all),
        Spoil::UnframedCut => unframed(&inside),
        Spoil::Trailer => vec![chunked(&all), Step::Send(b"0\r\nx-told: 1\r\n\r\n".into())],
        Spoil::Informed => {
            let hints =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
            vec![Step::Send(hints.into()), chunked(&all), end]
        }
        Spoil::Open => vec![chunked(&all), Step::Hang],
    }
}

fn head(version: &str, media_type: &str, more: &str) -> String {
    format!(
        "HTTP/{version} 200 OK\r\ncontent-type: {media_type}\r\n{more}connection: close\r\n\r\n"
    )
}
