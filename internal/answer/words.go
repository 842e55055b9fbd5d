package answer

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/auditpack/auditpack/schema"
)

// A wordRule names the controls that a question with some words is about. It is a
// guess, which a person always confirms.
type wordRule struct {
	words    *regexp.Regexp
	controls []string
}

// wordRules are those of the typical questions of catalogue §4.4.
var wordRules = []wordRule{
	{words(`administrat(?:ive|or|ors) (?:access|privileges?|rights?)|privileged access`), []string{"ACC-01", "ACC-02"}},
	{words(`least privilege|role[- ]based`), []string{"ACC-02"}},
	{words(`multi-?factor|MFA|two-?factor|2FA|strong authentication`), []string{"ACC-03"}},
	{words(`access (?:rights? )?reviews?|recertif\w*|leavers?|joiners?|off-?boarding|terminat(?:ed|ion) (?:of )?(?:employees|users|staff)`), []string{"ACC-04"}},
	{words(`emergency access|break-?glass`), []string{"ACC-05"}},
	{words(`service accounts?|workload identit(?:y|ies)|static (?:keys|credentials)`), []string{"ACC-06", "SEC-06"}},
	{words(`kubernetes api|api server|control plane`), []string{"ACC-08"}},
	{words(`non-?production|separate environments?|environments? separat\w*`), []string{"SEP-01"}},
	{words(`multi-?tenan\w*|tenants?|segregat\w*`), []string{"SEP-02", "SEP-03", "SEP-04", "SEP-05"}},
	{words(`network (?:segmentation|polic(?:y|ies)|flows?)|default[- ]deny|micro-?segmentation`), []string{"SEP-03"}},
	{words(`privileged containers?|run as root|as root`), []string{"SEP-04", "CHG-04"}},
	{words(`hardening|hardened|node images?|operating systems?`), []string{"SEP-05", "CHG-06"}},
	{words(`exposed to the internet|internet[- ]facing|public(?:ly)? (?:exposed|accessible|reachable)`), []string{"SEP-06"}},
	{words(`in transit|TLS|transport encryption`), []string{"SEP-07"}},
	{words(`peer[- ]review\w*|code reviews?|change (?:approval|management)`), []string{"CHG-01", "CHG-07"}},
	{words(`change production directly|direct(?:ly)? chang\w*|manual changes?`), []string{"CHG-02", "CHG-03"}},
	{words(`infrastructure as code|drift`), []string{"CHG-03", "RES-04"}},
	{words(`admission (?:control|polic(?:y|ies))|policy enforcement`), []string{"CHG-04"}},
	{words(`container images?|image signing|SBOMs?|software bill of materials`), []string{"CHG-05", "CHG-06"}},
	{words(`vulnerabilit(?:y|ies)|patch(?:es|ing)?|remediation times?`), []string{"CHG-06"}},
	{words(`separation of duties|segregation of duties`), []string{"CHG-07"}},
	{words(`secrets? (?:manage\w*|stor\w*)|vault`), []string{"SEC-01", "SEC-03"}},
	{words(`credentials in (?:source )?code|hard-?coded (?:credentials|secrets|passwords)|secret scanning`), []string{"SEC-02"}},
	{words(`at rest`), []string{"SEC-04"}},
	{words(`(?:keys?|secrets?|certificates?|credentials?) (?:are |be )?rotat\w*|rotation of`), []string{"SEC-05"}},
	{words(`audit logs?|log retention|actions? (?:are )?logged|logging`), []string{"MON-01", "MON-04"}},
	{words(`alerts?|escalat\w*|incident response`), []string{"MON-03", "MON-05"}},
	{words(`back-?ups?|restore tests?|restor(?:e|ed|ation)`), []string{"RES-01", "RES-02"}},
	{words(`multi-?zone|RTO|RPO|availability zones?|business continuity|disaster recovery`), []string{"RES-03", "RES-05"}},
	{words(`shared responsibility|responsibilit(?:y|ies) (?:matrix|model)|third[- ]part(?:y|ies)`), []string{"GOV-01", "GOV-05"}},
}

// matchWords returns the controls that the words of a question point at.
func matchWords(text string) []string {
	var out []string
	for _, r := range wordRules {
		if r.words.MatchString(text) {
			out = append(out, r.controls...)
		}
	}
	return unique(out)
}

// normal returns the words of a text without case, marks and spaces.
func normal(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// Hash returns the SHA-256, in hexadecimal, of a question's text without case, marks
// and spaces, by which two editions of a question are told apart.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(normal(text)))
	return hex.EncodeToString(sum[:])
}

// similarEnough is the least similarity at which an approved answer is shown.
const similarEnough = 0.90

// approved returns the newest approved answer to the same question, or else to the
// most similar one.
func (s *Sources) approved(text string) (answer *schema.ApprovedAnswer, exact bool) {
	if s.Library == nil || normal(text) == "" {
		return nil, false
	}
	best := 0.0
	for i := range s.Library.Spec.Answers {
		a := &s.Library.Spec.Answers[i]
		score := similarity(normal(a.Question), normal(text))
		newer := answer != nil && score == best && answer.ApprovedOn.Before(a.ApprovedOn)
		if score >= similarEnough && (score > best || newer) {
			answer, best = a, score
		}
	}
	return answer, best == 1
}

// similarity is the share of pairs of neighbouring words that two texts have in
// common (Dice's coefficient): 1 for equal texts, 0 for none in common.
func similarity(a, b string) float64 {
	if a == b {
		return 1
	}
	x, y := pairs(a), pairs(b)
	if len(x)+len(y) == 0 {
		return 0
	}
	common := 0
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch c := strings.Compare(x[i], y[j]); {
		case c == 0:
			common, i, j = common+1, i+1, j+1
		case c < 0:
			i++
		default:
			j++
		}
	}
	return 2 * float64(common) / float64(len(x)+len(y)) * 0.999 // equal pairs in another order are not equal texts
}

func pairs(text string) []string {
	w := strings.Fields(text)
	var out []string
	for i := 1; i < len(w); i++ {
		out = append(out, w[i-1]+" "+w[i])
	}
	slices.Sort(out)
	return out
}
