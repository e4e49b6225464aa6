package b2server

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// key is an application key. Its secret is kept as a digest: it is random, so
// that a plain digest is enough.
type key struct {
	ID           string
	Name         string
	Digest       []byte // SHA-256 of the secret
	Capabilities []string
	Buckets      []string // nil is every bucket
	Prefix       *string
	Expires      int64 // ms; 0 is never
	Created      int64 // ms
	Master       bool  `json:"-"`
}

// everyCapability is what exists; the master key has them all.
var everyCapability = []string{
	"listKeys", "writeKeys", "deleteKeys",
	"listBuckets", "listAllBucketNames", "readBuckets", "writeBuckets", "deleteBuckets",
	"readBucketEncryption", "writeBucketEncryption", "readBucketRetentions", "writeBucketRetentions",
	"readBucketReplications", "writeBucketReplications", "readBucketNotifications", "writeBucketNotifications",
	"readBucketLogging", "writeBucketLogging", "readBucketLifecycleRules", "writeBucketLifecycleRules",
	"listFiles", "readFiles", "shareFiles", "writeFiles", "deleteFiles",
	"readFileRetentions", "writeFileRetentions", "readFileLegalHolds", "writeFileLegalHolds", "bypassGovernance",
}

// bucketCapabilities is what a key that is restricted to buckets may hold.
var bucketCapabilities = []string{
	"listAllBucketNames", "listBuckets", "readBuckets", "readBucketEncryption", "writeBucketEncryption",
	"readBucketNotifications", "writeBucketNotifications", "readBucketRetentions", "writeBucketRetentions",
	"listFiles", "readFiles", "shareFiles", "writeFiles", "deleteFiles",
	"readFileRetentions", "writeFileRetentions", "readFileLegalHolds", "writeFileLegalHolds", "bypassGovernance",
}

func (k *key) can(capability string) bool {
	return k != nil && (k.Master || slices.Contains(k.Capabilities, capability))
}

func (k *key) allowsBucket(id string) bool {
	return k != nil && (k.Buckets == nil || slices.Contains(k.Buckets, id))
}

// allowsName says whether a name, or the prefix of a listing, is within the
// prefix of the key.
func (k *key) allowsName(name string) bool {
	return k != nil && strings.HasPrefix(name, value(k.Prefix))
}

func (k *key) expired(now time.Time) bool { return k.Expires != 0 && now.UnixMilli() >= k.Expires }

func (k *key) fits(secret string) bool {
	digest := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(digest[:], k.Digest) == 1
}

// keyCache holds the keys that were used of late; an account may have very
// many.
type keyCache struct {
	mu   sync.RWMutex
	keys map[string]*key
}

const maxCachedKeys = 4096

// keyByID finds a key; nil when there is none.
func (s *Server) keyByID(id string) (*key, error) {
	if id == s.master.ID || id == s.account {
		return s.master, nil
	}
	s.keys.mu.RLock()
	k := s.keys.keys[id]
	s.keys.mu.RUnlock()
	if k != nil {
		return k, nil
	}
	// Under the lock, so that a key that is being deleted is not cached again.
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	err := s.store.View(func(tx Tx) error {
		raw := tx.Get(tableKeys, []byte(id))
		if raw == nil {
			return nil
		}
		k = new(key)
		return json.Unmarshal(raw, k)
	})
	if err != nil || k == nil {
		return nil, err
	}
	if len(s.keys.keys) >= maxCachedKeys {
		clear(s.keys.keys)
	}
	s.keys.keys[id] = k
	return k, nil
}

// createKeyRequest also has the bucketId of versions 1 to 3.
type createKeyRequest struct {
	wire.CreateKeyRequest
	BucketID *string `json:"bucketId"`
}

func (c *call) createKey(req *createKeyRequest) (any, error) {
	if err := c.checkAccount(req.AccountID); err != nil {
		return nil, err
	}
	if err := c.checkNewKey(req); err != nil {
		return nil, err
	}
	number, err := c.s.store.NextID()
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 23)
	_, _ = rand.Read(secret)
	text := "K005" + base64.RawURLEncoding.EncodeToString(secret)[:27]
	digest := sha256.Sum256([]byte(text))
	k := &key{
		ID:   fmt.Sprintf("005%s%010d", c.s.account, number),
		Name: req.KeyName, Digest: digest[:], Capabilities: req.Capabilities,
		Buckets: req.BucketIDs, Prefix: req.NamePrefix, Created: c.now.UnixMilli(),
	}
	if req.ValidDurationInSeconds != nil {
		k.Expires = c.now.UnixMilli() + 1000**req.ValidDurationInSeconds
	}
	raw, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	err = c.s.store.Update(func(tx Tx) error { return tx.Put(tableKeys, []byte(k.ID), raw) })
	if err != nil {
		return nil, err
	}
	answer := c.keyAnswer(k)
	answer["applicationKey"] = text
	return answer, nil
}

