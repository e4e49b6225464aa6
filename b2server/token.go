package b2server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// token is what a client shows with each request. Tokens are not stored: they
// carry what they stand for and the server's signature, so that any number may
// be out and they outlive a restart. To clients they are opaque.
type token struct {
	Kind    tokenKind
	Expires int64  // ms
	Nonce   string // 8 bytes; ties an upload token to its URL
	KeyID   string // the key that it was made by
	Subject string // bucket of an upload, file of a part, bucket of a download
	Prefix  string // of names, downloads only
	Options string // digest of the overrides that a download must repeat
}

type tokenKind byte

const (
	tokenAccount  tokenKind = 'a'
	tokenUpload   tokenKind = 'u'
	tokenPart     tokenKind = 'p'
	tokenDownload tokenKind = 'd'
)

const (
	tokenStart = "4_"
	macSize    = 16
	nonceSize  = 8
)

// tokenEncoding has one form for each token.
var tokenEncoding = base64.RawURLEncoding.Strict()

// signer makes and checks tokens.
type signer struct {
	macs sync.Pool // hash.Hash keyed with the server's secret

	mu     sync.RWMutex
	signed map[string]token // that were shown of late, as clients show one many times
}

const maxSignedTokens = 1024

func newSigner(secret []byte) *signer {
	return &signer{
		macs:   sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }},
		signed: map[string]token{},
	}
}

func newNonce() string {
	var b [nonceSize]byte
	_, _ = rand.Read(b[:])
	return string(b[:])
}

func (g *signer) sign(t token) string {
	b := append(make([]byte, 0, 128), byte(t.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(t.Expires))
	b = append(b, t.Nonce...)
	for _, s := range []string{t.KeyID, t.Subject, t.Prefix, t.Options} {
		b = appendBytes(b, s)
	}
	b = g.appendMAC(b, b)
	return tokenStart + tokenEncoding.EncodeToString(b)
}

func (g *signer) appendMAC(b, of []byte) []byte {
	mac := g.macs.Get().(interface {
		Reset()
		Write([]byte) (int, error)
		Sum([]byte) []byte
	})
	defer g.macs.Put(mac)
	mac.Reset()
	_, _ = mac.Write(of)
	n := len(b)
	return mac.Sum(b)[:n+macSize]
}

// parse checks the signature of a token, but not its time.
func (g *signer) parse(s string) (t token, ok bool) {
	g.mu.RLock()
	t, ok = g.signed[s]
	g.mu.RUnlock()
	if ok {
		return t, true
	}
	if t, ok = g.verify(s); !ok {
		return token{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.signed) >= maxSignedTokens {
		clear(g.signed)
	}
	g.signed[strings.Clone(s)] = t
	return t, true
}

// verify reads a token and checks its signature.
func (g *signer) verify(s string) (token, bool) {
	s, ok := strings.CutPrefix(s, tokenStart)
	if !ok || len(s) > 4096 || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return token{}, false
	}
	raw, err := tokenEncoding.DecodeString(s)
	if err != nil || len(raw) < 1+8+nonceSize+macSize {
		return token{}, false
	}
	payload, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	if !hmac.Equal(mac, g.appendMAC(make([]byte, 0, sha256.Size), payload)) {
		return token{}, false
	}
	r := reader{s: string(payload)}
	t := token{Kind: tokenKind(r.byte()), Expires: int64(r.uint64()), Nonce: r.take(nonceSize)}
	t.KeyID, t.Subject, t.Prefix, t.Options = r.string(), r.string(), r.string(), r.string()
	return t, !r.bad
}

// token checks what a client sent as its authorisation: signature, kind, time
// and key.
func (s *Server) token(text string, now time.Time, kinds string) (token, *key, error) {
	if text == "" {
		return token{}, nil, fail(http.StatusUnauthorized, wire.CodeMissingAuthToken, "Authorization token is missing")
	}
	t, ok := s.tokens.parse(text)
	if !ok || strings.IndexByte(kinds, byte(t.Kind)) < 0 {
		return t, nil, badToken()
	}
	if now.UnixMilli() >= t.Expires {
		return t, nil, fail(http.StatusUnauthorized, wire.CodeExpiredAuthToken, "Authorization token has expired")
	}
	k, err := s.keyByID(t.KeyID)
	if err != nil {
		return t, nil, err
	}
	if k == nil || k.expired(now) {
		return t, nil, badToken()
	}
	return t, k, nil
}

func badToken() *apiError {
	return fail(http.StatusUnauthorized, wire.CodeBadAuthToken, "Invalid authorization token")
}

// busyTokens are the upload tokens in use: each takes one upload at a time.
type busyTokens struct {
	mu  sync.Mutex
	set map[string]struct{} // by nonce
}

// take marks a token as busy; it fails when it is already.
func (b *busyTokens) take(nonce string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, busy := b.set[nonce]; busy {
		return false
	}
	b.set[nonce] = struct{}{}
	return true
}

func (b *busyTokens) free(nonce string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.set, nonce)
}
