package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/publish"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// publishOptions are the flags of publish.
type publishOptions struct {
	verifyFlags
	keep, lockMode string
	lockDays       int
	dryRun         bool
	signKey        string
	passwordFile   string
	terminationLog string
	output         string
}

func newPublish(env *environment) *cobra.Command {
	var o publishOptions
	c := &cobra.Command{
		Use:   "publish BUNDLE DEST",
		Short: "Verify a bundle, and copy it to where bundles are kept",
		Long: `Verify the archive of a bundle as "auditpack verify" does, copy it to a folder, bucket or
registry, and read it back to the last byte. Nothing is ever overwritten: a name that is taken by the
same bytes is done already, and by other bytes an error. An upload that was cut off is not
seen at the place; publish again.

An encrypted archive for which --identity has no key is published as it is, by its digest.

DEST is file:///folder, s3://bucket/folder, gs://bucket/folder, azblob://container/folder
or oci://registry/repository, with options of the store after a question mark. Credentials
come from where the store's own tools look: the environment, a profile, the workload identity
of a pod, and the configuration of docker for a registry.

In a registry a bundle is an artifact with a tag made of its name, and its attestation a
referrer that cosign finds. With --sign-key the artifact itself is signed, too, and
"cosign verify-attestation --type ` + publish.PublicationType + `" checks it there.

--keep deletes, after the bundle is safe, older bundles of the same plan that no rule asks
for: the newest of each of the last so many days, weeks, months, quarters and years that have
one stays. Never deleted are the last bundle, what lies under a legal hold or lock, what has
a file NAME.hold beside it, and what is no bundle of the plan by its content.`,
		Example: `  auditpack publish prod-2026-09-30.zip s3://audit-bundles/prod?region=eu-central-1 --key cosign.pub
  auditpack publish prod-2026-09-30.zip file:///srv/bundles --policy policy.yaml
  auditpack publish prod-2026-09-30.zip.age s3://audit-bundles --lock-days 400
  auditpack publish prod-2026-09-30.zip s3://audit-bundles --key cosign.pub \
    --keep daily=14,weekly=8,quarterly=12 --dry-run
  auditpack publish prod-2026-09-30.zip oci://registry.example.com/audit/prod --key cosign.pub --sign-key cosign.key`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := publishOne(cmd.Context(), env, args[0], args[1], o)
			return errors.Join(err, leaveWord(o.terminationLog, err))
		},
	}
	terminationFlag(c, &o.terminationLog)
	o.verifyFlags.add(c)
	c.Flags().StringVar(&o.keep, "keep", "", "delete what is superseded and not asked for by these `rules`, as daily=14,weekly=8,quarterly=12")
	c.Flags().IntVar(&o.lockDays, "lock-days", 0, "have the store refuse deletion for so many `days`")
	choiceFlag(c, &o.lockMode, "lock-mode", "", "whether those with a right for it can lift the lock", "governance", "compliance")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "verify, and print what would be written and deleted")
	c.Flags().StringVar(&o.signKey, "sign-key", "", "in a registry, sign the artifact with this cosign private key `file` or KMS reference")
	c.Flags().StringVar(&o.passwordFile, "password-file", "", "read the password of --sign-key from this `file`; COSIGN_PASSWORD and the terminal are asked otherwise")
	outputFlag(c, &o.output)
	return c
}

