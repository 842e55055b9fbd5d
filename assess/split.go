package assess

import (
	"reflect"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// split returns the rows of each cluster, for the evidence or what is derived from it.
// The rows are shared with t, the slices are not.
func split[T any](t *T) map[string]*T {
	out := map[string]*T{}
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		table := v.Field(i)
		for start := 0; start < table.Len(); {
			cluster := clusterOf(table, start)
			end := start + 1
			for end < table.Len() && clusterOf(table, end) == cluster {
				end++
			}
			if out[cluster] == nil {
				out[cluster] = new(T)
			}
			to := reflect.ValueOf(out[cluster]).Elem().Field(i)
			// The limited capacity makes an append copy instead of writing into t.
			run := table.Slice3(start, end, end)
			if to.Len() == 0 {
				to.Set(run)
			} else {
				to.Set(reflect.AppendSlice(to, run))
			}
			start = end
		}
	}
	return out
}

func clusterOf(table reflect.Value, i int) string {
	return table.Index(i).Interface().(schema.Row).Subject().Cluster
}

// rowsOf returns the slice of a population, of evidence or derived; invalid for an unknown name.
func rowsOf(e *schema.Evidence, d *schema.Derived, population string) reflect.Value {
	for _, v := range []reflect.Value{reflect.ValueOf(e).Elem(), reflect.ValueOf(d).Elem()} {
		for i := range v.NumField() {
			if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name == population {
				return v.Field(i)
			}
		}
	}
	return reflect.Value{}
}
