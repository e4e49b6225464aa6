package b2sync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/localfs"
)

// verdict is what becomes of a name.
type verdict uint8

const (
	leave    verdict = iota // not ours to touch, or nothing there
	same                    // both sides agree
	skip                    // the destination is newer and may stay
	refuse                  // cannot be dealt with: decision.err says why
	transfer                // the source's content goes to the destination
	remove                  // the source lacks it: through the gate
	read                    // a local file has to be read for its hash, then decide again
)

// A decision is what becomes of one name, and of the versions under it.
type decision struct {
	verdict verdict
	err     error // with refuse

	// With remove from a bucket: put a hide marker on the name.
	hide bool
	// unhashed says that there was no hash to compare by.
	unhashed bool
	// retained says that versions stay which should go but may not be deleted.
	retained bool
	// Versions that go, oldest first, after the transfer or the hiding; with
	// remove, the newest last (P1).
	prune []b2.File
}

// rules are what decide goes by, apart from the pair.
type rules struct {
	*Options
	srcLocal, dstLocal bool
	// grain is the difference in ms that two modification times of one content
	// may have, because of how the destination's file system keeps them.
	grain int64
	now   time.Time // by the service's clock (P7)
	// noDelete is set for a key that may not delete: names are hidden instead,
	// and older versions stay.
	noDelete bool
}

// decide says what becomes of a name. It is a pure function, so a dry run and
// a real run cannot differ.
//
//	source        destination     outcome
//	------------  --------------  ------------------------------------------------
//	not visible   any             leave (P2, P3)
//	any           excluded        leave (P3)
//	file          not visible     refuse: what is there is not known (P2, P5)
//	file          none, hidden    transfer, prune
//	file          file            compare: same, transfer, skip or refuse; prune
//	file          folder          transfer; the act finds the folder and waits
//	folder        none            marker: make it; local folder: leave
//	folder        folder          same
//	none          file, hidden    by Extraneous: leave or remove
//	none          folder          marker with nothing below: by Extraneous; else leave
//	none          not visible     leave
func decide(p *pair, r *rules) decision {
	d := wanted(p, r)
	if d.prune != nil {
		d.spare(p, r)
	}
	return d
}

// spare takes out of the prune list what may not be deleted: versions that
// Object Lock retains or holds, or all, if the key has no right to delete. A
// name that the source lacks is then hidden instead, and stays hidden, because
// deleting what lies on top of a version that stays would bring it back.
func (d *decision) spare(p *pair, r *rules) {
	free := slices.DeleteFunc(slices.Clone(d.prune), func(f b2.File) bool { return !r.mayDelete(&f) })
	if len(free) == len(d.prune) {
		return
	}
	d.retained = true
	if d.verdict == remove {
		d.hide = d.hide || p.dst.kind != isHidden
		free = slices.DeleteFunc(free, func(f b2.File) bool {
			return f.ID == p.dst.file.ID && f.Action == actionHide
		})
	}
	if d.prune = free; len(free) == 0 {
		d.prune = nil
		if d.verdict == remove && !d.hide {
			d.verdict = leave
		}
	}
}

// mayDelete says whether a version may be deleted, as far as the listing and
// the key's rights tell.
func (r *rules) mayDelete(f *b2.File) bool {
	return !r.noDelete && !f.LegalHold && (f.RetentionMode == "" || f.RetainUntil <= r.now.UnixMilli())
}

// wanted is decide before Object Lock and missing rights.
func wanted(p *pair, r *rules) decision {
	if p.srcCover != nil || p.src != nil && p.src.opaque() {
		return decision{}
	}
	if hidden := p.dstCover; hidden != nil || p.dst != nil && p.dst.opaque() {
		if hidden == nil {
			hidden = p.dst
		}
		return beyondSight(p, hidden)
	}
	switch {
	case p.src == nil, p.src.kind == isHidden:
		return extraneous(p, r)
	case p.src.kind == isFolder:
		return folder(p, r)
	case p.dst == nil, p.dst.kind == isHidden:
		return decision{verdict: transfer, prune: outlived(p.dst, r, true)}
	}
	return compared(p, r)
}

// beyondSight decides where the destination could not be seen: nothing is
// removed there, and what should go there is reported.
func beyondSight(p *pair, hidden *entry) decision {
	if hidden.excluded() || p.src == nil || p.src.kind != isFile {
		return decision{}
	}
	return decision{verdict: refuse, err: fmt.Errorf("the destination cannot be seen: %w", hidden.err)}
}

// folder decides for a folder of the source. A folder marker is made where it
// is missing; a local folder has no object of its own.
func folder(p *pair, r *rules) decision {
	switch {
	case p.dst != nil && p.dst.kind != isHidden:
		return decision{verdict: same}
	case r.srcLocal:
		return decision{}
	}
	return decision{verdict: transfer}
}

// compared decides for a file that both sides have.
func compared(p *pair, r *rules) decision {
	if r.Compare == CompareSHA1 && p.src.size == p.dst.size {
		if d, decided := comparedByHash(p, r); decided {
			return d
		}
		d := comparedBy(compare(p.src, p.dst, r), p, r)
		d.unhashed = true
		return d
	}
	return comparedBy(compare(p.src, p.dst, r), p, r)
}

