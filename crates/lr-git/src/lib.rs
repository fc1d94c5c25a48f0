//! The branch of a run, a commit per fix, FIXES.md, and the way back.
