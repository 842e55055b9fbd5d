package assess

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/auditpack/auditpack/schema"
)

// Settings are the parts of the plan that expressions see as the variable plan.
type Settings struct {
	// Registries are the approved hosts, or host/path prefixes.
	Registries []string `json:"registries"`
	// Production are the environments that count as production.
	Production []string `json:"production"`
	// PipelineManagers are the field managers that belong to a pipeline.
	PipelineManagers []string `json:"pipelineManagers"`
	// RunnerNamespaces hold self-hosted CI runners.
	RunnerNamespaces []string `json:"runnerNamespaces"`
}

// costLimit bounds one evaluation. The dearest of the built-in rules stays below a
// hundredth of it; a rule of a user that reaches it is an error.
const costLimit = 1_000_000

// An engine compiles expressions over the rows of populations. Its functions ask
// the facts that it was made with.
type engine struct {
	base *cel.Env
	envs map[string]*cel.Env // by population
}

func newEngine(facts *Facts) (*engine, error) {
	base, err := cel.NewEnv(
		nativeTypes(),
		ext.Strings(),
		cel.Variable("ns", cel.ObjectType("schema.Namespace")),
		cel.Variable("cluster", cel.ObjectType("schema.Cluster")),
		cel.Variable("plan", cel.ObjectType("assess.Settings")),
		cel.Variable("asOf", cel.TimestampType),
		cel.Function("approval", cel.Overload("approval_type_row", []*cel.Type{cel.StringType, cel.DynType}, cel.StringType, cel.BinaryBinding(facts.celApproval))),
		cel.Function("documented", cel.Overload("documented_check_item", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(facts.celDocumented))),
		cel.Function("production", cel.Overload("production_cluster_namespace", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(facts.celProduction))),
		cel.Function("known", cel.Overload("known_time", []*cel.Type{cel.TimestampType}, cel.BoolType, cel.UnaryBinding(celKnown))),
		cel.Function("ageDays", cel.Overload("age_days_time", []*cel.Type{cel.TimestampType}, cel.IntType, cel.UnaryBinding(facts.celAgeDays))),
		cel.Function("older", cel.Overload("older_time_duration", []*cel.Type{cel.TimestampType, cel.DurationType}, cel.BoolType, cel.BinaryBinding(facts.celOlder))),
	)
	if err != nil {
		return nil, fmt.Errorf("set up expressions: %w", err)
	}
	return &engine{base: base, envs: map[string]*cel.Env{}}, nil
}

func nativeTypes() cel.EnvOption {
	args := []any{ext.ParseStructTag("json"), reflect.TypeFor[Settings]()}
	for _, p := range schema.Populations {
		args = append(args, reflect.TypeOf(p.Row))
	}
	return ext.NativeTypes(args...)
}

// env returns the environment in which row is a row of the population.
func (e *engine) env(population string) (*cel.Env, error) {
	if env, ok := e.envs[population]; ok {
		return env, nil
	}
	p, ok := schema.PopulationNamed(population)
	if !ok {
		return nil, fmt.Errorf("there is no population %q", population)
	}
	env, err := e.base.Extend(cel.Variable("row", cel.ObjectType("schema."+reflect.TypeOf(p.Row).Name())))
	if err != nil {
		return nil, fmt.Errorf("set up expressions over %s: %w", population, err)
	}
	e.envs[population] = env
	return env, nil
}

// compile checks an expression against the row type of a population.
func (e *engine) compile(population, source string) (*cel.Env, *cel.Ast, error) {
	env, err := e.env(population)
	if err != nil {
		return nil, nil, err
	}
	ast, issues := env.Compile(source)
	return env, ast, issues.Err()
}

// condition compiles an expression that must give a boolean.
func (e *engine) condition(population, source string) (cel.Program, error) {
	env, ast, err := e.compile(population, source)
	if err != nil {
		return nil, err
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("the expression %q gives %s, not a boolean", source, ast.OutputType())
	}
	return program(env, ast)
}

// text compiles an expression that can be written as text: a string, a number, a
// time, or a list of strings, which is joined by commas.
func (e *engine) text(population, source string) (cel.Program, error) {
	env, ast, err := e.compile(population, source)
	if err != nil {
		return nil, err
	}
	switch t := ast.OutputType(); {
	case t == cel.StringType:
		return program(env, ast)
	case t == cel.IntType || t == cel.TimestampType || t == cel.BoolType:
		source = "string(" + source + ")"
	case t.IsExactType(cel.ListType(cel.StringType)):
		source = "(" + source + `).join(", ")`
	default:
		return nil, fmt.Errorf("the expression %q gives %s, which is not text", source, t)
	}
	if env, ast, err = e.compile(population, source); err != nil {
		return nil, err
	}
	return program(env, ast)
}

func program(env *cel.Env, ast *cel.Ast) (cel.Program, error) {
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
}

func (f *Facts) celApproval(kind, row ref.Val) ref.Val {
	k, ok := kind.Value().(string)
	if !ok {
		return types.MaybeNoSuchOverloadErr(kind)
	}
	r, ok := row.Value().(schema.Row)
	if !ok {
		return types.NewErr("approval: the second argument is not a row")
	}
	return types.String(f.Approval(schema.ApprovalType(k), r.Subject()))
}

func (f *Facts) celDocumented(check, item ref.Val) ref.Val {
	c, ok := check.Value().(string)
	i, ok2 := item.Value().(string)
	if !ok || !ok2 {
		return types.MaybeNoSuchOverloadErr(check)
	}
	return types.Bool(f.Documented(c, i))
}

func (f *Facts) celProduction(cluster, namespace ref.Val) ref.Val {
	c, ok := cluster.Value().(string)
	n, ok2 := namespace.Value().(string)
	if !ok || !ok2 {
		return types.MaybeNoSuchOverloadErr(cluster)
	}
	return types.Bool(f.Production(c, n))
}

func celKnown(t ref.Val) ref.Val {
	v, ok := t.Value().(time.Time)
	if !ok {
		return types.MaybeNoSuchOverloadErr(t)
	}
	return types.Bool(!unknown(v))
}

// unknown reports whether a time is not known. CEL hands the zero time of a Go
// field on as that of Unix.
func unknown(t time.Time) bool { return t.IsZero() || t.Unix() == 0 }

func (f *Facts) celAgeDays(t ref.Val) ref.Val {
	v, ok := t.Value().(time.Time)
	if !ok {
		return types.MaybeNoSuchOverloadErr(t)
	}
	if unknown(v) {
		return types.Int(math.MaxInt64)
	}
	return types.Int(f.AsOf.Sub(v) / (24 * time.Hour))
}

func (f *Facts) celOlder(t, d ref.Val) ref.Val {
	v, ok := t.Value().(time.Time)
	limit, ok2 := d.Value().(time.Duration)
	if !ok || !ok2 {
		return types.MaybeNoSuchOverloadErr(t)
	}
	return types.Bool(unknown(v) || f.AsOf.Sub(v) > limit)
}

// holds evaluates a condition. It takes no context: the cost limit bounds one
// evaluation, and runRules looks at the context before each row.
func holds(p cel.Program, vars map[string]any) (bool, error) {
	v, _, err := p.Eval(vars)
	if err != nil {
		return false, err
	}
	b, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("it gave %v, not a boolean", v.Type())
	}
	return b, nil
}