// comparedByHash decides by the hashes of both contents, unless the service
// has none. A local file that has not been read yet is read first, but only if
// there is a hash to hold it against.
func comparedByHash(p *pair, r *rules) (d decision, decided bool) {
	local, far := p.src, p.dst
	if r.dstLocal {
		local, far = far, local
	}
	switch theirs, ours := far.hash(), local.hash(); {
	case theirs == "":
		return d, false
	case ours == "" && local.file.ID != "":
		return d, false // bucket to bucket
	case ours == "":
		return decision{verdict: read}, true
	case ours == theirs:
		return comparedBy(0, p, r), true
	}
	return comparedBy(1, p, r), true
}

// comparedBy decides by how the source's file stands to the destination's.
func comparedBy(order int, p *pair, r *rules) decision {
	switch {
	case order == 0:
		return decision{verdict: same, prune: outlived(p.dst, r, false)}
	case order > 0, r.Newer == NewerReplaced:
		return decision{verdict: transfer, prune: outlived(p.dst, r, true)}
	case r.Newer == NewerSkipped:
		return decision{verdict: skip, prune: outlived(p.dst, r, false)}
	}
	return decision{verdict: refuse, err: newerError(p, r)}
}

// compare says how the source's file stands to the destination's: 0 for the
// same, 1 for changed, -1 for older.
func compare(src, dst *entry, r *rules) int {
	switch r.Compare {
	case CompareNone:
		return 0
	case CompareSHA1:
		if src.size != dst.size {
			return 1
		}
	case CompareSize:
		if abs(src.size-dst.size) <= r.Threshold {
			return 0
		}
		return 1
	}
	// 1 ms, because the reference rounds times through floating point.
	switch apart := holdable(src.modTime) - holdable(dst.modTime); {
	case abs(apart) > max(r.Threshold, r.grain, 1):
		if apart > 0 {
			return 1
		}
		return -1
	case src.size != dst.size:
		return 1 // a change that kept its time
	}
	return 0
}

// holdable is the modification time that a local file can be given for ms. Times
// are compared as that: an object may say anything, microseconds for instance,
// and a file that was made of it would be another one in each run.
func holdable(ms int64) int64 {
	return min(max(ms, localfs.FirstModTime), localfs.LastModTime)
}

func abs(n int64) int64 { return max(n, -n) }

// ErrNewer is the cause of the problem of a destination file that is newer
// than the source's.
var ErrNewer = errors.New("source file is older than destination")

// newerError names the file in the reference's words, and the ways out.
func newerError(p *pair, r *rules) error {
	scheme := map[bool]string{true: "local", false: "b2"}
	return fmt.Errorf("%w: %s://%s with a time of %d cannot be synced to %s://%s with a time of %d, "+
		"unless a valid newer_file_mode is provided (--skip-newer or --replace-newer)",
		ErrNewer, scheme[r.srcLocal], p.name, p.src.modTime, scheme[r.dstLocal], p.name, p.dst.modTime)
}

// extraneous decides for what only the destination has.
func extraneous(p *pair, r *rules) decision {
	switch {
	case p.dst == nil, r.Extraneous == ExtraneousKept:
		return decision{}
	case p.dst.kind == isFolder && (r.dstLocal || p.srcBelow):
		return decision{} // the folder exists, or goes when it has become empty
	case r.dstLocal:
		return decision{verdict: remove}
	case r.Extraneous == ExtraneousDeleted:
		return decision{verdict: remove, prune: oldestFirst(p.dst.versions())}
	}
	d := decision{verdict: remove, hide: p.dst.kind != isHidden, prune: outlived(p.dst, r, false)}
	if p.dst.kind == isHidden && r.expired(p.dst.file.Uploaded) {
		d.prune = oldestFirst(p.dst.versions()) // the marker's days are over, with all below it
	}
	if !d.hide && d.prune == nil {
		return decision{}
	}
	return d
}

// outlived are the versions under a name that the source has, or that is
// hidden, which need not be kept any longer; oldest first. replaced says that
// the newest version is about to be replaced too.
func outlived(dst *entry, r *rules, replaced bool) []b2.File {
	if dst == nil || r.dstLocal || dst.kind == isFolder {
		return nil
	}
	switch r.Extraneous {
	case ExtraneousDeleted:
		if replaced {
			return oldestFirst(dst.versions())
		}
		return oldestFirst(slices.Clone(dst.older))
	case ExtraneousKeepDays:
		// A version stopped being current when the one above it was uploaded,
		// or hid it. The first that has outlived its days takes with it all
		// below, which stopped being current earlier still.
		above := dst.file.Uploaded
		for i := range dst.older {
			if r.expired(above) {
				return oldestFirst(slices.Clone(dst.older[i:]))
			}
			above = dst.older[i].Uploaded
		}
	}
	return nil
}

// expired says whether what stopped being current at ms since the epoch is
// older than the days to keep it.
func (r *rules) expired(ms int64) bool {
	return r.now.Sub(time.UnixMilli(ms)) > r.keepFor()
}

// oldestFirst turns versions, newest first, around in place (P1).
func oldestFirst(versions []b2.File) []b2.File {
	if len(versions) == 0 {
		return nil
	}
	slices.Reverse(versions)
	return versions
}
