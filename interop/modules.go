//go:build modules

package interop

// What the tests of rclone's backend need to be built; nothing here is compiled
// into ours.
import (
	_ "github.com/rclone/rclone/fstest/fstests"
	_ "github.com/stretchr/testify/assert"
)
