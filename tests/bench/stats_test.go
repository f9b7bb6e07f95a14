package main

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	require.Equal(t, 3.0, median([]float64{9, 1, 3}))
	require.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	require.True(t, math.IsNaN(median(nil)))
	values := []float64{3, 1, 2}
	median(values)
	require.Equal(t, []float64{3, 1, 2}, values, "the order of repetitions stays")
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := 1; i <= 200; i++ {
		all = append(all, time.Duration(i))
	}
	require.Equal(t, time.Duration(100), percentile(all, 50))
	require.Equal(t, time.Duration(198), percentile(all, 99))
	require.Equal(t, time.Duration(200), percentile(all, 100))
	require.Equal(t, time.Duration(7), percentile([]time.Duration{7}, 1))
	require.Zero(t, percentile(nil, 50))
}
