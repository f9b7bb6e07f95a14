# shellcheck shell=bash
# The settings of all commands here, from the environment. The commands source this file in the project's folder.
# docs/operations.md lists the settings.
set -euo pipefail

export CLUSTER=${CLUSTER:-minikube}
case $CLUSTER in
minikube) OVERLAY=${OVERLAY:-minikube} ;;
current) OVERLAY=${OVERLAY:-plain} ;;
*) echo "CLUSTER=$CLUSTER is neither minikube nor current (the context of kubectl)" >&2 && exit 2 ;;
esac
export OVERLAY
OVERLAY_DIR=deploy/kubernetes/overlays/$OVERLAY
[[ $OVERLAY != */* ]] || OVERLAY_DIR=$OVERLAY
if [ ! -e "$OVERLAY_DIR/kustomization.yaml" ]; then
	echo "OVERLAY=$OVERLAY is neither minikube nor plain nor a folder with a kustomization.yaml" >&2 && exit 2
fi
export OVERLAY_DIR

# openfaas, or deployments; an overlay of your own sets it.
FUNCTIONS_BY=${FUNCTIONS_BY:-$([ "$OVERLAY" = minikube ] && echo openfaas || echo deployments)}
export FUNCTIONS_BY
export NAMESPACE=${NAMESPACE:-snaptask}
case $FUNCTIONS_BY in
openfaas)
	export FUNCTIONS_NAMESPACE=openfaas-fn FUNCTION_LABEL=faas_function
	[ "$NAMESPACE" = snaptask ] || { echo "with OpenFaaS the namespace is snaptask, which stack.yml and the policies name" >&2 && exit 2; }
	;;
deployments) export FUNCTIONS_NAMESPACE=$NAMESPACE FUNCTION_LABEL=app.kubernetes.io/name ;;
*) echo "FUNCTIONS_BY=$FUNCTIONS_BY is neither openfaas nor deployments" >&2 && exit 2 ;;
esac

if ! [[ ${IMAGE_TAG:-dev} =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]]; then
	echo "IMAGE_TAG=$IMAGE_TAG is not a tag; the step verify compares digests" >&2 && exit 2
fi
export BUILD=${BUILD:-yes} TIMEOUT=${TIMEOUT:-600}
export MINIKUBE_PROFILE=${MINIKUBE_PROFILE:-snaptask} KUBERNETES_VERSION=${KUBERNETES_VERSION:-v1.34.0} OPENFAAS_CHART=15.0.6
export LOCAL_PORT=${LOCAL_PORT:-31112}
export STATE=${SNAPTASK_STATE:-.snaptask}/kubernetes

# minikube's cluster has a kubeconfig of its own, so that nothing here uses or changes kubectl's current context.
if [ "$CLUSTER" = minikube ]; then
	export KUBECONFIG=$PWD/$STATE/config
	[[ $STATE != /* ]] || export KUBECONFIG=$STATE/config
fi

# functions prints the names in stack.yml.
# shellcheck disable=SC2016 # a variable of stack.yml
functions() { sed -n 's|^ *image: .*/\([a-z-]*\):\${IMAGE_TAG.*|\1|p' stack.yml; }

# content prints a hash of the working tree: the same files have the same image tag, so unchanged pods don't restart.
content() {
	local index
	index=$(mktemp -d)
	GIT_INDEX_FILE=$index/index git add --all . && GIT_INDEX_FILE=$index/index git write-tree | cut -c1-12
	rm -rf "$index"
}
