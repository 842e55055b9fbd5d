package github

import "strconv"

func number(id int64) string { return strconv.FormatInt(id, 10) }
