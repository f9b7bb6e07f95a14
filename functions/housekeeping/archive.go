package housekeeping

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

// A backup is a tar file. In this order it holds
//
//	backup.json                    what this is: {"format": 1, "schema": 3}
//	pictures/KEY/full.jpg, KEY/thumb.jpg
//	                               the pictures, as the object store has them
//	rows/TABLE/000001.jsonl ...    the rows, one JSON object a line
//	manifest.json                  when it was taken, and how much there is of what
//	sums/000001.sha256 ...         after every thousand files or so, and last of all: the SHA-256 of each file since the ones
//	                               before, as sha256sum writes and checks them
//
// so that both sides read it as a stream and hold little of it, and one that ends early is known by its end.
const (
	format       = 1
	headName     = "backup.json"
	manifestName = "manifest.json"
	sumsBetween  = 1000
	longestFile  = 64 << 20 // in bytes, far above what backup writes
)

// head says what kind of backup this is.
type head struct {
	Format int   `json:"format"`
	Schema int64 `json:"schema"` // the number of the newest migration
}

// manifest says what a backup holds.
type manifest struct {
	Taken    time.Time      `json:"taken"` // UTC; all rows are of this moment
	Rows     map[string]int `json:"rows"`  // by table
	Pictures int            `json:"pictures"`
	Lost     []string       `json:"lost"` // keys of pictures that tasks name and the object store doesn't have
}

// archiveWriter writes a backup.
type archiveWriter struct {
	tar   *tar.Writer
	made  time.Time
	sums  bytes.Buffer
	since int // files since the last sums
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
	return w.list()
}

func (w *archiveWriter) addJSON(name string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return w.add(name, append(data, '\n'))
}

// list writes the sums of the files since the last list.
func (w *archiveWriter) list() error {
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
	return errors.Join(w.list(), w.tar.Close())
}

// archiveReader reads a backup and checks its sums.
type archiveReader struct {
	tar  *tar.Reader
	head head
	sums map[string]string // of the files since the last list
}

func openArchive(in io.Reader) (*archiveReader, error) {
	r := &archiveReader{tar: tar.NewReader(bufio.NewReaderSize(in, 1<<20)), sums: map[string]string{}}
	name, data, err := r.next()
	if err != nil || name != headName || json.Unmarshal(data, &r.head) != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Code: "no_backup", Message: "That is not a backup of Snaptask.", Cause: err}
	}
	if r.head.Format != format {
		return nil, fault.New(fault.Invalid, "other_format", fmt.Sprintf("The backup has format %d; this release reads %d.", r.head.Format, format))
	}
	return r, nil
}

// next gives the next file that is no list of sums. At the end it gives io.EOF, if every file is in a list.
func (r *archiveReader) next() (name string, data []byte, err error) {
	for {
		header, err := r.tar.Next()
		if err == io.EOF && len(r.sums) == 0 {
			return "", nil, io.EOF
		}
		if err == io.EOF {
			return "", nil, spoilt("it ends early")
		}
		if err != nil {
			return "", nil, spoilt(err.Error())
		}
		if header.Size > longestFile || header.Typeflag != tar.TypeReg {
			return "", nil, spoilt("unexpected " + header.Name)
		}
		data := make([]byte, header.Size)
		if _, err := io.ReadFull(r.tar, data); err != nil {
			return "", nil, spoilt(header.Name + ": " + err.Error())
		}
		if strings.HasPrefix(header.Name, "sums/") {
			if err := r.check(header.Name, string(data)); err != nil {
				return "", nil, err
			}
			continue
		}
		if len(r.sums) > sumsBetween {
			return "", nil, spoilt("sums are missing")
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
			return spoilt(file + " is not what " + name + " says")
		}
		delete(r.sums, file)
	}
	if len(r.sums) > 0 {
		return spoilt(name + " lacks a file")
	}
	return nil
}

func spoilt(why string) error {
	return &fault.Error{Kind: fault.Invalid, Code: "damaged_backup", Message: "The backup is damaged.", Cause: errors.New(why)}
}
