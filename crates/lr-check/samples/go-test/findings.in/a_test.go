package x

import "testing"

func TestA(t *testing.T) { t.Fatal("no") }

func TestB(t *testing.T) {
	t.Run("one", func(t *testing.T) { t.Error("first"); t.Error("second") })
	t.Run("two", func(t *testing.T) {})
}
