package store

import "context"

// Ready returns nil when the database answers.
func (s *Store) Ready(ctx context.Context) error {
	_, err := query(ctx, s, scanValue[int], "SELECT 1")
	return err
}
