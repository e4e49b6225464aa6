package b2_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/b2test"
	"github.com/bowline-sync/bowline/internal/wire"
)

// growing is a bucket on a server whose parts are small, for files that grow.
type growing struct {
	t      *testing.T
	server *b2test.Server
	client *b2.Client
	bucket string
	sent   atomic.Int64 // bytes of content
}

func newGrowing(t *testing.T) *growing {
	t.Helper()
	g := &growing{t: t, server: b2test.NewServer(t, b2test.WithConfig(func(c *b2server.Config) {
		c.MinPartSize, c.RecommendedPartSize = 10_000, 50_000
	}))}
	cfg := g.server.ClientConfig()
	cfg.Observe = func(a b2.Attempt) { g.sent.Add(a.Sent) }
	g.client = b2.New(cfg)
	bucket, err := g.client.CreateBucket(t.Context(), b2.CreateBucketRequest{BucketName: "growing-files"})
	if err != nil {
		t.Fatal(err)
	}
	g.bucket = bucket.BucketID
	return g
}

// upload stores content, after change has made of the request what it wants,
// and gives the version as the listing has it.
func (g *growing) upload(content []byte, change func(*b2.UploadRequest)) *b2.File {
	g.t.Helper()
	g.sent.Store(0)
	g.server.ResetCalls()
	var moved atomic.Int64
	req := b2.UploadRequest{BucketID: g.bucket, Name: "log", Content: bytes.NewReader(content), Size: int64(len(content)),
		Progress: func(n int64) { moved.Add(n) }}
	change(&req)
	made, err := g.client.Upload(g.t.Context(), req)
	if err != nil {
		g.t.Fatal(err)
	}
	if moved.Load() != req.Size {
		g.t.Errorf("progress told %d bytes of %d", moved.Load(), req.Size)
	}
	for f, err := range g.client.ListNames(g.t.Context(), g.bucket, b2.ListOptions{Prefix: req.Name}) {
		if err != nil {
			g.t.Fatal(err)
		}
		if f.ID == made.ID {
			return &f
		}
	}
	g.t.Fatalf("%s is not listed", made.ID)
	return nil
}

