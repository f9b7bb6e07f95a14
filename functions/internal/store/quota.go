package store

import (
	"fmt"

	"snaptask/functions/internal/config"
	"snaptask/functions/internal/fault"
)

// readQuota reads the limits of what each user's tasks may take. The defaults are far above what a person needs.
func readQuota(c *config.Reader) Usage {
	return Usage{
		Tasks:      int64(c.Int("QUOTA_TASKS", 100_000, 1)),
		TextBytes:  int64(c.Int("QUOTA_TEXT_BYTES", 256<<20, 1)),
		Photos:     int64(c.Int("QUOTA_PHOTOS", 20_000, 1)),
		PhotoBytes: int64(c.Int("QUOTA_PHOTO_BYTES", 20<<30, 1)),
	}
}

// quotaTexts say what an account can have, for each of Usage's amounts.
var quotaTexts = []func(limit int64) string{
	func(limit int64) string { return fmt.Sprintf("%d tasks", limit) },
	func(limit int64) string { return size(limit) + " of text" },
	func(limit int64) string { return fmt.Sprintf("%d photos", limit) },
	func(limit int64) string { return size(limit) + " of photos" },
}

// size returns a number of bytes in the largest unit of which it is a multiple.
func size(bytes int64) string {
	for _, unit := range []struct {
		name  string
		shift int
	}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
		if bytes>>unit.shift<<unit.shift == bytes {
			return fmt.Sprintf("%d %s", bytes>>unit.shift, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// exceeded returns the fault of a change that increases an amount above its quota, or nil. now is the usage after the change. A
// quota of 0 does not limit.
func exceeded(quota, now, change Usage) error {
	limits, have, growth := quota.amounts(), now.amounts(), change.amounts()
	for i, limit := range limits {
		if *growth[i] > 0 && *limit > 0 && *have[i] > *limit {
			return fault.QuotaExceeded("This would be more than the " + quotaTexts[i](*limit) + " that an account can have.")
		}
	}
	return nil
}
