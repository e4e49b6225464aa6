// Package wire holds what goes over the wire of the B2 Native API and nothing
// else: the JSON shapes of requests and answers, the names of headers, the
// error codes, the encoding of names, and the price class of each call.
//
// The client (package b2) and the server (package b2server) share it, so the
// two could be wrong together. The golden tests of this package therefore pin
// every shape to an example composed from the API documentation, field by
// field, and other people's clients are run against the server.
//
// Times are milliseconds since the Unix epoch, sizes are bytes. Fields that
// the API documents as nullable are pointers; a request field that is nil is
// left out, and a server treats null and absent alike.
package wire

// MaxFileName is the longest file name in bytes (API documentation, "Files").
const MaxFileName = 1024

// Limits that the service documents. Sizes are bytes.
const (
	MaxSinglePart       = 5_000_000_000      // upload_file, one part, the result of copy_file
	MinPartSize         = 5_000_000          // every part of a large file but the last
	RecommendedPartSize = 100_000_000        // what authorising recommends
	MaxParts            = 10_000             // parts of one large file
	MaxFileSize         = 10_000_000_000_000 // a large file
	MaxListFiles        = 10_000             // list_file_names, list_file_versions: one page
	MaxListParts        = 1_000              // list_parts: one page
	MaxListUnfinished   = 100                // list_unfinished_large_files: one page
	MaxListKeys         = 10_000             // list_keys: one page
	MaxBuckets          = 100                // buckets of one account
	MaxInfoBytes        = 7_000              // file name and info together
	MaxInfoBytesSSE     = 2_048              // the same with server-side encryption or Object Lock
)

// Actions of a file version.
const (
	ActionUpload = "upload" // stored content
	ActionHide   = "hide"   // a hide marker
	ActionStart  = "start"  // a large file that is not finished
	ActionFolder = "folder" // a folder in a listing with a delimiter
	ActionCopy   = "copy"   // only in the answer of copy_file; listed as upload
)

// Bucket types that a client may ask for.
const (
	AllPublic  = "allPublic"
	AllPrivate = "allPrivate"
)

// Names in a file's info with a meaning that clients agree on.
const (
	InfoModTime      = "src_last_modified_millis" // the source's modification time
	InfoLargeSHA1    = "large_file_sha1"          // SHA-1 of a large file's whole content
	InfoSSECKeyID    = "sse_c_key_id"             // the user's label of an SSE-C key
	InfoPrefix       = "b2-"                      // reserved names
	InfoDisposition  = "b2-content-disposition"
	InfoLanguage     = "b2-content-language"
	InfoExpires      = "b2-expires"
	InfoCacheControl = "b2-cache-control"
	InfoEncoding     = "b2-content-encoding"
)

// Values of contentSha1 and of the header X-Bz-Content-Sha1 that are not 40
// hex digits.
const (
	SHA1None        = "none"              // a large file: the service has no hash
	SHA1AtEnd       = "hex_digits_at_end" // the last 40 bytes of the body are the hash
	SHA1NotVerified = "do_not_verify"     // the service computes it, unchecked
	SHA1Unverified  = "unverified:"       // prefix of a hash that nobody checked
	AutoContentType = "b2/x-auto"         // the service chooses by the name's extension
	HideContentType = "application/x-bz-hide-marker"
	OctetStream     = "application/octet-stream"
)

// ReplicationPending is the replicationStatus of a version that waits to be
// copied. The others, of versions that were, are read as they come.
const ReplicationPending = "pending"

// SSE modes and the only algorithm.
const (
	SSEB2  = "SSE-B2"
	SSEC   = "SSE-C"
	AES256 = "AES256"
)
