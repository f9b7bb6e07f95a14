package chaos

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"snaptask/tests/application"
	"snaptask/tests/client"
	"snaptask/tests/scenario"
)

var uploads = flag.Int("uploads", 40, "how many photos are uploaded by event while processes are killed and paused")

// uploaders is how many people upload at the same time: the web server takes as many uploads from one address.
const uploaders = 16

// crowd is the people who upload photos, and what they were told.
type crowd struct {
	t      *testing.T
	app    *application.Application
	token  string        // of the object store's events
	begins chan struct{} // one for each upload that may begin

	restarts atomic.Int32 // of the application, begun and done

	mu     sync.Mutex
	sent   []sent
	events [][]byte // of all uploads
	counts map[string]int

	deliveries sync.WaitGroup
}

// sent is an upload whose PUT was acknowledged, and the last one that was announced for its task.
type sent struct {
	user    client.Client
	task    string
	version int // of the task when it was announced
	photo   photo
}

// TestEveryUploadIsLabelledOrRefusedOnce kills and pauses in turn what an upload goes through while people upload photos, and delivers
// events twice, late and in another order. In the end each photo that the object store acknowledged must be its task's, or the task must
// say why not; either only once, and nothing else may be left.
func TestEveryUploadIsLabelledOrRefusedOnce(t *testing.T) {
	t.Parallel()
	a := application.Start(t, application.NewState(t))
	c := &crowd{t: t, app: a, token: a.EventToken(t), begins: make(chan struct{}, *uploads), counts: map[string]int{}}
	var group sync.WaitGroup
	for i := range uploaders {
		user := scenario.SignIn(t, a.Client, fmt.Sprintf("uploader-%d-%d", *seed, i))
		random := rand.New(rand.NewPCG(*seed, uint64(2000+i)))
		count := (*uploads + uploaders - 1 - i) / uploaders
		group.Go(func() {
			for range count {
				<-c.begins
				time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
				c.work(user, random)
			}
		})
	}
	c.disturb(rand.New(rand.NewPCG(*seed, 4)))
	group.Wait()
	require.Len(t, c.sent, *uploads)
	c.deliverAgain(rand.New(rand.NewPCG(*seed, 5)))
	c.settle()
	for _, s := range c.sent {
		c.check(s)
	}
	t.Logf("%d uploads; %v", len(c.sent), c.counts)
	for _, what := range []string{"labelled", "refused", "replaced", "events repeated"} {
		assert.NotZero(t, c.counts[what], what)
	}
	requireNoOrphans(t, a)
	require.Empty(t, a.Uploads(t))
}

// disturb kills and pauses each process that an upload goes through, again and again. With each disturbance, a few uploads begin.
func (c *crowd) disturb(random *rand.Rand) {
	k := &killer{t: c.t, application: c.app, random: random}
	kill := func(name string) func() {
		return func() {
			if id := k.kill(name); assert.NotZero(c.t, id, name) {
				k.follow(name, id, 0)
			}
		}
	}
	pause := func(name string) func() {
		return func() { k.pause(name, time.Second+time.Duration(random.Int64N(int64(maxPause-time.Second)))) }
	}
	const labelUpload = application.Function + "label-upload"
	disturbances := []func(){
		kill(labelUpload), pause(labelUpload),
		func() {
			begun := time.Now()
			c.restarts.Add(1)
			c.app.Restart(c.t)
			c.restarts.Add(1)
			c.t.Logf("killed: the gateway, and with it all others; everything works again after %.2f s", time.Since(begun).Seconds())
		}, pause(gateway),
		kill(application.ObjectStore), pause(application.ObjectStore),
		kill(application.Database), pause(application.Database),
		kill(application.WebServer),
	}
	rounds := max(1, *uploads/40)
	for n := range rounds * len(disturbances) {
		if n%len(disturbances) == 0 {
			random.Shuffle(len(disturbances), func(i, j int) { disturbances[i], disturbances[j] = disturbances[j], disturbances[i] })
		}
		total := rounds * len(disturbances)
		for range *uploads*(n+1)/total - *uploads*n/total {
			c.begins <- struct{}{}
		}
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		disturbances[n%len(disturbances)]()
	}
}

// settle waits until no task awaits an upload and the object store has none. The events of some are lost, so a sweep has to find them.
func (c *crowd) settle() {
	c.app.WaitReady(c.t)
	awaiting := func() (n int) {
		for _, s := range c.sent {
			if scenario.Task(c.t, s.user, s.task).Uploading {
				n++
			}
		}
		return n
	}
	before := awaiting()
	for begun := time.Now(); awaiting() > 0 || len(c.app.Uploads(c.t)) > 0; time.Sleep(5 * time.Second) {
		require.Less(c.t, time.Since(begun), 3*time.Minute, "uploads are left")
		output, err := sweep(c.t.Context(), c.app, time.Minute)
		require.NoError(c.t, err, output)
	}
	output, err := sweep(c.t.Context(), c.app, time.Second)
	require.NoError(c.t, err, output)
	c.t.Logf("%d uploads were awaited when everything worked again; sweeps that the application ran have finished %d others", before, c.finishedBySweeps())
}

// finishedBySweeps returns how many uploads the sweeps have finished that the application runs every minute, by their log.
func (c *crowd) finishedBySweeps() (n int) {
	log, err := os.ReadFile(filepath.Join(c.app.State, "log", "housekeeping.log"))
	require.NoError(c.t, err)
	for line := range strings.Lines(string(log)) {
		var entry struct {
			Part              string
			Labelled, Refused int
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Part == "uploads" {
			n += entry.Labelled + entry.Refused
		}
	}
	return n
}

// check compares a task with the last upload that was acknowledged for it.
func (c *crowd) check(s sent) {
	now := scenario.Task(c.t, s.user, s.task)
	what := fmt.Sprintf("task %s: %s", s.task, s.photo.size)
	assert.False(c.t, now.Uploading, what)
	assert.Equal(c.t, s.version+1, now.Version, "%s: changed once since the upload was announced", what)
	if s.photo.refusal != "" {
		c.counts["refused"]++
		if assert.NotNil(c.t, now.UploadError, what) {
			assert.Equal(c.t, s.photo.refusal, *now.UploadError, what)
		}
		return
	}
	c.counts["labelled"]++
	assert.Nil(c.t, now.UploadError, what)
	assert.Equal(c.t, "done", now.ImageStatus, what)
	assert.Len(c.t, now.Labels, 10, what)
	image, err := s.user.Image(c.t.Context(), s.task, "full")
	if assert.NoError(c.t, err, what) {
		assert.Equal(c.t, s.photo.size, sizeOf(c.t, image), "%s: another photo", what)
	}
}
