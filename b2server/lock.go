package b2server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

func (m lockMode) String() string {
	switch m {
	case lockGovernance:
		return "governance"
	case lockCompliance:
		return "compliance"
	}
	return ""
}

// String is the value in answers; "" is null.
func (h hold) String() string {
	switch h {
	case holdOn:
		return "on"
	case holdOff:
		return "off"
	}
	return ""
}

func parseLockMode(s string) (lockMode, error) {
	switch s {
	case "":
		return lockNone, nil
	case "governance":
		return lockGovernance, nil
	case "compliance":
		return lockCompliance, nil
	}
	return lockNone, badRequest("the retention mode must be governance or compliance")
}

func parseHold(s string) (hold, error) {
	switch s {
	case "":
		return holdUnset, nil
	case "on":
		return holdOn, nil
	case "off":
		return holdOff, nil
	}
	return holdUnset, badRequest("legal hold must be on or off")
}

func bucketMissingLock() *apiError {
	return fail(http.StatusBadRequest, wire.CodeBucketMissingLock, "The bucket is not file lock enabled")
}

// protects says whether the lock forbids deleting the version now.
func (l *lock) protects(now time.Time, bypass bool) error {
	switch {
	case l.Hold == holdOn:
		return accessDenied(http.StatusUnauthorized, "the version is under a legal hold")
	case l.Mode == lockNone || now.UnixMilli() >= l.Until:
		return nil
	case l.Mode == lockGovernance && bypass:
		return nil
	}
	return accessDenied(http.StatusUnauthorized, "the version is under %s", l.Mode)
}

// lockRequest is the protection that a new version asks for.
type lockRequest struct {
	retention *wire.FileRetention
	hold      *string
}

// lockFromHeaders reads the protection of an upload.
func lockFromHeaders(h http.Header) (req lockRequest, err error) {
	mode, until := header(h, wire.HeaderRetentionMode), header(h, wire.HeaderRetentionUntil)
	if (mode == "") != (until == "") {
		return req, badRequest("retention needs both %s and %s", wire.HeaderRetentionMode, wire.HeaderRetentionUntil)
	}
	if mode != "" {
		ms, err := strconv.ParseInt(until, 10, 64)
		if err != nil {
			return req, badRequest("%s must be a number of milliseconds", wire.HeaderRetentionUntil)
		}
		req.retention = &wire.FileRetention{Mode: new(mode), RetainUntilTimestamp: &ms}
	}
	if text := header(h, wire.HeaderLegalHold); text != "" {
		req.hold = new(text)
	}
	return req, nil
}

// lock checks what a new version in b asks for, and adds the bucket's default.
func (c *call) lock(req lockRequest, b *bucket, k *key) (l lock, err error) {
	if l, err = b.defaultLock(c.now); err != nil || req == (lockRequest{}) {
		return l, err
	}
	if req.hold != nil {
		if !k.can("writeFileLegalHolds") {
			return l, unauthorized("the key lacks the capability writeFileLegalHolds")
		}
		if l.Hold, err = parseHold(*req.hold); err != nil {
			return l, err
		}
	}
	if req.retention != nil && req.retention.Mode != nil {
		if !k.can("writeFileRetentions") {
			return l, unauthorized("the key lacks the capability writeFileRetentions")
		}
		if l.Mode, l.Until, err = c.retention(req.retention); err != nil {
			return l, err
		}
	}
	if !b.LockEnabled && (req.hold != nil || l.Mode != lockNone) {
		return l, bucketMissingLock()
	}
	return l, nil
}

// retention checks a mode and its end, which must be to come.
func (c *call) retention(r *wire.FileRetention) (lockMode, int64, error) {
	mode, err := parseLockMode(value(r.Mode))
	if err != nil || mode == lockNone {
		return mode, 0, err
	}
	if value(r.RetainUntilTimestamp) <= c.now.UnixMilli() {
		return mode, 0, fail(http.StatusBadRequest, wire.CodeRetainUntilPast, "The retainUntilTimestamp must be in future")
	}
	return mode, *r.RetainUntilTimestamp, nil
}

// defaultLock is what the bucket gives to a version that asks for nothing.
func (b *bucket) defaultLock(now time.Time) (l lock, err error) {
	if !b.LockEnabled || b.DefaultRetention.Mode == nil {
		return l, nil
	}
	l.Mode, err = parseLockMode(*b.DefaultRetention.Mode)
	n := int(*b.DefaultRetention.Period.Duration)
	if *b.DefaultRetention.Period.Unit == "years" {
		l.Until = now.AddDate(n, 0, 0).UnixMilli()
	} else {
		l.Until = now.AddDate(0, 0, n).UnixMilli()
	}
	return l, err
}

// updateRetentionRequest tells a retention of null, which removes it, from none.
type updateRetentionRequest struct {
	wire.UpdateRetentionRequest
	FileRetention *wire.FileRetention `json:"fileRetention"`
}

func (c *call) updateRetention(req *updateRetentionRequest) (any, error) {
	if req.FileRetention == nil {
		return nil, badRequest("required field fileRetention is missing")
	}
	mode, until, err := c.retention(req.FileRetention)
	if err != nil {
		return nil, err
	}
	if req.BypassGovernance {
		if err := c.require(wire.CapBypass); err != nil {
			return nil, err
		}
	}
	err = c.changeLock(req.FileName, req.FileID, func(l *lock) error {
		if err := l.mayBecome(mode, until, c.now, req.BypassGovernance); err != nil {
			return err
		}
		l.Mode, l.Until = mode, until
		return nil
	})
	return wire.UpdateRetentionResponse{FileID: req.FileID, FileName: req.FileName, FileRetention: *req.FileRetention}, err
}

// mayBecome says whether a retention may be replaced. Governance may be
// weakened by those who may bypass it, compliance by nobody.
func (l *lock) mayBecome(mode lockMode, until int64, now time.Time, bypass bool) error {
	switch {
	case l.Mode == lockNone || now.UnixMilli() >= l.Until:
		return nil
	case l.Mode == lockCompliance && (mode != lockCompliance || until < l.Until):
		return accessDenied(http.StatusForbidden, "the version is under compliance")
	case l.Mode == lockGovernance && (mode == lockNone || until < l.Until) && !bypass:
		return accessDenied(http.StatusForbidden, "the version is under governance, and bypassGovernance is not set")
	}
	return nil
}

func (c *call) updateLegalHold(req *wire.UpdateLegalHoldRequest) (any, error) {
	to, err := parseHold(req.LegalHold)
	if err != nil {
		return nil, err
	}
	if to == holdUnset {
		return nil, badRequest("legalHold must be on or off")
	}
	err = c.changeLock(req.FileName, req.FileID, func(l *lock) error {
		l.Hold = to
		return nil
	})
	return wire.UpdateLegalHoldResponse{FileID: req.FileID, FileName: req.FileName, LegalHold: req.LegalHold}, err
}

// changeLock changes the protection of one version.
func (c *call) changeLock(name, id string, change func(*lock) error) error {
	return c.s.store.Update(func(tx Tx) error {
		v, err := c.namedVersion(tx, name, id)
		if err != nil {
			return err
		}
		b := c.s.buckets.byID(v.Bucket)
		if b == nil || !b.LockEnabled {
			return bucketMissingLock()
		}
		if v.Action == actionHide {
			return badRequest("a hide marker cannot be protected")
		}
		if err := change(&v.Lock); err != nil {
			return err
		}
		return tx.Put(tableVersions, v.key(), v.encode())
	})
}
