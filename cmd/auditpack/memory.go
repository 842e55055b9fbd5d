package main

import "runtime/debug"

// garbage is how much the heap may grow, in percent of what is in use, before it
// is cleaned up. Go's own hundred is for programs that may take what they like. A
// run shares its machine with a cluster or a pipeline, and pays for the third less
// memory with a tenth more time of the processor.
const garbage = 50

// saveMemory sets the limit, unless the environment has one.
func saveMemory(gogc string) {
	if gogc == "" {
		debug.SetGCPercent(garbage)
	}
}
