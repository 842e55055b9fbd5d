// Package seal binds the files of one run together, signs what it binds, and
// verifies what others sealed.
//
// A writer starts with Create, puts files into Builder.Dir, and calls
// Builder.Seal, which leaves a folder and a ZIP archive of the same content. A
// reader starts with Verify; a program of its own that only verifies needs
// nothing else of this module. Both sides keep the bounds MaxMembers to
// MaxAttestation.
//
// schema/FORMAT.md describes the bundle. What a released version of this package
// wrote, every later version of the same schema MODEL reads.
package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A Builder makes one bundle. It is not safe for concurrent use; any number of
// builders may work on one folder at a time, in one process or several.
type Builder struct {
	out, name string
	// partial is a hidden folder in out: the bundle's folder and archive grow in it
	// until both are complete.
	partial string
	lock    *os.File // of partial; tells others that its owner is alive
	// made are the folders down to out that were not there, the outermost first.
	made []string
	// recipients is nil for a bundle that is not encrypted.
	recipients *Recipients
}

// Sealed says where a bundle lies.
type Sealed struct {
	// Name is the name asked for, or with -2, -3 … when that was taken.
	Name string
	// Folder and Archive have the same content. Of an encrypted bundle there is no
	// folder, and Folder is empty.
	Folder, Archive string
	// Digest is that of Verified.
	Digest string
	// Members counts the files without the one that seals them.
	Members int
	// Keyless is true when a certificate and not a key shows who signed.
	Keyless bool
	// Warning says why a timestamp that was asked for is missing, or is empty.
	Warning string
}

// Permissions of what is written. A bundle names people and weaknesses, so it is
// not for everybody on the machine.
const (
	folderMode = 0o750
	memberMode = 0o640
)

// Create starts a bundle that will be called name in the folder out, which is made
// if need be. It also removes what runs that died left in out. The caller ends
// with Seal or Abort.
func Create(out, name string) (*Builder, error) {
	if err := checkSegment(name); err != nil || checkPath(name+".zip") != nil || name[0] == '.' || filepath.Base(name) != name {
		return nil, fmt.Errorf("%q cannot be the name of a bundle", name)
	}
	b := &Builder{out: out, name: name, made: missing(out)}
	for tries := 1; ; tries++ {
		if err := os.MkdirAll(out, folderMode); err != nil {
			return nil, fmt.Errorf("make the folder for bundles: %w", err)
		}
		err := locked(out, func() error {
			removeDead(out)
			return b.makePartial()
		})
		switch {
		case errors.Is(err, fs.ErrNotExist) && tries < 100: // another builder made the folder, and gave up
			continue
		case err != nil:
			return nil, errors.Join(err, b.removeMade())
		}
		return b, nil
	}
}

// missing returns the folders on the way to dir that do not exist, the outermost first.
func missing(dir string) []string {
	var out []string
	for d := filepath.Clean(dir); !exists(d) && d != filepath.Dir(d); d = filepath.Dir(d) {
		out = append(out, d)
	}
	slices.Reverse(out)
	return out
}

