# Snaptask. `make help` lists the commands.
SHELL   := bash
MODULES := ./db/... ./deploy/images/... ./deploy/kubernetes/... ./deploy/local/... ./deploy/modelserver/... ./functions/... ./template/snaptask-go/function/... ./template/snaptask-go/standalone/... ./tests/... ./webapp/server/...
BIN     := .snaptask/bin
STEP    := @.ci/step
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

.DEFAULT_GOAL := help
# Every target without a slash or a dot is a command.
.PHONY: $(shell awk -F: '/^[a-z-]+:/ {print $$1}' $(firstword $(MAKEFILE_LIST)))

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## set up and run the whole application on this machine (no cluster, no containers); Ctrl-C ends it
	@exec $(BIN)/snaptask run

dev: build ## like `make run`, and rebuild and restart what you change
	@exec $(BIN)/snaptask dev

observe: build ## show the metrics of what `make run` runs, in Prometheus and its dashboard; Ctrl-C ends it
	$(STEP) "Tools to observe" .ci/tools prometheus
	@exec $(BIN)/snaptask observe

new-function: ## create a function: its folder, and its entries in the tables [NAME=count-tasks] [METHOD=GET]
	@go run ./functions/scaffold/cmd/new-function "$(NAME)" "$(or $(METHOD),GET)"
	@go run ./deploy/kubernetes/generate

test: ## set up and run all tests
	$(STEP) "Tools for the tests" .ci/tools go node npm gcc chromium prometheus promtool
	@$(MAKE) --no-print-directory build lint test-go test-web test-story

lint: webapp/node_modules/.package-lock.json webapp/server/dist/index.html ## check the formatting and style of all code
	$(STEP) "gofmt" bash -c 'bad=$$(gofmt -l db deploy functions template tests webapp/server); echo "$$bad"; [ -z "$$bad" ]'
	$(STEP) "go vet" go vet $(MODULES)
	$(STEP) "staticcheck" go run $(STATICCHECK) $(MODULES)
	$(STEP) "actionlint" go run $(ACTIONLINT)
	$(STEP) "eslint" npm run --prefix webapp lint
	$(STEP) "vue-tsc" npm run --prefix webapp typecheck

# Decoding pictures takes 30 times as long with -race, and compressing images four times; neither has goroutines of its own.
WITHOUT_RACE := ./functions/internal/picture ./deploy/images

test-go: build
	@$(BIN)/snaptask services -- go test -race -shuffle=on $$(go list $(MODULES) | grep -vxF "$$(go list $(WITHOUT_RACE))" | grep -vE '/tests/(stories|flood|cluster)$$')
	@go test -shuffle=on $(WITHOUT_RACE)

test-web: webapp/node_modules/.package-lock.json
	@npm run --silent --prefix webapp test

test-story: build
	@go test -count=1 ./tests/stories
	@go test -count=1 ./tests/flood

chaos: build ## use the application while its processes are killed and its database is slow, and check that nothing acknowledged is lost [SECONDS=120] [SEED=]
	@go test -count=1 -v -timeout 2h -parallel 1 -run 'ProcessesAreKilled|DatabaseIsSlow|EveryUpload' ./tests/chaos -args -seconds=$(or $(SECONDS),120) -rounds=5 -uploads=200 -seed=$(or $(SEED),$$(date +%s))

flood: build ## use the application while thousands of slow connections flood each of its processes [CALLS=30]
	@go test -count=1 -v -timeout 1h ./tests/flood -args -all -calls=$(or $(CALLS),30)

schemathesis: build ## test the application with generated requests, valid and invalid according to openapi.yaml [SECONDS=180] [SEED=]
	$(STEP) "Tools for Schemathesis" .ci/tools python3
	$(STEP) "Schemathesis" .ci/venv .snaptask/schemathesis tests/schemathesis/requirements.txt
	@.snaptask/schemathesis/bin/python tests/schemathesis/run.py --seconds $(or $(SECONDS),180) $(if $(SEED),--seed $(SEED))

test-cluster: ## test on the cluster of KUBECONFIG [LOAD="minikube image load"] (tests/cluster/run lists what it needs)
	@tests/cluster/run $(LOAD)

