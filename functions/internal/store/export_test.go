package store

import "snaptask/functions/internal/task"

// The statements of Tasks and Named, for tests of how the database executes them.
var (
	ListStatement  = listStatement
	NamedStatement = namedStatement
)

// ScanTask reads a row that ListStatement returned.
var ScanTask = func(row scanner) (task.Task, error) { return taskScanner()(row) }

// PredictionsColumn is how predictions are stored.
type PredictionsColumn = predictionsColumn
