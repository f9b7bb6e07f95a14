# shellcheck shell=bash
# Sourced: sets ENTRANCE, the URL under which this machine reaches functions as ENTRANCE/function/NAME: the gateway's node port
# if it answers, otherwise a port-forward that ends with the script.
if [ "$FUNCTIONS_BY" = openfaas ]; then
	entrance=openfaas/gateway health=healthz
else
	entrance=$NAMESPACE/webapp health=healthz
fi
ENTRANCE=
mkdir -p "$STATE"
if [ "$CLUSTER" = minikube ] && [ "$FUNCTIONS_BY" = openfaas ]; then
	node=http://$(minikube ip --profile "$MINIKUBE_PROFILE"):31112
	! curl --fail --silent --max-time 3 --output /dev/null "$node/$health" || ENTRANCE=$node
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
		! curl --fail --silent --max-time 3 --output /dev/null "$ENTRANCE/$health" || break
		sleep 0.5
	done
fi
