#!/usr/bin/env bash
# Lints, then tests: clippy or, where it is not installed, the compiler, whose warnings count as well.
set -euo pipefail
export CARGO_NET_OFFLINE=true
if cargo clippy --version > /dev/null 2>&1; then
  cargo clippy --quiet --all-targets -- -D warnings
else
  RUSTFLAGS="-D warnings" cargo check --quiet --all-targets
fi
cargo test --quiet
