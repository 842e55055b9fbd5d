package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// runOptions are the flags of run, collect and report.
type runOptions struct {
	planFlags
	signing  signingFlags
	previous previousFlags
	// encryptTo are recipients, or files of them.
	encryptTo []string
	sampling  samplingFlags
	out       string
	asOf      string
	failOn    string
	audience  string
	output    string
	noPublish bool
	timings   bool
	// terminationLog gets the error of a run, where Kubernetes shows it.
	terminationLog string
	requirePublish bool
}

func newRun(env *environment) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run",
		Short: "Collect, assess, render and seal: the whole job",
		Long: `Read the clusters of the plan, hold them against the control table, and write a signed
audit pack: a folder and an archive of the same content, named after plan and day.

Where the plan has places under publish, the archive is copied to each, and read back.
Without --file the built-in plan reads the current context of the kubeconfig.
Nothing is written to a cluster, and nothing that exists is overwritten.`,
		Example: `  auditpack run -f audit/plan.yaml --key cosign.key
  auditpack run --context prod --key awskms:///alias/audit
  auditpack run -f audit/plan.yaml --key cosign.key --audience customer
  kubectl get all,roles,rolebindings -A -o yaml | auditpack run --from - --unsigned`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			told := telling{started: time.Now()}
			err := told.tell(cmd.Context(), env, run(cmd.Context(), env, o, &told))
			return errors.Join(err, leaveWord(o.terminationLog, err))
		},
	}
	terminationFlag(c, &o.terminationLog)
	c.Flags().BoolVar(&o.timings, "timings", false, "print how long each stage, list and check took, and how much memory")
	c.Flags().BoolVar(&o.noPublish, "no-publish", false, "leave out the places under publish in the plan")
	c.Flags().BoolVar(&o.requirePublish, "require-publish", false, "read nothing when the plan names no place under publish, as where the output folder goes with its pod")
	o.planFlags.add(c)
	o.signing.add(c)
	o.previous.add(c)
	o.addOutput(c)
	audienceFlag(c, &o.audience, "with customer, write beside the audit pack an extract of it that names no system, person or finding")
	return c
}

// addOutput adds the flags of every command that writes a bundle.
func (o *runOptions) addOutput(c *cobra.Command) {
	c.Flags().StringVar(&o.out, "out", "", "write the bundle into this `folder` (default: the plan's output, or here)")
	c.Flags().StringArrayVar(&o.encryptTo, "encrypt-to", nil, "write only an archive that this `recipient` can read: age1…, an SSH public key, or a file of them; repeatable (default: the plan's)")
	o.sampling.add(c)
	c.Flags().StringVar(&o.asOf, "as-of", "", "judge as of this `time` instead of now, as 2026-09-30T06:00:00Z")
	choiceFlag(c, &o.failOn, "fail-on", "", "exit 5 when an open finding is this severe or worse", "", "critical", "high", "medium", "low")
	outputFlag(c, &o.output)
}

// run does the job, and writes into told what others are told about it.
func run(ctx context.Context, env *environment, o runOptions, told *telling) error {
	in, err := o.load()
	if err != nil {
		return err
	}
	if err := told.to(env, in); err != nil {
		return invalid(err)
	}
	signer, err := o.signing.signer(ctx, env, in)
	if err != nil {
		return err
	}
	places := in.Plan.Spec.Publish
	if o.noPublish {
		places = nil
	}
	if o.requirePublish && len(places) == 0 {
		return invalid(errors.New("--require-publish: the plan names no place for the bundle; write one under spec.publish, as `to: s3://bucket/folder` or `to: file:///bundles`"))
	}
	if err := o.sampling.set(in); err != nil {
		return err
	}
	if err := checkPublications(places, signer); err != nil {
		return invalid(err)
	}
	asOf, err := asOfTime(o.asOf)
	if err != nil {
		return err
	}
	if err := o.follow(ctx, env, in, signer, asOf); err != nil {
		return err
	}
	sources, err := o.sources(env, in, asOf)
	if err != nil {
		return err
	}
	recipients, err := o.recipients(in)
	if err != nil {
		return err
	}
	documents, err := o.signing.documents(ctx, env, in, time.Now().UTC())
	if err != nil {
		return err
	}
	j := job{asOf: asOf, inputs: in, out: outFolder(o.out, in), signer: signer, documents: documents, recipients: recipients, collect: asking(asOf, sources)}
	if o.timings {
		j.watch = newStopwatch()
	}
	p, err := produce(ctx, j)
	env.endProgress()
	if err != nil {
		return err
	}
	told.report, told.sealed = p.report, p.sealed
	if o.timings && o.output != "json" {
		j.watch.print(env.stderr)
	}
	if o.audience == string(schema.AudienceCustomer) {
		if p.extract, err = extractBeside(ctx, j, p); err != nil {
			return err
		}
	}
	concluded := o.conclude(env, p, j.watch)
	if err := publishAll(ctx, env, p.sealed.Archive, places, signer, o.output == "json"); err != nil {
		return &exitError{exitPublish, fmt.Errorf("%s was written, and not published everywhere: %w", p.sealed.Archive, err)}
	}
	return concluded
}

