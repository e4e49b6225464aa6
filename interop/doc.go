// Package interop runs other people's B2 clients, unchanged, against the
// built-in server: rclone and its own backend test suite, Backblaze's Go
// library blazer and the tests that it is tried with on the service, the
// library inside kopia, and, where they are installed,
// Python's b2sdk, restic, kopia, duplicity, Backblaze's own tool of 2019, the
// client for Node.js, and a browser on the server's page. And it runs our
// client against a server that is not ours, the simulator inside b2sdk; and
// against the sync engine of b2sdk, in random worlds (TestDiffer). It is a
// module of its own, so that nothing of theirs enters ours.
//
//	interop/run   # installs what is missing
//	interop/backblaze SOURCE                      # Backblaze's own tests of its tools
//	go test -run TestDiffer -differ.worlds 5000   # many worlds; PYTHONPATH may lead to b2sdk 2.x
//
// A client that the machine does not have is skipped with a word.
package interop
