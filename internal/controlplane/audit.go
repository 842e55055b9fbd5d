package controlplane

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
)

const auditLog = "audit.log"

// auditPolicy records every request when it is received and before it is
// answered: what a client has an answer to is in the log.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [ResponseStarted, ResponseComplete, Panic]
rules:
- level: Metadata
`

// An Event is one request as the API server's own audit log has it.
type Event struct {
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	UserAgent  string `json:"userAgent"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
}

// Audit returns every request of the user so far, in the order of the server's log.
func (s *Server) Audit(t testing.TB, user string) []Event {
	t.Helper()
	f, err := os.Open(s.path(auditLog))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var events []Event
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var e Event
		err := d.Decode(&e)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // the server is writing the next line
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.User.Username == user {
			events = append(events, e)
		}
	}
}
