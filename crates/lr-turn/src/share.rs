//! A share of a turn that was split: some of its files, and what was found in them.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::turn::read_object;
use crate::{Check, ReadError, Section, Source, SourceRole, Turn};

/// Which files and which findings of a turn belong to a share of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// For each source what may be done with it; `None` where it does not belong to the share.
    pub sources: Vec<Option<SourceRole>>,
    /// For each result, and each of its findings, whether it belongs to the share; a result is left
    /// out where it is `None`.
    pub results: Vec<Option<Vec<bool>>>,
}

impl Turn {
    /// Returns a turn that has only a share of the sources and of the findings. All else, what
    /// nobody knows included, is what it was.
    ///
    /// # Errors
    ///
    /// [`ReadError::Section`] if `sources` or `check` is not of its form.
    pub fn share(&self, share: &Share) -> Result<Self, ReadError> {
        let mut part = self.clone();
        if let Some(sources) = self.raw(<Vec<Source>>::KEY) {
            let narrowed = sources_of(sources, share);
            part.set_raw(
                <Vec<Source>>::KEY,
                narrowed.map_err(not_of_form::<Vec<Source>>)?,
            );
        }
        if let Some(check) = self.raw(Check::KEY) {
            let narrowed = check_of(check, share);
            part.set_raw(Check::KEY, narrowed.map_err(not_of_form::<Check>)?);
        }
        Ok(part)
    }
}

fn not_of_form<S: Section>(message: String) -> ReadError {
    ReadError::Section {
        key: S::KEY,
        message,
    }
}

fn sources_of(raw: &str, share: &Share) -> Result<String, String> {
    let mut kept = Vec::new();
    for (source, role) in list(raw)?.into_iter().zip(&share.sources) {
        let Some(role) = role else {
            continue;
        };
        let is_so = *role
            == serde_json::from_str::<Source>(source)
                .map_err(|it| it.to_string())?
                .role;
        kept.push(match role {
            _ if is_so => source.to_owned(),
            SourceRole::Edit => with(source, "role", "\"edit\"")?,
            SourceRole::Read => with(source, "role", "\"read\"")?,
        });
    }
    Ok(written(&kept))
}

fn check_of(raw: &str, share: &Share) -> Result<String, String> {
    let Some(results) = value(raw, "results")? else {
        return Ok(raw.to_owned());
    };
    let mut kept = Vec::new();
    for (result, findings) in list(&raw[results])?.into_iter().zip(&share.results) {
        if let Some(findings) = findings {
            kept.push(result_of(result, findings)?);
        }
    }
    with(raw, "results", &written(&kept))
}

fn result_of(raw: &str, is_kept: &[bool]) -> Result<String, String> {
    let Some(findings) = value(raw, "findings")?.filter(|_| is_kept.contains(&false)) else {
        return Ok(raw.to_owned());
    };
    let findings = list(&raw[findings])?.into_iter().zip(is_kept);
    let kept: Vec<String> = findings
        .filter(|(_, is_kept)| **is_kept)
        .map(|(finding, _)| finding.to_owned())
        .collect();
    with(raw, "findings", &written(&kept))
}

/// The elements of a JSON array, as they are written.
fn list(raw: &str) -> Result<Vec<&str>, String> {
    let list: Vec<&RawValue> = serde_json::from_str(raw).map_err(|error| error.to_string())?;
    Ok(list.into_iter().map(RawValue::get).collect())
}

/// Where the value of a key stands in a JSON object; `null` counts as absent.
fn value(object: &str, key: &str) -> Result<Option<Range<usize>>, String> {
    let entries = read_object(object).map_err(|error| error.to_string())?;
    let found = entries.into_iter().find(|(known, _)| known == key);
    Ok(found
        .map(|(_, range)| range)
        .filter(|range| &object[range.clone()] != "null"))
}

/// A JSON object with another value for a key, which comes last if it is new.
fn with(object: &str, key: &str, new: &str) -> Result<String, String> {
    if let Some(range) = value(object, key)? {
        return Ok([&object[..range.start], new, &object[range.end..]].concat());
    }
    let body = object.trim_end();
    let body = body.strip_suffix('}').unwrap_or(body).trim_end();
    let comma = if body.ends_with('{') { "" } else { "," };
    Ok(format!("{body}{comma}\"{key}\":{new}}}"))
}

fn written(elements: &[String]) -> String {
    format!("[{}]", elements.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCES: &str = r#"[ {"path":"a.py","mine":{"x":{}} },{"path":"b.py","role":"edit"}, {"path":"c.py","role":"read"}]"#;
    const CHECK: &str = r#"{"clean":false,"rank":[0,0,0,3,0],"mine":1E5,"results":[{"checker":"x","findings":[{"message":"1","location":{"path":"a.py"},"mine":{}},{"message":"2","location":{"path":"b.py"}}],"exit":1},{"checker":"y","status":"clean"},{"findings":[{"message":"3","location":{"path":"b.py"}}]}]}"#;

    fn share(sources: &str, check: &str, share: &Share) -> Result<String, ReadError> {
        let turn = Turn::parse(&format!(
            r#"{{"lr":1,"z":2.0,"sources":{sources},"check":{check}}}"#
        ))?;
        Ok(turn.share(share)?.to_line())
    }

    #[test]
    fn a_share_has_some_of_the_sources_and_findings() {
        use SourceRole::{Edit, Read};
        let first = Share {
            sources: vec![Some(Edit), None, Some(Read)],
            results: vec![Some(vec![true, false]), Some(vec![]), None],
        };
        assert_eq!(
            share(SOURCES, CHECK, &first).unwrap(),
            r#"{"lr":1,"z":2.0,"sources":[{"path":"a.py","mine":{"x":{}} },{"path":"c.py","role":"read"}],"check":{"clean":false,"rank":[0,0,0,3,0],"mine":1E5,"results":[{"checker":"x","findings":[{"message":"1","location":{"path":"a.py"},"mine":{}}],"exit":1},{"checker":"y","status":"clean"}]}}"#
        );
        let second = Share {
            sources: vec![Some(Read), Some(Read), None],
            results: vec![None, None, Some(vec![true])],
        };
        assert_eq!(
            share(SOURCES, CHECK, &second).unwrap(),
            r#"{"lr":1,"z":2.0,"sources":[{"path":"a.py","mine":{"x":{}},"role":"read"},{"path":"b.py","role":"read"}],"check":{"clean":false,"rank":[0,0,0,3,0],"mine":1E5,"results":[{"findings":[{"message":"3","location":{"path":"b.py"}}]}]}}"#
        );
    }

    #[test]
    fn what_is_absent_stays_absent() {
        let turn = Turn::parse(r#"{"lr":1,"run":"r"}"#).unwrap();
        let part = turn.share(&Share::default()).unwrap();
        assert!(!part.has("sources") && !part.has("check"));
        assert_eq!(
            share("[]", r#"{"clean":false}"#, &Share::default()).unwrap(),
            r#"{"lr":1,"z":2.0,"sources":[],"check":{"clean":false}}"#
        );
    }

    #[test]
    fn a_section_that_is_not_of_its_form_is_an_error() {
        let error = share("{}", CHECK, &Share::default()).unwrap_err();
        assert!(
            matches!(error, ReadError::Section { key: "sources", .. }),
            "{error}"
        );
        let error = share("[]", r#"{"results":1}"#, &Share::default()).unwrap_err();
        assert!(
            matches!(error, ReadError::Section { key: "check", .. }),
            "{error}"
        );
    }
}
