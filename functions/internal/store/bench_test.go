package store_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"snaptask/functions/internal/store"
	"snaptask/functions/internal/task"
	"snaptask/functions/internal/testbed"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// The benchmarks include the time of the database; cpu-ns/op is the CPU time of this process alone.

func BenchmarkTasks(b *testing.B) {
	var guesses []task.Prediction
	for i := range task.PredictionCount {
		guesses = append(guesses, task.Prediction{Label: fmt.Sprint("breakwater ", i), Score: .5 / float64(i+1)})
	}
	for _, c := range []struct {
		name        string
		limit       int
		predictions []task.Prediction
	}{{"20", 20, nil}, {"20 with photos", 20, guesses}, {"1000", 1000, nil}} {
		b.Run(c.name, func(b *testing.B) {
			s := testbed.Store(b)
			ada := testbed.SignIn(b, s)
			for _, id := range addTasks(b, s, ada, c.limit) {
				if c.predictions != nil {
					_, _, err := s.SetPicture(b.Context(), ada.Owner, id, "key", 1000, task.ImageDone, c.predictions)
					require.NoError(b, err)
				}
			}
			filter := testbed.Everything()
			filter.Limit = c.limit
			measure(b, func(int) error {
				_, _, err := s.Tasks(b.Context(), ada.Owner, filter)
				return err
			})
		})
	}
}

func BenchmarkAddTask(b *testing.B) {
	s := testbed.Store(b)
	ada := testbed.SignIn(b, s)
	measure(b, func(int) error {
		_, err := s.AddTask(b.Context(), ada.Owner, newTask(b))
		return err
	})
}

func BenchmarkUpdateTask(b *testing.B) {
	s := testbed.Store(b)
	ada := testbed.SignIn(b, s)
	id := addTasks(b, s, ada, 1)[0]
	measure(b, func(i int) error {
		version, completed := uint32(i+1), i%2 == 0
		_, err := s.UpdateTask(b.Context(), ada.Owner, id, task.Change{Version: &version, Completed: &completed})
		return err
	})
}

func BenchmarkDeleteTask(b *testing.B) {
	s := testbed.Store(b)
	ada := testbed.SignIn(b, s)
	ids := addTasks(b, s, ada, b.N)
	measure(b, func(i int) error {
		_, err := s.DeleteTask(b.Context(), ada.Owner, ids[i])
		return err
	})
}

func newTask(b *testing.B) task.Task {
	d, err := task.New(task.Draft{Title: "Call the plumber", Body: "about the kitchen sink", DueDate: "2026-12-24"}, time.Now())
	require.NoError(b, err)
	return d
}

func addTasks(b *testing.B, s *store.Store, ada testbed.Person, count int) (ids []uuid.UUID) {
	for range count {
		added, err := s.AddTask(b.Context(), ada.Owner, newTask(b))
		require.NoError(b, err)
		ids = append(ids, added.ID)
	}
	return ids
}

func measure(b *testing.B, call func(i int) error) {
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime()
	for i := range b.N {
		if err := call(i); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
}

// cpuTime returns the CPU time that this process has used, in nanoseconds.
func cpuTime() int64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}
