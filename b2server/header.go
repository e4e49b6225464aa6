package b2server

import "net/http"

// header answers the first value of a header, "" when there is none. The name
// must be in canonical form, as net/http keeps names: an upload is asked for a
// dozen headers that few have, and [http.Header.Get] canonicalises each time.
func header(h http.Header, name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
