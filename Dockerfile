# docker build -t sensevoice .
# docker run --gpus all -p 127.0.0.1:6006:6006 -v sensevoice-models:/models sensevoice [arguments of app_sensevoice.py]

# Python 3.11 as python.org releases it: Ubuntu 24.04 has 3.12, and Ubuntu 22.04 a release candidate of 3.11.
FROM python:3.11.14-slim-bookworm AS python

# The smallest CUDA image is enough, because the torch wheels bring the CUDA 12.8 libraries themselves. It adds
# the check of the driver's version and, for data-centre cards, libcuda for older drivers.
FROM nvidia/cuda:12.8.1-base-ubuntu24.04

# ffmpeg reads the few files that PyAV cannot; the others are what Python is linked to.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates ffmpeg libbz2-1.0 libffi8 liblzma5 libsqlite3-0 libssl3t64 libuuid1 zlib1g \
    && rm -rf /var/lib/apt/lists/*

COPY --from=python /usr/local/bin/python3.11 /usr/local/bin/
COPY --from=python /usr/local/lib/libpython3.11.so.1.0 /usr/local/lib/
COPY --from=python /usr/local/lib/python3.11 /usr/local/lib/python3.11
RUN ldconfig \
    && python3.11 -c "import bz2, ctypes, lzma, sqlite3, ssl, uuid, zlib"

WORKDIR /app

# By itself, so that a change of the program does not install 8 GB again.
# Compiled here: nobody may write there later, and each start would compile gradio and torch once more.
# Each file is one that the locks name. Another index: --build-arg PIP_INDEX_URL=…, which uv does not read itself.
ARG PIP_INDEX_URL
COPY requirements.lock requirements-torch.lock requirements-uv.lock ./
RUN python3.11 -m pip install --no-cache-dir --root-user-action ignore --no-deps --require-hashes \
        --requirement requirements-uv.lock \
    && if [ -n "$PIP_INDEX_URL" ]; then export UV_DEFAULT_INDEX="$PIP_INDEX_URL"; fi \
    && uv pip install --python /usr/local/bin/python3.11 --no-cache --no-deps --require-hashes --compile-bytecode \
        --requirement requirements-torch.lock --requirement requirements.lock

COPY LICENSE app_sensevoice.py ./
COPY scripts scripts
COPY sensevoice sensevoice

RUN python3.11 -m compileall -q app_sensevoice.py sensevoice scripts \
    && useradd --create-home --uid 10001 sensevoice \
    && install --directory --owner sensevoice /models /data
USER 10001
ENV SENSEVOICE_MODEL_DIR=/models \
    SENSEVOICE_DATA_DIR=/data \
    # Compiled functions of librosa; by default beside its files, which belong to root.
    NUMBA_CACHE_DIR=/tmp/numba \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME ["/models", "/data"]
EXPOSE 6006

# The page answers while the models are still being downloaded and loaded. Another port: -e SENSEVOICE_PORT, which this reads.
HEALTHCHECK --interval=30s --timeout=5s --start-period=2m \
    CMD ["python3.11", "-c", "import http.client, os, sys; web = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('SENSEVOICE_PORT', '6006')), timeout=4); web.request('GET', '/'); sys.exit(web.getresponse().status >= 500)"]

ENTRYPOINT ["python3.11", "/app/app_sensevoice.py"]
