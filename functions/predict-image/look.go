package function

import (
	"context"
	"errors"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/task"

	"golang.org/x/sync/errgroup"
)

// sight is what came of showing a picture to the classifier.
type sight struct {
	status      task.ImageStatus
	predictions []task.Prediction
	trouble     error // why the status is pending, for the client
}

// keepAndLook stores the picture under key while the classifier looks at it. Its error is the object store's: what the
// classifier can't do is part of the sight.
func (d *deps) keepAndLook(ctx context.Context, key string, p *picture.Picture) (sight, error) {
	var seen sight
	var both errgroup.Group
	both.Go(func() error { return d.keep(ctx, key, p) })
	both.Go(func() error {
		seen = d.look(ctx, p)
		return nil
	})
	err := both.Wait()
	return seen, err
}

func (d *deps) keep(ctx context.Context, key string, p *picture.Picture) error {
	full, err := p.Full()
	if err != nil {
		return err
	}
	thumb, err := p.Thumb()
	if err != nil {
		return err
	}
	return d.pictures.Put(ctx, key, full, thumb)
}

func (d *deps) look(ctx context.Context, p *picture.Picture) sight {
	predictions, err := d.predict(ctx, p)
	switch {
	case err == nil:
		return sight{status: task.ImageDone, predictions: predictions}
	case fault.Is(err, fault.Unprocessable):
		return sight{status: task.ImageFailed}
	}
	kept := fault.Away("The classifier", err)
	kept.Message = "The picture is kept, but the classifier can't be reached at the moment. It will be recognised later."
	return sight{status: task.ImagePending, trouble: kept}
}

// predict scales the picture to what the model wants, and once more should another model be served just then.
func (d *deps) predict(ctx context.Context, p *picture.Picture) ([]task.Prediction, error) {
	for again := false; ; again = true {
		height, width, err := d.model.InputSize(ctx)
		if err != nil {
			return nil, err
		}
		predictions, err := d.model.Classify(ctx, p.Tensor(height, width), height, width)
		if again || !errors.Is(err, classifier.ErrSizeChanged) {
			return predictions, err
		}
	}
}
