package store

// Find is the statement behind Tasks, for the test that looks at how the database runs it.
var Find = find
