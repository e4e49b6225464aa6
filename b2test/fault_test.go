package b2test

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// Every fault does to a plain client what its name says.
func TestFaults(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t)
	b.upload(t, "n", "0123456789")
	get := func() (*http.Response, []byte, error) {
		r := newRequest(t, "GET", a.download+"/file/"+b.name+"/n", nil)
		r.Header.Set("Authorization", a.token)
		res, err := a.client.Do(r)
		if err != nil {
			return nil, nil, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res, body, err
	}
	const byName = "b2_download_file_by_name"

	s.Fail(byName, 1, Answer(429, "too_many_requests", 7*time.Second))
	if res, _, err := get(); err != nil || res.StatusCode != 429 || res.Header.Get("Retry-After") != "7" {
		t.Errorf("Answer: %v %v", res, err)
	}
	s.Fail(byName, 1, Corrupt())
	if _, body, err := get(); err != nil || string(body) == "0123456789" || len(body) != 10 {
		t.Errorf("Corrupt: %q %v", body, err)
	}
	s.Fail(byName, 1, Truncate())
	if res, body, err := get(); err == nil || res.ContentLength != 10 || string(body) != "01234" {
		t.Errorf("Truncate: %q %v", body, err)
	}
	s.Fail(AnyCall, 1, Slow(time.Millisecond))
	if _, body, err := get(); err != nil || string(body) != "0123456789" {
		t.Errorf("Slow: %q %v", body, err)
	}
	s.Fail(byName, 1, DuplicateAnswer())
	if _, body, err := get(); err != nil || string(body) != "0123456789" {
		t.Errorf("DuplicateAnswer: %q %v", body, err)
	}
	s.FailAfter("b2_hide_file", 1, 1, ExpiredToken())
	b.hide(t, "n").ok(t)
	b.hide(t, "n").fails(t, 401, "expired_auth_token")

	s.Fail("b2_upload_file", 1, Twice())
	b.upload(t, "twice", "x")
	s.Fail("b2_upload_file", 1, ResetAfter())
	s.Fail("b2_upload_file", 1, ResetBefore())
	for range 2 {
		if res, err := a.client.Do(b.putRequest(t, b.uploadURL(t), "reset", "x")); err == nil {
			_ = res.Body.Close()
			t.Error("the connection was not dropped")
		}
	}
	if got := b.names(t, "b2_list_file_versions", object{"prefix": "t"}); !slices.Equal(got, []string{"twice", "twice"}) {
		t.Errorf("Twice: %v", got)
	}
	if got := b.names(t, "b2_list_file_versions", object{"prefix": "reset"}); !slices.Equal(got, []string{"reset"}) {
		t.Errorf("ResetAfter must store, ResetBefore must not: %v", got)
	}
	to := b.uploadURL(t)
	s.Fail("b2_upload_file", 1, s.StaleURL())
	for range 3 {
		b.put(t, to, "stale", "x").fails(t, 401, "expired_auth_token")
	}
	b.upload(t, "fresh", "x")
	if s.Calls()["b2_hide_file"] != 2 {
		t.Errorf("calls: %v", s.Calls())
	}
}

// A script that does not fire must be found out.
func TestUnfiredFaultIsNamed(t *testing.T) {
	s := &script{}
	s.add(&step{call: "b2_hide_file", skip: 2, left: 1})
	if left := s.unfired(); len(left) != 1 {
		t.Errorf("unfired: %v", left)
	}
}

func TestStall(t *testing.T) {
	s, a := open(t)
	b := a.bucket(t)
	b.upload(t, "n", "0123456789")
	s.Fail("b2_download_file_by_name", 1, Stall())
	r := newRequest(t, "GET", a.download+"/file/"+b.name+"/n", nil)
	r.Header.Set("Authorization", a.token)
	res, err := a.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	half := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, half); err != nil || string(half) != "01234" {
		t.Errorf("first half: %q %v", half, err)
	}
	_ = res.Body.Close()
}