test-tfclient: ## test the model server with TensorFlow Serving's own client and TensorFlow (needs Python 3.10..3.13; 1.3 GB)
	$(STEP) "Tools for TensorFlow's client" .ci/tools go python3
	$(STEP) "Program of the model server" go build -o $(BIN)/modelserver ./deploy/modelserver
	$(STEP) "TensorFlow and its client" .ci/venv .snaptask/tfclient deploy/modelserver/tfclient/requirements.txt --no-deps
	@.snaptask/tfclient/bin/python deploy/modelserver/tfclient/test_modelserver.py

screenshots: build ## take screenshots of every screen and state of the web app, light and dark, wide and narrow [SCREENSHOTS=.snaptask/screenshots]
	$(STEP) "Tools for the browser" .ci/tools chromium
	@SCREENSHOTS=$(abspath $(or $(SCREENSHOTS),.snaptask/screenshots)) npm run --silent --prefix webapp e2e screens

bench: .snaptask/bench/program ## compare its performance with the design that it replaces, in about ten minutes [ARGS=-help]
	@exec $(BIN)/bench $(ARGS)

bench-quick: .snaptask/bench/program ## the same in under two minutes, less precisely
	@exec $(BIN)/bench -quick $(ARGS)

.PHONY: .snaptask/bench/program
.snaptask/bench/program:
	$(STEP) "Tools for the benchmark" .ci/tools go python3
	$(STEP) "Packages of the Flask design" .ci/venv .snaptask/bench/venv tests/bench/baseline/requirements.txt --no-deps
	$(STEP) "Program of the benchmark" go build -o $(BIN)/bench ./tests/bench

images: webapp/server/dist/index.html ## build every image with Docker and faas-cli [IMAGE_PREFIX=snaptask] [IMAGE_TAG=dev] [PUSH=yes] [PLATFORMS=linux/amd64,linux/arm64]
	@deploy/images/build

image-archives: webapp/server/dist/index.html ## build every image without Docker, as .snaptask/images/NAME.tar [IMAGE_PREFIX=snaptask] [IMAGE_TAG=dev]
	@go run ./deploy/images -prefix $(or $(IMAGE_PREFIX),snaptask) -tag $(or $(IMAGE_TAG),dev) -revision $$(git rev-parse HEAD 2>/dev/null || echo unknown)

up: ## install or update everything on minikube, or on kubectl's cluster with CLUSTER=current (docs/operations.md)
	@deploy/kubernetes/operate/up

down: ## stop it and keep its data
	@deploy/kubernetes/operate/down

purge: ## remove it and all its data [CONFIRM=yes]
	@deploy/kubernetes/operate/purge

status: ## show what runs on the cluster and what is wrong
	@deploy/kubernetes/operate/status

logs: ## follow the logs on the cluster [FUNCTION=login]
	@deploy/kubernetes/operate/logs

backup: ## write all accounts, tasks and pictures of the cluster to a file [FILE=]
	@deploy/kubernetes/operate/backup

restore: ## fill an empty cluster from FILE=, or replace its data with FORCE=yes
	@deploy/kubernetes/operate/restore

build: webapp/server/dist/index.html ## build the programs that run, dev and the tests use
	$(STEP) "Program of the model server" go build -o $(BIN)/modelserver ./deploy/modelserver
	$(STEP) "Program of everything else" go build -o $(BIN)/snaptask ./deploy/local

webapp/node_modules/.package-lock.json: webapp/package.json webapp/package-lock.json
	$(STEP) "Tools for the web app" bash -c '.ci/tools node npm && npm ci --prefix webapp --no-audit --no-fund && touch $@'

webapp/server/dist/index.html: webapp/node_modules/.package-lock.json webapp/index.html functions/openapi.yaml $(shell find webapp/src webapp/public webapp/openapi webapp/error-page webapp/vite.config.ts webapp/tsconfig*.json -type f 2>/dev/null)
	$(STEP) "Web app" npm run --prefix webapp build

clean: ## remove all build results and local data
	@if [ -x $(BIN)/snaptask ]; then $(BIN)/snaptask stopped || exit 1; fi
	rm -rf .snaptask webapp/node_modules webapp/server/dist/assets webapp/server/dist/*.*