func publishOne(ctx context.Context, env *environment, path, address string, o publishOptions) error {
	p := schema.Publication{To: address}
	var err error
	if p.Keep, err = parseKeep(o.keep); err != nil {
		return invalid(err)
	}
	switch {
	case o.lockDays < 0:
		return invalid(errors.New("--lock-days: want at least 1"))
	case o.lockDays > 0:
		p.Lock = &schema.Lock{Days: o.lockDays, Mode: o.lockMode}
	}
	archive, err := publish.ReadArchive(path)
	if err != nil {
		return invalid(err)
	}
	if err := o.check(ctx, env, archive); err != nil {
		return err
	}
	to := publisher{archive: archive, now: time.Now().UTC(), dryRun: o.dryRun}
	if o.signKey != "" {
		signer, err := load(ctx, env, schema.Signing{Key: o.signKey, PasswordFile: o.passwordFile})
		if err != nil {
			return invalid(err)
		}
		to.sign = signWith(signer)
	}
	done, err := to.publish(ctx, p)
	if err != nil {
		return err
	}
	if o.output == "json" {
		return printJSON(env, done)
	}
	printPublished(env, done)
	return nil
}

// check verifies the bundle, and that its name is its own: by names the bundles of
// a place are told apart.
func (o publishOptions) check(ctx context.Context, env *environment, a publish.Archive) error {
	if a.Encrypted && len(o.decryptWith) == 0 {
		env.say("note: %s is encrypted and was not opened; its SHA-256 is %s", a.Name, a.SHA256)
		return nil
	}
	policy, err := o.policy()
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, a.Path, policy)
	if err != nil {
		return verifyError(err)
	}
	defer v.Close()
	if m := v.Manifest; m.Plan.Name != a.Plan || m.AsOf.Format(time.DateOnly) != a.Day.Format(time.DateOnly) {
		return invalid(fmt.Errorf("%s has another bundle's name: it is of the plan %q as of %s", a.Name, m.Plan.Name, m.AsOf.Format(time.DateOnly)))
	}
	return nil
}

// published is what publish says that it did at one place.
type published struct {
	Address string `json:"address"`
	SHA256  string `json:"sha256"`
	// Manifest is the digest of the artifact in a registry, which cosign takes.
	Manifest string `json:"manifest,omitempty"`
	// Already is true where the same bytes were there before.
	Already     bool         `json:"already,omitempty"`
	LockedUntil *time.Time   `json:"lockedUntil,omitempty"`
	Deleted     []string     `json:"deleted"`
	Kept        []keptBundle `json:"kept"`
	DryRun      bool         `json:"dryRun,omitempty"`
}

type keptBundle struct {
	Name string `json:"name"`
	By   string `json:"by"`
}

// signWith is nil for no signer.
func signWith(signer *seal.Signer) func(context.Context, []byte) ([]byte, error) {
	if signer == nil {
		return nil
	}
	return func(ctx context.Context, statement []byte) ([]byte, error) {
		return seal.Attest(ctx, statement, signer)
	}
}

// A publisher has one archive for any number of places.
type publisher struct {
	archive publish.Archive
	sign    func(ctx context.Context, statement []byte) ([]byte, error)
	now     time.Time
	dryRun  bool
	// renumber is true for a new bundle, which takes a free name at each place.
	renumber bool
}

// publish puts the archive at one place and then deletes there what the rules do
// not keep. A dry run only says so.
func (p publisher) publish(ctx context.Context, to schema.Publication) (published, error) {
	place, err := publish.Open(ctx, to.To)
	if err != nil {
		return published{}, err
	}
	defer place.Close()
	var lock *publish.Lock
	if to.Lock != nil {
		lock = &publish.Lock{Until: p.now.AddDate(0, 0, to.Lock.Days).Truncate(time.Second), Compliance: to.Lock.Mode == "compliance"}
	}
	done := published{Address: place.AddressOf(p.archive.Name), SHA256: p.archive.SHA256, DryRun: p.dryRun, Deleted: []string{}, Kept: []keptBundle{}}
	if p.dryRun {
		if done.Already, err = place.Has(ctx, p.archive.Name); err != nil {
			return published{}, err
		}
	} else {
		r, err := place.Put(ctx, p.archive, publish.PutOptions{Lock: lock, Sign: p.sign, Renumber: p.renumber})
		if err != nil {
			return published{}, err
		}
		done.Address, done.Already, done.Manifest = r.Address, r.Already, r.Manifest
		p.archive.Name = r.Name
	}
	if lock != nil && !done.Already {
		done.LockedUntil = &lock.Until
	}
	if to.Keep == (schema.KeepRules{}) {
		return done, nil
	}
	prune := place.Prune
	if p.dryRun {
		prune = place.Decide
	}
	fates, err := prune(ctx, p.archive, to.Keep, p.now)
	if err != nil {
		return published{}, fmt.Errorf("%s is safe; %w", done.Address, err)
	}
	for _, f := range fates {
		if f.Kept == "" {
			done.Deleted = append(done.Deleted, f.Name)
		} else {
			done.Kept = append(done.Kept, keptBundle{f.Name, f.Kept})
		}
	}
	return done, nil
}

