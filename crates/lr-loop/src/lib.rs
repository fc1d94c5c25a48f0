//! Joins the stages into a loop until the checks are clean.
