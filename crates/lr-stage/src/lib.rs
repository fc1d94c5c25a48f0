//! What makes a program a stage of lr.
