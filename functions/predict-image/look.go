package function

import (
	"context"

	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/recognition"

	"golang.org/x/sync/errgroup"
)

// keepAndLook stores the picture under key while the classifier looks at it. Its error is the object store's: what the
// classifier can't do is part of the Sight.
func (d *deps) keepAndLook(ctx context.Context, key string, p *picture.Picture) (recognition.Sight, error) {
	var seen recognition.Sight
	var both errgroup.Group
	both.Go(func() error { return d.keep(ctx, key, p) })
	both.Go(func() error {
		seen = recognition.Look(ctx, d.model, p)
		return nil
	})
	err := both.Wait()
	return seen, err
}

func (d *deps) keep(ctx context.Context, key string, p *picture.Picture) error {
	return d.pictures.Put(ctx, key, p.Full(), p.Thumb())
}
