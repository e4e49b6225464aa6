package main

import (
	"github.com/spf13/cobra"

	"github.com/bowline-sync/bowline/b2"
)

func newFile(e *env) *cobra.Command {
	return newGroup("file", "Upload, download, copy and look at single files",
		newFileCat(e), newFileDownload(e), newFileHide(e), newFileInfo(e), newFileLarge(e),
		newFileServerSideCopy(e), oldFileCopy.command(e), newFileUnhide(e), newFileUpdate(e), newFileUpload(e), newFileURL(e))
}

// withURI does something with a place in a session of its own, whose client
// adjust may change.
func (e *env) withURI(cmd *cobra.Command, text string, allowed uriKind, do func(*session, b2URI) error, adjust ...func(*b2.Config)) error {
	u, err := parseURIAs(text, allowed)
	if err != nil {
		return &usageError{cmd, "argument B2_URI: " + err.Error()}
	}
	s, err := e.open(cmd.Context(), adjust...)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(s, u)
}
