package function

import (
	"os"
	"strings"
	"testing"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/store"
	"snaptask/functions/internal/web"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// sent is the upload in the events of testdata.
var sent = store.Upload{
	UserID: uuid.MustParse("01a2086b-793c-7f1e-8d5b-6a0f3c1e2d4b"), TaskID: uuid.MustParse("01a2086b-793d-720c-a042-2c5ab6a42366"),
	ID: uuid.MustParse("01a2086b-9b1d-7c3e-9f4a-5b6c7d8e9f01"),
}

const sentKey = "uploads/01a2086b-793c-7f1e-8d5b-6a0f3c1e2d4b/01a2086b-793d-720c-a042-2c5ab6a42366/01a2086b-9b1d-7c3e-9f4a-5b6c7d8e9f01"

func TestEventsOfEachObjectStoreAreRead(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]store.Upload{
		"aws.json": {sent}, "minio.json": {sent}, "versitygw.json": {sent}, "aws-test.json": nil,
	} {
		text, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		got, err := created(text)
		require.NoError(t, err, file)
		require.Equal(t, want, got, file)
	}
}

// record returns a record of an event.
func record(name, key string) string {
	return `{"eventName": "` + name + `", "s3": {"object": {"key": "` + key + `"}}}`
}

func TestOnlyCreatedUploadsAreTakenFromAnEvent(t *testing.T) {
	t.Parallel()
	other := strings.Replace(sentKey, "9f01", "9f02", 1)
	for name, c := range map[string]struct {
		event string
		want  int
	}{
		"nothing":           {`{}`, 0},
		"no records":        {`{"Records": []}`, 0},
		"null":              {`{"Records": null}`, 0},
		"an empty record":   {`{"Records": [{}, null]}`, 0},
		"put":               {`{"Records": [` + record("ObjectCreated:Put", sentKey) + `]}`, 1},
		"post":              {`{"Records": [` + record("s3:ObjectCreated:Post", sentKey) + `]}`, 1},
		"multipart":         {`{"Records": [` + record("s3:ObjectCreated:CompleteMultipartUpload", sentKey) + `]}`, 1},
		"several":           {`{"Records": [` + record("ObjectCreated:Put", sentKey) + "," + record("ObjectCreated:Put", "a") + "," + record("ObjectCreated:Put", other) + `]}`, 2},
		"removed":           {`{"Records": [` + record("s3:ObjectRemoved:Delete", sentKey) + `]}`, 0},
		"read":              {`{"Records": [` + record("s3:ObjectAccessed:Get", sentKey) + `]}`, 0},
		"other case":        {`{"records": 7, "Records": [` + record("ObjectCreated:Put", sentKey) + `]}`, 1},
		"without a name":    {`{"Records": [{"s3": {"object": {"key": "` + sentKey + `"}}}]}`, 0},
		"without a key":     {`{"Records": [{"eventName": "ObjectCreated:Put"}]}`, 0},
		"a picture":         {`{"Records": [` + record("ObjectCreated:Put", strings.TrimPrefix(sentKey, "uploads/")+"/full.jpg") + `]}`, 0},
		"another folder":    {`{"Records": [` + record("ObjectCreated:Put", "backups/"+sentKey) + `]}`, 0},
		"climbing":          {`{"Records": [` + record("ObjectCreated:Put", "uploads/../"+sentKey) + `]}`, 0},
		"encoded twice":     {`{"Records": [` + record("ObjectCreated:Put", strings.ReplaceAll(sentKey, "/", "%252F")) + `]}`, 0},
		"wrongly encoded":   {`{"Records": [` + record("ObjectCreated:Put", sentKey+"%zz") + `]}`, 0},
		"with a line feed":  {`{"Records": [` + record("ObjectCreated:Put", sentKey+"%0A") + `]}`, 0},
		"with other fields": {`{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "` + sentKey + `", "size": "large"}}, "extra": [[]]}], "more": 1}`, 1},
	} {
		got, err := created([]byte(c.event))
		require.NoError(t, err, name)
		require.Len(t, got, c.want, name)
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "7", `"Records"`, "[]", "{", `{"Records": 7}`, `{"Records": [7]}`, `{"Records": [{"s3": []}]}`, `{} {}`, "\x00"} {
		_, err := created([]byte(body))
		require.True(t, fault.Is(err, fault.Invalid), "%q: %v", body, err)
	}
	_, err := created([]byte(`{"Records": [` + strings.Repeat(" ", web.MaxJSON) + `]}`))
	require.True(t, fault.Is(err, fault.TooLarge), "%v", err)
}
