package publish

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/auditpack/auditpack/internal/testauthorities"
)

// TestMain lets the program of the tests be a publisher that can be killed.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "only-for-tests", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	if path, to := os.Getenv("PUBLISH_ARCHIVE"), os.Getenv("PUBLISH_TO"); path != "" {
		if err := publishAs(path, to); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func publishAs(path, to string) error {
	a, err := ReadArchive(path)
	if err != nil {
		return err
	}
	p, err := Open(context.Background(), to)
	if err != nil {
		return err
	}
	_, err = p.Put(context.Background(), a, PutOptions{})
	return errors.Join(err, p.Close())
}

// oracle returns a program that internal/oracles pins.
func oracle(t *testing.T, name string) string {
	t.Helper()
	path := testauthorities.Oracle(name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("this test needs %s; build it with internal/oracles/build.sh", name)
		}
		t.Skipf("this test needs %s; build it with internal/oracles/build.sh", name)
	}
	return path
}

// A server is a real store on loopback, over a folder.
type server struct {
	port string
	// mount is a script that mounts something over the folder, $dir, before the server starts.
	mount string
	dir   string
	kill  func()
	// command starts the server, with $dir and $port.
	command string
	program string
	// address is that of a place in it, behind host:port.
	address func(host string) string
}

func s3Server(t *testing.T) *server {
	return &server{
		program: oracle(t, "versitygw"), dir: t.TempDir(), port: freePort(t),
		command: `mkdir -p $dir/root $dir/versions && ROOT_ACCESS_KEY=tests ROOT_SECRET_KEY=only-for-tests exec "$0" --quiet --port 127.0.0.1:$port posix --versioning-dir $dir/versions $dir/root`,
		address: func(host string) string {
			return "s3://audit/prod?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape("http://"+host)
		},
	}
}

func registryServer(t *testing.T) *server {
	return &server{
		program: oracle(t, "registry"), dir: t.TempDir(), port: freePort(t),
		command: `cat >$dir.yml <<END
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {delete: {enabled: true}, filesystem: {rootdirectory: $dir}}
http: {addr: "127.0.0.1:$port"}
END
OTEL_TRACES_EXPORTER=none exec "$0" serve $dir.yml`,
		address: func(host string) string { return "oci://" + host + "/audit/prod" },
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (s *server) host() string { return "127.0.0.1:" + s.port }

// start runs the server until the test ends, or kill.
func (s *server) start(t *testing.T) {
	t.Helper()
	script := "dir=" + s.dir + " port=" + s.port + "\n" + s.mount + "\n" + s.command
	args := []string{"sh", "-euc", script, s.program}
	if s.mount != "" {
		if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal("this test needs unshare --mount, as root")
			}
			t.Skip("this test needs unshare --mount, as root")
		}
		args = append([]string{"unshare", "--mount"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed
		close(ended)
	}()
	s.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	})
	t.Cleanup(s.kill)
	for {
		select {
		case <-ended:
			t.Fatalf("the server ends: %s", said.String())
		default:
		}
		if c, err := net.Dial("tcp", s.host()); err == nil {
			itself := c.LocalAddr().String() == s.host() // as TCP allows while nobody listens
			c.Close()
			if !itself {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// place opens the place at the server, or at a proxy before it.
func (s *server) place(t *testing.T, host string) *Place {
	t.Helper()
	p, err := Open(context.Background(), s.address(host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// makeBucket makes the bucket that the address of an S3 server names. A registry
// has none to make.
func makeBucket(t *testing.T, p *Place, locks bool) {
	t.Helper()
	c, ok := client(t, p)
	if !ok {
		return
	}
	if _, err := c.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("audit"), ObjectLockEnabledForBucket: aws.Bool(locks)}); err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, p *Place) (*s3.Client, bool) {
	t.Helper()
	b, ok := p.store.(bucket)
	if !ok {
		return nil, false
	}
	c, err := b.keeper.(s3Keeper).client(b.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	return c, true
}

// A proxy passes bytes on to a server, and calls when more than after went there.
type proxy struct {
	host  string
	after int64
	once  sync.Once
	call  func()
	// slow waits after each piece.
	slow           time.Duration
	sent, received atomic.Int64
}

func (x *proxy) start(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	x.host = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go x.pass(c, to)
		}
	}()
	return x
}

func (x *proxy) pass(c net.Conn, to string) {
	defer c.Close()
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer up.Close()
	go func() {
		n, _ := io.Copy(c, up) // an end on either side ends both
		x.received.Add(n)
		c.Close()
	}()
	piece := make([]byte, 32<<10)
	for {
		n, err := c.Read(piece)
		if _, failed := up.Write(piece[:n]); err != nil || failed != nil {
			return
		}
		if x.call != nil && x.sent.Add(int64(n)) > x.after {
			x.once.Do(x.call)
		}
		time.Sleep(x.slow)
	}
}

// large is an archive that S3 takes in parts.
func large(t *testing.T, name string) Archive {
	t.Helper()
	noise := make([]byte, 12<<20)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	return bundle(t, name, string(noise))
}
