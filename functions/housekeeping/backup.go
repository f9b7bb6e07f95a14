package housekeeping

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/store"

	"github.com/google/uuid"
)

// vault is the data that backups are of: rows and pictures.
type vault struct {
	db       *store.Store
	pictures *objects.Store
	progress func(format string, args ...any) // tells the operator how far it is
}

// statementTime is what a statement of a backup or a restore may take at least: replacing a large table takes more than
// anything a function does.
const statementTime = 10 * time.Minute

func openVault(messages io.Writer) (*vault, error) {
	c := config.New()
	pictures := objects.Open(c)
	database := store.ReadConfig(c)
	if err := c.Err(); err != nil {
		return nil, wrongSettings(err)
	}
	database.Timeout = max(database.Timeout, statementTime)
	db, err := store.New(database)
	if err != nil {
		return nil, wrongSettings(err)
	}
	return &vault{db, pictures, func(format string, args ...any) { fmt.Fprintf(messages, format+"\n", args...) }}, nil
}

const (
	parallel   = 4    // pictures fetched or stored at once
	fewEnough  = 1000 // pictures that a snapshot waits for
	mostTries  = 20   // snapshots until a backup gives up
	chunkBytes = 512 << 10
)

// backup writes a backup in which rows and pictures belong together, while functions go on working. Pictures come first: a
// snapshot of the rows is only written down once every picture that it names has been, and a picture that was deleted before
// it could be fetched makes the snapshot too old, so that a newer one is taken. No transaction stays open for longer than a
// thousand pictures take.
func (v *vault) backup(ctx context.Context, out io.Writer) (manifest, error) {
	b := backup{vault: v, out: newArchive(out), written: map[uuid.UUID]bool{}, gone: map[uuid.UUID]bool{}, lost: map[uuid.UUID]string{}}
	for try := 1; ; try++ {
		done, err := b.attempt(ctx)
		if err != nil {
			return manifest{}, err
		}
		if done {
			return b.manifest, b.out.close()
		}
		if try == mostTries {
			return manifest{}, fault.New(fault.Unavailable, "too_busy", "Pictures change faster than they can be copied. Please try again at a quieter time.")
		}
	}
}

type backup struct {
	*vault
	out      *archiveWriter
	head     head // zero until the first snapshot
	manifest manifest
	written  map[uuid.UUID]bool   // pictures that are in the backup, by the last part of their keys
	gone     map[uuid.UUID]bool   // pictures that were not there when they were to be fetched
	lost     map[uuid.UUID]string // those that a later snapshot names still, with their keys
}

// attempt takes a snapshot and writes its rows, if it gets all its pictures.
func (b *backup) attempt(ctx context.Context) (done bool, err error) {
	shot, err := b.db.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	defer shot.Close()
	switch now := (head{format, shot.Schema}); {
	case b.head == head{}:
		b.head = now
		if err := b.out.addJSON(headName, now); err != nil {
			return false, err
		}
	case b.head != now:
		return false, fault.New(fault.Conflict, "schema_changed", "The database was migrated meanwhile. Please try again.")
	}
	var wanted []string
	b.lost = map[uuid.UUID]string{}
	err = shot.Pictures(ctx, func(p store.Picture) error {
		id, err := pictureID(p.ImageKey)
		switch {
		case err != nil:
			return err
		case b.gone[id]:
			b.lost[id] = p.ImageKey
		case !b.written[id]:
			wanted = append(wanted, p.ImageKey)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if len(wanted) > fewEnough {
		shot.Close()
	}
	gone, err := b.copy(ctx, wanted)
	if err != nil || gone > 0 || len(wanted) > fewEnough {
		return false, err
	}
	return true, b.rows(ctx, shot)
}

// pictureID is the last part of a picture's key, which no other picture's has.
func pictureID(key string) (uuid.UUID, error) {
	if _, _, err := place(key); err != nil {
		return uuid.Nil, err
	}
	return uuid.Parse(key[strings.LastIndexByte(key, '/')+1:])
}

// fetched is a picture as the object store gave it.
type fetched struct {
	key         string
	full, thumb []byte
	err         error
}

// copy writes pictures and counts those that are not there.
func (b *backup) copy(ctx context.Context, keys []string) (gone int, err error) {
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
			go func() { one <- b.fetch(ctx, key) }()
		}
	}()
	told := time.Now()
	for one := range ahead {
		p := <-one
		id, err := pictureID(p.key)
		if err != nil {
			return gone, err
		}
		if fault.Is(p.err, fault.NotFound) {
			b.gone[id] = true
			gone++
			continue
		}
		if p.err != nil {
			return gone, p.err
		}
		for _, file := range []struct {
			name string
			data []byte
		}{{"full.jpg", p.full}, {"thumb.jpg", p.thumb}} {
			if err := b.out.add("pictures/"+p.key+"/"+file.name, file.data); err != nil {
				return gone, err
			}
		}
		b.written[id] = true
		b.manifest.Pictures++
		if time.Since(told) > 5*time.Second {
			b.progress("%d pictures", b.manifest.Pictures)
			told = time.Now()
		}
	}
	return gone, ctx.Err()
}

func (b *backup) fetch(ctx context.Context, key string) fetched {
	p := fetched{key: key}
	if p.full, p.err = b.pictures.Get(ctx, key, objects.Full); p.err == nil {
		p.thumb, p.err = b.pictures.Get(ctx, key, objects.Thumb)
	}
	return p
}

// rows writes all rows of the snapshot, and the manifest.
func (b *backup) rows(ctx context.Context, shot *store.Snapshot) error {
	b.manifest.Taken, b.manifest.Rows, b.manifest.Lost = shot.Taken, map[string]int{}, []string{}
	for _, key := range b.lost {
		b.manifest.Lost = append(b.manifest.Lost, key)
		b.progress("lost: a task names the picture %s, and the object store doesn't have it", key)
	}
	for _, table := range store.Tables {
		var chunk bytes.Buffer
		chunks := 0
		flush := func() error {
			chunks++
			defer chunk.Reset()
			return b.out.add(fmt.Sprintf("rows/%s/%06d.jsonl", table.Name, chunks), chunk.Bytes())
		}
		b.manifest.Rows[table.Name] = 0
		err := shot.Rows(ctx, table, func(row store.Row) error {
			b.manifest.Rows[table.Name]++
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
	}
	return b.out.addJSON(manifestName, b.manifest)
}
