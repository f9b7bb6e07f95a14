package task

import (
	"strings"
	"testing"

	"snaptask/functions/internal/fault"

	"github.com/stretchr/testify/require"
)

func TestChangeKeepsTheRulesOfADraft(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	yes, one, zero := true, uint32(1), uint32(0)
	for name, c := range map[string]struct {
		change Change
		field  string
	}{
		"a blank title":    {Change{Title: text(" "), Version: &one}, "title"},
		"a long title":     {Change{Title: text(strings.Repeat("é", 256)), Version: &one}, "title"},
		"a long body":      {Change{Body: text(strings.Repeat("x", 65536)), Version: &one}, "body"},
		"no real day":      {Change{DueDate: text("2026-02-29"), Version: &one}, "dueDate"},
		"no version":       {Change{Completed: &yes}, "version"},
		"a version before": {Change{Completed: &yes, Version: &zero}, "version"},
	} {
		_, err := c.change.Checked()
		var f *fault.Error
		require.ErrorAs(t, err, &f, name)
		require.Contains(t, f.Fields, c.field, name)
	}
	_, err := Change{Version: &one}.Checked()
	require.True(t, fault.Is(err, fault.Invalid))

	checked, err := Change{Title: text("  trimmed "), Version: &one}.Checked()
	require.NoError(t, err)
	require.Equal(t, "trimmed", *checked.Title)
}
