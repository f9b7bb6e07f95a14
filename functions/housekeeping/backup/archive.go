package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"snaptask/functions/internal/fault"
)

const (
	format       = 1
	headName     = "backup.json"
	manifestName = "manifest.json"
	sumsBetween  = 1000
	maxFile      = 64 << 20 // in bytes, far more than Write writes
)

// head is the first file of a backup. It identifies the format.
type head struct {
	Format int   `json:"format"`
	Schema int64 `json:"schema"` // the number of the newest migration
}

// Manifest summarises the contents of a backup.
type Manifest struct {
	Taken    time.Time      `json:"taken"` // UTC; all rows are as of this time
	Rows     map[string]int `json:"rows"`  // by table
	Pictures int            `json:"pictures"`
	Lost     []string       `json:"lost"` // keys of pictures that tasks refer to but the object store lacks
}

// archiveWriter writes a backup.
type archiveWriter struct {
	tar   *tar.Writer
	made  time.Time
	sums  bytes.Buffer // of the files since the last list
	since int          // the number of files in sums
	lists int
}

func newArchive(out io.Writer) *archiveWriter {
	return &archiveWriter{tar: tar.NewWriter(out), made: time.Now().Truncate(time.Second)}
}

func (w *archiveWriter) add(name string, data []byte) error {
	fmt.Fprintf(&w.sums, "%x  %s\n", sha256.Sum256(data), name)
	if err := w.write(name, data); err != nil {
		return err
	}
	if w.since++; w.since < sumsBetween {
		return nil
	}
	return w.writeSums()
}

func (w *archiveWriter) addJSON(name string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return w.add(name, append(data, '\n'))
}

func (w *archiveWriter) writeSums() error {
	w.lists++
	err := w.write(fmt.Sprintf("sums/%06d.sha256", w.lists), w.sums.Bytes())
	w.sums.Reset()
	w.since = 0
	return err
}

func (w *archiveWriter) write(name string, data []byte) error {
	header := &tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600, ModTime: w.made, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err := w.tar.Write(data)
	return err
}

// close ends the backup.
func (w *archiveWriter) close() error {
	return errors.Join(w.writeSums(), w.tar.Close())
}

// archiveReader reads a backup and checks its sums.
type archiveReader struct {
	tar  *tar.Reader
	head head
	sums map[string]string // by name: of the files since the last list
}

func openArchive(in io.Reader) (*archiveReader, error) {
	r := &archiveReader{tar: tar.NewReader(bufio.NewReaderSize(in, 1<<20)), sums: map[string]string{}}
	name, data, err := r.next()
	if err != nil || name != headName || json.Unmarshal(data, &r.head) != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Code: "no_backup", Message: "This is not a Snaptask backup.", Cause: err}
	}
	if r.head.Format != format {
		return nil, fault.New(fault.Invalid, "other_format", fmt.Sprintf("The backup has format %d; this release reads %d.", r.head.Format, format))
	}
	return r, nil
}

// next returns the next file that is not a list of sums. After the last one it returns io.EOF, provided that the lists
// cover every file.
func (r *archiveReader) next() (name string, data []byte, err error) {
	for {
		header, err := r.tar.Next()
		switch {
		case err == io.EOF && len(r.sums) == 0:
			return "", nil, io.EOF
		case err == io.EOF:
			return "", nil, damaged("it ends early")
		case err != nil:
			return "", nil, damaged("%w", err)
		case header.Size > maxFile || header.Typeflag != tar.TypeReg:
			return "", nil, damaged("unexpected %s", header.Name)
		}
		data := make([]byte, header.Size)
		if _, err := io.ReadFull(r.tar, data); err != nil {
			return "", nil, damaged("%s: %w", header.Name, err)
		}
		if strings.HasPrefix(header.Name, "sums/") {
			if err := r.check(header.Name, string(data)); err != nil {
				return "", nil, err
			}
			continue
		}
		if len(r.sums) > sumsBetween {
			return "", nil, damaged("sums are missing")
		}
		sum := sha256.Sum256(data)
		r.sums[header.Name] = hex.EncodeToString(sum[:])
		return header.Name, data, nil
	}
}

func (r *archiveReader) check(name, list string) error {
	for line := range strings.Lines(list) {
		sum, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if r.sums[file] != sum {
			return damaged("%s does not match %s", file, name)
		}
		delete(r.sums, file)
	}
	if len(r.sums) > 0 {
		return damaged("%s lacks a file", name)
	}
	return nil
}

func damaged(format string, args ...any) error {
	return &fault.Error{Kind: fault.Invalid, Code: "damaged_backup", Message: "The backup is damaged.", Cause: fmt.Errorf(format, args...)}
}
