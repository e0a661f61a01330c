package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// directory is the absolute path of the directory that holds one cluster.
type directory string

func (d directory) path(name string) string { return filepath.Join(string(d), name) }

func (d directory) lockFile() string  { return d.path("lock") }
func (d directory) readyFile() string { return d.path("ready.json") }
func (d directory) stateFile() string { return d.path("state.json") }
func (d directory) tokenFile() string { return d.path("tokens.csv") }
func (d directory) etcdData() string  { return d.path("etcd") }
func (d directory) logFile() string   { return d.path("cluster.log") }
func (d directory) etcdLog() string   { return d.path("etcd.log") }
func (d directory) auditLog() string  { return d.path("audit.log") }

func (d directory) kubeconfig(i identity) string { return d.path(i.name + ".kubeconfig") }

// state is what a restart must find again, so that clients of the first start
// still work: the ports and the tokens.
type state struct {
	APIServerPort int `json:"apiserverPort"`
	EtcdPort      int `json:"etcdPort"`
	// Tokens maps the name of an identity to its bearer token.
	Tokens map[string]string `json:"tokens"`
}

// loadState reads the state of an earlier start. What is missing is made up: a
// random token for each identity, 0 for a port.
func (d directory) loadState() (*state, error) {
	s := &state{}
	text, err := os.ReadFile(d.stateFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if err := json.Unmarshal(text, s); err != nil {
			return nil, fmt.Errorf("%s: %w", d.stateFile(), err)
		}
	}
	if s.Tokens == nil {
		s.Tokens = map[string]string{}
	}
	for _, i := range identities {
		if s.Tokens[i.name] == "" {
			random := make([]byte, 16)
			if _, err := rand.Read(random); err != nil {
				return nil, err
			}
			s.Tokens[i.name] = hex.EncodeToString(random)
		}
	}
	return s, nil
}

func (d directory) saveState(s *state) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(d.stateFile(), append(text, '\n'))
}

// writeFile replaces a file as a whole, so that no reader sees half of it.
// Everything here is private to the user: most of it holds keys or tokens.
func writeFile(path string, content []byte) error {
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// lock holds the directory for one cluster process. The kernel releases it when
// that process ends in whatever way, so unlike a PID file it cannot be stale.
type lock struct{ file *os.File }

// errLocked says that a cluster runs on the directory.
var errLocked = errors.New("locked")

// tryLock takes the directory for this process and leaves its PID in the lock
// file. errLocked means that another process has it.
func (d directory) tryLock() (*lock, error) {
	file, err := os.OpenFile(d.lockFile(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, fmt.Errorf("lock %s: %w", d.lockFile(), err)
	}
	if err := file.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		return nil, err
	}
	return &lock{file}, nil
}

func (l *lock) release() { l.file.Close() }

// lockOwner is the PID of the process that holds the directory.
func (d directory) lockOwner() (int, error) {
	text, err := os.ReadFile(d.lockFile())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// running tells whether a cluster process holds the directory.
func (d directory) running() (bool, error) {
	file, err := os.Open(d.lockFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// logTail is the end of the cluster's log, for an error message.
func (d directory) logTail() string {
	const lines = 40
	text, err := os.ReadFile(d.logFile())
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
