package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// EncryptedSuffix ends the name of an encrypted archive.
const EncryptedSuffix = ".age"

// ageMagic begins every file in the age format (https://age-encryption.org/v1).
const ageMagic = "age-encryption.org/"

// Recipients are those who can read an encrypted archive.
type Recipients struct{ list []age.Recipient }

// LoadRecipients reads recipients, each an age recipient (age1…), an SSH public key
// (ssh-ed25519 … or ssh-rsa …), or a file with one of those a line.
func LoadRecipients(values []string) (*Recipients, error) {
	r := &Recipients{}
	for _, v := range values {
		if strings.HasPrefix(v, "age1") || strings.HasPrefix(v, "ssh-") {
			if err := r.add([]byte(v)); err != nil {
				return nil, fmt.Errorf("recipient %q: %w", v, err)
			}
			continue
		}
		b, err := readBounded(v, "file of recipients", maxKeyFile)
		if err != nil {
			return nil, err
		}
		if err := r.add(b); err != nil {
			return nil, fmt.Errorf("recipients %s: %w", v, err)
		}
	}
	if len(r.list) == 0 {
		return nil, errors.New("there are no recipients to encrypt to")
	}
	// Encrypting nothing finds recipients that do not go together.
	if _, err := age.Encrypt(io.Discard, r.list...); err != nil {
		return nil, fmt.Errorf("these recipients do not go together: %w", err)
	}
	return r, nil
}

func (r *Recipients) add(text []byte) error {
	var named []age.Recipient
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		recipient, err := parseRecipient(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		named = append(named, recipient)
	}
	if len(named) == 0 {
		return errors.New("it names nobody")
	}
	r.list = append(r.list, named...)
	return nil
}

func parseRecipient(line string) (age.Recipient, error) {
	switch {
	case strings.HasPrefix(line, "AGE-SECRET-KEY-"), strings.HasPrefix(line, "-----BEGIN"):
		return nil, errors.New("this is a private key; encrypting takes the public half, which begins with age1 or ssh-") // without quoting it
	case strings.HasPrefix(line, "ssh-"):
		r, err := agessh.ParseRecipient(line)
		if err != nil {
			return nil, errors.New("this is no SSH key that files can be encrypted to: want ssh-ed25519, or ssh-rsa of 2048 bits or more")
		}
		return r, nil
	}
	list, err := age.ParseRecipients(strings.NewReader(line))
	if err != nil {
		return nil, errors.New("this is no age recipient (age1…) or SSH public key")
	}
	return list[0], nil
}

// EncryptTo makes Seal leave one file, NAME.zip.age, that only the recipients can
// read, in the place of folder and archive.
func (b *Builder) EncryptTo(r *Recipients) { b.recipients = r }

// encrypt writes the archive as the recipients will get it.
func (b *Builder) encrypt() (err error) {
	in, err := os.Open(b.archive())
	if err != nil {
		return fmt.Errorf("encrypt the archive: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(b.archive()+EncryptedSuffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, memberMode)
	if err != nil {
		return fmt.Errorf("encrypt the archive: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w, err := age.Encrypt(out, b.recipients.list...)
	if err != nil {
		return fmt.Errorf("encrypt the archive: %w", err)
	}
	if _, err := io.Copy(w, in); err != nil {
		return fmt.Errorf("encrypt the archive: %w", err)
	}
	if err := errors.Join(w.Close(), out.Sync()); err != nil {
		return fmt.Errorf("encrypt the archive: %w", err)
	}
	return nil
}

// Identities open encrypted archives.
type Identities struct{ list []age.Identity }

// LoadIdentities reads files of age identities, as age-keygen writes them, and SSH
// private keys. Keys with a passphrase are refused.
func LoadIdentities(paths []string) (*Identities, error) {
	ids := &Identities{}
	for _, path := range paths {
		b, err := readBounded(path, "file of identities", maxKeyFile)
		if err != nil {
			return nil, err
		}
		list, err := ReadIdentities(b)
		if err != nil {
			return nil, fmt.Errorf("identity %s: %w", path, err)
		}
		ids.list = append(ids.list, list.list...)
	}
	return ids, nil
}

// ReadIdentities reads age identities, or one SSH private key. Errors do not quote
// what was read.
func ReadIdentities(b []byte) (*Identities, error) {
	switch {
	case bytes.HasPrefix(b, []byte(ageMagic)), bytes.HasPrefix(b, []byte("-----BEGIN AGE ENCRYPTED FILE")):
		return nil, errors.New("it is encrypted with a passphrase: decrypt it with \"age -d\" first")
	case bytes.HasPrefix(b, []byte("-----BEGIN")):
		id, err := agessh.ParseIdentity(b)
		if err != nil {
			return nil, errors.New("it is no unencrypted ssh-ed25519 or ssh-rsa private key; \"ssh-keygen -p\" removes the passphrase of a copy")
		}
		return &Identities{[]age.Identity{id}}, nil
	}
	list, err := age.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("it is neither a file of age identities, as age-keygen writes it, nor an SSH private key")
	}
	return &Identities{list}, nil
}

// maxAgeHeader bounds the part of an encrypted file that names its recipients.
const maxAgeHeader = 1 << 20

// decrypted returns a reader of what is in an encrypted archive, which decrypts the
// pieces that are read and keeps none on disk, or the archive itself where it is
// not encrypted.
func decrypted(r io.ReaderAt, size int64, ids *Identities) (io.ReaderAt, int64, error) {
	head := make([]byte, min(size, maxAgeHeader))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head); err != nil {
		return nil, 0, fmt.Errorf("read the archive: %w", err)
	}
	switch {
	case !bytes.HasPrefix(head, []byte(ageMagic)):
		return r, size, nil
	case ids == nil:
		return nil, 0, refuse(Encrypted, "", "the archive is encrypted: give the age identity or SSH private key of one of its recipients")
	case !bytes.Contains(head, []byte("\n--- ")):
		return nil, 0, refuse(BadContainer, "", "the encrypted archive is damaged: the list of its recipients does not end")
	}
	plain, n, err := age.DecryptReaderAt(r, size, ids.list...)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		return nil, 0, refuse(Encrypted, "", "none of the given identities is a recipient of the archive")
	}
	if err != nil {
		return nil, 0, refuse(BadContainer, "", "the encrypted archive is damaged or cut off: %v", err)
	}
	return authentic{plain}, n, nil
}

// authentic turns pieces that do not decrypt into refusals.
type authentic struct{ r io.ReaderAt }

// ReadAt implements io.ReaderAt.
func (a authentic) ReadAt(p []byte, off int64) (int, error) {
	n, err := a.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		return n, refuse(BadContainer, "", "the encrypted archive is damaged: %v", err)
	}
	return n, err
}
