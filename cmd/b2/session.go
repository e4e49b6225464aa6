package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/internal/account"
)

// A session is a client that acts for the user, with the names of buckets at
// hand. Close it.
type session struct {
	*b2.Client
	env   *env
	creds *credentials
	log   *slog.Logger
	seen  map[string]*b2.Bucket // the buckets that were looked up, by name
	close []func()
}

// open makes a session for the user's account. Nothing is called yet. adjust
// may change the client's configuration.
func (e *env) open(ctx context.Context, adjust ...func(*b2.Config)) (*session, error) {
	log, closeLog, err := e.logger()
	if err != nil {
		return nil, err
	}
	s := &session{env: e, log: log, seen: map[string]*b2.Bucket{}, close: []func(){closeLog}}
	cfg := b2.Config{UserAgent: e.userAgent(), Logger: log, RetryFor: commandPatience}
	if e.realm() == localRealm {
		err = s.connectLocal(ctx, &cfg)
	} else {
		err = s.connect(ctx, &cfg)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	cfg.Observe = e.tellWaiting()
	for _, f := range adjust {
		f(&cfg)
	}
	s.Client = b2.New(cfg)
	e.client = s.Client
	return s, nil
}

// commandPatience is how long a command goes on while the service does not
// answer. Who waits for a listing wants to know; what transfers content is told
// to be as patient as a sync, with transferPatience.
const commandPatience = time.Minute

func transferPatience(cfg *b2.Config) { cfg.RetryFor = 0 }

// tellWaiting says on a terminal, once, that the service is waited for.
func (e *env) tellWaiting() func(b2.Attempt) {
	if !e.stderrTTY || e.global.quiet {
		return nil
	}
	var once sync.Once
	return func(a b2.Attempt) {
		if a.Retry && a.Wait >= time.Second {
			once.Do(func() { fmt.Fprintf(e.stderr, "%s; trying again\n", oneLine(e.explain(a.Err))) })
		}
	}
}

// Close ends the session.
func (s *session) Close() {
	for i := len(s.close) - 1; i >= 0; i-- {
		s.close[i]()
	}
}

func (e *env) userAgent() string {
	agent := "b2-cli/" + version
	if more := e.getenv("B2_USER_AGENT_APPEND"); more != "" {
		agent += " " + more
	}
	return agent
}

// connect fills in the account that the user has on a server.
func (s *session) connect(ctx context.Context, cfg *b2.Config) error {
	creds, err := s.env.credentials(ctx)
	if err != nil {
		return err
	}
	s.creds = creds
	cfg.KeyID, cfg.Key, cfg.Account = creds.keyID, creds.key, creds.account
	if cfg.Endpoint, err = realmURL(creds.realm); err != nil {
		return err
	}
	if creds.file != nil {
		cfg.OnAuthorize = func(a *b2.Account) { s.renew(ctx, a) }
	}
	return nil
}

// renew stores a new token, and an account that is adopted with its first. A
// file that cannot be written costs an authorisation in each run, and nothing
// else.
func (s *session) renew(ctx context.Context, a *b2.Account) {
	stored := &account.Stored{Account: *a, Key: s.creds.key, Realm: s.creds.realm}
	store := s.creds.file.Renew
	if s.creds.adopt {
		store, s.creds.adopt = s.creds.file.Save, false
	}
	if err := store(context.WithoutCancel(ctx), stored); err != nil {
		s.log.Warn("the new token was not stored", "err", err)
	}
}

// bucketNotFound is what the reference says of a bucket that is not there.
func bucketNotFound(name string) error {
	return bareError(fmt.Sprintf("Bucket not found: %s. If you believe it exists, run `b2 bucket list` to reset cache, then try again.", name))
}

// bucket finds a bucket: in what the key is confined to, among the names that
// an earlier run looked up, or by asking the service.
func (s *session) bucket(ctx context.Context, name string) (b2.BucketRef, error) {
	if name == "" {
		return b2.BucketRef{}, bucketNotFound(name)
	}
	a, err := s.Account(ctx)
	if err != nil {
		return b2.BucketRef{}, err
	}
	if a.Allowed.Buckets != nil {
		return allowedBucket(a.Allowed, name)
	}
	if file := s.names(); file != nil {
		if id, known := file.BucketID(ctx, name); known {
			return b2.BucketRef{ID: id, Name: name}, nil
		}
	}
	bucket, err := s.look(ctx, name)
	if err != nil {
		return b2.BucketRef{}, err
	}
	ref := b2.BucketRef{ID: bucket.BucketID, Name: bucket.BucketName}
	s.remember(ctx, ref)
	return ref, nil
}

// look asks the service for a bucket.
func (s *session) look(ctx context.Context, name string) (*b2.Bucket, error) {
	found, err := s.ListBuckets(ctx, b2.ListBucketsRequest{BucketName: &name})
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].BucketName == name {
			s.seen[name] = &found[i]
			return &found[i], nil
		}
	}
	return nil, bucketNotFound(name)
}

// allowedBucket finds a bucket among those that the key is confined to.
func allowedBucket(allowed b2.Allowed, name string) (b2.BucketRef, error) {
	for _, ref := range allowed.Buckets {
		if ref.Name == name {
			return ref, nil
		}
	}
	return b2.BucketRef{}, fmt.Errorf("Application key is restricted to buckets: %s", bucketList(allowed)) //nolint:staticcheck // the reference's words
}

// names is the file that remembers the names of buckets, or nil.
func (s *session) names() *account.File {
	if s.creds == nil {
		return nil
	}
	return s.creds.file
}

// remember keeps a bucket's id for later runs.
func (s *session) remember(ctx context.Context, ref b2.BucketRef) {
	if file := s.names(); file != nil {
		if err := file.AddBucket(ctx, ref); err != nil {
			s.log.Warn("the bucket's name was not stored", "err", err)
		}
	}
}

// forget drops a bucket's id.
func (s *session) forget(ctx context.Context, name string) {
	if file := s.names(); file != nil {
		if err := file.ForgetBucket(ctx, name); err != nil {
			s.log.Warn("the bucket's name was not dropped", "err", err)
		}
	}
}

// inBucket does something with a bucket. When the id that was remembered is of
// a bucket that is gone, the name is looked up once more.
func (s *session) inBucket(ctx context.Context, name string, do func(b2.BucketRef) error) error {
	ref, err := s.bucket(ctx, name)
	if err != nil {
		return err
	}
	err = do(ref)
	if !errors.Is(err, b2.ErrBucketNotFound) {
		return err
	}
	now, lookup := s.BucketByName(ctx, name)
	if lookup != nil || now.ID == ref.ID {
		return fmt.Errorf("Bucket with id=%s not found", ref.ID) //nolint:staticcheck // the reference's words
	}
	s.remember(ctx, now)
	return do(now)
}
