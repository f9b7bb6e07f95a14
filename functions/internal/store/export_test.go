package store

// Find is the statement behind Tasks, for the test that looks at how the database runs it.
var Find = find

// FindNamed is the statement behind Named, for the same.
func FindNamed(pictures []Picture) (string, []any) {
	st := findNamed(pictures)
	return st.text, st.args
}

// EncodePredictions and DecodePredictions stand between predictions and their column.
var (
	EncodePredictions = encodePredictions
	DecodePredictions = decodePredictions
)