// removeMade removes the folders that were made for the bundle and hold nothing.
func (b *Builder) removeMade() error {
	for _, dir := range slices.Backward(b.made) {
		err := os.Remove(dir)
		switch {
		case errors.Is(err, fs.ErrExist): // something is in it: a bundle, or what another builder makes
			return nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// partialPrefix begins the names of the hidden folders.
const partialPrefix = ".auditpack-partial-"

func (b *Builder) makePartial() error {
	partial, err := os.MkdirTemp(b.out, partialPrefix)
	if err != nil {
		return fmt.Errorf("make a folder to write into: %w", err)
	}
	b.partial = partial
	if b.lock, err = lockAlive(partial); err != nil {
		return errors.Join(err, b.Abort())
	}
	if err := os.Mkdir(b.Dir(), folderMode); err != nil {
		return errors.Join(fmt.Errorf("make a folder to write into: %w", err), b.Abort())
	}
	return nil
}

// removeDead removes the hidden folders whose owners are gone. What cannot be
// removed is left: it is in nobody's way.
func removeDead(out string) {
	entries, _ := os.ReadDir(out)
	for _, e := range entries {
		dir := filepath.Join(out, e.Name())
		if e.IsDir() && strings.HasPrefix(e.Name(), partialPrefix) && isDead(dir) {
			os.RemoveAll(dir)
		}
	}
}

// Dir is the folder that the caller writes members into, with os.Create or the
// like. Their paths within it are their paths in the bundle.
func (b *Builder) Dir() string { return filepath.Join(b.partial, "bundle") }

func (b *Builder) archive() string { return filepath.Join(b.partial, "bundle.zip") }

// Abort removes what was written, and the folders that Create made for it where
// nothing else is in them. After Seal it does nothing.
func (b *Builder) Abort() error {
	if b.partial == "" {
		return nil
	}
	err := os.RemoveAll(b.partial)
	b.partial = ""
	if b.lock != nil {
		err = errors.Join(err, b.lock.Close())
	}
	err = errors.Join(err, b.removeMade())
	if err != nil {
		return fmt.Errorf("remove the unfinished bundle: %w", err)
	}
	return nil
}

// Seal adds VERIFY.md, states the digest of every file, signs the statement,
// packs the archive, verifies both forms as a stranger would, and moves them into
// place under a name that was free. Nothing that exists is overwritten.
//
// A nil signer makes a bundle without signature, for which claim.Plan.Unsigned
// must be true, as it must be false otherwise. claim.Timestamp is set to what the
// signer does. After an error nothing is left of the bundle.
func (b *Builder) Seal(ctx context.Context, claim schema.Claim, signer *Signer) (*Sealed, error) {
	if b.partial == "" {
		return nil, errors.New("the bundle is already sealed or aborted")
	}
	s, err := b.seal(ctx, claim, signer)
	if err != nil {
		return nil, errors.Join(err, b.Abort())
	}
	return s, b.finish()
}

// finish removes the hidden folder. It is empty, and a next run would remove it,
// unless the bundle was encrypted: then what can be read is still there and has to go.
func (b *Builder) finish() error {
	err := b.Abort()
	if b.recipients == nil {
		return nil
	}
	return err
}

func (b *Builder) seal(ctx context.Context, claim schema.Claim, signer *Signer) (*Sealed, error) {
	signer, err := signer.prepare(ctx)
	if err != nil {
		return nil, err
	}
	claim.Timestamp = signer.claimed()
	if claim.Plan.Unsigned != (signer == nil) {
		return nil, fmt.Errorf("the claim says unsigned=%t, which is not so", claim.Plan.Unsigned)
	}
	if err := checkClaim(claim); err != nil {
		return nil, fmt.Errorf("the claim's %w", err)
	}
	if err := b.writeInstructions(claim, signer); err != nil {
		return nil, err
	}
	content, members, err := b.pack(ctx, claim, signer)
	if err != nil {
		return nil, err
	}
	if err := b.verifyBoth(ctx, signer); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	sealed := &Sealed{Digest: hex.EncodeToString(sum[:]), Members: members}
	if signer != nil {
		sealed.Keyless, sealed.Warning = signer.Keyless(), signer.warning
	}
	if b.recipients != nil {
		if err := b.encrypt(); err != nil {
			return nil, err
		}
	}
	if err := b.syncFolders(); err != nil {
		return nil, err
	}
	return sealed, locked(b.out, func() error { return b.publish(sealed) })
}

func (b *Builder) writeInstructions(claim schema.Claim, signer *Signer) error {
	text, err := instructions(claim, signer)
	if err != nil {
		return err
	}
	return writeNew(filepath.Join(b.Dir(), InstructionsFile), text)
}

// pack writes the archive, and the file that seals the folder. It returns that
// file's content and the number of members.
func (b *Builder) pack(ctx context.Context, claim schema.Claim, signer *Signer) (content []byte, members int, err error) {
	f, err := os.OpenFile(b.archive(), os.O_RDWR|os.O_CREATE|os.O_EXCL, memberMode)
	if err != nil {
		return nil, 0, fmt.Errorf("make the archive: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	p, err := newPacker(f)
	if err != nil {
		return nil, 0, err
	}
	if err := b.addMembers(ctx, p); err != nil {
		return nil, 0, err
	}
	name, content, err := sealContent(ctx, claim, p.members, signer)
	if err != nil {
		return nil, 0, err
	}
	if err := writeNew(filepath.Join(b.Dir(), name), content); err != nil {
		return nil, 0, err
	}
	if err := p.finish(name, content); err != nil {
		return nil, 0, err
	}
	if err := f.Sync(); err != nil {
		return nil, 0, fmt.Errorf("write the archive to disk: %w", err)
	}
	return content, len(p.members), nil
}

// sealContent makes the file that says what the bundle holds.
func sealContent(ctx context.Context, claim schema.Claim, members []member, signer *Signer) (name string, content []byte, err error) {
	if err := checkMembers(members); err != nil {
		return "", nil, err
	}
	payload, err := newStatement(claim, members)
	if err != nil {
		return "", nil, err
	}
	if signer == nil {
		return StatementFile, payload, nil
	}
	content, err = attest(ctx, payload, signer)
	return AttestationFile, content, err
}

// addMembers packs every file of the folder, in the order of the paths.
func (b *Builder) addMembers(ctx context.Context, p *packer) error {
	root, err := openFolder(b.Dir())
	if err != nil {
		return err
	}
	defer root.Close()
	paths, err := root.files()
	if err != nil {
		return err
	}
	for _, path := range paths {
		f, err := root.openRegular(path)
		if err != nil {
			return err
		}
		err = p.add(ctx, path, f)
		if err == nil {
			err = f.Sync()
		}
		f.Close() // it was only read
		if err != nil {
			return err
		}
	}
	return nil
}

// files returns the paths of all files, sorted, and refuses everything that is
// neither file nor folder.
func (f *folder) files() ([]string, error) {
	var paths []string
	err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("read the members: %w", err)
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return notRegular(name, d.Type())
		}
		if err := checkPath(name); err != nil {
			return refuse(BadName, name, "%v", err)
		}
		if paths = append(paths, name); len(paths) > MaxMembers {
			return refuse(TooLarge, "", "the bundle has more than %d members", MaxMembers)
		}
		return nil
	})
	slices.Sort(paths)
	return paths, err
}

// verifyBoth does what a stranger does with what was written.
func (b *Builder) verifyBoth(ctx context.Context, signer *Signer) error {
	policy, err := signer.policy()
	if err != nil {
		return fmt.Errorf("verify what was just written: %w", err)
	}
	for _, path := range []string{b.archive(), b.Dir()} {
		v, err := Verify(ctx, path, policy)
		if err != nil {
			return fmt.Errorf("verify what was just written: %w", err)
		}
		if err := v.Close(); err != nil {
			return fmt.Errorf("verify what was just written: %w", err)
		}
	}
	return nil
}

// syncFolders makes the names of all files last. Their content was
// written to disk when it was packed.
func (b *Builder) syncFolders() error {
	err := filepath.WalkDir(b.partial, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
	if err != nil {
		return fmt.Errorf("write the bundle to disk: %w", err)
	}
	return nil
}
