package workload

import "snaptask/tests/client"

// read changes nothing.
func read(s state) []state { return []state{s} }

// create creates the task unless its id was used before. An existing task is left unchanged.
func create(d client.Draft) write {
	return func(s state) []state {
		switch s.existence {
		case notCreated:
			return []state{{existence: present, Change: client.Change{Draft: d, Version: 1}, status: "none"}}
		case present:
			return []state{s}
		default:
			return nil
		}
	}
}

// update changes the task if its version is that of the change. A task that is already changed is left as it is.
func update(c client.Change) write {
	return func(s state) []state {
		switch {
		case isChanged(s, c):
		case s.existence == present && s.Version == c.Version:
			s.Change = c
			s.Version++
		default:
			return nil
		}
		return []state{s}
	}
}

// isChanged reports whether the task is as this change leaves it.
func isChanged(s state, c client.Change) bool {
	c.Version++
	return s.existence == present && s.Change == c
}

// remove deletes the task.
func remove(s state) []state {
	if s.existence != present {
		return nil
	}
	return []state{{existence: deleted}}
}

// attach sets an image of this size, which gets one of the statuses.
func attach(size string, statuses ...string) write {
	return func(s state) (after []state) {
		if s.existence != present {
			return nil
		}
		s.size = size
		s.Version++
		for _, s.status = range statuses {
			after = append(after, s)
		}
		return after
	}
}

// predict classifies the task's image.
func predict(s state) []state {
	if s.size == "" {
		return nil
	}
	return attach(s.size, "done")(s)
}

// detach removes the image from the task.
func detach(s state) []state {
	if s.size == "" {
		return nil
	}
	return attach("", "none")(s)
}

// shows returns a condition for states in which the application returns the task like this; nil stands for no task.
func shows(t *client.Task) func(state) bool {
	return func(s state) bool {
		if t == nil {
			return s.existence != present
		}
		return s.existence == present && s.Change == t.Change && s.status == t.ImageStatus && (s.size != "") == t.Upload
	}
}

func withoutImage(s state) bool { return s.size == "" }
