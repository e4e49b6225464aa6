package b2server

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/bowline-sync/bowline/internal/wire"
)

// bucket is a bucket and its settings. It is never changed: an update makes
// another, so that whoever holds one sees one state of it.
type bucket struct {
	ID               string
	Name             string
	Type             string
	Info             map[string]string
	CORS             []wire.CORSRule
	Lifecycle        []wire.LifecycleRule
	Unencrypted      bool // new files that ask for no encryption get none
	LockEnabled      bool
	DefaultRetention wire.DefaultRetention
	Replication      json.RawMessage // nil when there is none
	Notifications    []notificationRule
	Revision         int

	replicates []replicationRule // those of Replication; set when the bucket is published
}

// buckets are all buckets of the account. There are few, so they are kept in
// memory beside the index.
type buckets struct {
	change sync.Mutex // held through a change, index and memory
	mu     sync.RWMutex
	ids    map[string]*bucket
	names  map[string]*bucket // in lower case
}

func (b *buckets) byID(id string) *bucket {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.ids[id]
}

func (b *buckets) byName(name string) *bucket {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.names[strings.ToLower(name)]
}

// all answers the buckets in the order of their names.
func (b *buckets) all() []*bucket {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.SortedFunc(maps.Values(b.ids), func(a, b *bucket) int { return strings.Compare(a.Name, b.Name) })
}

func (b *buckets) set(k *bucket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k.replicates = replicationRules(k.Replication)
	b.ids[k.ID], b.names[strings.ToLower(k.Name)] = k, k
}

func (b *buckets) remove(k *bucket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ids, k.ID)
	delete(b.names, strings.ToLower(k.Name))
}

// loadBuckets reads all buckets at the start.
func (s *Server) loadBuckets() error {
	return s.store.View(func(tx Tx) error {
		cur := tx.Cursor(tableBuckets)
		for id, raw := cur.Seek(nil); id != nil; id, raw = cur.Next() {
			b := new(bucket)
			if err := json.Unmarshal(raw, b); err != nil {
				return err
			}
			s.buckets.set(b)
		}
		return nil
	})
}

// putBucket keeps a new state of a bucket. The caller holds buckets.change.
func (s *Server) putBucket(b *bucket) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return err
	}
	id, _ := rawBucket(b.ID)
	if err := s.store.Update(func(tx Tx) error { return tx.Put(tableBuckets, id, raw) }); err != nil {
		return err
	}
	s.buckets.set(b)
	return nil
}

// bucketAnswer is a bucket as this key may see it.
func (c *call) bucketAnswer(b *bucket) *wire.Bucket {
	answer := &wire.Bucket{
		AccountID: c.s.account, BucketID: b.ID, BucketName: b.Name, BucketType: b.Type,
		BucketInfo: b.Info, CORSRules: b.CORS, LifecycleRules: b.Lifecycle,
		Options: []string{"s3"}, Revision: b.Revision,
	}
	if answer.BucketInfo == nil {
		answer.BucketInfo = map[string]string{}
	}
	if answer.CORSRules == nil {
		answer.CORSRules = []wire.CORSRule{}
	}
	if answer.LifecycleRules == nil {
		answer.LifecycleRules = []wire.LifecycleRule{}
	}
	if c.key.can("readBucketEncryption") {
		answer.DefaultSSE = wire.DefaultSSEAnswer{IsClientAuthorizedToRead: true,
			Value: (&seal{Mode: b.defaultSSE()}).wire()}
	}
	if c.key.can("readBucketRetentions") {
		answer.FileLock = wire.FileLockAnswer{IsClientAuthorizedToRead: true,
			Value: &wire.FileLock{DefaultRetention: b.DefaultRetention, IsFileLockEnabled: b.LockEnabled}}
	}
	if c.key.can("readBucketReplications") {
		answer.Replication = wire.ReplicationAnswer{IsClientAuthorizedToRead: true, Value: b.Replication}
	}
	return answer
}

// lifecycleRule is a rule in a request. Its prefix must be there: a rule that
// lost it would be for all files.
type lifecycleRule struct {
	wire.LifecycleRule
	FileNamePrefix *string `json:"fileNamePrefix"`
}

type createBucketRequest struct {
	wire.CreateBucketRequest
	LifecycleRules []lifecycleRule `json:"lifecycleRules"`
}

