package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/auditpack/auditpack/internal/openapi"
)

// TestForges runs the scripts that need a forge. What it answers is valid by the
// vendor's description; anything that is not among the answers it does not show.
func TestForges(t *testing.T) {
	const repo = "/repos/{owner}/{repo}"
	const base = "/repos/shop/deploy"
	const head = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	one := func(template, changes string) []openapi.Answer {
		return []openapi.Answer{{Body: openapi.One(t, template, changes)}}
	}
	many := func(template, key string, changes ...string) []openapi.Answer {
		return []openapi.Answer{{Body: openapi.Many(t, template, key, changes...)}}
	}
	pull := func(number, author string) string {
		return `{"number":` + number + `,"user":{"login":"` + author + `","type":"User"},"merged_at":"2026-08-03T10:00:00Z","updated_at":"2026-08-03T10:00:00Z","merge_commit_sha":"` + head + `","base":{"ref":"main"},"head":{"sha":"` + head + `"}}`
	}
	review := `{"user":{"login":"bob","type":"User"},"state":"APPROVED","commit_id":"` + head + `","submitted_at":"2026-08-02T10:00:00Z"}`
	server := openapi.GitHub(t, map[string][]openapi.Answer{
		"/user": one("/user", `{"login":"auditor"}`),
		base: one(repo, `{"full_name":"shop/deploy","default_branch":"main","visibility":"private","archived":false,"-source":true,"-parent":true,"-template_repository":true,
			"security_and_analysis":{"secret_scanning":{"status":"enabled"},"secret_scanning_push_protection":{"status":"enabled"}}}`),
		base + "/actions/permissions/workflow": one(repo+"/actions/permissions/workflow", `{"default_workflow_permissions":"write","can_approve_pull_request_reviews":false}`),
		base + "/actions/permissions":          one(repo+"/actions/permissions", `{"enabled":true,"allowed_actions":"selected"}`),
		base + "/rules/branches/main":          {{Body: "[]"}},
		base + "/branches/main/protection": one(repo+"/branches/{branch}/protection", `{"-required_status_checks":true,"enforce_admins":{"enabled":true},
			"required_pull_request_reviews":{"required_approving_review_count":1,"-bypass_pull_request_allowances":true},"allow_force_pushes":{"enabled":false},"allow_deletions":{"enabled":false},"-restrictions":true}`),
		base + "/pulls?base=main&direction=desc&sort=updated&state=closed": many(repo+"/pulls", "", pull("3", "ann"), pull("4", "eve")),
		base + "/pulls/3":         one(repo+"/pulls/{pull_number}", `{"number":3}`),
		base + "/pulls/4":         one(repo+"/pulls/{pull_number}", `{"number":4}`),
		base + "/pulls/3/reviews": many(repo+"/pulls/{pull_number}/reviews", "", review),
		base + "/pulls/4/reviews": {{Body: "[]"}},
		base + "/keys":            many(repo+"/keys", "", `{"id":1,"title":"deployer","read_only":false,"last_used":null}`),
	})
	testscript.Run(t, testscript.Params{
		Dir: "testdata/forges", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("FORGE", server.URL)
			e.Setenv("GITHUB_TOKEN", "token-of-the-test")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "nowhere": nowhere, "cells": cells, "expand": expand},
	})
}

// expand FILE replaces $FORGE in a file by the address of the forge.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "$FORGE", ts.Getenv("FORGE"))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
