package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/assess/fleet"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/pdf"
	"github.com/auditpack/auditpack/render/xlsx"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
	"github.com/auditpack/auditpack/templates"
)

// fleetOptions are the flags of fleet. --key there is the one that the bundles were
// signed with; --sign-key signs what is made of them.
type fleetOptions struct {
	trust    verifyFlags
	signKey  string
	password string
	unsigned bool
	name     string
	out      string
	asOf     string
	hours    int
	output   string
}

func newFleet(env *environment) *cobra.Command {
	var o fleetOptions
	c := &cobra.Command{
		Use:   "fleet BUNDLE|FOLDER|DEST...",
		Short: "Many clusters, or many dates, in one report",
		Long: `Read the reports in many bundles and make one signed report of them: platforms worst
first, controls over all platforms with their outliers, who is missing since when, how it
went from day to day, and what the series of bundles of each platform shows.

Each bundle is verified first, to the last byte. One that is refused is listed with the
reason, and the exit code is 3. A folder stands for all archives in it, at any depth.
Bundles of one plan are one platform.

DEST is a place as "auditpack publish" takes it: s3://bucket/folder, gs://bucket/folder,
azblob://container/folder, oci://registry/repository. Of the bundles there only signature,
directory and report.json are read and verified; the evidence stays where it is, and the
report says so.`,
		Example: `  auditpack fleet /srv/bundles --key cosign.pub --sign-key fleet.key
  auditpack fleet s3://audit-bundles/nightly?region=eu-central-1 --key cosign.pub --sign-key fleet.key
  auditpack fleet prod-*.zip --key cosign.pub --unsigned --name prod-history
  auditpack fleet /srv/bundles --policy policy.yaml --sign-key fleet.key -o json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runFleet(cmd.Context(), env, o, args) },
	}
	o.trust.add(c)
	flags := c.Flags()
	flags.StringVar(&o.signKey, "sign-key", "", "sign the fleet report with this cosign private key `file` or KMS reference")
	flags.StringVar(&o.password, "password-file", "", "read the password of --sign-key from this `file`; COSIGN_PASSWORD and the terminal are asked otherwise")
	flags.BoolVar(&o.unsigned, "unsigned", false, "write a fleet report without signature, which its first page then says")
	flags.StringVar(&o.name, "name", "fleet", "the `name` that opens the name of the bundle")
	flags.StringVar(&o.out, "out", ".", "write the bundle into this `folder`")
	flags.StringVar(&o.asOf, "as-of", "", "say who is missing as of this `time` instead of now")
	flags.IntVar(&o.hours, "expect-hours", 36, "call a platform missing when its newest bundle is older than so many `hours`")
	outputFlag(c, &o.output)
	return c
}

func runFleet(ctx context.Context, env *environment, o fleetOptions, args []string) error {
	policy, err := o.trust.policy()
	if err != nil {
		return err
	}
	in, err := input.Default(templates.FS)
	if err != nil {
		return err
	}
	asOf, err := asOfTime(o.asOf)
	if err != nil {
		return err
	}
	if o.hours < 1 {
		return invalid(errors.New("--expect-hours is at least 1"))
	}
	signing := signingFlags{key: o.signKey, passwordFile: o.password, unsigned: o.unsigned}
	if o.signKey == "" && !o.unsigned {
		return invalid(errors.New("nothing says how to sign the fleet report: pass --sign-key, or --unsigned; --key is the key of the bundles"))
	}
	signer, err := signing.signer(ctx, env, in)
	if err != nil {
		return err
	}
	sources, reportsOnly, closePlaces, err := fleetSources(ctx, args)
	if err != nil {
		return err
	}
	report, err := readFleet(ctx, env, sources, policy, time.Duration(o.hours)*time.Hour, asOf)
	env.endProgress()
	if err := errors.Join(err, closePlaces()); err != nil {
		return err
	}
	report.ReportsOnly = reportsOnly
	report.Plan = schema.PlanFacts{Name: o.name, Organization: organizationOf(report), Scope: "Bundles of several platforms", Unsigned: o.unsigned}
	sealed, err := sealFleet(ctx, o, report, signer)
	if err != nil {
		return err
	}
	return concludeFleet(env, o, report, sealed)
}

// fleetFile is what tells a fleet report from another bundle.
const fleetFile = "fleet.json"

// readFleet verifies bundles one after the other and keeps what counts of each.
func readFleet(ctx context.Context, env *environment, sources []fleetSource, policy seal.Policy, expected time.Duration, asOf time.Time) (*schema.FleetReport, error) {
	all := fleet.New(expected)
	refused := []schema.FleetRefusal{}
	progress := env.progress()
	for i, s := range sources {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if progress != nil {
			progress("fleet", fmt.Sprintf("%d of %d  %s", i+1, len(sources), s.name))
		}
		b, err := s.read(ctx, policy)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			refused = append(refused, schema.FleetRefusal{Path: s.name, Reason: err.Error()})
		case !all.Add(b):
			env.say("note: %s has the same content as a bundle before it", s.name)
		}
	}
	if len(refused) == len(sources) {
		return nil, &exitError{exitVerify, fmt.Errorf("no bundle was accepted; the first, %s: %s", refused[0].Path, refused[0].Reason)}
	}
	report := all.Report(asOf)
	report.SchemaVersion, report.Tool, report.Refused = schema.Version, tool(), refused
	return report, nil
}

// organizationOf is that of all platforms, empty where they differ.
func organizationOf(r *schema.FleetReport) string {
	name := r.Platforms[0].Organization
	for _, p := range r.Platforms {
		if p.Organization != name {
			return ""
		}
	}
	return name
}

// sealFleet draws and seals the report.
func sealFleet(ctx context.Context, o fleetOptions, r *schema.FleetReport, signer *seal.Signer) (sealed *seal.Sealed, err error) {
	bundle, err := seal.Create(o.out, o.name+"-"+r.AsOf.Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bundle.Abort()) }()
	m, document := members{bundle.Dir()}, render.BuildFleet(r)
	err = errors.Join(
		m.write(fleetFile, func(w io.Writer) error { return writeJSON(w, r) }),
		m.write(seal.ReportFile, func(w io.Writer) error { return pdf.Render(w, document) }),
		m.write("fleet.xlsx", func(w io.Writer) error { return xlsx.Render(w, document) }),
	)
	if err != nil {
		return nil, err
	}
	return bundle.Seal(ctx, schema.Claim{AsOf: r.AsOf, Tool: r.Tool, Plan: r.Plan, Gaps: len(r.Refused), ControlsByStatus: map[schema.Status]int{}}, signer)
}

// isFleet reports whether a bundle is a fleet report.
func isFleet(v *seal.Verified) bool {
	return slices.ContainsFunc(v.Manifest.Members, func(m schema.Member) bool { return m.Path == fleetFile })
}

// walkFleet is walkAgain for a fleet report, which has no evidence of its own.
func walkFleet(v *seal.Verified, again remake) error {
	if again.reports {
		return invalid(errors.New("a fleet report has no evidence to make it from again: run fleet on its bundles with the same --as-of and compare, and verify --reperform each of them"))
	}
	v.NotChecked = append(v.NotChecked, "Whether the fleet report follows from its bundles: fleet, run on them with the same --as-of, makes it again.")
	return nil
}

// A fleetResult is what fleet prints with -o json.
type fleetResult struct {
	Folder  string              `json:"folder"`
	Archive string              `json:"archive"`
	Digest  string              `json:"digest"`
	Report  *schema.FleetReport `json:"report"`
}

func concludeFleet(env *environment, o fleetOptions, r *schema.FleetReport, sealed *seal.Sealed) error {
	if o.output == "json" {
		if err := printJSON(env, fleetResult{sealed.Folder, sealed.Archive, sealed.Digest, r}); err != nil {
			return err
		}
	} else if !env.quiet {
		printFleet(env, r, sealed)
	}
	read := 0
	for _, p := range r.Platforms {
		read += len(p.Bundles)
	}
	if len(r.Refused) > 0 {
		return &exitError{exitGaps, fmt.Errorf("the fleet report was written, and of %d bundles %d were refused", len(r.Refused)+read, len(r.Refused))}
	}
	return nil
}

func printFleet(env *environment, r *schema.FleetReport, sealed *seal.Sealed) {
	p := newPaint(env)
	fmt.Fprintf(env.stdout, "  %-28s %-17s %5s %5s %5s %5s %5s\n", "platform", "newest bundle", "impl.", "part.", "none", "crit.", "high")
	for i, x := range r.Platforms {
		if i == 15 {
			fmt.Fprintf(env.stdout, "  … and %d more in the report\n", len(r.Platforms)-i)
			break
		}
		newest := x.Bundles[len(x.Bundles)-1].AsOf.Format("2006-01-02 15:04")
		note := ""
		if !x.MissingSince.IsZero() {
			note = "  " + p.bad(true, "missing since "+x.MissingSince.Format("2006-01-02 15:04"))
		}
		fmt.Fprintf(env.stdout, "  %-28s %-17s %5d %5d %5d %5d %5d%s\n", cutTo(printable(x.Plan), 28), newest, x.ControlsByStatus[schema.Implemented], x.ControlsByStatus[schema.Partial],
			x.ControlsByStatus[schema.NotImplemented], x.FindingsBySeverity[schema.Critical], x.FindingsBySeverity[schema.High], note)
	}
	for _, x := range r.Refused {
		fmt.Fprintf(env.stdout, "refused: %s: %s\n", printable(x.Path), printable(x.Reason))
	}
	fmt.Fprintf(env.stdout, "\n%s\n  report.pdf  to read\n  fleet.xlsx  to filter: platforms and controls, bundles, status changes, days\n  fleet.json  for machines\n%s\n", sealed.Folder, sealed.Archive)
}
