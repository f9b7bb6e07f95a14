//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/image/draw"
)

// photo is derived from one of the project's photos, identically in every run: scaled to its size, with noise like a camera
// sensor's, so that the file is as large as a camera's and takes as long to decode.
type photo struct {
	width, height int
	noise         int // largest change of a colour
}

var (
	smallPhoto = photo{1024, 683, 4}
	largePhoto = photo{4000, 3000, 12}
)

func (p photo) jpeg(root string) []byte {
	shipped := must(jpeg.Decode(bytes.NewReader(must(os.ReadFile(filepath.Join(root, "webapp", "e2e", "photos", "landscape.jpg"))))))
	scaled := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	draw.CatmullRom.Scale(scaled, scaled.Bounds(), shipped, shipped.Bounds(), draw.Src, nil)
	random := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(scaled.Pix); i += 4 {
		change := random.IntN(2*p.noise+1) - p.noise
		for c := range 3 {
			scaled.Pix[i+c] = uint8(min(max(int(scaled.Pix[i+c])+change, 0), 255))
		}
	}
	var made bytes.Buffer
	check(jpeg.Encode(&made, scaled, &jpeg.Options{Quality: 90}))
	return made.Bytes()
}

// predicting is a case of attaching a photo to a task and having it labelled, one at a time.
func predicting(kind photo) func(*bench) []contender {
	return func(b *bench) []contender {
		a := b.newAccount(fmt.Sprintf("photographer-%d", kind.width))
		photo := kind.jpeg(b.root)
		theirs := newRequest("PUT", "/predict-image?id="+b.insertFlask(a, 1)[0].String(), a.flaskToken, "image/jpeg", photo)
		ours := newRequest("PUT", "/?id="+b.insertOurs(a, 1)[0].String(), a.ourToken, "image/jpeg", photo)
		all := b.rivals(1, []*fasthttp.Request{theirs}, "predict-image", []*fasthttp.Request{ours})
		first := labelsOf(all[0].program, all[0].requests[0])
		for _, c := range all[1:] {
			if labels := labelsOf(c.program, c.requests[0]); labels != first {
				check(fmt.Errorf("%s returned the labels %s instead of %s", c.name, labels, first))
			}
		}
		return all
	}
}

// labelsOf sends a photo and returns the ten labels of the answer.
func labelsOf(p *program, r *fasthttp.Request) string {
	var task struct{ Labels []string }
	check(json.Unmarshal(p.receive(r, 200), &task))
	if len(task.Labels) != 10 {
		check(fmt.Errorf("%s returned %d labels instead of 10", p.name, len(task.Labels)))
	}
	return fmt.Sprint(task.Labels)
}

// modelCPU is the CPU time of EfficientNetV2-S itself for one image, on a core of the machine that result.json describes.
const modelCPU = 200 * time.Millisecond

// besideTheModel compares the CPU of predict-image for one photo with that of the model for production.
func besideTheModel(_ *bench, all []contenderResult) []figure {
	share := 100 * find(all, ourName).CPU / milliseconds(modelCPU)
	return []figure{newFigure(share, "%", 0, 10, "CPU on top of the %d ms of EfficientNetV2-S", modelCPU.Milliseconds())}
}

// crowding is the case of far more concurrent large photos than predict-image accepts: it must refuse the rest with 503 and
// Retry-After, and stay within its memory limit in stack.yml.
func crowding(b *bench, _ []contenderResult) []figure {
	const name, crowd = "predict-image", 64
	a := b.newAccount("crowd")
	photo := largePhoto.jpeg(b.root)
	p := b.launchFunction(name, name+"-crowded", b.dsn(), nil)
	defer p.stop()
	b.firstAnswer(p, newRequest("GET", "/_/health", "", "", nil))
	var labelled, refused atomic.Int64
	lasting, cancel := context.WithTimeout(b.ctx, max(3*b.duration, 8*time.Second))
	defer cancel()
	judge := func(answer *fasthttp.Response) error {
		seconds, err := strconv.Atoi(string(answer.Header.Peek("Retry-After")))
		if answer.StatusCode() != 503 || err != nil {
			labelled.Add(1)
			return succeeds(answer)
		}
		refused.Add(1)
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-lasting.Done():
		}
		return nil
	}
	var all []client
	var put *fasthttp.Request
	for _, task := range b.insertOurs(a, crowd) {
		put = newRequest("PUT", "/?id="+task.String(), a.ourToken, "image/jpeg", photo)
		all = append(all, p.client(put, judge))
		defer all[len(all)-1].close()
	}
	must(load(lasting, time.Minute, all))
	if labelled.Load() == 0 {
		check(errors.New("no photo was labelled"))
	}
	most := peak(p.pid)
	labelsOf(p, put) // it works again afterwards
	return []figure{
		newFigure(float64(most)/megabyte, "MB", 0, float64(must(b.stack[name].MemoryLimit()))/megabyte, "most memory at any time (its limit in stack.yml)"),
		newFigure(float64(labelled.Load()), "photos", 0, 0, "recognised"),
		newFigure(float64(refused.Load()), "photos", 0, 0, "refused with 503 and Retry-After"),
	}
}
