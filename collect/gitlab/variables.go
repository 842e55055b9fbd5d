package gitlab

import (
	"context"

	"github.com/auditpack/auditpack/schema"
)

// variables reads the names of the variables of the project.
func (r *reader) variables(ctx context.Context) (int, error) {
	return r.variablesOf(ctx, r.path, r.row, "repository")
}

// variablesOf reads variables of a project or group. The answer has their values; a
// variable has no field for one.
func (a *asker) variablesOf(ctx context.Context, at, repository, scope string) (int, error) {
	type variable struct {
		Key         string `json:"key"`
		Protected   bool   `json:"protected"`
		Masked      bool   `json:"masked"`
		Hidden      bool   `json:"hidden"`
		Environment string `json:"environment_scope"`
	}
	found, err := list[variable](ctx, a, at+"/variables", nil)
	for _, v := range found {
		a.to.Rows(schema.PipelineSecret{
			Forge: a.source.Forge.Name, Repository: repository, Scope: scope, Environment: v.Environment, Name: v.Key, Kind: "variable",
			Protected: v.Protected, Masked: v.Masked, Hidden: v.Hidden,
		})
	}
	return len(found), err
}
