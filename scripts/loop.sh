#!/usr/bin/env bash
# The loop of lr-loop in ordinary shell. Put anything between two stages: jq, tee, a program of yours.
set -euo pipefail

usage() {
  cat <<'END'
usage: loop.sh [OPTIONS] SOURCES...
  -m, --model MODEL         ask this model
  -L, --local               ask a local Ollama
      --llm-url URL         ask the server at this address
      --replay DIR          answer from recorded replies
      --linters A,B         run these checkers
  -s, --linter-script CMD   run this command as the checker
  -i, --iterations N        ask a model in at most N turns (100)
      --patience N          stop after N turns in a row that removed nothing (3)
  -g, --no-git              no branch and no commits
END
}

check=(lr-check --exit-zero) llm=(lr-llm) commit=(lr-git commit --exit-zero)
git=yes iterations=100 patience=3
while [ $# -gt 0 ]; do
  case $1 in
    -m | --model | --llm-url | --replay) llm+=("$1" "${2?"$1 needs a value"}") && shift ;;
    -L | --local) llm+=(--local) ;;
    --linters) check+=(--linters "${2?"$1 needs a value"}") && shift ;;
    -s | --linter-script) check+=(--script "${2?"$1 needs a value"}") && shift ;;
    -i | --iterations) iterations=${2?"$1 needs a value"} && shift ;;
    --patience) patience=${2?"$1 needs a value"} && shift ;;
    -g | --no-git) git=no && commit+=(--no-git) ;;
    -h | --help) usage && exit ;;
    --) shift && break ;;
    -*) echo "loop.sh: option '$1' is not known" >&2 && usage >&2 && exit 2 ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || { usage >&2 && exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
now=$work/check applied=$work/applied next=$work/next seen=$work/seen

stop() { # STATUS WHY...
  echo "loop.sh: ${*:2}" >&2
  exit "$1"
}
is() { jq -es "$1" "$2" > /dev/null; } # CONDITION FILE
clean() { is 'length > 0 and all(.check.clean)' "$now"; }
keys() { jq -r '.check.results[]?.findings[]?.key' "$1" | sort -u; }
state() { { jq -c '.sources' "$1" && keys "$1"; } | cksum; }

# A model is asked only while turns are left; what is free is done to the end.
ask() { if [ "$iterations" -gt 0 ]; then lr-prompt | "${llm[@]}"; else cat; fi; }

# Something may have changed, the model has to learn why not, or a free fix had no effect.
goes_on() {
  is 'any(.apply | .outcome == "applied" or .outcome == "refused")
    or any(.apply and .reply.by == "lr-fix")' "$applied"
}

# Why a turn came to nothing, when the stages ended with status $1.
came_to_nothing() {
  [ "$iterations" -gt 0 ] || stop 4 'iterations: findings may remain'
  if is 'any(.error.kind == "no_model")' "$applied" && [ "${#llm[@]}${LR_MODEL-}" = 1 ]; then
    stop 1 'no_model: what is free is done'
  fi
  [ "$1" -eq 0 ] || stop "$1" 'a stage failed'
  is 'all(.apply.declared_done)' "$applied" && stop 1 'declared_done'
  stop 1 'no_edits or no_change'
}

# Tells turns that lead somewhere from those that do not.
stalled=0 refused=0
judge() {
  if is 'any(.apply.outcome == "applied")' "$applied"; then
    refused=0
    grep -qxF "$(state "$now")" "$seen" && stop 1 'seen: led back to an earlier state'
    state "$now" >> "$seen"
  elif is 'any(.apply.outcome == "refused")' "$applied"; then
    refused=$((refused + 1))
    [ "$refused" -lt 3 ] || stop 1 'refused: three times in a row'
    return
  fi
  if [ -z "$(comm -23 <(keys "$applied") <(keys "$now"))" ]; then
    stalled=$((stalled + 1))
  elif ! is 'all(.reply.by == "lr-fix")' "$applied"; then
    stalled=0 # what is free renews no patience
  fi
  [ "$stalled" -lt "$patience" ] || stop 1 'stalled: nothing that was asked for is gone'
}

"${check[@]}" "$@" > "$now"
state "$now" > "$seen"
[ "$git" = no ] || clean || lr-git start < "$now" > /dev/null
until clean; do
  asked=0 checked=0
  lr-fix < "$now" | ask | lr-apply --exit-zero > "$applied" || asked=$?
  goes_on || came_to_nothing "$asked"
  "${check[@]}" --previous "$applied" "$@" > "$next" || checked=$?
  rechecked=(--rechecked "$next")
  [ -s "$next" ] || rechecked=()
  "${commit[@]}" "${rechecked[@]}" < "$applied" > /dev/null || [ $? -eq 3 ] || stop 2 'cannot commit'
  [ "$checked" -eq 0 ] || stop "$checked" 'the checkers are in trouble'
  is 'all(.reply.by == "lr-fix")' "$applied" || iterations=$((iterations - 1))
  mv "$next" "$now"
  clean && break
  case $asked in 0 | 3) ;; *) stop "$asked" 'a stage failed' ;; esac
  judge
done
echo 'loop.sh: clean' >&2
