package b2server

import (
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bowline-sync/bowline/internal/wire"
)

// checkName checks the name of a new file.
func (s *Server) checkName(name string) error {
	if err := wire.CheckFileName(name); err != nil {
		_, text, _ := strings.Cut(err.Error(), ": ")
		return badRequest("%s", text)
	}
	if !s.cfg.StrictNames {
		return nil
	}
	if strings.Contains(name, `\`) {
		return badRequest(`File names must not contain '\'`)
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch {
		case segment == "":
			return badRequest("File names must not start or end with '/', nor contain '//'")
		case segment == "." || segment == "..":
			return badRequest("File names must not contain '.' or '..' as a segment")
		case len(segment) > 250:
			return badRequest("File names must not contain a segment longer than 250 bytes")
		}
	}
	return nil
}

// infoNameBytes are the bytes of info names other than letters and digits.
const infoNameBytes = "-_.`~!#$%^&*'|+"

func validInfoName(name string) bool {
	if len(name) < 1 || len(name) > 50 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte(infoNameBytes, c) >= 0:
		default:
			return false
		}
	}
	return true
}

// infoFromHeaders reads the X-Bz-Info- headers of an upload. Header names are
// ASCII without regard to case, so they come back in lower case.
func infoFromHeaders(h http.Header) (info []infoPair, err error) {
	for field, values := range h {
		name, ok := strings.CutPrefix(field, wire.HeaderInfoPrefix)
		if !ok || name == "" {
			continue
		}
		text, err := wire.Unescape(values[0])
		if err != nil {
			return nil, badRequest("header %s is not percent-encoded", field)
		}
		info = append(info, infoPair{strings.ToLower(name), text})
	}
	sortInfo(info)
	return info, nil
}

// infoFromJSON is the fileInfo of a JSON call, in lower case.
func infoFromJSON(m map[string]string) []infoPair {
	lower := make(map[string]string, len(m))
	for name, v := range m {
		lower[strings.ToLower(name)] = v
	}
	return makeInfo(lower)
}

// checkInfo checks info against the rules. The limit is smaller where the
// service needs room for its own.
func checkInfo(name string, info []infoPair, small bool) error {
	total := len(name)
	for _, p := range info {
		if !validInfoName(p.Name) {
			return badRequest("Invalid file info name: %s", p.Name)
		}
		if strings.HasPrefix(p.Name, wire.InfoPrefix) && infoHeader(p.Name) == "" {
			return badRequest("unknown file info name: %s (names beginning with b2- are reserved)", p.Name)
		}
		if !utf8.ValidString(p.Value) {
			return badRequest("the value of file info %s is not UTF-8", p.Name)
		}
		if infoHeader(p.Name) != "" && !validReserved(p.Name, p.Value) {
			return badRequest("the value of file info %s is not valid in its header", p.Name)
		}
		total += len(p.Name) + len(p.Value)
	}
	if limit := infoLimit(small); total > limit {
		return badRequest("file name and file info are longer than %d bytes", limit)
	}
	return nil
}

func infoLimit(small bool) int {
	if small {
		return wire.MaxInfoBytesSSE
	}
	return wire.MaxInfoBytes
}

// validReserved checks the value of a reserved name against the grammar of its
// header (API documentation, "Files"). Cache-Control may have directives that
// nobody knows yet, so it is any text.
func validReserved(name, text string) bool {
	if !validHeaderValue(text) {
		return false
	}
	switch name {
	case wire.InfoExpires:
		_, err := http.ParseTime(text)
		return err == nil
	case wire.InfoDisposition:
		_, _, err := mime.ParseMediaType(text)
		return err == nil
	case wire.InfoLanguage, wire.InfoEncoding:
		return !slices.ContainsFunc(strings.Split(text, ","), func(word string) bool { return !isToken(strings.TrimSpace(word)) })
	}
	return true
}

// isToken says whether s is a token of RFC 2616.
func isToken(s string) bool {
	return s != "" && strings.Trim(s, letters+digits+"!#$%&'*+-.^_`|~") == ""
}

// infoHeader is the header that a reserved info name sets on downloads.
func infoHeader(name string) string {
	switch name {
	case wire.InfoDisposition:
		return "Content-Disposition"
	case wire.InfoLanguage:
		return "Content-Language"
	case wire.InfoExpires:
		return "Expires"
	case wire.InfoCacheControl:
		return "Cache-Control"
	case wire.InfoEncoding:
		return "Content-Encoding"
	}
	return ""
}

// validHeaderValue keeps line breaks and other control bytes out of headers.
func validHeaderValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 127 {
			return false
		}
	}
	return true
}

// contentType answers the type to store: what the client says, or what the
// name's extension says when it asks for that.
func contentType(given, name string) (string, error) {
	switch {
	case given == "":
		return "", badRequest("Missing header: Content-Type")
	case given != wire.AutoContentType:
		if !validHeaderValue(given) || !utf8.ValidString(given) || len(given) > 256 {
			return "", badRequest("the content type is not valid")
		}
		return given, nil
	}
	if t, ok := typesByExtension[strings.ToLower(path.Ext(name))]; ok {
		return t, nil
	}
	return wire.OctetStream, nil
}

// typesByExtension is for b2/x-auto. It is a list of its own, so that an
// answer does not depend on the machine.
var typesByExtension = map[string]string{
	".7z": "application/x-7z-compressed", ".aac": "audio/aac", ".avi": "video/x-msvideo", ".avif": "image/avif",
	".bmp": "image/bmp", ".bz2": "application/x-bzip2", ".css": "text/css", ".csv": "text/csv",
	".doc": "application/msword", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".epub": "application/epub+zip", ".flac": "audio/flac", ".gif": "image/gif", ".gz": "application/gzip",
	".heic": "image/heic", ".htm": "text/html", ".html": "text/html", ".ico": "image/x-icon", ".jpeg": "image/jpeg",
	".jpg": "image/jpeg", ".js": "application/javascript", ".json": "application/json", ".m4a": "audio/mp4",
	".md": "text/markdown", ".mkv": "video/x-matroska", ".mov": "video/quicktime", ".mp3": "audio/mpeg",
	".mp4": "video/mp4", ".mpeg": "video/mpeg", ".odt": "application/vnd.oasis.opendocument.text", ".ogg": "audio/ogg",
	".pdf": "application/pdf", ".png": "image/png",
	".ppt": "application/vnd.ms-powerpoint", ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".rtf": "application/rtf", ".svg": "image/svg+xml", ".tar": "application/x-tar", ".tif": "image/tiff", ".tiff": "image/tiff",
	".txt": "text/plain", ".wav": "audio/wav", ".webm": "video/webm", ".webp": "image/webp", ".woff2": "font/woff2",
	".xls": "application/vnd.ms-excel", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".xml": "application/xml", ".zip": "application/zip", ".zst": "application/zstd",
}
