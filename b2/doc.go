// Package b2 is a client of the B2 Native API.
package b2
