package seal

import "fmt"

// sayWhat writes the sentences of Checked and NotChecked.
func (v *Verified) sayWhat(policy Policy, by *signedBy) error {
	if err := v.saySigner(by); err != nil {
		return err
	}
	v.sayMembers()
	v.sayExtract()
	v.sayTimestamp()
	if policy.Previous != "" {
		v.checked("The statement names the given earlier bundle (digest %s) as the one before it.", policy.Previous)
	}
	if v.Key == nil {
		v.notChecked("Who made the bundle, and whether it was changed since: it has no signature, so anyone can have written all of it.")
		return nil
	}
	v.notChecked("Whether the evidence is what the sources answered: the signature shows who says so, not that it is true.")
	switch {
	case v.Manifest.ExtractOf != nil:
		v.notChecked("Earlier bundles: an extract names none, its whole does.")
	case v.Manifest.Previous == nil:
		v.notChecked("Whether earlier bundles exist: the statement names none.")
	case policy.Previous == "":
		v.notChecked("The earlier bundle that the statement names (digest %s): it was not given.", v.Manifest.Previous.SHA256)
	}
	return nil
}

func (v *Verified) checked(format string, args ...any) {
	v.Checked = append(v.Checked, fmt.Sprintf(format, args...))
}

func (v *Verified) notChecked(format string, args ...any) {
	v.NotChecked = append(v.NotChecked, fmt.Sprintf(format, args...))
}

func (v *Verified) saySigner(by *signedBy) error {
	if by == nil {
		return nil
	}
	if c := by.certificate; c != nil {
		v.checked("The statement carries one signature, and it was made with the key of a certificate for %q, whom the issuer %q had identified. The policy asks for %s.", c.Identity, c.Issuer, by.identity)
		v.checked("A certificate authority of the given trusted root issued that certificate. It was valid from %s to %s, and the signature was stamped in that time.", instant(c.NotBefore), instant(c.NotAfter))
		v.notChecked("Whether the certificate was issued rightly: that rests on its authority and on the issuer. No certificate transparency log was consulted.")
		return nil
	}
	print, err := Fingerprint(by.key)
	if err != nil {
		return err
	}
	v.checked("The statement carries one signature, and it was made with the private half of the given key, whose SHA-256 fingerprint is %s.", print)
	v.notChecked("Whether the key belongs to the organization that the statement names: that rests on how the key reached you.")
	v.notChecked("Whether the key was still in its owner's hands: a bare key has no end date and no list of withdrawals; ask the signer.")
	return nil
}

func (v *Verified) sayMembers() {
	var size int64
	for _, m := range v.Manifest.Members {
		size += m.Size
	}
	v.checked("All %d members (%d bytes) have the size and the SHA-256 digest that the statement gives; none is missing, added, repeated, renamed or replaced by a link.", len(v.members), size)
	if v.container.String() == "archive" {
		if v.container.(*archive).encrypted {
			v.checked("The archive was encrypted, and everything below is about what it decrypts to. Who encrypted it is not known: anyone who has a recipient's public key can.")
		}
		v.checked("Every byte of the archive between and behind the members is as the statement prescribes.")
	}
}

func (v *Verified) sayExtract() {
	e := v.Manifest.ExtractOf
	if e == nil {
		return
	}
	v.checked("The statement says that this is an extract for the audience %q of the bundle with digest %s: it has neither evidence nor findings.", e.Audience, e.SHA256)
}

func (v *Verified) sayTimestamp() {
	t := v.Timestamp
	switch {
	case v.Key == nil:
	case t == nil && v.Manifest.Timestamp != nil:
		v.notChecked("When the statement was signed: timestamp not checked, because there is none. The signer asked %s, which did not answer, or the timestamp was taken away; the times in the statement are the signer's word.", v.Manifest.Timestamp.Authority)
	case t == nil:
		v.notChecked("When the statement was signed: it carries no timestamp of a third party, so its times are the signer's word.")
	case t.Checked:
		v.checked("A timestamp of the trusted authority %q confirms that the signature existed at %s; the authority's certificates are judged at that time.", t.Authority, instant(t.Time))
		v.notChecked("How long before that time the statement was written, and whether the evidence was collected when it says.")
	default:
		v.notChecked("When the statement was signed: timestamp not checked. The bundle carries one that says %s, and no timestamp authority was given to trust.", instant(t.Time))
	}
}
