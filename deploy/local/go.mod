module snaptask/deploy/local

go 1.26.0
