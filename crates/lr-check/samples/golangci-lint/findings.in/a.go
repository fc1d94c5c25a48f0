package x

import "fmt"

// F prints.
func F() { x := 1; x = x; fmt.Printf("é %d", "s") }
