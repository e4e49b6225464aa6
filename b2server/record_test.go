package b2server

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawVersion(t *rapid.T) *version {
	v := &version{
		Bucket: "0123456789abcdef01234567",
		Name:   rapid.StringN(1, 50, 200).Filter(func(s string) bool { return !strings.ContainsRune(s, 0) }).Draw(t, "name"),
		Time:   rapid.Int64Range(0, 1<<45).Draw(t, "time"), Number: rapid.Uint64().Draw(t, "number"),
		Action: rapid.SampledFrom([]action{actionUpload, actionHide, actionStart}).Draw(t, "action"),
		Large:  rapid.Bool().Draw(t, "large"), Size: rapid.Int64Range(0, 1<<44).Draw(t, "size"),
		SHA1: rapid.String().Draw(t, "sha1"), MD5: rapid.String().Draw(t, "md5"), ContentType: rapid.String().Draw(t, "type"),
		Lock:        lock{Mode: lockGovernance, Until: rapid.Int64Range(0, 1<<45).Draw(t, "until"), Hold: holdOn},
		Info:        makeInfo(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "info")),
		Replication: rapid.SampledFrom([]replicationStatus{replicationNone, replicationPending}).Draw(t, "replication"),
	}
	if rapid.Bool().Draw(t, "sealed") {
		v.Seal = seal{Mode: sseC, Wrapped: rapid.StringN(1, -1, -1).Draw(t, "wrapped"), KeyMD5: "md5"}
	}
	return v
}

func TestVersionRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVersion(t)
		var got version
		if err := got.decode(v.key(), v.encode()); err != nil {
			t.Fatal(err)
		}
		if len(got.Info) == 0 {
			got.Info = v.Info
		}
		if !reflect.DeepEqual(&got, v) {
			t.Fatalf("got  %+v\nwant %+v", &got, v)
		}
		if n, ok := fileNumber(v.id()); !ok || n != v.Number {
			t.Fatalf("number of %s: %d %v", v.id(), n, ok)
		}
		if ms, ok := timeInID(v.id()); !ok || ms != v.Time {
			t.Fatalf("time of %s: %d %v", v.id(), ms, ok)
		}
	})
}

func FuzzVersionRecord(f *testing.F) {
	v := version{Bucket: "0123456789abcdef01234567", Name: "n", Action: actionUpload, Info: []infoPair{{"a", "b"}}}
	f.Add(v.key(), v.encode())
	f.Fuzz(func(t *testing.T, key, value []byte) {
		var v version
		_ = v.decode(key, value)
		_, _ = decodePart(key, value)
	})
}

func TestFileID(t *testing.T) {
	v := version{Bucket: "e73ede9969c64355ef8b0012", Number: 0x17c1bdee4b1c0de, Time: 1767323045000}
	const want = "4_ze73ede9969c64355ef8b0012_f1017c1bdee4b1c0de_d20260102_m030405_c005_v0501013_t0020_u01767323045000"
	if got := v.id(); got != want || len(got) != idLength {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is rendered by hand must be what encoding/json reads back.
func TestRenderString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != s {
			t.Fatalf("%q became %q, %v", s, got, err)
		}
	})
}

func testAEAD() cipher.AEAD {
	block, _ := aes.NewCipher(make([]byte, 32))
	aead, _ := cipher.NewGCM(block)
	return aead
}

func sealAll(content []byte, steps int) []byte {
	var out bytes.Buffer
	w := newSealWriter(&out, testAEAD(), int64(len(content)))
	for len(content) > 0 {
		n := min(steps, len(content))
		_, _ = w.Write(content[:n])
		content = content[n:]
	}
	_ = w.finish()
	return out.Bytes()
}

func TestSealedRanges(t *testing.T) {
	for _, size := range []int{0, 1, frameSize - 1, frameSize, frameSize + 1, 3 * frameSize, 3*frameSize + 7} {
		content := bytes.Repeat([]byte("0123456789abcdefg"), size/17+1)[:size]
		sealed := sealAll(content, 10_000)
		if int64(len(sealed)) != sealedSize(int64(size)) {
			t.Errorf("%d bytes became %d, not %d", size, len(sealed), sealedSize(int64(size)))
		}
		for off := 0; off <= size; off += max(1, size/13) {
			r := newSealReader(bytes.NewReader(sealed), testAEAD(), int64(size))
			got, err := io.ReadAll(io.NewSectionReader(r, int64(off), int64(size-off)))
			if err != nil || !bytes.Equal(got, content[off:]) {
				t.Fatalf("%d bytes from %d: %d bytes, %v", size, off, len(got), err)
			}
		}
	}
}

func TestSealNoticesChanges(t *testing.T) {
	content := make([]byte, 2*frameSize+10)
	read := func(sealed []byte, size int) error {
		r := newSealReader(bytes.NewReader(sealed), testAEAD(), int64(size))
		_, err := io.ReadAll(io.NewSectionReader(r, 0, int64(size)))
		return err
	}
	sealed := sealAll(content, frameSize)
	flipped := bytes.Clone(sealed)
	flipped[sealedFrame+5] ^= 1
	swapped := append(append(bytes.Clone(sealed[sealedFrame:2*sealedFrame]), sealed[:sealedFrame]...), sealed[2*sealedFrame:]...)
	cases := map[string]error{
		"a flipped bit":   read(flipped, len(content)),
		"swapped frames":  read(swapped, len(content)),
		"a missing frame": read(sealed[:2*sealedFrame], 2*frameSize),
		"a short file":    read(sealed[:len(sealed)-1], len(content)),
	}
	for what, err := range cases {
		if err == nil {
			t.Errorf("%s was not noticed", what)
		}
	}
	if err := read(sealed, len(content)); err != nil {
		t.Error(err)
	}
}
