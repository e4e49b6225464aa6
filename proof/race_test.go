//go:build unix && race

package proof

// A test under the race detector runs the program under it, too, which makes it
// take several times the memory.
func init() {
	buildFlags = append(buildFlags, "-race")
	mostMemory *= 4
}
