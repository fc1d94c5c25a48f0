package sub

import "testing"

func TestPanic(t *testing.T) {
	var m map[string]int
	m["a"] = 1
}
