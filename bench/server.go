package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/bench/stage"
)

// server is a server in a process of its own.
type server struct {
	kind  string
	url   string // "" until it is started
	cmd   *exec.Cmd
	stdin io.Closer // the server ends when it is closed
}

// start starts the server unless it runs.
func (s *server) start(self string) error {
	if s.url != "" {
		return nil
	}
	s.cmd = exec.Command(self, "serve", s.kind)
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		return err
	}
	s.stdin = stdin
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the %s server did not start: %w", s.kind, err)
	}
	s.url = strings.TrimSpace(line)
	return nil
}

func (s *server) stop() {
	if s.url != "" {
		_ = s.stdin.Close()
		_ = s.cmd.Wait()
	}
}

// setUp prepares the server for a run, with its counts at zero.
func (s *server) setUp(set stage.Setup) error {
	body, err := json.Marshal(set)
	if err != nil {
		return err
	}
	res, err := http.Post(s.url+"/bench/setup", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("the server: %s", text)
	}
	return nil
}

// stats asks what the server did since it was last set up.
func (s *server) stats() (stats stage.Stats, err error) {
	res, err := http.Get(s.url + "/bench/stats")
	if err != nil {
		return stats, err
	}
	defer res.Body.Close()
	return stats, json.NewDecoder(res.Body).Decode(&stats)
}

// empty makes the server forget everything, makes buckets, and goes on with
// set.
func (s *server) empty(set stage.Setup, buckets ...string) error {
	fresh := set
	fresh.Keep, fresh.Latency, fresh.Refuse = false, 0, 0
	if err := s.setUp(fresh); err != nil {
		return err
	}
	client := b2.New(b2.Config{Endpoint: s.url, KeyID: stage.KeyID, Key: stage.Key})
	for _, name := range buckets {
		if _, err := client.CreateBucket(context.Background(), b2.CreateBucketRequest{BucketName: name, BucketType: "allPrivate"}); err != nil {
			return err
		}
	}
	set.Keep = true
	return s.setUp(set)
}
