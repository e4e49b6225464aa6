// Package b2 is a client of the B2 Native API, version 4.
//
// # Calls and verbs
//
// [New] makes a [Client] from an application key. One client serves a whole
// program: it is safe for concurrent use, authorises by itself when a call
// first needs it and whenever a token expires, and shares connections, upload
// URLs and the bounds of [Config] among all who use it.
//
// Most methods are calls of the API, one to one and named after them:
// CreateBucket is b2_create_bucket. Above them stand a few verbs that know how
// several calls work together:
//
//   - [Client.Upload] stores a file, in one request or in parts by its size;
//   - [Client.Download] reads a version into a file, big ones by several
//     requests at once, and [Client.Open] reads one as a stream;
//   - [Client.Copy] makes a version of another without a byte through the
//     client;
//   - [Client.ListNames] and [Client.ListVersions] yield what a bucket holds,
//     in the order of the names' bytes, fetching ahead of the reader.
//
// All content is checked against its SHA-1 on the way in and on the way out,
// as far as the service knows one.
//
// # Names, versions, folders
//
// A bucket maps names to versions, and every upload, copy or hide adds a
// version: nothing is overwritten. The newest version decides what a name
// shows; a hide marker on top makes the name look absent.
// [Client.DeleteVersion] removes one version for good, and the one below comes
// to light again. Folders are only prefixes of names.
//
// # Errors and retries
//
// What the network or a busy service does is retried, with growing pauses and
// as the service asks (Retry-After). An operation is given up after 20 failures
// while other requests of the client succeed; while nothing at all succeeds it
// goes on for [Config].RetryFor, so an outage costs its own length and no more.
// Retries are never nested, so do not add your own. [Config].Observe sees every
// attempt.
//
// A call that fails gives an [*Error], with the service's status and code. Ask
// by category:
//
//	errors.Is(err, fs.ErrNotExist)     // no such version, name or bucket
//	errors.Is(err, fs.ErrPermission)   // the key may not do this
//	errors.Is(err, b2.ErrCapExceeded)  // the owner's own limit: stop
//	errors.Is(err, b2.ErrUnauthorized) // the key itself is refused
//	errors.Is(err, b2.ErrChecksum)     // content is not what was announced
//
// Errors of the caller's own content and checks come back as they are, and so
// does the cause of a cancelled context.
//
// # What it costs
//
// The service bills calls by class; [Attempt] carries the class and the units of
// each. Uploads, hides and deletes are free. A listing counts one call of class
// C for every started 1,000 entries, whatever the page size. A download counts
// one call of class B for each request, so a big file that is read by several
// counts as several.
package b2
