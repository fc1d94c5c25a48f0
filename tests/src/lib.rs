//! Support for the tests across programs: a sealed sandbox and a fake model.
