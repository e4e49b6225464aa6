// Package localfs is the local side of a sync: it scans folders in the order
// of a bucket, and changes them without ever leaving them.
//
// [Scan] walks a tree in the order in which a bucket lists its names, by the
// bytes of the full relative name. It reports what it could not see, and what
// it was told to leave out, in the same stream as the files. So whoever reads
// the stream knows which names are really absent. [HasFile] answers whether
// there is anything to sync at all, [TopNames] where a tree may be split, and
// [CountNames] how much there is below such a place.
//
// [Open] opens a file for an upload, and can tell afterwards whether it stood
// still while it was read.
//
// [OpenRoot] opens a folder for changes. A [Root] follows no link on the way
// to a name, and lets a new file appear under its name only when it is whole:
// [Root.Create], [Temp.WriteAt], [Temp.Commit].
//
// Names are relative to the root, use slashes on every system, and are bytes:
// nothing here normalises them. Errors are [*fs.PathError] values that carry
// the path; the sentinels of this package and those of io/fs answer to
// [errors.Is].
package localfs
