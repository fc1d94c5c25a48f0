//! Asks a language model, as a stage or as a command by itself.
