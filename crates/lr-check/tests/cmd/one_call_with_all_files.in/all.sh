echo "$@"
exit 3