// checkPublications refuses what could not be published, before anything is asked.
func checkPublications(places []schema.Publication, signer *seal.Signer) error {
	if len(places) > 0 && signer == nil {
		return errors.New("spec.publish: the bundle would have no signature, and at a place that others read nobody could tell it from a forged one: sign it, or pass --no-publish and publish it by hand with --unsafe-unsigned")
	}
	for i, p := range places {
		if err := publish.CheckAddress(p.To); err != nil {
			return fmt.Errorf("spec.publish[%d].to: %w", i, err)
		}
	}
	return nil
}

// publishAll puts a bundle that was just sealed at every place. A place that fails
// does not keep it from the others.
func publishAll(ctx context.Context, env *environment, path string, places []schema.Publication, signer *seal.Signer, silent bool) error {
	if len(places) == 0 {
		return nil
	}
	a, err := publish.ReadArchive(path)
	if err != nil {
		return err
	}
	to := publisher{archive: a, sign: signWith(signer), now: time.Now().UTC(), renumber: true}
	var failed []error
	for _, p := range places {
		done, err := to.publish(ctx, p)
		if err != nil {
			failed = append(failed, err)
		} else if !silent {
			printPublished(env, done)
		}
	}
	return errors.Join(failed...)
}

func printPublished(env *environment, p published) {
	if env.quiet {
		return
	}
	verb, deletes := "published", "deleted"
	if p.DryRun {
		verb, deletes = "would publish", "would delete"
	}
	if p.Already {
		verb = "is there already"
	}
	fmt.Fprintf(env.stdout, "%s: %s\n  sha256 %s\n", verb, p.Address, p.SHA256)
	if p.Manifest != "" {
		fmt.Fprintf(env.stdout, "  artifact %s\n", p.Manifest)
	}
	if p.LockedUntil != nil {
		fmt.Fprintf(env.stdout, "  locked until %s\n", p.LockedUntil.Format(time.DateOnly))
	}
	for _, k := range p.Kept {
		fmt.Fprintf(env.stdout, "  kept %s: %s\n", printable(k.Name), printable(k.By))
	}
	for _, name := range p.Deleted {
		fmt.Fprintf(env.stdout, "  %s %s\n", deletes, printable(name))
	}
}

// parseKeep reads daily=14,weekly=8,monthly=12,quarterly=12,yearly=10.
func parseKeep(s string) (schema.KeepRules, error) {
	var k schema.KeepRules
	if s == "" {
		return k, nil
	}
	fields := map[string]*int{"daily": &k.Daily, "weekly": &k.Weekly, "monthly": &k.Monthly, "quarterly": &k.Quarterly, "yearly": &k.Yearly}
	for _, part := range strings.Split(s, ",") {
		name, count, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(count)
		field := fields[name]
		if field == nil || err != nil || n < 1 {
			return schema.KeepRules{}, fmt.Errorf("--keep: %q is not daily, weekly, monthly, quarterly or yearly with a number, as daily=14", part)
		}
		if *field != 0 {
			return schema.KeepRules{}, fmt.Errorf("--keep: %s is given twice", name)
		}
		*field = n
	}
	return k, nil
}
