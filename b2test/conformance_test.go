package b2test

import (
	"os"
	"testing"

	"github.com/bowline-sync/bowline/b2server"
)

func TestConformance(t *testing.T) {
	smallParts := WithConfig(func(c *b2server.Config) { c.MinPartSize = 100_000 })
	t.Run("memory", func(t *testing.T) {
		Conformance(t, func(t *testing.T) (endpoint, keyID, key string) {
			s := NewServer(t, smallParts)
			return s.URL, s.KeyID, s.Key
		})
	})
	t.Run("disk", func(t *testing.T) {
		Conformance(t, func(t *testing.T) (endpoint, keyID, key string) {
			s := NewServer(t, smallParts, WithDisk(t.TempDir()))
			return s.URL, s.KeyID, s.Key
		})
	})
	t.Run("service", func(t *testing.T) {
		keyID, key := os.Getenv("B2_TEST_APPLICATION_KEY_ID"), os.Getenv("B2_TEST_APPLICATION_KEY")
		if keyID == "" || key == "" {
			t.Skip("set B2_TEST_APPLICATION_KEY_ID and B2_TEST_APPLICATION_KEY to run the rules against the service")
		}
		Conformance(t, func(*testing.T) (string, string, string) { return "https://api.backblazeb2.com", keyID, key })
	})
}
