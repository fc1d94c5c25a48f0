#!/usr/bin/env bash
# The loop that lr-loop runs with these options, in ordinary shell. It keeps to the number of turns, and knows
# no other limit, no --patience, --until, --keep, --if and --escalate.
set -euo pipefail

set -- @SOURCES@
turns=@ITERATIONS@
check() { @CHECK@ "$@"; }
start() { @START@; }
fix() { @FIX@; }
prompt() { @PROMPT@; }
llm() { @LLM@; }
apply() { @APPLY@; }
commit() { @COMMIT@ "$@"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
is() { jq -es "$1" "$2" > /dev/null; }
clean() { is 'length > 0 and all(.check.clean)' "$work/check"; }
ask() { if [ "$turns" -gt 0 ]; then prompt | llm; else cat; fi; }
# Something may have changed, the model has to learn why not, or a free fix had no effect.
goes_on() {
  is 'any(.apply | .outcome == "applied" or .outcome == "refused")
    or any(.apply and .reply.by == "lr-fix")' "$work/applied"
}

check "$@" > "$work/check"
clean || start < "$work/check" > /dev/null
until clean; do
  asked=0 checked=0
  fix < "$work/check" | ask | apply > "$work/applied" || asked=$?
  goes_on || { [ "$turns" -gt 0 ] || exit 4; exit $((asked ? asked : 1)); }
  check --previous "$work/applied" "$@" > "$work/next" || checked=$?
  rechecked=(--rechecked "$work/next")
  [ -s "$work/next" ] || rechecked=()
  commit "${rechecked[@]}" < "$work/applied" > /dev/null || [ $? -eq 3 ] || exit 2
  case $asked in 0 | 3) ;; *) exit "$asked" ;; esac
  [ "$checked" -eq 0 ] || exit "$checked"
  is 'all(.reply.by == "lr-fix")' "$work/applied" || turns=$((turns - 1))
  mv "$work/next" "$work/check"
done
