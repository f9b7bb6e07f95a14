package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
)

// photo is a picture made from one that the project ships, the same at every run: scaled to the size, with fine noise as a
// camera's sensor has it, so that the file is as large as a camera's and decoding it costs what a camera's does.
type photo struct {
	name          string
	width, height int
	noise         int // most that a colour is changed by
	quality       int // of the JPEG
}

var (
	small = photo{"1024px", 1024, 683, 4, 90}
	large = photo{"12mp", 4000, 3000, 12, 90}
)

func (p photo) jpeg(root string) ([]byte, error) {
	file, err := os.Open(filepath.Join(root, "webapp", "e2e", "photos", "landscape.jpg"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	shipped, err := jpeg.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	scaled := image.NewRGBA(image.Rect(0, 0, p.width, p.height))
	draw.CatmullRom.Scale(scaled, scaled.Bounds(), shipped, shipped.Bounds(), draw.Src, nil)
	if p.noise > 0 {
		random := rand.New(rand.NewPCG(1, 2))
		for i := 0; i < len(scaled.Pix); i += 4 {
			change := random.IntN(2*p.noise+1) - p.noise
			for c := range 3 {
				scaled.Pix[i+c] = uint8(min(max(int(scaled.Pix[i+c])+change, 0), 255))
			}
		}
	}
	var made bytes.Buffer
	err = jpeg.Encode(&made, scaled, &jpeg.Options{Quality: p.quality})
	return made.Bytes(), err
}
