package main

import (
	"encoding/json"
	"testing"
)

// TestEveryCheckOfTheAPIIsDecided reads what controls list tells a machine.
func TestEveryCheckOfTheAPIIsDecided(t *testing.T) {
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
	all, api := 0, 0
	for _, c := range list.Controls {
		for _, k := range c.Checks {
			all++
			if k.Evaluation == "" || k.Severity == "" || k.Implemented == nil {
				t.Errorf("%s is not described: %+v", k.ID, k)
				continue
			}
			if k.Kind == "api" {
				api++
				if !*k.Implemented {
					t.Errorf("%s is not decided", k.ID)
				}
			}
		}
	}
	if len(list.Controls) != 45 || all != 175 || api != 110 {
		t.Errorf("%d controls with %d checks, %d of them of the API; want 45, 175 and 110", len(list.Controls), all, api)
	}
}
