//! Answers a turn from the fixes the checkers themselves suggest, without a model.
