package b2server

import (
	"strconv"
	"testing"
)

// A token is good as it was signed and in no other form, whether it has been
// seen before or not, and what is remembered of tokens is bounded.
func TestTokenSignature(t *testing.T) {
	g := newSigner([]byte("a secret"))
	made := token{Kind: tokenDownload, Expires: 1 << 40, Nonce: newNonce(), KeyID: "0011", Subject: uploadTo, Prefix: "a/b", Options: "x"}
	text := g.sign(made)
	other := newSigner([]byte("another secret")).sign(made)
	for range 2 { // the second time from memory
		if got, ok := g.parse(text); !ok || got != made {
			t.Fatalf("parse(sign(t)) = %+v, %v, want %+v", got, ok, made)
		}
		if _, ok := g.parse(other); ok {
			t.Error("a token that another secret signed is taken")
		}
		for i := range text {
			changed := []byte(text)
			changed[i]++
			if _, ok := g.parse(string(changed)); ok {
				t.Errorf("the token is taken with byte %d changed: %s", i, changed)
			}
		}
		for _, wrong := range []string{"", tokenStart, text[:len(text)-1], text + "A", text + "\n", text[1:]} {
			if _, ok := g.parse(wrong); ok {
				t.Errorf("%q is taken for the token %q", wrong, text)
			}
		}
	}
	for i := range 2 * maxSignedTokens {
		made.Prefix = strconv.Itoa(i)
		if got, ok := g.parse(g.sign(made)); !ok || got != made {
			t.Fatalf("token %d: %+v, %v", i, got, ok)
		}
	}
	if len(g.signed) > maxSignedTokens {
		t.Errorf("%d tokens are remembered, want at most %d", len(g.signed), maxSignedTokens)
	}
}