type updateBucketRequest struct {
	wire.UpdateBucketRequest
	LifecycleRules *[]lifecycleRule `json:"lifecycleRules"`
}

func (c *call) createBucket(req *createBucketRequest) (any, error) {
	if err := c.checkAccount(req.AccountID); err != nil {
		return nil, err
	}
	if c.key.Buckets != nil {
		return nil, unauthorized("a key restricted to buckets cannot create one")
	}
	if err := checkBucketName(req.BucketName); err != nil {
		return nil, err
	}
	var raw [12]byte
	_, _ = rand.Read(raw[:])
	b := &bucket{ID: hex.EncodeToString(raw[:]), Name: req.BucketName, Revision: 1,
		Unencrypted: c.s.cfg.DefaultEncryption == EncryptionNone}
	err := c.change(b, &updateBucketRequest{LifecycleRules: &req.LifecycleRules, UpdateBucketRequest: wire.UpdateBucketRequest{
		BucketType: &req.BucketType, BucketInfo: &req.BucketInfo, CORSRules: &req.CORSRules,
		DefaultSSE: req.DefaultSSE, FileLockEnabled: req.FileLockEnabled, Replication: req.Replication,
	}})
	if err != nil {
		return nil, err
	}
	c.s.buckets.change.Lock()
	defer c.s.buckets.change.Unlock()
	if c.s.buckets.byName(b.Name) != nil {
		return nil, fail(http.StatusBadRequest, wire.CodeDuplicateBucketName, "Bucket name is already in use.")
	}
	if len(c.s.buckets.all()) >= wire.MaxBuckets {
		return nil, fail(http.StatusBadRequest, wire.CodeTooManyBuckets, "an account has at most %d buckets", wire.MaxBuckets)
	}
	if err := c.s.putBucket(b); err != nil {
		return nil, err
	}
	return c.bucketAnswer(b), nil
}

func (c *call) updateBucket(req *updateBucketRequest) (any, error) {
	if err := c.checkAccount(req.AccountID); err != nil {
		return nil, err
	}
	if _, err := c.bucket(req.BucketID); err != nil {
		return nil, err
	}
	c.s.buckets.change.Lock()
	defer c.s.buckets.change.Unlock()
	old, err := c.bucket(req.BucketID) // again, now that nobody changes it
	if err != nil {
		return nil, err
	}
	if req.IfRevisionIs != nil && *req.IfRevisionIs != old.Revision {
		return nil, fail(http.StatusConflict, wire.CodeConflict, "simultaneous updates to bucket")
	}
	b := *old
	if err := c.change(&b, req); err != nil {
		return nil, err
	}
	if err := c.s.putBucket(&b); err != nil {
		return nil, err
	}
	return c.bucketAnswer(&b), nil
}

// change applies what a request names to b, after checking all of it.
func (c *call) change(b *bucket, req *updateBucketRequest) error {
	if req.BucketType != nil {
		if *req.BucketType != wire.AllPublic && *req.BucketType != wire.AllPrivate {
			return badRequest("bucketType must be allPublic or allPrivate")
		}
		b.Type = *req.BucketType
	}
	if req.BucketInfo != nil {
		info, err := checkBucketInfo(*req.BucketInfo)
		if err != nil {
			return err
		}
		b.Info = info
	}
	if req.CORSRules != nil {
		if err := checkCORSRules(*req.CORSRules); err != nil {
			return err
		}
		b.CORS = *req.CORSRules
	}
	if req.LifecycleRules != nil {
		rules, err := checkLifecycleRules(*req.LifecycleRules)
		if err != nil {
			return err
		}
		b.Lifecycle = rules
	}
	if err := c.changeProtection(b, &req.UpdateBucketRequest); err != nil {
		return err
	}
	b.Revision++
	return nil
}

// changeEncryption sets what new files of the bucket are encrypted with, or
// resets it: the API documentation says that a mode of null resets. Some
// clients send "none" for null.
func (c *call) changeEncryption(b *bucket, to *wire.SSE) error {
	if value(to.Mode) == "none" {
		to = &wire.SSE{}
	}
	sse, err := sseFromJSON(to)
	if err != nil || sse.mode == sseC {
		return badRequest("defaultServerSideEncryption must be SSE-B2 with AES256, or none")
	}
	b.Unencrypted = sse.mode == sseNone && c.s.cfg.DefaultEncryption == EncryptionNone
	return nil
}

