//! Builds the prompt of a turn from its sources and what the checkers found.
