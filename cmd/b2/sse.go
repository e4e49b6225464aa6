package main

import (
	"encoding/base64"
	"fmt"

	"github.com/bowline-sync/bowline/b2"
)

// Environment variables with the customer's keys. Keys are never on the
// command line, where other users of the computer could see them.
const (
	envDestinationKey   = "B2_DESTINATION_SSE_C_KEY_B64"
	envDestinationKeyID = "B2_DESTINATION_SSE_C_KEY_ID"
	envSourceKey        = "B2_SOURCE_SSE_C_KEY_B64"
)

// destinationSSE is the encryption of what is made, or nil for the bucket's
// default.
func (e *env) destinationSSE(mode string) (*b2.SSE, error) {
	switch mode {
	case "":
		return nil, nil
	case "SSE-B2":
		return &b2.SSE{Mode: mode}, nil
	}
	key, err := e.customerKey(envDestinationKey)
	if err != nil {
		return nil, err
	}
	return &b2.SSE{Mode: mode, Key: key, KeyID: e.getenv(envDestinationKeyID)}, nil
}

// sourceSSE is the key of what is read, or nil.
func (e *env) sourceSSE(mode string) (*b2.SSE, error) {
	if mode == "" {
		return nil, nil
	}
	key, err := e.customerKey(envSourceKey)
	if err != nil {
		return nil, err
	}
	return &b2.SSE{Mode: mode, Key: key}, nil
}

// customerKey reads an SSE-C key. It is not shown in the error.
func (e *env) customerKey(variable string) (*[32]byte, error) {
	text := e.getenv(variable)
	if text == "" {
		return nil, valueError(fmt.Sprintf("Using SSE-C requires providing an encryption key via %s env var", variable))
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("%s is not a key for SSE-C: 32 bytes in base64", variable)
	}
	return (*[32]byte)(raw), nil
}
