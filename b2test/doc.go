// Package b2test is for tests of code that uses B2.
//
// [NewServer] starts a complete server that ends with the test:
//
//	srv := b2test.NewServer(t)
//	client := srv.Client(t)
//
// Its clock can be set ([Server.Advance], [Server.SetNow]), its calls are
// counted ([Server.Calls]), and faults can be scripted by name
// ([Server.Fail]). A scripted fault that never fires fails the test, so that a
// test cannot pass by missing what it is about.
//
// [Conformance] states the rules of the service as subtests over plain HTTP,
// for any endpoint.
package b2test
