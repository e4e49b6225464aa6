// Package bowline is the root of the Bowline project and holds no code; its
// test keeps the parts apart as docs/design.md draws them.
//
// The parts: b2 is a client of the B2 Native API, b2sync the engine that makes
// a destination match a source, b2server a B2-compatible server, b2test what
// tests need, and cmd/b2 the program that people run.
package bowline
