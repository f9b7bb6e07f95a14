package function

import (
	"slices"

	"snaptask/functions/internal/fault"
	"snaptask/functions/internal/objects"
)

// mediaTypes are those of the formats that package picture decodes.
var mediaTypes = []string{"image/jpeg", "image/png", "image/webp"}

// photo describes the file that the client is going to upload.
type photo struct {
	Bytes       int64  `json:"bytes"`
	ContentType string `json:"contentType"`
}

// check returns the fault of a file that would be refused when it has been uploaded: Invalid, TooLarge or UnsupportedMedia.
func (p photo) check() error {
	switch {
	case p.Bytes < 1:
		return fault.InvalidField("bytes", "is required: the size of the file, at least 1")
	case p.Bytes > objects.MaxUpload:
		return objects.UploadTooLarge()
	case p.ContentType == "":
		return fault.InvalidField("contentType", "is required, such as image/jpeg")
	case !slices.Contains(mediaTypes, p.ContentType):
		return fault.New(fault.UnsupportedMedia, "picture_type", "Only JPEG, PNG and WebP photos are accepted.")
	}
	return nil
}
