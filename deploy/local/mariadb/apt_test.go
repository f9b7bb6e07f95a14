package mariadb

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseURIs(t *testing.T) {
	t.Parallel()
	const printed = `'http://deb.example.org/pool/liba/libaio1_0.3.113-4_amd64.deb' libaio1_0.3.113-4_amd64.deb 13360 MD5Sum:d1fd6f0ef262b5efbfe060aba999e19c
'http://deb.example.org/pool/m/mariadb-server-core_10.11.19-0%2bdeb12u1_amd64.deb' mariadb-server-core_1%3a10.11.19-0+deb12u1_amd64.deb 7342456
`
	tests := map[string]struct {
		printed string
		want    []archive
		fails   string
	}{
		"with and without a hash": {printed, []archive{
			{"libaio1_0.3.113-4_amd64.deb", 13360},
			{"mariadb-server-core_1%3a10.11.19-0+deb12u1_amd64.deb", 7342456},
		}, ""},
		"other lines are skipped":      {"Reading package lists...\nE: Unable to locate package\n", nil, "would download nothing"},
		"nothing":                      {"", nil, "would download nothing"},
		"a name that leaves the cache": {"'http://deb.example.org/x.deb' ../x.deb 10 MD5Sum:00\n", nil, "../x.deb"},
		"not a package":                {"'http://deb.example.org/x.sh' x.sh 10\n", nil, "x.sh"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseURIs([]byte(test.printed))
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestUnpackIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := unpack(t.Context(), dir, dir, []archive{{"missing.deb", 1}})
	require.ErrorContains(t, err, "missing.deb")
	require.NoDirExists(t, dir+"/root")
}
