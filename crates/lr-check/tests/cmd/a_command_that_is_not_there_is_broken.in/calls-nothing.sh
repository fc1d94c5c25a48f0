no-such-command "$1"
