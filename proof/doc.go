// Package proof holds the tests that look at the program from outside: the
// built binary, over sockets, against hostile names, hostile servers, full
// disks and kills. docs/promises.md says what they prove.
//
// By default they take well under a minute. More of the same is asked for by
// flags:
//
//	go test ./proof -run Kill -kills 200   # kills of each kind
//	go test ./proof -run Soak -soak 1h     # syncs under faults and edits
package proof
