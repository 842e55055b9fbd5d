package seal

import (
	"fmt"
	"strings"
)

// The files of a bundle with a meaning of their own. The first two are no members:
// they say what the members are.
const (
	AttestationFile  = "attestation.sigstore.json" // last in a signed bundle
	StatementFile    = "statement.json"            // last in a bundle without signature
	InstructionsFile = "VERIFY.md"
)

// forbidden are the characters that Windows does not allow in a file name.
// Everything else that is printable ASCII is allowed.
const forbidden = `<>:"|?*\`

// checkPath says what is wrong with a member's path, or returns nil. A path that
// passes means the same file on every system and never leaves the bundle.
func checkPath(path string) error {
	switch {
	case path == "":
		return fmt.Errorf("the name is empty")
	case len(path) > MaxPath:
		return fmt.Errorf("the name is longer than %d bytes", MaxPath)
	case path[0] == '/':
		return fmt.Errorf("the name is absolute")
	}
	for _, c := range []byte(path) {
		if c < 0x20 || c > 0x7e || strings.IndexByte(forbidden, c) >= 0 {
			return fmt.Errorf("the name has the character %q, which not every system can store", c)
		}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if err := checkSegment(segment); err != nil {
			return err
		}
	}
	if lower := strings.ToLower(path); lower == AttestationFile || lower == StatementFile {
		return fmt.Errorf("the name is reserved")
	}
	return nil
}

func checkSegment(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("the name has an empty part")
	case s == "." || s == "..":
		return fmt.Errorf("the name climbs with %q", s)
	case s[0] == ' ' || s[len(s)-1] == ' ' || s[len(s)-1] == '.':
		return fmt.Errorf("a part of the name begins with a space, or ends with a space or dot")
	}
	stem, _, _ := strings.Cut(strings.ToLower(s), ".")
	switch stem {
	case "con", "prn", "aux", "nul":
		return fmt.Errorf("a part of the name is a device on Windows")
	}
	if len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && stem[3] >= '0' && stem[3] <= '9' {
		return fmt.Errorf("a part of the name is a device on Windows")
	}
	return nil
}

// A nameSet finds names that cannot lie beside each other on every system: equal
// ones, ones that differ only in case, and a file where another needs a folder.
type nameSet struct {
	spelling map[string]string // lower case to the first spelling seen
	folder   map[string]bool   // lower case, whether it is a folder
}

func newNameSet() *nameSet {
	return &nameSet{spelling: map[string]string{}, folder: map[string]bool{}}
}

// add takes a path that checkPath accepts, and returns an *Error.
func (n *nameSet) add(path string) error {
	if n.spelling[strings.ToLower(path)] == path && !n.folder[strings.ToLower(path)] {
		return refuse(Repeated, path, "the name is there twice")
	}
	for i := range len(path) {
		if path[i] == '/' {
			if err := n.put(path, path[:i], true); err != nil {
				return err
			}
		}
	}
	return n.put(path, path, false)
}

func (n *nameSet) put(path, name string, folder bool) error {
	lower := strings.ToLower(name)
	first, seen := n.spelling[lower]
	switch {
	case !seen:
		n.spelling[lower], n.folder[lower] = name, folder
	case first != name:
		return refuse(BadName, path, "%q and %q differ only in case", first, name)
	case n.folder[lower] != folder:
		return refuse(BadName, path, "%q is a file and a folder", name)
	}
	return nil
}
