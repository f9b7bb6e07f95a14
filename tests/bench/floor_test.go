package main

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestTemplateGivesOneIDForAnother(t *testing.T) {
	t.Parallel()
	first := uuid.UUID{0, '\'', '"', '\\', '\n', '\r', 0x1a, 200, 1, 2, 3, 4, 5, 6, 7, 8}
	const quoted = `\0\'\"\\\n\r\Z` + "\xc8\x01\x02\x03\x04\x05\x06\x07\x08"
	made, err := newTemplate("DELETE "+quoted+" AND "+quoted+";", first)
	require.NoError(t, err)
	second := uuid.UUID{'a', 'b', 0, 'c'}
	require.Equal(t, "DELETE "+escaped(second[:])+" AND "+escaped(second[:])+";", made.with(second))
	_, err = newTemplate("DELETE nothing", first)
	require.Error(t, err)
}
