module snaptask/webapp

go 1.26.0
