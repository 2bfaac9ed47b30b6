#!/usr/bin/env bash
# Check and measure gaussrep on one NVIDIA GPU, in at most ten minutes and without a network.
#
#   benchmarks/on_gpu.sh [--rehearse] [--out FOLDER] [--wheels FOLDER] [--data FOLDER] [--stage NAME]
#
# --out FOLDER     where results go (benchmarks/results/gpu); every stage writes as it goes
# --wheels FOLDER  wheels of missing packages, unpacked beside the interpreter's own for this run
# --data FOLDER    holds cifar10-train.tar.gz, cifar10-test.tar.gz and garden.npz; parts without
#                  their data are skipped
# --stage NAME     this stage alone
# --rehearse       small sizes on the CPU, where Triton interprets its kernels: a test of this script
#
# The most valuable stages come first, each with its own limit in seconds; the exit code is 0 if all
# of them ended well. stages.jsonl lists them, log.txt holds what they printed.
set -u
cd "$(dirname "$0")/.." || exit 2

rehearse='' only='' out=benchmarks/results/gpu wheels='' data=${GAUSSREP_DATA:-}
while [ $# -gt 0 ]; do
    case $1 in
        --rehearse) rehearse=1 ;;
        --out) out=$2; shift ;;
        --wheels) wheels=$2; shift ;;
        --data) data=$2; shift ;;
        --stage) only=$2; shift ;;
        *) echo "usage: on_gpu.sh [--rehearse] [--out FOLDER] [--wheels FOLDER] [--data FOLDER] [--stage NAME]" >&2; exit 2 ;;
    esac
    shift
done

total=600
python=${PYTHON:-python3}
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
work=$(mktemp -d) || exit 2
trap 'kill "$build" 2> /dev/null; rm -rf "$work"' EXIT
build=''
failed=0
: > "$out/stages.jsonl"
: > "$out/log.txt"
export PYTHONUNBUFFERED=1
plugins=$(printf ':%s' "$PWD"/plugins/{gmae,gaussiancross,rooms})
export PYTHONPATH="$PWD$plugins:$PWD/benchmarks:$work/site${PYTHONPATH:+:$PYTHONPATH}"
[ -z "$data" ] || export GAUSSREP_DATA=$data
if [ -n "$rehearse" ]; then
    export CUDA_VISIBLE_DEVICES='' TRITON_INTERPRET=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
fi

# stage NAME SECONDS COMMAND...: run a command for at most that long, or what is left of the total.
stage() {
    local name=$1 limit=$2 begun=$SECONDS code
    shift 2
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    [ "$limit" -le $((total - SECONDS)) ] || limit=$((total - SECONDS))
    if [ "$limit" -lt 5 ]; then
        code=skipped
    else
        echo "== $name: $*" | tee -a "$out/log.txt"
        timeout --kill-after=5 "$limit" "$@" >> "$out/log.txt" 2>&1
        code=$?
    fi
    [ "$code" = 0 ] || failed=1
    printf '{"stage": "%s", "limit_s": %d, "seconds": %d, "exit": "%s"}\n' \
        "$name" "$limit" $((SECONDS - begun)) "$code" | tee -a "$out/stages.jsonl"
}

unpack() { "$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --target "$work/site" "$wheels"/*.whl; }
[ -z "$wheels" ] || unpack >> "$out/log.txt" 2>&1
"$python" benchmarks/checkout_metadata.py "$work/site" >> "$out/log.txt" 2>&1

if [ -n "$rehearse" ]; then
    stage doctor 60 "$python" -m gaussrep doctor
    stage contract 120 "$python" benchmarks/contract.py tests/rendering/triton/test_kernels.py "$out/contract.json" \
        -k 'values_agree or images_that or lenses'
    stage speed 60 "$python" benchmarks/gpu_speed.py "$out/speed.json" --rehearse
    stage gmae-step 60 "$python" benchmarks/gmae.py --size tiny --batch 2 --queries 8 --repeats 1 --out "$out/gmae-step.json"
    stage scene-step 90 "$python" benchmarks/gpu_scene_step.py "$out/scene-step.json" --rehearse
    stage cifar 60 "$python" benchmarks/gpu_cifar.py . "$out/cifar.json" --seconds 2 --rehearse
    stage fit 60 "$python" benchmarks/fit.py --scene synthetic --strategy default --steps 5 --out "$out/fit.json" \
        data.path=synthetic:balls data.image_size=16
else
    "$python" -c 'from gaussrep.rendering.gsplat.kernels import load_rasterization; import torch; load_rasterization(torch.device("cuda"))' \
        > "$work/gsplat.txt" 2>&1 &
    build=$!
    stage doctor 30 "$python" -m gaussrep doctor
    stage contract 120 "$python" benchmarks/contract.py tests/testing/test_contracts.py "$out/contract.json" \
        tests/rendering/triton plugins/gmae/tests/test_camera.py -m gpu -v
    stage speed 120 "$python" benchmarks/gpu_speed.py "$out/speed.json"
    stage gmae-step 45 "$python" benchmarks/gmae.py --size base --batch 256 --queries 256 --repeats 20 \
        --device cuda --precision bf16 --out "$out/gmae-step.json"
    stage scene-step 45 "$python" benchmarks/gpu_scene_step.py "$out/scene-step.json"
    [ -z "$data" ] || stage cifar 240 "$python" benchmarks/gpu_cifar.py "$data" "$out/cifar.json" --seconds 190
    stage fit 40 "$python" benchmarks/fit.py --scene synthetic --strategy default --steps 1000 --out "$out/fit.json" \
        device=cuda
    ! command -v ns-train > /dev/null || stage ns-train 60 "$python" benchmarks/nerfstudio.py gpu --seeds 0
    cat "$work/gsplat.txt" >> "$out/log.txt"
fi
exit $failed