// defaultSSE is the encryption of new files that ask for none.
func (b *bucket) defaultSSE() sseMode {
	if b.Unencrypted {
		return sseNone
	}
	return sseB2
}

// changeProtection applies the settings that need capabilities of their own.
func (c *call) changeProtection(b *bucket, req *wire.UpdateBucketRequest) error {
	if req.DefaultSSE != nil {
		if err := c.require("writeBucketEncryption"); err != nil {
			return err
		}
		if err := c.changeEncryption(b, req.DefaultSSE); err != nil {
			return err
		}
	}
	if req.FileLockEnabled != nil && *req.FileLockEnabled != b.LockEnabled {
		if err := c.require("writeBucketRetentions"); err != nil {
			return err
		}
		if b.LockEnabled {
			return fail(http.StatusBadRequest, wire.CodeFileLockConflict, "file lock cannot be turned off")
		}
		if replicationRules(b.Replication) != nil {
			return fail(http.StatusBadRequest, wire.CodeReplicationConflict,
				"file lock cannot be turned on for a bucket that is a source of replication")
		}
		b.LockEnabled = true
	}
	if req.DefaultRetention != nil {
		if err := c.require("writeBucketRetentions"); err != nil {
			return err
		}
		retention, err := checkDefaultRetention(*req.DefaultRetention, b.LockEnabled)
		if err != nil {
			return err
		}
		b.DefaultRetention = retention
	}
	if len(req.Replication) > 0 && !bytes.Equal(req.Replication, []byte("null")) {
		if err := c.require("writeBucketReplications"); err != nil {
			return err
		}
		config, err := checkReplication(req.Replication)
		if err != nil {
			return err
		}
		b.Replication = config
	}
	return nil
}

func (c *call) listBuckets(req *wire.ListBucketsRequest) (any, error) {
	if err := c.checkAccount(req.AccountID); err != nil {
		return nil, err
	}
	types, err := checkBucketTypes(req.BucketTypes)
	if err != nil {
		return nil, err
	}
	if err := c.checkBucketFilter(req); err != nil {
		return nil, err
	}
	answer := wire.ListBucketsResponse{Buckets: []wire.Bucket{}}
	for _, b := range c.s.buckets.all() {
		switch {
		case req.BucketID != nil && *req.BucketID != b.ID,
			req.BucketName != nil && !strings.EqualFold(*req.BucketName, b.Name),
			!c.key.allowsBucket(b.ID), // version 1: just its own
			types != nil && !slices.Contains(types, b.Type):
			continue
		}
		answer.Buckets = append(answer.Buckets, *c.bucketAnswer(b))
	}
	return answer, nil
}

// checkBucketFilter refuses to a restricted key a listing that could show more
// than its buckets. Version 1 shows it just those.
func (c *call) checkBucketFilter(req *wire.ListBucketsRequest) error {
	if c.key.Buckets == nil {
		return nil
	}
	var named *bucket
	switch {
	case req.BucketID != nil:
		if !c.key.allowsBucket(*req.BucketID) {
			return unauthorized("not allowed for bucket %s", *req.BucketID)
		}
		return nil
	case req.BucketName != nil:
		if named = c.s.buckets.byName(*req.BucketName); named != nil && c.key.allowsBucket(named.ID) {
			return nil
		}
	case c.version == 1:
		return nil
	}
	return unauthorized("a key restricted to buckets must name one of them")
}

func (c *call) deleteBucket(req *wire.DeleteBucketRequest) (any, error) {
	if err := c.checkAccount(req.AccountID); err != nil {
		return nil, err
	}
	c.s.buckets.change.Lock()
	defer c.s.buckets.change.Unlock()
	b, err := c.bucket(req.BucketID)
	if err != nil {
		return nil, err
	}
	raw, _ := rawBucket(b.ID)
	err = c.s.store.Update(func(tx Tx) error {
		if k, _ := tx.Cursor(tableVersions).Seek(raw); bytes.HasPrefix(k, raw) {
			return fail(http.StatusBadRequest, wire.CodeBucketNotEmpty, "Cannot delete non-empty bucket")
		}
		return tx.Delete(tableBuckets, raw)
	})
	if err != nil {
		return nil, err
	}
	c.s.buckets.remove(b)
	answer := c.bucketAnswer(b)
	answer.Revision++
	return answer, nil
}
