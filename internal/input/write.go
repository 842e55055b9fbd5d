package input

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/schema"
)

// Write returns a document as YAML, in the order of its fields, as Document reads
// it back. v is one of the types that Document returns; what the program wrote and
// would not read is an error.
func Write(v any) ([]byte, error) {
	data, err := schema.Marshal(v)
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil { // JSON is YAML
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	plainStyle(&root)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&root); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	if _, err := Document("document", b.Bytes()); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), nil
}

// plainStyle takes the brackets and quotes of JSON away. The encoder quotes what
// would be read as something else without them.
func plainStyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plainStyle(c)
	}
}
