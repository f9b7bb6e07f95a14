// Package backup writes all users, tasks and pictures of Snaptask to one file, checks such a file, and restores it.
//
// A backup is a tar file that both sides read as a stream, holding little of it in memory. In this order it contains
//
//	backup.json                    identifies the format: {"format": 1, "schema": 3}
//	pictures/KEY/full.jpg, KEY/thumb.jpg
//	                               the pictures, as stored in the object store
//	rows/TABLE/000001.jsonl ...    the rows, one JSON object per line
//	manifest.json                  when it was taken, and the number of rows and pictures
//	sums/000001.sha256 ...         after about every thousand files, and at the end: the SHA-256 of each file since the
//	                               previous sums, as sha256sum writes and checks them
//
// Because the last file is a list of sums, a truncated backup is detected.
package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// Data is the data to back up or to restore.
type Data struct {
	DB       *store.Store // with a timeout of StatementTimeout
	Pictures *objects.Store
	Progress func(format string, args ...any) // reports progress to the operator
}

// StatementTimeout limits each statement of a backup or a restore. Replacing a large table takes longer than anything a
// function does.
const StatementTimeout = 10 * time.Minute

const (
	parallel      = 4    // pictures fetched or stored at once
	maxOutdated   = 1000 // pictures to fetch while a snapshot stays open
	maxSnapshots  = 20   // before a backup gives up
	chunkBytes    = 512 << 10
	progressEvery = 5 * time.Second
)

// Write writes a consistent backup of rows and pictures while functions keep running. Pictures come first: the rows of a
// snapshot are written only after every picture that it refers to. If a picture was deleted before it could be fetched, the
// snapshot is outdated and Write takes a newer one. No transaction stays open for longer than it takes to fetch a thousand
// pictures. The fault is Unavailable when pictures change too fast.
func (d Data) Write(ctx context.Context, out io.Writer) (Manifest, error) {
	w := backupWriter{Data: d, out: newArchive(out), written: map[uuid.UUID]bool{}, missing: map[uuid.UUID]bool{}}
	for range maxSnapshots {
		done, err := w.writeSnapshot(ctx)
		if err != nil {
			return Manifest{}, err
		}
		if done {
			return w.manifest, w.out.close()
		}
	}
	return Manifest{}, fault.New(fault.Unavailable, "too_busy", "Pictures change faster than they can be copied. Please try again at a quieter time.")
}

type backupWriter struct {
	Data
	out      *archiveWriter
	head     head // zero until the first snapshot
	manifest Manifest
	written  map[uuid.UUID]bool // pictures in the backup, by the last part of their keys
	missing  map[uuid.UUID]bool // pictures that the object store lacked
}

// writeSnapshot takes a snapshot and writes its new pictures. If it got all of them, it writes the rows too and returns true.
func (w *backupWriter) writeSnapshot(ctx context.Context) (done bool, err error) {
	snapshot, err := w.DB.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	defer snapshot.Close()
	now := head{format, snapshot.Schema}
	if w.head == (head{}) {
		w.head = now
		if err := w.out.addJSON(headName, now); err != nil {
			return false, err
		}
	}
	if w.head != now {
		return false, fault.New(fault.Conflict, "schema_changed", "The database was migrated during the backup. Please try again.")
	}
	var wanted []string
	w.manifest.Lost = []string{}
	err = snapshot.Pictures(ctx, func(p store.Picture) error {
		key, err := objects.ParseKey(p.ImageKey)
		switch {
		case err != nil:
			return err
		case w.missing[key.ID]: // and still referred to
			w.manifest.Lost = append(w.manifest.Lost, p.ImageKey)
		case !w.written[key.ID]:
			wanted = append(wanted, p.ImageKey)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	outdated := len(wanted) > maxOutdated
	if outdated {
		snapshot.Close()
	}
	missing, err := w.writePictures(ctx, wanted)
	if err != nil || missing > 0 || outdated {
		return false, err
	}
	return true, w.writeRows(ctx, snapshot)
}

// fetched is a picture from the object store.
type fetched struct {
	key         string
	full, thumb []byte
	err         error
}

// writePictures writes pictures in the order of keys, and counts those that are missing.
func (w *backupWriter) writePictures(ctx context.Context, keys []string) (missing int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ahead := make(chan chan fetched, parallel-1)
	go func() {
		defer close(ahead)
		for _, key := range keys {
			one := make(chan fetched, 1)
			select {
			case ahead <- one:
			case <-ctx.Done():
				return
			}
			go func() { one <- w.fetch(ctx, key) }()
		}
	}()
	reported := time.Now()
	for one := range ahead {
		p := <-one
		key, err := objects.ParseKey(p.key)
		if err != nil {
			return missing, err
		}
		if fault.Is(p.err, fault.NotFound) {
			w.missing[key.ID] = true
			missing++
			continue
		}
		if p.err != nil {
			return missing, p.err
		}
		if err := w.out.add("pictures/"+p.key+"/full.jpg", p.full); err != nil {
			return missing, err
		}
		if err := w.out.add("pictures/"+p.key+"/thumb.jpg", p.thumb); err != nil {
			return missing, err
		}
		w.written[key.ID] = true
		w.manifest.Pictures++
		if time.Since(reported) > progressEvery {
			w.Progress("%d pictures", w.manifest.Pictures)
			reported = time.Now()
		}
	}
	return missing, ctx.Err()
}

func (w *backupWriter) fetch(ctx context.Context, key string) fetched {
	p := fetched{key: key}
	if p.full, p.err = w.Pictures.Get(ctx, key, objects.Full); p.err == nil {
		p.thumb, p.err = w.Pictures.Get(ctx, key, objects.Thumb)
	}
	return p
}

// writeRows writes all rows of the snapshot, and the manifest.
func (w *backupWriter) writeRows(ctx context.Context, snapshot *store.Snapshot) error {
	w.manifest.Taken, w.manifest.Rows = snapshot.Taken, map[string]int{}
	for _, key := range w.manifest.Lost {
		w.Progress("lost: a task names the picture %s, and the object store doesn't have it", key)
	}
	for _, table := range store.Tables {
		var chunk bytes.Buffer
		chunks, rows := 0, 0
		flush := func() error {
			chunks++
			defer chunk.Reset()
			return w.out.add(fmt.Sprintf("rows/%s/%06d.jsonl", table.Name, chunks), chunk.Bytes())
		}
		err := snapshot.Rows(ctx, table, func(row store.Row) error {
			rows++
			if err := json.NewEncoder(&chunk).Encode(row); err != nil || chunk.Len() < chunkBytes {
				return err
			}
			return flush()
		})
		if err == nil && chunk.Len() > 0 {
			err = flush()
		}
		if err != nil {
			return err
		}
		w.manifest.Rows[table.Name] = rows
	}
	return w.out.addJSON(manifestName, w.manifest)
}
