module snaptask/db

go 1.26.0
