//! The only code of lr that opens sources and replaces files.
