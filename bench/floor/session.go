package floor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/bowline-sync/bowline/internal/wire"
)

// session is a connection to a server with nothing around it.
type session struct {
	transport *http.Transport
	account   wire.AuthorizeV4
	bucketID  string
}

// open authorises and finds the bucket, as every run of a tool does.
func open(o *options) (*session, error) {
	s := &session{transport: &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: 512,
		ReadBufferSize:      64 << 10,
	}}
	req, err := http.NewRequest(http.MethodGet, o.url+"/b2api/v4/b2_authorize_account", nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(o.keyID, o.key)
	if err := s.do(req, &s.account); err != nil {
		return nil, err
	}
	s.bucketID, err = s.bucket(o.bucket)
	return s, err
}

func (s *session) bucket(name string) (string, error) {
	var answer wire.ListBucketsResponse
	err := s.call(wire.CallListBuckets, wire.ListBucketsRequest{AccountID: s.account.AccountID, BucketName: &name}, &answer)
	if err == nil && len(answer.Buckets) != 1 {
		err = fmt.Errorf("the server has no bucket %s", name)
	}
	if err != nil {
		return "", err
	}
	return answer.Buckets[0].BucketID, nil
}

// call makes one JSON call.
func (s *session) call(name string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := s.request(name, body)
	if err != nil {
		return err
	}
	return s.do(req, answer)
}

func (s *session) request(name string, body []byte) (*http.Request, error) {
	req, err := http.NewRequest(http.MethodPost, s.account.APIInfo.Storage.APIURL+"/b2api/v4/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", s.account.AuthorizationToken)
	return req, nil
}

// do sends a request and decodes its answer, unless answer is nil.
func (s *session) do(req *http.Request, answer any) error {
	res, err := s.send(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(body, answer)
}

// send answers a response with a body to be read, or an error.
func (s *session) send(req *http.Request) (*http.Response, error) {
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		_ = res.Body.Close()
		return nil, fmt.Errorf("%s answered %s: %s", req.URL.Path, res.Status, text)
	}
	return res, nil
}

// each calls fn for 0 to n-1 from that many goroutines and answers the first
// error. Every goroutine gets its own state from begin.
func each[T any](n, goroutines int, begin func() (T, error), fn func(state T, i int) error) error {
	var (
		next   atomic.Int64
		wg     sync.WaitGroup
		failed = make(chan error, goroutines)
	)
	for range goroutines {
		wg.Go(func() {
			state, err := begin()
			for err == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				err = fn(state, i)
			}
			failed <- err
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}
