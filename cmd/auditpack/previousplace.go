package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/publish"
	"github.com/auditpack/auditpack/seal"
)

// isAddress tells the address of a place from the path of a bundle.
func isAddress(s string) bool { return strings.Contains(s, "://") }

// takeNewest makes the newest bundle of the plan at a place the one before this. A
// place without one begins a chain. What it is shows when it is verified, to its
// last byte, in a copy that goes away again.
func (p *previousFlags) takeNewest(ctx context.Context, env *environment, address string, in *input.Set, signer *seal.Signer) (err error) {
	if err := publish.CheckAddress(address); err != nil {
		return invalid(fmt.Errorf("previous bundle: %w", err))
	}
	place, err := publish.Open(ctx, address)
	if err != nil {
		return fmt.Errorf("previous bundle: %w", err)
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	newest, found, err := place.Newest(ctx, in.Plan.Metadata.Name)
	if err != nil {
		return fmt.Errorf("previous bundle: %w", err)
	}
	if !found {
		env.say("note: %s has no bundle of the plan %q, so this one begins a chain", place.Address, in.Plan.Metadata.Name)
		return nil
	}
	dir, err := os.MkdirTemp("", "auditpack-previous-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, path.Base(newest.Name))
	if err := copyTo(ctx, place, newest, file); err != nil {
		return fmt.Errorf("previous bundle: %w", err)
	}
	if err := p.take(ctx, file, in, signer); err != nil {
		return invalid(fmt.Errorf("previous bundle %s, the newest there: a copy of it, %w", place.AddressOf(newest.Name), err))
	}
	return nil
}

func copyTo(ctx context.Context, place *publish.Place, s publish.Stored, file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(place.Copy(ctx, s, f), f.Close())
}
