package assess

import (
	"fmt"
	"maps"
)

// funcs has the checks that are decided in Go, by the name in Check.Go. Each area
// declares a map of its own beside its functions.
var funcs = joined(accessFuncs, reviewFuncs, registerFuncs, separationFuncs, nodeFuncs, changeFuncs, secretFuncs, resilienceFuncs, deliveryFuncs, traceFuncs, pipelineFuncs, supportFuncs, governanceFuncs, auditLogFuncs, importFuncs, provenanceFuncs)

// joined merges maps of functions. A name that two areas use is a programming
// error and panics.
func joined(areas ...map[string]Func) map[string]Func {
	all := map[string]Func{}
	for _, area := range areas {
		for name := range area {
			if _, ok := all[name]; ok {
				panic(fmt.Sprintf("two checks are decided by a function %q", name))
			}
		}
		maps.Copy(all, area)
	}
	return all
}
