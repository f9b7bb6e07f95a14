package crowd

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // photos and the pictures that come back are JPEGs
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// picture is one to attach, known by its size: the application keeps that of pictures which aren't large.
type picture struct {
	size string
	data []byte
}

// photos that people attach now and then, whole ones all of them.
var photos = []string{"landscape.jpg", "coffee.png", "chelsea.png", "rocket.jpg"}

func loadPictures(folder string) ([]picture, error) {
	var all []picture
	for _, name := range photos {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		size, err := sizeOf(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, picture{size, data})
	}
	return all, nil
}

// drawn makes a small picture of one colour.
func drawn(random *rand.Rand) (picture, error) {
	side := func() int { return 16 + random.IntN(240) }
	canvas := image.NewRGBA(image.Rect(0, 0, side(), side()))
	paint := color.RGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(paint), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, canvas); err != nil {
		return picture{}, err
	}
	size, err := sizeOf(b.Bytes())
	return picture{size, b.Bytes()}, err
}

// sizeOf gives the size in pixels of a picture's bytes, the whole of which is decoded.
func sizeOf(data []byte) (string, error) {
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%dx%d", decoded.Bounds().Dx(), decoded.Bounds().Dy()), nil
}
