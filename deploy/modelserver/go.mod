module snaptask/deploy/modelserver

go 1.26.0
