//go:build modules

package interop

// What rclone's own suite needs to be built; nothing here is compiled into
// ours.
import (
	_ "github.com/rclone/rclone/backend/b2"
	_ "github.com/rclone/rclone/fstest/fstests"
	_ "github.com/stretchr/testify/assert"
)
