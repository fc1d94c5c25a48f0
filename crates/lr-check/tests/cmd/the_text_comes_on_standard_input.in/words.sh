echo "$1: $(cat)"
exit 1
