// Package recognition stores and classifies photos, and maps the outcome to the fields of a task.
package recognition

import (
	"context"
	"errors"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/task"
	"snaptask/functions/telemetry"

	"golang.org/x/sync/errgroup"
)

// Result is the outcome of classifying a photo: ImageDone with ten predictions, ImageFailed if the classifier refused this
// photo, or ImagePending.
type Result struct {
	Status      task.ImageStatus
	Predictions []task.Prediction // best first
	Bytes       int64             // that Store has stored
	Problem     error             // the fault, for the client, because of which the photo is pending
}

// Store stores a photo under key while the classifier classifies it. The error is the object store's.
func Store(ctx context.Context, model *classifier.Client, pictures *objects.Store, key string, p *picture.Picture) (Result, error) {
	var result Result
	var stored int64
	var both errgroup.Group
	both.Go(func() error {
		_, encoded := telemetry.Begin(ctx, telemetry.Decode, "encode")
		full, thumb := p.Full(), p.Thumb()
		encoded(nil)
		stored = int64(len(full) + len(thumb))
		return pictures.Put(ctx, key, full, thumb)
	})
	both.Go(func() error {
		result = classify(ctx, model, p)
		return nil
	})
	err := both.Wait()
	result.Bytes = stored
	return result, err
}

// Again classifies the photo that is stored under key. The errors are those of objects.Store.Get and picture.Decode.
func Again(ctx context.Context, model *classifier.Client, pictures *objects.Store, key string) (Result, error) {
	stored, err := pictures.Get(ctx, key, objects.Full)
	if err != nil {
		return Result{}, err
	}
	decoded, err := picture.Decode(ctx, stored)
	if err != nil {
		return Result{}, err
	}
	return classify(ctx, model, decoded), nil
}

func classify(ctx context.Context, model *classifier.Client, p *picture.Picture) Result {
	predictions, err := predict(ctx, model, p)
	switch {
	case err == nil:
		return Result{Status: task.ImageDone, Predictions: predictions}
	case fault.Is(err, fault.Unprocessable):
		return Result{Status: task.ImageFailed}
	}
	kept := fault.Unreachable("The classifier", err)
	kept.Message = "The photo is kept, but the classifier can't be reached at the moment. It will be recognised later."
	return Result{Status: task.ImagePending, Problem: kept}
}

// predict scales the photo to the model's input size, and once more if that changes in between.
func predict(ctx context.Context, model *classifier.Client, p *picture.Picture) ([]task.Prediction, error) {
	for again := false; ; again = true {
		height, width, err := model.InputSize(ctx)
		if err != nil {
			return nil, err
		}
		_, scaled := telemetry.Begin(ctx, telemetry.Decode, "scale")
		tensor := p.Tensor(height, width)
		scaled(nil)
		predictions, err := model.Classify(ctx, tensor, height, width)
		if again || !errors.Is(err, classifier.ErrSizeChanged) {
			return predictions, err
		}
	}
}
