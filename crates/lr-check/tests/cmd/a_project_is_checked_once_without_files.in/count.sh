test $# = 0
