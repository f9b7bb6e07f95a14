package housekeeping

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"snaptask/functions/internal/store"

	"golang.org/x/sync/errgroup"
)

// reading is what becomes of the parts of a backup as they come.
type reading struct {
	begin   func(head) error
	picture func(key string, full, thumb []byte) error
	rows    func(table store.Table, rows []store.Row) error
}

// read reads a backup to its end, gives its parts to r, and checks them against its sums and its manifest.
func read(in io.Reader, r reading) (manifest, error) {
	archive, err := openArchive(in)
	if err != nil {
		return manifest{}, err
	}
	if err := r.begin(archive.head); err != nil {
		return manifest{}, err
	}
	seen := manifest{Rows: map[string]int{}}
	var says *manifest
	var full []byte
	var half string // the key of the picture whose full size is read
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
		case says != nil:
			return seen, spoilt(name + " comes behind the manifest")
		case name == manifestName:
			says = &manifest{}
			if err := json.Unmarshal(data, says); err != nil {
				return seen, spoilt(name + ": " + err.Error())
			}
		case kind == "pictures" && strings.HasSuffix(rest, "/full.jpg"):
			half, full = strings.TrimSuffix(rest, "/full.jpg"), data
		case kind == "pictures" && half != "" && rest == half+"/thumb.jpg":
			if _, err := pictureID(half); err != nil {
				return seen, spoilt(err.Error())
			}
			if err := r.picture(half, full, data); err != nil {
				return seen, err
			}
			seen.Pictures++
			half, full = "", nil
		case kind == "rows":
			table, err := tableOf(rest)
			if err != nil {
				return seen, err
			}
			rows, err := decodeRows(data)
			if err != nil {
				return seen, spoilt(name + ": " + err.Error())
			}
			seen.Rows[table.Name] += len(rows)
			if err := r.rows(table, rows); err != nil {
				return seen, err
			}
		default:
			return seen, spoilt("unexpected " + name)
		}
	}
	if says == nil || half != "" {
		return seen, spoilt("it ends early")
	}
	if says.Pictures != seen.Pictures {
		return seen, spoilt("pictures are missing")
	}
	for table, rows := range says.Rows {
		if seen.Rows[table] != rows {
			return seen, spoilt("rows of " + table + " are missing")
		}
	}
	return *says, nil
}

func tableOf(file string) (store.Table, error) {
	name, _, _ := strings.Cut(file, "/")
	for _, table := range store.Tables {
		if table.Name == name {
			return table, nil
		}
	}
	return store.Table{}, spoilt("there is no table " + name)
}

func decodeRows(data []byte) (rows []store.Row, err error) {
	lines := json.NewDecoder(bytes.NewReader(data))
	for lines.More() {
		var row store.Row
		if err := lines.Decode(&row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// verify reads a backup and does nothing with it.
func verify(in io.Reader) (manifest, error) {
	return read(in, reading{
		begin:   func(head) error { return nil },
		picture: func(string, []byte, []byte) error { return nil },
		rows:    func(store.Table, []store.Row) error { return nil },
	})
}

// restore puts a backup's pictures into the bucket and then its rows into the database, in one transaction that ends when
// the whole backup has been read and is sound: one that fails half-way leaves pictures that nothing names, and may be done
// again. What the database has goes in the same transaction, if over says that it may, and its pictures with the next sweep.
func (v *vault) restore(ctx context.Context, in io.Reader, over store.Over) (manifest, error) {
	puts, putting := errgroup.WithContext(ctx)
	puts.SetLimit(parallel)
	r := restoring{vault: v, over: over, puts: puts, putting: putting, told: time.Now()}
	defer r.close()
	m, err := read(in, reading{begin: r.begin(ctx), picture: r.picture, rows: r.rows(ctx)})
	if err = errors.Join(puts.Wait(), err); err != nil {
		return m, err
	}
	if err := r.open(ctx); err != nil { // a backup of nothing has no rows
		return m, err
	}
	return m, r.load.Commit(ctx)
}

type restoring struct {
	*vault
	over    store.Over
	head    head
	puts    *errgroup.Group
	putting context.Context
	put     int
	told    time.Time
	load    *store.Load // nil until the first rows come
}

func (r *restoring) begin(ctx context.Context) func(head) error {
	return func(h head) error {
		r.head = h
		return r.db.Loadable(ctx, h.Schema, r.over) // to find out at once, with nothing done yet
	}
}

func (r *restoring) picture(key string, full, thumb []byte) error {
	if err := r.putting.Err(); err != nil {
		return err
	}
	r.puts.Go(func() error { return r.pictures.Put(r.putting, key, full, thumb) })
	if r.put++; time.Since(r.told) > 5*time.Second {
		r.progress("%d pictures", r.put)
		r.told = time.Now()
	}
	return nil
}

func (r *restoring) rows(ctx context.Context) func(store.Table, []store.Row) error {
	return func(table store.Table, rows []store.Row) error {
		if err := r.puts.Wait(); err != nil {
			return err
		}
		if err := r.open(ctx); err != nil {
			return err
		}
		return r.load.Add(ctx, table, rows)
	}
}

func (r *restoring) open(ctx context.Context) (err error) {
	if r.load == nil {
		r.load, err = r.db.Load(ctx, r.head.Schema, r.over)
	}
	return err
}

func (r *restoring) close() {
	if r.load != nil {
		r.load.Close()
	}
}
