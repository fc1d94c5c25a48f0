//! The text contract with the model: how files are shown to it, and how its reply is read.