// holds checks what a version has.
func (g *growing) holds(f *b2.File, sse *b2.SSE, content []byte) {
	g.t.Helper()
	o, err := g.client.Open(g.t.Context(), b2.OpenRequest{ID: f.ID, SSE: sse})
	if err != nil {
		g.t.Fatal(err)
	}
	defer o.Close()
	if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, content) {
		g.t.Errorf("%d bytes that are not the %d sent: %v", len(got), len(content), err)
	}
	sum := sha1.Sum(content)
	if want := hex.EncodeToString(sum[:]); f.ContentSHA1() != want {
		g.t.Errorf("the hash is %q, want %s", f.ContentSHA1(), want)
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

// TestUploadOntoBase: what the base has is copied, and only the rest is sent,
// as far as parts allow.
func TestUploadOntoBase(t *testing.T) {
	for _, tt := range []struct {
		name        string
		base, whole int
		change      func(*b2.UploadRequest)
		sent        int64
		copies      int
	}{
		{name: "a small file grows by a little", base: 20_001, whole: 20_002, sent: 1, copies: 1},
		{name: "a file of one part's least size", base: 10_000, whole: 10_010, sent: 10, copies: 1},
		{name: "a base below that", base: 9_999, whole: 10_010, sent: 10_010},
		{name: "a large file", base: 123_456, whole: 130_000, sent: 6_544, copies: 3},
		{name: "as much as a part more", base: 30_000, whole: 80_000, sent: 50_000, copies: 1},
		// 16 parts of 50,000 bytes, of which six lie in the base.
		{name: "much more", base: 333_333, whole: 777_777, sent: 777_777 - 6*50_000, copies: 6},
		{name: "much more than a base without a whole part", base: 30_000, whole: 777_777, sent: 777_777},
		{name: "nothing more", base: 30_000, whole: 30_000, sent: 30_000},
		{name: "less", base: 30_000, whole: 20_000, sent: 20_000},
		{name: "without the hash of the whole", base: 30_000, whole: 30_001, sent: 1, copies: 1,
			change: func(r *b2.UploadRequest) { r.NoLargeSHA1 = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGrowing(t)
			content := noise(max(tt.base, tt.whole))
			base := g.upload(content[:tt.base], func(*b2.UploadRequest) {})
			f := g.upload(content[:tt.whole], func(r *b2.UploadRequest) {
				r.Base, r.Info = base, map[string]string{"colour": "blue"}
				if tt.change != nil {
					tt.change(r)
				}
			})
			if calls := g.server.Calls(); g.sent.Load() != tt.sent || calls[wire.CallCopyPart] != tt.copies {
				t.Errorf("%d bytes sent, %d parts copied; want %d and %d", g.sent.Load(), calls[wire.CallCopyPart], tt.sent, tt.copies)
			}
			if colour, _ := f.InfoValue("colour"); colour != "blue" {
				t.Error("the info is not what was asked for")
			}
			if tt.change != nil {
				return // it has no hash
			}
			g.holds(f, nil, content[:tt.whole])
			if small := tt.whole <= 50_000 && tt.copies == 0; small {
				if _, large := f.InfoValue(b2.InfoLargeSHA1); large {
					t.Error("a small file has the hash of a large one")
				}
				return
			}
			// And the file that has grown is a base in its turn.
			longer := append(content[:tt.whole:tt.whole], "more"...)
			g.holds(g.upload(longer, func(r *b2.UploadRequest) { r.Base = f }), nil, longer)
			if g.sent.Load() != 4 {
				t.Errorf("%d bytes sent of 4 that are new", g.sent.Load())
			}
		})
	}
}

// TestUploadOntoOther: what does not begin with the base, or may not, is sent
// whole.
func TestUploadOntoOther(t *testing.T) {
	for name, change := range map[string]func(content []byte, base *b2.File){
		"other content":        func(content []byte, _ *b2.File) { content[29_999]++ },
		"no hash":              func(_ []byte, base *b2.File) { base.SHA1 = "" },
		"an unverified hash":   func(_ []byte, base *b2.File) { base.Unverified = true },
		"a key that we lack":   func(_ []byte, base *b2.File) { base.SSEMode = wire.SSEC },
		"a hide marker":        func(_ []byte, base *b2.File) { base.Action = wire.ActionHide },
		"one that is gone":     func(_ []byte, base *b2.File) { base.ID = base.ID[:len(base.ID)-3] + "999" },
		"a file of many parts": func(content []byte, base *b2.File) { content[0]++ },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrowing(t)
			content := noise(40_000)
			if name == "a file of many parts" {
				content = noise(140_000)
			}
			base := g.upload(content[:30_000], func(*b2.UploadRequest) {})
			change(content, base)
			g.holds(g.upload(content, func(r *b2.UploadRequest) { r.Base = base }), nil, content)
			if g.sent.Load() != int64(len(content)) {
				t.Errorf("%d bytes sent of %d", g.sent.Load(), len(content))
			}
		})
	}
}

// TestUploadOntoBaseSSEC: the key goes along with both ends of a copy.
func TestUploadOntoBaseSSEC(t *testing.T) {
	g := newGrowing(t)
	sse := &b2.SSE{Mode: wire.SSEC, Key: (*[32]byte)(noise(32)), KeyID: "the key"}
	content := noise(40_000)
	base := g.upload(content[:30_000], func(r *b2.UploadRequest) { r.SSE = sse })
	f := g.upload(content, func(r *b2.UploadRequest) { r.SSE, r.Base = sse, base })
	g.holds(f, sse, content)
	if g.sent.Load() != 10_000 {
		t.Errorf("%d bytes sent of 10,000 that are new", g.sent.Load())
	}
}

// TestUploadOntoBaseInTrouble: a busy service is asked again, and one that does
// not copy is sent the content; nothing is left unfinished.
func TestUploadOntoBaseInTrouble(t *testing.T) {
	g := newGrowing(t)
	content := noise(210_000)
	base := g.upload(content[:200_000], func(*b2.UploadRequest) {})
	g.server.Fail(wire.CallCopyPart, 1, b2test.ResetAfter())
	g.server.Fail(wire.CallCopyPart, 1, b2test.Answer(http.StatusServiceUnavailable, wire.CodeServiceUnavailable, 0))
	f := g.upload(content, func(r *b2.UploadRequest) { r.Base = base })
	g.holds(f, nil, content)
	if g.sent.Load() != 10_000 {
		t.Errorf("%d bytes sent of 10,000 that are new", g.sent.Load())
	}
	g.server.Fail(wire.CallCopyPart, 1, b2test.Answer(http.StatusForbidden, wire.CodeAccessDenied, 0))
	g.holds(g.upload(content, func(r *b2.UploadRequest) { r.Base = base }), nil, content)
	if g.sent.Load() <= 10_000 {
		t.Errorf("%d bytes sent although a copy was refused", g.sent.Load())
	}
	for f, err := range g.client.ListUnfinished(t.Context(), g.bucket, "") {
		t.Error("unfinished:", f.Name, err)
	}
}
