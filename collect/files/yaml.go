package files

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The ways in which YAML is refused that a parser accepts.
var (
	errTooLarge = errors.New("aliases stand for more values than they may")
	errTooDeep  = errors.New("nested too deeply")
	errKey      = errors.New("a key is not a string")
	errRepeated = errors.New("a key is there twice")
	errMerge    = errors.New("a merge key without a mapping")
	errNoNumber = errors.New("a number that JSON cannot write")
	errInvalid  = errors.New("not valid YAML")
)

// A converter makes of YAML what JSON would decode to. It counts what aliases
// stand for, because a small document can stand for an endless one with them.
type converter struct {
	aliases int // within how many we are
	aliased int // values that aliases stood for
}

func (c *converter) value(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	if c.aliases > 0 {
		if c.aliased++; c.aliased > maxAliased {
			return nil, errTooLarge
		}
	}
	switch n.Kind {
	case 0:
		return nil, nil
	case yaml.DocumentNode:
		if len(n.Content) != 1 {
			return nil, errInvalid
		}
		return c.value(n.Content[0], depth+1)
	case yaml.AliasNode:
		c.aliases++
		defer func() { c.aliases-- }()
		return c.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		l := make([]any, 0, len(n.Content))
		for _, e := range n.Content {
			v, err := c.value(e, depth+1)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	case yaml.MappingNode:
		return c.mapping(n, depth)
	}
	return scalar(n)
}

// mapping reads a mapping. Keys of its own win over those that are merged in.
func (c *converter) mapping(n *yaml.Node, depth int) (any, error) {
	own, merged := map[string]any{}, map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		v, err := c.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, errKey
		}
		if key.ShortTag() == "!!merge" {
			if err := merge(merged, v); err != nil {
				return nil, err
			}
			continue
		}
		if _, twice := own[key.Value]; twice {
			return nil, errRepeated
		}
		own[key.Value] = v
	}
	for k, v := range own {
		merged[k] = v
	}
	return merged, nil
}

// merge adds the keys of a mapping, or of a list of them, of which the first wins.
func merge(into map[string]any, v any) error {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if _, ok := into[k]; !ok {
				into[k] = e
			}
		}
		return nil
	case []any:
		for _, e := range v {
			if _, ok := e.(map[string]any); !ok {
				return errMerge
			}
			if err := merge(into, e); err != nil {
				return err
			}
		}
		return nil
	}
	return errMerge
}

// scalar reads null, booleans and numbers as YAML 1.2 has them, and everything
// else, dates included, as the text that it is.
func scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		if b, err := strconv.ParseBool(strings.ToLower(n.Value)); err == nil {
			return b, nil
		}
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return json.Number(strconv.FormatInt(i, 10)), nil
		}
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return number(f)
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return number(f)
		}
		return nil, errNoNumber
	}
	return n.Value, nil
}

func number(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errNoNumber
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
}
