package objects

import (
	"fmt"
	"path"
	"strings"
	"time"

	"snaptask/functions/internal/fault"

	"github.com/google/uuid"
)

// Size is one of the two objects of a picture.
type Size string

const (
	Full  Size = "full"
	Thumb Size = "thumb"
)

// ParseSize returns the size of this name, Full for "". The fault is Invalid for any other.
func ParseSize(name string) (Size, error) {
	switch size := Size(name); size {
	case "", Full:
		return Full, nil
	case Thumb:
		return Thumb, nil
	}
	return "", fault.InvalidField("size", "must be full or thumb")
}

// NewKey returns the key of a new picture: "{userID}/{taskID}/{UUIDv7}", the prefix of its objects' names. Every upload
// has a key of its own, so the bytes under a key never change.
func NewKey(userID, taskID uuid.UUID) string {
	return fmt.Sprintf("%s/%s/%s", userID, taskID, uuid.Must(uuid.NewV7()))
}

// Key is a parsed key.
type Key struct {
	UserID, TaskID uuid.UUID
	ID             uuid.UUID // of this picture alone
	Made           time.Time // by the clock of whoever made the key
}

// ParseKey parses a key that NewKey returned.
func ParseKey(key string) (Key, error) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return Key{}, fmt.Errorf("the key %q does not have three parts", key)
	}
	var ids [3]uuid.UUID
	for i, part := range parts {
		id, err := uuid.Parse(part)
		if err != nil || id.String() != part {
			return Key{}, fmt.Errorf("the key %q has a part that is not a UUID", key)
		}
		ids[i] = id
	}
	k := Key{UserID: ids[0], TaskID: ids[1], ID: ids[2]}
	if k.ID.Version() == 7 {
		k.Made = time.Unix(k.ID.Time().UnixTime())
	}
	return k, nil
}

// ETag returns the HTTP entity tag of a picture in one size. The bytes under a key never change, so the last part of the
// key, a UUID, is their version.
func ETag(key string, size Size) string { return `"` + path.Base(key) + "-" + string(size) + `"` }

// name returns the name of one object of a picture.
func name(key string, size Size) string {
	return key + "/" + string(size) + ".jpg"
}

// keyOf returns the key of the picture that an object belongs to, and reports whether Put makes objects with this name.
func keyOf(object string) (key string, ours bool) {
	for _, size := range sizes {
		if key, ours = strings.CutSuffix(object, name("", size)); ours {
			_, err := ParseKey(key)
			return key, err == nil
		}
	}
	return "", false
}
