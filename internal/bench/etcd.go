package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/sync/errgroup"
)

// etcd is asked through its JSON gateway: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/
const transactionPath = "/v3/kv/txn"

// A transaction has at most as many operations, and bytes, as etcd takes by default.
const (
	maxOperations = 100
	maxBytes      = 1 << 20
)

// An entry is one object as the API server stores it.
type entry struct {
	key   string
	value []byte
}

// A store puts entries into etcd, many at a time. Its methods are for one
// goroutine; the transactions run beside it.
type store struct {
	url     string
	group   *errgroup.Group
	pending []entry
	size    int
}

func newStore(ctx context.Context, url string) *store {
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(4)
	return &store{url: url, group: group}
}

// add puts an entry, now or with later ones.
func (s *store) add(e entry) {
	if len(s.pending) == maxOperations || s.size+len(e.value) > maxBytes {
		s.send()
	}
	s.pending = append(s.pending, e)
	s.size += len(e.value)
}

func (s *store) send() {
	entries := s.pending
	s.pending, s.size = nil, 0
	s.group.Go(func() error { return put(s.url, entries) })
}

// close returns when everything is stored.
func (s *store) close() error {
	s.send()
	return s.group.Wait()
}

func put(url string, entries []entry) error {
	type pair struct {
		Key   []byte `json:"key"`
		Value []byte `json:"value"`
	}
	type operation struct {
		Put pair `json:"requestPut"`
	}
	var transaction struct {
		Success []operation `json:"success"`
	}
	for _, e := range entries {
		transaction.Success = append(transaction.Success, operation{pair{[]byte(e.key), e.value}})
	}
	body, err := json.Marshal(transaction)
	if err != nil {
		return err
	}
	resp, err := http.Post(url+transactionPath, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write to etcd: %w", err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("write to etcd: %s %.200s, %v", resp.Status, answer, err)
	}
	return nil
}
