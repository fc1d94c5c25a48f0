#!/usr/bin/env python3
"""A stage of lr: keep only the findings that are errors."""

import json
import sys


def keep_errors(check):
    """Remove the findings that are not errors and return how many there were."""
    dropped = 0
    for result in check["results"]:
        found = result.get("findings", [])
        errors = [finding for finding in found if finding.get("severity") == "ERROR"]
        dropped += len(found) - len(errors)
        if found:
            result["findings"] = errors
        if found and not errors:
            result["status"] = "clean"
    quiet = ("clean", "skipped")
    check["clean"] = all(result.get("status") in quiet for result in check["results"])
    return dropped


def main():
    """Read turns, keep their errors, and write every one of them."""
    turns = 0
    for line in sys.stdin:
        turns += 1
        turn = json.loads(line)
        if "check" in turn and "prompt" not in turn and "error" not in turn:
            dropped = keep_errors(turn["check"])
            print(f"only_errors: {dropped} findings dropped", file=sys.stderr)
        print(json.dumps(turn, separators=(",", ":"), ensure_ascii=False), flush=True)
    if turns == 0:
        sys.exit("only_errors: nothing on standard input; did the stage before fail?")


if __name__ == "__main__":
    main()
