package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	keptLines   = 500      // kept in memory
	longestLine = 16 << 10 // bytes, at which a line is split
	fileLimit   = 4 << 20  // bytes, at which a file becomes NAME.1
)

// Line is one line of a child's output.
type Line struct {
	At   time.Time
	Text string
}

// Log writes a child's output to a file of bounded size and keeps the last lines in memory.
type Log struct {
	path string

	mu      sync.Mutex
	file    *os.File
	size    int64
	partial []byte
	lines   []Line
	dropped int // lines before them
}

// NewLog appends to the file at path.
func NewLog(path string) (*Log, error) {
	l := &Log{path: path}
	return l, l.open()
}

func (l *Log) open() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write never fails: a full disk must not stop a child.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, _ := l.file.Write(p)
	l.size += int64(n)
	if l.size > fileLimit {
		l.rotate()
	}
	l.partial = append(l.partial, p...)
	for {
		text, rest, whole := bytes.Cut(l.partial, []byte("\n"))
		if !whole && len(l.partial) < longestLine {
			break
		}
		l.keep(string(text[:min(len(text), longestLine)]))
		l.partial = append([]byte(nil), rest...)
	}
	return len(p), nil
}

func (l *Log) rotate() {
	old := l.file
	if os.Rename(l.path, l.path+".1") == nil && l.open() == nil {
		_ = old.Close()
	}
}

func (l *Log) keep(text string) {
	if len(l.lines) == keptLines {
		l.lines = append(l.lines[:0:0], l.lines[keptLines/5:]...)
		l.dropped += keptLines / 5
	}
	l.lines = append(l.lines, Line{time.Now().UTC(), text})
}

// After returns the lines after the first seen ones that are still in memory, and the number of all lines so far.
func (l *Log) After(seen int) (lines []Line, all int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all = l.dropped + len(l.lines)
	return append(lines, l.lines[min(max(seen-l.dropped, 0), len(l.lines)):]...), all
}

// Tail returns the last n lines, indented, and the path of the file.
func (l *Log) Tail(n int) string {
	lines, _ := l.After(0)
	lines = lines[max(0, len(lines)-n):]
	var b bytes.Buffer
	for _, line := range lines {
		fmt.Fprintf(&b, "    %s\n", line.Text)
	}
	fmt.Fprintf(&b, "    (more in %s)", l.path)
	return b.String()
}
