#!/usr/bin/env bash
# The loop that lr-loop runs with these options, in ordinary shell.
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
clean() { jq -es 'length > 0 and all(.check.clean)' "$work/check" > /dev/null; }
# Whether lr-fix answered everything, and whether a check can tell more than was known before.
free() { jq -es 'all(.reply.by == "lr-fix")' "$work/applied" > /dev/null; }
goes_on() {
  jq -es 'any(.apply | .outcome == "applied" or .outcome == "refused") or
    any(.apply and .reply.by == "lr-fix")' "$work/applied" > /dev/null
}

check "$@" > "$work/check"
clean || start < "$work/check" > /dev/null
until clean; do
  asked=0 checked=0
  fix < "$work/check" | prompt | llm | apply > "$work/applied" || asked=$?
  goes_on || exit $((asked ? asked : 1))
  check --previous "$work/applied" "$@" > "$work/next" || checked=$?
  rechecked=(--rechecked "$work/next")
  [ -s "$work/next" ] || rechecked=()
  commit "${rechecked[@]}" < "$work/applied" > /dev/null || [ $? -eq 3 ]
  case $asked in 0 | 3) ;; *) exit "$asked" ;; esac
  [ "$checked" -eq 0 ] || exit "$checked"
  mv "$work/next" "$work/check"
  free || turns=$((turns - 1))
  clean || [ "$turns" -gt 0 ] || exit 4
done
