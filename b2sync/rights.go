package b2sync

import (
	"context"
	"fmt"
	"strings"

	"github.com/bowline-sync/bowline/internal/wire"
)

// checkRights refuses a run that the key has no right to, before anything is
// touched. A key that only may not delete is good enough: it is the one that
// ransomware gains nothing from.
func (r *run) checkRights(ctx context.Context) error {
	if src, ok := r.src.(*bucketSide); ok {
		if err := src.checkRights(ctx, wire.CapListFiles, wire.CapReadFiles); err != nil {
			return err
		}
	}
	dst, ok := r.dst.(*bucketSide)
	if !ok {
		return nil
	}
	if err := dst.checkRights(ctx, wire.CapListFiles, wire.CapWriteFiles); err != nil {
		return err
	}
	account, err := dst.client.Account(ctx)
	if err != nil {
		return err
	}
	r.rules.noDelete = !account.Allowed.Can(wire.CapDeleteFiles)
	return nil
}

// checkRights refuses a side whose key lacks a capability, or is confined to
// other names.
func (b *bucketSide) checkRights(ctx context.Context, capabilities ...string) error {
	account, err := b.client.Account(ctx)
	if err != nil {
		return err
	}
	for _, c := range capabilities {
		if !account.Allowed.Can(c) {
			return fmt.Errorf("the application key lacks the capability %q, which %s needs", c, b)
		}
	}
	if !strings.HasPrefix(b.prefix, account.Allowed.Prefix) {
		return fmt.Errorf("the application key is confined to names that begin with %q, and %s lies outside",
			account.Allowed.Prefix, b)
	}
	return nil
}