// checkNewKey checks the fields of create_key and puts bucketId, the older
// form, into BucketIDs.
func (c *call) checkNewKey(req *createKeyRequest) error {
	if c.version < 4 && req.BucketID != nil {
		req.BucketIDs = []string{*req.BucketID}
	} else if req.BucketID != nil {
		return badRequest("bucketId is not a field of version 4: use bucketIds")
	}
	if len(req.BucketIDs) == 0 {
		req.BucketIDs = nil
	}
	if len(req.KeyName) < 1 || len(req.KeyName) > 100 || strings.Trim(req.KeyName, letters+digits+"-") != "" {
		return badRequest("keyName must be 1 to 100 letters, digits and '-'")
	}
	if d := req.ValidDurationInSeconds; d != nil && (*d < 1 || *d > 86_400_000) {
		return badRequest("validDurationInSeconds must be 1 to 86400000")
	}
	if len(req.Capabilities) == 0 {
		return badRequest("capabilities must not be empty")
	}
	for _, name := range req.Capabilities {
		switch {
		case !slices.Contains(everyCapability, name):
			return badRequest("unknown capability: %s", name)
		case req.BucketIDs != nil && !slices.Contains(bucketCapabilities, name):
			return badRequest("capability %s is not allowed on a key restricted to buckets", name)
		case !c.key.can(name):
			return badRequest("the key that creates lacks the capability %s", name)
		}
	}
	if !c.key.allowsName(value(req.NamePrefix)) {
		return unauthorized("namePrefix must begin with that of the key that creates")
	}
	for _, id := range req.BucketIDs {
		if c.s.buckets.byID(id) == nil {
			return noBucket(id)
		}
	}
	return nil
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// keyAnswer is a key in an answer: with bucketIds in version 4, bucketId
// before.
func (c *call) keyAnswer(k *key) map[string]any {
	answer := map[string]any{
		"accountId": c.s.account, "applicationKeyId": k.ID, "keyName": k.Name,
		"capabilities": k.Capabilities, "namePrefix": k.Prefix,
		"expirationTimestamp": nil, "options": []string{"s3"},
	}
	if k.Expires != 0 {
		answer["expirationTimestamp"] = k.Expires
	}
	switch {
	case c.version >= 4:
		answer["bucketIds"] = k.Buckets
	case k.Buckets == nil:
		answer["bucketId"] = nil
	default:
		answer["bucketId"] = k.Buckets[0]
	}
	return answer
}

func (c *call) listKeys(req *wire.ListKeysRequest) (any, error) {
	if err := c.checkAccount(req.AccountID); err != nil {
		return nil, err
	}
	count, err := pageSize(req.MaxKeyCount, wire.MaxListKeys, "maxKeyCount")
	if err != nil {
		return nil, err
	}
	keys := []map[string]any{}
	var next *string
	err = c.s.store.View(func(tx Tx) error {
		cur := tx.Cursor(tableKeys)
		for id, raw := cur.Seek([]byte(value(req.StartApplicationKeyID))); id != nil; id, raw = cur.Next() {
			var k key
			if err := json.Unmarshal(raw, &k); err != nil {
				return err
			}
			if c.version < 4 && len(k.Buckets) > 1 || k.expired(c.now) {
				continue
			}
			if len(keys) == count {
				next = new(k.ID)
				return nil
			}
			keys = append(keys, c.keyAnswer(&k))
		}
		return nil
	})
	c.listed(len(keys))
	return map[string]any{"keys": keys, "nextApplicationKeyId": next}, err
}

func (c *call) deleteKey(req *wire.DeleteKeyRequest) (any, error) {
	k, err := c.s.keyByID(req.ApplicationKeyID)
	switch {
	case err != nil:
		return nil, err
	case k == nil || k.Master:
		return nil, badRequest("application key does not exist: %s", strconv.Quote(req.ApplicationKeyID))
	case c.version < 4 && len(k.Buckets) > 1:
		return nil, fail(401, wire.CodeUnsupported, "deleting a key of several buckets needs version 4")
	}
	c.s.keys.mu.Lock()
	defer c.s.keys.mu.Unlock()
	delete(c.s.keys.keys, k.ID)
	err = c.s.store.Update(func(tx Tx) error {
		if tx.Get(tableKeys, []byte(k.ID)) == nil {
			return badRequest("application key does not exist: %s", strconv.Quote(k.ID))
		}
		return tx.Delete(tableKeys, []byte(k.ID))
	})
	return c.keyAnswer(k), err
}
