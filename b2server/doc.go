// Package b2server is a B2-compatible server: an [http.Handler] over a [Store].
//
// It speaks the whole of the B2 Native API, versions 1 to 4, and enforces what
// the service enforces: tokens, capabilities, hashes, part rules, retention,
// lifecycle rules, caps. Any B2 client works against it unchanged:
//
//	srv, err := b2server.New(b2server.Config{Store: b2server.NewMemStore()})
//	id, secret := srv.MasterKey()
//	http.ListenAndServe("127.0.0.1:8765", srv)
//
// Objects live in memory ([NewMemStore]) or in a folder ([OpenDiskStore]); the
// rules are written once, above both. [Pipe] joins a client to a server without
// a port. Tests of other packages start with package b2test.
//
// Addresses in answers (apiUrl, downloadUrl, upload URLs) are made from the
// address that the client used, so one server works under every name it has.
package b2server
