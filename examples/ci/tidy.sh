#!/usr/bin/env bash
# Complains about notes that are not finished.
! grep -Hn TODO "$@"
