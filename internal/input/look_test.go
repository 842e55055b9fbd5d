package input

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
)

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// planWithLook is a folder with a plan and the files beside it.
func planWithLook(look string, files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{"plan.yaml": {Data: []byte("apiVersion: auditpack.dev/v1alpha1\nkind: AuditPlan\nmetadata: {name: p}\nspec:\n  organization: o\n  scope: s\n  look: " + look + "\n")}}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

// TestLogoIsKept saves a set and reads it back: so re-performance draws the same cover.
func TestLogoIsKept(t *testing.T) {
	logo := picture(t, 30, 10)
	s, err := LoadFS(planWithLook("{paper: Letter, accent: \"#7a1f5c\", logo: art/logo.png}", map[string][]byte{"art/logo.png": logo}), "plan.yaml", templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	bundle := fstest.MapFS{}
	if err := s.Save(func(path string) (io.WriteCloser, error) { return &memberFile{bundle, path, nil}, nil }); err != nil {
		t.Fatal(err)
	}
	back, err := LoadFrom(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.Logo, logo) {
		t.Error("the logo is not the one that was saved")
	}
	if diff := cmp.Diff(s.Plan.Spec.Look, back.Plan.Spec.Look); diff != "" {
		t.Errorf("look (-saved +read):\n%s", diff)
	}
}

// A memberFile becomes a file of a bundle when it is closed.
type memberFile struct {
	bundle fstest.MapFS
	path   string
	data   []byte
}

func (m *memberFile) Write(b []byte) (int, error) { m.data = append(m.data, b...); return len(b), nil }
func (m *memberFile) Close() error {
	m.bundle[m.path] = &fstest.MapFile{Data: m.data}
	return nil
}

func TestLookIsChecked(t *testing.T) {
	good := picture(t, 30, 10)
	files := map[string][]byte{
		"logo.png": good, "logo.gif": []byte("GIF89a\x01\x00\x01\x00"), "cut.png": good[:len(good)-20], "wide.png": picture(t, 4001, 1),
		"heavy.png": append(bytes.Clone(good), make([]byte, maxLogoBytes)...),
	}
	tests := []struct{ look, want string }{
		{"{logo: logo.png}", ""},
		{`{accent: "#000000", paper: A4}`, ""},
		{"{paper: A3}", `unknown value "A3"`},
		{`{accent: "#abc"}`, `no colour such as`},
		{`{accent: "#ffcc00"}`, "too light for text on white: its contrast is 1.5"},
		{"{logo: gone.png}", "plan.yaml:7:16: open gone.png"},
		{"{logo: logo.gif}", "not a PNG or JPEG file"},
		{"{logo: cut.png}", "damaged"},
		{"{logo: wide.png}", "4001 by 1 pixels"},
		{"{logo: heavy.png}", "larger than 1 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.look, func(t *testing.T) {
			_, err := LoadFS(planWithLook(tt.look, files), "plan.yaml", templates.FS)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}
