package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/bowline-sync/bowline/b2"
	"github.com/bowline-sync/bowline/b2server"
)

// dataFolder is where the server keeps its buckets unless told otherwise.
func (e *env) dataFolder() (string, error) {
	if data := e.getenv("XDG_DATA_HOME"); data != "" {
		return filepath.Join(data, "bowline"), nil
	}
	if data := e.getenv("LOCALAPPDATA"); e.goos == "windows" && data != "" {
		return filepath.Join(data, "bowline"), nil
	}
	if e.home == "" {
		return "", errors.New("there is no home folder to keep data in: set XDG_DATA_HOME")
	}
	return filepath.Join(e.home, ".local", "share", "bowline"), nil
}

// localEndpoint is the address of the server inside the program. Nothing
// listens there: requests go through memory.
const localEndpoint = "http://b2.local"

// connectLocal starts the server inside the program, over the user's data
// folder, and connects the client to it. Neither a port nor a key is needed.
func (s *session) connectLocal(ctx context.Context, cfg *b2.Config) error {
	dir, err := s.env.dataFolder()
	if err != nil {
		return err
	}
	held, err := holdFolder(ctx, dir, s.env.program+" with B2_ENVIRONMENT=local")
	if err != nil {
		return err
	}
	s.close = append(s.close, held.release)
	store, err := b2server.OpenDiskStore(dir, b2server.DiskOptions{Log: s.log})
	if err != nil {
		return err
	}
	server, err := b2server.New(b2server.Config{Store: store, Log: s.log})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	s.close = append(s.close, func() { _ = server.Close() })
	transport, closePipe := b2server.Pipe(server)
	s.close = append(s.close, closePipe)

	id, secret := server.MasterKey()
	s.creds = &credentials{realm: localRealm, keyID: id, key: b2.Secret(secret)}
	cfg.Endpoint, cfg.KeyID, cfg.Key, cfg.Transport = localEndpoint, id, s.creds.key, transport
	return nil
}
