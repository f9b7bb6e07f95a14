# shellcheck shell=bash
# Sourced: sets ENTRANCE, where functions are called from this machine, as ENTRANCE/function/NAME: the gateway's port of the
# node if it can be reached from here, else one of this machine that leads there until the script ends.
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
			echo "no way from port $LOCAL_PORT of this machine to the ${entrance#*/} (LOCAL_PORT=N takes another port):" >&2
			cat "$STATE/port-forward.log" >&2
			exit 1
		fi
		! curl --fail --silent --max-time 3 --output /dev/null "$ENTRANCE/$health" || break
		sleep 0.5
	done
fi
