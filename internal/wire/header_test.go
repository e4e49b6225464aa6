package wire

import (
	"net/http"
	"testing"
)

// Headers are looked up by these names as they stand, which needs the form in
// which net/http keeps them.
func TestHeadersAreCanonical(t *testing.T) {
	for _, name := range []string{
		HeaderFileName, HeaderFileID, HeaderContentSHA1, HeaderPartNumber, HeaderUploadTimestamp, HeaderCustomTimestamp,
		HeaderInfoPrefix, HeaderTestMode, HeaderUnauthorized, HeaderReplication, HeaderSSE, HeaderSSECAlg, HeaderSSECKey,
		HeaderSSECMD5, HeaderLegalHold, HeaderRetentionMode, HeaderRetentionUntil,
	} {
		if want := http.CanonicalHeaderKey(name); name != want {
			t.Errorf("%s should be %s", name, want)
		}
	}
}
