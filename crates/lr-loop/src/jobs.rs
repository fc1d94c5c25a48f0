//! What a stage is doing, as it tells itself: which of its jobs are running, and what the others
//! came to.

use lr_stage::say::{FIELD, JOB};

use crate::progress::plural;

/// The jobs of the stage that is running.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Vec<Job>);

/// All jobs of one name.
#[derive(Debug)]
struct Job {
    name: String,
    running: u64,
    done: u64,
    /// How much of what they came to.
    sum: Option<(u64, String)>,
    /// What the last one came to, in a word.
    word: String,
}

impl Jobs {
    /// Takes a line from a stage's standard error; says whether it was about a job.
    pub(crate) fn take(&mut self, line: &str) -> bool {
        let Some(fields) = line.strip_prefix(JOB) else {
            return false;
        };
        let fields: Vec<&str> = fields.split(FIELD).collect();
        if let [name, count, what] = fields[..] {
            self.note(name, count, what);
        }
        true
    }

    fn note(&mut self, name: &str, count: &str, what: &str) {
        let position = self.0.iter().position(|job| job.name == name);
        let position = position.unwrap_or_else(|| {
            self.0.push(Job::named(name));
            self.0.len() - 1
        });
        self.0[position].note(count, what);
    }

    /// Tells of all jobs in one line, those that are running first; empty without any.
    pub(crate) fn words(&self) -> String {
        let (running, done): (Vec<&Job>, Vec<&Job>) =
            self.0.iter().partition(|job| job.running > 0);
        let words: Vec<String> = running.into_iter().chain(done).map(Job::words).collect();
        words.join("; ")
    }
}

impl Job {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            running: 0,
            done: 0,
            sum: None,
            word: String::new(),
        }
    }

    fn note(&mut self, count: &str, what: &str) {
        if what.is_empty() {
            self.running += 1;
            return;
        }
        self.running = self.running.saturating_sub(1);
        self.done += 1;
        match count.parse::<u64>() {
            Ok(count) => {
                let sum = self.sum.get_or_insert_with(|| (0, what.to_owned()));
                sum.0 = sum.0.saturating_add(count);
            }
            Err(_) => what.clone_into(&mut self.word),
        }
    }

    fn words(&self) -> String {
        let mut words = Vec::new();
        match (self.running, self.done) {
            (0, _) => {}
            (1, 0) => words.push("running".to_owned()),
            (running, done) => words.push(format!("{running} running, {done} done")),
        }
        if let Some((count, what)) = &self.sum {
            words.push(plural(*count, what));
        }
        if !self.word.is_empty() {
            words.push(self.word.clone());
        }
        format!("{}: {}", self.name, words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lines: &[(&str, &str, &str)]) -> String {
        let mut jobs = Jobs::default();
        for (name, count, what) in lines {
            assert!(jobs.take(&format!("{JOB}{name}{FIELD}{count}{FIELD}{what}")));
        }
        jobs.words()
    }

    #[test]
    fn those_that_are_running_come_first() {
        assert_eq!(words(&[]), "");
        let both = [
            ("ruff", "", ""),
            ("pytest", "", ""),
            ("ruff", "3", "finding"),
        ];
        assert_eq!(words(&both), "pytest: running; ruff: 3 findings");
        assert_eq!(words(&[("a", "", ""), ("a", "", "broken")]), "a: broken");
    }

    #[test]
    fn jobs_of_one_name_are_counted_together() {
        let calls = [
            ("c.sh", "", ""),
            ("c.sh", "", ""),
            ("c.sh", "2", "finding"),
            ("c.sh", "", ""),
        ];
        assert_eq!(words(&calls), "c.sh: 2 running, 1 done, 2 findings");
    }

    #[test]
    fn other_lines_are_not_taken() {
        let mut jobs = Jobs::default();
        assert!(!jobs.take("lr-check: warning: x"));
        assert!(jobs.take(&format!("{JOB}a newer kind")));
        assert_eq!(jobs.words(), "");
    }
}
