package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"golang.org/x/sync/errgroup"
)

// handler receives the contents of a backup in the order in which they are read. Whatever has a nil function is ignored.
type handler struct {
	begin   func(head) error
	picture func(key string, full, thumb []byte) error
	rows    func(table store.Table, rows []store.Row) error
}

// read reads a whole backup, passes its contents to h, and checks them against the sums and the manifest. The fault is
// Invalid when the backup is damaged.
func read(in io.Reader, h handler) (Manifest, error) {
	archive, err := openArchive(in)
	if err != nil {
		return Manifest{}, err
	}
	if h.begin != nil {
		if err := h.begin(archive.head); err != nil {
			return Manifest{}, err
		}
	}
	seen := Manifest{Rows: map[string]int{}}
	var manifest *Manifest
	var full []byte
	var fullKey string // of the picture whose thumb.jpg comes next
	for {
		name, data, err := archive.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return seen, err
		}
		kind, rest, _ := strings.Cut(name, "/")
		switch {
		case manifest != nil:
			return seen, damaged("%s comes after the manifest", name)
		case name == manifestName:
			manifest = &Manifest{}
			if err := json.Unmarshal(data, manifest); err != nil {
				return seen, damaged("%s: %w", name, err)
			}
		case kind == "pictures" && strings.HasSuffix(rest, "/full.jpg"):
			fullKey, full = strings.TrimSuffix(rest, "/full.jpg"), data
		case kind == "pictures" && fullKey != "" && rest == fullKey+"/thumb.jpg":
			if _, err := objects.ParseKey(fullKey); err != nil {
				return seen, damaged("%w", err)
			}
			if h.picture != nil {
				if err := h.picture(fullKey, full, data); err != nil {
					return seen, err
				}
			}
			seen.Pictures++
			fullKey, full = "", nil
		case kind == "rows":
			table, rows, err := decodeRows(rest, data)
			if err != nil {
				return seen, damaged("%s: %w", name, err)
			}
			seen.Rows[table.Name] += len(rows)
			if h.rows != nil {
				if err := h.rows(table, rows); err != nil {
					return seen, err
				}
			}
		default:
			return seen, damaged("unexpected %s", name)
		}
	}
	switch {
	case manifest == nil || fullKey != "":
		return seen, damaged("it ends early")
	case manifest.Pictures != seen.Pictures:
		return seen, damaged("pictures are missing")
	}
	for _, table := range slices.Sorted(maps.Keys(manifest.Rows)) {
		if seen.Rows[table] != manifest.Rows[table] {
			return seen, damaged("rows of %s are missing", table)
		}
	}
	return *manifest, nil
}

// decodeRows reads rows/FILE.
func decodeRows(file string, data []byte) (table store.Table, rows []store.Row, err error) {
	name, _, _ := strings.Cut(file, "/")
	i := slices.IndexFunc(store.Tables, func(t store.Table) bool { return t.Name == name })
	if i < 0 {
		return table, nil, errors.New("there is no such table")
	}
	lines := json.NewDecoder(bytes.NewReader(data))
	for lines.More() {
		var row store.Row
		if err := lines.Decode(&row); err != nil {
			return table, nil, err
		}
		rows = append(rows, row)
	}
	return store.Tables[i], rows, nil
}

// Verify reads a whole backup and checks its sums. The fault is Invalid when it is damaged.
func Verify(in io.Reader) (Manifest, error) { return read(in, handler{}) }

// Restore puts a backup's pictures into the bucket and then its rows into the database, in one transaction that is committed
// only after the whole backup has been read and found intact. A restore that fails half-way leaves pictures that no row
// refers to, and can be repeated. If over allows it, the same transaction deletes the existing rows; the next sweep deletes
// their pictures.
func (d Data) Restore(ctx context.Context, in io.Reader, over store.Over) (Manifest, error) {
	puts, putting := errgroup.WithContext(ctx)
	puts.SetLimit(parallel)
	var schema int64
	var load *store.Load // nil until the first rows come
	defer func() {
		if load != nil {
			load.Close()
		}
	}()
	begin := func() (err error) {
		if load == nil {
			load, err = d.DB.Load(ctx, schema, over)
		}
		return err
	}
	stored, reported := 0, time.Now()
	manifest, err := read(in, handler{
		begin: func(h head) error {
			schema = h.Schema
			return d.DB.Loadable(ctx, schema, over) // fail before anything is changed
		},
		picture: func(key string, full, thumb []byte) error {
			if err := putting.Err(); err != nil {
				return err
			}
			puts.Go(func() error { return d.put(putting, key, full, thumb) })
			if stored++; time.Since(reported) > progressEvery {
				d.Progress("%d pictures", stored)
				reported = time.Now()
			}
			return nil
		},
		rows: func(table store.Table, rows []store.Row) error {
			if err := puts.Wait(); err != nil {
				return err
			}
			if err := begin(); err != nil {
				return err
			}
			return load.Add(ctx, table, rows)
		},
	})
	if err = errors.Join(puts.Wait(), err); err != nil {
		return manifest, err
	}
	if err := begin(); err != nil { // the backup of an empty database has no rows
		return manifest, err
	}
	return manifest, load.Commit(ctx)
}

// put stores a picture of a backup. If the database has noted the picture for deletion, it forgets the note first: a sweep could
// delete the picture before its row is restored.
func (d Data) put(ctx context.Context, key string, full, thumb []byte) error {
	k, err := objects.ParseKey(key)
	if err != nil {
		return damaged("%w", err)
	}
	if err := d.DB.ForgetDeletion(ctx, store.Picture{UserID: k.UserID, TaskID: k.TaskID, ImageKey: key}); err != nil {
		return err
	}
	return d.Pictures.Put(ctx, key, full, thumb)
}
