# shellcheck shell=bash
# Sourced: sets ENTRANCE, the URL under which this machine reaches the web server, or OpenFaaS's gateway with through=gateway: at its
# node port if that answers, otherwise by a port-forward that ends with the script. Both have functions at ENTRANCE/function/NAME.
if [ "${through:-webapp}" = gateway ]; then
	entrance=openfaas/gateway node_port=31112
else
	entrance=$NAMESPACE/webapp node_port=31180
fi
ENTRANCE=
mkdir -p "$STATE"
if [ "$CLUSTER" = minikube ] && [ "$FUNCTIONS_BY" = openfaas ]; then
	node=http://$(minikube ip --profile "$MINIKUBE_PROFILE"):$node_port
	! curl --fail --silent --max-time 3 --output /dev/null "$node/healthz" || ENTRANCE=$node
fi
if [ -z "$ENTRANCE" ]; then
	kubectl port-forward --namespace "${entrance%/*}" "service/${entrance#*/}" "$LOCAL_PORT:8080" >"$STATE/port-forward.log" 2>&1 &
	forward=$!
	trap 'kill $forward 2>/dev/null' EXIT
	ENTRANCE=http://127.0.0.1:$LOCAL_PORT
	for _ in $(seq 60); do
		if ! kill -0 "$forward" 2>/dev/null; then
			echo "can't forward port $LOCAL_PORT of this machine to ${entrance#*/} (LOCAL_PORT=N uses another port):" >&2
			cat "$STATE/port-forward.log" >&2
			exit 1
		fi
		! curl --fail --silent --max-time 3 --output /dev/null "$ENTRANCE/healthz" || break
		sleep 0.5
	done
fi
