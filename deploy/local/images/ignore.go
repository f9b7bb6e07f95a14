package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ignore is a .dockerignore: a path's last pattern counts, a pattern covers all beneath what it names, ! takes back.
type ignore []struct {
	pattern *regexp.Regexp
	keep    bool
}

// anyDepth makes quoted wildcards the expressions that they stand for.
var anyDepth = strings.NewReplacer(`\*\*/`, `(.*/)?`, `\*`, `[^/]*`)

// readIgnore reads the .dockerignore of the context.
func readIgnore(context string) (ignore, error) {
	text, err := os.ReadFile(filepath.Join(context, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	return parseIgnore(string(text)), nil
}

func parseIgnore(text string) ignore {
	var rules ignore
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line, keep := strings.CutPrefix(line, "!")
		expression := anyDepth.Replace(regexp.QuoteMeta(line))
		rules = append(rules, struct {
			pattern *regexp.Regexp
			keep    bool
		}{regexp.MustCompile(`^` + expression + `(/.*)?$`), keep})
	}
	return rules
}

// excludes says whether an engine leaves the file out; path is relative to the context, with slashes.
func (rules ignore) excludes(path string) bool {
	out := false
	for _, rule := range rules {
		if rule.pattern.MatchString(path) {
			out = !rule.keep
		}
	}
	return out
}
