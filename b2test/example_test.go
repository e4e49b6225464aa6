package b2test_test

import (
	"testing"

	"github.com/bowline-sync/bowline/b2test"
)

// A test of your own code starts a server, points a client at it and scripts
// what shall go wrong.
func ExampleNewServer() {
	// In your tests, t is the argument of the test function.
	_ = func(t *testing.T) {
		srv := b2test.NewServer(t)
		client := srv.Client(t)
		srv.Fail("b2_authorize_account", 1, b2test.Busy()) // the client must try again
		if _, err := client.Authorize(t.Context()); err != nil {
			t.Fatal(err)
		}
		// ... call the code under test with client ...
		if srv.Calls()["b2_authorize_account"] != 2 {
			t.Error("the fault did not make it try again")
		}
	}
}
