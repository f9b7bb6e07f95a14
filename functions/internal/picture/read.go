package picture

import (
	"context"
	"io"
)

// readBytes is how many bytes a decoder gets at a time. A few bytes of a progressive JPEG or of a PNG stand for many pixels,
// so that small pieces bound the work that is done after ctx ended.
const readBytes = 256

// reader reads from another reader until ctx ends.
type reader struct {
	ctx  context.Context
	from io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p[:min(len(p), readBytes)])
}
