package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/seal"
)

// reperform judges and draws again from the evidence and inputs of a verified
// bundle, compares every file that comes out with the bundle's byte for byte, and
// returns how many there were. An error names those that differ.
func reperform(ctx context.Context, v *seal.Verified) (files int, err error) {
	in, err := input.LoadFrom(v.FS())
	if err != nil {
		return 0, err
	}
	snapshot, err := collect.Load(v.FS())
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "auditpack-reperform-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := judge(ctx, snapshot, v.FS(), in, members{dir}, nil); err != nil {
		return 0, err
	}
	files, differ, err := compareFiles(dir, v)
	if err != nil {
		return 0, err
	}
	if len(differ) > 0 {
		return files, &exitError{exitVerify, fmt.Errorf("these files do not follow from the evidence and inputs of the bundle: %s%s",
			strings.Join(differ, ", "), otherRelease(v))}
	}
	return files, nil
}

// otherRelease says which release made the bundle, when that was another one.
func otherRelease(v *seal.Verified) string {
	made, here := v.Manifest.Tool, tool()
	if made == here {
		return ""
	}
	return fmt.Sprintf("; %s %s made the bundle and can tell, this is %s", made.Name, made.Version, here.Version)
}

// compareFiles returns how many files dir has, and which of them the bundle has otherwise.
func compareFiles(dir string, v *seal.Verified) (files int, differ []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		same, err := sameFile(path, name, v)
		if err != nil {
			return err
		}
		files++
		if !same {
			differ = append(differ, name)
		}
		return nil
	})
	return files, differ, err
}

// sameFile compares a file with a member. Of a member with a signature inside, what
// was signed is compared: no two signatures are alike.
func sameFile(path, name string, v *seal.Verified) (bool, error) {
	sum, err := fileSum(path)
	if err != nil || sum == v.SHA256(name) {
		return err == nil, err
	}
	if v.Manifest.Plan.DocumentSigner == nil || name != seal.ReportFile && name != seal.WorkbookFile {
		return false, nil
	}
	signed, err := fs.ReadFile(v.FS(), name)
	if err != nil {
		return false, err
	}
	h := sha256.New()
	if err := seal.UnsignedDocument(h, signed); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == sum, nil
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
