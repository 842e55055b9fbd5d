package main

import (
	"encoding/json"
	"testing"
)

// TestEveryCheckOfRowsIsDecided reads what controls list tells a machine.
func TestEveryCheckOfRowsIsDecided(t *testing.T) {
	code, stdout, stderr := command(t, "controls", "list", "-o", "json")
	if code != exitDone {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var list struct {
		Controls []struct {
			ID     string
			Checks []struct {
				ID, Kind, Evaluation, Severity string
				Implemented                    *bool
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &list); err != nil {
		t.Fatal(err)
	}
	all, counts := 0, map[string]int{}
	for _, c := range list.Controls {
		for _, k := range c.Checks {
			all++
			if k.Evaluation == "" || k.Severity == "" || k.Implemented == nil {
				t.Errorf("%s is not described: %+v", k.ID, k)
				continue
			}
			counts[k.Kind]++
			if (k.Kind == "api" || k.Kind == "pipeline") && !*k.Implemented {
				t.Errorf("%s is not decided", k.ID)
			}
		}
	}
	if len(list.Controls) != 45 || all != 175 || counts["api"] != 110 || counts["pipeline"] != 18 {
		t.Errorf("%d controls with %d checks, of them %v; want 45, 175, 110 of the API and 18 of pipelines", len(list.Controls), all, counts)
	}
}
