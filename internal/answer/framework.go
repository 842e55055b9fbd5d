package answer

import (
	"regexp"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A Framework is one version of a published framework. Ids of another version are
// not the same: CCM 4.1 numbers some controls of 4.0 anew.
type Framework struct {
	// Name with the version.
	Name string
	ids  func(schema.References) []string
}

// The versions of CCM, which CAIQ asks about.
var (
	CCM40 = Framework{"CCM 4.0", func(r schema.References) []string { return r.CCM40 }}
	CCM41 = Framework{"CCM 4.1", func(r schema.References) []string { return r.CCM41 }}
)

// frameworks by what the title of a column has to say. A title without a version
// names none of them.
var frameworks = []struct {
	title *regexp.Regexp
	Framework
}{
	{regexp.MustCompile(`(?i)\b(?:CCM|CAIQ)\D{0,6}4\.0`), CCM40},
	{regexp.MustCompile(`(?i)\b(?:CCM|CAIQ)\D{0,6}4\.1`), CCM41},
	{regexp.MustCompile(`(?i)27017\D{0,4}2015`), Framework{"ISO/IEC 27017:2015", func(r schema.References) []string {
		var out []string
		for _, c := range r.ISO27017 {
			out = append(out, c.ID)
		}
		return out
	}}},
	{regexp.MustCompile(`(?i)2700[12]\D{0,12}2022`), Framework{"ISO/IEC 27002:2022", func(r schema.References) []string { return r.ISO27002 }}},
	{regexp.MustCompile(`(?i)2700[12]\D{0,12}2013`), Framework{"ISO/IEC 27002:2013", func(r schema.References) []string { return r.ISO27002Old }}},
	{regexp.MustCompile(`(?i)800-53\D{0,12}5`), Framework{"NIST SP 800-53 r5", func(r schema.References) []string { return r.NIST80053 }}},
	{regexp.MustCompile(`(?i)SOC ?2.{0,20}2017|TSC.{0,12}2017`), Framework{"SOC 2 TSC 2017", func(r schema.References) []string { return r.SOC2 }}},
}

// frameworkOf returns the framework that the title of a column names with its version.
func frameworkOf(title string) (Framework, bool) {
	for _, f := range frameworks {
		if f.title.MatchString(title) {
			return f.Framework, true
		}
	}
	return Framework{}, false
}

// referenceID matches one id in a cell that may have several.
var referenceID = regexp.MustCompile(`[A-Z&]{2,4}-\d+(?:\(\d+\))?|(?:A\.)?(?:CLD\.)?\d+(?:\.\d+)+|[A-Z]{1,2}\d+\.\d+`)

// references reads the ids of a cell below a title.
func references(f Framework, cell string) []Reference {
	var out []Reference
	for _, id := range referenceID.FindAllString(cell, -1) {
		out = append(out, Reference{f, strings.TrimPrefix(id, "A.")})
	}
	return out
}
