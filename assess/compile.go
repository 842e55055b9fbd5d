package assess

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"

	"github.com/auditpack/auditpack/schema"
)

// A CheckError is a mistake in one field of one check.
type CheckError struct {
	Check string // id of the check
	Field string // such as "rules[0].when"
	Err   error
}

// Error implements error.
func (e *CheckError) Error() string { return fmt.Sprintf("check %s: %s: %v", e.Check, e.Field, e.Err) }

// Unwrap returns what is wrong with the field.
func (e *CheckError) Unwrap() error { return e.Err }

// Compile compiles every expression of the checks and looks at their other fields.
// It returns nil, or all mistakes joined, each a *CheckError.
func Compile(checks []schema.Check) error {
	engine, err := newEngine(&Facts{})
	if err != nil {
		return err
	}
	_, err = compileAll(engine, checks)
	return err
}

// A Mechanism says what decides a check in this release.
type Mechanism string

// The mechanisms. None means that the check is not_collected.
const (
	ByRules     Mechanism = "rules"     // the CEL rules of the check
	ByGo        Mechanism = "go"        // a function of the program
	ByDocuments Mechanism = "documents" // presence, dates and approval of the documents registered for it
	ByNone      Mechanism = "none"
)

// DecidedBy says what decides a check in this release.
func DecidedBy(c *schema.Check) Mechanism {
	switch {
	case c.Go != "":
		return ByGo
	case len(c.Rules) > 0:
		return ByRules
	case c.Kind == schema.CheckDocument:
		return ByDocuments
	default:
		return ByNone
	}
}

// A compiledCheck is a check that is ready to look at rows.
type compiledCheck struct {
	*schema.Check
	by      Mechanism
	scope   cel.Program // nil when every row is in scope
	rules   []compiledRule
	message *template // of a check in rules
	decide  Func      // of a check in Go
}

type compiledRule struct {
	when     cel.Program
	result   schema.Result
	severity schema.Severity
	message  *template // nil for that of the check
}

func compileAll(e *engine, checks []schema.Check) ([]*compiledCheck, error) {
	var errs []error
	seen := map[string]bool{}
	out := make([]*compiledCheck, 0, len(checks))
	for i := range checks {
		c := checker{engine: e, check: &checks[i]}
		if seen[c.check.ID] {
			c.add("id", errors.New("another check has the same id"))
		}
		seen[c.check.ID] = true
		out = append(out, c.compile())
		errs = append(errs, c.errs...)
	}
	return out, errors.Join(errs...)
}

// A checker compiles one check and gathers its mistakes.
type checker struct {
	engine *engine
	check  *schema.Check
	errs   []error
}

func (c *checker) add(field string, err error) {
	if err != nil {
		c.errs = append(c.errs, &CheckError{Check: c.check.ID, Field: field, Err: err})
	}
}

func (c *checker) compile() *compiledCheck {
	out := &compiledCheck{Check: c.check, by: DecidedBy(c.check)}
	c.fields()
	switch out.by {
	case ByGo:
		out.decide = c.function()
	case ByRules:
		c.rules(out)
	}
	return out
}

var (
	severities  = []schema.Severity{schema.Critical, schema.High, schema.Medium, schema.Low, schema.Info}
	kinds       = []schema.CheckKind{schema.CheckAPI, schema.CheckPipeline, schema.CheckDocument, schema.CheckRegister}
	evaluations = []schema.Evaluation{schema.Auto, schema.Semi, schema.Manual}
	ruleResults = []schema.Result{schema.ResultPass, schema.ResultPartial, schema.ResultFail, schema.ResultNeedsReview, schema.ResultNotApplicable}
)

func oneOf[T ~string](v T, allowed []T) error {
	if slices.Contains(allowed, v) {
		return nil
	}
	return fmt.Errorf("%q is none of %q", v, allowed)
}

// fields checks what does not need an expression to be compiled.
func (c *checker) fields() {
	if c.check.ID == "" {
		c.add("id", errors.New("it is empty"))
	}
	if c.check.Control == "" {
		c.add("control", errors.New("it is empty"))
	}
	c.add("severity", oneOf(c.check.Severity, severities))
	c.add("kind", oneOf(c.check.Kind, kinds))
	c.add("evaluation", oneOf(c.check.Evaluation, evaluations))
	c.add("empty", oneOf(cmp.Or(c.check.Empty, schema.ResultPass), ruleResults))
	for i, need := range c.check.Needs {
		c.add(fmt.Sprintf("needs[%d]", i), population(need))
	}
	if c.check.Population != "" {
		c.add("population", population(c.check.Population))
	}
	if c.check.Go == "" {
		return
	}
	if len(c.check.Rules) > 0 {
		c.add("rules", errors.New("a check is decided by rules or by a function, not by both"))
	}
	if c.check.Scope != "" {
		c.add("scope", errors.New("a function decides about its scope itself"))
	}
}

func population(name string) error {
	if _, ok := schema.PopulationNamed(name); ok {
		return nil
	}
	return fmt.Errorf("there is no population %q", name)
}

func (c *checker) function() Func {
	f, ok := funcs[c.check.Go]
	if !ok {
		c.add("go", fmt.Errorf("there is no function %q", c.check.Go))
	}
	return f
}

func (c *checker) rules(out *compiledCheck) {
	if c.check.Kind != schema.CheckAPI && c.check.Kind != schema.CheckPipeline {
		c.add("rules", fmt.Errorf("rules look at rows of a population, and a check of kind %s has none", c.check.Kind))
		return
	}
	if c.check.Population == "" {
		c.add("population", errors.New("rules need a population to run over"))
		return
	}
	if c.check.Scope != "" {
		out.scope = c.condition("scope", c.check.Scope)
	}
	out.message = c.template("message", c.check.Message)
	for i, r := range c.check.Rules {
		field := fmt.Sprintf("rules[%d].", i)
		c.add(field+"result", oneOf(r.Result, ruleResults))
		c.add(field+"severity", oneOf(cmp.Or(r.Severity, schema.Info), severities))
		cr := compiledRule{when: c.condition(field+"when", r.When), result: r.Result, severity: cmp.Or(r.Severity, c.check.Severity)}
		if r.Message != "" {
			cr.message = c.template(field+"message", r.Message)
		}
		out.rules = append(out.rules, cr)
	}
}

func (c *checker) condition(field, source string) cel.Program {
	if c.badPopulation() {
		return nil
	}
	p, err := c.engine.condition(c.check.Population, source)
	c.add(field, err)
	return p
}

func (c *checker) template(field, source string) *template {
	if c.badPopulation() {
		return nil
	}
	t, err := parseTemplate(source, func(expr string) (cel.Program, error) { return c.engine.text(c.check.Population, expr) })
	c.add(field, err)
	return t
}

// badPopulation saves a mistake in the population from being told once for every expression.
func (c *checker) badPopulation() bool { return population(c.check.Population) != nil }
