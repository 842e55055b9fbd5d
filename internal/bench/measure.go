package main

import "context"

type plan struct {
	sizes   []int
	program string
	repeat  int
	out     string
}

func measure(context.Context, plan) error { return nil }
