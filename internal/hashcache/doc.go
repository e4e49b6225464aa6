// Package hashcache remembers the SHA-1 of local files from run to run, so that
// comparing by content need not read again what did not change.
//
// A file is known by its device and inode. Its hash counts while size,
// modification time and time of change are what they were when it was read: the
// last of them cannot be set by programs, so content that was changed under an
// old modification time is seen too.
//
// The cache is a help and nothing more. It may forget; a second process that
// finds it in use goes without it; a file that was damaged is begun anew. None
// of this is an error of a run.
package hashcache
