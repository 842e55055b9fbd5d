package answer

import (
	"regexp"
	"strings"
)

// A topic is something that no evidence of a cluster answers.
type topic struct {
	name  string
	words *regexp.Regexp
}

func words(list string) *regexp.Regexp { return regexp.MustCompile(`(?i)\b(?:` + list + `)\b`) }

// topics are never answered automatically (catalogue §4.3).
var topics = []topic{
	{"absolute words", words(`all|always|never|every|any time|at all times|100 ?%|guarantee[sd]?|without exception`)},
	{"contracts", words(`contract(?:s|ual|ually)?|agreements?|SLAs?|terms of service|warrant(?:y|ies)|liabilit(?:y|ies)|indemni(?:ty|fy|fication)`)},
	{"insurance", words(`insur(?:ance|ed|er)`)},
	{"staff screening", words(`background (?:check|verification|screening)s?|screen(?:ed|ing) (?:of )?(?:staff|employees|personnel|candidates)|vetting|criminal records?`)},
	{"physical sites", words(`physical(?:ly)?|premises|data ?cent(?:er|re)s?|buildings?|offices?|CCTV|badges?|visitors?`)},
	{"certifications", words(`certif(?:y|ied|ication|ications)|certificates? of|accredit(?:ed|ation)|attestations?|ISO ?(?:/IEC ?)?27001|SOC ?[123]|PCI(?:[- ]DSS)?|FedRAMP|HITRUST`)},
	{"breach history", words(`breach(?:es|ed)?|(?:past|previous|prior|last|recent) (?:\d+ )?(?:years?|months?)|incidents? (?:in|during|within) the|compromised`)},
	{"future plans", words(`plan(?:s|ned|ning)? to|roadmap|intend(?:s|ed)?|future|upcoming|will you`)},
	{"sub-processors", words(`sub-?processors?|sub-?contractors?|fourth part(?:y|ies)`)},
	{"data location", words(`where (?:is|are|will) .{0,40}\b(?:stored|located|hosted|processed)|data (?:location|residency|sovereignty)|which (?:countr(?:y|ies)|regions?)|jurisdictions?|cross-border|outside (?:of )?the (?:EU|EEA|US|UK)`)},
}

// neverAutomatic returns the topics of a question that a person has to answer.
func neverAutomatic(text string) []string {
	var out []string
	for _, t := range topics {
		if t.words.MatchString(text) {
			out = append(out, t.name)
		}
	}
	return out
}

// between splits a question where it asks for a second thing.
var between = regexp.MustCompile(`(?i)\s*(?:\?|;|\band/or\b|\band\b|\bor\b|,)\s*`)

// verb matches what a control does or is asked to be. Two of them are two questions.
var verb = words(`do|does|is|are|has|have|can|` +
	`defined?|document(?:ed)?|establish(?:ed)?|approv(?:e|ed)|communicat(?:e|ed)|appl(?:y|ied)|evaluat(?:e|ed)|maintain(?:ed)?|review(?:ed)?|updat(?:e|ed)|` +
	`implement(?:ed)?|test(?:ed)?|monitor(?:ed)?|encrypt(?:ed)?|restrict(?:ed)?|enforc(?:e|ed)|log(?:ged)?|rotat(?:e|ed)|revok(?:e|ed)|manag(?:e|ed)|` +
	`perform(?:ed)?|conduct(?:ed)?|protect(?:ed)?|scan(?:ned)?|sign(?:ed)?|separat(?:e|ed)|verif(?:y|ied)|identif(?:y|ied)|record(?:ed)?|alert(?:ed)?|` +
	`respond(?:ed)?|report(?:ed)?|retain(?:ed)?|deleted?|remov(?:e|ed)|provision(?:ed)?|authori[sz]ed?|authenticat(?:e|ed)|measur(?:e|ed)|mitigat(?:e|ed)|` +
	`inventor(?:y|ied)|classif(?:y|ied)|segment(?:ed)?|isolat(?:e|ed)|harden(?:ed)?|patch(?:ed)?|back(?:ed)? up|restor(?:e|ed)|stor(?:e|ed)|transmit(?:ted)?|process(?:ed)?|access(?:ed)?|limit(?:ed)?|track(?:ed)?|train(?:ed)?|exercised?`)

// parts returns what a question asks, one part where it asks one thing.
func parts(text string) []string {
	var out []string
	open := ""
	for _, piece := range between.Split(text, -1) {
		if piece = strings.TrimSpace(piece); piece == "" {
			continue
		}
		if !verb.MatchString(piece) && len(out) > 0 {
			continue // a further object of the same verb
		}
		if !verb.MatchString(piece) {
			open = piece + " "
			continue
		}
		out, open = append(out, open+piece), ""
	}
	if len(out) == 0 {
		return []string{strings.TrimSpace(text)}
	}
	return out
}
