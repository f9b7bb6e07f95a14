package store

// The statements of Tasks and Named, for tests of how the database executes them.
var (
	ListStatement  = listStatement
	NamedStatement = namedStatement
)

// ScanTask reads a row that ListStatement returned.
var ScanTask = scanTask

// PredictionsColumn is how predictions are stored.
type PredictionsColumn = predictionsColumn
