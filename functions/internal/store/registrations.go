package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"snaptask/functions/internal/fault"
)

// CountRegistration counts an attempt to register from an address, unless the address is empty because it is unknown. The fault is
// Throttled, with the time until the next attempt, if there were limit attempts since the address's hour began.
func (s *Store) CountRegistration(ctx context.Context, address string, limit int) error {
	if address == "" {
		return nil
	}
	hash := sha256.Sum256([]byte(address))
	// attempts is assigned first. It becomes 1 only when an hour begins.
	if _, err := s.exec(ctx, `INSERT INTO registrations (address, begun_at, attempts) VALUES (?, UTC_TIMESTAMP(6), 1)
		ON DUPLICATE KEY UPDATE attempts = IF(begun_at > UTC_TIMESTAMP(6) - INTERVAL 1 HOUR, LEAST(attempts, ?) + 1, 1),
			begun_at = IF(attempts = 1, VALUES(begun_at), begun_at)`, hash[:], limit); err != nil {
		return notDone(err)
	}
	waits, err := query(ctx, s, func(row scanner) (time.Duration, error) {
		var attempts, seconds int
		if err := row.Scan(&attempts, &seconds); err != nil || attempts <= limit {
			return 0, err
		}
		return max(time.Second, time.Duration(seconds)*time.Second), nil
	}, `SELECT attempts, TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6) - INTERVAL 1 HOUR, begun_at) FROM registrations WHERE address = ?`, hash[:])
	if err != nil || len(waits) == 0 || waits[0] == 0 {
		return err
	}
	return &fault.Error{Kind: fault.Throttled, Code: "too_many_registrations",
		Message: fmt.Sprintf("There were %d registrations from your address within an hour. Please wait before the next one.", limit), RetryAfter: waits[0]}
}
