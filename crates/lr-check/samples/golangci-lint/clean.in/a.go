package x

// F is nothing.
func F() int { return 1 }
