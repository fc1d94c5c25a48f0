//! A list of facts, as one digest: what an answer is made of.

use lr_files::sha256_hex;

/// Facts that an answer depends on, each with its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Basis {
    bytes: Vec<u8>,
}

impl Basis {
    /// Adds a fact.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.bytes
                .extend_from_slice(&(text.len() as u64).to_le_bytes());
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Returns the digest of all facts in their order.
    pub(super) fn digest(&self) -> String {
        sha256_hex(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_do_not_run_into_each_other() {
        let digest = |facts: &[(&str, &str)]| {
            let mut basis = Basis::default();
            for (name, value) in facts {
                basis.add(name, value);
            }
            basis.digest()
        };
        assert_eq!(digest(&[("a", "b")]), digest(&[("a", "b")]));
        assert_ne!(digest(&[("a", "bc")]), digest(&[("ab", "c")]));
        assert_ne!(
            digest(&[("a", "b"), ("c", "d")]),
            digest(&[("c", "d"), ("a", "b")])
        );
    }
}
