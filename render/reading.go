package render

// reading says what the words of the report mean, and where things are.
func (b *builder) reading() []Section {
	blocks := []Block{Contents{}}
	blocks = append(blocks, b.texts.part("reading", "")...)
	return []Section{chapter("reading", "Contents, and how to read this", blocks...)}
}

// verify says how to check the pack with tools that are already at hand.
func (b *builder) verify() []Section {
	part := "Signed"
	if b.r.Plan.Unsigned {
		part = "Unsigned"
	}
	blocks := append(b.texts.part("verify", part), b.texts.part("verify", "Either")...)
	return []Section{flowing("verify", "How to verify this pack", blocks...)}
}
