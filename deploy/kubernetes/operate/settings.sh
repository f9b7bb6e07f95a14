# shellcheck shell=bash
# Settings of all commands here, from the environment; they are sourced in the project's folder. ../README.md lists them.
set -euo pipefail

export CLUSTER=${CLUSTER:-minikube}
case $CLUSTER in
minikube) OVERLAY=${OVERLAY:-minikube} ;;
current) OVERLAY=${OVERLAY:-plain} ;;
*) echo "CLUSTER=$CLUSTER is neither minikube nor current (the one that kubectl is set to)" >&2 && exit 2 ;;
esac
export OVERLAY
OVERLAY_DIR=deploy/kubernetes/overlays/$OVERLAY
[[ $OVERLAY != */* ]] || OVERLAY_DIR=$OVERLAY
if [ ! -e "$OVERLAY_DIR/kustomization.yaml" ]; then
	echo "OVERLAY=$OVERLAY is neither minikube nor plain nor a folder with a kustomization.yaml" >&2 && exit 2
fi
export OVERLAY_DIR

# With OpenFaaS or without it: an overlay of one's own says so itself.
FUNCTIONS_BY=${FUNCTIONS_BY:-$([ "$OVERLAY" = minikube ] && echo openfaas || echo deployments)}
export FUNCTIONS_BY
export NAMESPACE=${NAMESPACE:-snaptask}
case $FUNCTIONS_BY in
openfaas)
	export FUNCTIONS_NAMESPACE=openfaas-fn FUNCTION_LABEL=faas_function
	[ "$NAMESPACE" = snaptask ] || { echo "with OpenFaaS the namespace is snaptask: stack.yml and the policies name it" >&2 && exit 2; }
	;;
deployments) export FUNCTIONS_NAMESPACE=$NAMESPACE FUNCTION_LABEL=app.kubernetes.io/name ;;
*) echo "FUNCTIONS_BY=$FUNCTIONS_BY is neither openfaas nor deployments" >&2 && exit 2 ;;
esac

export BUILD=${BUILD:-yes} TIMEOUT=${TIMEOUT:-600}
export MINIKUBE_PROFILE=${MINIKUBE_PROFILE:-snaptask} KUBERNETES_VERSION=${KUBERNETES_VERSION:-v1.34.0} OPENFAAS_CHART=15.0.6
export LOCAL_PORT=${LOCAL_PORT:-31112}
export STATE=${SNAPTASK_STATE:-.snaptask}/kubernetes

# minikube's cluster has a configuration of its own, so that nothing here depends on where kubectl points, or changes it.
if [ "$CLUSTER" = minikube ]; then
	export KUBECONFIG=$PWD/$STATE/config
	[[ $STATE != /* ]] || export KUBECONFIG=$STATE/config
fi

# The functions, as stack.yml names them.
# shellcheck disable=SC2016 # stack.yml's variable
functions() { sed -n 's|^ *image: .*/\([a-z-]*\):\${IMAGE_TAG.*|\1|p' stack.yml; }

# The name of this tree's content: the same files give the same tag, so that nothing rolls that has not changed.
content() {
	local index
	index=$(mktemp -d)
	GIT_INDEX_FILE=$index/index git add --all . && GIT_INDEX_FILE=$index/index git write-tree | cut -c1-12
	rm -rf "$index"
}
