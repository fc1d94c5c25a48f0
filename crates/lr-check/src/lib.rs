//! Runs checkers over sources and writes what they found as a turn.