// recipients are the flag's, or the plan's; nil for a bundle that is not encrypted.
func (o *runOptions) recipients(in *input.Set) (*seal.Recipients, error) {
	to := o.encryptTo
	if len(to) == 0 {
		for _, r := range in.Plan.Spec.EncryptTo {
			if !strings.HasPrefix(r, "age1") && !strings.HasPrefix(r, "ssh-") {
				r = in.Path(r)
			}
			to = append(to, r)
		}
	}
	if len(to) == 0 {
		return nil, nil
	}
	r, err := seal.LoadRecipients(to)
	return r, invalid(err)
}

// outFolder is the flag's, the plan's, or the working directory.
func outFolder(flag string, in *input.Set) string {
	if flag != "" {
		return flag
	}
	if out := in.Plan.Spec.Output; out != "" {
		return in.Path(out)
	}
	return "."
}

// asOfTime reads --as-of, or asks the clock.
func asOfTime(flag string) (time.Time, error) {
	if flag == "" {
		return time.Now().UTC().Truncate(time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, flag)
	if err != nil {
		return time.Time{}, invalid(fmt.Errorf("--as-of %q is not a time like 2026-09-30T06:00:00Z", flag))
	}
	return t.UTC().Truncate(time.Second), nil
}

// runResult is what run prints with -o json.
type runResult struct {
	sealedResult
	AsOf    time.Time      `json:"asOf"`
	Summary schema.Summary `json:"summary"`
	// Extract is there where one was made beside the bundle.
	Extract *sealedResult `json:"extract,omitempty"`
	// Timings are there where they were asked for.
	Timings *timings `json:"timings,omitempty"`
}

// sealedResult says where a bundle lies. Of an encrypted one there is no folder.
type sealedResult struct {
	Folder  string `json:"folder,omitempty"`
	Archive string `json:"archive"`
	Digest  string `json:"digest"`
}

func resultOf(s *seal.Sealed) sealedResult { return sealedResult{s.Folder, s.Archive, s.Digest} }

// conclude prints what was made and chooses the exit code.
func (o *runOptions) conclude(env *environment, p product, watch *stopwatch) error {
	if w := p.sealed.Warning; w != "" {
		env.say("note: %s", w)
	}
	if o.output == "json" {
		result := runResult{sealedResult: resultOf(p.sealed), AsOf: p.report.AsOf, Summary: p.report.Summary}
		if p.extract != nil {
			extract := resultOf(p.extract)
			result.Extract = &extract
		}
		if watch != nil {
			result.Timings = &watch.timings
		}
		if err := printJSON(env, result); err != nil {
			return err
		}
	} else if !env.quiet {
		printSummary(env, p.report)
		printFiles(env.stdout, p)
		if p.extract != nil {
			printExtract(env.stdout, p.extract)
		}
	}
	if o.failOn != "" && worstOpen(p.report, schema.Severity(o.failOn)) {
		return &exitError{exitFailOn, fmt.Errorf("there are open findings of severity %s or worse", o.failOn)}
	}
	if p.report.Summary.Gaps > 0 {
		return &exitError{exitGaps, errors.New("the bundle was written, and its evidence has gaps")}
	}
	return nil
}

// printFiles names what was written, what to open first, and how to check it.
func printFiles(w io.Writer, p product) {
	if p.sealed.Folder == "" {
		fmt.Fprintf(w, "\n%s\n  encrypted; auditpack verify --identity FILE checks it, age -d opens it\n", p.sealed.Archive)
		return
	}
	fmt.Fprintf(w, "\n%s\n  open report.pdf to read, report.html to search, control-map.xlsx to filter\n  auditpack verify %s %s\n",
		p.sealed.Folder, p.sealed.Archive, verifyWith(p))
}

// verifyWith are the flags with which whoever gets the archive checks it.
func verifyWith(p product) string {
	if p.report.Plan.Unsigned {
		return "--unsafe-unsigned"
	}
	if p.sealed.Keyless {
		return "--policy POLICY_FILE"
	}
	return "--key PUBLIC_KEY"
}

var severities = []schema.Severity{schema.Critical, schema.High, schema.Medium, schema.Low}

// worstOpen reports whether there is an open finding of that severity or worse.
func worstOpen(r *schema.Report, limit schema.Severity) bool {
	for _, s := range severities {
		if r.Summary.FindingsBySeverity[s] > 0 {
			return true
		}
		if s == limit {
			return false
		}
	}
	return false
}
