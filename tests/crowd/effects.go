package crowd

// draft is a task as a person writes it.
type draft struct{ title, body, due string }

// create makes the task, unless there is or was one of its id.
func create(d draft) effect {
	return func(s state) []state {
		if s.existence != notYet {
			return nil
		}
		return []state{{existence: present, title: d.title, body: d.body, due: d.due, version: 1, status: "none"}}
	}
}

// createAgain is a create whose answer is the task as it is, if there is one already.
func createAgain(d draft) effect {
	return func(s state) []state {
		if s.existence == present {
			return []state{s}
		}
		return create(d)(s)
	}
}

// update changes the task if it has the version.
func update(d draft, completed bool, version int) effect {
	return func(s state) []state {
		if s.existence != present || s.version != version {
			return nil
		}
		s.title, s.body, s.due, s.completed = d.title, d.body, d.due, completed
		s.version++
		return []state{s}
	}
}

// remove deletes the task.
func remove(s state) []state {
	if s.existence != present {
		return nil
	}
	return []state{{existence: deleted}}
}

// attach gives the task a picture, which is recognised, or kept and not recognised yet.
func attach(picture string, statuses ...string) effect {
	return func(s state) (after []state) {
		if s.existence != present {
			return nil
		}
		s.picture = picture
		s.version++
		for _, status := range statuses {
			s.status = status
			after = append(after, s)
		}
		return after
	}
}

// recognise looks at the task's picture again.
func recognise(s state) []state {
	if s.existence != present || s.picture == "" {
		return nil
	}
	s.status = "done"
	s.version++
	return []state{s}
}

// detach takes the picture off the task.
func detach(s state) []state {
	if s.existence != present || s.picture == "" {
		return nil
	}
	s.picture, s.status = "", "none"
	s.version++
	return []state{s}
}
