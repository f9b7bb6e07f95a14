// Package recognition shows pictures to the classifier and says what became of it in a task's words.
package recognition

import (
	"context"
	"errors"

	"snaptask/functions/internal/classifier"
	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
	"snaptask/functions/internal/picture"
	"snaptask/functions/internal/task"
)

// Sight is what came of showing a picture to the classifier: ImageDone with ten predictions, ImageFailed when it refused
// this very picture, or ImagePending.
type Sight struct {
	Status      task.ImageStatus
	Predictions []task.Prediction // best first
	Trouble     error             // the fault, for the client, that leaves the picture pending
}

// Look shows a picture to the classifier.
func Look(ctx context.Context, model *classifier.Client, p *picture.Picture) Sight {
	predictions, err := predict(ctx, model, p)
	switch {
	case err == nil:
		return Sight{Status: task.ImageDone, Predictions: predictions}
	case fault.Is(err, fault.Unprocessable):
		return Sight{Status: task.ImageFailed}
	}
	kept := fault.Away("The classifier", err)
	kept.Message = "The picture is kept, but the classifier can't be reached at the moment. It will be recognised later."
	return Sight{Status: task.ImagePending, Trouble: kept}
}

// LookAgain shows the picture that is stored under key to the classifier. Its errors are those of objects.Store.Get and
// picture.Decode: what the classifier can't do is part of the Sight.
func LookAgain(ctx context.Context, model *classifier.Client, pictures *objects.Store, key string) (Sight, error) {
	stored, err := pictures.Get(ctx, key, objects.Full)
	if err != nil {
		return Sight{}, err
	}
	decoded, err := picture.Decode(ctx, stored)
	if err != nil {
		return Sight{}, err
	}
	return Look(ctx, model, decoded), nil
}

// predict scales the picture to what the model wants, and once more should another model be served just then.
func predict(ctx context.Context, model *classifier.Client, p *picture.Picture) ([]task.Prediction, error) {
	for again := false; ; again = true {
		height, width, err := model.InputSize(ctx)
		if err != nil {
			return nil, err
		}
		predictions, err := model.Classify(ctx, p.Tensor(height, width), height, width)
		if again || !errors.Is(err, classifier.ErrSizeChanged) {
			return predictions, err
		}
	}
}
