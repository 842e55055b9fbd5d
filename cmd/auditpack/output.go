package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/auditpack/auditpack/schema"
)

// choice is a flag value that is one of a few words.
type choice struct {
	value *string
	words []string
}

func (c choice) String() string { return *c.value }
func (c choice) Type() string   { return "word" }
func (c choice) Set(s string) error {
	for _, w := range c.words {
		if w == s {
			*c.value = s
			return nil
		}
	}
	return fmt.Errorf("must be one of %v", c.words)
}

// choiceFlag adds a flag that takes one of the words, with shell completion.
func choiceFlag(c *cobra.Command, value *string, name, short, usage, preset string, words ...string) {
	*value = preset
	c.Flags().VarP(choice{value, words}, name, short, usage)
	if err := c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag was added one line above
	}
}

func outputFlag(c *cobra.Command, value *string) {
	choiceFlag(c, value, "output", "o", "print as text or json", "text", "text", "json")
}

func printJSON(env *environment, v any) error {
	b, err := schema.Marshal(v)
	if err != nil {
		return err
	}
	_, err = env.stdout.Write(b)
	return err
}

// progress prints what goes on to standard error: on a terminal it rewrites one
// line, elsewhere and with --verbose it prints plain lines. The function may be
// called from several goroutines.
func (e *environment) progress() func(source, line string) {
	if e.quiet {
		return nil
	}
	format := "%s: %s\n"
	if e.rewritesLine() {
		format = "\r\x1b[K%s: %s"
	}
	var mu sync.Mutex
	return func(source, line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(e.stderr, format, printable(source), printable(line))
	}
}

// detail is progress with more lines than a log should have: a line that is
// rewritten takes them, and --verbose asks for them.
func (e *environment) detail() func(source, line string) {
	if e.verbose || e.rewritesLine() {
		return e.progress()
	}
	return nil
}

// endProgress clears the line that progress rewrites.
func (e *environment) endProgress() {
	if !e.quiet && e.rewritesLine() {
		fmt.Fprint(e.stderr, "\r\x1b[K")
	}
}

func (e *environment) rewritesLine() bool {
	return !e.verbose && term.IsTerminal(int(e.stderr.Fd()))
}

// say prints a line for people to standard error, unless they asked for quiet.
func (e *environment) say(format string, args ...any) {
	if !e.quiet {
		fmt.Fprintf(e.stderr, format+"\n", args...)
	}
}

// printable shows control characters of names that came from elsewhere instead of
// sending them to the terminal.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
