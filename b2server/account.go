package b2server

import (
	"net/http"
	"time"

	"github.com/bowline-sync/bowline/internal/wire"
)

// authorize answers a token for a key, in the shape of the call's version (API
// documentation, "b2_authorize_account").
func (c *call) authorize() (any, error) {
	k, err := c.basicKey()
	if err != nil {
		c.w.Header().Set("WWW-Authenticate", `BASIC realm="authorize_account"`)
		return nil, err
	}
	if c.version < 4 && len(k.Buckets) > 1 {
		return nil, fail(http.StatusUnauthorized, wire.CodeUnsupported,
			"keys restricted to several buckets need version 4")
	}
	life := c.s.cfg.TokenLife
	if c.testMode(wire.TestExpireTokens) && c.s.every(3, &c.s.expiredTokens) {
		life = 0
	}
	expires := c.now.Add(life).UnixMilli()
	if k.Expires != 0 {
		expires = min(expires, k.Expires)
	}
	token := c.s.tokens.sign(token{Kind: tokenAccount, Expires: expires, Nonce: newNonce(), KeyID: k.ID})
	return c.authorizeAnswer(k, token), nil
}

// basicKey finds the key whose id and secret are in the Authorization header.
func (c *call) basicKey() (*key, error) {
	refused := fail(http.StatusUnauthorized, wire.CodeUnauthorized, "the application key id or the application key is wrong")
	id, secret, ok := c.r.BasicAuth()
	if !ok {
		return nil, refused
	}
	k, err := c.s.keyByID(id)
	switch {
	case err != nil:
		return nil, err
	case k == nil || !k.fits(secret) || k.expired(c.now):
		return nil, refused
	}
	return k, nil
}

func (c *call) authorizeAnswer(k *key, token string) map[string]any {
	base := c.baseURL()
	storage := map[string]any{
		"apiUrl": base, "downloadUrl": base, "s3ApiUrl": base,
		"absoluteMinimumPartSize": c.s.cfg.MinPartSize, "recommendedPartSize": c.s.cfg.RecommendedPartSize,
	}
	answer := map[string]any{"accountId": c.s.account, "authorizationToken": token}
	if c.version >= 3 {
		answer["applicationKeyExpirationTimestamp"] = nil
		if k.Expires != 0 {
			answer["applicationKeyExpirationTimestamp"] = k.Expires
		}
		answer["apiInfo"] = map[string]any{"storageApi": storage}
	} else {
		for name, v := range storage {
			answer[name] = v
		}
	}
	first, firstName := c.onlyBucket(k)
	switch c.version {
	case 1:
		answer["minimumPartSize"] = c.s.cfg.RecommendedPartSize
		answer["allowed"] = map[string]any{"bucketId": first, "capabilities": k.Capabilities, "namePrefix": k.Prefix}
	case 2:
		answer["allowed"] = map[string]any{"bucketId": first, "bucketName": firstName,
			"capabilities": k.Capabilities, "namePrefix": k.Prefix}
	case 3:
		storage["infoType"] = "storageApi"
		storage["bucketId"], storage["bucketName"] = first, firstName
		storage["capabilities"], storage["namePrefix"] = k.Capabilities, k.Prefix
	default:
		storage["allowed"] = wire.AllowedV4{Buckets: c.allowedBuckets(k), Capabilities: k.Capabilities, NamePrefix: k.Prefix}
	}
	return answer
}

// onlyBucket is the bucket of a key that is restricted to one; the name is nil
// when the bucket is gone.
func (c *call) onlyBucket(k *key) (id, name *string) {
	if len(k.Buckets) == 0 {
		return nil, nil
	}
	if b := c.s.buckets.byID(k.Buckets[0]); b != nil {
		name = &b.Name
	}
	return &k.Buckets[0], name
}

func (c *call) allowedBuckets(k *key) (allowed []wire.AllowedBucket) {
	for _, id := range k.Buckets {
		a := wire.AllowedBucket{ID: id}
		if b := c.s.buckets.byID(id); b != nil {
			a.Name = &b.Name
		}
		allowed = append(allowed, a)
	}
	return allowed
}

// baseURL is the base of the addresses in answers: the configured one, or the
// one that the client used.
func (c *call) baseURL() string {
	if c.s.cfg.URL != "" {
		return c.s.cfg.URL
	}
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

// expiry is when an upload token made now ends.
func (c *call) expiry(d time.Duration) int64 { return c.now.Add(d).UnixMilli() }
